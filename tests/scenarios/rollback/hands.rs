//! The hands of a rollback, one at a time: the claim, the permit and the call.

use aws::attempts::Attempted;
use aws::carry_out::carry_out;
use aws::permit::{NoPermit, Permit};
use chrono::TimeDelta;
use domain::arn::ServiceArn;
use domain::facts::{Fact, Rollout, Service};
use domain::verdict::{Attempt, Attempts, OptIn, Plan, Policy};
use serde_json::json;
use simulator::{Breaker, Fate, Fault, TaskDefinition, World};
use tests::bot::{Bot, TABLE};

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";
const POLICY: Policy = Policy {
    default: OptIn::Off,
    cooldown: TimeDelta::minutes(60),
    per_hour: 2,
};

/// A bot whose order-api:42 has failed with the breaker on and rollback off; its service's ARN.
fn failed() -> (Bot, ServiceArn, String) {
    let mut world = World::new();
    let define = |revision| {
        let it = TaskDefinition::of("order-api").revision(revision);
        it.container("app", IMAGE)
    };
    world.register(define(41));
    world.register(define(42).fate(Fate::fails_to_start("CannotPullContainerError: denied")));
    let service = world.service("prod-apps", "order-api");
    let service = service.task_definition("order-api:41").desired(2);
    let arn = service
        .breaker(Breaker::on())
        .tag("opsbot:rollback", "auto")
        .create();
    world.settle();
    let deployment = world.deploy("prod-apps", "order-api", "order-api:42");
    world.settle();
    let arn = ServiceArn::parse(&arn, None).unwrap();
    (Bot::new(world), arn, deployment)
}

fn attempt(bot: &Bot, failed: &str) -> Attempt {
    Attempt {
        failed: failed.to_owned(),
        from: Some("order-api:42".to_owned()),
        to: "order-api:41".to_owned(),
        at: bot.now(),
        made: None,
    }
}

fn back() -> Plan {
    Plan::Update {
        task_definition: "order-api:41".to_owned(),
    }
}

async fn service(bot: &Bot, arn: &ServiceArn) -> Service {
    let read = aws::gather::service(&bot.invocation("look").asking(), arn).await;
    read.known().unwrap().clone()
}

async fn permit(bot: &Bot, arn: &ServiceArn, judged: &Service) -> Result<Permit, NoPermit> {
    Permit::ask(&bot.invocation("permit").asking(), arn, judged).await
}

async fn claim(bot: &Bot, arn: &ServiceArn, attempt: &Attempt) -> Attempted {
    let state = bot.invocation("claim").state();
    state.claim_attempt(arn, attempt, &POLICY).await
}

fn updates(bot: &Bot) -> usize {
    let actions = bot.aws.actions();
    actions
        .iter()
        .filter(|it| *it == "ecs:UpdateService")
        .count()
}

#[tokio::test]
async fn one_update_brings_the_good_revision_back() {
    let (bot, arn, failed) = failed();
    let judged = service(&bot, &arn).await;
    let permit = permit(&bot, &arn, &judged).await.unwrap();
    let made = carry_out(&bot.invocation("write").asking(), &back(), permit).await;
    let primary = service(&bot, &arn).await.primary().unwrap().clone();
    assert_eq!(made, Ok(Some(primary.id.clone())));
    assert_ne!(primary.id, failed);
    assert!(primary.task_definition.ends_with(":41"));
    assert_eq!(updates(&bot), 1);
}

#[tokio::test]
async fn a_newer_deployment_forbids_the_write() {
    let (bot, arn, _) = failed();
    let judged = service(&bot, &arn).await;
    bot.aws
        .with(|world| world.deploy("prod-apps", "order-api", "order-api:41"));
    let answer = permit(&bot, &arn, &judged).await;
    assert_eq!(answer, Err(NoPermit::Changed("the PRIMARY deployment")));
}

/// Another call brings it back by now, or none.
#[tokio::test]
async fn the_end_of_the_judged_deployment_forbids_the_write() {
    let (bot, arn, _) = failed();
    let now = service(&bot, &arn).await;
    let mut in_flight = now.clone();
    in_flight.deployments[0].rollout = Some(Rollout::InProgress);
    let mut under_way = now;
    under_way.current_service_deployment = Some("the one that has ended".to_owned());
    for judged in [in_flight, under_way] {
        let answer = permit(&bot, &arn, &judged).await;
        assert_eq!(answer, Err(NoPermit::Changed("the deployment's state")));
    }
}

#[tokio::test]
async fn a_changed_opt_in_tag_forbids_the_write() {
    let (bot, arn, _) = failed();
    let mut judged = service(&bot, &arn).await;
    judged
        .tags
        .insert("opsbot:rollback".to_owned(), "ask".to_owned());
    let answer = permit(&bot, &arn, &judged).await;
    assert_eq!(answer, Err(NoPermit::Changed("the opt-in tag")));
}

#[tokio::test]
async fn a_service_that_cannot_be_read_again_forbids_the_write() {
    let (bot, arn, _) = failed();
    let judged = service(&bot, &arn).await;
    bot.aws.inject("ecs:DescribeServices", Fault::denied());
    let answer = permit(&bot, &arn, &judged).await;
    assert!(matches!(answer, Err(NoPermit::NotRead(_))), "{answer:?}");
}

#[tokio::test]
async fn a_write_that_fails_is_never_made_twice() {
    for fault in [
        Fault::denied(),
        Fault::throttled(),
        Fault::internal(),
        Fault::answer_lost(),
    ] {
        let (bot, arn, _) = failed();
        let judged = service(&bot, &arn).await;
        let permit = permit(&bot, &arn, &judged).await.unwrap();
        bot.aws.inject("ecs:UpdateService", fault.times(1));
        let made = carry_out(&bot.invocation("write").asking(), &back(), permit).await;
        assert!(made.is_err(), "{made:?}");
        assert_eq!(updates(&bot), 1);
    }
}

