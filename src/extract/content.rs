//! Which blocks of a page are its text.
//!
//! Three steps over the blocks, no further look at the tree: elements that are furniture are left
//! out with all that is in them; the smallest element that holds most of the prose is the region; in
//! the region, each block is judged by what it is, how much of it is links, and where it stands.

mod furniture;
mod sums;

use super::authors::{is_byline, is_name};
use super::classes::Families;
use super::dates::{Order, shown};
use super::page::{Block, Page, ratio};
use super::phrases::{ends_article, is_furniture, says_published, says_updated};
use super::structured::Facts;
use super::tag::Tag;
use super::text::{clean, key};
use super::wire::{Line, names_source, photo_credit};
use furniture::furniture;
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

/// The share of the prose that the region holds. Of .5, .6 and .7 the middle was best on the
/// development sets; it tolerates a teaser list as long as half the article.
const REGION_SHARE: f64 = 0.6;

/// Finds the text. `title` and `heading` are the headline and the scope that shows it.
pub(super) fn body(facts: &Facts<'_>, title: Option<&str>, heading: Option<usize>) -> Body {
    let page = facts.page;
    let sums = Sums::of(page, |block| if is_prose(page, block) { block.words } else { 0 });
    let dropped = furniture(page, &sums, heading);
    let is_dropped = |block: &Block| dropped.get(block.scope).copied().unwrap_or_default();
    let good = Sums::of(page, |block| if !is_dropped(block) && is_prose(page, block) { block.words } else { 0 });
    let seen = Sums::of(page, |block| if is_dropped(block) { 0 } else { block.words });
    let page_words = page.blocks.iter().map(|block| block.words).sum();
    let Some(region) = region(page, &good, &seen) else { return Body { page_words, ..Body::default() } };
    let Some(scope) = page.scopes.get(region) else { return Body { page_words, ..Body::default() } };
    let title_key = title.map(key).unwrap_or_default();
    let judge = Judge { facts, dropped: &dropped, title: &title_key, heading };
    let first = judge.standfirst(scope.blocks.start);
    let mut taken: Vec<usize> = first;
    let total = good.of_scope(page, region);
    let mut seen = 0;
    for index in scope.blocks.clone() {
        let Some(block) = page.blocks.get(index) else { break };
        // The heading of a box within the text is not the end of the text.
        if is_dropped(block) {
            continue;
        }
        if is_heading_like(page, block) && seen * 2 > total && ends_article(&page.block_text(block).to_lowercase()) {
            break;
        }
        if judge.is_text(index, block) {
            taken.push(index);
            seen += if is_prose(page, block) { block.words } else { 0 };
        }
    }
    let mut taken = without_loose_headings(page, taken);
    let signature = take_signature(page, &mut taken);
    let prose_words = taken
        .iter()
        .filter_map(|index| page.blocks.get(*index))
        .filter(|block| is_prose(page, block))
        .map(|block| block.words)
        .sum();
    let lines = taken
        .iter()
        .filter_map(|index| page.blocks.get(*index))
        .map(|block| line(facts, block))
        .filter(|line| !line.text.is_empty())
        .collect();
    Body { lines, region: Some((region, scope.end)), prose_words, signature, page_words }
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

/// Whether a block is running text: long enough, few links, punctuation at some place.
fn is_prose(page: &Page<'_>, block: &Block) -> bool {
    if block.words < 8 || block.link_density() > 0.4 {
        return false;
    }
    if block.words >= 25 {
        return true;
    }
    let text = page.block_text(block);
    block.link_density() < 0.3
        && text.contains(['.', ',', '!', '?', '。', '，', '、', '؟', '،', '।', '…', '”', '"', ':'])
}

/// The tag of the innermost element around a block that is no mere wrapper.
fn tag_of(page: &Page<'_>, block: &Block) -> Tag {
    page.scopes.get(block.scope).map_or(Tag::Div, |scope| scope.tag)
}

fn is_heading_like(page: &Page<'_>, block: &Block) -> bool {
    let bold = block.bold_bytes * 10 >= block.bytes * 8;
    block.words <= 10 && (matches!(tag_of(page, block), Tag::Heading(_)) || bold || block.words <= 6)
}

/// The smallest scope that holds most of the prose.
fn region(page: &Page<'_>, good: &Sums, seen: &Sums) -> Option<usize> {
    let total = good.total();
    if total == 0 {
        return None;
    }
    let holds = |index: usize, share: f64| ratio(good.of_scope(page, index), total) >= share;
    let mut region = (0..page.scopes.len()).rfind(|index| holds(*index, REGION_SHARE))?;
    while page.scopes.get(region).is_some_and(|scope| {
        scope.tag.is_inline()
            || matches!(
                scope.tag,
                Tag::P | Tag::Li | Tag::Cell | Tag::Row | Tag::Blockquote | Tag::Heading(_) | Tag::List
            )
    }) {
        let parent = page.scopes.get(region)?.parent;
        if parent == region {
            break;
        }
        region = parent;
    }
    Some(widened(page, good, seen, region))
}

/// The share of prose that an element around the region must add to be taken instead of it.
const ADDED_PROSE: f64 = 0.65;

/// The region with its neighbours, where they are as dense: bodies are often split over several boxes.
fn widened(page: &Page<'_>, good: &Sums, seen: &Sums, region: usize) -> usize {
    let (here, around) = (good.of_scope(page, region), seen.of_scope(page, region));
    let mut best = region;
    for (index, scope) in page.ancestors(region).skip(1) {
        if matches!(scope.tag, Tag::Body | Tag::Html) {
            break;
        }
        let more = good.of_scope(page, index).saturating_sub(here);
        let added = seen.of_scope(page, index).saturating_sub(around);
        if ratio(more, here) >= 0.03 && ratio(more, added) >= ADDED_PROSE {
            best = index;
        }
    }
    best
}

/// Judges single blocks.
struct Judge<'a> {
    facts: &'a Facts<'a>,
    dropped: &'a [bool],
    title: &'a str,
    heading: Option<usize>,
}

