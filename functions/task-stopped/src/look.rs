//! A look at an incident when no event came: is it over, does it last?

use aws::Invocation;
use aws::gather::{self, Around};
use domain::alert::compose::{Occasion, Stopped, settled};
use domain::facts::{DeploymentFacts, Fact, Service};
use domain::incident::ServiceRecord;
use domain::settings::Queues;
use domain::stop::{About, Count, Look, Said, Watch, Word, gone, look, word};

use crate::Retry;
use crate::story::watch;

pub(crate) async fn answer(
    asked: &Watch,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<(), Retry> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let (about, count) = match state.counter(&asked.key).await {
        Fact::Known(Some((about, count))) => (about, count),
        Fact::Known(None) => return Ok(()),
        Fact::Missing(missing) => return Err(Retry::NotSeen(missing)),
    };
    if count.watch.as_ref() != Some(&asked.token) {
        return Ok(());
    }
    let around = gather::around(&asking, &state, &[&about.subject]).await;
    let Some(Around { service, record }) = around.into_iter().next() else {
        return Ok(());
    };
    let known = service.known();
    let word = word(&about, record.known(), known, invocation.now);
    // Of a service that was deleted no deployment event will close it.
    if let Word::CountedInto(incident) = &word
        && !gone(&service)
    {
        tracing::info!(incident, "its deployment's incident is open");
        return later(asked, &count, invocation, queues).await;
    }
    let muted = matches!(word, Word::Muted(_));
    let counted_out = counted_out(&count, record.known());
    let times = (invocation.settings.quiet, invocation.settings.lasting);
    let standalone = about.subject.standalone;
    let occasion = match look(&count, &service, standalone, muted, invocation.now, times) {
        Look::Over => return over(asked, &about, &count, &service, invocation, queues).await,
        Look::Later if counted_out && !muted => Occasion::Lasts,
        Look::Later => return later(asked, &count, invocation, queues).await,
        Look::Lasts => Occasion::Lasts,
        Look::Unmuted => Occasion::Unmuted,
    };
    let facts = DeploymentFacts::of_stops(service, Vec::new());
    let stopped = Stopped {
        about: &about,
        count: &count,
        occasion,
        facts: &facts,
        record: &record,
        uncounted: None,
        at: invocation.now,
    };
    aws::tell::publish_if_loud(invocation, &stopped.alert()).await?;
    let said = Said {
        at: Some(invocation.now),
        tasks: count.tasks,
        ..count.said.clone()
    };
    let token = watch(&asked.key, &count, invocation, queues).await?;
    let next = count
        .next_at
        .unwrap_or_else(|| domain::stop::next_at(count.tasks));
    let state = invocation.state_after_publish();
    match state
        .said(&asked.key, next, &said, Some(&token), invocation.now)
        .await
    {
        Fact::Known(_) => Ok(()),
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}

/// Whether it was counted into the incident of its deployment, and goes on now that this is over.
fn counted_out(count: &Count, record: Option<&ServiceRecord>) -> bool {
    let closed = record.and_then(|record| record.closed.as_ref());
    let untold = count.said.at.is_none() && count.said.counted_into.is_some();
    untold && closed.is_some_and(|closed| closed.closed_at < count.last_at)
}

/// The last word, where people were told anything or were kept from it. A single task that no
/// service runs has no end to tell: that it did not fail again says nothing of the next time it is
/// run. A stop that came since then keeps the incident open.
async fn over(
    asked: &Watch,
    about: &About,
    count: &Count,
    service: &Fact<Service>,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<(), Retry> {
    let (told, muted) = (count.said.at.is_some(), count.said.muted_until.is_some());
    let single = about.subject.standalone && count.tasks == 1;
    if muted || (told && !single) {
        let alert = settled(
            about,
            count,
            service,
            invocation.settings.quiet,
            invocation.now,
        );
        aws::tell::publish(invocation.clients, &invocation.settings.topic_arn, &alert).await?;
    }
    let state = invocation.state_after_publish();
    match state.settle(&asked.key, count, invocation.now).await {
        Fact::Known(true) => Ok(()),
        Fact::Known(false) => later(asked, count, invocation, queues).await,
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}

/// Asks for the next look before this one is done with: one that is lost would be the last.
async fn later(
    asked: &Watch,
    count: &Count,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<(), Retry> {
    let token = watch(&asked.key, count, invocation, queues).await?;
    let state = invocation.state_after_publish();
    match state
        .watch(&asked.key, &asked.token, &token, invocation.now)
        .await
    {
        Fact::Known(()) => Ok(()),
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}
