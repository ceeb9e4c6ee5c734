//! Names in a byline: cut apart, without the words around them.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Anchored, Input};

use crate::extract::months::{digit, month};
use crate::extract::phrases::beginnings;
use crate::extract::text::clean;

/// Words for "by" in the languages of the news, each with the space or colon that follows; where one begins
/// another, the longer stands first.
#[rustfmt::skip]
const BY: &[&str] = &[
    "written by ", "story by ", "reported by ", "posted by ", "published by ", "words by ", "article by ", "submitted by ", "created by ", "contributed by ", "guest post by ", "more articles by ", "all posts by ",
    "more by ", "articles by ", "by:", "by ", "author:", "authors:", "contributors:", "contributor:", "author ",
    "geschrieben von ", "veröffentlicht von ", "eingestellt von ", "erstellt von ", "gepostet von ", "alles von ", "ein beitrag von ", "ein artikel von ", "mehr artikel von ", "im wortlaut von ", "pressemitteilung von ",
    "interview von ", "von:", "von ", "autor:", "autorin:", "autoren:", "autor ", "autorin ", "text:",
    "écrit par ", "publié par ", "rédigé par ", "posté par ", "propos recueillis par ", "un article de ", "par:", "par ", "auteur:", "auteur :",
    "escrito por ", "publicado por ", "redactado por ", "por:", "por ", "autora:", "texto:", "texto ", "scritto da ", "pubblicato da ", "inserito da ", "articolo di ", "a cura di ", "di ", "autore:",
    "geschreven door ", "geplaatst door ", "door:", "door ", "skrevet av ", "publisert av ", "skriven av ", "publicerad av ", "av:", "av ", "skrevet af ", "af:", "af ", "tekst:",
    "napisał ", "napisała ", "opublikowane przez ", "dodane przez ", "przez ", "tekst ", "автор текста:", "автор:", "автор ", "текст:", "від ", "από ", "yazan:", "yazar:", "haber:", "haberi yazan:", "scris de ", "de către ",
    "кореспондент:", "بقلم:", "بقلم ", "كتب:", "كتب ", "كتبت ", "كتبت:", "作者：", "作者:", "作者 ", "撰文：", "撰文/", "文/", "文／", "文：", "文＝", "文・", "記者：", "记者：", "记者 ", "執筆：", "取材・文＝", "取材・文：", "取材・文/",
];

/// Words between two names.
#[rustfmt::skip]
const AND: &[&str] = &[
    " and ", " und ", " et ", " y ", " e ", " en ", " og ", " och ", " i ", " oraz ", " ve ", " ja ", " и ", " та ", " і ", " și ", " és ", " και ", " a ", " with ", " mit ", " con ", " avec ", " و ",
];

/// Words that stand where a name is not known: nobody is named by them, but a desk may be.
#[rustfmt::skip]
const ANONYMOUS: &[&str] = &[
    "staff", "editor", "editors", "redaktion", "die redaktion", "redaktionen", "redacción", "redaccion", "redazione", "rédaction", "la rédaction", "redactie", "redakcja", "redakce", "redacția", "редакция", "редакція", "newsroom", "news desk",
    "newsdesk", "web desk", "staff writer", "staff reporter", "staff report", "editorial", "editorial team", "editorial staff", "desk", "haber merkezi", "編集部", "编辑部", "본지",
];

/// Words that name nobody at all.
#[rustfmt::skip]
const NOBODY: &[&str] = &["admin", "administrator", "unknown", "guest", "guest author", "anonymous", "user", "webmaster", "root", "none", "null", "undefined", "author", "by", "test", "default", "n/a", "no author", "veröffentlicht"];

/// Characters of words that say whose a text is, at most.
const SAYS_CHARS: usize = 24;

/// The beginning of a text, in which such words stand, in lower case.
fn beginning(text: &str) -> String {
    let end = text.char_indices().nth(SAYS_CHARS).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text).to_lowercase()
}

