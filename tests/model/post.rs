//! What carries events and messages: EventBridge to Lambda, SQS to Lambda, people to Lambda. At
//! least once, in no order, some of them late.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{cell::Cell, cell::RefCell};

use domain::stop::{Unheard, given_up_at, handover};
use domain::verdict::Request;
use serde_json::{Value, json};
use tests::bot::taken;
use tokio::time::Instant;

use crate::chance::Chance;
use crate::fleet::Shop;
use crate::house::{FAILING_QUEUE, House, ROLLBACK_QUEUE};
use crate::invariants::Errand;
use crate::lane::{Ended, Lane, Life};
use crate::life::Asks;
use crate::parcel::{Failure, Parcel, about, message};
use crate::plan::{CLUSTER, Down, Weather};

/// How long Lambda waits before it delivers an event again, and once more.
const AGAIN: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];

/// The post office.
#[derive(Debug)]
pub struct Post {
    pub house: Arc<House>,
    shops: Vec<Shop>,
    lanes: RefCell<Vec<Rc<Lane>>>,
    pub under_way: Cell<usize>,
    numbers: Cell<usize>,
    collected: Cell<usize>,
    chance: RefCell<Chance>,
    waiting: RefCell<BTreeMap<String, VecDeque<(Parcel, usize)>>>,
    handed: RefCell<BTreeSet<(String, bool)>>,
    /// The deployments whose handover was answered while they were failing.
    pub owed: RefCell<BTreeSet<Failure>>,
    /// Everything that was delivered at least once, and what ended in a dead-letter queue.
    pub delivered: RefCell<Vec<Parcel>>,
    pub dead: RefCell<Vec<Parcel>>,
}

impl Post {
    pub fn new(house: Arc<House>, shops: Vec<Shop>) -> Rc<Self> {
        Rc::new(Self {
            chance: RefCell::new(Chance::of(house.plan.seed, 21)),
            house,
            shops,
            lanes: RefCell::default(),
            under_way: Cell::default(),
            numbers: Cell::default(),
            collected: Cell::default(),
            waiting: RefCell::default(),
            handed: RefCell::default(),
            owed: RefCell::default(),
            delivered: RefCell::default(),
            dead: RefCell::default(),
        })
    }

    fn weather(&self) -> Weather {
        if self.house.is_calm() {
            return Weather::default();
        }
        self.house.plan.weather.clone()
    }

    fn percent(&self, percent: u64) -> bool {
        self.chance.borrow_mut().percent(percent)
    }

    fn seconds(&self, low: u64, high: u64) -> Duration {
        Duration::from_secs(self.chance.borrow_mut().between(low, high))
    }

    /// Collects what came up since the last time.
    pub fn collect(self: &Rc<Self>) {
        for event in self.house.world(simulator::World::drain_events) {
            if taken(&event) {
                self.post(event);
            }
        }
        self.hand_over();
        let sent = self.house.aws.sent_messages();
        for message in &sent[self.collected.replace(sent.len())..] {
            let body = serde_json::from_str(&message.body).expect("JSON");
            if message.queue_url == ROLLBACK_QUEUE {
                let request = serde_json::from_value(body).expect("a request");
                self.request(request, false);
            } else if message.queue_url == FAILING_QUEUE {
                let delay = Duration::from_secs(message.delay_seconds);
                self.deliver(Parcel::Failing(body), delay);
            }
        }
    }

    /// An event takes its way, or several, or none.
    fn post(self: &Rc<Self>, event: Value) {
        let weather = self.weather();
        if self.percent(weather.dropped) {
            self.house.tell(|| format!("LOST {}", about(&event)));
            return;
        }
        let copies = 1 + usize::from(self.percent(weather.doubled));
        for _ in 0..copies {
            let delay = if self.percent(weather.late) {
                self.seconds(10, 900)
            } else {
                self.seconds(0, 2)
            };
            self.deliver(Parcel::Event(event.clone()), delay);
        }
    }

