//! An API fails: never two writes, and it is always told or comes again.

use roll_back::Retry;
use simulator::{AuthRequest, Authorizer, Decision, Fault};

use super::*;

const UPDATE: &str = "ecs:UpdateService";

#[tokio::test]
async fn a_denied_call_is_told_with_the_statement_to_add() {
    let scene = failed(auto).await;
    scene.bot.aws.inject(UPDATE, Fault::denied());
    scene.ask().await;
    assert_eq!(scene.writes(), [""; 0]);
    insta::assert_snapshot!(scene.text(), @r#"
    [CRITICAL] order-api in prod-apps: not rolled back after all
    2026-11-22 10:02:26 UTC, us-east-1, account 111122223333

    Impact:   Full capacity: order-api:41 runs 2 tasks; 2 desired, 0 pending.
    Rollback: Not rolled back: ECS refused UpdateService: the role lacks
              ecs:UpdateService.
    Next:     Add to the role of roll-back:
              {"Action":"ecs:UpdateService","Condition":{"StringEqualsIgnoreCase":{"aws:ResourceTag/opsbot:rollback":["ask","auto"]}},"Effect":"Allow","Resource":"arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api"}

    WHAT HAPPENED
      opsbot was to roll service order-api in cluster prod-apps back from
      order-api:42, and looked again at 10:02:26 UTC.

    NEXT STEPS
      1. Add to the role of roll-back:
         {"Action":"ecs:UpdateService","Condition":{"StringEqualsIgnoreCase":{"aws:ResourceTag/opsbot:rollback":["ask","auto"]}},"Effect":"Allow","Resource":"arn:aws:ecs:us-east-1:111122223333:service/prod-apps/order-api"}
      2. By hand:
         aws ecs describe-services --region us-east-1 --cluster prod-apps --services order-api --output text --query "services[0].deployments[?status=='PRIMARY'].id" | grep -qx ecs-svc/2293350785119981940 && aws ecs update-service --region us-east-1 --cluster prod-apps --service order-api --task-definition order-api:41
    "#);
    // Once the role may, the one attempt is still there.
    scene.bot.aws.clear_faults();
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
}

/// `UpdateService` needs the permission to hand the roles of the good revision to ECS.
#[tokio::test]
async fn a_role_that_may_not_be_passed_is_named_with_the_statement_to_add() {
    let mut world = released(|service| auto(service).breaker(Breaker::on()));
    world.settle();
    let authorizer = Authorizer::new(async |request: AuthRequest| match request.action.as_str() {
        "iam:PassRole" => Decision::Deny(String::new()),
        _ => Decision::Allow,
    });
    let options = Options {
        authorizer: Some(authorizer),
        ..Options::default()
    };
    let scene = Scene::over(world, &[], options).await;
    scene.ask().await;
    scene.held(&["rollback_held critical refused"]);
    let text = scene.text();
    let statement = r#"{"Action":"iam:PassRole","Condition":{"StringEquals":{"iam:PassedToService":"ecs-tasks.amazonaws.com"}},"Effect":"Allow","Resource":"arn:aws:iam::111122223333:role/order-api-task"}"#;
    assert!(text.contains(statement), "{text}");
}

#[tokio::test]
async fn a_throttled_call_is_made_later_in_the_same_invocation() {
    let scene = failed(auto).await;
    scene.bot.aws.inject(UPDATE, Fault::throttled().times(3));
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

#[tokio::test]
async fn a_call_that_is_throttled_to_the_end_comes_again() {
    let mut scene = failed(auto).await;
    scene.bot.timeout = TimeDelta::milliseconds(18_300);
    scene.bot.aws.inject(UPDATE, Fault::throttled());
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotNow(_))), "{answer:?}");
    scene.held(&[]);
    scene.bot.aws.clear_faults();
    scene.bot.timeout = TimeDelta::seconds(60);
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

/// The queue gives up in the end, and owners were told that it would be rolled back.
#[tokio::test]
async fn what_is_throttled_again_and_again_is_told_once_and_still_done_where_it_can_be() {
    let mut scene = failed(auto).await;
    scene.bot.timeout = TimeDelta::milliseconds(18_300);
    scene.bot.aws.inject(UPDATE, Fault::throttled());
    for delivery in 1..=5 {
        let answer = scene.bot.ask_again(&scene.request, delivery).await;
        assert!(matches!(answer, Err(Retry::NotNow(_))), "{answer:?}");
        let told = scene.told();
        assert_eq!(
            told.len(),
            usize::from(delivery >= 4),
            "{delivery} {told:?}"
        );
    }
    scene.bot.aws.clear_faults();
    scene.bot.timeout = TimeDelta::seconds(60);
    let answer = scene.bot.ask_again(&scene.request, 6).await;
    answer.expect("an answer");
    assert_eq!(
        scene.told(),
        [
            "rollback_held critical throttled",
            "rollback_started warning roll_back"
        ]
    );
}

