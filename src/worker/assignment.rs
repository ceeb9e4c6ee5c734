//! One message in flight: worked on until it ends, its partition is lost, or the stage breaks.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use futures::FutureExt;
use tracing::Instrument;

use super::Pipeline;
use crate::kafka::{Capacity, Consumed, Ended, Handover, Taken};
use crate::record::{Ending, Identity, Origin, Reason, Verdict};
use crate::traces::Traces;

/// Works on a message and hands it over to the commit. A message whose partition is lost is dropped: the
/// next owner does it again. One that panics a stage is rejected, and the worker lives on.
pub async fn work(
    pipeline: Arc<Pipeline>,
    capacity: Arc<Capacity>,
    traces: Option<Arc<Traces>>,
    taken: Taken,
    commit: SyncSender<Handover>,
) {
    let held = capacity.hold(taken.message.size() as u64);
    let message = &taken.message;
    let mut trace = traces.and_then(|traces| {
        let consumed = Origin {
            topic: message.partition.topic.to_string(),
            partition: message.partition.number,
            offset: message.offset,
        };
        traces.begin(&consumed, message.attempt(), &message.headers)
    });
    let span = tracing::info_span!(
        "message",
        topic = &*message.partition.topic,
        partition = message.partition.number,
        offset = message.offset,
        url = tracing::field::Empty,
    );
    let way = AssertUnwindSafe(pipeline.work(message)).catch_unwind().instrument(span);
    let ended = tokio::select! {
        biased;
        () = taken.ticket.lost.cancelled() => return,
        ended = way => ended,
    };
    let (ending, claim) = match ended {
        Ok(Some(end)) => end,
        Ok(None) => return,
        Err(panic) => {
            let mut ending = failed(&taken.message, &*panic);
            ending.next = pipeline.subscriptions().goes_on(&taken.message, &ending.verdict);
            (ending, None)
        }
    };
    if let Some(trace) = &mut trace {
        trace.worked();
    }
    hand_over(&commit, Handover::Ended(Box::new(Ended { taken, ending, claim, held, trace }))).await;
}

/// The channel has room for all that can be in flight; only a burst of retries that fall due at once can
/// fill it for a moment.
async fn hand_over(commit: &SyncSender<Handover>, mut handover: Handover) {
    while let Err(TrySendError::Full(back)) = commit.try_send(handover) {
        handover = back;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn failed(message: &Consumed, panic: &(dyn std::any::Any + Send)) -> Ending {
    let words = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    let detail = words.unwrap_or("a stage panicked").to_owned();
    tracing::error!(detail, "a stage failed");
    let url = message.request().ok().map(|request| request.url);
    let canonical_url =
        url.as_deref().and_then(|url| Identity::of(url).ok()).map(|identity| identity.fetch.to_string());
    let verdict = Verdict::Rejected { reason: Reason::StageFailed, detail };
    Ending {
        verdict,
        url,
        canonical_url,
        article_id: None,
        cluster_merged: None,
        next: Vec::new(),
        listings: Vec::new(),
        note: None,
        laps: Vec::new(),
    }
}