/// What stands behind words of a [`beginning`]; counted in characters, since lower case may be of another length than the text's own.
fn behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let end = text.char_indices().nth(words.chars().count()).map_or(text.len(), |(end, _)| end);
    text.get(end..)
}

/// What follows a word for "by" at the beginning of a short text; also where the two are written as one
/// word, as an icon or a line break between them makes it (`ByJane Doe`).
pub(super) fn by_pattern(text: &str) -> Option<&str> {
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| beginnings(BY));
    let text = text.trim();
    let lower = beginning(text);
    if let Some(by) = WORDS.as_ref().and_then(|words| words.find(Input::new(&lower).anchored(Anchored::Yes))) {
        return behind(text, lower.get(..by.end()).unwrap_or_default());
    }
    let rest = text.strip_prefix("By").or_else(|| text.strip_prefix("by"))?;
    let mut letters = rest.chars();
    (letters.next()?.is_uppercase() && letters.next()?.is_lowercase() && rest.contains(' ') && is_name(rest))
        .then_some(rest)
}

/// What follows words that say that a text is somebody's, at the beginning of a line: words that stand in no sentence.
pub(super) fn signed(text: &str) -> Option<&str> {
    #[rustfmt::skip]
    const SIGNED: [&str; 12] = [
        "written by ", "article by ", "words by ", "about the author: ", "author: ", "geschrieben von ", "über den autor: ", "escrito por ", "écrit par ", "rédigé par ", "scritto da ", "geschreven door ",
    ];
    let lower = beginning(text);
    behind(text, SIGNED.iter().find(|words| lower.starts_with(**words))?)
}

/// Words before the names of those who checked, edited or photographed it, rather than wrote it.
#[rustfmt::skip]
const APART: &[&str] = &[
    "reviewed by", "fact-checked by", "fact checked by", "factchecked by", "edited by", "checked by", "translated by", "verified by", "approved by", "photos by", "photo by", "photography by", "photographs by", "illustrated by",
    "illustration by", "illustrations by", "additional reporting by", "geprüft von", "überprüft von", "redigiert von", "bearbeitet von", "übersetzt von", "fotos von", "foto von", "relu par", "vérifié par",
    "traduit par", "photos de", "revisado por", "editado por", "traducido por", "fotos de", "fotos por", "traducción de", "revisto por", "tradotto da", "foto di", "vertaald door", "redagował", "перевод",
];

/// Whether the text before a name says that its bearer checked or edited the article.
pub(super) fn names_reviewer(before: &str) -> bool {
    let tail = before.trim_end().trim_end_matches([':', '：']).trim_end();
    let tail = tail.get(tail.ceil_char_boundary(tail.len().saturating_sub(40))..).unwrap_or(tail).to_lowercase();
    APART.iter().any(|words| tail.ends_with(words))
}

/// A byline up to where it goes on with those who checked or edited it.
fn before_reviewer(text: &str) -> &str {
    let lower = text.to_lowercase();
    let found = APART.iter().filter_map(|words| lower.find(words)).filter(|at| *at > 0).min();
    // Lower case may be of another length than the text's own: then the byline stays whole.
    found.and_then(|at| text.get(..at)).filter(|_| lower.len() == text.len()).unwrap_or(text)
}

/// Whether a text is nothing but a word for "by".
pub(super) fn is_label(text: &str) -> bool {
    #[rustfmt::skip]
    const LABELS: &[&str] = &[
        "article by", "authored by", "author(s)", "contributors", "contributor", "autoren", "auteurs", "autores", "escrito por", "geschrieben von", "by line", "reporter", "yazar", "haber", "tekst", "автор текста", "作者", "記者", "记者",
    ];
    /// Those of the list, and words for "by" without what follows them.
    static ALL: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let by = BY.iter().map(|by| by.trim_end_matches([':', ' ', '：', '/']));
        LABELS.iter().copied().chain(by).collect()
    });
    let text = text.trim().trim_end_matches([':', '：']).trim_end();
    text.len() <= 30 && ALL.contains(text.to_lowercase().as_str())
}

