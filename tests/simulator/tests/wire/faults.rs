//! Faults, latency, throttling, TLS and the authorizer, as the real SDK sees them.

use crate::clients::Clients;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use simulator::{
    AuthRequest, Authorizer, Decision, Fault, Options, Outcome, Simulator, TaskDefinition,
    Throttle, World,
};
use std::time::Duration;

fn world() -> World {
    let mut world = World::new();
    world.register(TaskDefinition::of("web").container("app", "web:1"));
    world
        .service("prod-apps", "web")
        .tag("team", "shop")
        .create();
    world.settle();
    world
}

fn simulator(options: Options) -> (Simulator, Clients) {
    let sim = Simulator::start(world(), options).expect("a free port");
    let clients = Clients::of(&sim);
    (sim, clients)
}

fn plain() -> (Simulator, Clients) {
    simulator(Options::default())
}

/// What each service's client makes of a fault: its error code, by action.
async fn codes(clients: &Clients) -> Vec<(&'static str, String)> {
    fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
        let error = answer.err().expect("the fault makes an error");
        error.code().unwrap_or("-").to_owned()
    }
    let topic = "arn:aws:sns:us-east-1:111122223333:alerts";
    let key = || aws_sdk_dynamodb::types::AttributeValue::S("a".into());
    let time = aws_sdk_cloudwatch::primitives::DateTime::from_secs;
    let metrics = clients
        .cloudwatch
        .get_metric_data()
        .start_time(time(0))
        .end_time(time(60));
    let logs = clients
        .logs
        .get_log_events()
        .log_group_name("g")
        .log_stream_name("s");
    let item = clients.dynamodb.get_item().table_name("t").key("pk", key());
    vec![
        (
            "ecs",
            code(clients.ecs.describe_services().services("web").send().await),
        ),
        ("logs", code(logs.send().await)),
        (
            "elb",
            code(
                clients
                    .elb
                    .describe_target_health()
                    .target_group_arn("a")
                    .send()
                    .await,
            ),
        ),
        ("cloudwatch", code(metrics.send().await)),
        (
            "sns",
            code(
                clients
                    .sns
                    .publish()
                    .topic_arn(topic)
                    .message("m")
                    .send()
                    .await,
            ),
        ),
        ("dynamodb", code(item.send().await)),
        (
            "sqs",
            code(
                clients
                    .sqs
                    .send_message()
                    .queue_url("u/q")
                    .message_body("m")
                    .send()
                    .await,
            ),
        ),
    ]
}

async fn check(fault: Fault, expected: &[(&str, &str)]) {
    let (sim, clients) = plain();
    sim.inject("*", fault);
    let codes = codes(&clients).await;
    let codes: Vec<_> = codes
        .iter()
        .map(|(api, code)| (*api, code.as_str()))
        .collect();
    assert_eq!(codes, expected);
}

#[tokio::test]
async fn each_service_denies_access_in_its_own_words() {
    let expected = [
        ("ecs", "AccessDeniedException"),
        ("logs", "AccessDeniedException"),
        ("elb", "AccessDenied"),
        ("cloudwatch", "AccessDenied"),
        ("sns", "AuthorizationError"),
        ("dynamodb", "AccessDeniedException"),
        ("sqs", "AccessDenied"),
    ];
    check(Fault::denied(), &expected).await;
}

#[tokio::test]
async fn each_service_throttles_in_its_own_words() {
    let expected = [
        ("ecs", "ThrottlingException"),
        ("logs", "ThrottlingException"),
        ("elb", "Throttling"),
        ("cloudwatch", "Throttling"),
        ("sns", "Throttled"),
        ("dynamodb", "ThrottlingException"),
        ("sqs", "RequestThrottled"),
    ];
    check(Fault::throttled(), &expected).await;
}

#[tokio::test]
async fn each_service_fails_in_its_own_words() {
    let expected = [
        ("ecs", "ServerException"),
        ("logs", "ServiceUnavailableException"),
        ("elb", "InternalFailure"),
        ("cloudwatch", "InternalServiceFault"),
        ("sns", "InternalError"),
        ("dynamodb", "InternalServerError"),
        ("sqs", "InternalFailure"),
    ];
    check(Fault::internal(), &expected).await;
}

#[tokio::test]
async fn a_malformed_answer_has_no_code() {
    let expected =
        ["ecs", "logs", "elb", "cloudwatch", "sns", "dynamodb", "sqs"].map(|api| (api, "-"));
    check(Fault::malformed(), &expected).await;
}

