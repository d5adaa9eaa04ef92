//! One request from its facts to its end.

use domain::facts::{Fact, Missing};
use domain::verdict::{Answer, Attempt, Outcome, Plan, Verdict, decide, goes_back};

use crate::asked::Asked;
use crate::attempt::{End, Try, is_throttled};
use crate::ended::Ended;
use crate::telling::{record, tell, tell_later};
use crate::{Means, Retry};

/// How often it is decided again because the service has changed, or a fact could not be read.
const LOOKS: u32 = 2;

/// The delivery from which on it is told that AWS throttles, or the table does not answer: soon after
/// the queue gives up (template, `maxReceiveCount`), and until then it passes most often.
const LATE: u32 = 4;

/// Answers deployment-changed's request: to people. What may pass comes again; it is told all the
/// same, where AWS throttles only when it has come again and again.
pub(crate) async fn event(asked: &Asked, means: &Means<'_>) -> Result<(), Retry> {
    let ended = answer(asked, means).await?;
    let unknown = ended.unknown(asked);
    if let Some(missing) = unknown
        && asked.deliveries < LATE
    {
        return Err(Retry::NotNow(missing.clone()));
    }
    if asked.only_tell && ended.tried.is_none() {
        return match &ended.case.attempts {
            Fact::Missing(missing) => Err(Retry::NotNow(missing.clone())),
            Fact::Known(_) => Ok(()),
        };
    }
    tracing::info!(service = %asked.service, verdict = ended.verdict.code(), "answered a request");
    let lacking = match &ended.tried {
        Some((_, Outcome::Throttled(missing) | Outcome::NotAsked(missing))) => Some(missing),
        Some(_) => None,
        None => lacking(&ended.verdict),
    };
    let lacking = lacking.filter(|it| it.why.may_pass());
    let first = match unknown.is_some() || lacking.is_some_and(is_throttled) {
        true => LATE,
        false => 1,
    };
    if asked.deliveries >= first {
        // Where the table cannot say that it was: at once, and before the queue gives up, for who
        // was to tell it first may have died.
        let unmarked = lacking.is_none() || [first, LATE].contains(&asked.deliveries);
        tell(asked, &ended, unmarked, means).await?;
    }
    lacking.map_or(Ok(()), |missing| Err(Retry::NotNow(missing.clone())))
}

/// Answers a person, who reads why not; others hear of what was written, or may have been.
pub(crate) async fn person(asked: &Asked, means: &Means<'_>) -> Answer {
    let ended = match answer(asked, means).await {
        Ok(ended) => ended,
        Err(retry) => return not_now(asked, means, &retry).await,
    };
    let mut answer = Answer::of(&ended.verdict, ended.case.now);
    let Some((plan, outcome)) = &ended.tried else {
        return answer;
    };
    answer.done = outcome.is_done();
    let mut said = vec![outcome.sentence(plan)];
    said.extend(outcome.next_steps(&asked.service, &asked.deployment, plan));
    if ended.may_be_on()
        && let Err(retry) = tell(asked, &ended, true, means).await
    {
        tracing::error!("{}", aws::chain(&retry));
        let later = match tell_later(asked, means).await {
            true => "The alert about it could not be published yet; opsbot tries again.",
            false => "The alert about it could not be published.",
        };
        said.push(later.to_owned());
    }
    answer.outcome = Some(said.join(" "));
    answer
}

/// Another invocation is at it.
async fn not_now(asked: &Asked, means: &Means<'_>, retry: &Retry) -> Answer {
    let case = asked.gather(means).await;
    let mut answer = Answer::of(&decide(&case), case.now);
    answer.outcome = Some(format!("Nothing was done now: {retry}."));
    answer
}

/// What a look came to.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    /// There is no more to it.
    End,
    /// The facts may be other ones by now, or could not be read this once.
    Again,
    /// AWS throttles: that passes.
    Throttled,
    /// Another invocation may be at the same rollback, or has died at it.
    UnderWay,
}

/// Looks until there is an end.
///
/// # Errors
///
/// Another invocation may be at the same rollback.
async fn answer(asked: &Asked, means: &Means<'_>) -> Result<Ended, Retry> {
    let (mut tries, mut looks) = (0, 0);
    loop {
        let (ended, came_to) = look(asked, means).await;
        let again = match came_to {
            Look::End => false,
            Look::Throttled => true,
            Look::Again | Look::UnderWay => looks < LOOKS,
        };
        if again && means.invocation.pause(tries).await {
            tries += 1;
            looks += u32::from(came_to != Look::Throttled);
            continue;
        }
        record(asked, &ended, means).await;
        return match came_to {
            Look::UnderWay => Err(Retry::UnderWay),
            Look::End | Look::Again | Look::Throttled => Ok(ended),
        };
    }
}

/// Gathers, decides, and where the verdict is a write makes the attempt.
async fn look(asked: &Asked, means: &Means<'_>) -> (Ended, Look) {
    let case = asked.gather(means).await;
    let verdict = decide(&case);
    let attempts = case.attempts.known();
    let own = attempts.and_then(|attempts| attempts.of_this.clone());
    let mut ended = Ended {
        case,
        verdict,
        tried: None,
    };
    let look = match (own, ended.verdict.plan().cloned()) {
        (Some(attempt), _) => left(asked, &mut ended, &attempt, means),
        (None, Some(plan)) if ended.verdict.is_write() && !asked.only_tell => {
            let attempt = Try {
                asked,
                means,
                judged: &ended,
                plan: &plan,
            };
            let end = attempt.make().await;
            let (outcome, look) = match end {
                End::Known(outcome) => (outcome, Look::End),
                End::LookAgain(outcome) => (outcome, Look::Again),
            };
            ended.tried = Some((plan, outcome));
            look
        }
        (None, _) => not_read(&ended.verdict),
    };
    (ended, look)
}

/// There was an attempt: by this request, delivered before, by another one, or by a person.
fn left(asked: &Asked, ended: &mut Ended, attempt: &Attempt, means: &Means<'_>) -> Look {
    let lasts = means.invocation.deadline - means.invocation.now;
    let plan = Plan::Update {
        task_definition: attempt.to.clone(),
    };
    let is_over = ended.case.now - attempt.at >= lasts;
    // A person who asks long afterwards is told what is so now. Whoever asks through the queue may be
    // the one who died before they told it, so they are told how it went, whatever has come since.
    if is_over && asked.incident.is_none() {
        return not_read(&ended.verdict);
    }
    let outcome = match attempt.made {
        Some(_) => Outcome::Began,
        None if goes_back(&ended.case, &attempt.to) => Outcome::Seen,
        // Whoever claimed it may still be at it: an invocation lasts as long as this one may.
        None if !is_over => return Look::UnderWay,
        None => Outcome::LeftBehind(attempt.at),
    };
    ended.tried = Some((plan, outcome));
    Look::End
}

/// A fact that was not read may be read yet, but not one that needs a permission.
fn not_read(verdict: &Verdict) -> Look {
    match verdict.may_pass() {
        false => Look::End,
        true if lacking(verdict).is_some_and(is_throttled) => Look::Throttled,
        true => Look::Again,
    }
}

/// What is to be had soon, where that is all that is lacking: throttled last, for the rest is told.
fn lacking(verdict: &Verdict) -> Option<&Missing> {
    let soon = |it: &&Missing| it.why.may_pass();
    let missing = verdict.missing().iter().filter(|_| verdict.may_pass());
    missing.filter(soon).min_by_key(|it| is_throttled(it))
}
