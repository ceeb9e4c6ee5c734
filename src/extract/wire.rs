//! What agencies and republishers leave in a text, and where it goes.
//!
//! A text has been through systems that broke its lines, put the photographer's name above it and a
//! note below. Here it becomes paragraphs again: source lines, datelines and credits go to their fields.

mod dateline;
mod notes;

use url::Url;

use super::agencies::agency;
use super::text::words;
use crate::record::{Attribution, Date, Passage, PassageKind};
use notes::{Note, is_disclaimer, note};

/// A paragraph of the text, before it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its text, clean.
    pub(super) text: String,
    /// The address that it links to, where it is little else than a link.
    pub(super) href: Option<String>,
    /// What it is.
    pub(super) kind: PassageKind,
    /// When it was entered into a live blog.
    pub(super) at: Option<Date>,
}

/// A text, and what was taken out of it.
#[derive(Debug, Default)]
pub(super) struct Copy {
    pub(super) lines: Vec<Line>,
    pub(super) attribution: Attribution,
    /// Photographers and their agencies, in the text's order.
    pub(super) credits: Vec<String>,
}

/// Lines at a text's end among which notes are looked for: credit, standards, copyright, source,
/// disclaimer and a republisher's note may all stand there. What is taken out does not count.
const NOTES_AT_END: usize = 6;
/// Notes that are taken out at most: a text of nothing else is no news.
const MAX_NOTES: usize = 12;
/// Paragraphs at a text's beginning among which a dateline is looked for: a standfirst may stand above it.
const DATELINE_PARAGRAPHS: usize = 3;

/// Readings until nothing changes any more; texts of news need one or two.
const MOST_PASSES: usize = 16;

/// Datelines that are taken out, at most.
const MAX_DATELINES: usize = 8;
/// Lines from either end of a text within which its source is named.
const SOURCE_LINES: usize = 6;
/// Lines that a sentence is broken into, at most.
const BROKEN_INTO: usize = 8;
/// Words of what a dateline stands before, at least.
const SENTENCE_WORDS: usize = 3;

/// Makes paragraphs of lines.
pub(super) fn edit(mut lines: Vec<Line>) -> Copy {
    let mut copy = Copy::default();
    for _ in 0..MOST_PASSES {
        let before = lines.len();
        lines = pass(lines, &mut copy);
        if lines.len() == before {
            break;
        }
    }
    copy.lines = lines;
    take_dateline(&mut copy);
    if copy.attribution.agency.is_none() {
        copy.attribution.agency = copy.lines.last().and_then(|last| signature(&last.text)).map(str::to_owned);
    }
    copy
}

/// One reading of the lines from top to bottom. What it takes out or joins brings other lines nearer to an end, where
/// more counts as a note.
fn pass(mut lines: Vec<Line>, copy: &mut Copy) -> Vec<Line> {
    take_notes(&mut lines, copy);
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    let last = lines.len();
    for (index, line) in lines.into_iter().enumerate() {
        if let Some(source) = source(&line) {
            // In the midst of a text it is a chart's or a quotation's.
            if index <= SOURCE_LINES || index + SOURCE_LINES >= last {
                copy.take_source(source);
            }
            continue;
        }
        if is_disclaimer(&line.text, false) {
            continue;
        }
        if let Some(credit) = photo_credit(&line.text) {
            copy.credits.push(credit);
            continue;
        }
        // A line that was completed by the one below it may complete the one above.
        let mut line = line;
        for _ in 0..BROKEN_INTO {
            let Some(mut previous) = kept.pop_if(|previous| continues(previous, &line)) else { break };
            previous.text.push(' ');
            previous.text.push_str(&line.text);
            line = previous;
        }
        kept.push(line);
    }
    kept
}

/// Takes the notes below a text out of it, from the end: an agency's credit goes to the attribution, the
/// address that a republisher links to as well.
fn take_notes(lines: &mut Vec<Line>, copy: &mut Copy) {
    let (mut passed, mut taken) = (0, 0);
    let mut index = lines.len();
    while index > 1 && passed < NOTES_AT_END && taken < MAX_NOTES {
        index -= 1;
        let Some(line) = lines.get(index) else { return };
        let note = is_disclaimer(&line.text, true).then_some(Note::Disclaimer).or_else(|| note(&line.text));
        let Some(note) = note else {
            passed += 1;
            continue;
        };
        let line = lines.remove(index);
        taken += 1;
        match note {
            Note::Credit(name) => {
                let credit = line.text.trim_matches(['(', ')', '[', ']', ' ']).to_owned();
                // Read from the end, written as they stood.
                copy.attribution.credit = Some(match copy.attribution.credit.take() {
                    Some(below) => format!("{credit}; {below}"),
                    None => credit,
                });
                copy.attribution.agency = copy.attribution.agency.take().or(name.map(str::to_owned));
            }
            Note::Republished => {
                let address = line.href.or_else(|| written_address(&line.text));
                copy.attribution.source_url = copy.attribution.source_url.take().or(address);
            }
            Note::Agency(name) => {
                copy.attribution.agency.get_or_insert(name.to_owned());
            }
            Note::Copyright | Note::Disclaimer => {}
        }
    }
}

