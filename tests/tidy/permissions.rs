//! What a function may do is what it does: the calls in shared/aws, the roles in template.yaml and
//! the table in the README are the same list.

use std::collections::{BTreeMap, BTreeSet};

use crate::papers::{block, rows};
use crate::repo::{read, rust_below};

/// What AWS itself does with a function's role. Everything else must be a call of ours.
const BY_AWS: [&str; 11] = [
    // ECS asks for it where UpdateService names a task definition.
    "iam:PassRole",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
];

/// What a `TransactWriteItems` of ours asks for: the permission of each of its parts, and none of its
/// own (Amazon DynamoDB Developer Guide, `transaction-apis-iam`).
const PARTS_OF_A_TRANSACTION: [&str; 2] = ["dynamodb:PutItem", "dynamodb:UpdateItem"];

/// What changes something in ECS. Only `shared/aws/src/carry_out.rs` calls it, and only the role of
/// roll-back allows it.
const WRITES: [&str; 3] = [
    "ecs:ContinueServiceDeployment",
    "ecs:StopServiceDeployment",
    "ecs:UpdateService",
];

/// The fields of `aws::Clients`, and how IAM calls the service behind each.
const CLIENTS: [(&str, &str); 8] = [
    ("ecs", "ecs"),
    ("load_balancing", "elasticloadbalancing"),
    ("logs", "logs"),
    ("metrics", "cloudwatch"),
    ("queues", "sqs"),
    ("sns", "sns"),
    ("stacks", "cloudformation"),
    ("table", "dynamodb"),
];

/// `clients.<client>.<operation>()`, wherever shared/aws says it, by the action that IAM asks for.
fn calls() -> BTreeSet<String> {
    let mut calls = calls_of(|_| true);
    assert!(calls.contains("ecs:DescribeServices"), "found {calls:?}");
    assert!(calls.contains("sns:Publish"), "found {calls:?}");
    calls.remove("dynamodb:TransactWriteItems");
    calls.extend(PARTS_OF_A_TRANSACTION.map(str::to_owned));
    calls
}

/// The calls of some files of shared/aws.
fn calls_of(files: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    let ours = rust_below(&["shared/aws/src/"]);
    for file in ours.iter().filter(|file| files(&file.path)) {
        let code: String = file.without_tests().split_whitespace().collect();
        // The one client beside `Clients`, in a type of its own.
        let code = match file.path.as_str() {
            "shared/aws/src/stacks.rs" => code.replace("self.0.", "clients.stacks."),
            _ => code,
        };
        for call in code.split("clients.").skip(1) {
            let mut words = call.split('.');
            let (Some(client), Some(rest)) = (words.next(), words.next()) else {
                continue;
            };
            let client = CLIENTS.iter().find(|(field, _)| *field == client);
            if let (Some((_, service)), Some((operation, _))) = (client, rest.split_once("()")) {
                calls.insert(format!("{service}:{}", pascal(operation)));
            }
        }
    }
    calls
}

/// `describe_services` is `DescribeServices`.
fn pascal(snake: &str) -> String {
    let words = snake.split('_').filter(|word| !word.is_empty());
    words
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// `ecs:DescribeServices` is one, `aws:SourceArn` and `ecs:cluster` are none.
fn is_action(word: &str) -> bool {
    word.split_once(':').is_some_and(|(service, action)| {
        service != "aws"
            && !service.is_empty()
            && service.bytes().all(|byte| byte.is_ascii_lowercase())
            && action.starts_with(|c: char| c.is_ascii_uppercase() || c == '*')
            && action
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'*')
    })
}

