//! TLS, with a certificate of its own for each run.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

use crate::Certificate;

/// What a TLS server needs, and the CA certificate that its clients must trust.
pub(crate) struct Tls {
    pub acceptor: TlsAcceptor,
    pub ca_pem: String,
}

pub(crate) fn make() -> io::Result<Tls> {
    let pem = Certificate::make("simulator CA").map_err(io::Error::other)?;
    let chain = CertificateDer::from_pem_slice(pem.certificate.as_bytes());
    let chain = vec![chain.map_err(io::Error::other)?];
    let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(io::Error::other)?;
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca_pem: pem.authority,
    })
}
