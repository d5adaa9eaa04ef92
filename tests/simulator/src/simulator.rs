//! The handle: start, look, steer, stop.

use crate::authorize::Authorizer;
use crate::calls::{Call, round_trips_before};
use crate::faults::Fault;
use crate::neighbours::{Item, Published, SentMessage, Table};
use crate::state::{Act, Shared};
use crate::throttle::Throttle;
use crate::wire::request::{self, Request};
use crate::wire::{respond, serve, tls};
use crate::world::World;
use crate::writes::Write;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::header::HeaderName;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How the simulator serves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Serve HTTPS with a certificate of a CA made for this run.
    pub tls: bool,
    /// The documented throttle buckets.
    pub throttle: Throttle,
    /// Asked about every call.
    pub authorizer: Option<Authorizer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: false,
            throttle: Throttle::Off,
            authorizer: None,
        }
    }
}

/// The way to a simulator without a socket.
#[derive(Clone, Debug)]
pub struct Wire(Arc<Shared>);

/// An HTTP answer.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the parts of an HTTP response")]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A request that a simulated service understands.
#[derive(Clone, Debug)]
pub struct Asked(Request);

impl Asked {
    /// For example `ecs:DescribeServices`.
    #[must_use]
    pub fn action(&self) -> String {
        self.0.action()
    }

    /// Its members.
    #[must_use]
    pub fn members(&self) -> &Value {
        &self.0.body
    }
}

impl Wire {
    /// Understands an HTTP request; none where no simulated service is meant.
    #[must_use]
    pub fn read(path: &str, headers: &[(String, String)], body: &[u8]) -> Option<Asked> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
                map.insert(name, value);
            }
        }
        request::parse(path, &map, body).map(Asked)
    }

    /// Answers a request. Everything that it does to the world is done at the first poll, unless a
    /// latency is set.
    ///
    /// # Errors
    /// The answer is lost.
    pub async fn answer(&self, asked: &Asked) -> io::Result<Answered> {
        let (parts, body) = respond(&asked.0, &self.0).await?.into_parts();
        let headers = parts.headers.iter();
        let headers = headers
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let headers = headers.collect();
        let Ok(body) = body.collect().await;
        Ok(Answered {
            status: parts.status.as_u16(),
            headers,
            body: body.to_bytes().to_vec(),
        })
    }
}

