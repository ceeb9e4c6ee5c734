//! How much is known, as metrics: asked for at each scrape.

use std::sync::Arc;

use prometheus::IntGauge;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::Store;

/// The figures of a store.
pub struct Gauges {
    store: Arc<Store>,
    articles: IntGauge,
    pending: IntGauge,
    memory: IntGauge,
    disk: IntGauge,
}

impl Gauges {
    /// The figures of `store`.
    pub fn new(store: Arc<Store>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            store,
            articles: IntGauge::new("newswire_dedup_articles", "Articles that the dedup store knows.")?,
            pending: IntGauge::new("newswire_dedup_pending_claims", "Claims that are not settled.")?,
            memory: IntGauge::new("newswire_dedup_memory_bytes", "Memory of the dedup store's index, about.")?,
            disk: IntGauge::new("newswire_dedup_disk_bytes", "Size of the dedup store's folder.")?,
        })
    }

    fn gauges(&self) -> [&IntGauge; 4] {
        [&self.articles, &self.pending, &self.memory, &self.disk]
    }
}

impl Collector for Gauges {
    fn desc(&self) -> Vec<&Desc> {
        self.gauges().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let size = self.store.size();
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.articles.set(signed(size.articles));
        self.pending.set(signed(size.pending));
        self.memory.set(signed(size.memory_bytes));
        self.disk.set(size.disk_bytes.cast_signed());
        self.gauges().into_iter().flat_map(Collector::collect).collect()
    }
}
