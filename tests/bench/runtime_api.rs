//! The Lambda Runtime API on loopback (AWS Lambda Developer Guide, `runtimes-api`): hands out one
//! event after the other and times what the function does.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// What the function did.
#[derive(Debug)]
pub enum Said {
    /// It asked for an event.
    Next(Instant),
    /// It answered the event, with `Err` where it failed.
    Answered(Result<(), String>),
}

/// A Runtime API for one function.
#[derive(Debug)]
pub struct RuntimeApi {
    /// Where it listens.
    pub address: SocketAddr,
    events: mpsc::Sender<Value>,
    said: mpsc::Receiver<Said>,
}

struct Shared {
    events: Mutex<mpsc::Receiver<Value>>,
    said: mpsc::Sender<Said>,
}

impl RuntimeApi {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    ///
    /// No port can be had.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (events, queue) = mpsc::channel(1);
        let (tell, said) = mpsc::channel(16);
        let shared = Arc::new(Shared {
            events: Mutex::new(queue),
            said: tell,
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
                    let connection = hyper::server::conn::http1::Builder::new();
                    // An error means that the function is gone.
                    let _ = connection
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self {
            address,
            events,
            said,
        })
    }

    /// Waits until the function asks for an event.
    pub async fn ready(&mut self) -> Option<Instant> {
        loop {
            match tokio::time::timeout(Duration::from_secs(30), self.said.recv())
                .await
                .ok()??
            {
                Said::Next(at) => return Some(at),
                Said::Answered(_) => {}
            }
        }
    }

    /// Has the function answer one event.
    pub async fn invoke(&mut self, event: Value) -> Result<(), String> {
        self.events
            .send(event)
            .await
            .map_err(|error| error.to_string())?;
        loop {
            let said = tokio::time::timeout(Duration::from_secs(60), self.said.recv()).await;
            match said.map_err(|error| error.to_string())? {
                Some(Said::Answered(answer)) => return answer,
                Some(Said::Next(_)) => {}
                None => return Err("the function is gone".to_owned()),
            }
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        // A receiver that is gone means that the benchmark is over.
        let _ = shared.said.send(Said::Next(Instant::now())).await;
        let event = shared.events.lock().await.recv().await.unwrap_or_default();
        return Ok(next(&event));
    }
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes());
    let failed = path.ends_with("/error");
    let text = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    let answer = if failed { Err(text) } else { Ok(()) };
    let _ = shared.said.send(Said::Answered(answer)).await;
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}")));
    *response.status_mut() = hyper::StatusCode::ACCEPTED;
    Ok(response)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deadline of an invocation is real time"
)]
fn next(event: &Value) -> Response<Full<Bytes>> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let deadline = (now + Duration::from_secs(60)).as_millis().to_string();
    let response = Response::builder()
        .header("Content-Type", "application/json")
        .header(
            "Lambda-Runtime-Aws-Request-Id",
            format!("request-{}", now.as_nanos()),
        )
        .header("Lambda-Runtime-Deadline-Ms", deadline)
        .header(
            "Lambda-Runtime-Invoked-Function-Arn",
            "arn:aws:lambda:us-east-1:111122223333:function:opsbot-deployment-changed",
        );
    response
        .body(Full::new(Bytes::from(event.to_string())))
        .expect("valid headers")
}
