//! The way from a page to its article, stage by stage.

use std::time::{Duration, Instant};

use jiff::tz::Offset;
use url::Url;

use super::content::{Body, Told};
use super::dates::Dates;
use super::hints::{Hinted, Hints};
use super::jsonld::Graph;
use super::page::Page;
use super::parse::TooComplex;
use super::structured::{Facts, registrable};
use super::text::{clean, words};
use super::title::Title;
use super::wire::{Copy, edit};
use super::{authors, charset, content, dates, gate, images, language, parse, plain, state, title};
use crate::record::{Attribution, Content, Passage, Publisher, Reason, Rights};

/// A page as it was fetched.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The body, decompressed.
    pub body: &'a [u8],
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The `X-Robots-Tag` header.
    pub x_robots_tag: Option<&'a str>,
    /// The address that the body came from.
    pub url: &'a Url,
    /// What the finder of the page said about it.
    pub hints: Option<&'a Hints>,
}

/// What one page may cost, and what an article has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A text of fewer words is no article.
    pub min_words: usize,
    /// For parsing one page; what comes after is linear in the tree.
    pub time_limit: Duration,
}

/// What a page says.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// The article.
    pub content: Content,
    /// The page's own canonical address, if it is plausible: http or https, of the same registrable
    /// domain, and not the front page.
    pub canonical: Option<Url>,
    /// The charset that the page was read in, by its WHATWG name.
    pub charset: &'static str,
}

/// Why a page gives no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is another kind of page.
    #[error("no article: {detail}")]
    NotAnArticle {
        /// On what evidence.
        detail: String,
    },
    /// Its tree is beyond the bounds.
    #[error("too complex: {detail}")]
    TooComplex {
        /// Beyond which.
        detail: String,
    },
    /// Its bytes are no text.
    #[error("no text in {charset}: {damaged} of {characters} characters can't be read")]
    Undecodable {
        /// The charset it was read in.
        charset: &'static str,
        /// Characters that stand for bytes that mean nothing in it.
        damaged: usize,
        /// All characters.
        characters: usize,
    },
    /// Its text is beyond what a record holds.
    #[error("a body of {bytes} bytes, {most} are allowed")]
    TooLarge {
        /// The bytes of the body.
        bytes: usize,
        /// The most that a record holds.
        most: usize,
    },
}

impl Refusal {
    /// The reason in the outcome's words.
    pub fn reason(&self) -> Reason {
        match self {
            Self::NotAnArticle { .. } => Reason::NotAnArticle,
            Self::TooComplex { .. } => Reason::TooComplex,
            Self::Undecodable { .. } => Reason::Undecodable,
            Self::TooLarge { .. } => Reason::TooLarge,
        }
    }
}

impl From<TooComplex> for Refusal {
    fn from(failure: TooComplex) -> Self {
        Self::TooComplex { detail: failure.to_string() }
    }
}

/// Bytes of a body, at most. A record holds it twice, as `body` and as `paragraphs`, and a record has
/// at most 900 KB; escaping in JSON and the other fields take the rest.
pub const MAX_BODY_TEXT: usize = 400_000;

/// Bytes of a text beyond which a record leaves out its `blocks`: with them it holds the text three times.
pub const MAX_BLOCKS_TEXT: usize = 250_000;

/// Turns a page into its article.
///
/// # Errors
/// A [`Refusal`], when the page is no article, or beyond what can be read.
pub fn extract(source: &Source<'_>, limits: &Limits) -> Result<Extraction, Refusal> {
    let deadline = Instant::now() + limits.time_limit;
    let (text, encoding) = charset::decode(source.body, source.content_type, source.url.host_str());
    readable(&text, encoding.name())?;
    let (content, canonical) = if is_plain(source.content_type) {
        (plain_content(&text, source, limits)?, None)
    } else {
        let parsed = parse::parse(&text, deadline)?;
        html_content(&Page::of(&parsed.html).with_scripts(parsed.scripts), source, limits, deadline)?
    };
    if content.body.len() > MAX_BODY_TEXT {
        return Err(Refusal::TooLarge { bytes: content.body.len(), most: MAX_BODY_TEXT });
    }
    Ok(Extraction { content, canonical, charset: encoding.name() })
}

fn is_plain(content_type: Option<&str>) -> bool {
    content_type
        .is_some_and(|value| value.trim_start().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("text/plain")))
}

