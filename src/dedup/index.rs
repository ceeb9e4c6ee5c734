//! What is asked of what is known, wherever that is kept; and what a claim has to do about the answer.

use super::decide::{Asked, Decision, Finding, Original, decide};
use super::entry::{ArticleId, Entry};
use super::{Fingerprint, TextHash};

/// Articles that are known, each under a number that grows with time.
pub trait Index {
    /// The article with this number.
    fn entry(&self, number: u32) -> Option<Entry<'_>>;

    /// The article with this id.
    fn by_id(&self, id: ArticleId) -> Option<(u32, Entry<'_>)>;

    /// An article with this text.
    fn by_text(&self, text: TextHash) -> Option<(u32, Entry<'_>)>;

    /// The articles that have most anchors in common with a text of `host`, the best first. What the host repeats leads to none.
    fn candidates(&self, host: u32, text: &Fingerprint) -> Vec<u32>;

    /// Whether a host used a shingle in more than one story.
    fn repeats(&self, host: u32, shingle: u32) -> bool;

    /// The story that `cluster` turned out to be, or itself.
    fn story(&self, cluster: ArticleId) -> ArticleId;
}

/// What a claim has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Course {
    /// Give the same answer again, and take over the claim of this number if it is pending.
    Again(u32, Decision),
    /// Nothing before the claim of this number is settled.
    Wait(u32),
    /// See to it that the article of this number is remembered as long as if it came now.
    Unchanged(u32),
    /// Write this.
    Write(Decision),
}

/// What a claim has to do, given what is known, and of which numbers claims are pending.
pub fn course(asked: &Asked, known: &impl Index, is_pending: impl Fn(u32) -> bool, original: Original) -> Course {
    let (finding, leans_on) = decide(asked, known, original);
    if let (Finding::Again(decision), Some(number)) = (&finding, leans_on.first()) {
        return Course::Again(*number, *decision);
    }
    if let Some(number) = leans_on.iter().find(|number| is_pending(**number)) {
        return Course::Wait(*number);
    }
    match (finding, leans_on.first()) {
        (Finding::Decided(decision) | Finding::Again(decision), _) => Course::Write(decision),
        (Finding::Unchanged, number) => Course::Unchanged(number.copied().unwrap_or_default()),
    }
}
