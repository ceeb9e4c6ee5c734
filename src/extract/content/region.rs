//! The element that holds the article.

use super::Sums;
use crate::extract::page::{Page, ratio};
use crate::extract::tag::Tag;

/// The share of the prose that the region holds. Of .5, .6 and .7 the middle was best on the
/// development sets; it tolerates a teaser list as long as half the article.
const REGION_SHARE: f64 = 0.6;

/// The smallest scope that holds most of the prose.
///
/// `good` is the prose, `seen` all words, each without what is left out.
pub(super) fn region(page: &Page<'_>, good: &Sums, seen: &Sums) -> Option<usize> {
    Some(widened(page, good, seen, smallest(page, good)?))
}

/// The smallest scope that holds most of the prose, and is no paragraph or list itself.
pub(super) fn smallest(page: &Page<'_>, good: &Sums) -> Option<usize> {
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
    Some(region)
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
