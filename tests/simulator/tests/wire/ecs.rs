//! Every operation through the real SDK crates: they can parse what we answer.

use crate::clients::Clients;
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types as ecs;
use simulator::{Breaker, Fate, Options, Simulator, TaskDefinition, World};
use std::time::Duration;

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/order-api:v1";
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3";

/// `order-api` on revision 41, and revision 42 failed by the breaker without rollback.
fn failed_deployment() -> (Simulator, String) {
    let mut world = World::new();
    let group = world.target_group("order-api");
    let definition = |revision: u32| {
        let definition = TaskDefinition::of("order-api").revision(revision);
        let definition = definition.container("app", IMAGE).port(8080);
        definition
            .environment("LOG_LEVEL", "info")
            .secret("DB_PASSWORD", SECRET)
    };
    let healthy = Fate::runs_healthy().logs("app", ["starting", "listening on 8080"]);
    world.register(definition(41).fate(healthy));
    let reason = "ResourceInitializationError: unable to pull secrets or registry auth";
    world.register(definition(42).fate(Fate::fails_to_start(reason)));
    let service = world
        .service("prod-apps", "order-api")
        .task_definition("order-api:41");
    let service = service
        .desired(2)
        .target_group(&group, "app", 8080)
        .breaker(Breaker::on());
    service.tag("opsbot:rollback", "auto").create();
    world.settle();
    world.advance(Duration::from_secs(3600));
    world.deploy("prod-apps", "order-api", "order-api:42");
    world.settle();
    (
        Simulator::start(world, Options::default()).expect("a free port"),
        group,
    )
}

#[tokio::test]
async fn describe_services_shows_both_deployments() {
    let (sim, group) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let request = ecs
        .describe_services()
        .cluster("prod-apps")
        .services("order-api");
    let answer = request
        .services("gone")
        .include(ecs::ServiceField::Tags)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.failures()[0].reason(), Some("MISSING"));
    let service = &answer.services()[0];
    assert_eq!((service.desired_count(), service.running_count()), (2, 2));
    assert_eq!(service.tags()[0].key(), Some("opsbot:rollback"));
    assert_eq!(
        service.load_balancers()[0].target_group_arn(),
        Some(group.as_str())
    );
    let breaker = service
        .deployment_configuration()
        .unwrap()
        .deployment_circuit_breaker()
        .unwrap();
    assert!(breaker.enable() && !breaker.rollback());
    let [primary, active] = service.deployments() else {
        panic!("two deployments")
    };
    assert_eq!(primary.status(), Some("PRIMARY"));
    assert_eq!(
        primary.rollout_state(),
        Some(&ecs::DeploymentRolloutState::Failed)
    );
    let reason = "ECS deployment circuit breaker: tasks failed to start.";
    assert_eq!(primary.rollout_state_reason(), Some(reason));
    assert_eq!(primary.failed_tasks(), 3);
    assert_eq!(
        (active.status(), active.running_count()),
        (Some("ACTIVE"), 2)
    );
    let newest = service.events()[0].message().unwrap();
    assert!(
        newest.contains("deployment failed: tasks failed to start."),
        "{newest}"
    );
    assert!(
        service
            .current_service_deployment()
            .unwrap()
            .contains(":service-deployment/")
    );
    assert!(service.created_at().unwrap().secs() > 1_700_000_000);
}

#[tokio::test]
async fn an_unknown_cluster_is_an_exception_of_its_own() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let error = ecs
        .describe_services()
        .services("a")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_cluster_not_found_exception());
}

#[tokio::test]
async fn stopped_tasks_are_found_by_service_and_by_started_by_alone() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let list = || {
        ecs.list_tasks()
            .cluster("prod-apps")
            .desired_status(ecs::DesiredStatus::Stopped)
    };
    let page = list()
        .service_name("order-api")
        .max_results(1)
        .send()
        .await
        .unwrap();
    let token = page.next_token().unwrap();
    let next = list()
        .service_name("order-api")
        .next_token(token)
        .send()
        .await
        .unwrap();
    let arns = [page.task_arns(), next.task_arns()].concat();
    let request = ecs
        .describe_tasks()
        .cluster("prod-apps")
        .set_tasks(Some(arns.clone()));
    let tasks = request.tasks("0123456789abcdef").send().await.unwrap();
    assert_eq!(tasks.tasks().len(), arns.len());
    assert_eq!(tasks.failures()[0].reason(), Some("MISSING"));
    let task = &tasks.tasks()[0];
    assert_eq!(
        task.stop_code(),
        Some(&ecs::TaskStopCode::TaskFailedToStart)
    );
    assert!(
        task.stopped_reason()
            .unwrap()
            .starts_with("ResourceInitializationError")
    );
    assert!(task.started_at().is_none() && task.pull_started_at().is_none());
    let started_by = task.started_by().unwrap();
    let alone = list().started_by(started_by).send().await.unwrap();
    assert_eq!(alone.task_arns().len(), arns.len());
    let both = list()
        .started_by(started_by)
        .service_name("order-api")
        .send()
        .await;
    assert!(
        both.unwrap_err()
            .into_service_error()
            .is_invalid_parameter_exception()
    );
}

