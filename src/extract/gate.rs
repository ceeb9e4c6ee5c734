//! Is it an article at all?
//!
//! A page is measured in some ninety ways (`measures`), and boosted trees weigh the measures; its words (`words`) have weights of
//! their own, and the two are added up. Both tables are what `examples/train/gate.py` made of labelled pages, each with and
//! without its scripts. A page below [`FLOOR`] is refused, and the detail says which kind of page it looks like and by
//! what measures.

mod address;
mod evidence;
mod measures;
mod words;

use std::sync::OnceLock;

use super::content::Body;
use super::structured::Facts;
use super::trees::{Trees, Unreadable, filled};
pub(super) use measures::Measures;
use words::Weights;
pub(super) use words::hashes as word_hashes;

/// The score that an article has at least, from 0 to 1.
///
/// Where 99 of 100 labelled articles pass when neither trees nor words have seen a page of their domain: 79 of 100 other pages are
/// refused there. At .07 it is 71, with 99.5 of the articles; at .30 it is 86, with 98. A lost article costs a reader more
/// than a hub too many.
const FLOOR: f32 = 0.15;

/// The table of the trees.
const TABLE: &[u8] = include_bytes!("gate/gate.trees");

/// The table of the words.
const WORDS: &[u8] = include_bytes!("gate/gate.words");

/// What is known of the page beside its tree.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// Words of the text.
    pub(super) words: usize,
    /// Whether an author was found.
    pub(super) authored: bool,
    /// Whether a day of publication was found.
    pub(super) dated: bool,
    /// Whether a heading shows the title.
    pub(super) headed: bool,
}

/// How much a page is like an article, from 0 to 1; or why it is none.
pub(super) fn judge(facts: &Facts<'_>, body: &Body, known: Known, min_words: usize) -> Result<f64, String> {
    if known.words < min_words {
        return Err(format!("{} words of text, {min_words} are asked for", known.words));
    }
    if let Some(notice) = evidence::notice(facts, body, known) {
        return Err(notice);
    }
    let measures = Measures::of(facts, body, known);
    if let Some(kind) = evidence::plain(&measures) {
        return Err(kind);
    }
    let score = score(&measures, Weights::read(WORDS).map_or(0.0, |weights| weights.of(facts, body)));
    if score >= FLOOR {
        Ok((f64::from(score) * 1_000.0).round() / 1_000.0)
    } else {
        Err(format!("{}; score {score:.2}", evidence::kind(&measures)))
    }
}

/// The share of articles among pages of these measures, with these odds by their words.
fn score(measures: &Measures, by_words: f32) -> f32 {
    static TREES: OnceLock<Result<Trees, Unreadable>> = OnceLock::new();
    // A test reads the table: without it, what has words enough passes.
    let Ok(trees) = TREES.get_or_init(|| Trees::read(TABLE, &measures.names())) else { return 1.0 };
    let odds = trees.score(&filled(&measures.values())) + by_words;
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;
    use crate::extract::jsonld::Graph;
    use crate::extract::page::Page;

    #[test]
    fn the_table_was_trained_on_the_measures_that_are_taken() {
        let html = Html::parse_document("");
        let page = Page::of(&html);
        let (graph, url) = (Graph::default(), Url::parse("https://e.example/").unwrap());
        let measures = Measures::of(&Facts::of(&page, &url, &graph), &Body::default(), Known::default());
        assert!(measures.values().iter().all(|value| value.is_finite()));
        let trees = Trees::read(TABLE, &measures.names()).unwrap();
        assert!(trees.score(&filled(&measures.values())) < 0.0, "an empty page is no article");
    }
}
