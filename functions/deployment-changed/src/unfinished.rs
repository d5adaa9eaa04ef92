//! A rollback that opsbot began is looked at again: one that never ends sends no event.

use aws::Invocation;
use aws::gather;
use domain::alert::compose::Story;
use domain::facts::{DeploymentFacts, Fact, Rollout};
use domain::incident::News;
use domain::verdict::RollbackBegun;

use crate::Retry;
use crate::telling::{Go, claim, mark, send};

pub(crate) async fn answer(
    begun: &RollbackBegun,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state, service) = (invocation.asking(), invocation.state(), &begun.service);
    let (known, record) = tokio::join!(gather::service(&asking, service), state.record(service));
    let Fact::Known(remembered) = &record else {
        let missing = record.missing().cloned();
        return missing.map_or(Ok(()), |missing| Err(Retry::NotRemembered(missing)));
    };
    // Its last word was told, or nobody was told that it began.
    let open = remembered
        .open_for(&begun.failed)
        .filter(|open| !open.quiet);
    let Some(open) = open else {
        return Ok(());
    };
    let primary = known.known().and_then(|service| service.primary());
    if primary.is_some_and(|it| it.rollout == Some(Rollout::Completed)) {
        tracing::info!(incident = open.id, "the rollback is done");
        return Ok(());
    }
    let news = News::unfinished(&begun.failed, begun.at);
    let Go::Tell(unmarked) = claim(service, &news, invocation).await? else {
        return Ok(());
    };
    let target_groups = gather::target_groups(&asking, &known).await;
    let facts = DeploymentFacts::of(known, target_groups);
    let story = Story {
        service,
        deployment: Some(&begun.failed),
        reason: None,
        at: invocation.now,
        facts: &facts,
        record: &record,
        failed: false,
        unmarked: unmarked.as_ref(),
        judged: None,
    };
    send(&story.unfinished(begun, open, invocation.now), invocation).await?;
    mark(service, &news, invocation).await;
    Ok(())
}