#[tokio::test]
async fn the_history_says_what_was_deployed_and_how_it_ended() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let list = || {
        ecs.list_service_deployments()
            .cluster("prod-apps")
            .service("order-api")
    };
    let all = list().send().await.unwrap();
    let statuses: Vec<_> = all
        .service_deployments()
        .iter()
        .filter_map(|d| d.status())
        .collect();
    assert_eq!(
        statuses,
        [
            &ecs::ServiceDeploymentStatus::Stopped,
            &ecs::ServiceDeploymentStatus::Successful
        ]
    );
    let good = list()
        .status(ecs::ServiceDeploymentStatus::Successful)
        .send()
        .await
        .unwrap();
    assert_eq!(good.service_deployments().len(), 1);
    let newest = *all.service_deployments()[0].created_at().unwrap();
    let since = ecs::CreatedAt::builder().after(newest).build();
    let recent = list().created_at(since).send().await.unwrap();
    assert_eq!(recent.service_deployments().len(), 1);
    let arns: Vec<_> = all
        .service_deployments()
        .iter()
        .filter_map(|d| d.service_deployment_arn.clone())
        .collect();
    let request = ecs
        .describe_service_deployments()
        .set_service_deployment_arns(Some(arns));
    let described = request.send().await.unwrap();
    let failed = &described.service_deployments()[0];
    let breaker = failed.deployment_circuit_breaker().unwrap();
    assert_eq!((breaker.failure_count(), breaker.threshold()), (3, 3));
    let target = failed.target_service_revision().unwrap().arn().unwrap();
    let source = failed.source_service_revisions()[0].arn().unwrap();
    let request = ecs
        .describe_service_revisions()
        .service_revision_arns(target);
    let revisions = request.service_revision_arns(source).send().await.unwrap();
    let [new, old] = revisions.service_revisions() else {
        panic!("two revisions")
    };
    assert!(new.task_definition().unwrap().ends_with("order-api:42"));
    assert!(old.task_definition().unwrap().ends_with("order-api:41"));
    assert!(
        old.container_images()[0]
            .image_digest()
            .unwrap()
            .starts_with("sha256:")
    );
}

#[tokio::test]
async fn task_definitions_are_described_as_registered() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let app = ecs::ContainerDefinition::builder()
        .name("app")
        .image(IMAGE)
        .essential(true);
    let request = ecs
        .register_task_definition()
        .family("batch")
        .container_definitions(app.build());
    let registered = request.cpu("256").memory("512").send().await.unwrap();
    assert_eq!(registered.task_definition().unwrap().revision(), 1);
    let described = ecs
        .describe_task_definition()
        .task_definition("order-api:41");
    let described = described
        .include(ecs::TaskDefinitionField::Tags)
        .send()
        .await
        .unwrap();
    let definition = described.task_definition().unwrap();
    assert_eq!(
        definition.status(),
        Some(&ecs::TaskDefinitionStatus::Active)
    );
    let container = &definition.container_definitions()[0];
    assert_eq!(container.secrets()[0].name(), "DB_PASSWORD");
    let options = container.log_configuration().unwrap().options().unwrap();
    assert_eq!(options["awslogs-region"], "us-east-1");
    let gone = ecs
        .deregister_task_definition()
        .task_definition("batch:1")
        .send()
        .await
        .unwrap();
    let status = gone.task_definition().unwrap().status().cloned();
    assert_eq!(status, Some(ecs::TaskDefinitionStatus::Inactive));
    let unknown = ecs
        .describe_task_definition()
        .task_definition("none:1")
        .send()
        .await;
    assert!(
        unknown
            .unwrap_err()
            .into_service_error()
            .is_client_exception()
    );
}

#[tokio::test]
async fn update_service_goes_back_to_the_old_revision() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let update = || {
        ecs.update_service()
            .cluster("prod-apps")
            .service("order-api")
    };
    let answer = update()
        .task_definition("order-api:41")
        .send()
        .await
        .unwrap();
    let service = answer.service().unwrap();
    assert!(service.task_definition().unwrap().ends_with("order-api:41"));
    sim.with(|world| assert!(world.settle()));
    let sixth = sim.with(|world| {
        world
            .find_service("prod-apps", "order-api")
            .unwrap()
            .clone()
    });
    assert_eq!(sixth.deployments.len(), 1);
    sim.with(|world| world.deregister("order-api:42"));
    let refused = update()
        .task_definition("order-api:42")
        .send()
        .await
        .unwrap_err();
    assert_eq!(refused.message(), Some("TaskDefinition is inactive"));
}

#[tokio::test]
async fn a_code_deploy_service_refuses_a_task_definition() {
    let mut world = World::new();
    world.register(TaskDefinition::of("web").container("app", IMAGE));
    world
        .service("prod-apps", "web")
        .controller("CODE_DEPLOY")
        .create();
    world.settle();
    let sim = Simulator::start(world, Options::default()).unwrap();
    let ecs = Clients::of(&sim).ecs;
    let request = ecs
        .update_service()
        .cluster("prod-apps")
        .service("web")
        .task_definition("web:1");
    let refused = request.send().await.unwrap_err();
    assert!(
        refused
            .message()
            .unwrap()
            .contains("CODE_DEPLOY deployment controller. Use AWS CodeDeploy")
    );
    let request = ecs.describe_services().cluster("prod-apps").services("web");
    let answer = request.send().await.unwrap();
    assert_eq!(
        answer.services()[0].task_sets()[0].status(),
        Some("PRIMARY")
    );
}

