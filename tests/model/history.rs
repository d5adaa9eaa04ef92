//! One history: a life of some hours, then calm, then everything delivered again.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use domain::verdict::Attempt;
use serde_json::Value;
use simulator::{Item, World};
use tokio::task::LocalSet;

use crate::chance::Chance;
use crate::fleet::{Shop, found};
use crate::house::{House, TABLE};
use crate::invariants::told::{judge_alerts, judge_words};
use crate::invariants::{AGAIN, Broken, broken, judge_writes};
use crate::life::{act, pause, settle_stacks};
use crate::parcel::{Failure, Parcel};
use crate::plan::{CLUSTER, Plan};
use crate::post::Post;

/// How often what came up is collected.
const TICK: Duration = Duration::from_secs(5);
const CALM_TICK: Duration = Duration::from_secs(20);
/// How long the calm lasts at least: longer than any cool-down and than the hour of the cap.
const CALM: Duration = Duration::from_secs(2 * 3_600);
/// How often everything is delivered again until nothing changes.
const ROUNDS: usize = 4;

/// How a history went.
#[derive(Debug)]
pub struct Played {
    pub ended: Result<(), Broken>,
    pub tally: Tally,
    pub story: Vec<String>,
}

/// What there was of what, so that nobody takes an empty model for a proof.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    pub calls: usize,
    pub alerts: usize,
    pub failed: usize,
    pub requests: usize,
    pub updates: usize,
    pub stops: usize,
    pub continues: usize,
    pub dead: usize,
}

impl Tally {
    /// Whether there was some of everything that promises are made about.
    pub fn shows_everything(&self) -> bool {
        let all = [
            self.alerts,
            self.failed,
            self.requests,
            self.updates,
            self.stops,
            self.continues,
        ];
        all.iter().all(|count| *count > 0)
    }

    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.alerts += other.alerts;
        self.failed += other.failed;
        self.requests += other.requests;
        self.updates += other.updates;
        self.stops += other.stops;
        self.continues += other.continues;
        self.dead += other.dead;
    }
}

/// Plays the history of a seed.
pub fn play(seed: u64, told: bool) -> Played {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let local = LocalSet::new();
    local.block_on(&runtime, history(seed, told))
}

async fn history(seed: u64, told: bool) -> Played {
    let plan = Plan::of(seed, told);
    let mut world = World::new().seed(seed).without_task_events();
    let shops = found(&mut world, seed);
    let house = House::new(world, plan, shops.clone());
    let post = Post::new(house.clone(), shops.clone());
    house.tell(|| format!("{:?} {shops:?}", house.plan));
    live(&post, &shops).await;
    house.calm_down();
    house.tell(|| "--- calm".to_owned());
    rest(&post, &shops, CALM).await;
    let ended = end(&post, &shops).await;
    let tally = tally(&post);
    Played {
        ended,
        tally,
        story: house.story(),
    }
}

/// The first release, and then what happens.
async fn live(post: &Rc<Post>, shops: &[Shop]) {
    let house = &post.house;
    let mut chance = Chance::of(house.plan.seed, 31);
    run(post, shops, &mut chance, Duration::from_secs(120)).await;
    for shop in shops {
        // The first deployment waits at the pause hook too.
        house.world(|world| world.answer_hook(CLUSTER, shop.name, false));
    }
    run(post, shops, &mut chance, Duration::from_secs(60)).await;
    house.tell_services();
    for _ in 0..house.plan.acts {
        let act = house.world(|world| act(world, shops, &house.plan, &mut chance));
        house.tell(|| format!("# {}", act.said));
        if act.refates {
            house.refate();
        }
        if let Some(asks) = act.asks {
            post.ask(asks);
        }
        let pause = pause(&mut chance);
        run(post, shops, &mut chance, pause).await;
    }
}

/// Lets time pass.
async fn run(post: &Rc<Post>, shops: &[Shop], chance: &mut Chance, pause: Duration) {
    let end = tokio::time::Instant::now() + pause;
    while tokio::time::Instant::now() < end {
        tokio::time::sleep(TICK).await;
        post.house
            .world(|world| settle_stacks(world, shops, chance));
        post.collect();
    }
}