/// Takes the dateline out of the first paragraph, and out of the next ones those that name their agency:
/// behind a republisher's own there may be another, and a report may be put together from several.
fn take_dateline(copy: &mut Copy) {
    let (mut index, mut found) = (0, 0);
    while found < MAX_DATELINES && index < DATELINE_PARAGRAPHS {
        let Some(paragraph) = copy.lines.get_mut(index).map(|line| &mut line.text) else { return };
        let line = dateline::read(paragraph).filter(|line| {
            let begins = !line.rest.starts_with(char::is_lowercase);
            (index == 0 || line.agency.is_some())
                && (index == 0 && line.rest.is_empty() || begins && words(&line.rest) >= SENTENCE_WORDS)
        });
        let Some(line) = line else {
            index += 1;
            continue;
        };
        found += 1;
        if line.rest.is_empty() {
            copy.lines.remove(index);
        } else {
            *paragraph = line.rest;
        }
        let attribution = &mut copy.attribution;
        if attribution.dateline.is_none() {
            (attribution.dateline, attribution.place) = (line.written, line.place);
        }
        // The dateline's own agency is surer than a note's below the text.
        if let Some(name) = line.agency
            && (found == 1 || attribution.agency.is_none())
        {
            attribution.agency = Some(name.to_owned());
        }
    }
}

impl Copy {
    /// The text, paragraph by paragraph.
    pub(super) fn paragraphs(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.text.clone()).collect()
    }

    /// The parts of the text, each with what it is.
    pub(super) fn passages(&self) -> Vec<Passage> {
        let passage = |line: &Line| Passage { kind: line.kind, text: line.text.clone(), at: line.at };
        self.lines.iter().map(passage).collect()
    }

    fn take_source(&mut self, source: Origin) {
        match source {
            Origin::Address(address) => {
                self.attribution.source_url.get_or_insert(address);
            }
            Origin::Agency(name) => {
                self.attribution.agency.get_or_insert(name.to_owned());
            }
        }
    }
}

/// Words for "source", as republishers write them.
#[rustfmt::skip]
const SOURCE: &[&str] = &[
    "source", "sources", "original source", "via", "source url", "original article", "original", "read the original", "quelle", "quellen", "fuente", "fonte", "bron", "źródło", "источник", "джерело", "първоизточник", "kaynak", "kilde", "källa",
    "lähde", "zdroj", "forrás", "sursa", "sursă", "izvor", "πηγή", "nguồn", "sumber", "المصدر", "منبع", "מקור", "来源", "來源", "稿件来源", "出典", "ソース", "出處", "출처", "ที่มา", "स्रोत",
];

/// Whether a text begins like a source line.
pub(super) fn names_source(text: &str) -> bool {
    /// Bytes of a label, at most.
    const LABEL_BYTES: usize = 40;
    let head = text.get(..text.floor_char_boundary(LABEL_BYTES + '：'.len_utf8())).unwrap_or(text);
    labelled(head)
        .is_some_and(|(label, _)| label.len() <= LABEL_BYTES && SOURCE.contains(&label.trim().to_lowercase().as_str()))
}

/// Label and text of a line, cut at its first colon.
fn labelled(text: &str) -> Option<(&str, &str)> {
    text.split_once([':', '：'])
}

/// What a source line names.
enum Origin {
    /// `Source: <https://...>`, or one whose link is the source.
    Address(String),
    /// `Source: Reuters`
    Agency(&'static str),
}

/// What a line names as its source, if it is one that does.
fn source(line: &Line) -> Option<Origin> {
    if !names_source(&line.text) {
        return None;
    }
    let (_, rest) = labelled(&line.text)?;
    let rest = rest.trim();
    if words(rest) > 12 && !rest.contains("://") {
        return None;
    }
    let bare = rest.trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ' '));
    let written = (!bare.contains(' ')).then(|| bare.trim_end_matches('.')).filter(|bare| bare.starts_with("http"));
    let Some(address) = written.or(line.href.as_deref()) else { return agency(bare).map(Origin::Agency) };
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // As it was written, where it was written: a parser adds slashes that nobody wrote.
    Some(Origin::Address(if written.is_some() { address.to_owned() } else { url.into() }))
}

/// The first address that stands in a text.
fn written_address(text: &str) -> Option<String> {
    let word = text.split_whitespace().find(|word| word.contains("://"))?;
    let at = word.find("http")?;
    let address = word.get(at..)?.trim_end_matches(['.', ',', ')', ']', '>', ';']);
    Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(address.to_owned())
}

