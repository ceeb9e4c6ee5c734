//! What the classifier is told about a block.
//!
//! One function for training and for reading pages, so that the two can't differ: it hands each value
//! on together with its name, and only the training example keeps the names.

use super::ground::Ground;
use super::marks::Marks;
use super::{is_heading_like, tag_of};
use crate::extract::classes::Families;
use crate::extract::page::{Block, Page, ratio};
use crate::extract::phrases::{ends_article, is_furniture, says_published, says_updated};
use crate::extract::tag::Tag;
use crate::extract::text::key;

/// The features in their order, each a name and a number; a test holds the list against [`features`].
#[rustfmt::skip]
pub(super) const NAMES: [&str; 158] = [
    "words_0", "chars_a_word_0", "link_density_0", "bold_density_0", "ends_0", "ends_a_word_0", "commas_0", "digits_0",
    "quotes_0", "capitals_0", "upper_0", "bars_0", "ideographs_0", "ends_sentence_0", "ends_colon_0", "begins_lower_0",
    "begins_quote_0", "begins_mark_0", "at_sign_0", "rights_sign_0", "repetitions_0", "furniture_0", "end_heading_0", "published_0",
    "title_0", "tag_0", "heading_like_0", "depth_0", "family_0", "family_1", "family_2", "family_3",
    "family_4", "family_5", "family_6", "family_7", "family_8", "family_9", "family_10", "family_11",
    "family_12", "family_13", "family_14", "family_15", "family_16", "family_17", "family_18", "family_19",
    "family_20", "family_21", "family_22", "family_23", "family_24", "family_25", "family_26", "family_27",
    "family_28", "within_0", "within_1", "within_2", "within_3", "within_4", "within_5", "within_6",
    "within_7", "within_8", "within_9", "within_10", "within_11", "within_12", "within_13", "since_image_0",
    "since_heading_0", "since_end_0", "place_in_page_0", "words_before_0", "from_heading_0", "words_from_heading_0", "prose_from_heading_0", "alike_blocks_0",
    "alike_prose_0", "alike_share_0", "alike_words_0", "alike_links_0", "alike_blocks_1", "alike_prose_1", "alike_share_1", "alike_words_1",
    "alike_links_1", "around_blocks_0", "around_words_0", "around_prose_0", "around_share_0", "around_links_0", "around_blocks_1", "around_words_1",
    "around_prose_1", "around_share_1", "around_links_1", "around_blocks_2", "around_words_2", "around_prose_2", "around_share_2", "around_links_2",
    "around_blocks_3", "around_words_3", "around_prose_3", "around_share_3", "around_links_3", "points_0", "in_region_0", "from_region_0",
    "region_before_0", "region_after_0", "region_place_0", "region_below_0", "child_words_0", "child_links_0", "child_share_0", "child_tag_0",
    "in_region_1", "from_region_1", "next_words_0", "next_links_0", "next_tag_0", "next_sibling_0", "next_vote_0", "next_words_1",
    "next_links_1", "next_tag_1", "next_sibling_1", "next_vote_1", "next_words_2", "next_links_2", "next_tag_2", "next_sibling_2",
    "next_vote_2", "next_words_3", "next_links_3", "next_tag_3", "next_sibling_3", "next_vote_3", "prose_before_0", "prose_after_0",
    "prose_before_1", "prose_after_1", "since_prose_0", "until_prose_0", "voted_0", "dropped_0", "is_prose_0", "page_blocks_0",
    "page_words_0", "page_prose_0", "page_good_0", "page_links_0", "region_share_0", "news_0",
];

/// Elements around a block that are looked at, counting only those that hold more blocks than the one before.
const AROUND: usize = 4;