    /// What task-stopped does where it counted enough stops of a deployment under way.
    fn hand_over(self: &Rc<Self>) {
        for shop in &self.shops {
            let failing = self.house.aws.with(|world| {
                let service = world.find_service(CLUSTER, shop.name)?;
                let primary = service.deployments.first()?;
                // Of another controller's ECS lists none.
                let listed = service.status == "ACTIVE" && service.settings.controller == "ECS";
                if primary.rollout != simulator::Rollout::InProgress || !listed {
                    return None;
                }
                let own = |it: &&simulator::Task| it.started_by.as_ref() == Some(&primary.id);
                let ran = |it: &simulator::Task| it.stopped_at.is_some() && it.started_at.is_some();
                let stops = world.tasks().iter().filter(own);
                let stops = stops.filter(|it| it.stopped_at.is_some()).count() as u64;
                let unheard = match (&service.settings.breaker, &service.settings.alarms) {
                    _ if service.settings.strategy != "ROLLING" => Unheard::OtherStrategy,
                    (None, None) => Unheard::NothingWatches,
                    (None, Some(_)) => Unheard::AlarmsOnly,
                    (Some(_), _) if world.tasks().iter().any(|it| own(&it) && ran(it)) => {
                        Unheard::NotCounted
                    }
                    (Some(_), _) => Unheard::Slow,
                };
                // At the third, and where the breaker would give up.
                let enough = given_up_at(service.settings.desired.try_into().unwrap_or(i32::MAX));
                let which = (stops >= 3).then_some(stops >= enough)?;
                let id = primary.id.clone();
                Some((id, which, stops, unheard, world.now()))
            });
            let Some((id, which, stops, unheard, at)) = failing else {
                continue;
            };
            if self.handed.borrow_mut().insert((id.clone(), which)) && self.percent(70) {
                let arn = domain::arn::ServiceArn::parse(&shop.arn, None).expect("an ARN");
                let event = handover("aws.ecs", &arn, &id, stops, unheard, at);
                let delay = self.seconds(1, 5);
                self.deliver(Parcel::Failing(event), delay);
            }
        }
    }

    /// A message for the queue of requests: one after the other for each service.
    pub fn request(self: &Rc<Self>, request: Box<Request>, stray: bool) {
        let group = request.service.to_string();
        let copies = 1 + usize::from(self.percent(self.weather().doubled));
        let mut waiting = self.waiting.borrow_mut();
        let queue = waiting.entry(group.clone()).or_default();
        let idle = queue.is_empty();
        queue.push_back((Parcel::Request { request, stray }, copies));
        if idle {
            let post = Rc::clone(self);
            self.spawn(async move { post.work(&group).await });
        }
    }

    /// The queue of one service.
    async fn work(self: &Rc<Self>, group: &str) {
        let next = |post: &Self| post.waiting.borrow().get(group)?.front().cloned();
        while let Some((parcel, copies)) = next(self) {
            for _ in 1..copies {
                // A message whose invisibility ended too early: two invocations at once.
                let delay = self.seconds(0, 3);
                self.deliver(parcel.clone(), delay);
            }
            tokio::time::sleep(self.seconds(0, 1)).await;
            self.carry(&parcel).await;
            let mut waiting = self.waiting.borrow_mut();
            waiting.get_mut(group).and_then(VecDeque::pop_front);
        }
    }

    pub fn ask(self: &Rc<Self>, asks: Asks) {
        // Without rollbacks there is no such function.
        if !self.house.plan.enabled {
            return;
        }
        match asks {
            Asks::Person(payload) => {
                let post = Rc::clone(self);
                self.spawn(async move {
                    let errand = Errand::person(post.name("roll-back"), &payload);
                    post.invoke(errand, "person", &payload).await;
                });
            }
            Asks::Stray(request) => self.request(request, true),
        }
    }

    /// Delivers something after a while.
    pub fn deliver(self: &Rc<Self>, parcel: Parcel, delay: Duration) {
        let post = Rc::clone(self);
        self.spawn(async move {
            tokio::time::sleep(delay).await;
            post.carry(&parcel).await;
        });
    }

