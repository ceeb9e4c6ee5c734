//! Names in a byline: cut apart, without the words around them.

use crate::extract::months::{digit, month};
use crate::extract::text::clean;

/// Words for "by", each with the space that follows.
#[rustfmt::skip]
const BY: [&str; 27] = [
    "written by ", "story by ", "reported by ", "posted by ", "published by ", "by: ", "by ", "von ", "by:", "par ", "por ", "di ", "door ", "av ", "af ", "autor: ", "author: ", "autor ", "texto: ", "text: ",
    "przez ", "автор: ", "автор ", "από ", "yazan: ", "words by ", "a cura di ",
];

/// Words between two names.
#[rustfmt::skip]
const AND: [&str; 17] = [" and ", " und ", " et ", " y ", " e ", " en ", " og ", " och ", " i ", " oraz ", " ve ", " и ", " та ", " și ", " és ", " with ", " mit "];

/// Words that stand where a name is not known.
#[rustfmt::skip]
const ANONYMOUS: [&str; 26] = [
    "admin", "administrator", "staff", "editor", "editors", "redaktion", "redaktionen", "redacción", "redaccion", "redazione", "rédaction", "la rédaction", "redactie", "redakcja", "редакция", "newsroom", "news desk",
    "web desk", "guest", "guest author", "staff writer", "staff reporter", "anonymous", "unknown", "editorial", "desk",
];

/// What follows a word for "by" at the beginning of a short text.
pub(super) fn by_pattern(text: &str) -> Option<&str> {
    let text = text.trim();
    BY.iter().find_map(|by| {
        let head = text.get(..by.len())?;
        head.to_lowercase().eq(by).then(|| text.get(by.len()..)).flatten()
    })
}

/// Whether a text is nothing but a word for "by".
pub(super) fn is_label(text: &str) -> bool {
    const LABELS: [&str; 20] = [
        "by",
        "written by",
        "author",
        "authors",
        "article by",
        "posted by",
        "words by",
        "reported by",
        "story by",
        "von",
        "autor",
        "autorin",
        "par",
        "auteur",
        "por",
        "autore",
        "geschrieben von",
        "escrito por",
        "автор",
        "text",
    ];
    let text = text.trim().trim_end_matches(':').trim_end();
    text.len() <= 30 && LABELS.contains(&text.to_lowercase().as_str())
}

/// Whether a name says that there is none.
pub(super) fn is_anonymous(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    ANONYMOUS.contains(&name.as_str()) || name.contains('@') || name.starts_with("http")
}

/// Whether a text can be the name of a person: two to five words, most with a capital, no digits.
pub(super) fn is_name(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty()
        || text.len() > 80
        || text
            .chars()
            .any(|c| digit(c).is_some() || matches!(c, '!' | '?' | ':' | '@' | '|' | '/' | '#' | '©' | '"' | '“'))
    {
        return false;
    }
    if text.chars().all(|c| super::super::page::is_ideograph(c) || matches!(c, '\u{ac00}'..='\u{d7a3}')) {
        return (2..=6).contains(&text.chars().count());
    }
    let words: Vec<&str> = text.split(' ').collect();
    let cased = text.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    let capitals = words.iter().filter(|word| word.chars().next().is_some_and(char::is_uppercase)).count();
    (2..=6).contains(&words.len())
        && (!cased || capitals * 2 >= words.len())
        && !NO_NAME.iter().any(|word| text.to_lowercase().split(' ').any(|each| each == *word))
}

/// Words that names do not have.
#[rustfmt::skip]
const NO_NAME: &[&str] = &[
    "the", "by", "read", "more", "share", "comments", "news", "staff", "follow", "published", "updated", "view", "profile", "about", "posted", "all", "articles", "posts", "email", "subscribe", "min", "your",
    "team", "last", "on", "editor", "reporter", "correspondent", "today", "editorial", "writer", "desk", "contact", "author", "latest", "for", "headshot", "photo", "avatar", "login", "find", "full", "insights", "from", "founder", "reviewer", "get", "make", "veröffentlicht",
];