/// Words before a photographer's name.
const PHOTO: [&str; 16] = [
    "photo",
    "photo by",
    "photo credit",
    "photos",
    "image",
    "image credit",
    "picture",
    "foto",
    "photograph",
    "photographer",
    "fotos",
    "photo via",
    "credit",
    "bild",
    "фото",
    "crédit photo",
];

/// The credit of a line that is one: `Mikhail Mettsel / TASS`, `Photo: Jane Doe`.
pub(super) fn photo_credit(text: &str) -> Option<String> {
    if text.len() > 120 || !text.contains([':', '/']) || words(text) > 10 || text.ends_with(['!', '?', '"', '”']) {
        return None;
    }
    if let Some((label, rest)) = text.split_once(':')
        && PHOTO.contains(&label.trim().to_lowercase().as_str())
        && !rest.trim().is_empty()
    {
        return Some(rest.trim().to_owned());
    }
    let (name, owner) = text.rsplit_once('/')?;
    let plain = |part: &str| {
        !part.trim().is_empty()
            && part.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '-' | '’' | '\'' | '/' | ','))
    };
    let named =
        name.split_whitespace().all(|word| word.chars().next().is_some_and(|c| c.is_uppercase()) || word.len() <= 3);
    (agency(owner).is_some() && plain(name) && plain(owner) && named && words(name) <= 5).then(|| text.to_owned())
}

/// Words that no sentence ends with.
#[rustfmt::skip]
const OPEN_ENDED: [&str; 60] = [
    "a", "an", "the", "of", "on", "in", "to", "at", "and", "or", "for", "by", "with", "from", "as", "that", "which", "who", "its", "their", "his", "her", "is", "was",
    "der", "die", "das", "und", "von", "mit", "im", "am", "zu", "den", "dem", "ein", "eine",
    "le", "la", "les", "de", "des", "du", "et", "en", "un", "une", "el", "los", "las", "y", "del", "il", "che", "di", "e", "per", "и", "на", "что",
];

/// Whether a line goes on with the sentence of the one before it.
fn continues(previous: &Line, line: &Line) -> bool {
    let has_words = |least: usize| {
        let words = previous.text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric));
        words.take(least).count() == least
    };
    if !previous.kind.is_prose() || !line.kind.is_prose() || !has_words(4) {
        return false;
    }
    let Some(end) = previous.text.chars().next_back() else { return false };
    if !(end.is_alphabetic() || end == ',') {
        return false;
    }
    let last = previous.text.rsplit(' ').next().unwrap_or_default().trim_end_matches(',');
    let begins_lower = line.text.chars().next().is_some_and(char::is_lowercase);
    let finishes = line.text.ends_with(['.', '!', '?', '”', '"', '»', '…']);
    let open_ended = OPEN_ENDED.contains(&last.to_lowercase().as_str()) && last.chars().all(|c| c.is_lowercase());
    (begins_lower && finishes && has_words(6)) || (open_ended && finishes)
}

