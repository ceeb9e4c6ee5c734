//! Names to addresses, at connect time, with the forbidden ones left out.
//!
//! The address that was judged is the one that is connected to: there is no second look-up between
//! the two that a rebinding name could answer differently.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use tokio::sync::Semaphore;

use super::Guard;

/// Addresses of one name that are tried at most; a name with more of them is up to no good.
const MOST_ADDRESSES: usize = 16;

/// How long the system's answer is kept. The system tells no TTL; a minute is what sites that move by DNS use.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Names whose answers are kept at most, 300 bytes each.
const MOST_NAMES: u64 = 20_000;

/// Names that the system is asked for at once. It answers on threads that pages are parsed on too.
const AT_ONCE: usize = 64;

/// The system's resolver behind the guard, and `fetch.resolve` before it. A clone shares what is remembered.
#[derive(Debug, Clone)]
pub struct Resolver {
    guard: Arc<Guard>,
    known: Cache<String, Arc<[SocketAddr]>>,
    asking: Arc<Semaphore>,
    /// Whether the only name that is ever connected to is a proxy's, which may be inside.
    for_a_proxy: bool,
}

/// A name of which no address may be connected to. It travels inside of reqwest's own error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only forbidden addresses, such as {0}")]
pub struct OnlyForbidden(pub IpAddr);

impl Resolver {
    /// A resolver whose answers `guard` allows; or one `for_a_proxy` that the operator has chosen, whatever its address.
    pub fn new(guard: Arc<Guard>, for_a_proxy: bool) -> Self {
        let known = Cache::builder().max_capacity(MOST_NAMES).time_to_live(REMEMBERED).build();
        Self { guard, known, asking: Arc::new(Semaphore::new(AT_ONCE)), for_a_proxy }
    }

    /// Whether all names but the proxy's are the proxy's to resolve.
    pub const fn is_for_a_proxy(&self) -> bool {
        self.for_a_proxy
    }

    /// The addresses of a name that may be connected to, at least one.
    ///
    /// # Errors
    /// The system's, or [`OnlyForbidden`].
    pub async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
        if let Some(address) = self.guard.own_address(host) {
            return Ok(self.allowed(std::iter::once(address))?);
        }
        let found = self.known.try_get_with(host.to_ascii_lowercase(), self.asked(host)).await;
        // The guard judges at each connection, whatever is remembered.
        Ok(self.allowed(found.map_err(|error| io::Error::new(error.kind(), error.to_string()))?.iter().copied())?)
    }

    async fn asked(&self, host: &str) -> io::Result<Arc<[SocketAddr]>> {
        let _place = self.asking.acquire().await.map_err(io::Error::other)?;
        // Port 0 stands for the URL's port, whatever that is.
        let found: Arc<[SocketAddr]> = tokio::net::lookup_host((host, 0)).await?.collect();
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no addresses"));
        }
        Ok(found)
    }

    fn allowed(&self, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, OnlyForbidden> {
        let mut forbidden = None;
        let mut allowed = Vec::new();
        for address in found {
            if self.for_a_proxy || self.guard.allows(address.ip()) {
                allowed.push(address);
            } else {
                forbidden = Some(address.ip());
            }
        }
        allowed.truncate(MOST_ADDRESSES);
        match forbidden {
            Some(address) if allowed.is_empty() => Err(OnlyForbidden(address)),
            _ => Ok(allowed),
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::testing;

    fn allowed(addresses: &[&str]) -> Result<Vec<SocketAddr>, OnlyForbidden> {
        let resolver = Resolver::new(Arc::new(Guard::new(&testing::strict())), false);
        resolver.allowed(addresses.iter().map(|address| address.parse().unwrap()))
    }

    #[test]
    fn forbidden_addresses_of_a_name_are_left_out() {
        let found = ["10.0.0.1:0", "93.184.216.34:0", "[::1]:0"];
        assert_eq!(allowed(&found), Ok(vec!["93.184.216.34:0".parse().unwrap()]));
    }

    #[test]
    fn a_name_with_only_forbidden_addresses_is_refused() {
        assert_eq!(allowed(&["10.0.0.1:0", "[::1]:0"]), Err(OnlyForbidden("::1".parse().unwrap())));
    }
}
