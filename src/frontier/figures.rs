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
        Ok(Self {
            hosts,
            states: IntGaugeVec::new(states, &["state"])?,
            pauses: IntGaugeVec::new(pauses, &["cause"])?,
            waiting: IntGauge::new("newswire_host_waiting_messages", waiting)?,
        })
    }
}

impl Collector for Figures {
    fn desc(&self) -> Vec<&Desc> {
        [self.states.desc(), self.pauses.desc(), self.waiting.desc()].concat()
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
        [self.states.collect(), self.pauses.collect(), self.waiting.collect()].concat()
    }
}