#[tokio::test]
async fn a_malformed_answer_is_a_response_error() {
    let (sim, clients) = plain();
    sim.inject("ecs:DescribeServices", Fault::malformed());
    let error = clients
        .ecs
        .describe_services()
        .cluster("prod-apps")
        .services("web")
        .send()
        .await;
    assert!(matches!(error.unwrap_err(), SdkError::ResponseError(_)));
    assert_eq!(sim.calls()[0].outcome, Outcome::Malformed);
}

#[tokio::test]
async fn a_denial_names_action_and_resource() {
    let (sim, clients) = plain();
    sim.inject("ecs:DescribeServices", Fault::denied());
    let request = clients
        .ecs
        .describe_services()
        .cluster("prod-apps")
        .services("web");
    let error = request.send().await.unwrap_err();
    let expected = "is not authorized to perform: ecs:DescribeServices on resource: \
                    arn:aws:ecs:us-east-1:111122223333:service/prod-apps/web because no \
                    identity-based policy allows the ecs:DescribeServices action";
    assert!(error.message().unwrap().ends_with(expected), "{error:?}");
}

#[tokio::test]
async fn a_fault_can_spare_the_first_calls() {
    let (sim, clients) = plain();
    sim.inject("ecs:*", Fault::denied().after(2));
    let call = || clients.ecs.describe_clusters().send();
    assert!(call().await.is_ok());
    assert!(call().await.is_ok());
    assert!(call().await.is_err());
}

#[tokio::test]
async fn a_fault_for_the_first_calls_is_over_after_them() {
    let (sim, clients) = plain();
    sim.inject("ecs:*", Fault::throttled().times(2));
    let call = || {
        clients
            .ecs
            .describe_services()
            .cluster("prod-apps")
            .services("web")
            .send()
    };
    assert!(call().await.is_err());
    assert!(call().await.is_err());
    assert!(call().await.is_ok());
    sim.inject("ecs:*", Fault::internal());
    assert!(call().await.is_err());
    sim.clear_faults();
    assert!(call().await.is_ok());
}

#[tokio::test]
async fn a_call_that_hangs_has_no_end() {
    let (sim, clients) = plain();
    sim.inject("ecs:DescribeServices", Fault::hangs());
    let call = clients
        .ecs
        .describe_services()
        .cluster("prod-apps")
        .services("web")
        .send();
    let hanging = tokio::spawn(call);
    while sim.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!hanging.is_finished());
    hanging.abort();
    assert_eq!(
        (sim.calls()[0].ended, &sim.calls()[0].outcome),
        (None, &Outcome::Unanswered)
    );
}

#[tokio::test]
async fn a_lost_answer_has_been_carried_out() {
    let (sim, clients) = plain();
    sim.inject("sns:Publish", Fault::answer_lost());
    let publish = clients
        .sns
        .publish()
        .topic_arn("arn:aws:sns:us-east-1:111122223333:alerts");
    let error = publish.message("m").send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(sim.published().len(), 1);
}

#[tokio::test]
async fn latency_delays_the_answer_and_the_log_shows_the_depth() {
    let (sim, clients) = plain();
    let latency = Duration::from_millis(20);
    sim.set_latency("*", latency);
    let describe = || {
        clients
            .ecs
            .describe_services()
            .cluster("prod-apps")
            .services("web")
            .send()
    };
    let list = clients.ecs.list_tasks().cluster("prod-apps").send();
    let (one, two) = tokio::join!(describe(), list);
    one.unwrap();
    two.unwrap();
    describe().await.unwrap();
    let publish = clients
        .sns
        .publish()
        .topic_arn("arn:aws:sns:us-east-1:111122223333:alerts");
    publish.message("m").send().await.unwrap();
    assert_eq!(sim.round_trips_before("sns:Publish"), Some(2));
    for call in sim.calls() {
        assert!(
            call.ended.unwrap() - call.started >= latency,
            "{}",
            call.action
        );
        assert_eq!(call.access_key_id.as_deref(), Some("AKIDEXAMPLE"));
        assert_eq!(call.outcome, Outcome::Ok);
    }
}

