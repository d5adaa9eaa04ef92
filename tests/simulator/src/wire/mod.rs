//! HTTP/1.1 on loopback, speaking the protocols that the SDKs speak.

mod answer;
mod cbor;
mod form;
pub(crate) mod request;
mod server;
pub(crate) mod tls;

pub(crate) use server::{respond, serve};
