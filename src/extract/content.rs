//! Which blocks of a page are its text.
//!
//! Rules look first: elements that are furniture are marked with all that is in them, the smallest
//! element that holds most of the prose is the region, and in it each block gets a vote by what it
//! is, how much of it is links, and where it stands. Then boosted trees that were trained on labelled
//! pages judge each block by some 160 features, of which the rules' vote is one.
//!
//! | room | what it does |
//! |---|---|
//! | `furniture` | elements that are left out by tag or class |
//! | `region` | the element that holds the article |
//! | `rules` | a vote on each block |
//! | `ground`, `marks` | what is summed up over a page, and over a block's characters |
//! | `features` | what the trees are told of a block |
//! | `judge` | the verdict |
//! | `passages` | what each block of the text is: paragraph, heading, item, row |

mod features;
mod furniture;
mod ground;
mod judge;
mod marks;
mod passages;
mod region;
mod rules;
mod sums;
#[cfg(test)]
mod tests;

use super::authors::is_name;
use super::page::{Block, Page};
use super::structured::Facts;
use super::tag::Tag;
use super::text::{clean, key};
use super::wire::Line;
use furniture::furniture;
use ground::Ground;
use rules::Judge;
use sums::Sums;

/// The text of a page, and where it stood.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) lines: Vec<Line>,
    /// The scopes of the region: its first, and the one after its last.
    pub(super) region: Option<(usize, usize)>,
    /// Words of long paragraphs that were taken.
    pub(super) prose_words: usize,
    /// A name by itself, in bold, above or below the text.
    pub(super) signature: Option<String>,
    /// Words of the whole page.
    pub(super) page_words: usize,
}

/// Finds the text. `title` and `heading` are the headline and the scope that shows it.
pub(super) fn body(facts: &Facts<'_>, title: Option<&str>, heading: Option<usize>) -> Body {
    let page = facts.page;
    let page_words = page.blocks.iter().map(|block| block.words).sum();
    let title = title.map(key).unwrap_or_default();
    let Some(survey) = Survey::of(facts, &title, heading) else { return Body { page_words, ..Body::default() } };
    let region = survey.region;
    let ground = Ground::of(facts, &title, heading, survey);
    let is_text = judge::judge(&ground);
    let taken = (0..page.blocks.len()).filter(|index| is_text.get(*index) == Some(&true)).collect();
    let mut taken = without_loose_headings(page, taken);
    let signature = take_signature(page, &mut taken);
    let prose_words = taken
        .iter()
        .filter_map(|index| page.blocks.get(*index))
        .filter(|block| block.prose)
        .map(|block| block.words)
        .sum();
    let lines = passages::lines(facts, heading, region, &taken);
    let end = page.scopes.get(region).map_or(region, |scope| scope.end);
    Body { lines, region: Some((region, end)), prose_words, signature, page_words }
}

/// What rules see on a page: furniture, the region, and their vote on each block.
struct Survey {
    dropped: Vec<bool>,
    prose: Sums,
    /// Prose outside of furniture.
    good: Sums,
    region: usize,
    plain_region: usize,
    voted: Vec<bool>,
}

/// Words of a block that can hardly be a teaser's, and of paragraphs that can be an article's.
const PARAGRAPH_WORDS: usize = 25;
const ARTICLE_WORDS: usize = 60;

