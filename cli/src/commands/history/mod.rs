//! `opsbot history`: what was decided on a service's failed deployments, from a live table.

mod place;
mod refusal;
mod report;

use std::io;
use std::time::Duration;

use aws::Clients;
use aws::client::Limits;
use aws::gather::Asking;
use aws::state::State;
use clap::Args;
use domain::arn::is_ecs_name;
use domain::facts::{Fact, Missing, Why};
use domain::verdict::Decision;
use tokio::time::Instant;

use super::{Outcome, World};
use place::Place;

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
    /// The ARN of opsbot's table, the stack's output `StateTableArn`
    #[arg(long, value_name = "ARN", value_parser = Place::parse)]
    table: Place,
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

It needs the permission dynamodb:GetItem on the table. AWS_ENDPOINT_URL and
AWS_ENDPOINT_URL_DYNAMODB are honoured.

Exit codes:
  0  the record was read, and may be empty
  1  AWS did not answer: why is said on standard error, with the permission
     where one is missing
  2  wrong usage, or no credentials

Example:
  opsbot history --cluster prod-apps --service order-api --days 7 \
    --table arn:aws:dynamodb:eu-west-1:111122223333:table/opsbot-StateTable-1A2B"#;

fn ecs_name(text: &str) -> Result<String, String> {
    let name = is_ecs_name(text).then(|| text.to_owned());
    name.ok_or_else(|| "is no name of ECS: letters, digits, - and _".to_owned())
}

pub(super) fn run(arguments: &Arguments, world: &mut World<'_>) -> io::Result<Outcome> {
    if let Some(lacking) = refusal::lacking_credentials(world.environment) {
        writeln!(world.stderr, "opsbot: {lacking}")?;
        return Ok(Outcome::Usage);
    }
    match read(arguments, world) {
        Fact::Known(decisions) => print(arguments, &decisions, world).map(|()| Outcome::Done),
        Fact::Missing(missing) => {
            let said = refusal::words(&missing.why, &arguments.table);
            writeln!(world.stderr, "opsbot: {said}")?;
            Ok(Outcome::Broken)
        }
    }
}

fn read(arguments: &Arguments, world: &World<'_>) -> Fact<Vec<Decision>> {
    let Arguments { table: place, .. } = arguments;
    let lookup = |key: &str| match key {
        "AWS_REGION" => Some(place.region.clone()),
        key => (world.environment)(key),
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let (action, detail) = ("the runtime".to_owned(), error.to_string());
            let why = Why::Failed { action, detail };
            return Fact::Missing(Missing::new("the record of decisions", why));
        }
    };
    runtime.block_on(async {
        let clients = Clients::connect(lookup, Limits::default());
        let asking = Asking::new(&clients, Instant::now() + PATIENCE);
        let service = place.service(&arguments.cluster, &arguments.service);
        let state = State::new(asking, &place.table);
        state.decisions(&service, arguments.days, world.now).await
    })
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
