//! What agencies and republishers leave in a text, and where it goes.
//!
//! A text has been through systems that broke its lines, put the photographer's name above it and a
//! note below. Here it becomes paragraphs again: source lines, datelines and credits go to their fields.

mod notes;

use url::Url;

use super::agencies::agency;
use super::text::words;
use crate::record::Attribution;
use notes::{is_disclaimer, is_note};

/// A paragraph of the text, before it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its text, clean.
    pub(super) text: String,
    /// The address that it links to, where it is little else than a link.
    pub(super) href: Option<String>,
    /// Whether it is running text, rather than a heading or list item.
    pub(super) prose: bool,
}

/// A text, and what was taken out of it.
#[derive(Debug, Default)]
pub(super) struct Copy {
    pub(super) paragraphs: Vec<String>,
    pub(super) attribution: Attribution,
    /// Photographers and their agencies, in the text's order.
    pub(super) credits: Vec<String>,
}

/// Lines at a text's end among which notes are looked for: credit, standards, copyright, source,
/// disclaimer and a republisher's note may all stand there.
const NOTES_AT_END: usize = 6;

/// Makes paragraphs of lines.
pub(super) fn edit(lines: Vec<Line>) -> Copy {
    let mut copy = Copy::default();
    let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
    let last = lines.len().saturating_sub(1);
    for (index, line) in lines.into_iter().enumerate() {
        if let Some(address) = source(&line) {
            copy.attribution.source_url.get_or_insert(address);
            continue;
        }
        let at_end = index + NOTES_AT_END > last;
        if is_disclaimer(&line.text, at_end) || (at_end && index > 0 && is_note(&line.text)) {
            continue;
        }
        if let Some(credit) = photo_credit(&line.text) {
            copy.credits.push(credit);
            continue;
        }
        match kept.last_mut() {
            Some(previous) if continues(previous, &line) => {
                previous.text.push(' ');
                previous.text.push_str(&line.text);
            }
            _ => kept.push(line),
        }
    }
    copy.paragraphs = kept.into_iter().map(|line| line.text).collect();
    if let Some(first) = copy.paragraphs.first_mut()
        && let Some((dateline, name, rest)) = dateline(first)
    {
        copy.attribution.dateline = dateline;
        copy.attribution.agency = name.map(str::to_owned);
        *first = rest;
    }
    if copy.attribution.agency.is_none() {
        copy.attribution.agency = copy.paragraphs.last().and_then(|last| signature(last)).map(str::to_owned);
    }
    copy
}

/// Words for "source", as republishers write them.
const SOURCE: [&str; 14] = [
    "source",
    "sources",
    "original source",
    "quelle",
    "fuente",
    "fonte",
    "bron",
    "źródło",
    "источник",
    "джерело",
    "kaynak",
    "kilde",
    "källa",
    "zdroj",
];

/// Whether a text begins like a source line.
pub(super) fn names_source(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(label, _)| label.len() <= 40 && SOURCE.contains(&label.trim().to_lowercase().as_str()))
}

