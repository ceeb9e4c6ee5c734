//! Authors as the page shows them: labels, elements named after authors, bylines, names beside a date.

use std::cell::OnceCell;
use std::ops::Range;

use crate::extract::agencies::agency;
use crate::extract::classes::Families;
use crate::extract::dates;
use crate::extract::page::{Block, Page, Scope};
use crate::extract::structured::{Facts, has_word};
use crate::extract::tag::Tag;

use super::names::{self, by_pattern, is_full_name, is_name, split};
use super::unique;

/// Blocks before and after the heading in which a byline is looked for.
const BEFORE: usize = 8;
const AFTER: usize = 16;
/// Words of a block that can be a byline, at most.
const BYLINE_WORDS: usize = 14;
/// Words of a line that says who wrote the text, at most.
const SIGNED_WORDS: usize = 8;
/// Names in a box about the author, at most: boxes stand at the end, and other people's too.
const BOXED: usize = 2;

/// Bytes of an element that names a desk or an account, at most.
const COLLECTIVE_BYTES: usize = 100;
/// Blocks of what is named after captions and credits, at most: what holds more holds the article's head.
const LEGEND_BLOCKS: usize = 3;

/// What a page shows, around its heading.
pub(super) struct Shown<'a> {
    facts: &'a Facts<'a>,
    page: &'a Page<'a>,
    /// Blocks in which bylines stand.
    near: Range<usize>,
    /// The heading's first block.
    at: Option<usize>,
    /// Texts of short elements around the heading that are named after authors.
    collectives: OnceCell<Vec<String>>,
}

/// What makes an element one that names authors.
#[derive(Clone, Copy)]
enum Sign {
    /// `rel`, microdata, a link to an author's page, or a class.
    Any(Families),
    /// Its class alone.
    Class(Families),
}

impl<'a> Shown<'a> {
    pub(super) fn of(facts: &'a Facts<'a>, heading: Option<usize>) -> Self {
        let page = facts.page;
        let scope = heading.and_then(|index| page.scopes.get(index));
        let near = match scope {
            Some(scope) => {
                scope.blocks.start.saturating_sub(BEFORE)
                    ..(scope.blocks.end.max(scope.blocks.start) + AFTER).min(page.blocks.len())
            }
            None => 0..page.blocks.len().min(3 * AFTER),
        };
        Self { facts, page, near, at: scope.map(|scope| scope.blocks.start), collectives: OnceCell::new() }
    }

    fn everywhere(&self) -> Range<usize> {
        0..self.page.blocks.len()
    }