/// Refuses what is no text: an image under the wrong type, or a charset that the bytes are not in.
fn readable(text: &str, charset: &'static str) -> Result<(), Refusal> {
    /// Damaged characters that any page may have.
    const FEW: usize = 100;
    // Most pages are told by their bytes: no others can be, or begin, a control character or U+FFFD. Counted without
    // branches, and in a byte as long as that holds the count: sixteen at a time.
    let suspect = |byte: u8| {
        (byte < 9) | (byte == 11) | ((byte > 13) & (byte < 32)) | (byte == 0x7f) | (byte == 0xc2) | (byte == 0xef)
    };
    let suspects = |bytes: &[u8]| bytes.iter().fold(0_u8, |count, byte| count + u8::from(suspect(*byte)));
    if text.as_bytes().chunks(usize::from(u8::MAX)).map(|bytes| usize::from(suspects(bytes))).sum::<usize>() <= FEW {
        return Ok(());
    }
    let (mut characters, mut damaged) = (0, 0);
    for c in text.chars().take(100_000) {
        characters += 1;
        damaged += usize::from(c == '\u{fffd}' || (c.is_control() && !c.is_ascii_whitespace()));
    }
    if damaged > FEW && damaged * 10 > characters {
        return Err(Refusal::Undecodable { charset, damaged, characters });
    }
    Ok(())
}

/// What the classifier of blocks is told about a page: for its training, and for whoever asks why.
///
/// The names of the features, and each block with its values in their order. A page of no prose has none.
///
/// # Errors
/// A [`Refusal`], when the page can't be read.
pub fn told(source: &Source<'_>, limits: &Limits) -> Result<(Vec<String>, Vec<Told>), Refusal> {
    let deadline = Instant::now() + limits.time_limit;
    let (text, _) = charset::decode(source.body, source.content_type, source.url.host_str());
    let parsed = parse::parse(&text, deadline)?;
    let page = Page::of(&parsed.html).with_scripts(parsed.scripts);
    let graph = Graph::of(&page.json_ld());
    let facts = Facts::of(&page, source.url, &graph);
    let title = title::title(&facts);
    Ok(content::told(&facts, title.text.as_deref(), title.heading))
}

/// What the fields that the gate asks for come to.
pub(super) struct Reading {
    pub(super) title: Title,
    pub(super) dates: Dates,
    pub(super) body: Body,
    pub(super) authors: Vec<String>,
    pub(super) copy: Copy,
    /// The paragraphs of the copy.
    pub(super) text: String,
}

impl Reading {
    fn of(facts: &Facts<'_>) -> Self {
        Self::timed(facts, |_| ())
    }

    /// Reads a page, and says after each field that it is done.
    pub(super) fn timed(facts: &Facts<'_>, mut done: impl FnMut(&'static str)) -> Self {
        let title = title::title(facts);
        done("title");
        let today = Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
        let dates = dates::dates(facts, title.heading, today);
        done("dates");
        let body = content::body(facts, title.text.as_deref(), title.heading);
        done("body");
        let authors = authors::authors(facts, title.heading, body.signature.as_deref());
        done("authors");
        let copy = edit(body.lines.clone());
        let text = copy.paragraphs().join("\n\n");
        done("wire");
        Self { title, dates, body, authors, copy, text }
    }

    pub(super) fn known(&self) -> gate::Known {
        gate::Known {
            words: words(&self.text),
            authored: !self.authors.is_empty(),
            dated: self.dates.published.is_some() && !self.dates.stray,
            headed: self.title.heading.is_some(),
        }
    }
}

/// What the gate is told of a page, for its training.
#[derive(Debug)]
pub struct Measured {
    /// Its measures, in the order of their names.
    pub values: Vec<f32>,
    /// The hashes of its words, by groups of places.
    pub words: Vec<Vec<u32>>,
    /// The language of its text.
    pub language: Option<String>,
}

/// What the gate is told of a page: the names of its measures, and the page as it is, and as it would be without its
/// scripts. For the gate's training, and for whoever asks why.
///
/// # Errors
/// A [`Refusal`], when the page can't be read.
pub fn measures(source: &Source<'_>, limits: &Limits) -> Result<(Vec<&'static str>, [Measured; 2]), Refusal> {
    let deadline = Instant::now() + limits.time_limit;
    let (text, _) = charset::decode(source.body, source.content_type, source.url.host_str());
    let parsed = parse::parse(&text, deadline)?;
    let measured = |page: Page<'_>| {
        let graph = Graph::of(&page.json_ld());
        let facts = Facts::of(&page, source.url, &graph);
        let reading = Reading::of(&facts);
        let measures = gate::Measures::of(&facts, &reading.body, reading.known());
        let (language, _) = language_of(&reading.text, page.lang, None);
        let words = gate::word_hashes(&facts, &reading.body).into();
        (measures.names(), Measured { values: measures.values(), words, language })
    };
    let (names, whole) = measured(Page::of(&parsed.html).with_scripts(parsed.scripts));
    let (_, without_scripts) = measured(Page::of(&parsed.html));
    Ok((names, [whole, without_scripts]))
}

/// The parts of a text, or none where a record would be too large with them.
fn within_bounds(blocks: Vec<Passage>, body: &str) -> Vec<Passage> {
    /// What a part costs beside its text, for each of the three times that a record holds it.
    const EACH: usize = 20;
    if body.len() + EACH * blocks.len() <= MAX_BLOCKS_TEXT { blocks } else { Vec::new() }
}