/// The address of a line `Source: <https://...>`, or of one whose link is the source.
fn source(line: &Line) -> Option<String> {
    let (_, rest) = line.text.split_once(':').filter(|_| names_source(&line.text))?;
    let rest = rest.trim();
    if words(rest) > 12 && !rest.contains("://") {
        return None;
    }
    let bare = rest.trim_matches(|c: char| matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | ' '));
    let written = (!bare.contains(' ')).then(|| bare.trim_end_matches('.')).filter(|bare| bare.starts_with("http"));
    let address = written.or(line.href.as_deref())?;
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    // As it was written, where it was written: a parser adds slashes that nobody wrote.
    Some(if written.is_some() { address.to_owned() } else { url.into() })
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
    if text.len() > 120 || words(text) > 10 || text.ends_with(['!', '?', '"', '”']) {
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
    if !previous.prose || !line.prose || words(&previous.text) < 4 {
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
    (begins_lower && finishes && words(&previous.text) >= 6) || (open_ended && finishes)
}

/// Characters of a dateline, at most.
const DATELINE_BYTES: usize = 90;

/// Place, agency and rest of a first paragraph that begins `TOKYO, Sept 25 (Reuters) -`.
fn dateline(first: &str) -> Option<(Option<String>, Option<&'static str>, String)> {
    let (at, length) =
        ["—", "–", " - ", " -- ", "―"].iter().filter_map(|dash| Some((first.find(dash)?, dash.len()))).min()?;
    if at > DATELINE_BYTES {
        return None;
    }
    let head = first.get(..at)?.trim();
    let rest = first.get(at + length..)?.trim_start_matches(['-', '–', '—', ' ']).trim();
    if rest.is_empty() || head.is_empty() {
        return None;
    }
    if let Some((place, inner)) = head.rsplit_once('(')
        && let Some(name) = inner.strip_suffix(')').and_then(agency)
    {
        let place = place.trim().trim_end_matches(',');
        return is_place(place)
            .then(|| (Some(place.to_owned()).filter(|place| !place.is_empty()), Some(name), rest.to_owned()));
    }
    let (place, name) = match head.rsplit_once([',', '.', '/']) {
        Some((place, last)) if agency(last).is_some() => (place.trim(), agency(last)),
        _ => (head, None),
    };
    let capitals = place.split([' ', ',']).find(|word| !word.is_empty()).is_some_and(|word| {
        word.chars().filter(|c| c.is_alphabetic()).count() >= 3 && word.chars().all(|c| !c.is_lowercase())
    });
    (capitals
        && is_place(place)
        && (name.is_some() || place.contains(',') || !place.chars().any(char::is_lowercase))
        && words(place) <= 6)
        .then(|| (Some(place.to_owned()), name, rest.to_owned()))
}

/// Whether a text can be a place with a date: few words, no sentence.
fn is_place(text: &str) -> bool {
    words(text) <= 8
        && !text.contains(['"', '“', '?', '!', ':', ';'])
        && text.chars().next().is_none_or(char::is_uppercase)
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
        Line { text: text.to_owned(), href: None, prose: true }
    }

    fn edited(lines: &[&str]) -> Copy {
        edit(lines.iter().map(|line| prose(line)).collect())
    }

    #[test]
    fn a_dateline_goes_to_its_fields() {
        let copy = edited(&["TOKYO, Sept 25 (Reuters) - Japan said on Tuesday that talks will go on."]);
        assert_eq!(copy.attribution.dateline.as_deref(), Some("TOKYO, Sept 25"));
        assert_eq!(copy.attribution.agency.as_deref(), Some("Reuters"));
        assert_eq!(copy.paragraphs, ["Japan said on Tuesday that talks will go on."]);
    }

    #[test]
    fn other_agencies_write_other_datelines() {
        for (text, place, name) in [
            ("SAO PAULO (AP) — A court ruled.", "SAO PAULO", Some("AP")),
            ("Berlin (dpa) - Ein Gericht entschied.", "Berlin", Some("dpa")),
            ("MOSCOW, November 23. /TASS/. A court ruled.", "", None),
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
        assert_eq!(copy.paragraphs.len(), 2);
        assert!(copy.paragraphs[0].ends_with("Abe said on Friday."));
    }

    #[test]
    fn whole_sentences_headings_and_lists_stay_apart() {
        let lines = vec![
            prose("He said it was done."),
            prose("then he left."),
            Line { text: "What comes after all of this".into(), href: None, prose: false },
            prose("nobody knows."),
        ];
        assert_eq!(edit(lines).paragraphs.len(), 4);
    }

    #[test]
    fn a_source_line_is_attribution() {
        let copy = edited(&["A text.", "Source: <https://example.com/news/a-1>", "[Disclaimer]"]);
        assert_eq!(copy.attribution.source_url.as_deref(), Some("https://example.com/news/a-1"));
        assert_eq!(copy.paragraphs, ["A text."]);
        let linked = Line { href: Some("https://example.com/b".into()), ..prose("Quelle: Beispiel") };
        assert_eq!(edit(vec![linked]).attribution.source_url.as_deref(), Some("https://example.com/b"));
        assert_eq!(
            edited(&["Source: two people who were there and did not want to be named, as they feared for their jobs"])
                .paragraphs
                .len(),
            1
        );
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
