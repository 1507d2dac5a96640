//! TLS with libpq's meanings of `sslmode` and `sslrootcert`.
//!
//! Invariant: a connection is never weaker than its address demands.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, Roots, SslMode};
use crate::error::{Code, Error, Result};

/// Makes the TLS side of an address's connections, and of the requests that cancel their statements.
#[derive(Clone)]
pub struct Tls {
    connect: MakeRustlsConnect,
}

impl Tls {
    /// Reads the roots and the client certificate that the address names.
    ///
    /// # Errors
    /// `TlsFailed` if a file cannot be read or has no certificate.
    pub fn new(address: &Address) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = verifier(address, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|cause| failed(address, "no protocol version fits").caused_by(cause))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match (address.parameter("sslcert"), address.parameter("sslkey")) {
            (Some(certificate), Some(key)) => {
                let chain = certificates(address, Path::new(certificate))?;
                let key = PrivateKeyDer::from_pem_file(key).map_err(|cause| {
                    failed(address, &format!("the key {key} cannot be read")).caused_by(cause)
                })?;
                builder.with_client_auth_cert(chain, key).map_err(|cause| {
                    failed(address, "the client certificate cannot be used").caused_by(cause)
                })?
            }
            (None, None) => builder.with_no_client_auth(),
            (Some(_), None) | (None, Some(_)) => {
                return Err(failed(address, "`sslcert` and `sslkey` need each other"));
            }
        };
        if address.parameter("sslnegotiation") == Some("direct") {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Self {
            connect: MakeRustlsConnect::new(config),
        })
    }

    /// What tokio-postgres takes.
    pub(super) fn connector(&self) -> MakeRustlsConnect {
        self.connect.clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn failed(address: &Address, what: &str) -> Error {
    Error::new(
        Code::TlsFailed,
        format!("TLS with {} at {address}: {what}", address.who()),
    )
}

fn certificates(address: &Address, path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let unreadable = |cause: rustls::pki_types::pem::Error| {
        failed(
            address,
            &format!("the certificate file {} cannot be read", path.display()),
        )
        .caused_by(cause)
    };
    let found = CertificateDer::pem_file_iter(path)
        .map_err(unreadable)?
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    if found.is_empty() {
        return Err(failed(
            address,
            &format!("{} has no certificate", path.display()),
        ));
    }
    Ok(found)
}

fn verifier(
    address: &Address,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let anybody = || {
        Arc::new(WithoutName {
            roots: None,
            provider: Arc::clone(provider),
        })
    };
    let path = match (address.sslmode(), address.roots()) {
        // Not used, or only hides the traffic from those who listen.
        (SslMode::Disable | SslMode::Prefer, _) | (_, Roots::None) => return Ok(anybody()),
        (_, Roots::System) => {
            let verifier =
                rustls_platform_verifier::Verifier::new(Arc::clone(provider)).map_err(|cause| {
                    failed(address, "the system's authorities cannot be read").caused_by(cause)
                })?;
            return Ok(Arc::new(verifier));
        }
        (SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull, Roots::File(path)) => path,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(address, path)? {
        roots.add(certificate).map_err(|cause| {
            failed(
                address,
                &format!("a certificate in {} cannot be used", path.display()),
            )
            .caused_by(cause)
        })?;
    }
    let roots = Arc::new(roots);
    if address.sslmode() == SslMode::VerifyFull {
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider))
            .build()
            .map_err(|cause| failed(address, "the roots cannot be used").caused_by(cause))?;
        return Ok(verifier);
    }
    // `require` with roots is `verify-ca` in libpq.
    Ok(Arc::new(WithoutName {
        roots: Some(roots),
        provider: Arc::clone(provider),
    }))
}

/// Verifies the chain if there are roots, and never the name; the handshake's signature always.
#[derive(Debug)]
struct WithoutName {
    roots: Option<Arc<RootCertStore>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for WithoutName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(end_entity)?,
                roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
