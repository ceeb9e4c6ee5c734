//! Which addresses and ports may be connected to.
//!
//! A URL comes from a stranger, and so does the DNS answer to its name. What they may lead to is the
//! public internet and nothing else: no cloud's metadata service, no neighbour in the same network,
//! no service on this machine. Names are judged by the addresses that are connected to
//! ([`resolver`](super::resolver)); addresses written in the URL are judged here, before every hop,
//! because no resolver is ever asked for those.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Url};

use super::FetchError;
use crate::config;
use crate::record::url::check as check_form;

/// What IANA's special-purpose registry for IPv4 (RFC 6890 and its updates), as of October 2025, does not call globally
/// reachable; the two exceptions within 192.0.0.0/24 are [`REACHABLE_V4`]. Then
/// multicast (RFC 5771), the former 6to4 relays (RFC 7526), and the address on which Azure's platform
/// serves its virtual machines.
const FORBIDDEN_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(255, 255, 255, 255), 32),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// The two anycast services inside 192.0.0.0/24 that are globally reachable (RFC 7723, RFC 8155).
const REACHABLE_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 9), Ipv4Addr::new(192, 0, 0, 10)];

/// What IANA's special-purpose registry for IPv6 does not call globally reachable inside 2000::/3
/// (RFC 6890 and its updates up to RFC 9637; as of its version of 2025-10-09): protocol assignments with Teredo, benchmarking and the old ORCHID;
/// documentation, twice; 6to4, whose "N/A" is no yes.
const FORBIDDEN_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// What the same registry calls globally reachable inside 2001::/23.
const REACHABLE_V6: [(Ipv6Addr, u32); 7] = [
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 1), 128),
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 2), 128),
    (Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 3), 128),
    (Ipv6Addr::new(0x2001, 3, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 4, 0x112, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x2001, 0x20, 0, 0, 0, 0, 0, 0), 28),
    (Ipv6Addr::new(0x2001, 0x30, 0, 0, 0, 0, 0, 0), 28),
];

/// NAT64's well-known prefix (RFC 6052): globally reachable if the IPv4 address in it is.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// All that IANA has given out for global unicast (RFC 4291, section 2.4).
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The rules for addresses and ports, with the hosts that have addresses of their own.
#[derive(Debug, Clone)]
pub struct Guard {
    private_networks: PrivateNetworks,
    ports: Vec<u16>,
    own_addresses: BTreeMap<String, SocketAddr>,
}

/// Whether addresses and ports are judged at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PrivateNetworks {
    Forbidden,
    Allowed,
}

impl Guard {
    /// The guard that `[fetch]` asks for.
    pub fn new(settings: &config::Fetch) -> Self {
        let private_networks = match settings.allow_private_networks {
            true => PrivateNetworks::Allowed,
            false => PrivateNetworks::Forbidden,
        };
        let own_addresses = settings.resolve.iter().map(|(host, address)| (plain(host), *address)).collect();
        Self { private_networks, ports: settings.ports.clone(), own_addresses }
    }

    /// Refuses a URL for what can be seen without a connection: its form, its host where that is an
    /// address, `localhost`, or has an address of its own in `fetch.resolve`, and its port.
    ///
    /// # Errors
    /// `invalid_url`, `unsupported_scheme`, `credentials_in_url`, `forbidden_address` and
    /// `forbidden_port`, in this order.
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        check_form(url)?;
        if self.private_networks == PrivateNetworks::Allowed {
            return Ok(());
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) if is_localhost(name) => {
                return Err(FetchError::ForbiddenAddress { host: name.to_owned() });
            }
            Some(Host::Domain(name)) => self.own_address(name).map(|address| address.ip()),
            None => None,
        };
        if address.is_some_and(|address| !self.allows(address)) {
            return Err(FetchError::ForbiddenAddress { host: url.host_str().unwrap_or_default().to_owned() });
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.ports.contains(&port) {
            return Err(FetchError::ForbiddenPort { port });
        }
        Ok(())
    }

    /// Whether this address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.private_networks == PrivateNetworks::Allowed || is_public(address)
    }

    /// The address that `fetch.resolve` gives to this host, whatever its case or trailing dot.
    pub fn own_address(&self, host: &str) -> Option<SocketAddr> {
        self.own_addresses.get(&plain(host)).copied()
    }
}

fn plain(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// `localhost` and all below it always mean this machine (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    let name = plain(name);
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address belongs to the public internet, in every spelling that it may be embedded in.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    REACHABLE_V4.contains(&address) || !FORBIDDEN_V4.iter().any(|network| is_in_v4(address, *network))
}

/// Mapped (::ffff:0:0/96), compatible (::/96) and translated (::ffff:0:0:0/96) addresses, NAT64's local
/// prefix (64:ff9b:1::/48), link-local, unique-local, discard-only, segment-routing and multicast
/// networks all lie outside of global unicast.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if is_in_v6(address, NAT64) {
        return is_public_v4(last_four(address));
    }
    if !is_in_v6(address, GLOBAL_UNICAST) {
        return false;
    }
    let forbidden = FORBIDDEN_V6.iter().any(|network| is_in_v6(address, *network));
    if forbidden && !REACHABLE_V6.iter().any(|network| is_in_v6(address, *network)) {
        return false;
    }
    !is_isatap(address) || is_public_v4(last_four(address))
}

/// ISATAP (RFC 5214, section 6.1): any prefix, then 0000:5efe or 0200:5efe, then an IPv4 address.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [_, _, _, _, kind, marker, _, _] = address.segments();
    marker == 0x5efe && matches!(kind, 0 | 0x200)
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn is_in_v4(address: Ipv4Addr, (network, bits): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
}

fn is_in_v6(address: Ipv6Addr, (network, bits): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
}

#[cfg(test)]
mod tests;
