//! Datelines: what agencies write before the first sentence of a report.
//!
//! | as written | who writes so |
//! |---|---|
//! | `TOKYO, Sept 25 (Reuters) - `, `Berlin (dpa) - `, `Madrid, 25 sep (EFE).- ` | agencies of Europe and the Americas |
//! | `(ANSA) - ROMA, 25 SET - `, `(Reuters) - ` | the agency first |
//! | `МОСКВА, 25 сентября. /ТАСС/. `, `София /БТА/ ` | the agency between slashes |
//! | `МОСКВА, 25 сен - РИА Новости. `, `Москва. 25 сентября. INTERFAX.RU - ` | the agency behind the dash, or before it without brackets |
//! | `新华社北京9月25日电`, `（中央社記者王小明台北25日電）` | agencies of China and Taiwan |
//! | `【東京共同】`, `［東京　２５日　ロイター］`, `(서울=연합뉴스)` | agencies of Japan and Korea |
//! | `WASHINGTON — `, `NEW DELHI: ` | newspapers: a place in capitals alone |

use crate::extract::agencies::agency;
use crate::extract::months::digit;
use crate::extract::page::is_ideograph;
use crate::extract::text::words;

/// Bytes of a dateline, at most.
const DATELINE_BYTES: usize = 110;
/// Words of its place and date, at most.
const DATELINE_WORDS: usize = 8;

/// A dateline, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dateline {
    /// Place and date as they stood, without the agency.
    pub(super) written: Option<String>,
    /// The place alone.
    pub(super) place: Option<String>,
    pub(super) agency: Option<&'static str>,
    /// The paragraph without it.
    pub(super) rest: String,
}

/// The dateline that a paragraph begins with, if it does.
pub(super) fn read(paragraph: &str) -> Option<Dateline> {
    let text = paragraph.trim_start();
    agency_first(text)
        .or_else(|| chinese(text))
        .or_else(|| between_slashes(text))
        .or_else(|| in_brackets(text))
        .or_else(|| before_dash(text))
        .or_else(|| before_colon(text))
}

fn dateline(head: &str, agency: Option<&'static str>, rest: &str) -> Option<Dateline> {
    let written = head.trim().trim_matches([',', ' ', '-', '–', '—', '/', '，', '、']).trim();
    let written = Some(written).filter(|written| !written.is_empty()).map(str::to_owned);
    let place = written.as_deref().and_then(place_of);
    Some(Dateline { written, place, agency, rest: behind(rest).to_owned() })
}

/// The place of `TOKYO, Sept 25`: what stands before the date.
fn place_of(written: &str) -> Option<String> {
    let end = written.find([',', '，', '、']).into_iter().chain(written.find(|c| digit(c).is_some())).min();
    let place = written.get(..end.unwrap_or(written.len())).unwrap_or_default().trim().trim_end_matches('.');
    (!place.is_empty()).then(|| place.to_owned())
}

/// A text without the dash, dot or colon that a dateline ends with.
fn behind(rest: &str) -> &str {
    rest.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '-' | '–' | '—' | '―' | '.' | ':' | '：' | '=' | '＝' | '−')
    })
}

/// Whether what follows a dateline ends it: a dash, a dot with a dash, a colon.
fn ends_dateline(rest: &str) -> bool {
    rest.trim_start().starts_with(['-', '–', '—', '―', ':', '.', '='])
}

/// The text in the bracket that a text begins with, and what follows it.
fn opening_bracket(text: &str) -> Option<(&str, &str)> {
    let close = match text.chars().next()? {
        '(' => ')',
        '[' => ']',
        '（' => '）',
        '［' => '］',
        '【' => '】',
        _ => return None,
    };
    let head = text.get(..text.floor_char_boundary(DATELINE_BYTES))?;
    let at = head.find(close)?;
    let open = text.chars().next().map_or(0, char::len_utf8);
    Some((text.get(open..at)?.trim(), text.get(at + close.len_utf8()..)?))
}

