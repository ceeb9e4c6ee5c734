//! Settings of several parts: retry tiers, addresses of hosts, ports.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use config::{Value, ValueKind};
use url::Host;

use super::rules::{Rule, Span, Text};
use super::settings::Tier;
use super::value::{list, number, quoted};

/// More retry topics than this help nobody.
const MOST_TIERS: usize = 16;

/// A topic's name as Kafka has it (`Topic.validate`): 1 to 249 of `[a-zA-Z0-9._-]`, and neither `.` nor `..`.
pub(super) const TOPIC: Text = Text(is_topic, "a topic's name, 1 to 249 letters, digits, '.', '_' or '-'");

/// How long a message may wait on a retry topic. Brokers delete what is older than their retention, seven days
/// unless told otherwise.
pub(super) const TIER_DELAY: Span = Span(Duration::from_millis(1)..=Duration::from_secs(7 * 24 * 60 * 60));

/// `[{ topic = "news.urls.retry.1m", delay = "1m" }, ...]`.
pub(super) struct Tiers;

impl Rule for Tiers {
    type Value = Vec<Tier>;

    fn read(&self, given: &Value) -> Result<Vec<Tier>, String> {
        let items = list(given).filter(|items| (1..=MOST_TIERS).contains(&items.len()));
        let items = items.ok_or_else(|| {
            format!(
                r#"allowed is a list of 1 to {MOST_TIERS}, such as [{{ topic = "news.urls.retry.1m", delay = "1m" }}]"#
            )
        })?;
        items.iter().map(tier).collect()
    }

    fn show(&self, value: &Vec<Tier>) -> String {
        let tier = |tier: &Tier| {
            format!("{{ topic = {}, delay = {} }}", TOPIC.show(&tier.topic), TIER_DELAY.show(&tier.delay))
        };
        format!("[{}]", value.iter().map(tier).collect::<Vec<_>>().join(", "))
    }
}

fn tier(item: &Value) -> Result<Tier, String> {
    let ValueKind::Table(fields) = &item.kind else {
        return Err(r#"each item is { topic = "NAME", delay = "DURATION" }"#.to_owned());
    };
    if let Some(name) = fields.keys().find(|name| !matches!(name.as_str(), "topic" | "delay")) {
        return Err(format!("an item has topic and delay, no {name}"));
    }
    let field = |name: &str| fields.get(name).ok_or_else(|| format!("an item lacks its {name}"));
    let topic = TOPIC.read(field("topic")?).map_err(|why| format!("topic: {why}"))?;
    let delay = TIER_DELAY.read(field("delay")?).map_err(|why| format!("delay: {why}"))?;
    Ok(Tier { topic, delay })
}

/// Ports, each once.
pub(super) struct Ports;

impl Rule for Ports {
    type Value = Vec<u16>;

    fn read(&self, given: &Value) -> Result<Vec<u16>, String> {
        let port = |item: &Value| number(item).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        let ports: Option<Vec<u16>> = list(given).and_then(|items| items.iter().map(port).collect());
        let each_once = |ports: &Vec<u16>| BTreeSet::from_iter(ports).len() == ports.len();
        let ports = ports.filter(|ports| !ports.is_empty() && each_once(ports));
        ports.ok_or_else(|| "allowed is a list of ports from 1 to 65535, each once, such as [80, 443]".to_owned())
    }

    fn show(&self, value: &Vec<u16>) -> String {
        format!("[{}]", value.iter().map(u16::to_string).collect::<Vec<_>>().join(", "))
    }
}

/// An entry of `fetch.resolve`: the host in ASCII, lower case and without a trailing dot, and its address.
pub(super) fn resolved(name: &str, given: &Value) -> Result<(String, SocketAddr, String), String> {
    let host = name.strip_suffix('.').unwrap_or(name);
    let Ok(Host::Domain(host)) = Host::parse(host) else {
        return Err("the name is no host's; an IP address needs no entry".to_owned());
    };
    let address = super::value::text(given).and_then(|text| text.trim().parse::<SocketAddr>().ok());
    let address = address.filter(|address| address.port() > 0);
    let address = address.ok_or_else(|| r#"allowed is "IP:PORT", such as "127.0.0.1:8080""#.to_owned())?;
    Ok((host, address, quoted(&address.to_string())))
}

fn is_topic(name: &str) -> bool {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-');
    (1..=249).contains(&name.len()) && name.chars().all(is_sign) && name != "." && name != ".."
}
