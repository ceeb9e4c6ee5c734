//! Text to a tree, within bounds.
//!
//! html5ever follows the HTML Standard, whose cost is not linear: unclosed formatting elements are
//! opened again in each paragraph, and each end tag looks through all open elements. So the parser is
//! fed in small chunks, and between two of them nodes, depth and time are looked at.

use std::time::Instant;

use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use scraper::{Html, HtmlTreeSink};

/// Nodes of a tree, at most. The largest of 2,900 real pages has some 60,000.
pub(super) const MAX_NODES: usize = 400_000;

/// Elements within elements, at most. Browsers stop at 512 (Blink's `kMaximumHTMLParserDOMTreeDepth`).
pub(super) const MAX_DEPTH: usize = 512;

/// Bytes that the parser gets at once. In so many it can open some 340 elements, and each of its
/// paragraphs can open at most those of [`MAX_DEPTH`] again: a quarter of a million nodes before the next look.
const CHUNK_BYTES: usize = 1024;

/// Why a page has no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooComplex {
    #[error("more than {MAX_NODES} nodes")]
    Nodes,
    #[error("elements nested deeper than {MAX_DEPTH}")]
    Depth,
    #[error("parsing took longer than the time limit")]
    Time,
}

/// The tree of a page; `deadline` ends the work.
pub(super) fn parse(text: &str, deadline: Instant) -> Result<Html, TooComplex> {
    let options = ParseOpts {
        // What stands in `noscript` is then read as elements: lazy images have their address there.
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), options);
    let mut rest = text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES));
        rest = after;
        parser.process(StrTendril::from_slice(chunk));
        let html = parser.tokenizer.sink.sink.0.borrow();
        let mut nodes = html.tree.nodes();
        if nodes.len() > MAX_NODES {
            return Err(TooComplex::Nodes);
        }
        if nodes.next_back().is_some_and(|last| last.ancestors().count() > MAX_DEPTH) {
            return Err(TooComplex::Depth);
        }
        if Instant::now() > deadline {
            return Err(TooComplex::Time);
        }
    }
    Ok(parser.finish())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outcome(text: &str) -> Result<(), TooComplex> {
        parse(text, Instant::now() + Duration::from_secs(60)).map(drop)
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert_eq!(outcome(&"<div>".repeat(100_000)), Err(TooComplex::Depth));
        assert_eq!(outcome(&"<b>".repeat(100_000)), Err(TooComplex::Depth));
    }

    #[test]
    fn formatting_that_every_paragraph_opens_again_is_refused() {
        let sizes: String = (0..4_000).map(|size| format!("<font size={size}><p>x")).collect();
        assert!(outcome(&sizes).is_err());
    }

    #[test]
    fn a_flood_of_nodes_is_refused() {
        assert_eq!(outcome(&"<p>a".repeat(MAX_NODES)), Err(TooComplex::Nodes));
    }

    #[test]
    fn the_deadline_ends_the_work() {
        let past = Instant::now() - Duration::from_millis(1);
        assert_eq!(parse("<p>a", past).map(drop), Err(TooComplex::Time));
    }

    #[test]
    fn characters_are_never_cut_between_chunks() {
        let text = "ä€𝄞".repeat(2_000);
        let html = parse(&text, Instant::now() + Duration::from_secs(60)).unwrap();
        assert_eq!(html.root_element().text().collect::<String>(), text);
    }
}
