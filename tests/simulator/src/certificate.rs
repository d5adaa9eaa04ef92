//! A certificate authority for one run, and its certificate for loopback.

use std::io;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

/// What a TLS server on loopback needs, as PEM texts.
#[derive(Clone)]
pub struct Certificate {
    /// The authority's certificate, which clients must trust.
    pub authority: String,
    /// The server's certificate, for `localhost` and `127.0.0.1`.
    pub certificate: String,
    /// The server's private key.
    pub key: String,
}

impl Certificate {
    /// Makes one, with an authority of that name.
    ///
    /// # Errors
    ///
    /// No key could be made.
    pub fn make(authority_name: &str) -> io::Result<Self> {
        make(authority_name).map_err(io::Error::other)
    }
}

fn make(authority_name: &str) -> Result<Certificate, Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    // Distinct names: OpenSSL takes a certificate of its issuer's name for self-signed.
    authority
        .distinguished_name
        .push(DnType::CommonName, authority_name);
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut server = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    server
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok(Certificate {
        authority: authority_pem,
        certificate: server.signed_by(&key, &issuer)?.pem(),
        key: key.serialize_pem(),
    })
}