/// Whether a name says that there is none.
pub(super) fn is_anonymous(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    ANONYMOUS.contains(&lower.as_str()) || is_nobody(name)
}

/// Words of the names of firms, institutions and sites.
#[rustfmt::skip]
const HOUSE: &[&str] = &[
    "times", "news", "post", "journal", "magazine", "blog", "media", "group", "health", "care", "dental", "university", "college", "school", "institute", "club", "shop", "store", "solutions", "services", "digital",
    "design", "studio", "studios", "labs", "law", "insurance", "travel", "home", "garden", "team", "company", "foundation", "stiftung", "verlag", "zeitung", "verein", "review", "daily", "guide", "guides", "tech", "world",
    "partners", "associates", "consulting", "agency", "house", "center", "centre", "society", "association", "museum", "church", "bank", "gallery", "music", "books", "food", "kitchen", "life", "online", "web", "app", "software", "systems", "press", "today", "radio", "tv",
    "courier", "herald", "tribune", "gazette", "chronicle", "observer", "star", "sun", "mirror", "globe", "independent", "guardian", "telegraph", "express", "mail", "record", "sentinel", "dispatch", "bulletin", "echo", "standard",
    "monitor", "advocate", "register", "examiner", "inquirer", "argus", "beacon", "leader", "voice", "wire", "report", "reporter", "weekly", "insider", "network", "forum", "hub", "zone", "central", "nation", "city", "county",
    "business", "money", "sport", "sports", "science", "nature", "energy", "medical", "clinic", "pharmacy", "hotel", "realty", "estate", "homes", "auto", "cars", "games", "gaming", "photography", "academy", "learning", "education",
    "marketing", "ventures", "capital", "financial", "finance", "bote", "anzeiger", "nachrichten", "tagblatt", "tageblatt", "kurier", "presse", "rundschau", "gmbh", "inc", "llc", "ltd", "social", "lab", "int",
];

/// Whether a name of two or three words is that of a firm, an institution or a site rather than a person's.
pub(super) fn is_house(name: &str) -> bool {
    name.to_lowercase().split(' ').any(|word| HOUSE.contains(&word))
}

/// Whether a text that stands for a name is none: an account's default, a number, an address, a day of the week.
pub(super) fn is_nobody(name: &str) -> bool {
    #[rustfmt::skip]
    const WEEKDAYS: &[&str] = &[
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "tues", "thur", "thurs", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag",
        "sonnabend", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo",
    ];
    let lower = name.trim().to_lowercase();
    NOBODY.contains(&lower.as_str())
        || WEEKDAYS.contains(&lower.as_str())
        || lower.ends_with(" admin")
        || lower.contains("http")
        || lower.contains("www.")
        || !lower.chars().any(char::is_alphabetic)
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
    let lower = text.to_lowercase();
    let cased = text.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    let capitals = words.iter().filter(|word| word.chars().next().is_some_and(char::is_uppercase)).count();
    // "Minister resigns" is a headline.
    let ends_lower = words.last().is_some_and(|last| last.starts_with(char::is_lowercase) && !last.ends_with('.'));
    // "a Student" is none.
    let article = matches!(words.first(), Some(&("a" | "an" | "un" | "une" | "ein" | "eine" | "una")));
    (2..=6).contains(&words.len())
        && !article
        && (!cased || (!ends_lower || words.contains(&"jr")) && capitals * 2 >= words.len())
        && !lower.split(' ').any(|each| NO_NAME.contains(&each))
}

