//! When a message that could not be worked on now is tried again, and when no more.

use std::time::Duration;

use crate::config::Retry;
use crate::record::{Reason, Verdict};

/// What stopped the work on a message for now.
#[derive(Debug, Clone, PartialEq)]
pub struct Setback {
    /// Why.
    pub reason: Reason,
    /// Why, in words.
    pub detail: String,
    /// How long to wait, where somebody said so.
    pub wait: Option<Wait>,
    /// Whether it was a try at all; waiting for a host is none.
    pub effort: Effort,
}

/// How long to wait, and whose word that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The host's: it is kept in full.
    Named(Duration),
    /// Our own guess, which may have changed meanwhile: it is looked at again at each stop.
    Guessed(Duration),
}

/// Whether a delivery counts as a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Something was asked of the host.
    Tried,
    /// The message only waited.
    Waited,
}

/// How often, and since when, a message has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Tries made before this delivery.
    pub attempts_before: u32,
    /// When it was first seen, in milliseconds since 1970.
    pub first_seen_ms: i64,
}

/// What becomes of a message after a setback at `now_ms`: deferred, or rejected when it was tried often or long enough.
///
/// Where nobody said how long, each try waits one tier longer than the last. A wait that the host named is kept in full, also
/// where no tier is as long: the message travels on from [`stop`] to stop until it is due. One of our own ends at the
/// first stop: the host may have been let go meanwhile.
pub fn after(setback: Setback, history: History, retry: &Retry, now_ms: i64) -> Verdict {
    let Setback { reason, detail, wait, effort } = setback;
    let attempts = history.attempts_before.saturating_add(u32::from(effort == Effort::Tried));
    let age = Duration::from_millis(now_ms.saturating_sub(history.first_seen_ms).max(0).unsigned_abs());
    let last = format!("{reason}: {detail}");
    if effort == Effort::Tried && attempts >= retry.max_attempts {
        return Verdict::Rejected {
            reason: Reason::AttemptsExhausted,
            detail: format!("{attempts} tries; the last: {last}"),
        };
    }
    if age >= retry.max_age {
        let reason = if attempts > 0 { Reason::AttemptsExhausted } else { Reason::Expired };
        let age = humantime::format_duration(Duration::from_secs(age.as_secs()));
        return Verdict::Rejected { reason, detail: format!("{attempts} tries in {age}; the last: {last}") };
    }
    let by_attempt = retry.tiers.get(attempts.saturating_sub(1) as usize).or(retry.tiers.last());
    let wait = wait.or(by_attempt.map(|tier| Wait::Guessed(tier.delay)));
    let (Wait::Named(length) | Wait::Guessed(length)) = wait.unwrap_or(Wait::Guessed(Duration::ZERO));
    let Some((topic, stop_ms)) = stop(length, retry, now_ms) else {
        return Verdict::Rejected { reason: Reason::AttemptsExhausted, detail: format!("no retry tiers; {last}") };
    };
    let not_before_ms = match wait {
        Some(Wait::Named(length)) => now_ms.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)),
        _ => stop_ms,
    };
    Verdict::Deferred { reason, detail, topic, not_before_ms, attempts }
}

