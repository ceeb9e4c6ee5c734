use proptest::prelude::*;

use super::*;
use crate::fetch::testing;
use crate::record::Reason;

fn guard() -> Guard {
    Guard::new(&testing::strict())
}

fn reason_of(url: &str) -> Option<Reason> {
    let url = Url::parse(url).expect(url);
    guard().check(&url).err().map(|error| error.reason())
}

#[test]
fn every_spelling_of_a_forbidden_ipv4_address_is_refused() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.0.0.1.",
        "0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.64.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
    ] {
        assert_eq!(reason_of(&format!("http://{host}/")), Some(Reason::ForbiddenAddress), "{host}");
    }
}

#[test]
fn every_ipv6_form_of_a_forbidden_address_is_refused() {
    for host in [
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "64:ff9b:1::8.8.8.8",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2001:10::1",
        "2001:2::1",
        "3fff::1",
        "5f00::1",
        "100::1",
        "100:0:0:1::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::5efe:7f00:1",
        "fec0::1",
        "ff02::1",
        "2606:4700::5efe:10.0.0.1",
        "2606:4700::200:5efe:169.254.169.254",
        "4000::1",
    ] {
        assert_eq!(reason_of(&format!("http://[{host}]/")), Some(Reason::ForbiddenAddress), "{host}");
    }
}

#[test]
fn public_addresses_pass() {
    for host in [
        "8.8.8.8",
        "1.1.1.1",
        "192.0.0.9",
        "172.32.0.1",
        "100.128.0.1",
        "[2606:4700:4700::1111]",
        "[2001:4860:4860::8888]",
        "[64:ff9b::8.8.8.8]",
        "[2001:20::1]",
        "[2001:3::1]",
        "news.example",
        "localhost.example",
    ] {
        assert_eq!(reason_of(&format!("http://{host}/")), None, "{host}");
    }
}

#[test]
fn localhost_is_refused_without_asking_dns() {
    for host in ["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.LocalHost."] {
        assert_eq!(reason_of(&format!("http://{host}/")), Some(Reason::ForbiddenAddress), "{host}");
    }
}

#[test]
fn ports_are_judged_by_the_urls_port_after_the_address() {
    for port in [80, 443, 8080, 8443] {
        assert_eq!(reason_of(&format!("http://news.example:{port}/")), None);
    }
    for port in [0, 22, 25, 6379, 9200, 65535] {
        assert_eq!(reason_of(&format!("https://news.example:{port}/")), Some(Reason::ForbiddenPort), "{port}");
        assert_eq!(reason_of(&format!("https://10.0.0.1:{port}/")), Some(Reason::ForbiddenAddress), "{port}");
    }
}

#[test]
fn form_is_judged_before_the_address() {
    assert_eq!(reason_of("ftp://127.0.0.1/"), Some(Reason::UnsupportedScheme));
    assert_eq!(reason_of("http://user@127.0.0.1/"), Some(Reason::CredentialsInUrl));
}

#[test]
fn the_guard_holds_for_addresses_of_ones_own() {
    let mut settings = testing::strict();
    settings.resolve.insert("Inner.Example.".into(), "10.0.0.1:80".parse().unwrap());
    settings.resolve.insert("outer.example".into(), "93.184.216.34:80".parse().unwrap());
    let guard = Guard::new(&settings);
    let reason = |url: &str| guard.check(&Url::parse(url).unwrap()).err().map(|error| error.reason());
    assert_eq!(reason("http://inner.example/"), Some(Reason::ForbiddenAddress));
    assert_eq!(reason("http://INNER.example.:22/"), Some(Reason::ForbiddenAddress));
    assert_eq!(reason("http://outer.example/"), None);
}