#[tokio::test]
async fn a_deployment_in_flight_is_rolled_back_on_request() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let arn = sim.with(|world| {
        world.set_fate("order-api:42", Fate::exits("app", 1));
        world.deploy("prod-apps", "order-api", "order-api:41");
        world.settle();
        world.deploy("prod-apps", "order-api", "order-api:42");
        world.advance(Duration::from_secs(40));
        let service = world.find_service("prod-apps", "order-api").unwrap();
        service.service_deployments.last().unwrap().arn.clone()
    });
    let stop = || ecs.stop_service_deployment().service_deployment_arn(&arn);
    let answer = stop()
        .stop_type(ecs::StopServiceDeploymentStopType::Rollback)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.service_deployment_arn(), Some(arn.as_str()));
    sim.with(|world| assert!(world.settle()));
    let request = ecs
        .describe_service_deployments()
        .service_deployment_arns(&arn);
    let described = request.send().await.unwrap();
    let deployment = &described.service_deployments()[0];
    assert_eq!(
        deployment.status(),
        Some(&ecs::ServiceDeploymentStatus::RollbackSuccessful)
    );
    assert!(deployment.rollback().unwrap().started_at().is_some());
    let refused = stop().send().await.unwrap_err().into_service_error();
    assert!(refused.is_conflict_exception());
    let unknown = ecs
        .stop_service_deployment()
        .service_deployment_arn("arn:none")
        .send()
        .await;
    assert!(
        unknown
            .unwrap_err()
            .into_service_error()
            .is_service_deployment_not_found_exception()
    );
}

#[tokio::test]
async fn a_pause_hook_waits_until_it_is_continued() {
    let mut world = World::new();
    let definition = || TaskDefinition::of("web").container("app", IMAGE);
    world.register(definition());
    let service = world.service("prod-apps", "web").strategy("BLUE_GREEN");
    service.pause_at("POST_TEST_TRAFFIC_SHIFT").create();
    let sim = Simulator::start(world, Options::default()).unwrap();
    sim.with(|world| assert!(world.settle()));
    let ecs = Clients::of(&sim).ecs;
    let list = ecs
        .list_service_deployments()
        .cluster("prod-apps")
        .service("web")
        .send()
        .await
        .unwrap();
    let arn = list.service_deployments()[0]
        .service_deployment_arn()
        .unwrap()
        .to_owned();
    let describe = || {
        ecs.describe_service_deployments()
            .service_deployment_arns(&arn)
            .send()
    };
    let waiting = describe().await.unwrap().service_deployments()[0].clone();
    let hook = &waiting.lifecycle_hook_details()[0];
    assert_eq!(hook.status().unwrap().as_str(), "AWAITING_ACTION");
    let event = sim
        .drain_events()
        .into_iter()
        .find(|e| e["detail-type"] == "ECS Hook State Change");
    assert_eq!(event.unwrap()["detail"]["hookId"], hook.hook_id().unwrap());
    let request = ecs
        .continue_service_deployment()
        .service_deployment_arn(&arn);
    request
        .hook_id(hook.hook_id().unwrap())
        .send()
        .await
        .unwrap();
    sim.with(|world| assert!(world.settle()));
    let done = describe().await.unwrap();
    let status = done.service_deployments()[0].status().cloned();
    assert_eq!(status, Some(ecs::ServiceDeploymentStatus::Successful));
}

#[tokio::test]
async fn tasks_run_and_stop_and_services_are_created() {
    let (sim, _) = failed_deployment();
    let ecs = Clients::of(&sim).ecs;
    let run = ecs
        .run_task()
        .cluster("prod-apps")
        .task_definition("order-api:41");
    let run = run.started_by("someone").send().await.unwrap();
    let arn = run.tasks()[0].task_arn().unwrap().to_owned();
    sim.advance(Duration::from_secs(60));
    let stop = ecs
        .stop_task()
        .cluster("prod-apps")
        .task(&arn)
        .reason("drill")
        .send()
        .await
        .unwrap();
    assert_eq!(stop.task().unwrap().stopped_reason(), Some("drill"));
    let create = ecs
        .create_service()
        .cluster("prod-apps")
        .service_name("second");
    let created = create
        .task_definition("order-api:41")
        .desired_count(1)
        .send()
        .await
        .unwrap();
    assert_eq!(created.service().unwrap().status(), Some("ACTIVE"));
    let listed = ecs
        .list_services()
        .cluster("prod-apps")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.service_arns().len(), 2);
    let clusters = ecs
        .describe_clusters()
        .clusters("prod-apps")
        .send()
        .await
        .unwrap();
    assert_eq!(clusters.clusters()[0].active_services_count(), 2);
}
