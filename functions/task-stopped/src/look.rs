//! A look at an incident when no event came: is it over, does it last?

use aws::Invocation;
use aws::counting::Looked;
use aws::gather::{self, Around};
use chrono::{DateTime, Utc};
use domain::alert::compose::{Occasion, Stopped, settled};
use domain::facts::{DeploymentFacts, Fact, Service};
use domain::incident::ServiceRecord;
use domain::settings::Queues;
use domain::stop::{About, Count, Look, Seen, Watch, look, word};
use futures_util::future::join_all;

use crate::Retry;
use crate::batch::Asked;
use crate::watch::watch;

/// Looks at some incidents together, for their services are read in one call a cluster. Gives those
/// that must be looked at again.
pub(crate) async fn answers<'a>(
    all: &'a [Asked],
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Vec<(&'a Asked, Retry)> {
    let (asking, state) = (invocation.asking(), invocation.state());
    let read = all
        .iter()
        .map(|asked| async move { (asked, watched(&asked.watch, invocation).await) });
    let (mut again, mut incidents) = (Vec::new(), Vec::new());
    for (asked, read) in join_all(read).await {
        match read {
            Ok(Some((about, count))) => incidents.push((asked, about, count)),
            Ok(None) => {}
            Err(retry) => again.push((asked, retry)),
        }
    }
    let subjects: Vec<_> = incidents.iter().map(|(_, it, _)| &it.subject).collect();
    let around = gather::around(&asking, &state, &subjects).await;
    let looks = incidents.iter().zip(around);
    let looks = looks.map(|((asked, about, count), around)| async move {
        let looked = answer(&asked.watch, (about, count), around, invocation, queues).await;
        looked.err().map(|retry| (*asked, retry))
    });
    again.extend(join_all(looks).await.into_iter().flatten());
    again
}

/// The incident, unless it is over or another watch counts.
async fn watched(
    asked: &Watch,
    invocation: &Invocation<'_>,
) -> Result<Option<(About, Count)>, Retry> {
    match invocation.state().counter(&asked.key).await {
        Fact::Known(counter) => {
            Ok(counter.filter(|(_, count)| count.watch.as_ref() == Some(&asked.token)))
        }
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}

async fn answer(
    asked: &Watch,
    (about, count): (&About, &Count),
    Around { service, record }: Around,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<(), Retry> {
    let word = word(about, record.known(), service.known(), invocation.now);
    let facts = DeploymentFacts::of_stops(service, Vec::new());
    let stopped = Stopped {
        about,
        count,
        occasion: Occasion::Number,
        facts: &facts,
        record: &record,
        uncounted: None,
        at: invocation.now,
    };
    let settings = invocation.settings;
    let severity = stopped.severity();
    let seen = Seen {
        service: &facts.service,
        standalone: about.subject.standalone,
        word: &word,
        closed_at: closed_at(&record, invocation.now),
        severity: (severity, settings.severity_floor),
        now: invocation.now,
    };
    let later = Looked::Nothing;
    let occasion = match look(count, seen, (settings.quiet, settings.lasting)) {
        Look::Over => return over(asked, about, count, &facts.service, invocation, queues).await,
        Look::Later => return again(asked, count, later, invocation, queues).await,
        Look::Lasts => Occasion::Lasts,
        Look::Unmuted => Occasion::Unmuted,
        Look::Worse => Occasion::Worse,
    };
    let stopped = Stopped {
        occasion,
        ..stopped
    };
    let said = count.said.told(count.tasks, severity, invocation.now);
    // Of what nobody was told, no end is told either.
    let looked = match aws::tell::publish_if_loud(invocation, &stopped.alert()).await? {
        true => Looked::Told(&said),
        false => Looked::Nothing,
    };
    again(asked, count, looked, invocation, queues).await
}

/// When the last incident of a deployment of the service was over, if ever one was. Where that
/// cannot be read, it may have been a moment ago.
fn closed_at(record: &Fact<ServiceRecord>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let closed = |record: &ServiceRecord| Some(record.closed.as_ref()?.closed_at);
    record.known().map_or(Some(now), closed)
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
    match state
        .settle(&asked.key, &asked.token, count, invocation.now)
        .await
    {
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
    let quiet = invocation.settings.quiet;
    let watch = watch(&asked.key, count, quiet, invocation, queues).await?;
    let state = invocation.state_after_publish();
    let watch = (asked.token.as_str(), &watch);
    match state
        .looked(&asked.key, watch, looked, invocation.now)
        .await
    {
        Fact::Known(()) => Ok(()),
        Fact::Missing(missing) => Err(Retry::NotSeen(missing)),
    }
}
