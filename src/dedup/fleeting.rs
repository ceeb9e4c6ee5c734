//! What a page says of itself that changes by itself: "updated 5 minutes ago", "1,204 views", "45 shares".
//!
//! A page that is read again shows other figures there, and is the same text; so they are no part of it. A *fragment* (a
//! line, a sentence, what stands between bars) is fleeting if there is nothing else in it: only numbers, units of time,
//! dates, words for what is counted and the small words between them, and among them one of three *marks*: a number with
//! a word for what is counted, a unit of time with "ago", a word for "updated" with a time.
//!
//! Nothing else is left out, since a correction matters more than a repetition: "12 dead" may become "13 dead", "no
//! figures" may lose its "no", and a "video with 1,204 views" is told of in a sentence that has other words in it. A counter
//! that is not known as one costs a revision; a correction that was taken for one would never reach anybody.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::extract::month;
use vocabulary::{SPACED, UNSPACED};

mod vocabulary;

/// A longer fragment says more than what it counts: the longest that was seen on pages is some 60 bytes in Latin script. Half
/// would lose "This article has been read 1,204 times so far", and in Thai a character takes three.
const LONGEST: usize = 120;

/// Beside the ASCII ones, what fragments end with.
const SIGNS: [char; 8] = ['\u{b7}', '\u{2028}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{3002}', '\u{ff01}', '\u{ff5c}'];

/// The first bytes of all of them: most text is passed over without a closer look.
const MAY_END: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    let firsts = [b'\n', b'|', b'.', b'!', b'?', 0xC2, 0xE2, 0xE3, 0xEF];
    while at < firsts.len() {
        table[firsts[at] as usize] = true;
        at += 1;
    }
    table
};

/// What a word can be in a fragment that is fleeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Digits, with the signs that numbers, times and dates are written with.
    Number,
    /// A unit of time.
    Unit,
    /// That a time is past.
    Ago,
    /// This moment.
    Now,
    /// What a page counts of itself.
    Counted,
    /// That a page was changed.
    Updated,
    /// A day, a month, a time zone.
    Day,
    /// The small words between.
    Small,
}

/// `text` without its fleeting fragments. A text of nothing else is left as it is.
pub fn lasting(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let (mut copied, mut lasts) = (0, false);
    for fragment in fragments(text) {
        if is_fleeting(&text[fragment.clone()]) {
            kept.push_str(&text[copied..fragment.start]);
            copied = fragment.end;
        } else {
            lasts = lasts || !text[fragment].trim().is_empty();
        }
    }
    if copied == 0 || !lasts {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[copied..]);
    Cow::Owned(kept)
}

/// Lines and sentences, and what stands between bars, as ranges of bytes.
fn fragments(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= bytes.len() {
            return None;
        }
        let mut at = start;
        while let Some(ahead) = bytes[at..].iter().position(|byte| MAY_END[usize::from(*byte)]) {
            at += ahead;
            let sign = text[at..].chars().next().map_or(1, char::len_utf8);
            let ends = match bytes[at] {
                b'\n' | b'|' => true,
                b'.' | b'!' | b'?' => ends_sentence(text, at),
                _ => SIGNS.iter().any(|sign| text[at..].starts_with(*sign)),
            };
            at += sign;
            if ends {
                let fragment = start..at;
                start = at;
                return Some(fragment);
            }
        }
        at = bytes.len();
        let fragment = start..at;
        start = at;
        Some(fragment)
    })
}

/// Whether the sign at this byte ends a sentence: "p.m. on", "godz. 14:05" and "25. November" go on.
fn ends_sentence(text: &str, at: usize) -> bool {
    let after = &text[at + 1..];
    let rest = after.trim_start_matches([' ', '\u{a0}', '\t']);
    let Some(next) = rest.chars().next() else { return true };
    if rest.len() == after.len() {
        return next == '\n';
    }
    let follows_digit = text.as_bytes()[..at].last().is_some_and(u8::is_ascii_digit);
    let word = || rest.split(|char: char| !char.is_alphabetic()).next().unwrap_or_default();
    !(next.is_lowercase() || next.is_numeric() || follows_digit && month(word()).is_some())
}

