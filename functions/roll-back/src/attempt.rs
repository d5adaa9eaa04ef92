//! The one attempt at a write: claim it, look once more, make the call, find out how it went.

use aws::attempts::Attempted;
use aws::carry_out::{NotDone, carry_out};
use aws::permit::{NoPermit, Permit};
use domain::facts::{Fact, Missing, Why};
use domain::verdict::{Attempt, Outcome, Plan, goes_back};

use crate::Means;
use crate::asked::Asked;
use crate::ended::Ended;
use crate::telling::{record, tell_later};

/// How often the service is looked at for the effect of a call whose answer was lost.
const LOOKS: u32 = 3;

/// How an attempt ended.
pub(crate) enum End {
    /// For good.
    Known(Outcome),
    /// Nothing was written, and the facts are other ones now: decide again. If that was tried
    /// often enough, this is what became of it.
    LookAgain(Outcome),
}

/// One attempt.
pub(crate) struct Try<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) means: &'a Means<'a>,
    /// The verdict that allows it, and the case it rests on.
    pub(crate) judged: &'a Ended,
    pub(crate) plan: &'a Plan,
}

impl Try<'_> {
    /// The claim, the second look and the record of the decision are one round trip; the call
    /// follows all three, after a third look where the table took its time.
    pub(crate) async fn make(&self) -> End {
        let (means, case) = (self.means, &self.judged.case);
        let service = case.service.known();
        let failing = service.and_then(|it| it.deployment(&case.deployment));
        let mut attempt = Attempt {
            failed: case.deployment.clone(),
            from: failing.map(|it| it.task_definition.clone()),
            to: self.plan.to().to_owned(),
            at: case.now,
            made: None,
        };
        let state = means.invocation.state();
        let (claimed, permit, (), ()) = tokio::join!(
            state.claim_attempt(&case.arn, &attempt, &means.policy),
            self.permit(),
            record(self.asked, self.judged, means),
            self.leave_word(),
        );
        match claimed {
            Attempted::Ours => {}
            Attempted::Refused => {
                return End::LookAgain(Outcome::Changing(
                    "opsbot's record of rollbacks".to_owned(),
                ));
            }
            Attempted::Unreachable(missing) => {
                // It may have been written and its answer lost.
                self.release(&attempt).await;
                return End::Known(Outcome::NotAsked(missing));
            }
        }
        let permit = match permit {
            Ok(permit) if permit.is_old() => self.permit().await,
            permit => permit,
        };
        let end = self.call(permit, &mut attempt).await;
        match &end {
            End::Known(outcome) if outcome.is_done() => self.remember(&attempt).await,
            End::Known(outcome) if outcome.is_unsure() => {}
            End::Known(_) | End::LookAgain(_) => self.release(&attempt).await,
        }
        end
    }

    /// Nobody invokes a person's invocation again, so it is told later where it comes to nothing.
    async fn leave_word(&self) {
        if self.asked.incident.is_none() {
            tell_later(self.asked, self.means).await;
        }
    }

    /// Makes the call; where it is throttled, which is certain not to have written, once more with
    /// another permit.
    async fn call(&self, mut permit: Result<Permit, NoPermit>, attempt: &mut Attempt) -> End {
        let mut tries = 0;
        loop {
            let throttled = match permit {
                Ok(permit) => match self.carry_out(permit).await {
                    Ok(made) => {
                        attempt.made = made;
                        return End::Known(Outcome::Began);
                    }
                    Err(NotDone::Unsure(missing)) => return self.find_out(missing, attempt).await,
                    Err(NotDone::Refused(missing)) => return refused(missing),
                    Err(NotDone::Throttled(missing)) => missing,
                },
                Err(NoPermit::Changed(what)) => {
                    return End::LookAgain(Outcome::Changing(what.to_owned()));
                }
                Err(NoPermit::NotRead(missing)) if is_throttled(&missing) => missing,
                Err(NoPermit::NotRead(missing)) => return End::Known(Outcome::NotAsked(missing)),
            };
            if !self.means.invocation.pause(tries).await {
                return End::Known(Outcome::Throttled(throttled));
            }
            tries += 1;
            permit = self.permit().await;
        }
    }

    async fn permit(&self) -> Result<Permit, NoPermit> {
        let asking = self.means.invocation.asking();
        let case = &self.judged.case;
        match &case.service {
            Fact::Known(service) => Permit::ask(&asking, &case.arn, service).await,
            Fact::Missing(missing) => Err(NoPermit::NotRead(missing.clone())),
        }
    }

    async fn carry_out(&self, permit: Permit) -> Result<Option<String>, NotDone> {
        carry_out(&self.means.invocation.asking(), self.plan, permit).await
    }

    /// Reads the service for what the call did.
    async fn find_out(&self, missing: Missing, attempt: &mut Attempt) -> End {
        for tries in 0..LOOKS {
            let case = self.asked.gather(self.means).await;
            if goes_back(&case, self.plan.to()) {
                let primary = case.service.known().and_then(|it| it.primary());
                let is_new = matches!(self.plan, Plan::Update { .. });
                attempt.made = primary.filter(|_| is_new).map(|it| it.id.clone());
                return End::Known(Outcome::Seen);
            }
            if !self.means.invocation.pause(tries).await {
                break;
            }
        }
        End::Known(Outcome::Unsure(missing))
    }

    async fn remember(&self, attempt: &Attempt) {
        let state = self.means.invocation.state_after_publish();
        let remembered = state.attempt_made(&self.judged.case.arn, attempt).await;
        if let Some(missing) = remembered.missing() {
            tracing::error!(?missing, "could not remember the deployment that was made");
        }
    }

    /// Nothing was written, so the deployment may be attempted again.
    async fn release(&self, attempt: &Attempt) {
        let state = self.means.invocation.state_after_publish();
        let attempts = self.judged.case.attempts.known();
        let before = attempts.and_then(|it| it.newest.as_ref());
        let released = state
            .release_attempt(&self.judged.case.arn, attempt, before)
            .await;
        if let Some(missing) = released.missing() {
            tracing::error!(
                ?missing,
                "could not give the attempt back; it is not made again"
            );
        }
    }
}

/// A permission does not come by waiting; any other refusal may be of a deployment that has ended in
/// between, which wants another call.
fn refused(missing: Missing) -> End {
    match missing.why {
        Why::Denied { .. } => End::Known(Outcome::Refused(missing)),
        _ => End::LookAgain(Outcome::Refused(missing)),
    }
}

pub(crate) fn is_throttled(missing: &Missing) -> bool {
    matches!(missing.why, Why::Throttled { .. })
}