#[tokio::test]
async fn facts_that_are_throttled_are_read_later_in_the_same_invocation() {
    for action in ["ecs:DescribeServices", "ecs:ListServiceDeployments"] {
        let scene = failed(auto).await;
        scene.bot.aws.inject(action, Fault::throttled().times(7));
        scene.ask().await;
        assert_eq!(scene.writes(), ["UpdateService"], "{action}");
    }
}

/// The answer is lost: the service shows that ECS took the call.
#[tokio::test]
async fn a_call_whose_answer_is_lost_is_found_in_the_service() {
    let scene = failed(auto).await;
    scene.bot.aws.inject(UPDATE, Fault::answer_lost());
    scene.ask().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
    let scene = in_flight(auto).await;
    let stop = "ecs:StopServiceDeployment";
    scene.bot.aws.inject(stop, Fault::answer_lost());
    scene.ask().await;
    assert_eq!(scene.writes(), ["StopServiceDeployment"]);
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
}

/// No answer, and no sign: whether ECS took it is for a person to see.
#[tokio::test]
async fn a_call_without_an_answer_is_not_made_twice() {
    for fault in [Fault::internal(), Fault::hangs(), Fault::malformed()] {
        let scene = failed(auto).await;
        scene.bot.aws.inject(UPDATE, fault);
        scene.ask().await;
        scene.ask_later().await;
        let calls = scene.bot.aws.actions();
        assert_eq!(calls.iter().filter(|it| *it == UPDATE).count(), 1);
        assert_eq!(scene.told(), ["rollback_held critical unsure"]);
    }
}

#[tokio::test]
async fn without_the_table_nothing_is_written_and_it_is_told() {
    let scene = failed(auto).await;
    scene.bot.aws.inject("dynamodb:*", Fault::denied());
    scene.ask().await;
    scene.held(&["rollback_held critical hold_facts_missing"]);
}

/// It can be read and not written.
#[tokio::test]
async fn without_the_claim_nothing_is_written_and_it_is_told() {
    let scene = failed(auto).await;
    scene
        .bot
        .aws
        .inject("dynamodb:TransactWriteItems", Fault::denied());
    scene.ask().await;
    scene.held(&["rollback_held critical not_asked"]);
}

/// It was written, and nobody said so: it is not what keeps the next delivery from it.
#[tokio::test]
async fn a_claim_that_was_never_answered_is_given_back() {
    let scene = failed(auto).await;
    let claim = "dynamodb:TransactWriteItems";
    scene.bot.aws.inject(claim, Fault::answer_lost().times(3));
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotNow(_))), "{answer:?}");
    scene.held(&["rollback_held critical not_asked"]);
    scene.bot.aws.clear_faults();
    scene.ask_later().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
}

#[tokio::test]
async fn without_the_service_nothing_is_written_and_it_is_told() {
    let scene = failed(auto).await;
    let broken = Fault::internal().after(1);
    scene.bot.aws.inject("ecs:DescribeServices", broken);
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotNow(_))), "{answer:?}");
    scene.held(&["rollback_held critical not_asked"]);
    // It may pass, so the message comes again.
    scene.bot.aws.clear_faults();
    scene.ask_later().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
}

#[tokio::test]
async fn an_alert_that_sns_does_not_take_comes_again_and_the_call_does_not() {
    let scene = failed(auto).await;
    scene.bot.aws.inject("sns:Publish", Fault::internal());
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotPublished(_))), "{answer:?}");
    scene.bot.aws.clear_faults();
    scene.ask_later().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told(), ["rollback_started warning began"]);
}