/// Whether a text is a person's name and can hardly be anything else: two to four words, each with a
/// capital but for particles, none of them the name of a month or a job.
pub(super) fn is_full_name(text: &str) -> bool {
    const PARTICLES: &[&str] = &[
        "de", "del", "della", "di", "da", "dos", "das", "do", "du", "la", "le", "van", "von", "der", "den", "zu",
        "zur", "bin", "al", "el", "y", "e", "af", "ten", "ter", "st.",
    ];
    let words: Vec<&str> = text.split(' ').collect();
    let named = |word: &&str| {
        let begins = word.chars().next().is_some_and(char::is_uppercase);
        let letters = word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'));
        (begins && letters && month(word).is_none_or(|_| word.chars().count() > 3)) || PARTICLES.contains(word)
    };
    (2..=4).contains(&words.len())
        && is_name(text)
        && !is_role(text)
        && words.iter().all(named)
        && words
            .last()
            .is_some_and(|last| last.chars().count() > 1 && last.chars().next().is_some_and(char::is_uppercase))
}

/// Words that names do not have.
#[rustfmt::skip]
const NO_NAME: &[&str] = &[
    "the", "by", "read", "more", "share", "comments", "news", "staff", "follow", "published", "updated", "view", "profile", "about", "posted", "all", "articles", "posts", "email", "subscribe", "min", "your",
    "team", "last", "on", "editor", "reporter", "correspondent", "today", "editorial", "writer", "desk", "contact", "author", "latest", "for", "headshot", "photo", "avatar", "journalist", "redakteur", "redakteurin", "nachrichtenagentur", "hace", "redaktør", "uhr", "minuten", "minutes", "mins", "advertisement", "anzeige", "support", "us", "watch", "live", "sign", "iniciar", "kommentar", "am", "archiv", "anzeigen", "alle", "beiträge", "zeige", "page", "key", "takeaways", "related", "mehr", "neueste", "home", "menu", "search", "download", "terms", "login", "find", "full", "insights", "from", "founder", "reviewer", "get", "make", "veröffentlicht", "zur", "zum", "übersicht", "quick", "navigation", "wortlaut", "scholar", "pub", "facebook", "twitter", "instagram", "linkedin", "youtube", "whatsapp",
];

/// The names in a byline, cut apart.
pub(super) fn split(text: &str) -> Vec<String> {
    let text = clean(text.get(..text.floor_char_boundary(600)).unwrap_or(text));
    let mut rest = text.as_str();
    while let Some(after) = by_pattern(rest) {
        rest = after;
    }
    let mut parts: Vec<&str> = vec![without_agency(before_reviewer(rest))];
    for separator in [";", "|", "•", "∙", "·", " – ", " — ", " - ", "、", "،", " // ", "\u{3000}"] {
        parts = parts.into_iter().flat_map(|part| part.split(separator)).collect();
    }
    let organisation = |part: &str| {
        ["press", "agency", "news", "agence", "institute", "university", "center", "centre", "department", "ministry"]
            .iter()
            .any(|word| part.to_lowercase().contains(word))
    };
    for separator in [",", "/", " & "].into_iter().chain(AND.iter().copied()) {
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

/// A name without "By", brackets, addresses, dates, section and agency around it.
fn bare(part: &str) -> String {
    let mut name = part.trim();
    for reporter in [" 기자", " 특파원", "記者", "记者", " muhabiri"] {
        name = name.strip_suffix(reporter).unwrap_or(name);
    }
    while let Some(after) = by_pattern(name) {
        name = after.trim();
    }
    // Brackets within a name are a part of it: "Jane (Roe) Doe".
    let within = name.split_once(" (").and_then(|(_, rest)| rest.split_once(") "));
    let within = within.is_some_and(|(inner, after)| !inner.contains(' ') && is_single(inner) && is_single(after));
    if let Some((before, _)) = name.split_once(['(', '[', '<', '@', '→'])
        && !before.trim().is_empty()
        && !within
    {
        name = before.trim();
    }
    // "Jane Doe on Friday, 4 March"
    for at in [" on ", " am ", " le ", " el "] {
        if let Some((before, after)) = name.split_once(at)
            && after.chars().any(|c| digit(c).is_some())
            && !before.trim().is_empty()
        {
            name = before.trim();
        }
    }
    // "Jane Doe in Politics", and the agency that she writes for.
    if let Some((before, _)) = name.split_once(" in ").filter(|(before, _)| starts_with_capitals(before)) {
        name = before.trim();
    }
    name = without_agency(name);
    if let Some(at) = name.find(|c: char| digit(c).is_some()) {
        name = without_month(name.get(..at).unwrap_or_default().trim());
    }
    name.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, ',' | ':' | '：' | '-' | '–' | '—' | '*' | '"' | '“' | '”' | '.' | '|' | '»' | '«' | '›')
                && !(c == '.' && ends_with_initial(name))
    })
    .to_owned()
}