    fn blocks(&self, range: &Range<usize>) -> &'a [Block] {
        self.page.blocks.get(range.clone()).unwrap_or_default()
    }

    fn keep(&self, names: Vec<String>) -> Vec<String> {
        names.into_iter().filter(|name| is_name(name) && !self.facts.is_site(name)).collect()
    }

    /// Names behind "Written by" near the heading.
    pub(super) fn labelled_near(&self) -> Vec<String> {
        self.labelled(&self.near)
    }

    /// Names in elements near the heading that are named after authors or marked as theirs.
    pub(super) fn author_elements(&self) -> Vec<String> {
        self.elements(&self.near, Sign::Any(Families::AUTHOR))
    }

    /// Names in elements near the heading that are named after bylines.
    pub(super) fn byline_elements(&self) -> Vec<String> {
        self.elements(&self.near, Sign::Class(Families::BYLINE))
    }

    /// Names in elements that are named after authors, wherever they stand.
    pub(super) fn anywhere(&self) -> Vec<String> {
        self.elements(&self.everywhere(), Sign::Any(Families::AUTHOR))
    }

    /// Names in lines that say "written by" and a name, wherever they stand.
    fn signed_lines(&self) -> Vec<String> {
        let lines = self.page.blocks.iter().filter(|block| block.words <= SIGNED_WORDS);
        let said = lines.filter_map(|block| Some((block, names::signed(self.page.block_text(block))?)));
        let named = said.filter(|(block, _)| !self.is_foreign(block.scope)).flat_map(|(_, rest)| split(rest));
        unique(named.filter(|name| is_full_name(name) && !self.facts.is_site(name)))
    }

    /// Names in a box about the author, wherever it stands.
    pub(super) fn author_boxes(&self) -> Vec<String> {
        let signed = self.signed_lines();
        if !signed.is_empty() && signed.len() <= BOXED {
            return signed;
        }
        let labelled = self.labelled(&self.everywhere());
        if !labelled.is_empty() && labelled.len() <= BOXED {
            return labelled;
        }
        let marked = self.elements(&self.everywhere(), Sign::Any(Families::NONE));
        if marked.len() <= BOXED { marked } else { Vec::new() }
    }

    /// Names in the block behind one that says "Written by" and nothing else.
    fn labelled(&self, range: &Range<usize>) -> Vec<String> {
        let blocks = self.blocks(range);
        for (index, label) in blocks.iter().enumerate() {
            if label.words > 3 || !names::is_label(self.page.block_text(label)) {
                continue;
            }
            let mut behind = blocks.get(index + 1..).unwrap_or_default().iter().take(4);
            let Some(first) = behind.next().filter(|block| block.words <= 10) else { continue };
            let names = self.keep(split(self.page.block_text(first)));
            if names.is_empty() {
                continue;
            }
            // Two authors have an element each more often than not.
            let parent = |block: &Block| self.page.scopes.get(block.scope).map(|scope| scope.parent);
            let more = behind
                .take_while(|block| block.words <= 3 && parent(block) == parent(first))
                .map(|block| self.page.block_text(block))
                .take_while(|text| is_full_name(text))
                .map(str::to_owned);
            return unique(names.into_iter().chain(more));
        }
        Vec::new()
    }

    /// Whether an element shows other texts than this page's: comments, cards, what goes with a picture.
    fn is_foreign(&self, index: usize) -> bool {
        // Near the heading a card or grid is the page's own layout.
        let near = self.page.scopes.get(index).is_some_and(|scope| self.near.contains(&scope.blocks.start));
        let cards = if near { Families::NONE } else { Families::CARD };
        let against = Families::COMMENTS | Families::RELATED | cards;
        for (_, scope) in self.page.ancestors(index) {
            if self.at.is_some_and(|at| scope.blocks.contains(&at)) {
                return false;
            }
            let legend = scope.own.any(Families::CAPTION | Families::CREDIT) && scope.blocks.len() <= LEGEND_BLOCKS;
            let part = scope.own.any(against) && scope.blocks.len() < self.page.blocks.len() / 3;
            if matches!(scope.tag, Tag::Figure | Tag::Figcaption) || legend || part {
                return true;
            }
        }
        false
    }

    fn is_signed(&self, scope: &Scope<'_>, sign: Sign) -> (bool, bool) {
        let says = scope.rel.is_some_and(|rel| has_word(rel, "author"))
            || scope.itemprop.is_some_and(|prop| has_word(prop, "author") || has_word(prop, "creator"));
        match sign {
            Sign::Class(family) => (scope.own.any(family) && !scope.own.any(Families::BIO), says),
            Sign::Any(family) => {
                let links = scope.tag == Tag::A && scope.href.is_some_and(is_author_page);
                (scope.own.any(family) && !scope.own.any(Families::BIO) || says || links, says)
            }
        }
    }

    fn elements(&self, range: &Range<usize>, sign: Sign) -> Vec<String> {
        let page = self.page;
        let mut best: Vec<String> = Vec::new();
        let (mut until, mut last_block) = (0, 0);
        for (index, scope) in page.scopes.iter().enumerate() {
            if index < until || !range.contains(&scope.blocks.start) || scope.text.len() > 300 {
                continue;
            }
            let (fits, says) = self.is_signed(scope, sign);
            if !fits || (!says && is_about(scope)) || self.is_foreign(index) {
                continue;
            }
            let start = scope.text.start.saturating_sub(60);
            let before = page.text.get(page.text.ceil_char_boundary(start)..scope.text.start).unwrap_or_default();
            if names::names_reviewer(before) {
                continue;
            }
            let found: Vec<String> = self
                .names_in(index, scope, says)
                .into_iter()
                .filter(|name| is_name(name) || (says && is_single_name(name)))
                // A person's own site has the person's name.
                .filter(|name| !self.facts.is_site(name) || (says && is_full_name(name) && !names::is_house(name)))
                .filter(|name| !names::is_label(name))
                .collect();
            // Those who reviewed or checked it stand apart from those who wrote it.
            let apart = !best.is_empty() && scope.blocks.start > last_block + 2;
            if !found.is_empty() && !apart {
                best.extend(found);
                until = scope.end;
                last_block = scope.blocks.end;
            }
        }
        unique(best.into_iter())
    }

    /// The names within one element: in elements of their own more often than not, and what stands beside
    /// them does too; else in the first of its blocks that holds any.
    fn names_in(&self, index: usize, scope: &Scope<'_>, says: bool) -> Vec<String> {
        let page = self.page;
        let within = page.scopes.get(index..scope.end).unwrap_or_default();
        let inner: Vec<&str> = within
            .iter()
            .filter(|inner| match inner.tag {
                Tag::A => inner.href.is_some_and(|href| !href.contains("twitter.com") && !href.starts_with("mailto:")),
                _ => {
                    inner.itemprop == Some("name")
                        || (inner.tag == Tag::Span && inner.end > index + 1 && within.len() > 1)
                }
            })
            .map(|inner| page.slice(&inner.text).trim())
            .filter(|text| is_name(text) || (says && is_single_name(text)))
            .collect();
        if !inner.is_empty() {
            return inner.into_iter().flat_map(split).collect();
        }
        self.blocks(&(scope.blocks.start..scope.blocks.end.max(scope.blocks.start + 1)))
            .iter()
            .take(4)
            .map(|block| block.text.start.max(scope.text.start)..block.text.end.min(scope.text.end))
            .map(|range| page.slice(&range).trim())
            .find_map(|text| Some(split(text)).filter(|names| names.iter().any(|name| is_name(name))))
            .unwrap_or_default()
    }

    /// Names in short texts near the heading that begin with a word for "by", or have one behind a date.
    pub(super) fn bylines(&self) -> Vec<String> {
        for (index, block) in self.near.clone().zip(self.blocks(&self.near)) {
            // A headline may end with "by": `The best of 2025, reviewed by a student`.
            if block.words > BYLINE_WORDS || self.at == Some(index) {
                continue;
            }
            let text = self.page.block_text(block);
            let behind_date = || {
                let (before, rest) = text.split_once(" by ").or_else(|| text.split_once(" von "))?;
                before.chars().any(|c| c.is_ascii_digit()).then_some(rest)
            };
            let Some(rest) = by_pattern(text).or_else(behind_date) else { continue };
            let names = self.keep(split(rest));
            if !names.is_empty() && !self.is_foreign(block.scope) {
                return unique(names.into_iter());
            }
        }
        Vec::new()
    }

    /// A name that a picture within an author's box shows.
    pub(super) fn portraits(&self) -> Vec<String> {
        let page = self.page;
        let pictures = page.scopes.iter().enumerate().filter(|(_, scope)| scope.tag == Tag::Img);
        let named = pictures.filter_map(|(index, scope)| Some((index, scope.element?.attr("alt")?.trim()))).find(
            |(index, text)| {
                let boxed =
                    page.ancestors(*index).take(4).any(|(_, scope)| scope.own.any(Families::AUTHOR | Families::BYLINE));
                boxed && is_name(text) && !self.facts.is_site(text)
            },
        );
        named.map(|(_, text)| split(of_portrait(text))).unwrap_or_default()
    }

    /// Names that stand beside the date under the heading: in one line with it, or in the line before or
    /// behind it; or alone in the line below the heading.
    pub(super) fn beside_date(&self) -> Vec<String> {
        let Some(at) = self.at else { return Vec::new() };
        let blocks = self.blocks(&(at + 1..(at + AFTER).min(self.page.blocks.len())));
        let short = |block: &&Block| block.words <= BYLINE_WORDS;
        let dated = |block: &Block| {
            block.words <= BYLINE_WORDS && dates::shown(self.page.block_text(block), dates::Order::DayFirst).is_some()
        };
        for (index, block) in blocks.iter().enumerate().filter(|(_, block)| short(block)) {
            let neighbour = |at: Option<usize>| at.and_then(|at| blocks.get(at)).is_some_and(dated);
            let beside = index == 0 || dated(block) || neighbour(Some(index + 1)) || neighbour(index.checked_sub(1));
            let tagged = || {
                self.page.ancestors(block.scope).take(3).any(|(_, scope)| scope.own.any(Families::TAGS | Families::NAV))
            };
            if !beside || block.link_density() > 0.5 || self.is_foreign(block.scope) || tagged() {
                continue;
            }
            let text = self.page.block_text(block);
            let parts: Vec<&str> =
                text.split(['|', '•', '·', '∙', ',', '/']).flat_map(|part| part.split(" - ")).map(str::trim).collect();
            // "Jane Doe in Politics", as blogs have it.
            let parts: Vec<&str> =
                parts.into_iter().map(|part| part.split_once(" in ").map_or(part, |(name, _)| name)).collect();
            let whole = parts.iter().all(|part| is_full_name(part));
            let names: Vec<String> = parts
                .into_iter()
                .filter(|part| is_full_name(part) && !self.facts.is_site(part))
                .map(str::to_owned)
                .collect();
            // A line that is not dated itself is names alone.
            if !names.is_empty() && (whole || dated(block)) {
                return unique(names.into_iter());
            }
        }
        Vec::new()
    }

    /// Names near the heading, each with a line below it that is a job.
    pub(super) fn above_roles(&self) -> Vec<String> {
        let Some(at) = self.at else { return Vec::new() };
        let blocks = self.blocks(&(at + 1..(at + AFTER).min(self.page.blocks.len())));
        let named = blocks.iter().zip(blocks.iter().skip(1)).filter(|(name, role)| {
            let role_text = self.page.block_text(role);
            name.words <= 4 && role.words <= SIGNED_WORDS && names::is_role(role_text) && !self.is_foreign(name.scope)
        });
        let named = named.map(|(name, _)| self.page.block_text(name));
        unique(named.filter(|name| is_full_name(name) && !self.facts.is_site(name)).map(str::to_owned))
    }

    /// Editors and reporters that East Asian pages name in brackets behind the text: `（责编：牛镛、岳弘彬）`.
    pub(super) fn credited(&self) -> Vec<String> {
        const LABELS: [&str; 10] = [
            "作者：",
            "记者：",
            "記者：",
            "责编：",
            "责任编辑：",
            "責任編輯：",
            "编辑：",
            "編輯：",
            "撰文：",
            "文字：",
        ];
        for block in self.page.blocks.iter().filter(|block| block.bytes <= 300) {
            let text = self.page.block_text(block);
            if text.is_ascii() {
                continue;
            }
            let Some(rest) = LABELS.iter().find_map(|label| text.split_once(label)).map(|(_, rest)| rest) else {
                continue;
            };
            let end = rest.find(['）', ')', '】', ']', '|', '；']).unwrap_or(rest.len());
            let names: Vec<String> = rest
                .get(..end)
                .unwrap_or_default()
                .split(['、', '，', ' ', '\u{3000}'])
                .filter(|name| is_name(name) && name.chars().count() <= 4)
                .map(str::to_owned)
                .collect();
            if !names.is_empty() {
                return unique(names.into_iter());
            }
        }
        Vec::new()
    }

    /// Desks, teams, handles and agencies: what short elements named after authors hold near the heading,
    /// and what follows a word for "by" there.
    pub(super) fn collectives(&self) -> Vec<String> {
        self.collectives.get_or_init(|| self.find_collectives()).clone()
    }

    fn find_collectives(&self) -> Vec<String> {
        let page = self.page;
        let signed = Families::AUTHOR | Families::BYLINE;
        let mut behind_label = None;
        for (index, block) in page.blocks.iter().enumerate().take(self.near.end).skip(self.near.start) {
            if block.words > BYLINE_WORDS || self.at == Some(index) || self.is_foreign(block.scope) {
                continue;
            }
            let text = page.block_text(block);
            let by = text.split(['•', '·', '|']).find_map(by_pattern);
            let around = || page.ancestors(block.scope).take(3).map(|(_, scope)| scope);
            let heading = page.scopes.get(block.scope).is_some_and(|scope| matches!(scope.tag, Tag::Heading(1..=3)));
            let named = block.words <= 6
                && text.len() > 3
                && !heading
                && !around().any(|scope| scope.own.any(Families::TAGS | Families::DATE))
                && around().any(|scope| {
                    scope.own.any(signed) && !scope.own.any(Families::BIO) && scope.text.len() <= COLLECTIVE_BYTES
                });
            let name = |rest: &str| {
                split(rest).into_iter().next().filter(|name| is_collective(name) && !names::is_label(name))
            };
            if let Some(name) = by.or_else(|| named.then_some(text)).and_then(name) {
                return vec![name];
            }
            let label = index.checked_sub(1).and_then(|before| page.blocks.get(before));
            let labelled = label.is_some_and(|label| label.words <= 3 && names::is_label(page.block_text(label)));
            if behind_label.is_none() && labelled && block.words <= 6 {
                behind_label = name(text);
            }
        }
        behind_label.into_iter().collect()
    }
}