impl Survey {
    /// Looks over a page; `None` if it has no prose.
    fn of(facts: &Facts<'_>, title: &str, heading: Option<usize>) -> Option<Self> {
        let page = facts.page;
        let prose = Sums::of(page, |block| if block.prose { block.words } else { 0 });
        let mut dropped = furniture(page, &prose, heading);
        // Where all prose would be furniture, and there are paragraphs in it, the page's words for it mean something else.
        let is_dropped = |block: &Block| dropped.get(block.scope).copied().unwrap_or_default();
        let words = |kept: &dyn Fn(&Block) -> bool| -> usize {
            page.blocks.iter().filter(|block| kept(block)).map(|block| block.words).sum()
        };
        if words(&|block| !is_dropped(block) && block.prose) == 0
            && words(&|block| block.words >= PARAGRAPH_WORDS && block.link_density() < 0.3) >= ARTICLE_WORDS
        {
            dropped.fill(false);
        }
        let is_dropped = |block: &Block| dropped.get(block.scope).copied().unwrap_or_default();
        let good = Sums::of(page, |block| if !is_dropped(block) && block.prose { block.words } else { 0 });
        let seen = Sums::of(page, |block| if is_dropped(block) { 0 } else { block.words });
        let region = region::region(page, &good, &seen)?;
        let plain_region = region::smallest(page, &prose)?;
        let judge = Judge { facts, dropped: &dropped, title, heading };
        let voted = judge.votes(region, &good);
        Some(Self { dropped, prose, good, region, plain_region, voted })
    }
}

/// A block with what the classifier is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its text, as it would stand in the record.
    pub text: String,
    /// The features.
    pub features: Vec<f32>,
    /// Whether the classifier is asked at all: it is trained on all blocks.
    pub asked: bool,
}

/// Every block of a page with its features, and their names.
pub(super) fn told(facts: &Facts<'_>, title: Option<&str>, heading: Option<usize>) -> (Vec<String>, Vec<Told>) {
    let page = facts.page;
    let title = title.map(key).unwrap_or_default();
    let Some(survey) = Survey::of(facts, &title, heading) else { return Default::default() };
    let ground = Ground::of(facts, &title, heading, survey);
    let names = features::NAMES.iter().map(|name| (*name).to_owned()).collect();
    let told = page.blocks.iter().enumerate().map(|(index, block)| {
        let mut values = Vec::with_capacity(features::NAMES.len());
        features::features(&ground, index, block, &mut |_, _, value| values.push(value));
        let asked = judge::is_asked(&ground, index, block);
        Told { text: clean(page.block_text(block)), features: values, asked }
    });
    let told = told.collect();
    (names, told)
}

/// Takes the author's name away where it stands in bold as the first or last paragraph.
fn take_signature(page: &Page<'_>, taken: &mut Vec<usize>) -> Option<String> {
    if taken.len() < 4 {
        return None;
    }
    let is_signature = |index: Option<&usize>| {
        let block = page.blocks.get(*index?)?;
        let text = page.block_text(block);
        let bold = block.bold_bytes * 10 >= block.bytes * 8 && tag_of(page, block) == Tag::P;
        (bold && block.words <= 4 && is_name(text)).then(|| clean(text))
    };
    if let Some(name) = is_signature(taken.last()) {
        taken.pop();
        return Some(name);
    }
    let name = is_signature(taken.first())?;
    taken.remove(0);
    Some(name)
}

/// The tag of the innermost element around a block that is no mere wrapper.
fn tag_of(page: &Page<'_>, block: &Block) -> Tag {
    page.scopes.get(block.scope).map_or(Tag::Div, |scope| scope.tag)
}

fn is_heading_like(page: &Page<'_>, block: &Block) -> bool {
    let bold = block.bold_bytes * 10 >= block.bytes * 8;
    block.words <= 10 && (matches!(tag_of(page, block), Tag::Heading(_)) || bold || block.words <= 6)
}

fn ends_sentence(text: &str) -> bool {
    text.ends_with(['.', '!', '?', '"', '”', '»', '。', '！', '？', '…', ':', ')', '’'])
}

/// Headings with nothing of the text behind them go.
fn without_loose_headings(page: &Page<'_>, taken: Vec<usize>) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::with_capacity(taken.len());
    let mut text_follows = false;
    for index in taken.into_iter().rev() {
        let Some(block) = page.blocks.get(index) else { continue };
        let heading = matches!(tag_of(page, block), Tag::Heading(_));
        if heading && !text_follows {
            continue;
        }
        text_follows = true;
        kept.push(index);
    }
    kept.reverse();
    kept
}