    fn spawn(self: &Rc<Self>, work: impl Future<Output = ()> + 'static) {
        self.under_way.set(self.under_way.get() + 1);
        let post = Rc::clone(self);
        tokio::task::spawn_local(async move {
            work.await;
            post.under_way.set(post.under_way.get() - 1);
        });
    }

    fn name(&self, function: &str) -> String {
        self.numbers.set(self.numbers.get() + 1);
        format!("{function} {}", self.numbers.get())
    }

    /// Brings it until it is answered or dead.
    pub async fn carry(self: &Rc<Self>, parcel: &Parcel) {
        self.delivered.borrow_mut().push(parcel.clone());
        let tries = match parcel.queue() {
            None => AGAIN.len() + 1,
            Some(queue) => queue.received,
        };
        let first = self.numbers.get();
        for number in 0..tries {
            let received = Instant::now();
            let failing = self.failing(parcel);
            let ended = match parcel {
                Parcel::Event(event) => {
                    // Lambda's retries have the id of the first try.
                    let errand = Errand::changed(self.name("deployment-changed"), about(event));
                    self.invoke(errand, &format!("event-{first}"), event).await
                }
                Parcel::Failing(event) => {
                    let errand = Errand::changed(self.name("deployment-changed"), about(event));
                    let record = message(event.to_string(), number + 1);
                    let id = format!("message-{first}-{number}");
                    self.invoke(errand, &id, &record).await
                }
                Parcel::Request { request, stray } => {
                    let errand = Errand::request(self.name("roll-back"), request, *stray);
                    let record = message(json!(request).to_string(), number + 1);
                    let id = format!("request-{first}-{number}");
                    self.invoke(errand, &id, &record).await
                }
            };
            if matches!(ended, Ended::Answered(_)) {
                // Failing before and after, it was failing for whoever answered.
                let still = failing.filter(|it| self.failing(parcel).as_ref() == Some(it));
                self.owed.borrow_mut().extend(still);
                return;
            }
            match parcel.queue() {
                None => tokio::time::sleep(AGAIN.get(number).copied().unwrap_or_default()).await,
                Some(queue) => tokio::time::sleep_until(received + queue.hidden).await,
            }
        }
        self.house.tell(|| format!("DEAD {parcel:?}"));
        self.dead.borrow_mut().push(parcel.clone());
    }

    /// The deployment of a handover, where it is PRIMARY and under way still.
    fn failing(&self, parcel: &Parcel) -> Option<Failure> {
        let failure = parcel.failure().filter(|_| parcel.queue().is_some())?;
        self.house.world(|world| {
            let service = world
                .services()
                .iter()
                .find(|it| it.arn == failure.service)?;
            let primary = service.deployments.first()?;
            let is_on = primary.rollout == simulator::Rollout::InProgress;
            (service.status == "ACTIVE" && primary.id == failure.deployment && is_on)
                .then_some(failure)
        })
    }

    async fn invoke(&self, errand: Errand, request_id: &str, payload: &Value) -> Ended {
        let lane = self.lanes.borrow_mut().pop();
        let lane = lane.unwrap_or_else(|| Rc::new(Lane::new(&self.house)));
        let life = self.life(&errand);
        let ended = lane
            .invoke(&self.house, errand, &life, request_id, payload)
            .await;
        self.lanes.borrow_mut().push(lane);
        ended
    }

    /// What befalls an invocation.
    fn life(&self, errand: &Errand) -> Life {
        let weather = self.weather();
        if !self.percent(weather.deaths) {
            return Life::default();
        }
        let calls = if errand.is_rollback() { 22 } else { 18 };
        let mut chance = self.chance.borrow_mut();
        let mishap = ("ecs:UpdateService", chance.pick(&Down::ALL));
        match chance.below(4) {
            0 if errand.is_rollback() => Life {
                dies_after: None,
                mishap: Some(mishap),
            },
            _ => Life {
                dies_after: Some(chance.below(calls) as usize),
                mishap: None,
            },
        }
    }
}
