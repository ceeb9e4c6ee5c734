//! What rules say of a block by itself: a vote that the classifier hears.

use super::{Sums, ends_sentence, is_heading_like, tag_of};
use crate::extract::authors::is_byline;
use crate::extract::classes::Families;
use crate::extract::dates::{Order, shown};
use crate::extract::page::{Block, Page, ratio};
use crate::extract::phrases::{ends_article, is_furniture, says_published, says_updated};
use crate::extract::structured::Facts;
use crate::extract::tag::Tag;
use crate::extract::text::{has_key, key};
use crate::extract::wire::{names_source, photo_credit};

/// Judges single blocks.
pub(super) struct Judge<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) dropped: &'a [bool],
    pub(super) title: &'a str,
    pub(super) heading: Option<usize>,
}

impl Judge<'_> {
    /// For each block, whether it is text: those of the region that are, and a standfirst before it.
    pub(super) fn votes(&self, region: usize, good: &Sums) -> Vec<bool> {
        let page = self.facts.page;
        let mut votes = vec![false; page.blocks.len()];
        let mut vote = |index: usize| {
            if let Some(vote) = votes.get_mut(index) {
                *vote = true;
            }
        };
        let Some(scope) = page.scopes.get(region) else { return votes };
        self.standfirst(scope.blocks.start).into_iter().for_each(&mut vote);
        let total = good.of_scope(page, region);
        let mut seen = 0;
        for index in scope.blocks.clone() {
            let Some(block) = page.blocks.get(index) else { break };
            // The heading of a box within the text is not the end of the text.
            if self.is_dropped(block) {
                continue;
            }
            if is_heading_like(page, block) && seen * 2 > total && ends_article(&page.block_text(block).to_lowercase())
            {
                break;
            }
            if self.is_text(index, block) {
                vote(index);
                seen += if block.prose { block.words } else { 0 };
            }
        }
        votes
    }

    fn is_dropped(&self, block: &Block) -> bool {
        self.dropped.get(block.scope).copied().unwrap_or_default()
    }

    /// Whether a block is text of the article, as far as rules can say.
    fn is_text(&self, index: usize, block: &Block) -> bool {
        let page = self.facts.page;
        if self.is_dropped(block) {
            return false;
        }
        let text = page.block_text(block);
        if text.len() < 2000 && has_key(text, self.title) {
            return false;
        }
        let density = block.link_density();
        let tag = tag_of(page, block);
        if is_attribution(page, block) {
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
            at.and_then(|at| page.blocks.get(at))
                .is_some_and(|block| block.prose && !self.dropped.get(block.scope).copied().unwrap_or_default())
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
                        && (lead || block.prose)
                        && self.is_text(*index, block)
                })
            })
            .collect()
    }
}

/// Whether a short text says when the page was published or changed.
fn is_stamp(text: &str) -> bool {
    // A day has a number; those of other scripts are beyond ASCII.
    let numbered = text.bytes().any(|byte| byte.is_ascii_digit() || !byte.is_ascii());
    // Words are cheaper to find than a day.
    let says = || {
        let lower = text.to_lowercase();
        says_published(&lower) || says_updated(&lower)
    };
    numbered && !text.ends_with('.') && says() && shown(text, Order::DayFirst).is_some()
}

/// Whether a block of the text goes to another field: a source line or a photographer's name.
pub(super) fn is_attribution(page: &Page<'_>, block: &Block) -> bool {
    block.words <= 20 && {
        let text = page.block_text(block);
        names_source(text) || photo_credit(text).is_some()
    }
}
