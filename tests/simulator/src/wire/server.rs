//! Connections in, answers out.

use super::answer::{HttpAnswer, encode, garbage, plain};
use super::request::{self, Request};
use crate::api::Answer;
use crate::authorize::Decision;
use crate::calls::Outcome;
use crate::faults::{FaultKind, denied, denied_because, internal, throttled};
use crate::neighbours::{conflict, hot};
use crate::state::{Begun, Shared};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, server::conn::http1};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Serves until the future is dropped.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        shared.count_connection();
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => connection(stream, shared).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        shared.count_handshake();
                        connection(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    // A client that goes away is no error of ours.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An error here closes the connection without an answer.
async fn answer(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<HttpAnswer, std::io::Error> {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET && parts.uri.path() == "/ping" {
        return Ok(plain(200, "pong"));
    }
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Err(std::io::Error::other(error)),
    };
    match request::parse(parts.uri.path(), &parts.headers, &body) {
        Some(request) => respond(&request, &shared).await,
        None => Ok(plain(400, "no simulated API speaks like that")),
    }
}

/// The answer to a request. An error loses it.
pub(crate) async fn respond(
    request: &Request,
    shared: &Shared,
) -> Result<HttpAnswer, std::io::Error> {
    let action = request.action();
    let Begun {
        call,
        resource,
        fault,
        latency,
    } = shared.begin(request);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let answer = match fault {
        Some(FaultKind::Hangs) => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        Some(FaultKind::Malformed) => {
            shared.end(call, Outcome::Malformed);
            return Ok(garbage(request));
        }
        Some(FaultKind::Denied) => {
            let asked = shared.auth_requests(request, &resource).into_iter().next();
            let action = asked.map_or(action, |asked| asked.action);
            Err(denied(request.api, &action, &resource))
        }
        Some(FaultKind::Conflict) => Err(conflict(&request.body)),
        Some(FaultKind::Hot) => Err(hot(&request.body)),
        Some(FaultKind::Throttled) => Err(throttled(request.api)),
        Some(FaultKind::Internal) => Err(internal(request.api)),
        Some(FaultKind::AnswerLost) => {
            let _ = authorized(request, shared, &resource).await;
            return Err(std::io::Error::other("the answer is lost"));
        }
        Some(FaultKind::AnswerHangs) => {
            let _ = authorized(request, shared, &resource).await;
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        None => authorized(request, shared, &resource).await,
    };
    let outcome = match &answer {
        Ok(_) => Outcome::Ok,
        Err(error) => Outcome::Error(error.code.clone()),
    };
    let encoded = encode(request, &answer);
    shared.end(call, outcome);
    Ok(encoded)
}

async fn authorized(request: &Request, shared: &Shared, resource: &str) -> Answer {
    if let Some(authorizer) = shared.authorizer() {
        for asked in shared.auth_requests(request, resource) {
            let (action, resource) = (asked.action.clone(), asked.resource_arn.clone());
            match authorizer.decide(asked).await {
                Decision::Allow => {}
                Decision::Deny(text) if text.is_empty() => {
                    return Err(denied(request.api, &action, &resource));
                }
                Decision::Deny(text) => return Err(denied_because(request.api, text)),
            }
        }
    }
    if !shared.within_rate(&request.action()) {
        return Err(throttled(request.api));
    }
    shared.perform(request)
}
