//! The watch that looks at an incident again when no event comes.

use aws::Invocation;
use aws::counting::Watched;
use chrono::TimeDelta;
use domain::settings::Queues;
use domain::stop::{Count, Watch, overdue};

use crate::Retry;

/// Asks for another look at an incident after a while, and names it: one invocation may tell an
/// incident at two numbers, and the last watch counts.
pub(crate) async fn watch(
    key: &str,
    count: &Count,
    delay: TimeDelta,
    invocation: &Invocation<'_>,
    queues: &Queues,
) -> Result<Watched, Retry> {
    let token = format!("{}/{}", invocation.request_id, count.tasks);
    let watch = Watch {
        key: key.to_owned(),
        token: token.clone(),
    };
    aws::queues::send(invocation.clients, &queues.own, &watch, delay).await?;
    let look_by = overdue(invocation.settings.quiet, invocation.now);
    Ok(Watched {
        token: Some(token),
        look_by,
    })
}