/// `(Reuters) - `, `(ANSA) - ROMA, 25 SET - `, `【東京共同】`, `［東京　２５日　ロイター］`, `(서울=연합뉴스) 홍길동 기자 = `.
fn agency_first(text: &str) -> Option<Dateline> {
    let (inner, rest) = opening_bracket(text)?;
    if let Some(name) = agency(inner) {
        let after = behind(rest);
        // The Italian way: the place follows, in capitals, with another dash.
        if let Some(second) = before_dash(after).filter(|second| second.agency.is_none()) {
            return Some(Dateline { agency: Some(name), ..second });
        }
        return dateline("", Some(name), rest);
    }
    if let Some((place, name)) = inner.split_once(['=', '＝']).filter(|(place, _)| words(place) <= 3) {
        let name = agency(name)?;
        // The reporter stands behind it, with a sign of equality of his own.
        let head = rest.get(..rest.floor_char_boundary(60)).unwrap_or(rest);
        let after = head
            .find(['=', '＝'])
            .and_then(|at| rest.get(at..))
            .filter(|_| head.contains("기자") || head.contains("특파원"));
        return dateline(place, Some(name), after.unwrap_or(rest));
    }
    if inner.is_ascii() {
        return None;
    }
    if let Some((head, last)) = inner.rsplit_once([' ', '\u{3000}'])
        && let Some(name) = agency(last)
    {
        return dateline(&head.replace('\u{3000}', " "), Some(name), rest);
    }
    let name = inner.char_indices().skip(1).find_map(|(at, _)| Some((at, agency(inner.get(at..)?)?)));
    if let Some((at, name)) = name {
        let place = inner.get(..at).unwrap_or_default();
        return (place.chars().count() <= 12).then(|| dateline(place, Some(name), rest)).flatten();
    }
    cabled(inner).filter(|(_, after)| after.is_empty()).and_then(|(line, _)| dateline(&line.1, Some(line.0), rest))
}

/// `新华社北京9月25日电`: agency, place, day, and the word for "cable", with what follows them.
fn cabled(text: &str) -> Option<((&'static str, String), &str)> {
    let head: String = text.chars().take(40).collect();
    let end = head.find(['电', '電'])?;
    let (name, length) = (2..=4).rev().find_map(|count| {
        let length = text.char_indices().nth(count)?.0;
        Some((agency(text.get(..length)?)?, length))
    })?;
    let written = text.get(length..end)?;
    if !written.ends_with('日') && !written.chars().all(is_ideograph) {
        return None;
    }
    let word = text.get(end..)?.chars().next().map_or(0, char::len_utf8);
    Some(((name, written.to_owned()), text.get(end + word..)?))
}

fn chinese(text: &str) -> Option<Dateline> {
    let ((name, written), rest) = cabled(text)?;
    // The reporters in brackets behind it.
    let after = match opening_bracket(rest.trim_start()) {
        Some((inner, after)) if inner.starts_with("记者") || inner.starts_with("記者") => after,
        _ => rest,
    };
    dateline(&written, Some(name), after)
}

/// `МОСКВА, 25 сентября. /ТАСС/. `
fn between_slashes(text: &str) -> Option<Dateline> {
    let head = text.get(..text.floor_char_boundary(DATELINE_BYTES))?;
    let open = head.find('/')?;
    let close = open + 1 + head.get(open + 1..)?.find('/')?;
    let name = agency(head.get(open + 1..close)?)?;
    let place = head.get(..open)?.trim_end().trim_end_matches('.');
    is_place(place).then(|| dateline(place, Some(name), text.get(close + 1..)?)).flatten()
}

/// `TOKYO, Sept 25 (Reuters) - `
fn in_brackets(text: &str) -> Option<Dateline> {
    let head = text.get(..text.floor_char_boundary(DATELINE_BYTES))?;
    let mut from = 0;
    while let Some(open) = head.get(from..)?.find(['(', '（']).map(|at| at + from) {
        let (inner, rest) = opening_bracket(text.get(open..)?)?;
        let place = head.get(..open)?;
        if let Some(name) = agency(inner) {
            let ends = ends_dateline(rest) || begins_in_capitals(place) || rest.trim().is_empty();
            return (is_place(place) && ends).then(|| dateline(place, Some(name), rest)).flatten();
        }
        from = open + 1;
    }
    None
}

/// Where a dash stands within the first bytes of a text, and how long it is.
fn first_dash(text: &str) -> Option<(usize, usize)> {
    let head = text.get(..text.floor_char_boundary(DATELINE_BYTES))?;
    ["—", "–", "―", " - ", " -- "]
        .iter()
        .filter_map(|dash| Some((head.find(dash)?, dash.len())))
        .min_by_key(|(at, _)| *at)
}

/// `WASHINGTON — `, `NEW DELHI, Sept 25 - `, `МОСКВА, 25 сен - РИА Новости. `, `Москва. 25 сентября. INTERFAX.RU - `
fn before_dash(text: &str) -> Option<Dateline> {
    let (at, length) = first_dash(text)?;
    let head = text.get(..at)?.trim();
    let rest = text.get(at + length..)?;
    if head.is_empty() || behind(rest).is_empty() {
        return None;
    }
    if let Some((place, last)) =
        head.rsplit_once(", ").or_else(|| head.rsplit_once(". ")).or_else(|| head.rsplit_once('/'))
        && let Some(name) = agency(last)
        && is_place(place)
    {
        return dateline(place, Some(name), rest);
    }
    // An agency alone before the dash.
    if let Some(name) = agency(head).filter(|_| begins_sentence(behind(rest))) {
        return dateline("", Some(name), rest);
    }
    if let Some((name, after)) = behind(rest).split_once(". ").and_then(|(name, after)| Some((agency(name)?, after)))
        && is_place(head)
    {
        return dateline(head, Some(name), after);
    }
    let shown = head.contains(',') || !head.chars().any(char::is_lowercase);
    (begins_in_capitals(head) && is_place(head) && shown && words(head) <= 6 && begins_sentence(behind(rest)))
        .then(|| dateline(head, None, rest))
        .flatten()
}

/// `NEW DELHI: `, as newspapers of South Asia write it.
fn before_colon(text: &str) -> Option<Dateline> {
    /// Words in capitals before a colon that are no places.
    const LABELS: [&str; 27] = [
        "disclosure",
        "update",
        "updated",
        "breaking",
        "exclusive",
        "watch",
        "read",
        "note",
        "opinion",
        "analysis",
        "video",
        "editorial",
        "correction",
        "explainer",
        "live",
        "warning",
        "spoiler",
        "question",
        "answer",
        "summary",
        "tldr",
        "listen",
        "photos",
        "review",
        "interview",
        "disclaimer",
        "related",
    ];
    let head = text.get(..text.floor_char_boundary(40))?;
    let at = head.find(':')?;
    let place = head.get(..at)?;
    let rest = text.get(at + 1..)?;
    let lower = place.to_lowercase();
    let plain = place.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '/' | '.'))
        && place.chars().filter(|c| c.is_alphabetic()).count() >= 4
        && !place.chars().any(char::is_lowercase)
        && place.chars().any(char::is_uppercase);
    (plain
        && words(place) <= 3
        && rest.starts_with(' ')
        && begins_sentence(rest.trim_start())
        && words(rest) >= 8
        && !lower.split([' ', '-', '/']).any(|word| LABELS.contains(&word)))
    .then(|| dateline(place, None, rest))
    .flatten()
}

