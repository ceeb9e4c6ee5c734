//! One walk over the tree, and all that later rooms ask for.
//!
//! The text of a page is kept in one string. An element is a [`Scope`]: its tag, what its class says,
//! and the range of the text that stands in it. A [`Block`] is a run of text between two block
//! boundaries: what a reader sees as a paragraph, heading, list item or button.

mod walk;

use std::ops::Range;

use scraper::Html;
use scraper::node::Element;

use super::classes::Families;
use super::scan::Script;
use super::tag::Tag;

/// A page after the walk.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    /// All text, white space collapsed; a line feed ends each block.
    pub(super) text: String,
    /// Every element with a part in the text, in document order: a parent before its children.
    pub(super) scopes: Vec<Scope<'a>>,
    /// Every run of text, in document order.
    pub(super) blocks: Vec<Block>,
    /// `name`, `property`, `itemprop` or `http-equiv` of a meta element, and its content.
    pub(super) metas: Vec<(&'a str, &'a str)>,
    /// `rel` and `href` of link elements.
    pub(super) links: Vec<(&'a str, &'a str)>,
    /// The first title element of the document.
    pub(super) title: String,
    /// `lang` of the html element.
    pub(super) lang: Option<&'a str>,
    /// The address that relative ones start from, if the page says one.
    pub(super) base: Option<&'a str>,
    /// Classes and ids of the elements with a part in the text; of a class that stands again soon once.
    pub(super) names: Vec<&'a str>,
    /// `itemtype` of these elements.
    pub(super) kinds: Vec<&'a str>,
    /// The scripts that have a text, in document order.
    pub(super) scripts: Vec<Script<'a>>,
    /// Buttons and visible inputs.
    pub(super) controls: usize,
}

/// An element, as rules see it.
#[derive(Debug, Clone)]
pub(super) struct Scope<'a> {
    pub(super) tag: Tag,
    pub(super) element: Option<&'a Element>,
    pub(super) parent: usize,
    /// What its own class, id and role say.
    pub(super) own: Families,
    /// Whether it is a dialog, or not shown.
    pub(super) unseen: bool,
    /// The range of [`Page::text`] in it.
    pub(super) text: Range<usize>,
    /// The range of [`Page::blocks`] in it.
    pub(super) blocks: Range<usize>,
    /// The first scope after it and all within it.
    pub(super) end: usize,
    /// Its `class`; empty for none.
    pub(super) class: &'a str,
    /// Its `href`, `datetime`, `itemprop` and `rel`.
    pub(super) href: Option<&'a str>,
    pub(super) datetime: Option<&'a str>,
    pub(super) itemprop: Option<&'a str>,
    pub(super) rel: Option<&'a str>,
}

/// A run of text between two block boundaries.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Its range of [`Page::text`], without the line feed.
    pub(super) text: Range<usize>,
    /// The innermost element that is no inline one.
    pub(super) scope: usize,
    /// Words, roughly: runs between spaces; two characters of Chinese or Japanese count as one.
    pub(super) words: usize,
    /// Bytes of text, and those of them within links, and in bold.
    pub(super) bytes: usize,
    pub(super) link_bytes: usize,
    pub(super) bold_bytes: usize,
    /// Whether it is running text: long enough, few links, punctuation at some place.
    pub(super) prose: bool,
}

impl Block {
    /// Whether a block with this text is running text.
    fn is_prose(&self, text: &str) -> bool {
        if self.words < 8 || self.link_density() > 0.4 {
            return false;
        }
        self.words >= 25
            || self.link_density() < 0.3
                && text.contains(['.', ',', '!', '?', '。', '，', '、', '؟', '،', '।', '…', '”', '"', ':'])
    }

    /// The share of its text that stands in links.
    pub(super) fn link_density(&self) -> f64 {
        ratio(self.link_bytes, self.bytes)
    }
}