/// Whom a picture shows, as its text says: `Picture of Jane Doe`.
fn of_portrait(text: &str) -> &str {
    const BEFORE: [&str; 9] = [
        "Picture of ",
        "Profile picture of ",
        "Image of ",
        "Portrait of ",
        "Profile image of ",
        "Bild von ",
        "Porträt von ",
        "Portrait de ",
        "Foto de ",
    ];
    BEFORE.iter().find_map(|before| text.strip_prefix(before)).unwrap_or(text)
}

/// Whether an element that is named after an author tells where or what they are, not who.
fn is_about(scope: &Scope<'_>) -> bool {
    ["location", "role", "job", "position", "description", "tagline"].iter().any(|word| scope.class.contains(word))
}

/// Whether a text can be the name of a desk, a team or an account: a few words, none of a page's buttons.
fn is_collective(name: &str) -> bool {
    #[rustfmt::skip]
    const BUTTONS: &[&str] = &[
        "read", "more", "share", "comments", "comment", "follow", "published", "updated", "min", "subscribe", "email", "login", "about", "view", "all", "profile", "save", "print", "photo", "author",
        "authors", "contact", "posted", "on", "at", "articles", "in", "von", "am", "alle", "beiträge", "zeige", "written", "by", "este", "artículo", "our", "your", "this", "key", "sponsored",
        "kommentar", "kommentare", "teilen", "autor", "autorin", "journalist", "reporter", "editor", "redakteur", "redakteurin",
    ];
    if agency(name).is_some() {
        return true;
    }
    let lower = name.to_lowercase();
    (1..=5).contains(&name.split(' ').count())
        && (3..=50).contains(&name.chars().count())
        && name.chars().any(char::is_alphabetic)
        && !name.chars().any(|c| matches!(c, ':' | '?' | '!' | '…' | '"' | '“' | '©' | '|'))
        && !lower.split(' ').any(|word| BUTTONS.contains(&word))
}

/// Whether an address is that of a page about an author.
fn is_author_page(href: &str) -> bool {
    let mut folders = href.split('/');
    // What stands before the first slash is no folder, nor what stands behind the last.
    folders.next();
    folders.next_back();
    folders.any(|folder| {
        matches!(
            folder,
            "author"
                | "authors"
                | "autor"
                | "autore"
                | "autoren"
                | "autores"
                | "autori"
                | "autorzy"
                | "auteur"
                | "auteurs"
                | "writer"
                | "writers"
                | "reporter"
                | "reporters"
                | "journalist"
                | "journalists"
                | "columnists"
                | "contributor"
                | "redakteure"
                | "yazar"
                | "staff"
                | "team"
                | "people"
                | "profile"
                | "by"
        )
    })
}

/// Whether a text is one word with a capital, as bloggers sign.
fn is_single_name(text: &str) -> bool {
    !text.contains(' ')
        && text.chars().count() >= 3
        && text.chars().all(char::is_alphabetic)
        && text.chars().next().is_some_and(char::is_uppercase)
}