/// Hands on all features of a block: a name, a number that tells those of one name apart, the value.
pub(super) fn features(
    ground: &Ground<'_>,
    index: usize,
    block: &Block,
    put: &mut impl FnMut(&'static str, usize, f32),
) {
    text(ground, index, block, put);
    place(ground, index, block, put);
    around(ground, block, put);
    in_region(ground, index, block, put);
    neighbours(ground, index, put);
    votes(ground, index, block, put);
    page(ground, put);
}

/// The logarithm of a count.
#[expect(clippy::cast_precision_loss, reason = "counts within one page")]
fn log(count: usize) -> f32 {
    (1.0 + count as f32).ln()
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a page")]
fn share(part: usize, whole: usize) -> f32 {
    ratio(part, whole) as f32
}

fn flag(value: bool) -> f32 {
    f32::from(u8::from(value))
}

fn count(value: usize) -> f32 {
    f32::from(u16::try_from(value).unwrap_or(u16::MAX))
}

fn text(ground: &Ground<'_>, index: usize, block: &Block, put: &mut impl FnMut(&'static str, usize, f32)) {
    let page = ground.facts.page;
    let text = page.block_text(block);
    let marks = Marks::of(text);
    put("words", 0, count(block.words));
    put("chars_a_word", 0, share(marks.chars, block.words.max(1)));
    put("link_density", 0, share(block.link_bytes, block.bytes));
    put("bold_density", 0, share(block.bold_bytes, block.bytes));
    put("ends", 0, count(marks.ends));
    put("ends_a_word", 0, share(marks.ends, block.words.max(1)));
    put("commas", 0, count(marks.commas));
    put("digits", 0, share(marks.digits, marks.chars));
    put("quotes", 0, count(marks.quotes));
    put("capitals", 0, share(marks.capitals, block.words.max(1)));
    put("upper", 0, share(marks.upper, marks.chars));
    put("bars", 0, count(marks.bars));
    put("ideographs", 0, share(marks.ideographs, marks.chars));
    put("ends_sentence", 0, flag(marks.ends_sentence()));
    put("ends_colon", 0, flag(marks.last == Some(':')));
    put("begins_lower", 0, flag(marks.first.is_some_and(char::is_lowercase)));
    put("begins_quote", 0, flag(marks.first.is_some_and(|c| matches!(c, '"' | '“' | '„' | '«' | '‘'))));
    put("begins_mark", 0, flag(marks.first.is_some_and(|c| !c.is_alphanumeric())));
    put("at_sign", 0, flag(text.contains('@')));
    put("rights_sign", 0, flag(text.contains('©')));
    put("repetitions", 0, f32::from(u16::try_from(ground.repetitions(index)).unwrap_or(u16::MAX)));
    let short = block.words <= 25;
    let lower = if short { text.to_lowercase() } else { String::new() };
    put("furniture", 0, flag(short && is_furniture(&lower)));
    put("end_heading", 0, flag(short && ends_article(&lower)));
    put("published", 0, flag(short && (says_published(&lower) || says_updated(&lower))));
    // As a key no text grows to more than thrice its bytes, and one of ASCII not at all.
    let most = if text.is_ascii() { text.len() } else { 3 * text.len() };
    let may_hold_title = short && ground.title.len() > 8 && most >= ground.title.len();
    put("title", 0, flag(may_hold_title && key(text).contains(ground.title)));
}

fn place(ground: &Ground<'_>, index: usize, block: &Block, put: &mut impl FnMut(&'static str, usize, f32)) {
    let page = ground.facts.page;
    put("tag", 0, tag_feature(tag_of(page, block)));
    put("heading_like", 0, flag(is_heading_like(page, block)));
    put("depth", 0, f32::from(ground.depth.get(block.scope).copied().unwrap_or_default()));
    let cover = ground.cover.get(index).copied().unwrap_or(Families::NONE);
    for (kind, level) in ground.families.get(block.scope).iter().flat_map(|levels| levels.iter()).enumerate() {
        put("family", kind, if cover.has(kind) { 0.0 } else { f32::from(level) });
    }
    for (kind, level) in ground.tags.get(block.scope).iter().flat_map(|levels| levels.iter()).enumerate() {
        put("within", kind, f32::from(level));
    }
    put("since_image", 0, count(ground.since_image.get(index).copied().unwrap_or_default()));
    put("since_heading", 0, count(ground.since_heading.get(index).copied().unwrap_or_default()));
    put("since_end", 0, count(ground.since_end.get(index).copied().unwrap_or_default()));
    put("place_in_page", 0, share(index, page.blocks.len()));
    put("words_before", 0, share(ground.words.between(0..index), ground.words.total()));
    let heading = ground.heading.and_then(|heading| page.scopes.get(heading)).map(|scope| scope.blocks.start);
    let signed =
        |from: usize| if index >= from { count((index - from).min(200)) } else { -count((from - index).min(200)) };
    put("from_heading", 0, heading.map_or(-300.0, signed));
    put("words_from_heading", 0, heading.map_or(-1.0, |from| log(ground.words.between(from..index))));
    put("prose_from_heading", 0, heading.map_or(-1.0, |from| log(ground.prose.between(from..index))));
    for (number, alike) in [ground.on_path(index), ground.in_place(index)].into_iter().enumerate() {
        put("alike_blocks", number, log(alike.blocks));
        put("alike_prose", number, log(alike.prose));
        put("alike_share", number, share(alike.prose, ground.prose.total()));
        put("alike_words", number, share(alike.words, alike.blocks));
        put("alike_links", number, share(alike.link_bytes, alike.bytes));
    }
}

