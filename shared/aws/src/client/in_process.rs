//! HTTP without sockets: requests as bytes in, answers as bytes out. What is measured and what is
//! deployed goes through the other connector; this one lets a test own the clock.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where it goes, with its path.
    pub uri: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The answer to come; an error where it is lost.
pub type Answering = Pin<Box<dyn Future<Output = io::Result<Answered>> + Send>>;

/// Whatever answers requests.
pub trait Transport: Fn(Asked) -> Answering + Send + Sync + 'static {}

impl<T: Fn(Asked) -> Answering + Send + Sync + 'static> Transport for T {}

struct InProcess(Arc<dyn Fn(Asked) -> Answering + Send + Sync>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess(..)")
    }
}

pub(super) fn connector(transport: impl Transport) -> SharedHttpConnector {
    SharedHttpConnector::new(InProcess(Arc::new(transport)))
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter();
        let asked = Asked {
            uri: request.uri().to_owned(),
            headers: headers.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            body: request.body().bytes().unwrap_or_default().to_vec(),
        };
        let answering = (self.0)(asked);
        HttpConnectorFuture::new(async move {
            let answered = answering.await;
            let answered = answered.map_err(|lost| ConnectorError::io(lost.into()))?;
            let status = StatusCode::try_from(answered.status);
            let status = status.map_err(|wrong| ConnectorError::user(wrong.into()))?;
            let mut response = HttpResponse::new(status, SdkBody::from(answered.body));
            for (name, value) in answered.headers {
                response.headers_mut().insert(name, value);
            }
            Ok(response)
        })
    }
}