fn begins_sentence(text: &str) -> bool {
    text.chars().find(|c| c.is_alphanumeric()).is_some_and(|c| c.is_uppercase() || c.is_numeric() || !c.is_lowercase())
}

/// Whether the first word is in capitals, of three letters or more.
fn begins_in_capitals(text: &str) -> bool {
    text.split([' ', ',', '.', '/']).find(|word| !word.is_empty()).is_some_and(|word| {
        word.chars().filter(|c| c.is_alphabetic()).count() >= 3
            && word.chars().all(|c| !c.is_lowercase())
            && word.chars().any(char::is_uppercase)
    })
}

/// Whether a text can be a place with a date: few words, the first with a capital, no sentence.
fn is_place(text: &str) -> bool {
    let text = text.trim();
    words(text) <= DATELINE_WORDS
        && !text.contains(['"', '“', '”', '?', '!', ':', ';', '(', '—', '»', '«'])
        && text.chars().next().is_none_or(|c| !c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, written: &str, place: &str, agency: &str, rest: &str) {
        let line = read(text).unwrap_or_else(|| panic!("no dateline in {text}"));
        assert_eq!(line.written.as_deref().unwrap_or_default(), written, "{text}");
        assert_eq!(line.place.as_deref().unwrap_or_default(), place, "{text}");
        assert_eq!(line.agency.unwrap_or_default(), agency, "{text}");
        assert_eq!(line.rest, rest, "{text}");
    }

    #[test]
    fn the_agency_in_brackets_behind_place_and_date() {
        check("TOKYO, Sept 25 (Reuters) - Japan said so.", "TOKYO, Sept 25", "TOKYO", "Reuters", "Japan said so.");
        check("SAO PAULO (AP) — A court ruled.", "SAO PAULO", "SAO PAULO", "AP", "A court ruled.");
        check("Berlin (dpa) - Ein Gericht entschied.", "Berlin", "Berlin", "dpa", "Ein Gericht entschied.");
        check("Berlin/Hamburg (dpa/lno) – Ein Gericht.", "Berlin/Hamburg", "Berlin/Hamburg", "dpa", "Ein Gericht.");
        check("Madrid, 25 sep (EFE).- Un tribunal.", "Madrid, 25 sep", "Madrid", "EFE", "Un tribunal.");
        check("BEIJING, Sept. 25 (Xinhua) -- China said.", "BEIJING, Sept. 25", "BEIJING", "Xinhua", "China said.");
        check("SEOUL, Sept. 25 (Yonhap) -- A court.", "SEOUL, Sept. 25", "SEOUL", "Yonhap", "A court.");
        check("Paris (AFP) - Un tribunal.", "Paris", "Paris", "AFP", "Un tribunal.");
        check("ANKARA (AA) - Mahkeme karar verdi.", "ANKARA", "ANKARA", "Anadolu", "Mahkeme karar verdi.");
        check("Lisboa, 25 set 2024 (Lusa) – Um tribunal.", "Lisboa, 25 set 2024", "Lisboa", "Lusa", "Um tribunal.");
        check("Praha 25. září (ČTK) - Soud rozhodl.", "Praha 25. září", "Praha", "ČTK", "Soud rozhodl.");
        check("STOCKHOLM (TT) Regeringen sade.", "STOCKHOLM", "STOCKHOLM", "TT", "Regeringen sade.");
        check("OSLO (NTB): En domstol.", "OSLO", "OSLO", "NTB", "En domstol.");
        check("ST. JOSEPH, Mich. (AP) — A court.", "ST. JOSEPH, Mich.", "ST. JOSEPH", "AP", "A court.");
        check("Warszawa (PAP) - Sąd orzekł.", "Warszawa", "Warszawa", "PAP", "Sąd orzekł.");
        check("القاهرة 25 سبتمبر (رويترز) - قالت مصر.", "القاهرة 25 سبتمبر", "القاهرة", "Reuters", "قالت مصر.");
    }

    #[test]
    fn the_agency_first() {
        check("(Reuters) - A court ruled.", "", "", "Reuters", "A court ruled.");
        check("(ANSA) - ROMA, 25 SET - Un tribunale.", "ROMA, 25 SET", "ROMA", "ANSA", "Un tribunale.");
    }

    #[test]
    fn the_agency_between_slashes_or_behind_a_dash() {
        check("МОСКВА, 25 сентября. /ТАСС/. Суд решил.", "МОСКВА, 25 сентября", "МОСКВА", "TASS", "Суд решил.");
        check("МОСКВА, 25 сен - РИА Новости. Суд решил.", "МОСКВА, 25 сен", "МОСКВА", "RIA Novosti", "Суд решил.");
        check("Москва. 25 сентября. INTERFAX.RU - Суд.", "Москва. 25 сентября", "Москва", "Interfax", "Суд.");
    }

    #[test]
    fn agencies_of_east_asia() {
        check("新华社北京9月25日电 法院裁定。", "北京9月25日", "北京", "Xinhua", "法院裁定。");
        check("新华社北京9月25日电（记者张三）法院裁定。", "北京9月25日", "北京", "Xinhua", "法院裁定。");
        check("【東京共同】裁判所は決めた。", "東京", "東京", "Kyodo", "裁判所は決めた。");
        check("［東京　２５日　ロイター］ - 裁判所は。", "東京 ２５日", "東京", "Reuters", "裁判所は。");
        check("(서울=연합뉴스) 홍길동 기자 = 법원은.", "서울", "서울", "Yonhap", "법원은.");
    }

    #[test]
    fn newspapers_write_the_place_alone() {
        check("WASHINGTON — A court ruled.", "WASHINGTON", "WASHINGTON", "", "A court ruled.");
        check(
            "NEW DELHI: The court ruled on Monday that all of it was wrong.",
            "NEW DELHI",
            "NEW DELHI",
            "",
            "The court ruled on Monday that all of it was wrong.",
        );
    }

    #[test]
    fn sentences_are_no_datelines() {
        for text in [
            "",
            "The court – a new one – ruled.",
            "NATO – which has 30 members, most of them in Europe and all of them in need of money – said so.",
            "IBM - and others - rose.",
            "UPDATE: The court ruled on Monday that all of it was wrong.",
            "He told the agency (Reuters) that it was so.",
            "The map (AP) is wrong.",
            "and/or, as they say",
            "(This was said before.) He left.",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = read(&text);
        }

        #[test]
        fn what_is_left_is_an_end_of_the_text(text in "[A-Z]{3,8}(, Sept 25)? (\\(Reuters\\) )?[-—] [A-Za-z .]{0,40}") {
            if let Some(line) = read(&text) {
                prop_assert!(text.ends_with(&line.rest));
            }
        }
    }
}