fn is_fleeting(fragment: &str) -> bool {
    let fragment = fragment.trim();
    if fragment.is_empty() || fragment.len() > LONGEST {
        return false;
    }
    let lower = fragment.to_lowercase();
    // A month's name is no mark without a number.
    let has_number = lower.contains(char::is_numeric);
    let mut months = Vec::new();
    let mut seen = Seen::default();
    let mut rest = lower.as_str();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_numeric() {
            seen.note(Kind::Number);
            rest.find(|char: char| !char.is_numeric() && !is_within_number(char)).unwrap_or(rest.len())
        } else if !is_letter(first) {
            first.len_utf8()
        } else if let Some((sign, kind)) = unspaced(rest) {
            seen.note(kind);
            sign.len()
        } else {
            let end = rest.find(|char: char| !is_letter(char) || char.is_numeric()).unwrap_or(rest.len());
            let word = &rest[..end];
            match kind_of(word) {
                Some(kind) => seen.note(kind),
                None if has_number => {
                    seen.note(Kind::Day);
                    months.push(word);
                }
                None => return false,
            }
            end
        };
        rest = &rest[length..];
    }
    // Whether a word is a month's name is asked last: it is held against all of them.
    seen.has_mark() && months.into_iter().all(|word| month(word).is_some())
}

fn kind_of(word: &str) -> Option<Kind> {
    static KINDS: LazyLock<HashMap<&str, Kind>> = LazyLock::new(|| {
        // What a word is in one language may be something else in another: the first counts, so the last come first.
        let all = SPACED.iter().rev();
        all.flat_map(|(kind, words)| words.split_whitespace().map(|word| (word, *kind))).collect()
    });
    KINDS.get(word).copied()
}

/// The word of a script without spaces that a text begins with.
fn unspaced(text: &str) -> Option<(&'static str, Kind)> {
    // Below Thai all scripts have spaces, and hearts stand for what is counted.
    let may_be = text.chars().next().is_some_and(|first| first >= '\u{e00}');
    UNSPACED.iter().find(|(word, _)| may_be && text.starts_with(word)).copied()
}

/// Which kinds of words a fragment has.
#[derive(Default)]
struct Seen(u8);

impl Seen {
    fn note(&mut self, kind: Kind) {
        self.0 |= 1 << kind as u8;
    }

    fn has(&self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    fn has_mark(&self) -> bool {
        let is_count = self.has(Kind::Counted) && self.has(Kind::Number);
        let is_age = self.has(Kind::Ago) && self.has(Kind::Unit) || self.has(Kind::Now) && !self.has(Kind::Number);
        let has_time = [Kind::Number, Kind::Day, Kind::Unit].into_iter().any(|kind| self.has(kind));
        is_count || is_age || self.has(Kind::Updated) && has_time
    }
}

fn is_letter(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphabetic();
    }
    let is_sign = matches!(char, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{3004}'
        | '\u{3008}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{60c}' | '\u{61b}' | '\u{61f}'
        | '\u{964}' | '\u{fe0f}');
    !is_sign && !char.is_whitespace()
}

