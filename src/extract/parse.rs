//! Text to a tree, within bounds.
//!
//! html5ever follows the HTML Standard, whose cost is not linear: unclosed formatting elements are
//! opened again in each paragraph, and each end tag looks through all open elements. So its tree builder gets
//! tokens one by one, and nodes, depth and time are looked at between them.

use std::time::Instant;

use ego_tree::{NodeId, Tree};
use html5ever::tree_builder::{QuirksMode, TreeBuilder, TreeBuilderOpts, TreeSink};
use scraper::{Html, HtmlTreeSink, Node};

use super::scan::{Next, Pictures, Scan, Script};

/// Nodes of a tree, at most. The largest of 2,900 real pages has some 60,000.
pub(super) const MAX_NODES: usize = 400_000;

/// Elements within elements, at most. Browsers stop at 512 (Blink's `kMaximumHTMLParserDOMTreeDepth`).
pub(super) const MAX_DEPTH: usize = 512;

/// Tokens between two looks. So many can open as many elements, and each paragraph can open at most those of
/// [`MAX_DEPTH`] and these again: some 80,000 nodes before the next look.
const TOKENS: usize = 128;

/// Bytes of a page for each node of its tree: the median of WCXB's articles is 66, of the publishers' pages 104.
const BYTES_A_NODE: usize = 64;

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

/// A page without what no rule reads.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    /// Its tree.
    pub(super) html: Html,
    /// The scripts that have a text, in document order; those in its tree are empty.
    pub(super) scripts: Vec<Script<'a>>,
}

/// Parses a page; `deadline` ends the work.
pub(super) fn parse(text: &str, deadline: Instant) -> Result<Parsed<'_>, TooComplex> {
    match parse_with(text, Pictures::LeftOut, deadline)? {
        Some(parsed) => Ok(parsed),
        None => parse_with(text, Pictures::Kept, deadline)?.ok_or(TooComplex::Time),
    }
}

/// `None` where the page has to be read again, with its pictures.
fn parse_with(text: &str, pictures: Pictures, deadline: Instant) -> Result<Option<Parsed<'_>>, TooComplex> {
    // What stands in `noscript` is then read as elements: lazy images have their address there.
    let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    // Room for the nodes of most pages, so that they are not moved as their number grows.
    let tree = Tree::with_capacity(Node::Document, (text.len() / BYTES_A_NODE).min(MAX_NODES));
    let document = Html { quirks_mode: QuirksMode::NoQuirks, tree };
    let builder = TreeBuilder::new(HtmlTreeSink::new(document), options);
    let mut scan = Scan::of(text, pictures);
    loop {
        look(&builder, deadline)?;
        for _ in 0..TOKENS {
            match scan.step(&builder) {
                Next::More => {}
                Next::End => return Ok(Some(Parsed { html: builder.sink.finish(), scripts: scan.scripts })),
                Next::Again => return Ok(None),
            }
        }
    }
}

fn look(builder: &TreeBuilder<NodeId, HtmlTreeSink>, deadline: Instant) -> Result<(), TooComplex> {
    let html = builder.sink.0.borrow();
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
    Ok(())
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
    fn characters_are_never_cut() {
        let text = "ä€𝄞".repeat(2_000);
        let parsed = parse(&text, Instant::now() + Duration::from_secs(60)).unwrap();
        assert_eq!(parsed.html.root_element().text().collect::<String>(), text);
    }
}
