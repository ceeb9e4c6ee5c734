//! What each block of the text is: a paragraph, a heading, an item of a list, a row; and when it was entered.

use std::collections::HashMap;

use super::{ends_sentence, tag_of};
use crate::extract::classes::Families;
use crate::extract::dates::{Order, stamp};
use crate::extract::page::{Block, Page};
use crate::extract::structured::Facts;
use crate::extract::tag::Tag;
use crate::extract::text::clean;
use crate::extract::wire::Line;
use crate::record::{Date, PassageKind};

/// Elements around a block that may say what it is.
const AROUND: usize = 6;
/// Blocks of a list item or cell, at most: one that holds more is laid out with it.
const ITEM_BLOCKS: usize = 3;
const CELL_BLOCKS: usize = 2;
/// Words of a heading in bold, at most.
const BOLD_WORDS: usize = 12;
/// Blocks of what is named after standfirsts, at most.
const LEAD_BLOCKS: usize = 3;
/// Words of a heading of the second order that is a standfirst, at least.
const LEAD_WORDS: usize = 8;

/// Entries of a live blog, at least.
const ENTRIES: usize = 3;
/// Times that are looked at, at most.
const TIMES: usize = 2_000;
/// Blocks between an entry's time and its text, at most.
const TIME_BESIDE: usize = 4;

/// The lines of the text: its blocks, the cells of a row of data in one line.
pub(super) fn lines(facts: &Facts<'_>, heading: Option<usize>, region: usize, taken: &[usize]) -> Vec<Line> {
    let page = facts.page;
    let entered = entries(page, heading, taken);
    let mut lines: Vec<Line> = Vec::with_capacity(taken.len());
    let mut row = None;
    for (number, index) in taken.iter().enumerate() {
        let Some(block) = page.blocks.get(*index).filter(|_| entered.stamps.binary_search(index).is_err()) else {
            continue;
        };
        let kind = if number < 2
            && lines.iter().all(|line| line.kind != PassageKind::Paragraph)
            && is_lead(page, heading, *index, block)
        {
            PassageKind::Standfirst
        } else {
            kind(page, region, block, number > 0 && number + 1 < taken.len())
        };
        let mut line = line(facts, block, kind);
        if line.text.is_empty() {
            continue;
        }
        let this = (kind == PassageKind::TableRow).then(|| row_of(page, block)).flatten();
        if this.is_some()
            && this == row
            && let Some(last) = lines.last_mut()
        {
            last.text.push_str(" | ");
            last.text.push_str(&line.text);
            continue;
        }
        row = this;
        line.at = entered.times.get(index).copied();
        lines.push(line);
    }
    lines
}

/// What a block is, by the elements around it. `within` says that text stands before and behind it.
fn kind(page: &Page<'_>, region: usize, block: &Block, within: bool) -> PassageKind {
    for (index, scope) in page.ancestors(block.scope).take(AROUND) {
        match scope.tag {
            _ if index == region => break,
            Tag::Heading(_) => return PassageKind::Heading,
            Tag::Li | Tag::Dt | Tag::Dd if scope.blocks.len() <= ITEM_BLOCKS => return PassageKind::ListItem,
            Tag::Blockquote => return PassageKind::Quote,
            // Old pages are laid out in tables: a cell of several paragraphs is no cell of data.
            Tag::Cell if scope.blocks.len() <= CELL_BLOCKS => return PassageKind::TableRow,
            Tag::Li | Tag::Dt | Tag::Dd | Tag::Cell | Tag::Article | Tag::Main | Tag::Body => break,
            _ => {}
        }
    }
    let bold = block.bold_bytes * 10 >= block.bytes * 8 && block.words <= BOLD_WORDS;
    if bold && within && tag_of(page, block) == Tag::P && !ends_sentence(page.block_text(block)) {
        return PassageKind::Heading;
    }
    PassageKind::Paragraph
}

/// Whether one of the first blocks is a standfirst: named so, or a heading of a sentence right below the headline.
fn is_lead(page: &Page<'_>, heading: Option<usize>, index: usize, block: &Block) -> bool {
    let named = page.ancestors(block.scope).take(3).any(|(_, scope)| {
        let own = scope.own.any(Families::LEAD)
            || scope.itemprop.is_some_and(|name| matches!(name, "description" | "alternativeHeadline"));
        own && scope.blocks.len() <= LEAD_BLOCKS
    });
    let below = heading.and_then(|heading| page.scopes.get(heading)).is_some_and(|heading| {
        (heading.blocks.end..heading.blocks.end + LEAD_BLOCKS).contains(&index) && heading.tag == Tag::Heading(1)
    });
    named || (below && matches!(tag_of(page, block), Tag::Heading(2..)) && block.words >= LEAD_WORDS)
}