fn html_content(
    page: &Page<'_>,
    source: &Source<'_>,
    limits: &Limits,
    deadline: Instant,
) -> Result<(Content, Option<Url>), Refusal> {
    let graph = Graph::of(&page.json_ld());
    let facts = Facts { hints: source.hints, ..Facts::of(page, source.url, &graph) };
    if let Some(markup) = state::drawn(&facts)
        && let Ok(drawn) = parse::parse(&markup, deadline)
    {
        let page = Page::of(&drawn.html).with_head_of(page);
        let facts = Facts { hints: source.hints, ..Facts::of(&page, source.url, &graph) };
        return content_of(&facts, source, limits);
    }
    content_of(&facts, source, limits)
}

fn content_of(facts: &Facts<'_>, source: &Source<'_>, limits: &Limits) -> Result<(Content, Option<Url>), Refusal> {
    let page = facts.page;
    let reading = Reading::of(facts);
    let known = reading.known();
    let score = gate::judge(facts, &reading.body, known, limits.min_words)
        .map_err(|detail| Refusal::NotAnArticle { detail })?;
    let Reading { title, dates, body, mut authors, copy, text } = reading;
    let (paragraphs, blocks) = (copy.paragraphs(), copy.passages());
    let Copy { attribution, credits, .. } = copy;
    // No evidence of an article, so the gate was not told.
    if authors.is_empty() {
        authors.extend(authors::namesake(facts));
    }
    let (language, language_hinted) = language_of(&text, page.lang, source.hints);
    let mut hinted = Hinted::default();
    hinted.note("title", title.hinted);
    hinted.note("authors", source.hints.is_some_and(|hints| !authors.is_empty() && authors == hints.authors));
    hinted.note("published_at", dates.hinted);
    hinted.note("language", language_hinted);
    let content = Content {
        title: title.text,
        description: facts.description(),
        authors,
        published_at: dates.published,
        modified_at: dates.modified,
        language,
        publisher: facts.publisher(),
        section: facts.section(),
        tags: facts.tags(),
        word_count: u32::try_from(known.words).unwrap_or(u32::MAX),
        images: images::images(facts, body.region, credits),
        attribution,
        rights: facts.rights(source.x_robots_tag),
        blocks: within_bounds(blocks, &text),
        body: text,
        paragraphs,
        article_score: Some(score),
        hinted: hinted.fields(),
    };
    Ok((content, facts.canonical()))
}

/// The language of a text, and whether it is a hint's: asked where the page does not declare one.
fn language_of(body: &str, declared: Option<&str>, hints: Option<&Hints>) -> (Option<String>, bool) {
    let own = language::language(body, declared);
    let hint = hints.and_then(|hints| hints.language.as_deref()).filter(|_| declared.is_none());
    let Some(hint) = hint else { return (own, false) };
    let with_hint = language::language(body, Some(hint));
    let differs = with_hint != own;
    (with_hint, differs)
}

fn plain_content(text: &str, source: &Source<'_>, limits: &Limits) -> Result<Content, Refusal> {
    let (title, lines) = plain::read(text);
    let copy = edit(lines);
    let (paragraphs, blocks) = (copy.paragraphs(), copy.passages());
    let Copy { attribution, credits, .. } = copy;
    let body = paragraphs.join("\n\n");
    let word_count = words(&body);
    if word_count < limits.min_words {
        let detail = format!("{word_count} words of text, {} are asked for", limits.min_words);
        return Err(Refusal::NotAnArticle { detail });
    }
    let robots =
        source.x_robots_tag.into_iter().flat_map(|list| list.split(',')).map(|each| clean(each).to_lowercase());
    let hints = source.hints.cloned().unwrap_or_default();
    let (language, language_hinted) = language_of(&body, None, source.hints);
    let mut hinted = Hinted::default();
    hinted.note("title", title.is_none() && hints.title.is_some());
    hinted.note("authors", !hints.authors.is_empty());
    hinted.note("published_at", hints.published_at.is_some());
    hinted.note("language", language_hinted);
    Ok(Content {
        title: title.or(hints.title),
        authors: hints.authors,
        published_at: hints.published_at,
        hinted: hinted.fields(),
        language,
        publisher: Publisher { name: None, domain: registrable(source.url.host_str().unwrap_or_default()).to_owned() },
        word_count: u32::try_from(word_count).unwrap_or(u32::MAX),
        images: credits
            .into_iter()
            .map(|credit| crate::record::Image { credit: Some(credit), ..Default::default() })
            .collect(),
        attribution: Attribution { ..attribution },
        rights: Rights { robots: robots.filter(|each| !each.is_empty()).take(100).collect(), ..Rights::default() },
        blocks: within_bounds(blocks, &body),
        body,
        paragraphs,
        ..Content::default()
    })
}