/// Where a message waits that is due `wait` after `now_ms`, and when it is looked at there: the longest tier that is no
/// longer than the wait, for all of its delay; for what is left below the shortest tier, that one. `None` without tiers.
///
/// A partition of a tier is read in its order: what is due soon waits behind what is due later. On the first tier that covers
/// its wait, a message that is due in fifteen minutes could come an hour late; here all that stands before it came earlier and
/// waits as long, but on the shortest tier, and that is how late it can be.
pub fn stop(wait: Duration, retry: &Retry, now_ms: i64) -> Option<(String, i64)> {
    let tier = retry.tiers.iter().rev().find(|tier| tier.delay <= wait).or(retry.tiers.first())?;
    let wait = i64::try_from(wait.min(tier.delay).as_millis()).unwrap_or(i64::MAX);
    Some((tier.topic.clone(), now_ms.saturating_add(wait)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Tier;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000_000;

    fn retry() -> Retry {
        let tier = |topic: &str, seconds| Tier { topic: topic.into(), delay: Duration::from_secs(seconds) };
        Retry {
            tiers: vec![tier("1m", 60), tier("10m", 600), tier("1h", 3600)],
            max_attempts: 4,
            max_age: Duration::from_secs(86_400),
        }
    }

    fn setback(wait: Option<u64>, effort: Effort) -> Setback {
        let wait = wait.map(|seconds| Wait::Named(Duration::from_secs(seconds)));
        Setback { reason: Reason::ServerError, detail: "500".into(), wait, effort }
    }

    fn fresh(attempts_before: u32) -> History {
        History { attempts_before, first_seen_ms: NOW }
    }

    fn deferral(verdict: Verdict) -> (String, i64, u32) {
        match verdict {
            Verdict::Deferred { topic, not_before_ms, attempts, .. } => (topic, not_before_ms - NOW, attempts),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_try_waits_one_tier_longer() {
        let at = |before| deferral(after(setback(None, Effort::Tried), fresh(before), &retry(), NOW));
        assert_eq!(at(0), ("1m".into(), 60_000, 1));
        assert_eq!(at(1), ("10m".into(), 600_000, 2));
        assert_eq!(at(2), ("1h".into(), 3_600_000, 3));
    }

    #[test]
    fn a_wait_is_kept_in_full_on_tiers_that_are_no_longer() {
        let at = |wait| deferral(after(setback(Some(wait), Effort::Tried), fresh(0), &retry(), NOW));
        assert_eq!(at(0), ("1m".into(), 0, 1));
        assert_eq!(at(61), ("1m".into(), 61_000, 1));
        assert_eq!(at(90_000), ("1h".into(), 90_000_000, 1));
    }

    #[test]
    fn a_round_waits_on_tiers_that_are_no_longer_than_its_wait() {
        let at = |seconds| {
            let (topic, due_ms) = stop(Duration::from_secs(seconds), &retry(), NOW).unwrap();
            (topic, (due_ms - NOW) / 1_000)
        };
        assert_eq!(at(90_000), ("1h".into(), 3_600));
        assert_eq!(at(900), ("10m".into(), 600));
        assert_eq!(at(300), ("1m".into(), 60));
        assert_eq!(at(60), ("1m".into(), 60));
        assert_eq!(at(20), ("1m".into(), 20));
    }

    #[test]
    fn a_wait_of_our_own_ends_at_the_first_stop() {
        let busy = |seconds| {
            let wait = Some(Wait::Guessed(Duration::from_secs(seconds)));
            let setback = Setback { reason: Reason::HostBusy, detail: String::new(), wait, effort: Effort::Waited };
            deferral(after(setback, fresh(0), &retry(), NOW))
        };
        assert_eq!(busy(90_000), ("1h".into(), 3_600_000, 0));
        assert_eq!(busy(20), ("1m".into(), 20_000, 0));
    }

    #[test]
    fn waiting_for_a_host_is_no_try() {
        let verdict = after(setback(Some(30), Effort::Waited), fresh(3), &retry(), NOW);
        assert_eq!(deferral(verdict).2, 3);
    }

    #[test]
    fn after_enough_tries_it_is_rejected_with_the_last_reason() {
        let verdict = after(setback(None, Effort::Tried), fresh(3), &retry(), NOW);
        let detail = "4 tries; the last: server_error: 500".to_owned();
        assert_eq!(verdict, Verdict::Rejected { reason: Reason::AttemptsExhausted, detail });
    }

    #[test]
    fn after_long_enough_it_is_rejected_and_one_that_only_waited_has_expired() {
        let old = |attempts_before| History { attempts_before, first_seen_ms: NOW - 86_400_000 };
        let reason =
            |history, effort| after(setback(None, effort), history, &retry(), NOW).reason().map(|(reason, _)| reason);
        assert_eq!(reason(old(0), Effort::Tried), Some(Reason::AttemptsExhausted));
        assert_eq!(reason(old(0), Effort::Waited), Some(Reason::Expired));
    }

    proptest! {
        #[test]
        fn a_deferred_message_is_on_the_shortest_tier_or_on_one_that_it_waits_out(
            wait in proptest::option::of(0u64..200_000),
            before in 0u32..3,
        ) {
            let retry = retry();
            let (topic, due, _) = deferral(after(setback(wait, Effort::Tried), fresh(before), &retry, NOW));
            let tier = retry.tiers.iter().position(|tier| tier.topic == topic).unwrap();
            prop_assert!(tier == 0 || due >= i64::try_from(retry.tiers[tier].delay.as_millis()).unwrap());
            prop_assert!(wait.is_none_or(|wait| due == i64::try_from(wait).unwrap() * 1_000));
        }
    }
}