/// The names in a byline, cut apart.
pub(super) fn split(text: &str) -> Vec<String> {
    let text = clean(text.get(..text.floor_char_boundary(600)).unwrap_or(text));
    let mut rest = text.as_str();
    while let Some(after) = by_pattern(rest) {
        rest = after;
    }
    let mut parts: Vec<&str> = vec![rest];
    for separator in [";", "|", "•", "·", " – ", " — ", " - ", "、", "،"] {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    let organisation = |part: &str| {
        ["press", "agency", "news", "agence", "institute", "university"]
            .iter()
            .any(|word| part.to_lowercase().contains(word))
    };
    for separator in [",", "/", " & "].into_iter().chain(AND) {
        parts = parts
            .into_iter()
            .flat_map(|part| {
                let each: Vec<&str> = part.split(separator).collect();
                // "and" within an organisation, and "e" or "i" within a name, divide nothing.
                let words = |name: &&str| name.split_whitespace().count();
                let single = each.len() == 2
                    && each.iter().all(|name| words(name) == 1)
                    && matches!(separator, " and " | " & " | " und ");
                let names = single || each.iter().all(|name| words(name) > 1 || matches!(separator, "," | "/"));
                if each.len() > 1 && (!names || organisation(part) && !matches!(separator, "," | "/")) {
                    vec![part]
                } else {
                    each
                }
            })
            .collect();
    }
    let mut names: Vec<String> = Vec::new();
    for part in parts {
        let name = bare(part);
        if name.is_empty() || is_date(&name) {
            continue;
        }
        // Behind the first name, what is no name is a job, a degree or a place.
        if names.is_empty() || (is_name(&name) && !is_role(&name)) {
            names.push(name);
        }
    }
    names
}

/// A name without "By", brackets, addresses and dates around it.
fn bare(part: &str) -> String {
    let mut name = part.trim();
    for reporter in [" 기자", " 특파원", "記者", " muhabiri"] {
        name = name.strip_suffix(reporter).unwrap_or(name);
    }
    while let Some(after) = by_pattern(name) {
        name = after.trim();
    }
    if let Some((before, _)) = name.split_once(['(', '[', '<', '@'])
        && !before.trim().is_empty()
    {
        name = before.trim();
    }
    if let Some(at) = name.find(|c: char| digit(c).is_some()) {
        name = name.get(..at).unwrap_or_default().trim();
        if let Some((before, last)) = name.rsplit_once(' ')
            && month(last).is_some()
        {
            name = before;
        }
    }
    name.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, ',' | ':' | '-' | '–' | '—' | '*' | '"' | '“' | '”' | '.' | '|')
                && !(c == '.' && name.len() < 30 && name.ends_with("r."))
    })
    .to_owned()
}

fn is_date(name: &str) -> bool {
    name.split(' ').any(|word| word.chars().any(|c| digit(c).is_some()))
        || (!name.contains(' ') && month(name).is_some())
}

/// Whether a text is a job or a degree rather than a name.
fn is_role(text: &str) -> bool {
    const ROLES: [&str; 30] = [
        "editor",
        "reporter",
        "writer",
        "correspondent",
        "columnist",
        "phd",
        "ph.d.",
        "md",
        "m.d.",
        "redakteur",
        "redakteurin",
        "korrespondent",
        "journalist",
        "contributor",
        "staff",
        "special",
        "senior",
        "chief",
        "director",
        "professor",
        "producer",
        "analyst",
        "author",
        "redactor",
        "periodista",
        "journaliste",
        "photographer",
        "bureau",
        "news",
        "press",
    ];
    text.to_lowercase().split(' ').any(|word| ROLES.contains(&word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bylines_are_cut_into_names() {
        for (text, expected) in [
            ("By Jane Doe and John Roe", vec!["Jane Doe", "John Roe"]),
            ("Von Jana Müller, Redakteurin", vec!["Jana Müller"]),
            ("Jane Doe, Ph.D.", vec!["Jane Doe"]),
            ("Jane Doe (jane@example.com)", vec!["Jane Doe"]),
            ("By Jane Doe | Nov 23, 2018", vec!["Jane Doe"]),
            ("Jane Doe; John Roe; Mary Major", vec!["Jane Doe", "John Roe", "Mary Major"]),
            ("José Ortega y Gasset", vec!["José Ortega y Gasset"]),
            ("Par Anne Dupont et Jean Martin", vec!["Anne Dupont", "Jean Martin"]),
            ("Department of Health and Human News", vec!["Department of Health and Human News"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn names_look_like_names() {
        for name in ["Jane Doe", "Ursula von der Leyen", "王小明", "李 明", "محمد علي", "J. K. Rowling"] {
            assert!(is_name(name), "{name}");
        }
        for other in ["", "Read more", "Nov 23", "jane", "What is this?", "all of the other things here"] {
            assert!(!is_name(other), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            let _ = split(&text);
        }
    }
}