/// Whether a text is one word of letters with a capital.
fn is_single(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_uppercase) && text.chars().all(char::is_alphabetic)
}

/// Whether a name ends with an initial or a short title and its full stop: `Juan Muñoz C.`, `John Roe Jr.`
fn ends_with_initial(name: &str) -> bool {
    let last = name.trim_end().rsplit(' ').next().unwrap_or_default();
    name.len() < 40 && name.contains(' ') && (last.chars().count() == 2 || matches!(last, "Jr." | "Sr."))
}

/// Names without the agency that they write for behind them.
fn without_agency(names: &str) -> &str {
    const AGENCIES: [&str; 8] = [
        " The Associated Press",
        " Associated Press",
        " THE ASSOCIATED PRESS",
        " Reuters",
        " AFP",
        " Agence France-Presse",
        " The Canadian Press",
        " Bloomberg News",
    ];
    let names = names.trim_end();
    AGENCIES
        .iter()
        .find_map(|agency| names.strip_suffix(agency))
        .filter(|before| before.contains(' '))
        .unwrap_or(names)
        .trim_end()
}

/// What stands before a day without the month's name at its end, as a word or glued to the name.
fn without_month(text: &str) -> &str {
    let last_at = text.rfind(' ').map_or(0, |at| at + 1);
    let last = text.get(last_at..).unwrap_or_default();
    if month(last).is_some() {
        return text.get(..last_at).unwrap_or_default().trim_end();
    }
    let glued = last.char_indices().skip(1).find(|(_, c)| c.is_uppercase()).map(|(at, _)| last_at + at);
    match glued.filter(|at| text.get(*at..).and_then(month).is_some()) {
        Some(at) => text.get(..at).unwrap_or_default(),
        None => text,
    }
}

fn starts_with_capitals(text: &str) -> bool {
    text.split(' ').all(|word| word.chars().next().is_some_and(char::is_uppercase))
}

fn is_date(name: &str) -> bool {
    name.split(' ').any(|word| word.chars().any(|c| digit(c).is_some()))
        || (!name.contains(' ') && month(name).is_some())
}

/// Whether a text is a job or a degree rather than a name.
pub(super) fn is_role(text: &str) -> bool {
    #[rustfmt::skip]
    const ROLES: &[&str] = &[
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
        "journalista", "giornalista", "repórter", "jornalista", "redaktør", "reporterka", "dziennikarz", "dziennikarka", "muhabir", "muhabiri", "redactrice", "rédacteur", "rédactrice", "verslaggever", "toimittaja",
        "корреспондент", "журналист", "обозреватель", "chefredakteur", "chefredakteurin", "reporterin", "korrespondentin", "volontärin", "volontär", "cepf®", "cfp®", "cpa", "mba", "rd", "rdn", "esq", "esq.", "committee", "manager",
        "engineer", "developer", "founder", "co-founder", "cofounder", "ceo", "cto", "cmo", "strategist", "consultant", "specialist", "scientist", "researcher", "marketer", "copywriter", "blogger", "designer", "advisor", "attorney",
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
