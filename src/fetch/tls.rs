//! TLS: Mozilla's roots compiled in, and an operator's own beside them.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::ClientError;
use crate::config;

/// Which protocols are offered in the handshake (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// HTTP/2, and HTTP/1.1 where the server knows no other.
    Http2,
    /// HTTP/1.1 alone.
    Http1,
}

/// The settings of every TLS connection.
///
/// # Errors
/// `fetch.ca_file` can't be read, or holds no certificate.
pub fn client_config(settings: &config::Fetch, offer: Offer) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = &settings.ca_file {
        let unusable = |cause: String| ClientError::CaFile { file: file.clone(), cause };
        let certificates = CertificateDer::pem_file_iter(file).map_err(|e| unusable(e.to_string()))?;
        let before = roots.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
            roots.add(certificate).map_err(|e| unusable(e.to_string()))?;
        }
        if roots.len() == before {
            return Err(unusable("it holds no certificate".into()));
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| ClientError::Tls(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = match offer {
        Offer::Http2 => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Offer::Http1 => vec![b"http/1.1".to_vec()],
    };
    Ok(config)
}
