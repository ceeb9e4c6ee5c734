//! What is known of a page before its blocks are judged one by one.
//!
//! Sums, so that any element's share of anything is a subtraction; the region; and, for each scope,
//! how far up the nearest element of each family of class words stands.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::sums::Sums;
use super::{Survey, is_heading_like, tag_of};
use crate::extract::classes::Families;
use crate::extract::page::{Block, Page, ratio};
use crate::extract::phrases::ends_article;
use crate::extract::structured::Facts;
use crate::extract::tag::Tag;

/// Levels above which a family or a tag counts as far away.
const FAR: u8 = 15;

/// How many levels above a scope the nearest element of a kind stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels<const N: usize>([u8; N]);

impl<const N: usize> Levels<N> {
    const NOWHERE: Self = Self([FAR; N]);

    fn below(self, own: impl Fn(usize) -> bool) -> Self {
        let mut levels = self;
        for (kind, level) in levels.0.iter_mut().enumerate() {
            *level = if own(kind) { 0 } else { (*level + 1).min(FAR) };
        }
        levels
    }

    /// The levels, in the order of the kinds.
    pub(super) fn iter(&self) -> impl Iterator<Item = u8> {
        self.0.iter().copied()
    }
}

/// The tags whose distance above a block is looked at: list items, quotes, cells, figures, asides, headers,
/// footers, forms, details, sections, articles, main, nav and links.
const TAGS: [fn(Tag) -> bool; 14] = [
    |tag| tag == Tag::Li,
    |tag| tag == Tag::Blockquote,
    |tag| tag == Tag::Cell,
    |tag| matches!(tag, Tag::Figure | Tag::Figcaption),
    |tag| tag == Tag::Aside,
    |tag| tag == Tag::Header,
    |tag| tag == Tag::Footer,
    |tag| tag == Tag::Form,
    |tag| tag == Tag::Details,
    |tag| tag == Tag::Section,
    |tag| tag == Tag::Article,
    |tag| tag == Tag::Main,
    |tag| tag == Tag::Nav,
    |tag| tag == Tag::A,
];

/// What blocks of one kind of place come to, over the whole page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alike {
    pub(super) blocks: usize,
    pub(super) words: usize,
    pub(super) prose: usize,
    pub(super) link_bytes: usize,
    pub(super) bytes: usize,
}

impl Alike {
    fn add(&mut self, block: &Block) {
        self.blocks += 1;
        self.words += block.words;
        self.prose += if block.prose { block.words } else { 0 };
        self.link_bytes += block.link_bytes;
        self.bytes += block.bytes;
    }
}

/// Blocks by a kind of place, and what those of each kind come to.
#[derive(Debug, Default)]
struct Kinds {
    numbers: HashMap<u64, usize>,
    alike: Vec<Alike>,
    /// For each block the number of its kind.
    of_block: Vec<usize>,
}

impl Kinds {
    /// Adds the next block.
    fn add(&mut self, kind: u64, block: &Block) {
        let number = *self.numbers.entry(kind).or_insert(self.alike.len());
        if number == self.alike.len() {
            self.alike.push(Alike::default());
        }
        if let Some(alike) = self.alike.get_mut(number) {
            alike.add(block);
        }
        self.of_block.push(number);
    }

    fn of(&self, index: usize) -> Alike {
        self.of_block.get(index).and_then(|number| self.alike.get(*number)).copied().unwrap_or_default()
    }
}

/// All that is known of a page before its blocks are judged.
pub(super) struct Ground<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) title: &'a str,
    pub(super) heading: Option<usize>,
    pub(super) words: Sums,
    pub(super) bytes: Sums,
    pub(super) link_bytes: Sums,
    pub(super) prose: Sums,
    /// Prose outside of furniture.
    pub(super) good: Sums,
    pub(super) region: usize,
    /// The smallest element with most of the prose, furniture or not.
    pub(super) plain_region: usize,
    /// For each block: whether it is furniture, and taken by the rules.
    pub(super) dropped: Vec<bool>,
    pub(super) voted: Vec<bool>,
    pub(super) families: Vec<Levels<{ Families::COUNT }>>,
    /// As `families`, for the tags that [`TAGS`] lists.
    pub(super) tags: Vec<Levels<{ TAGS.len() }>>,
    pub(super) depth: Vec<u16>,
    /// Readability's points of each scope, and the most that any has.
    pub(super) points: Vec<f32>,
    pub(super) most_points: f32,
    paths: Vec<u64>,
    by_path: Kinds,
    by_place: Kinds,
    texts: HashMap<u64, u32>,
    hashes: Vec<u64>,
    /// For each block: blocks since a picture, since a heading, since a heading that ends articles.
    pub(super) since_image: Vec<usize>,
    pub(super) since_heading: Vec<usize>,
    pub(super) since_end: Vec<usize>,
    /// For each block: families of the inline element that holds all of it.
    pub(super) cover: Vec<Families>,
}

/// Blocks after which nothing is remembered of a picture or heading.
const LONG_AGO: usize = 99;