#[tokio::test]
async fn the_buckets_refill_with_the_virtual_clock() {
    let options = Options {
        throttle: Throttle::VirtualClock,
        ..Options::default()
    };
    let (sim, clients) = simulator(options);
    let call = || {
        clients
            .ecs
            .deregister_task_definition()
            .task_definition("none:1")
            .send()
    };
    for _ in 0..20 {
        assert_eq!(call().await.unwrap_err().code(), Some("ClientException"));
    }
    assert_eq!(
        call().await.unwrap_err().code(),
        Some("ThrottlingException")
    );
    sim.advance(Duration::from_secs(1));
    assert_eq!(call().await.unwrap_err().code(), Some("ClientException"));
    assert_eq!(
        call().await.unwrap_err().code(),
        Some("ThrottlingException")
    );
}

#[tokio::test]
async fn one_tls_connection_carries_many_calls() {
    let (sim, clients) = simulator(Options {
        tls: true,
        ..Options::default()
    });
    for _ in 0..3 {
        clients
            .ecs
            .list_tasks()
            .cluster("prod-apps")
            .send()
            .await
            .unwrap();
    }
    assert_eq!((sim.connections(), sim.tls_handshakes()), (1, 1));
}

#[tokio::test]
async fn the_authorizer_is_asked_with_resource_and_tags() {
    let authorizer = Authorizer::new(|request: AuthRequest| async move {
        let tagged = request
            .context
            .get("aws:ResourceTag/team")
            .is_some_and(|team| team == "shop");
        let known = request.access_key_id.as_deref() == Some("AKIDEXAMPLE");
        match (request.action.as_str(), tagged && known) {
            ("ecs:UpdateService", true) => Decision::Allow,
            ("ecs:StopTask", _) => Decision::Deny("because I say so".into()),
            _ => Decision::Deny(String::new()),
        }
    });
    let options = Options {
        authorizer: Some(authorizer),
        ..Options::default()
    };
    let (_sim, clients) = simulator(options);
    let update = clients
        .ecs
        .update_service()
        .cluster("prod-apps")
        .service("web")
        .desired_count(2);
    update.send().await.unwrap();
    let stop = clients
        .ecs
        .stop_task()
        .cluster("prod-apps")
        .task("abc")
        .send()
        .await
        .unwrap_err();
    assert_eq!(stop.message(), Some("because I say so"));
    let list = clients
        .ecs
        .list_tasks()
        .cluster("prod-apps")
        .send()
        .await
        .unwrap_err();
    assert!(list.message().unwrap().contains("ecs:ListTasks"));
    assert!(list.into_service_error().is_access_denied_exception());
}

#[tokio::test]
async fn passing_the_roles_is_asked_for_where_a_task_definition_is_named() {
    let authorizer = Authorizer::new(|request: AuthRequest| async move {
        match request.action.as_str() {
            "iam:PassRole" => Decision::Deny(String::new()),
            _ => Decision::Allow,
        }
    });
    let options = Options {
        authorizer: Some(authorizer),
        ..Options::default()
    };
    let (_sim, clients) = simulator(options);
    let update = || {
        clients
            .ecs
            .update_service()
            .cluster("prod-apps")
            .service("web")
    };
    update().desired_count(2).send().await.unwrap();
    let refused = update().task_definition("web:1").send().await.unwrap_err();
    let expected = "not authorized to perform: iam:PassRole on resource: \
                    arn:aws:iam::111122223333:role/web-task";
    assert!(refused.message().unwrap().contains(expected), "{refused:?}");
}

#[tokio::test]
async fn the_stop_of_a_deployment_is_asked_for_on_its_service_too() {
    let authorizer = Authorizer::new(|request: AuthRequest| async move {
        let tagged = request.context.contains_key("aws:ResourceTag/team");
        match request.resource_arn.contains(":service/") && !tagged {
            true => Decision::Deny(String::new()),
            false => Decision::Allow,
        }
    });
    let options = Options {
        authorizer: Some(authorizer),
        ..Options::default()
    };
    let (_sim, clients) = simulator(options);
    let stop = |service: &str| {
        let arn = "arn:aws:ecs:us-east-1:111122223333:service-deployment/prod-apps";
        let stop = clients.ecs.stop_service_deployment();
        stop.service_deployment_arn(format!("{arn}/{service}/ej7"))
    };
    let refused = stop("untagged").send().await.unwrap_err();
    let expected = "arn:aws:ecs:us-east-1:111122223333:service/prod-apps/untagged";
    assert!(refused.message().unwrap().contains(expected), "{refused:?}");
    let unknown = stop("web").send().await.unwrap_err().into_service_error();
    assert!(
        unknown.is_service_deployment_not_found_exception(),
        "{unknown:?}"
    );
}