/// `part` of `whole`, nothing of nothing being nothing.
#[expect(clippy::cast_precision_loss, reason = "counts within one page")]
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl<'a> Page<'a> {
    /// Walks the tree once.
    pub(super) fn of(html: &'a Html) -> Self {
        walk::walk(html)
    }

    /// The page with the scripts that the scan left out of its tree: they stand before those within it.
    pub(super) fn with_scripts(mut self, scanned: Vec<Script<'a>>) -> Self {
        self.scripts.splice(..0, scanned);
        self
    }

    /// The page under the head of another: what that one's scripts would have drawn.
    pub(super) fn with_head_of(mut self, other: &Page<'a>) -> Self {
        self.metas.clone_from(&other.metas);
        self.links.clone_from(&other.links);
        self.title.clone_from(&other.title);
        self.scripts.clone_from(&other.scripts);
        (self.lang, self.base) = (other.lang, other.base);
        self
    }

    /// The texts of its JSON-LD.
    pub(super) fn json_ld(&self) -> Vec<&'a str> {
        self.scripts.iter().filter(|script| script.is_json_ld()).map(|script| script.text).collect()
    }

    /// The text of a scope or block.
    pub(super) fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// The text of a block.
    pub(super) fn block_text(&self, block: &Block) -> &str {
        self.slice(&block.text)
    }

    /// A scope and all around it, innermost first.
    pub(super) fn ancestors(&self, scope: usize) -> impl Iterator<Item = (usize, &Scope<'a>)> {
        let mut next = Some(scope);
        std::iter::from_fn(move || {
            let index = next?;
            let scope = self.scopes.get(index)?;
            next = (scope.parent != index).then_some(scope.parent);
            Some((index, scope))
        })
    }

    /// The first non-empty content of the meta element with this name.
    pub(super) fn meta(&self, name: &str) -> Option<&'a str> {
        self.all_meta(name).next()
    }

    /// All non-empty contents of meta elements with this name.
    pub(super) fn all_meta(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.metas
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, content)| content.trim())
            .filter(|content| !content.is_empty())
    }
}

/// Characters of scripts that put no space between words.
pub(super) fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(html: &str) -> Vec<String> {
        let html = Html::parse_document(html);
        let page = Page::of(&html);
        page.blocks.iter().map(|block| page.block_text(block).to_owned()).collect()
    }

    #[test]
    fn a_block_is_what_stands_between_two_boundaries() {
        assert_eq!(blocks("<div>a <b>b</b>c<p>d</p> e<br>f <br> <br/>g</div>"), ["a bc", "d", "e f", "g"]);
    }

    #[test]
    fn a_blank_line_divides_preformatted_text() {
        assert_eq!(blocks("<pre>\none\ntwo\n\n\nthree\n \nfour</pre>"), ["one two", "three", "four"]);
    }

    #[test]
    fn scripts_and_styles_are_no_text() {
        assert_eq!(blocks("<p>a<script>x</script><style>y</style><svg><title>t</title><g>z</g></svg>b"), ["a b"]);
    }

    #[test]
    fn a_scope_knows_its_text_and_its_end() {
        let html = Html::parse_document("<article><p>one</p><p>two <a href=' /x '>three</a></p></article><p>four");
        let page = Page::of(&html);
        let article = page.scopes.iter().find(|scope| scope.tag == Tag::Article).unwrap();
        assert_eq!(page.slice(&article.text), "one\ntwo three\n");
        assert_eq!(article.blocks, 0..2);
        let link = page.scopes.iter().find(|scope| scope.tag == Tag::A).unwrap();
        assert_eq!((page.slice(&link.text).trim(), link.href), ("three", Some("/x")));
    }

    #[test]
    fn link_density_counts_bytes_in_links() {
        let html = Html::parse_document("<p>aaaa <a href=x>bbbb</a></p>");
        let page = Page::of(&html);
        assert!((page.blocks[0].link_density() - 0.5).abs() < 0.01);
    }
}