#[test]
fn allowing_private_networks_lifts_addresses_and_ports_and_nothing_else() {
    let guard = Guard::new(&testing::lenient());
    let reason = |url: &str| guard.check(&Url::parse(url).unwrap()).err().map(|error| error.reason());
    assert_eq!(reason("http://127.0.0.1:6379/"), None);
    assert_eq!(reason("http://localhost/"), None);
    assert_eq!(reason("ftp://localhost/"), Some(Reason::UnsupportedScheme));
    assert_eq!(reason("http://a:b@localhost/"), Some(Reason::CredentialsInUrl));
}

proptest! {
    #[test]
    fn a_public_ipv6_address_never_embeds_a_forbidden_ipv4_one(at in 0..FORBIDDEN_V4.len(), any: u32, prefix: u64) {
        let (network, length) = FORBIDDEN_V4[at];
        let bits = network.to_bits() | any.checked_shr(length).unwrap_or_default();
        let inner = Ipv4Addr::from_bits(bits);
        prop_assume!(!REACHABLE_V4.contains(&inner));
        let [a, b, c, d] = inner.octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let isatap = (u128::from(prefix) << 64) | (0x5efe << 32) | u128::from(bits);
        for outer in [
            inner.to_ipv6_mapped(),
            inner.to_ipv6_compatible(),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !high, !low),
            Ipv6Addr::from_bits(isatap),
        ] {
            prop_assert!(!is_public_v6(outer), "{outer}");
        }
    }

    #[test]
    fn whatever_the_standard_library_calls_private_is_forbidden(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        let private = address.is_private() || address.is_loopback() || address.is_link_local()
            || address.is_multicast() || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
        prop_assert!(!private || !is_public_v4(address), "{address}");
    }

    /// The parts of an address as any parser of C writes them: one to four, each decimal, octal or hexadecimal, the last
    /// one with all that is left. `url`'s reading is held against the number itself.
    #[test]
    fn each_spelling_of_an_ipv4_address_is_judged_as_the_address(
        bits: u32, parts in 1usize..=4, radixes in prop::array::uniform4(0u8..4), zeros in 0usize..4
    ) {
        let spell = |value: u32, radix: u8| match radix {
            0 => value.to_string(),
            1 => format!("0{}{value:o}", "0".repeat(zeros)),
            2 => format!("0x{}{value:x}", "0".repeat(zeros)),
            _ => format!("0X{value:X}"),
        };
        let mut spelt: Vec<String> =
            (0..parts - 1).map(|part| spell(bits >> (24 - 8 * part) & 0xff, radixes[part])).collect();
        let rest = u64::from(bits) & ((1u64 << (32 - 8 * (parts - 1))) - 1);
        spelt.push(spell(rest as u32, radixes[parts - 1]));
        let url = format!("http://{}/", spelt.join("."));
        let read = Url::parse(&url).map_err(|failure| TestCaseError::fail(format!("{url}: {failure}")))?;
        let address = Ipv4Addr::from_bits(bits);
        prop_assert_eq!(read.host(), Some(Host::Ipv4(address)), "{}", url);
        prop_assert_eq!(guard().check(&read).is_ok(), guard().allows(IpAddr::V4(address)), "{}", url);
    }

    /// Whatever a host is made of: where the standard library reads an address, the guard has judged that address, and no
    /// name that it lets pass is one for the standard library.
    #[test]
    fn what_passes_as_a_name_is_no_address_to_anybody(host in "[0-9a-fxX.:%\\[\\]]{1,24}") {
        let Ok(url) = Url::parse(&format!("http://{host}/")) else { return Ok(()) };
        let passes = guard().check(&url).is_ok();
        let text = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if let Ok(address) = text.trim_end_matches('.').parse::<IpAddr>() {
            prop_assert_eq!(passes, guard().allows(address) && [80, 443, 8080, 8443].contains(&url.port_or_known_default().unwrap_or(0)), "{}", url);
        }
        if passes && let Some(Host::Domain(name)) = url.host() {
            prop_assert!(name.parse::<IpAddr>().is_err() && !name.split('.').next_back().is_some_and(|last| last.starts_with("0x")), "{}", name);
        }
    }
}
