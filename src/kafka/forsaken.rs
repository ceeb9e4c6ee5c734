//! Claims that outlived whoever made them, resolved by what the group has committed.
//!
//! Whoever is given a partition resolves what was left behind on it. What remains are claims of partitions that moved
//! while their holder was cut off: any member of the group can ask what is committed there.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::topic_partition_list::TopicPartitionList;
use tokio_util::sync::CancellationToken;

use super::rebalance::{Consumer, committed, is_committed};
use crate::dedup::Store;

/// How often it is looked for them: they are rare, and only copies of their articles wait.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Resolves them, until `finished` is cancelled.
pub async fn resolve_forsaken(consumer: Arc<Consumer>, known: Arc<Store>, finished: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = finished.cancelled() => return,
        }
        let forsaken = known.forsaken().await;
        if forsaken.is_empty() {
            continue;
        }
        tracing::info!(claims = forsaken.len(), "claims were left behind; asking the group what it has committed");
        let mut list = TopicPartitionList::new();
        for position in &forsaken {
            if list.find_partition(&position.topic, position.partition).is_none() {
                list.add_partition(&position.topic, position.partition);
            }
        }
        let (consumer, finished) = (consumer.clone(), finished.clone());
        let asked = tokio::task::spawn_blocking(move || committed(&consumer, &list, &finished));
        let Ok(positions) = asked.await else { continue };
        known.resolve(move |consumed| is_committed(&positions, consumed));
    }
}
