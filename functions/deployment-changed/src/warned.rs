//! ECS warns about a service. While an incident of it is open the warning is its symptom, and it is
//! not told again.

use aws::Invocation;
use aws::gather;
use domain::alert::compose::Story;
use domain::event::ServiceAction;
use domain::incident::News;
use domain::stop::Silent;

use crate::failed::{How, failing_id};
use crate::telling::{Go, claim, mark, publish};
use crate::{Retry, failing};

pub(crate) async fn answer(
    action: ServiceAction,
    invocation: &Invocation<'_>,
) -> Result<(), Retry> {
    let (asking, state, settings) = (invocation.asking(), invocation.state(), invocation.settings);
    let service = &action.service;
    let news = News::warned(
        &action.name,
        action.reason.as_deref(),
        action.at,
        settings.lasting,
    );
    let (glance, record) = tokio::join!(
        gather::glance(&asking, service, action.at),
        state.record(service),
    );
    let symptom = record
        .known()
        .and_then(|it| it.symptom_of(action.at, settings.lasting));
    if let Some(open) = symptom {
        tracing::info!(
            news = news.key,
            "a symptom of the open incident {}",
            open.id
        );
        return Ok(());
    }
    if let Some((event, unheard)) = failing::impaired(&action, &glance) {
        let how = How::Failing(Silent { stops: 0, unheard });
        return failing::tell(&event, how, glance, &record, invocation).await;
    }
    let deployment = failing_id(&glance);
    let deployment = deployment.as_deref();
    let lines = settings.log_tail_lines;
    let (facts, claimed) = tokio::join!(
        gather::facts(&asking, service, glance, deployment, &record, lines),
        claim(service, &news, invocation),
    );
    let Go::Tell(unmarked) = claimed? else {
        return Ok(());
    };
    let story = Story {
        service,
        deployment,
        reason: action.reason.as_deref(),
        at: action.at,
        facts: &facts,
        record: &record,
        failed: false,
        unmarked: unmarked.as_ref(),
        judged: None,
    };
    publish(&story.warned(&action), false, invocation).await?;
    mark(service, &news, invocation).await;
    Ok(())
}