/// Lets time pass until nothing is under way.
async fn rest(post: &Rc<Post>, shops: &[Shop], at_least: Duration) {
    let mut chance = Chance::of(post.house.plan.seed, 32);
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < at_least || post.under_way.get() > 0 {
        tokio::time::sleep(CALM_TICK).await;
        post.house
            .world(|world| settle_stacks(world, shops, &mut chance));
        post.collect();
    }
}

/// The dead letters are delivered again, and everything is told; then everything is delivered again,
/// until nothing changes any more.
async fn end(post: &Rc<Post>, shops: &[Shop]) -> Result<(), Broken> {
    judge(post)?;
    if post.house.plan.weather.spares_the_alert() {
        all_told(post, &post.delivered.borrow())?;
    }
    let mut parcels = post.dead.take();
    post.house.tell(|| "--- the dead letters again".to_owned());
    for parcel in &parcels {
        post.carry(parcel).await;
    }
    rest(post, shops, Duration::from_secs(180)).await;
    judge(post)?;
    parcels.append(&mut post.delivered.take());
    let parcels = distinct(parcels);
    all_told(post, &parcels)?;
    let mut change = String::new();
    for round in 0..ROUNDS {
        let aws = &post.house.aws;
        let before = (aws.write_count(), aws.published().len());
        post.house
            .tell(|| format!("--- everything again, round {round}"));
        for parcel in &parcels {
            post.carry(parcel).await;
        }
        post.collect();
        let after = (aws.write_count(), aws.published().len());
        if before == after {
            return judge(post);
        }
        change = format!("writes and alerts were {before:?}, are {after:?}");
        rest(post, shops, Duration::from_secs(60)).await;
    }
    Err(broken(AGAIN, change))
}

fn judge(post: &Rc<Post>) -> Result<(), Broken> {
    let house = &post.house;
    judge_writes(&house.plan, &house.aws.writes(), &house.writings())
}

/// Every failure that anybody heard of is told, and every write. A floor is there to keep failures
/// quiet, but not what opsbot did nor what became of it.
fn all_told(post: &Rc<Post>, parcels: &[Parcel]) -> Result<(), Broken> {
    let aws = &post.house.aws;
    let (writes, writings, published) = (aws.writes(), post.house.writings(), aws.published());
    let mut failures = failed(parcels);
    failures.append(&mut post.owed.borrow().clone());
    if post.house.plan.floor != "info" {
        let made = made(&aws.table(TABLE));
        failures.retain(|it| made.contains(&it.deployment));
    }
    judge_alerts(&failures, &writes, &writings, &published)?;
    judge_words(&writes, &writings, &published)
}

/// Deployments that ECS called failed.
fn failed(parcels: &[Parcel]) -> BTreeSet<Failure> {
    let events = parcels.iter().filter(|it| matches!(it, Parcel::Event(_)));
    events.filter_map(Parcel::failure).collect()
}

/// The deployments that opsbot's rollbacks made, by its table.
fn made(table: &[Item]) -> BTreeSet<String> {
    let attempts = table
        .iter()
        .flatten()
        .filter(|(name, _)| name.starts_with("attempt#"));
    let attempts = attempts.filter_map(|(_, it)| serde_json::from_str(it["S"].as_str()?).ok());
    let made = attempts.filter_map(|it: Attempt| it.made);
    made.collect()
}

fn distinct(parcels: Vec<Parcel>) -> Vec<Parcel> {
    let mut seen = BTreeSet::new();
    let key = |parcel: &Parcel| match parcel {
        Parcel::Event(event) | Parcel::Failing(event) => event.to_string(),
        Parcel::Request { request, .. } => Value::to_string(&serde_json::json!(request)),
    };
    parcels
        .into_iter()
        .filter(|it| seen.insert(key(it)))
        .collect()
}

fn tally(post: &Rc<Post>) -> Tally {
    let aws = &post.house.aws;
    let writes = aws.writes();
    let count = |action: &str| {
        writes
            .iter()
            .filter(|it| it.action == action && it.refused.is_none())
            .count()
    };
    Tally {
        calls: aws.call_count(),
        alerts: aws.published().len(),
        failed: failed(&post.delivered.borrow()).len(),
        requests: aws.sent_messages().len(),
        updates: count("ecs:UpdateService"),
        stops: count("ecs:StopServiceDeployment"),
        continues: count("ecs:ContinueServiceDeployment"),
        dead: post.dead.borrow().len(),
    }
}
