//! `opsbot history`: what was decided on a service's failed deployments, from a live table.

mod place;
mod refusal;
mod report;

use std::io;
use std::time::Duration;

use aws::Asking;
use aws::Clients;
use aws::client::Limits;
use aws::stacks::Stacks;
use aws::state::State;
use clap::Args;
use domain::arn::is_ecs_name;
use domain::facts::Fact;
use domain::verdict::Decision;
use tokio::time::Instant;

use super::{Outcome, World};
use place::Place;
use refusal::Refusal;

/// The longest that the whole record may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Print what opsbot decided on a service's failed deployments
///
/// Reads the record that the functions keep in opsbot's table: each verdict,
/// taken or not, newest first, with the facts it rested on.
///
/// Credentials are taken from the environment only. Where yours are in a
/// profile, first run:
///
///   eval "$(aws configure export-credentials --format env)"
///   export AWS_REGION=eu-west-1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The cluster's name
    #[arg(long, value_name = "NAME", value_parser = ecs_name)]
    cluster: String,
    /// The service's name
    #[arg(long, value_name = "NAME", value_parser = ecs_name)]
    service: String,
    /// How far to look back; records are kept for 400
    #[arg(long, value_name = "DAYS", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    /// The name of opsbot's stack, whose outputs name the table
    #[arg(
        long,
        value_name = "NAME",
        default_value = "opsbot",
        conflicts_with = "table"
    )]
    stack: String,
    /// The table's ARN instead, the stack's output `StateTableArn`
    #[arg(long, value_name = "ARN", value_parser = Place::parse)]
    table: Option<Place>,
    /// Print one JSON object a line instead of a report
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = r#"With --json, one object a line, newest first:
  at          when it was decided
  function    deployment-changed, which announces, or roll-back, which acts
  request_id  the invocation
  deployment  the deployment that was judged
  requester   event or person
  reason      what the person gave as the reason, or null
  verdict     a code; the README lists them
  sentence    the verdict with its reason
  outcome     what became of it, where something was tried, or null
  facts       what it rested on, as "name: value"

It needs dynamodb:GetItem on the table and, unless you name the table yourself,
cloudformation:DescribeStacks on the stack. The Region is AWS_REGION's.
AWS_ENDPOINT_URL is honoured.

Exit codes:
  0  the record was read, and may be empty
  1  AWS did not answer: why is said on standard error, with the permission
     where one is missing
  2  wrong usage, no credentials or no Region

Examples:
  opsbot history --cluster prod-apps --service order-api
  opsbot history --cluster prod-apps --service order-api --days 400 --json |
    jq -r .verdict | sort | uniq -c"#;

fn ecs_name(text: &str) -> Result<String, String> {
    let name = is_ecs_name(text).then(|| text.to_owned());
    name.ok_or_else(|| "is no name of ECS: letters, digits, - and _".to_owned())
}

pub(super) fn run(arguments: &Arguments, world: &mut World<'_>) -> io::Result<Outcome> {
    match read(arguments, world) {
        Ok(decisions) => print(arguments, &decisions, world).map(|()| Outcome::Done),
        Err(Refusal { outcome, said }) => {
            writeln!(world.stderr, "opsbot: {said}")?;
            Ok(outcome)
        }
    }
}

fn read(arguments: &Arguments, world: &World<'_>) -> Result<Vec<Decision>, Refusal> {
    Refusal::without_credentials(world.environment)?;
    let region = region(arguments, world)?;
    let lookup = |key: &str| match key {
        "AWS_REGION" => Some(region.clone()),
        key => (world.environment)(key),
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build();
    let runtime = runtime.map_err(|error| Refusal::broken(format!("cannot begin: {error}")))?;
    runtime.block_on(async {
        let clients = Clients::connect(lookup, Limits::default());
        let asking = Asking::new(&clients, Instant::now() + PATIENCE);
        let place = match &arguments.table {
            Some(place) => place.clone(),
            None => {
                let stacks = Stacks::connect(&clients);
                Place::of_stack(&stacks, &asking, &arguments.stack, &region).await?
            }
        };
        let service = place.service(&arguments.cluster, &arguments.service);
        let state = State::new(asking, &place.table);
        let answer = state.decisions(&service, arguments.days, world.now).await;
        answer_or(answer, &place.arn())
    })
}

/// The Region of the table, else that of the environment.
fn region(arguments: &Arguments, world: &World<'_>) -> Result<String, Refusal> {
    if let Some(place) = &arguments.table {
        return Ok(place.region.clone());
    }
    let names = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter();
    let mut set = names.filter_map(|name| (world.environment)(name));
    let region = set.find(|region| !region.is_empty());
    region.ok_or_else(|| Refusal::usage("no Region: set AWS_REGION, or name the table by its ARN"))
}

/// What AWS answered, or what to say where it did not.
fn answer_or<T>(answer: Fact<T>, resource: &str) -> Result<T, Refusal> {
    match answer {
        Fact::Known(answer) => Ok(answer),
        Fact::Missing(missing) => Err(Refusal::by_aws(&missing, resource)),
    }
}

fn print(arguments: &Arguments, decisions: &[Decision], world: &mut World<'_>) -> io::Result<()> {
    if arguments.json {
        for decision in decisions {
            serde_json::to_writer(&mut *world.stdout, decision)?;
            world.stdout.write_all(b"\n")?;
        }
        return Ok(());
    }
    let (cluster, service, days) = (&arguments.cluster, &arguments.service, arguments.days);
    let about = format!("{service} in {cluster}");
    let report = report::report(&about, days, decisions, world.styled_output);
    world.stdout.write_all(report.as_bytes())
}