/// Whether it wrote cannot be said, so nobody is told that it did not.
#[tokio::test]
async fn a_rollback_that_was_not_told_is_not_called_held_when_the_record_cannot_be_read() {
    let scene = failed(auto).await;
    scene.bot.aws.inject("sns:Publish", Fault::denied());
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotPublished(_))), "{answer:?}");
    scene.bot.aws.clear_faults();
    scene.bot.aws.inject("dynamodb:*", Fault::denied());
    for deliveries in 2..=3 {
        let answer = scene.bot.ask_again(&scene.request, deliveries).await;
        assert!(matches!(answer, Err(Retry::NotNow(_))), "{answer:?}");
        assert_eq!(scene.told(), [""; 0]);
    }
    let answer = scene.bot.ask_again(&scene.request, 4).await;
    answer.expect("an answer");
    assert_eq!(scene.writes(), ["UpdateService"]);
    insta::assert_snapshot!(scene.text());
}

/// What other rollbacks there were in the hour does not matter to one that was made.
#[tokio::test]
async fn a_rollback_is_told_though_the_hour_cannot_be_read() {
    let scene = failed(auto).await;
    scene.bot.aws.inject("sns:Publish", Fault::denied());
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotPublished(_))), "{answer:?}");
    scene.bot.aws.clear_faults();
    scene.bot.aws.change_table(tests::bot::TABLE, |items| {
        let is_hour = |item: &&mut simulator::Item| {
            let key = item["pk"]["S"].as_str();
            key.is_some_and(|key| key.starts_with("rollbacks#2026"))
        };
        let hour = items.iter_mut().find(is_hour).expect("the hour's item");
        hour.insert(
            "attempt#other".to_owned(),
            serde_json::json!({ "S": "not as written" }),
        );
    });
    scene.ask_later().await;
    assert_eq!(scene.told(), ["rollback_started warning began"]);
}

/// Nobody would look at the rollback again, so the message comes again: told twice beats unseen.
#[tokio::test]
async fn a_look_that_sqs_does_not_take_comes_again_and_the_call_does_not() {
    let scene = failed(auto).await;
    scene.bot.aws.inject("sqs:SendMessage", Fault::internal());
    let answer = scene.bot.ask(&scene.request).await;
    assert!(matches!(answer, Err(Retry::NotWatched(_))), "{answer:?}");
    assert_eq!(scene.told(), ["rollback_started warning roll_back"]);
    scene.bot.aws.clear_faults();
    scene.ask_later().await;
    assert_eq!(scene.writes(), ["UpdateService"]);
    assert_eq!(scene.told().len(), 2);
    assert_eq!(scene.bot.handed_over().len(), 1);
}

/// What a person has to mend is told, whatever is throttled beside it.
#[tokio::test]
async fn a_denial_beside_a_throttle_is_told() {
    let scene = failed(auto).await;
    let aws = &scene.bot.aws;
    aws.inject("ecs:DescribeServices", Fault::throttled());
    aws.inject("dynamodb:GetItem", Fault::denied());
    scene.ask().await;
    scene.held(&["rollback_held critical hold_facts_missing"]);
}

/// Somebody may release while the table takes its time: the look is not older than that.
#[tokio::test]
async fn a_slow_table_makes_it_look_once_more_right_before_the_write() {
    for (latency, looks) in [(0, 2), (700, 3)] {
        let mut world = released(|service| auto(service.breaker(Breaker::on())));
        world.settle();
        let scene = Scene::within(Limits::default(), world, &[], Options::default()).await;
        let latency = std::time::Duration::from_millis(latency);
        let claim = "dynamodb:TransactWriteItems";
        scene.bot.aws.set_latency(claim, latency);
        scene.ask().await;
        assert_eq!(scene.writes(), ["UpdateService"]);
        let calls = scene.bot.aws.calls();
        let looked = calls
            .iter()
            .filter(|it| it.action == "ecs:DescribeServices");
        assert_eq!(looked.count(), looks, "{latency:?}");
    }
}

/// Six times in twelve minutes would be a page each; and whoever was to tell it first may have died.
#[tokio::test]
async fn what_comes_again_without_the_table_is_told_at_once_and_once_more() {
    let scene = failed(auto).await;
    scene.bot.aws.inject("dynamodb:*", Fault::internal());
    for deliveries in 1..=6 {
        let answer = scene.bot.ask_again(&scene.request, deliveries).await;
        assert!(matches!(answer, Err(Retry::NotNow(_))), "{answer:?}");
        let told = if deliveries < 4 { 1 } else { 2 };
        scene.held(&["rollback_held critical hold_facts_missing"; 2][..told]);
    }
    // Nothing was done: the service stands as it did.
    let says = |alert: &Published| alert.for_protocol("sms").contains("not rolled back");
    assert!(scene.alerts().iter().all(says));
}