impl<'a> Ground<'a> {
    /// Sums up a page.
    pub(super) fn of(facts: &'a Facts<'a>, title: &'a str, heading: Option<usize>, survey: Survey) -> Self {
        let page = facts.page;
        let dropped = page
            .blocks
            .iter()
            .map(|block| survey.dropped.get(block.scope).copied().unwrap_or_default())
            .collect::<Vec<bool>>();
        let mut ground = Self {
            facts,
            title,
            heading,
            words: Sums::of(page, |block| block.words),
            bytes: Sums::of(page, |block| block.bytes),
            link_bytes: Sums::of(page, |block| block.link_bytes),
            prose: survey.prose,
            good: survey.good,
            region: survey.region,
            plain_region: survey.plain_region,
            dropped,
            voted: survey.voted,
            families: Vec::with_capacity(page.scopes.len()),
            tags: Vec::with_capacity(page.scopes.len()),
            depth: Vec::with_capacity(page.scopes.len()),
            points: vec![0.0; page.scopes.len()],
            most_points: 1.0,
            paths: Vec::with_capacity(page.scopes.len()),
            by_path: Kinds::default(),
            by_place: Kinds::default(),
            texts: HashMap::new(),
            hashes: Vec::with_capacity(page.blocks.len()),
            since_image: Vec::with_capacity(page.blocks.len()),
            since_heading: Vec::with_capacity(page.blocks.len()),
            since_end: Vec::with_capacity(page.blocks.len()),
            cover: Vec::with_capacity(page.blocks.len()),
        };
        ground.scopes(page);
        ground.blocks(page);
        ground
    }

    fn scopes(&mut self, page: &Page<'_>) {
        for (index, scope) in page.scopes.iter().enumerate() {
            let parent = (scope.parent != index).then_some(scope.parent);
            let families = parent.and_then(|at| self.families.get(at).copied()).unwrap_or(Levels::NOWHERE);
            self.families.push(families.below(|kind| scope.own.has(kind)));
            let tags = parent.and_then(|at| self.tags.get(at).copied()).unwrap_or(Levels::NOWHERE);
            self.tags.push(tags.below(|kind| TAGS.get(kind).is_some_and(|is| is(scope.tag))));
            self.depth.push(parent.and_then(|at| self.depth.get(at)).map_or(0, |depth| depth.saturating_add(1)));
            let path = parent.and_then(|at| self.paths.get(at).copied()).unwrap_or_default();
            self.paths.push(path.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(scope.tag.number() + 1));
        }
    }

    fn blocks(&mut self, page: &Page<'_>) {
        let (mut images, mut image, mut heading, mut end) = (0, LONG_AGO, LONG_AGO, LONG_AGO);
        for block in &page.blocks {
            let path = self.paths.get(block.scope).copied().unwrap_or_default();
            self.by_path.add(path, block);
            self.by_place.add(place(page, block), block);
            let hash = xxh3_64(page.block_text(block).as_bytes());
            self.hashes.push(hash);
            *self.texts.entry(hash).or_default() += 1;
            self.give_points(page, block);

            let mut covers = Families::NONE;
            while let Some(scope) = page.scopes.get(images).filter(|scope| scope.text.start <= block.text.start) {
                if scope.tag == Tag::Img {
                    image = 0;
                }
                if scope.tag.is_inline() && scope.text.start == block.text.start && scope.text.end >= block.text.end {
                    covers |= scope.own;
                }
                images += 1;
            }
            self.cover.push(covers);
            self.since_image.push(image);
            self.since_heading.push(heading);
            self.since_end.push(end);
            let step = |count: usize| (count + 1).min(LONG_AGO);
            (image, heading, end) = (step(image), step(heading), step(end));
            if matches!(tag_of(page, block), Tag::Heading(_)) {
                heading = 0;
                end = LONG_AGO;
            }
            if is_heading_like(page, block) && ends_article(&page.block_text(block).to_lowercase()) {
                end = 0;
            }
        }
        self.most_points = self.points.iter().copied().fold(1.0, f32::max);
    }

    /// Readability's score: a paragraph gives its parent points, and the parent's parent half of them.
    fn give_points(&mut self, page: &Page<'_>, block: &Block) {
        if !block.prose {
            return;
        }
        let points = 1.0 + (f32::from(u16::try_from(block.bytes).unwrap_or(u16::MAX)) / 100.0).min(3.0);
        for (level, (index, _)) in page.ancestors(block.scope).take(3).enumerate() {
            if let Some(sum) = self.points.get_mut(index) {
                *sum += points / [1.0, 1.0, 2.0][level.min(2)];
            }
        }
    }

    /// What the blocks under the same tags come to.
    pub(super) fn on_path(&self, index: usize) -> Alike {
        self.by_path.of(index)
    }

    /// What the blocks in elements of the same tags and classes come to.
    pub(super) fn in_place(&self, index: usize) -> Alike {
        self.by_place.of(index)
    }

    /// How often a block's text stands on the page.
    pub(super) fn repetitions(&self, index: usize) -> u32 {
        self.hashes.get(index).and_then(|hash| self.texts.get(hash)).copied().unwrap_or_default()
    }

    /// The share of the page's links in an element's text.
    pub(super) fn density(&self, scope: usize) -> f64 {
        let page = self.facts.page;
        ratio(self.link_bytes.of_scope(page, scope), self.bytes.of_scope(page, scope))
    }
}

/// Tag and class of a block's element and of the one around it, as one number.
fn place(page: &Page<'_>, block: &Block) -> u64 {
    page.ancestors(block.scope).take(2).fold(0, |place, (_, scope)| {
        place.rotate_left(7) ^ xxh3_64(scope.class.as_bytes()).wrapping_add(scope.tag.number())
    })
}