/// The agency of a text that ends with its name in brackets: `... on Friday. (dpa)`.
fn signature(last: &str) -> Option<&'static str> {
    let inner = last.trim_end().trim_end_matches('.').strip_suffix([')', ']'])?;
    let (_, name) = inner.rsplit_once(['(', '['])?;
    agency(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(text: &str) -> Line {
        Line { text: text.to_owned(), href: None, kind: PassageKind::Paragraph, at: None }
    }

    fn edited(lines: &[&str]) -> Copy {
        edit(lines.iter().map(|line| prose(line)).collect())
    }

    #[test]
    fn a_dateline_goes_to_its_fields() {
        let copy = edited(&["TOKYO, Sept 25 (Reuters) - Japan said on Tuesday that talks will go on."]);
        assert_eq!(copy.attribution.dateline.as_deref(), Some("TOKYO, Sept 25"));
        assert_eq!(copy.attribution.agency.as_deref(), Some("Reuters"));
        assert_eq!(copy.paragraphs(), ["Japan said on Tuesday that talks will go on."]);
    }

    #[test]
    fn other_agencies_write_other_datelines() {
        for (text, place, name) in [
            ("SAO PAULO (AP) — A court ruled.", "SAO PAULO", Some("AP")),
            ("Berlin (dpa) - Ein Gericht entschied.", "Berlin", Some("dpa")),
            ("MOSCOW, November 23. /TASS/. A court ruled.", "MOSCOW, November 23", Some("TASS")),
            ("WASHINGTON — A court ruled.", "WASHINGTON", None),
            ("(Reuters) - A court ruled.", "", Some("Reuters")),
        ] {
            let copy = edited(&[text]);
            assert_eq!(copy.attribution.dateline.as_deref().unwrap_or_default(), place, "{text}");
            assert_eq!(copy.attribution.agency.as_deref(), name, "{text}");
        }
    }

    #[test]
    fn a_sentence_with_a_dash_is_no_dateline() {
        for text in [
            "The court – a new one – ruled.",
            "NATO – which has 30 members, most of them in Europe and all of them in need of money – said so.",
            "IBM - and others - rose.",
        ] {
            assert_eq!(edited(&[text]).attribution.agency, None);
        }
        assert_eq!(edited(&["The court – a new one – ruled."]).attribution.dateline, None);
    }

    #[test]
    fn a_broken_sentence_is_joined() {
        let copy = edited(&[
            "“We both do not want this to drag out into another generation,” Abe said on",
            "Friday.",
            "Putin may be open.",
        ]);
        assert_eq!(copy.paragraphs().len(), 2);
        assert!(copy.paragraphs()[0].ends_with("Abe said on Friday."));
    }

    #[test]
    fn whole_sentences_headings_and_lists_stay_apart() {
        let lines = vec![
            prose("He said it was done."),
            prose("then he left."),
            Line { text: "What comes after all of this".into(), href: None, kind: PassageKind::ListItem, at: None },
            prose("nobody knows."),
        ];
        assert_eq!(edit(lines).paragraphs().len(), 4);
    }

    #[test]
    fn a_source_line_is_attribution() {
        let copy = edited(&["A text.", "Source: <https://example.com/news/a-1>", "[Disclaimer]"]);
        assert_eq!(copy.attribution.source_url.as_deref(), Some("https://example.com/news/a-1"));
        assert_eq!(copy.paragraphs(), ["A text."]);
        let linked = Line { href: Some("https://example.com/b".into()), ..prose("Quelle: Beispiel") };
        assert_eq!(edit(vec![linked]).attribution.source_url.as_deref(), Some("https://example.com/b"));
        assert_eq!(
            edited(&["Source: two people who were there and did not want to be named, as they feared for their jobs"])
                .paragraphs()
                .len(),
            1
        );
    }

    #[test]
    fn credit_lines_go_to_the_attribution() {
        let copy = edited(&[
            "TOKYO, Sept 25 (Reuters) - A court ruled.",
            "It was late.",
            "(Reporting by Kaori Kaneko; Editing by Simon Cameron-Moore)",
            "Our Standards: The Thomson Reuters Trust Principles.",
        ]);
        assert_eq!(copy.paragraphs(), ["A court ruled.", "It was late."]);
        assert_eq!(
            copy.attribution.credit.as_deref(),
            Some("Reporting by Kaori Kaneko; Editing by Simon Cameron-Moore")
        );
        let inputs = edited(&["A court ruled.", "It was late.", "(With inputs from PTI)"]);
        assert_eq!(inputs.attribution.agency.as_deref(), Some("PTI"));
        assert_eq!(inputs.paragraphs().len(), 2);
    }

    #[test]
    fn a_republisher_s_note_names_its_source() {
        let copy = edited(&["A court ruled.", "This article was originally published at https://example.com/a."]);
        assert_eq!(copy.attribution.source_url.as_deref(), Some("https://example.com/a"));
        assert_eq!(copy.paragraphs(), ["A court ruled."]);
        assert_eq!(edited(&["A court ruled.", "Quelle: dpa"]).attribution.agency.as_deref(), Some("dpa"));
    }

    proptest::proptest! {
        #[test]
        fn editing_an_edited_text_changes_nothing(
            lines in proptest::collection::vec("([A-Z][a-z]{1,8}|[a-z]{1,8}|the|on|TOKYO|25|,|-|—|\\(Reuters\\)|Source:|AFP|\\.)( ([A-Za-z]{1,9}|the|of|—|-|\\(AP\\)|said|2018)){0,12}[.,]?", 0..12)
        ) {
            let once = edit(lines.iter().map(|line| prose(line)).collect()).paragraphs();
            let twice = edit(once.iter().map(|line| prose(line)).collect()).paragraphs();
            proptest::prop_assert_eq!(once, twice);
        }
    }

    #[test]
    fn a_photo_credit_is_no_text() {
        assert_eq!(photo_credit("Mikhail Mettsel / TASS").as_deref(), Some("Mikhail Mettsel / TASS"));
        assert_eq!(photo_credit("Photo: Jane Doe").as_deref(), Some("Jane Doe"));
        for text in [
            "He chose either/or.",
            "The photo: it shows a man who was there when it all began years ago.",
            "TASS",
            "1/2 AP",
        ] {
            assert_eq!(photo_credit(text), None, "{text}");
        }
    }

    #[test]
    fn a_signature_names_the_agency() {
        assert_eq!(edited(&["Ein Gericht entschied am Freitag. (dpa)"]).attribution.agency.as_deref(), Some("dpa"));
    }
}
