//! The hosts as metrics: how many are in which state, and how often one was paused. No host becomes a label.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGauge, IntGaugeVec, Opts};

use super::hosts::Hosts;
use super::trouble::Cause;

/// The hosts' figures, read at each scrape.
pub struct Figures {
    hosts: Hosts,
    states: IntGaugeVec,
    pauses: IntGaugeVec,
    waiting: IntGauge,
    shared: IntGauge,
    alone: IntGauge,
}

impl Figures {
    /// The figures of these hosts.
    ///
    /// # Errors
    /// Never in practice: the names are valid.
    pub fn new(hosts: Hosts) -> Result<Self, prometheus::Error> {
        let states = Opts::new("newswire_hosts", "Hosts that are remembered, by state.");
        let pauses = Opts::new("newswire_host_pauses", "Pauses of hosts since the start, by cause.");
        let waiting = "Messages that wait for their host in memory.";
        let shared = "1 while the pace of hosts is kept together with the group's other workers, 0 while alone.";
        let alone = "Turns at hosts since the start that were to be shared, and were not: the store did not answer.";
        Ok(Self {
            hosts,
            states: IntGaugeVec::new(states, &["state"])?,
            pauses: IntGaugeVec::new(pauses, &["cause"])?,
            waiting: IntGauge::new("newswire_host_waiting_messages", waiting)?,
            shared: IntGauge::new("newswire_host_pace_shared", shared)?,
            alone: IntGauge::new("newswire_host_turns_alone", alone)?,
        })
    }
}

impl Collector for Figures {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = [&self.waiting, &self.shared, &self.alone].into_iter().flat_map(Collector::desc).collect();
        [self.states.desc(), self.pauses.desc(), gauges].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        for (name, count) in self.hosts.states() {
            self.states.with_label_values(&[name]).set(count);
        }
        let mut waiting = 0;
        self.hosts.each(|_, host| waiting += host.waiting());
        for (cause, name) in [(Cause::Refused, "refused"), (Cause::Down, "down"), (Cause::Operator, "operator")] {
            self.pauses.with_label_values(&[name]).set(self.hosts.pauses(cause).cast_signed());
        }
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
        let group = self.hosts.group();
        self.shared.set(group.is_some_and(|group| !group.is_away()).into());
        self.alone.set(group.map_or(0, |group| group.turns_alone().cast_signed()));
        let gauges = [&self.waiting, &self.shared, &self.alone].into_iter().flat_map(Collector::collect).collect();
        [self.states.collect(), self.pauses.collect(), gauges].concat()
    }
}
