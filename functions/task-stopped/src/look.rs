//! A look at an incident when no event came: is it over, does it last?

use aws::Invocation;
use aws::counting::Looked;
use aws::gather::{self, Around};
use domain::alert::compose::{Occasion, Stopped, settled};
use domain::facts::{DeploymentFacts, Fact, Service};
use domain::settings::Queues;
use domain::stop::{About, Count, Look, Said, Seen, Watch, look, word};

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
    let closed = record.known().and_then(|record| record.closed.as_ref());
    let seen = Seen {
        service: &service,
        standalone: about.subject.standalone,
        word: &word(&about, record.known(), known, invocation.now),
        closed_at: closed.map(|closed| closed.closed_at),
        now: invocation.now,
    };
    let times = (invocation.settings.quiet, invocation.settings.lasting);
    let later = Looked::Nothing;
    let occasion = match look(&count, seen, times) {
        Look::Over => return over(asked, &about, &count, &service, invocation, queues).await,
        Look::Later => return again(asked, &count, later, invocation, queues).await,
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
    let said = Said {
        at: Some(invocation.now),
        tasks: count.tasks,
        ..count.said.clone()
    };
    // Of what nobody was told, no end is told either.
    let looked = match aws::tell::publish_if_loud(invocation, &stopped.alert()).await? {
        true => Looked::Told(&said),
        false => Looked::Nothing,
    };
    again(asked, &count, looked, invocation, queues).await
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
    let settings = invocation.settings;
    let alert = settled(about, count, service, settings.quiet, invocation.now);
    if told && !single {
        aws::tell::publish(invocation.clients, &settings.topic_arn, &alert).await?;
    } else if muted {
        aws::tell::publish_if_loud(invocation, &alert).await?;
    }
    let state = invocation.state_after_publish();
    match state.settle(&asked.key, count, invocation.now).await {
        Fact::Known(true) => Ok(()),
        Fact::Known(false) => again(asked, count, Looked::Over, invocation, queues).await,
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}

/// Asks for the next look before this one is done with: one that is lost would be the last.
async fn again(
    asked: &Watch,
    count: &Count,
    looked: Looked<'_>,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<(), Retry> {
    let token = watch(&asked.key, count, invocation, queues).await?;
    let state = invocation.state_after_publish();
    let watch = (asked.token.as_str(), token.as_str());
    match state
        .looked(&asked.key, watch, looked, invocation.now)
        .await
    {
        Fact::Known(()) => Ok(()),
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}
