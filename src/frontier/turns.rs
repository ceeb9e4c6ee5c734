//! A turn at a host and at the server below it, for pages and robots.txt alike.

use tokio::time::Instant;
use url::Url;

use super::Patience;
use super::addresses::Addresses;
use super::hosts::{Busy, Hosts, Turn, Why};
use crate::fetch::Client;

/// Both levels of politeness. A clone is the same.
#[derive(Debug, Clone)]
pub struct Turns {
    /// By name.
    pub hosts: Hosts,
    /// By address.
    pub addresses: Addresses,
    /// Whoever knows the addresses of names.
    pub client: Client,
}

impl Turns {
    /// Waits until `url`'s host, and the address that it is at, may be asked once.
    ///
    /// # Errors
    /// [`Busy`]: not within `patience`. A single look waits for no address.
    pub async fn turn(&self, url: &Url, patience: Patience) -> Result<Turn, Busy> {
        let started = Instant::now();
        let host = host_of(url);
        let mut turn = self.hosts.turn(&host, patience).await?;
        if let Patience::Wait(max_wait) = patience
            && self.addresses.have_a_pace()
            && let Some(address) = self.client.address_of(url).await
        {
            let placed = self.addresses.turn(address, started + max_wait).await;
            placed.map_err(|come_back| Busy { host, come_back, why: Why::Busy })?;
        }
        turn.begins();
        Ok(turn)
    }
}

/// The name under which a URL's host is known here.
pub(super) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_end_matches('.').to_owned()
}