/// The row that a cell's block stands in.
fn row_of(page: &Page<'_>, block: &Block) -> Option<usize> {
    page.ancestors(block.scope).take(AROUND).find(|(_, scope)| scope.tag == Tag::Row).map(|(index, _)| index)
}

/// The line of a block; its link, where it could be a source line.
fn line(facts: &Facts<'_>, block: &Block, kind: PassageKind) -> Line {
    let page = facts.page;
    let text = clean(page.block_text(block));
    let labelled = block.link_bytes > 0 && text.as_bytes().iter().take(40).any(|byte| *byte == b':');
    let href = labelled
        .then(|| {
            let first = page.scopes.partition_point(|scope| scope.text.start < block.text.start);
            let mut inside = page.scopes.get(first..)?.iter().take_while(|scope| scope.text.start <= block.text.end);
            inside.find_map(|scope| scope.href.filter(|_| scope.tag == Tag::A)).and_then(|href| facts.absolute(href))
        })
        .flatten();
    Line { text, href, kind, at: None }
}

/// When the entries of a live blog were made.
#[derive(Debug, Default)]
struct Entries {
    /// By the first block of each.
    times: HashMap<usize, Date>,
    /// The blocks that are nothing but such a time, in rising order.
    stamps: Vec<usize>,
}

/// The entries of a live blog: a time in the markup below the headline that a text follows, and several of them.
fn entries(page: &Page<'_>, heading: Option<usize>, taken: &[usize]) -> Entries {
    let head = heading.and_then(|heading| page.scopes.get(heading)).map_or(0, |scope| scope.blocks.end);
    let foreign = Families::RELATED | Families::COMMENTS | Families::SIDE | Families::CARD;
    let times =
        page.scopes.iter().enumerate().filter(|(_, scope)| scope.tag == Tag::Time && scope.blocks.start >= head);
    let times =
        times.filter(|(index, _)| !page.ancestors(*index).take(AROUND).any(|(_, scope)| scope.own.any(foreign)));
    let mut entries = Entries::default();
    for (_, scope) in times.take(TIMES) {
        let time = scope.datetime.and_then(|text| stamp(text, Order::DayFirst));
        let Some(time @ Date::Time(..)) = time else { continue };
        let at = scope.blocks.start;
        let alone = page.blocks.get(at).is_some_and(|block| {
            block.text.start >= scope.text.start && block.text.end <= scope.text.end && taken.binary_search(&at).is_ok()
        });
        let from = at + usize::from(alone);
        let first = taken.get(taken.partition_point(|index| *index < from));
        if let Some(first) = first.filter(|first| **first <= from + TIME_BESIDE) {
            entries.times.entry(*first).or_insert(time);
            entries.stamps.extend(alone.then_some(at));
        }
    }
    if entries.times.len() < ENTRIES { Entries::default() } else { entries }
}

#[cfg(test)]
mod tests {
    use scraper::Html;
    use url::Url;

    use super::*;
    use crate::extract::jsonld::Graph;

    fn read(html: &str) -> Vec<(PassageKind, String)> {
        let html = Html::parse_document(html);
        let page = Page::of(&html);
        let (url, graph) = (Url::parse("https://e.example/a").unwrap(), Graph::default());
        let taken: Vec<usize> = (0..page.blocks.len()).collect();
        let lines = lines(&Facts::of(&page, &url, &graph), None, 0, &taken);
        lines.into_iter().map(|line| (line.kind, line.text)).collect()
    }

    #[test]
    fn the_cells_of_a_row_are_one_line() {
        let rows = "<p>One line.<table><tr><th>Berth<th>Ships<tr><td>North<td>12</table><p>Another.";
        let expected = [
            (PassageKind::Paragraph, "One line."),
            (PassageKind::TableRow, "Berth | Ships"),
            (PassageKind::TableRow, "North | 12"),
            (PassageKind::Paragraph, "Another."),
        ];
        assert_eq!(read(rows), expected.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn a_table_that_is_a_layout_has_paragraphs() {
        let kinds = read("<table><tr><td><p>One.<p>Two.<p>Three.</td></tr></table>");
        assert!(kinds.iter().all(|(kind, _)| *kind == PassageKind::Paragraph), "{kinds:?}");
    }

    #[test]
    fn a_line_in_bold_is_a_heading_between_paragraphs_unless_it_is_a_sentence() {
        let kinds = read("<p>One.<p><b>What now</b><p>Two.<p><b>It is so.</b><p>Three.<p><b>Jane Doe</b>");
        let headings: Vec<&str> =
            kinds.iter().filter(|(kind, _)| *kind == PassageKind::Heading).map(|(_, text)| text.as_str()).collect();
        assert_eq!(headings, ["What now"]);
    }
}