#[tokio::test]
async fn of_two_claims_at_once_one_is_ours() {
    let (bot, arn, failed) = failed();
    let attempt = attempt(&bot, &failed);
    let (one, two) = tokio::join!(claim(&bot, &arn, &attempt), claim(&bot, &arn, &attempt));
    let ours = [one, two].into_iter().filter(|it| *it == Attempted::Ours);
    assert_eq!(ours.count(), 1);
}

#[tokio::test]
async fn a_deployment_is_attempted_once_ever() {
    let (bot, arn, failed) = failed();
    let mut attempt = attempt(&bot, &failed);
    assert_eq!(claim(&bot, &arn, &attempt).await, Attempted::Ours);
    attempt.at += TimeDelta::days(400);
    assert_eq!(claim(&bot, &arn, &attempt).await, Attempted::Refused);
}

#[tokio::test]
async fn another_deployment_waits_for_the_cool_down() {
    let (bot, arn, failed) = failed();
    assert_eq!(
        claim(&bot, &arn, &attempt(&bot, &failed)).await,
        Attempted::Ours
    );
    let mut next = attempt(&bot, "ecs-svc/9");
    next.at += TimeDelta::minutes(59);
    assert_eq!(claim(&bot, &arn, &next).await, Attempted::Refused);
    next.at += TimeDelta::minutes(1);
    assert_eq!(claim(&bot, &arn, &next).await, Attempted::Ours);
}

#[tokio::test]
async fn an_attempt_that_is_given_back_was_none() {
    let (bot, arn, failed) = failed();
    let state = bot.invocation("release").state();
    let first = Attempt {
        at: bot.now() - TimeDelta::minutes(61),
        ..attempt(&bot, "ecs-svc/9")
    };
    assert_eq!(claim(&bot, &arn, &first).await, Attempted::Ours);
    let before = state.attempts(&arn, &failed, bot.now()).await;
    for _ in 0..2 {
        let attempt = attempt(&bot, &failed);
        assert_eq!(claim(&bot, &arn, &attempt).await, Attempted::Ours);
        let released = state.release_attempt(&arn, &attempt, Some(&first)).await;
        assert_eq!(released, Fact::Known(()));
        assert_eq!(state.attempts(&arn, &failed, bot.now()).await, before);
    }
}

/// It was claimed anew in between, or has made its deployment.
#[tokio::test]
async fn an_attempt_that_is_not_as_it_was_claimed_is_not_given_back() {
    let (bot, arn, failed) = failed();
    let state = bot.invocation("release").state();
    let attempt = attempt(&bot, &failed);
    claim(&bot, &arn, &attempt).await;
    let made = Attempt {
        made: Some("ecs-svc/9".to_owned()),
        ..attempt.clone()
    };
    state.attempt_made(&arn, &made).await;
    let kept = state.attempts(&arn, &failed, bot.now()).await;
    state.release_attempt(&arn, &attempt, None).await;
    assert_eq!(state.attempts(&arn, &failed, bot.now()).await, kept);
}

#[tokio::test]
async fn the_stack_makes_no_more_than_its_cap_in_an_hour() {
    let (bot, arn, failed) = failed();
    let mut answers = Vec::new();
    for name in ["one", "two", "three"] {
        let other = ServiceArn {
            service: name.to_owned(),
            ..arn.clone()
        };
        answers.push(claim(&bot, &other, &attempt(&bot, &failed)).await);
    }
    assert_eq!(
        answers,
        [Attempted::Ours, Attempted::Ours, Attempted::Refused]
    );
}

#[tokio::test]
async fn what_was_attempted_is_read_back() {
    let (bot, arn, failed) = failed();
    let mut attempt = attempt(&bot, &failed);
    claim(&bot, &arn, &attempt).await;
    attempt.made = Some("ecs-svc/9".to_owned());
    let state = bot.invocation("remember").state();
    assert_eq!(state.attempt_made(&arn, &attempt).await, Fact::Known(()));
    let read = state.attempts(&arn, &failed, bot.now()).await;
    let attempts = Attempts {
        of_this: Some(attempt.clone()),
        newest: Some(attempt),
        last_hour: 1,
    };
    assert_eq!(read, Fact::Known(attempts));
}

#[tokio::test]
async fn an_attempt_that_cannot_be_read_is_not_taken_for_none() {
    let (bot, arn, failed) = failed();
    claim(&bot, &arn, &attempt(&bot, &failed)).await;
    bot.aws.change_table(TABLE, |items| {
        for item in items {
            item.insert(format!("attempt#{failed}"), json!({ "S": "{}" }));
        }
    });
    let state = bot.invocation("read").state();
    let read = state.attempts(&arn, &failed, bot.now()).await;
    assert!(matches!(read, Fact::Missing(_)), "{read:?}");
}

#[tokio::test]
async fn without_the_table_nothing_is_claimed() {
    let (bot, arn, failed) = failed();
    bot.aws.inject("dynamodb:*", Fault::denied());
    let answer = claim(&bot, &arn, &attempt(&bot, &failed)).await;
    assert!(matches!(answer, Attempted::Unreachable(_)), "{answer:?}");
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_still_ours() {
    let (bot, arn, failed) = failed();
    bot.aws.inject("dynamodb:*", Fault::answer_lost().times(1));
    let answer = claim(&bot, &arn, &attempt(&bot, &failed)).await;
    assert_eq!(answer, Attempted::Ours);
}