fn is_within_number(char: char) -> bool {
    matches!(
        char,
        '.' | ',' | ':' | '/' | '-' | '\'' | '\u{a0}' | '\u{202f}' | '\u{2019}' | '+' | '\u{66b}' | '\u{66c}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_all_fleeting(fragment: &str) {
        let text = format!("The minister resigned.\n\n{fragment}\n\nHe gave no reason.");
        let kept = lasting(&text);
        assert!(!kept.contains(fragment.split_whitespace().next().unwrap()), "{kept}");
        assert!(kept.starts_with("The minister resigned.") && kept.ends_with("He gave no reason."), "{kept}");
    }

    #[track_caller]
    fn lasts(text: &str) {
        assert_eq!(lasting(text), text);
        let within = format!("{text}\n\nHe gave no reason.");
        assert_eq!(lasting(&within), within);
    }

    #[test]
    fn ages_and_times_of_an_update_are_fleeting() {
        for fragment in [
            "Updated 5 minutes ago",
            "Last updated: 25 November 2026, 14:05 GMT",
            "an hour ago",
            "Posted 3h ago",
            "Just now",
            "Aktualisiert vor 5 Minuten",
            "Stand: 25.11.2026, 14:05 Uhr",
            "vor einer Stunde",
            "Mis à jour il y a 5 minutes",
            "Actualizado hace 5 minutos",
            "Atualizado há 2 horas",
            "Aggiornato 3 ore fa",
            "5 minuten geleden",
            "5 minut temu",
            "Обновлено 5 минут назад",
            "5 хвилин тому",
            "5 dakika önce",
            "Uppdaterad för 5 minuter sedan",
            "for 5 minutter siden",
            "5 minuuttia sitten",
            "před 5 minutami",
            "πριν από 5 λεπτά",
            "منذ 5 دقائق",
            "5 मिनट पहले",
            "5 menit yang lalu",
            "5 phút trước",
            "5分钟前",
            "更新时间:2026年11月25日 14:05",
            "5分前",
            "最終更新 2026年11月25日 14時05分",
            "5분 전",
            "5 นาทีที่แล้ว",
        ] {
            is_all_fleeting(fragment);
        }
    }

    #[test]
    fn what_a_page_counts_of_itself_is_fleeting() {
        for fragment in [
            "1,204 views",
            "Views: 1.2K",
            "This article has been read 1,204 times.",
            "45 shares | 12 comments",
            "Share 45",
            "3 min read",
            "👁 1204",
            "1.204 Aufrufe",
            "Dieser Artikel wurde 1.204 mal gelesen",
            "12 Kommentare",
            "1 204 vues",
            "45 partages · 12 commentaires",
            "1.204 visitas",
            "12 comentarios",
            "1.204 visualizações",
            "1.204 visualizzazioni",
            "1.204 keer gelezen",
            "1204 odsłon",
            "Просмотров: 1204",
            "1204 görüntülenme",
            "1 204 visningar",
            "1204 مشاهدة",
            "Dilihat 1.204 kali",
            "1.204 lượt xem",
            "阅读 1204",
            "浏览次数:1204",
            "1204次阅读",
            "閲覧数 1204",
            "조회수 1,204",
            "เข้าชม 1204 ครั้ง",
        ] {
            is_all_fleeting(fragment);
        }
    }

    #[test]
    fn what_a_text_tells_of_lasts() {
        for text in [
            "12 dead",
            "Updated figures show 12 dead.",
            "The video had 1,204 views.",
            "Police said they came five minutes ago to a house in Dunvale.",
            "In 2019, 45 people were hurt.",
            "Final score: 2-1",
            "Votes: 1,204",
            "Today, 5 pm",
            "Published 25 November 2026",
            "Nicht gelesen",
            "Es gab 12 Tote.",
            "Il y a 5 morts",
            "Погибли 12 человек",
            "12人死亡",
            "死者は12人",
            "사망 12명",
            "No",
            "Three days ago, the minister resigned.",
        ] {
            lasts(text);
        }
    }

    #[test]
    fn a_sentence_in_a_paragraph_can_be_fleeting_and_its_neighbours_last() {
        let text = "The minister resigned. Updated 5 minutes ago. He gave no reason.";
        assert_eq!(lasting(text), "The minister resigned. He gave no reason.");
    }

    #[test]
    fn a_text_of_nothing_else_is_left_as_it_is() {
        assert_eq!(lasting("5 views\n3 shares"), "5 views\n3 shares");
        assert_eq!(lasting(""), "");
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC{0,60}[.·|\n。]{0,2}[0-9]{0,4} ?(views|ago|前|分)?\\PC{0,20}") {
            let kept = lasting(&text);
            proptest::prop_assert!(kept.len() <= text.len());
        }
    }
}
