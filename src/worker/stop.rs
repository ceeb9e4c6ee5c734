//! What ends the way of a message early: the errors of the stages, turned into what becomes of it.

use std::time::Duration;

use crate::config::Retry;
use crate::extract::Refusal as PageRefusal;
use crate::feeds::{BadInterval, FeedError};
use crate::fetch::FetchError;
use crate::frontier::Refusal as HostRefusal;
use crate::kafka::Consumed;
use crate::record::{MalformedMessage, Outcome, Reason, RefusedUrl, Verdict};
use crate::retry::{self, Effort, History, Setback, Wait};

/// Why a message does not get to the next stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// It never will.
    Rejected {
        /// Why.
        reason: Reason,
        /// Why, in words.
        detail: String,
    },
    /// Not now.
    Setback(Setback),
    /// The worker drains: another one will do it.
    GivenUp,
}

impl Stop {
    /// A rejection.
    pub fn rejected(reason: Reason, detail: impl ToString) -> Self {
        Self::Rejected { reason, detail: detail.to_string() }
    }

    /// What becomes of a message with this history at `now_ms`; `None` when it is given up.
    pub fn verdict(self, history: History, retry: &Retry, now_ms: i64) -> Option<Verdict> {
        match self {
            Self::Rejected { reason, detail } => Some(Verdict::Rejected { reason, detail }),
            Self::Setback(setback) => Some(retry::after(setback, history, retry, now_ms)),
            Self::GivenUp => None,
        }
    }

    /// For a message that has come to the end of its tier before it is due; `None` where it is due at `now_ms`.
    pub fn early(message: &Consumed, now_ms: i64) -> Option<Self> {
        let left_ms = message.not_before_ms?.saturating_sub(now_ms);
        if left_ms <= 0 {
            return None;
        }
        let reason = message.last_reason?;
        let wait = Duration::from_millis(left_ms.unsigned_abs());
        Some(Self::deferred(reason, "not due yet; it travels on", Some(Wait::Named(wait)), Effort::Waited))
    }

    fn deferred(reason: Reason, detail: impl ToString, wait: Option<Wait>, effort: Effort) -> Self {
        Self::Setback(Setback { reason, detail: detail.to_string(), wait, effort })
    }
}

impl From<MalformedMessage> for Stop {
    fn from(failure: MalformedMessage) -> Self {
        Self::rejected(Reason::MalformedMessage, failure)
    }
}

impl From<RefusedUrl> for Stop {
    fn from(failure: RefusedUrl) -> Self {
        Self::rejected(failure.reason(), failure)
    }
}

impl From<HostRefusal> for Stop {
    fn from(failure: HostRefusal) -> Self {
        let Some(wait) = failure.come_back() else {
            return Self::rejected(failure.reason(), failure);
        };
        // A robots.txt that can't be had is a try of the host that failed.
        let waited = matches!(failure.reason(), Reason::HostBusy | Reason::HostDown);
        let effort = if waited { Effort::Waited } else { Effort::Tried };
        Self::deferred(failure.reason(), failure, Some(Wait::Guessed(wait)), effort)
    }
}

impl From<FetchError> for Stop {
    fn from(failure: FetchError) -> Self {
        if failure.outcome() == Outcome::Rejected {
            return Self::rejected(failure.reason(), failure);
        }
        Self::deferred(failure.reason(), &failure, failure.retry_after().map(Wait::Named), Effort::Tried)
    }
}

impl From<PageRefusal> for Stop {
    fn from(failure: PageRefusal) -> Self {
        Self::rejected(failure.reason(), failure)
    }
}

impl From<BadInterval> for Stop {
    fn from(failure: BadInterval) -> Self {
        Self::rejected(Reason::MalformedMessage, failure)
    }
}

impl From<FeedError> for Stop {
    fn from(failure: FeedError) -> Self {
        Self::rejected(Reason::NotAnArticle, failure)
    }
}