fn tag_feature(tag: Tag) -> f32 {
    match tag {
        Tag::P => 0.0,
        Tag::Pre => 1.0,
        Tag::Blockquote => 2.0,
        Tag::Heading(level) => 2.0 + f32::from(level),
        Tag::Li => 10.0,
        Tag::Dd | Tag::Dt | Tag::Dl => 11.0,
        Tag::Cell | Tag::Row | Tag::Table => 12.0,
        Tag::Article | Tag::Main | Tag::Section => 13.0,
        Tag::Div => 14.0,
        Tag::Figure => 15.0,
        Tag::Figcaption => 16.0,
        Tag::Header | Tag::Footer | Tag::Aside | Tag::Nav => 17.0,
        Tag::Form | Tag::Button => 18.0,
        _ => 19.0,
    }
}

/// The elements around a block, leaving out those that add nothing to the one inside them.
fn wider<'p>(page: &'p Page<'_>, block: &Block) -> impl Iterator<Item = usize> + 'p {
    let mut held = 0;
    page.ancestors(block.scope).filter_map(move |(index, scope)| {
        let wider = scope.blocks.len() > held;
        held = held.max(scope.blocks.len());
        wider.then_some(index)
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a page")]
fn around(ground: &Ground<'_>, block: &Block, put: &mut impl FnMut(&'static str, usize, f32)) {
    let page = ground.facts.page;
    let mut scopes = wider(page, block);
    for level in 0..AROUND {
        let scope = scopes.next();
        let blocks = scope.and_then(|scope| page.scopes.get(scope)).map_or(0, |scope| scope.blocks.len());
        let words = scope.map_or(0, |scope| ground.words.of_scope(page, scope));
        let prose = scope.map_or(0, |scope| ground.prose.of_scope(page, scope));
        put("around_blocks", level, log(blocks));
        put("around_words", level, log(words));
        put("around_prose", level, share(prose, words));
        put("around_share", level, share(prose, ground.prose.total()));
        put("around_links", level, scope.map_or(-1.0, |scope| ground.density(scope) as f32));
    }
    let points = page.ancestors(block.scope).take(4).map(|(index, _)| ground.points.get(index).copied().unwrap_or(0.0));
    put("points", 0, points.fold(0.0, f32::max) / ground.most_points);
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a page")]
fn in_region(ground: &Ground<'_>, index: usize, block: &Block, put: &mut impl FnMut(&'static str, usize, f32)) {
    let page = ground.facts.page;
    for (number, region) in [ground.region, ground.plain_region].into_iter().enumerate() {
        let scope = page.scopes.get(region);
        let blocks = scope.map_or(0..0, |scope| scope.blocks.clone());
        let inside = blocks.contains(&index);
        put("in_region", number, flag(inside));
        let from_region = if index < blocks.start {
            -count((blocks.start - index).min(200))
        } else if index >= blocks.end {
            count((index + 1 - blocks.end).min(200))
        } else {
            0.0
        };
        put("from_region", number, from_region);
        if number == 1 {
            continue;
        }
        put("region_before", number, if inside { log(ground.good.between(blocks.start..index)) } else { -1.0 });
        put("region_after", number, if inside { log(ground.good.between(index + 1..blocks.end)) } else { -1.0 });
        put("region_place", number, if inside { share(index - blocks.start, blocks.len()) } else { -1.0 });
        let depth = |scope: usize| ground.depth.get(scope).copied().unwrap_or_default();
        let below = depth(block.scope).saturating_sub(depth(region));
        put("region_below", number, if inside { f32::from(below) } else { -1.0 });
        let child = page.ancestors(block.scope).take_while(|(at, _)| *at != region).map(|(at, _)| at).last();
        let child = child.filter(|_| inside);
        put("child_words", number, child.map_or(-1.0, |child| log(ground.words.of_scope(page, child))));
        put("child_links", number, child.map_or(-1.0, |child| ground.density(child) as f32));
        let good = |scope: usize| ground.good.of_scope(page, scope);
        put("child_share", number, child.map_or(-1.0, |child| share(good(child), good(region))));
        let tag = child.and_then(|child| page.scopes.get(child)).map_or(-1.0, |scope| tag_feature(scope.tag));
        put("child_tag", number, tag);
    }
}

fn neighbours(ground: &Ground<'_>, index: usize, put: &mut impl FnMut(&'static str, usize, f32)) {
    let page = ground.facts.page;
    let scope = page.blocks.get(index).map_or(0, |block| block.scope);
    let place = page.scopes.get(scope);
    for (number, step) in [-2_isize, -1, 1, 2].into_iter().enumerate() {
        let at = index.checked_add_signed(step);
        let block = at.and_then(|at| page.blocks.get(at));
        put("next_words", number, block.map_or(-1.0, |block| count(block.words)));
        put("next_links", number, block.map_or(-1.0, |block| share(block.link_bytes, block.bytes)));
        put("next_tag", number, block.map_or(-1.0, |block| tag_feature(tag_of(page, block))));
        let sibling = block.and_then(|block| page.scopes.get(block.scope)).zip(place);
        put("next_sibling", number, flag(sibling.is_some_and(|(a, b)| a.parent == b.parent && a.tag == b.tag)));
        let voted = at.and_then(|at| ground.voted.get(at)).copied();
        put("next_vote", number, voted.map_or(-1.0, flag));
    }
    for (number, reach) in [3, 10].into_iter().enumerate() {
        let (before, after) = (index.saturating_sub(reach)..index, index + 1..index + 1 + reach);
        put("prose_before", number, share(ground.prose.between(before.clone()), ground.words.between(before)));
        put("prose_after", number, share(ground.prose.between(after.clone()), ground.words.between(after)));
    }
    let prose = |at: &usize| page.blocks.get(*at).is_some_and(|block| block.prose);
    let before = (index.saturating_sub(30)..index).rev().position(|at| prose(&at)).unwrap_or(30);
    let after = (index + 1..index + 31).position(|at| prose(&at)).unwrap_or(30);
    put("since_prose", 0, count(before));
    put("until_prose", 0, count(after));
}

fn votes(ground: &Ground<'_>, index: usize, block: &Block, put: &mut impl FnMut(&'static str, usize, f32)) {
    put("voted", 0, flag(ground.voted.get(index).copied().unwrap_or_default()));
    put("dropped", 0, flag(ground.dropped.get(index).copied().unwrap_or_default()));
    put("is_prose", 0, flag(block.prose));
}

#[expect(clippy::cast_possible_truncation, reason = "a share of a page")]
fn page(ground: &Ground<'_>, put: &mut impl FnMut(&'static str, usize, f32)) {
    let page = ground.facts.page;
    put("page_blocks", 0, log(page.blocks.len()));
    put("page_words", 0, log(ground.words.total()));
    put("page_prose", 0, share(ground.prose.total(), ground.words.total()));
    put("page_good", 0, log(ground.good.total()));
    put("page_links", 0, ground.density(0) as f32);
    put("region_share", 0, share(ground.good.of_scope(page, ground.region), ground.good.total()));
    put("news", 0, flag(ground.facts.ld.is_some_and(crate::extract::jsonld::is_news)));
}
