//! A function that leaves word for itself in a queue that it reads, and Lambda's guard against
//! runaway loops, which ends such a chain after 16 times (AWS Lambda Developer Guide,
//! `invocation-recursion`).

use tests::queues::{FAILING, ROLLBACKS};

use crate::permissions::resources;

#[test]
fn a_function_that_leaves_word_for_itself_is_not_ended_as_a_runaway_loop() {
    let resources = resources();
    let mut chains = 0;
    for (id, function) in &resources {
        if !function.contains("Type: AWS::Serverless::Function\n") {
            continue;
        }
        let role = id.replace("Function", "Role");
        let (_, role) = resources.iter().find(|(id, _)| *id == role).unwrap();
        let sends = |queue: &str| {
            let mut statements = role.split("- Sid: ");
            statements.any(|it| it.contains("sqs:SendMessage") && it.contains(queue))
        };
        let read = function
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Queue: "));
        let chain = read.filter(|queue| sends(queue)).count();
        assert_eq!(
            function.contains("RecursiveLoop: Allow\n"),
            chain > 0,
            "{id}: RecursiveLoop: Allow is for who sends to a queue that it reads, and for nobody else"
        );
        chains += chain;
    }
    assert_eq!(chains, 2);
}

#[test]
fn the_model_and_the_benchmark_deliver_as_the_queues_do() {
    let resources = resources();
    for queue in [FAILING, ROLLBACKS] {
        let (_, text) = resources.iter().find(|(id, _)| *id == queue.id).unwrap();
        let figure = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.trim().strip_prefix(name));
            value.unwrap().trim().parse::<u64>().unwrap()
        };
        assert_eq!(
            (figure("VisibilityTimeout:"), figure("maxReceiveCount:")),
            (queue.hidden.as_secs(), queue.received as u64),
            "{}: template.yaml (left) and tests/src/queues.rs",
            queue.id
        );
    }
}
