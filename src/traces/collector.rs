//! Requests to the collector, with the HTTP client and the trust that pages are fetched with, and without the guard: the address
//! is the operator's.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::redirect::Policy;
use tokio::runtime::Handle;

use super::TracesError;
use crate::config;
use crate::fetch::{Offer, client_config};

/// Sends requests from a thread that has no runtime of its own.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    runtime: Handle,
}

impl Client {
    /// A client whose requests take at most `timeout`, on the runtime that this is called within.
    pub fn new(settings: &config::Fetch, timeout: Duration) -> Result<Self, TracesError> {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(client_config(settings, Offer::Http2)?)
            .no_proxy()
            .redirect(Policy::none())
            .user_agent(concat!("newswire/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .build()?;
        Ok(Self { http, runtime: Handle::current() })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), request.try_into()?);
        let asking = self.runtime.spawn(async move {
            let answer = http.execute(request).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            Ok(response.body(answer.bytes().await?)?)
        });
        asking.await?
    }
}
