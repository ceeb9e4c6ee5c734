//! The stages of a message's way: who is in which, and for how long.

use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntGauge, IntGaugeVec, Opts};

/// The stages in order, as `newswire_stage_duration_seconds` names them.
pub const STAGES: [&str; 5] = ["wait", "fetch", "extract", "dedup", "commit"];

/// The stages that a message is in by itself; what is in flight and in none of them waits for the commit.
pub const WORKING: [&str; 4] = ["wait", "fetch", "extract", "dedup"];

/// Upper bounds of the stages' durations, in seconds: from a claim in memory to a host's longest wait.
const STAGE_SECONDS: [f64; 14] =
    [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0];

/// What is counted of the stages. A clone counts for the same.
#[derive(Debug, Clone)]
pub struct Stages {
    durations: HistogramVec,
    messages: IntGaugeVec,
}

/// A message is in a stage while this lives.
#[derive(Debug)]
pub struct Within(IntGauge);

impl Stages {
    /// Nobody is in any stage yet.
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let durations = HistogramOpts::new("newswire_stage_duration_seconds", "Time that a message spends in a stage.")
            .buckets(STAGE_SECONDS.to_vec());
        let messages = Opts::new("newswire_stage_messages", "Messages that are in a stage now.");
        let (durations, messages) =
            (HistogramVec::new(durations, &["stage"])?, IntGaugeVec::new(messages, &["stage"])?);
        for stage in STAGES {
            durations.with_label_values(&[stage]);
        }
        for stage in WORKING {
            messages.with_label_values(&[stage]);
        }
        Ok(Self { durations, messages })
    }

    /// Counts a message as in a stage of [`WORKING`] until the answer is dropped, however it leaves.
    pub fn enter(&self, stage: &str) -> Within {
        let messages = self.messages.with_label_values(&[stage]);
        messages.inc();
        Within(messages)
    }

    /// Notes what a message spent in a stage of [`STAGES`].
    pub fn spent(&self, stage: &str, time: Duration) {
        self.durations.with_label_values(&[stage]).observe(time.as_secs_f64());
    }

    /// Messages that are in a stage of [`WORKING`] now.
    pub fn messages(&self, stage: &str) -> i64 {
        self.messages.with_label_values(&[stage]).get()
    }

    /// How many messages have left a stage of [`STAGES`], and the seconds that they spent in it together.
    pub fn left(&self, stage: &str) -> (u64, f64) {
        let durations = self.durations.with_label_values(&[stage]);
        (durations.get_sample_count(), durations.get_sample_sum())
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Collector for Stages {
    fn desc(&self) -> Vec<&Desc> {
        [self.durations.desc(), self.messages.desc()].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        [self.durations.collect(), self.messages.collect()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_in_a_stage_until_it_leaves_it_however_that_is() {
        let stages = Stages::new().unwrap();
        let one = stages.enter("fetch");
        {
            let _other = stages.enter("fetch");
            assert_eq!((stages.messages("fetch"), stages.messages("wait")), (2, 0));
        }
        assert_eq!(stages.messages("fetch"), 1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _one = one;
            panic!("a stage breaks");
        }));
        assert!(panicked.is_err());
        assert_eq!(stages.messages("fetch"), 0);
    }
}