/// The resources of template.yaml: logical id and text, without comments.
pub(crate) fn resources() -> Vec<(String, String)> {
    let template = read("template.yaml");
    let (_, resources) = template.split_once("\nResources:\n").unwrap();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in resources.lines() {
        if !line.is_empty() && !line.starts_with([' ', '#']) {
            break; // Outputs
        }
        let line = line.split_once(" #").map_or(line, |(code, _)| code);
        match line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with([' ', '#']))
        {
            Some(id) if !id.trim().is_empty() => {
                found.push((id.trim_end_matches(':').to_owned(), String::new()));
            }
            _ => {
                if let Some((_, text)) = found.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
    }
    assert!(found.len() > 10, "{} resources", found.len());
    found
}

/// What each role of template.yaml allows, by the name of its function.
fn roles() -> BTreeMap<String, BTreeSet<String>> {
    let mut roles = BTreeMap::new();
    for (id, text) in resources() {
        let policies = text.split_once("\n      Policies:\n");
        if let (true, Some((_, policies))) = (text.contains("Type: AWS::IAM::Role\n"), policies) {
            let words = policies.split(|c: char| c.is_whitespace() || "[],\"'".contains(c));
            let actions = words.filter(|word| is_action(word)).map(str::to_owned);
            roles.insert(kebab(id.trim_end_matches("Role")), actions.collect());
        }
    }
    assert!(roles.len() > 1, "{} roles", roles.len());
    roles
}

/// `TaskStopped` is `task-stopped`.
fn kebab(pascal: &str) -> String {
    let letters = pascal.chars().enumerate();
    let mut kebab = String::new();
    for (at, letter) in letters {
        if letter.is_ascii_uppercase() && at > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

/// Every action that a role of template.yaml allows.
fn allowed() -> BTreeSet<String> {
    roles().into_values().flatten().collect()
}

#[track_caller]
fn same(left: &BTreeSet<String>, right: &BTreeSet<String>, too_many: &str, too_few: &str) {
    let extra: Vec<_> = left.difference(right).collect();
    let lacking: Vec<_> = right.difference(left).collect();
    assert!(extra.is_empty(), "{too_many}: {extra:?}");
    assert!(lacking.is_empty(), "{too_few}: {lacking:?}");
}

#[test]
fn a_role_allows_the_calls_of_the_code_and_nothing_else() {
    let by_aws: BTreeSet<_> = BY_AWS.map(str::to_owned).into();
    let needed: BTreeSet<_> = calls().union(&by_aws).cloned().collect();
    same(
        &allowed(),
        &needed,
        "template.yaml allows what no code calls; take it away",
        "the code calls what no role in template.yaml allows; allow it",
    );
}

#[test]
fn the_action_named_when_a_read_fails_is_the_one_that_was_called() {
    let calls = calls();
    for file in rust_below(&["shared/aws/src/"]) {
        let quoted = file.without_tests().split('"').skip(1).step_by(2);
        for action in quoted.filter(|word| is_action(word)) {
            assert!(
                calls.contains(action),
                "{}: {action} is told to people but never called; name the call that is made",
                file.path
            );
        }
    }
}

#[test]
fn the_readme_gives_a_reason_for_each_permission() {
    let readme = read("README.md");
    for row in rows(block(&readme, "permissions")) {
        let reason = row.last().map(String::as_str).unwrap_or_default();
        assert!(reason.len() > 10, "give the reason for {}", row[0]);
    }
}

#[test]
fn the_readme_lists_the_permissions_of_each_function() {
    let readme = read("README.md");
    let rows = rows(block(&readme, "permissions"));
    for (function, allowed) in roles() {
        let name = format!("`{function}`");
        let its = rows.iter().filter(|row| {
            let whose = &row[1];
            whose == "every function" || whose.contains(&name)
        });
        let listed = its.flat_map(|row| row[0].split('`').map(str::to_owned));
        let listed = listed.filter(|word| is_action(word)).collect();
        same(
            &listed,
            &allowed,
            &format!("README.md lists what template.yaml does not allow {function}"),
            &format!("add these of {function} to the README's permissions table, with the reason"),
        );
    }
}

#[test]
fn one_file_writes_to_ecs() {
    let is_writer = |path: &str| path.ends_with("shared/aws/src/carry_out.rs");
    assert_eq!(calls_of(is_writer), WRITES.map(str::to_owned).into());
    let others = calls_of(|path| !is_writer(path));
    let to_ecs = others.iter().filter_map(|it| it.strip_prefix("ecs:"));
    for action in to_ecs {
        let reads = action.starts_with("Describe") || action.starts_with("List");
        assert!(reads, "{action} is a write: make it in carry_out.rs");
    }
}

#[test]
fn only_roll_back_may_change_anything_in_ecs() {
    let reads = |action: &str| action.starts_with("Describe") || action.starts_with("List");
    for (function, allowed) in roles() {
        let mut writes = BTreeSet::new();
        for action in allowed {
            assert!(!action.contains('*'), "{action}: name the actions");
            let to_ecs = action.strip_prefix("ecs:");
            if to_ecs.is_some_and(|it| !reads(it)) || action.starts_with("iam:") {
                writes.insert(action);
            }
        }
        let want: &[&str] = match function.as_str() {
            "roll-back" => &[WRITES.as_slice(), &["iam:PassRole"]].concat(),
            _ => &[],
        };
        let want = want.iter().map(|&action| action.to_owned()).collect();
        assert_eq!(writes, want, "what {function} may write");
    }
}

/// The statements of the role of roll-back.
fn statements() -> Vec<String> {
    let role = resources().into_iter().find(|(id, _)| id == "RollBackRole");
    let (_, role) = role.expect("RollBackRole in template.yaml");
    let statements = role.split("- Sid: ").skip(1).map(str::to_owned);
    statements.collect()
}

#[test]
fn a_write_is_bound_to_watched_clusters_and_to_the_opt_in_of_the_service() {
    let (mut on_services, mut passing) = (0, 0);
    for statement in statements() {
        let writes = WRITES.iter().any(|action| statement.contains(action));
        let on_service = statement.contains(":service/${ClusterPattern}/*");
        let on_deployment = statement.contains(":service-deployment/${ClusterPattern}/*");
        if writes {
            assert!(
                on_service != on_deployment,
                "one kind of resource: {statement}"
            );
            assert!(!statement.contains("Resource: \"*\""), "{statement}");
        }
        if writes && on_service {
            let tag = format!("aws:ResourceTag/{}", domain::verdict::TAG);
            assert!(statement.contains(&tag), "bind it to {tag}: {statement}");
            on_services += 1;
        }
        if statement.contains("iam:PassRole") {
            assert!(
                statement.contains("Resource: !Ref RollbackPassRoleArns"),
                "{statement}"
            );
            let to =
                "StringEquals:\n                      iam:PassedToService: ecs-tasks.amazonaws.com";
            assert!(statement.contains(to), "{statement}");
            passing += 1;
        }
    }
    assert_eq!((on_services, passing), (2, 1));
}

#[test]
fn what_is_documented_of_a_stop_is_not_claimed_of_a_continue() {
    let on_deployments = |it: &String| it.contains(":service-deployment/") && !reads_only(it);
    let mut actions = Vec::new();
    for statement in statements().iter().filter(|it| on_deployments(it)) {
        actions.push(WRITES.map(|action| statement.contains(action)));
    }
    assert_eq!(actions, [[false, true, false], [true, false, false]]);
}

fn reads_only(statement: &str) -> bool {
    !WRITES.iter().any(|action| statement.contains(action))
}

#[test]
fn what_rolls_back_is_made_only_where_it_is_enabled() {
    let resources = resources();
    let its = resources
        .iter()
        .filter(|(id, _)| id.starts_with("RollBack"));
    for (id, text) in its.clone() {
        assert!(
            text.contains("    Condition: RollsBack\n"),
            "{id}: Condition: RollsBack"
        );
    }
    assert!(its.count() > 8);
}

#[test]
fn every_function_has_a_role_of_its_own_written_out() {
    for (id, text) in resources() {
        if text.contains("Type: AWS::Serverless::Function\n") {
            let role = id.replace("Function", "Role");
            assert!(
                text.contains(&format!("Role: !GetAtt {role}.Arn")),
                "{id}: give it {role}, where its permissions stand"
            );
            assert!(
                !text.contains("\n      Policies:"),
                "{id}: policies stand in {role}"
            );
        }
    }
}