impl Judge<'_> {
    fn is_text(&self, index: usize, block: &Block) -> bool {
        let page = self.facts.page;
        if self.dropped.get(block.scope).copied().unwrap_or_default() {
            return false;
        }
        let text = page.block_text(block);
        if text.len() < 2000 && key(text) == self.title {
            return false;
        }
        let density = block.link_density();
        let tag = tag_of(page, block);
        if block.words <= 20 && (names_source(text) || photo_credit(text).is_some()) {
            return true;
        }
        if block.words <= 12
            && (density > 0.3 || block.words <= 5 || !text.ends_with(['.', '!', '?']))
            && is_furniture(&text.to_lowercase())
        {
            return false;
        }
        if block.words <= 20 && is_byline(text) {
            return false;
        }
        if block.words <= 8 && !ends_sentence(text) && self.is_above_heading(index) {
            return false;
        }
        if block.words <= 25 && (is_stamp(text) || self.repeats_title(text)) {
            return false;
        }
        match tag {
            Tag::Heading(1) if self.heading == Some(block.scope) => false,
            Tag::Heading(_) => density < 0.5 && block.words <= 40,
            Tag::P | Tag::Blockquote | Tag::Pre => density < 0.6 || (block.words >= 25 && density < 0.8),
            Tag::Li | Tag::Dd | Tag::Dt => density < 0.5 && self.list_is_text(block),
            Tag::Cell => density < 0.5,
            _ => {
                if block.words >= 10 {
                    density < 0.5
                } else {
                    density < 0.2 && (ends_sentence(text) || self.between_prose(index))
                }
            }
        }
    }

    /// Whether a block stands above the headline, where mastheads and kickers do.
    fn is_above_heading(&self, index: usize) -> bool {
        let heading = self.heading.and_then(|heading| self.facts.page.scopes.get(heading));
        heading.is_some_and(|heading| index < heading.blocks.start)
    }

    /// Whether a short text is the headline with little around it.
    fn repeats_title(&self, text: &str) -> bool {
        self.title.len() > 30 && text.len() < self.title.len() * 2 && key(text).contains(self.title)
    }

    /// Whether the list around an item is text rather than links.
    fn list_is_text(&self, block: &Block) -> bool {
        let page = self.facts.page;
        let list = page.ancestors(block.scope).find(|(_, scope)| matches!(scope.tag, Tag::List | Tag::Dl));
        let Some((_, list)) = list else { return true };
        let blocks = page.blocks.get(list.blocks.clone()).unwrap_or_default();
        let links: usize = blocks.iter().map(|block| block.link_bytes).sum();
        let bytes: usize = blocks.iter().map(|block| block.bytes).sum();
        ratio(links, bytes) < 0.45
    }

    /// Whether prose stands right before and after a block.
    fn between_prose(&self, index: usize) -> bool {
        let page = self.facts.page;
        let prose = |at: Option<usize>| {
            at.and_then(|at| page.blocks.get(at)).is_some_and(|block| {
                is_prose(page, block) && !self.dropped.get(block.scope).copied().unwrap_or_default()
            })
        };
        prose(index.checked_sub(1)) && prose(index.checked_add(1))
    }

    /// The standfirst: prose between the headline and the region.
    fn standfirst(&self, region_start: usize) -> Vec<usize> {
        let page = self.facts.page;
        let Some(heading) = self.heading.and_then(|index| page.scopes.get(index)) else { return Vec::new() };
        if heading.blocks.end > region_start || region_start - heading.blocks.end > 25 {
            return Vec::new();
        }
        let candidates = heading.blocks.end..region_start;
        candidates
            .filter(|index| {
                page.blocks.get(*index).is_some_and(|block| {
                    let lead = page.ancestors(block.scope).take(3).any(|(_, scope)| scope.own.any(Families::LEAD));
                    block.words >= if lead { 4 } else { 10 }
                        && block.link_density() < 0.2
                        && (lead || is_prose(page, block))
                        && self.is_text(*index, block)
                })
            })
            .collect()
    }
}

/// Whether a short text says when the page was published or changed.
fn is_stamp(text: &str) -> bool {
    let lower = text.to_lowercase();
    (says_published(&lower) || says_updated(&lower)) && !text.ends_with('.') && shown(text, Order::DayFirst).is_some()
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

/// The line of a block; its link, where it could be a source line.
fn line(facts: &Facts<'_>, block: &Block) -> Line {
    let page = facts.page;
    let text = clean(page.block_text(block));
    let prose = match tag_of(page, block) {
        Tag::Heading(_) | Tag::Li | Tag::Dt | Tag::Dd => false,
        // Old pages are laid out in tables: a cell of several paragraphs is no cell of data.
        Tag::Cell => page.scopes.get(block.scope).is_some_and(|cell| cell.blocks.len() > 2),
        _ => true,
    };
    let labelled = block.link_bytes > 0 && text.as_bytes().iter().take(40).any(|byte| *byte == b':');
    let href = labelled
        .then(|| {
            let first = page.scopes.partition_point(|scope| scope.text.start < block.text.start);
            let mut inside = page.scopes.get(first..)?.iter().take_while(|scope| scope.text.start <= block.text.end);
            inside.find_map(|scope| scope.href.filter(|_| scope.tag == Tag::A)).and_then(|href| facts.absolute(href))
        })
        .flatten();
    Line { text, href, prose }
}
