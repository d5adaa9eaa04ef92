//! What a service's events say.

use super::reading::read;
use super::rule::Rule;
use super::text::Text;
use super::{Cause, Context};
use crate::facts::ServiceEvent;

/// A service event, and the rule that reads its sentence.
pub(super) type ReadEvent<'a> = (&'a ServiceEvent, &'static Rule);

/// The newest service events that say why something goes wrong.
pub(super) fn read_events<'a>(context: &Context<'a>) -> Vec<ReadEvent<'a>> {
    let events = context.service_events.iter().take(20);
    events
        .filter_map(|event| Some((event, read(&Text::sentence(&event.message))?)))
        .filter(|(_, rule)| rule.cause != Cause::SchedulerStop)
        .collect()
}
