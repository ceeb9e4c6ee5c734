//! What a replay has done, in figures.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::record::Reason;

/// The most hosts that are counted one by one; further ones are counted together. A topic that strangers can
/// write to must not fill our memory.
const MOST_HOSTS: usize = 10_000;

/// What is told of a replay, or of one that only counts.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Messages put back; with `dry_run`, messages that would be.
    pub replayed: u64,
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Messages looked at.
    pub read: u64,
    /// Messages that the filters leave to a later replay.
    pub left: u64,
    /// Messages that the filters leave out, and that no later replay takes (`--pass-over`).
    pub passed_over: u64,
    /// Messages that an earlier replay has put back.
    pub replayed_before: u64,
    /// Messages that the topic of URLs refuses for their size. They are left.
    pub too_large: u64,
    /// Partitions of which no more could be noted, and so no more was replayed.
    pub full_partitions: Vec<i32>,
    /// Messages put back, by the reason of their rejection, the most frequent first.
    #[serde(serialize_with = "by_frequency")]
    pub(super) by_reason: BTreeMap<String, u64>,
    /// Messages put back, by host, the most frequent first.
    #[serde(serialize_with = "by_frequency")]
    pub(super) by_host: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts a message that was put back.
    pub(super) fn replayed(&mut self, reason: Option<Reason>, host: Option<&str>) {
        self.replayed += 1;
        let reason = reason.map_or("(none)", Reason::as_str);
        *self.by_reason.entry(reason.to_owned()).or_default() += 1;
        let host = host.unwrap_or("(none)");
        let is_counted = self.by_host.len() < MOST_HOSTS || self.by_host.contains_key(host);
        *self.by_host.entry(if is_counted { host } else { "(others)" }.to_owned()).or_default() += 1;
    }
}

fn by_frequency<S: serde::Serializer>(counts: &BTreeMap<String, u64>, to: S) -> Result<S::Ok, S::Error> {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.into_iter().map(|(name, count)| (name.clone(), Value::from(*count))).collect::<Map<_, _>>().serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_comes_first_and_what_is_unknown_is_named_so() {
        let mut summary = Summary::default();
        summary.replayed(None, Some("a.example"));
        summary.replayed(Some(Reason::Gone), Some("b.example"));
        summary.replayed(Some(Reason::Gone), Some("b.example"));
        summary.replayed(Some(Reason::Gone), None);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["by_reason"].to_string(), r#"{"gone":3,"(none)":1}"#);
        assert_eq!(json["by_host"].to_string(), r#"{"b.example":2,"(none)":1,"a.example":1}"#);
    }

    #[test]
    fn hosts_beyond_the_bound_are_counted_together() {
        let mut summary = Summary::default();
        (0..MOST_HOSTS + 7).for_each(|number| summary.replayed(None, Some(&format!("{number}.example"))));
        summary.replayed(None, Some("1.example"));
        assert_eq!(summary.by_host.len(), MOST_HOSTS + 1);
        assert_eq!((summary.by_host["(others)"], summary.by_host["1.example"]), (7, 2));
    }
}