/// A running simulator: one loopback port that speaks for every simulated service.
///
/// It has its own thread and runtime, so it can be used from synchronous and asynchronous tests
/// alike. Dropping it closes the port.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    url: String,
    ca_pem: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Serves this world on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be bound, no thread started, or no certificate made.
    pub fn start(world: World, options: Options) -> io::Result<Self> {
        let Options {
            tls,
            throttle,
            authorizer,
        } = options;
        let tls = if tls { Some(tls::make()?) } else { None };
        let (scheme, ca_pem) = match &tls {
            Some(tls) => ("https", Some(tls.ca_pem.clone())),
            None => ("http", None),
        };
        let acceptor = tls.map(|tls| tls.acceptor);
        let shared = Arc::new(Shared::new(world, authorizer, throttle));
        let (stop, stopped) = oneshot::channel();
        let (bound, address) = mpsc::channel();
        let serving = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("simulator".into())
            .spawn(move || {
                runtime.block_on(async {
                    match TcpListener::bind(("127.0.0.1", 0)).await {
                        Ok(listener) => {
                            let _ = bound.send(listener.local_addr());
                            tokio::select! {
                                () = serve(listener, acceptor, serving) => {}
                                _ = stopped => {}
                            }
                        }
                        Err(error) => drop(bound.send(Err(error))),
                    }
                });
            })?;
        let address = address.recv().map_err(io::Error::other)??;
        let url = format!("{scheme}://{address}");
        Ok(Self {
            shared,
            url,
            ca_pem,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Plays this world without a port: only [`Wire::answer`] reaches it. Nothing but tokio's clock
    /// is waited for, so it may be paused.
    #[must_use]
    pub fn in_process(world: World, throttle: Throttle) -> Self {
        Self {
            shared: Arc::new(Shared::new(world, None, throttle)),
            url: "http://simulator.test".to_owned(),
            ca_pem: None,
            stop: None,
            thread: None,
        }
    }

    /// The way to it without a socket.
    #[must_use]
    pub fn wire(&self) -> Wire {
        Wire(Arc::clone(&self.shared))
    }

    /// The endpoint of every simulated service, for example `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The CA certificate that a client must trust, with TLS on.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Looks at the world or changes it. Do not call the simulator's endpoint from inside.
    pub fn with<T>(&self, work: impl FnOnce(&mut World) -> T) -> T {
        work(&mut self.shared.lock().world)
    }

    /// Lets virtual time pass.
    pub fn advance(&self, duration: Duration) {
        self.with(|world| world.advance(duration));
    }

    /// Takes the `EventBridge` events since the last call.
    #[must_use]
    pub fn drain_events(&self) -> Vec<Value> {
        self.with(World::drain_events)
    }

    /// Makes a `DynamoDB` table.
    pub fn create_table(&self, name: &str, partition_key: &str, sort_key: Option<&str>) {
        let keys = std::iter::once(partition_key)
            .chain(sort_key)
            .map(str::to_owned)
            .collect();
        let table = Table::new(keys);
        self.shared.lock().tables.insert(name.into(), table);
    }

    /// The items of a table, in wire form; none where there is no such table.
    #[must_use]
    pub fn table(&self, name: &str) -> Vec<Item> {
        self.shared
            .lock()
            .tables
            .get(name)
            .map_or_else(Vec::new, |table| table.items.clone())
    }

    /// Changes the items of a table behind everybody's back; nothing where there is no such table.
    pub fn change_table(&self, name: &str, change: impl FnOnce(&mut Vec<Item>)) {
        if let Some(table) = self.shared.lock().tables.get_mut(name) {
            change(&mut table.items);
        }
    }

    /// Every accepted SNS publish, oldest first.
    #[must_use]
    pub fn published(&self) -> Vec<Published> {
        self.shared.lock().published.clone()
    }

    /// Every accepted SQS message, oldest first.
    #[must_use]
    pub fn sent_messages(&self) -> Vec<SentMessage> {
        self.shared.lock().sent.clone()
    }

    /// Every call that arrived, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How many calls arrived.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.shared.lock().calls.len()
    }

    /// How many writes ECS looked at.
    #[must_use]
    pub fn write_count(&self) -> usize {
        self.shared.lock().writes.len()
    }

    /// The writes that ECS looked at, each with the world right before it.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.shared.lock().writes.clone()
    }

    /// Does something to the world when a call of this action, or of any (`*`), arrives, after
    /// `spared` others of it: between two calls of an invocation. Before the call is looked at.
    pub fn before_call(
        &self,
        action: &str,
        spared: usize,
        act: impl FnOnce(&mut World) + Send + 'static,
    ) {
        let (action, act) = (action.to_owned(), Box::new(act));
        self.shared.lock().act_before(Act {
            action,
            spared,
            act,
        });
    }

    /// The actions of the calls, in order.
    #[must_use]
    pub fn actions(&self) -> Vec<String> {
        self.shared
            .lock()
            .calls
            .iter()
            .map(|call| call.action.clone())
            .collect()
    }

    /// Forgets calls, writes, publishes and sent messages (not the table's items).
    pub fn clear_logs(&self) {
        let mut state = self.shared.lock();
        state.forgotten += state.calls.len();
        state.calls.clear();
        state.writes.clear();
        state.published.clear();
        state.sent.clear();
    }

    /// How many calls in a row, each waiting for the one before, came before the first call of
    /// this action. None if it never came.
    #[must_use]
    pub fn round_trips_before(&self, action: &str) -> Option<usize> {
        round_trips_before(&self.shared.lock().calls, action)
    }

    /// Puts a fault on an action (`ecs:DescribeServices`, `ecs:*` or `*`).
    pub fn inject(&self, action: &str, fault: Fault) {
        self.shared.lock().faults.inject(action, fault);
    }

    /// Takes all faults away (not the latency).
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Delays the answers of an action (`ecs:DescribeServices`, `ecs:*` or `*`), in real time.
    pub fn set_latency(&self, action: &str, latency: Duration) {
        self.shared.lock().faults.set_latency(action, latency);
    }

    /// Accepted TCP connections since the start.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections().0
    }

    /// Completed TLS handshakes since the start.
    #[must_use]
    pub fn tls_handshakes(&self) -> usize {
        self.shared.connections().1
    }

    /// Closes the port and waits for the thread to end.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the thread has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.end();
    }
}
