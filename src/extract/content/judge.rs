//! The classifier's word on each block, and where it is unsure.

use std::sync::LazyLock;

use super::features::{NAMES, features};
use super::ground::Ground;
use super::rules::is_attribution;
use super::{ends_sentence, tag_of};
use crate::extract::authors::is_byline;
use crate::extract::page::Block;
use crate::extract::tag::Tag;
use crate::extract::text::has_key;
use crate::extract::trees::{MOST_FEATURES, Stop, Trees};

/// The trees that judge blocks. A test reads them, so that a worker never finds them unreadable.
pub(super) static BLOCKS: LazyLock<Trees> =
    LazyLock::new(|| Trees::read(include_bytes!("blocks.trees"), &NAMES).unwrap_or_default());

/// The logarithm of the odds from which on a block is text: a probability of .5. Of .4, .45, .5, .55 and .6 it
/// is the middle: cross-validated by host, .4 costs the news sets .002 and .6 costs WCXB's .004.
const TEXT: f32 = 0.0;

/// Logarithms of the odds from which on a page's best long blocks are sure enough.
const SURE: f32 = 0.5;

/// Where blocks are decided before the last tree: of 168,169 of development pages that the trees were asked about 7 would be
/// judged otherwise by all, and 52 of 120 are walked in the mean.
const STOPS: [Stop; 8] = [
    Stop { trees: 8, from: -1.4, to: 0.5 },
    Stop { trees: 16, from: -1.97, to: 1.21 },
    Stop { trees: 24, from: -2.21, to: 1.8 },
    Stop { trees: 32, from: -2.52, to: 2.04 },
    Stop { trees: 40, from: -2.56, to: 2.18 },
    Stop { trees: 56, from: -1.99, to: 1.91 },
    Stop { trees: 72, from: -1.59, to: 1.31 },
    Stop { trees: 88, from: -0.84, to: 0.74 },
];

/// Words of a byline at most, as the rules have it: a longer one tells a story.
const BYLINE_WORDS: usize = 20;

/// Words of a block that says how sure the classifier is of a page.
const LONG: usize = 20;

/// For each block, whether it is text.
///
/// On a page whose best block is unsure, all are judged more mildly: an odd layout lowers every
/// probability, and an article without text serves nobody.
pub(super) fn judge(ground: &Ground<'_>) -> Vec<bool> {
    let page = ground.facts.page;
    let best = |scores: &[f32]| {
        let long = page.blocks.iter().zip(scores).filter(|(block, _)| block.words >= LONG).map(|(_, score)| *score);
        long.fold(f32::MIN, f32::max)
    };
    let mut scores = scores(ground, Effort::Usual);
    // On an unsure page no block is passed over, and the last tree's sum tells how far the bound is lowered.
    if best(&scores) < SURE {
        scores = self::scores(ground, Effort::Full);
    }
    let best = best(&scores);
    let bound = if best > f32::MIN { TEXT.min(best - SURE) } else { TEXT };
    let blocks = page.blocks.iter().enumerate().zip(&scores);
    blocks.map(|((index, block), score)| is_text(ground, index, block, *score > bound)).collect()
}

/// What no classifier is asked: what is not shown, the headline, what stands above it as mastheads do and a byline are
/// no text, and a line that goes to another field is kept for it.
fn is_text(ground: &Ground<'_>, index: usize, block: &Block, judged: bool) -> bool {
    let page = ground.facts.page;
    let voted = ground.voted.get(index).copied().unwrap_or_default();
    if voted && is_attribution(page, block) {
        return true;
    }
    let dropped = ground.dropped.get(index).copied().unwrap_or_default();
    if !judged || (dropped && page.ancestors(block.scope).any(|(_, scope)| scope.unseen)) {
        return false;
    }
    let headline = ground.heading == Some(block.scope) && matches!(tag_of(page, block), Tag::Heading(1));
    let text = page.block_text(block);
    let above = ground.heading.and_then(|at| page.scopes.get(at)).is_some_and(|scope| index < scope.blocks.start);
    let masthead = above && block.words <= 8 && !ends_sentence(text);
    let byline = block.words <= BYLINE_WORDS && is_byline(text);
    !headline && !masthead && !byline && (text.len() >= 2000 || !has_key(text, ground.title))
}

/// Whether the trees are asked about a block. What the rules take for furniture is no text outside of the region, nor
/// where it is little but links: more than half of the blocks of the development pages are of this kind, and of the
/// 90,949 that trees took as text 15 were.
pub(super) fn is_asked(ground: &Ground<'_>, index: usize, block: &Block) -> bool {
    let scopes = &ground.facts.page.scopes;
    let within = |region: usize| scopes.get(region).is_some_and(|region| region.blocks.contains(&index));
    let dropped = ground.dropped.get(index).copied().unwrap_or_default();
    !dropped || (block.link_density() <= 0.8 && (within(ground.region) || within(ground.plain_region)))
}

/// How much is done for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Blocks that are no text by all experience are passed over, and trees stop where they are decided.
    Usual,
    /// All blocks, by all trees.
    Full,
}

/// For each block, the logarithm of the odds that it is text.
fn scores(ground: &Ground<'_>, effort: Effort) -> Vec<f32> {
    let stops: &[Stop] = if effort == Effort::Full { &[] } else { &STOPS };
    let mut values = [0.0; MOST_FEATURES];
    let blocks = ground.facts.page.blocks.iter().enumerate();
    blocks
        .map(|(index, block)| {
            if effort == Effort::Usual && !is_asked(ground, index, block) {
                return f32::NEG_INFINITY;
            }
            let mut places = values.iter_mut();
            features(ground, index, block, &mut |_, _, value| {
                if let Some(place) = places.next() {
                    *place = value;
                }
            });
            BLOCKS.score_until(&values, stops)
        })
        .collect()
}
