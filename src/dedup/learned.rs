//! What is learned from articles as they come: what their hosts repeat, and which stories are one.

use std::collections::HashMap;

use super::boilerplate::Boilerplate;
use super::entry::{ArticleId, Entry};
use super::fingerprint::Probe;

/// What was learned.
#[derive(Debug, Default)]
pub struct Learned {
    boilerplate: Boilerplate,
    /// Stories that turned out to be another one.
    merged: HashMap<ArticleId, ArticleId>,
}

impl Learned {
    /// Learns from an article, of which `edges` are the shingles at its edges where they are at hand. To learn from it
    /// again brings back what was forgotten of it, and changes nothing else.
    pub fn learn(&mut self, entry: &Entry<'_>, edges: &[u32]) {
        let cluster = entry.cluster();
        if entry.merged.is_some() || self.merged.contains_key(&cluster) {
            self.merge(entry.merged, cluster);
        }
        let sample = &entry.side.shingles;
        let shingles: Vec<u32> = sample.values(sample.level()).chain(edges.iter().copied()).collect();
        self.boilerplate.learn(entry.side.host, &shingles, cluster.0);
    }

    /// Whether `host` used the shingle in more than one story.
    pub fn repeats(&self, host: u32, shingle: u32) -> bool {
        self.boilerplate.has(host, shingle)
    }

    /// The anchors to look for, of a text of `host`: not what the host repeats, which would lead to what has nothing else in common.
    pub fn telling(&self, host: u32, probes: &[Probe]) -> Vec<u32> {
        let telling = probes.iter().filter(|probe| !self.repeats(host, probe.shingle));
        telling.map(|probe| probe.anchor).collect()
    }

    /// The story that `cluster` turned out to be, or itself.
    pub fn story(&self, cluster: ArticleId) -> ArticleId {
        self.merged.get(&cluster).copied().unwrap_or(cluster)
    }

    fn merge(&mut self, other: Option<ArticleId>, cluster: ArticleId) {
        let story = self.story(cluster);
        if let Some(other) = other.filter(|other| *other != story) {
            self.merged.insert(other, story);
        }
    }
}
