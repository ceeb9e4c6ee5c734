//! Lines below a text that are the agency's or the republisher's: credits, notices, notes.

use crate::extract::agencies::agency;

/// What a line below a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// Who reported and edited it, and for which agency if the line says so.
    Credit(Option<&'static str>),
    /// `© 2018 AFP`, and what agencies say of their standards.
    Copyright,
    /// Where the text was first.
    Republished,
    /// An agency's name by itself.
    Agency(&'static str),
    /// What a republisher won't answer for.
    Disclaimer,
}

/// Beginnings of a credit line, in lower case, after an opening bracket or none.
#[rustfmt::skip]
const CREDITS: &[&str] = &[
    "reporting by ", "additional reporting by ", "additional reporting from ", "writing by ", "editing by ", "reporting and writing by ", "reporting and editing by ", "reporting, writing and editing by ", "compiled by ", "written and edited by ",
    "with reporting by ", "edited by ", "translated by ", "with inputs from ", "with input from ", "with agency inputs", "with agencies", "with files from ", "with additional reporting ", "with contributions from ", "inputs from ", "agency inputs",
    "mit material von ", "mit agenturmaterial", "mit informationen von ", "mit agenturen", "bearbeitet von ", "übersetzung: ", "reportage de ", "reportage par ", "édité par ", "version française ", "rédigé par ", "avec afp", "avec reuters", "avec agences",
    "reporte de ", "reporte por ", "reportaje de ", "editado por ", "traducido por ", "con información de ", "con informacion de ", "escrito por ", "reportagem de ", "reportagem adicional ", "edição de ", "com informações ", "traduzione di ", "tradotto da ",
    "(с) ", "redaktion: ", "redigering: ", "met medewerking van ", "haber: ",
];

/// Beginnings of what agencies and papers say of their standards and rights, in lower case.
#[rustfmt::skip]
const NOTICES: &[&str] = &[
    "our standards: the thomson reuters trust principles", "our standards: ", "this story has not been edited by ", "this story was generated ", "this article has been generated ", "this article was generated ", "this report was auto-generated ",
    "this is an unedited", "except for the headline, this ", "(except for the headline, this ", "only the headline ", "the above article has been published from ", "this story is published from a syndicated feed", "this story is auto-generated ",
    "this copy is for your personal", "click the following link", "all rights reserved", "alle rechte vorbehalten", "tous droits réservés", "todos los derechos reservados", "tutti i diritti riservati", "reproduction without permission",
    "this material may not be published", "original content is protected", "перепечатка ", "при использовании материалов",
];

/// What a republisher says of where a text was first, in lower case.
#[rustfmt::skip]
const REPUBLISHED: &[&str] = &[
    "this article was originally published ", "this article originally appeared ", "this story was originally published ", "this story originally appeared ", "this post originally appeared ", "this article first appeared ",
    "this story first appeared ", "this post was originally published ", "originally published ", "originally appeared ", "first published ", "this article is republished from ", "this story was first published ", "this article was first published ",
    "republished with permission", "reprinted with permission", "read the original article", "read the full article at ", "this article was produced by ", "dieser artikel erschien zuerst ", "dieser artikel ist zuerst ", "dieser text erschien zuerst ", "zuerst erschienen ",
    "der beitrag erschien zuerst ", "cet article a été publié ", "cet article est republié ", "article initialement publié ", "este artículo fue publicado originalmente ", "este artículo se publicó originalmente ", "publicado originalmente ", "este artigo foi publicado originalmente ",
    "questo articolo è stato pubblicato ", "dit artikel verscheen eerder ", "artykuł pochodzi ", "оригинал ", "本文首发于", "本文转自", "转自", "本文轉載自", "原文链接", "原文鏈接",
];

/// Bytes of such a line, at most: longer ones are text that happens to begin like one.
const NOTE_BYTES: usize = 400;

/// What a line at a text's end is, if it is no text.
pub(super) fn note(text: &str) -> Option<Note> {
    if text.len() > NOTE_BYTES {
        return None;
    }
    // "— PTI", "Reuters", "(AFP)"
    if let Some(name) = agency(text.trim_matches(|c: char| matches!(c, '-' | '–' | '—' | ' ' | '(' | ')' | '.'))) {
        return Some(Note::Agency(name));
    }
    let lower = text.to_lowercase();
    let bare = lower.trim_start_matches(['(', '[', ' ', '*', '-', '–', '—']);
    if CREDITS.iter().any(|credit| bare.starts_with(credit)) && is_credit(text) {
        return Some(Note::Credit(named(text)));
    }
    if is_copyright(bare) || NOTICES.iter().any(|notice| bare.starts_with(notice)) {
        return Some(Note::Copyright);
    }
    is_republished(bare).then_some(Note::Republished)
}

/// Whether a line that begins like a credit is names and nothing else: of its words few are in lower case.
fn is_credit(text: &str) -> bool {
    let (mut lower, mut all) = (0, 0);
    for word in text.split_whitespace() {
        all += 1;
        lower += usize::from(word.chars().next().is_some_and(char::is_lowercase));
    }
    text.len() <= 120 || lower * 2 <= all
}

/// The agency that a credit line names.
fn named(text: &str) -> Option<&'static str> {
    let bare = text.trim_matches(['(', ')', '[', ']', '.', ' ']);
    let last = [" from ", " von ", " de ", " avec ", " with "]
        .iter()
        .find_map(|word| bare.rsplit_once(word))
        .map(|(_, last)| last)?;
    agency(last).or_else(|| last.split([',', ' ']).find_map(agency))
}

/// `© 2018 AFP`, `Copyright 2018 The Associated Press. All rights reserved.`
fn is_copyright(lower: &str) -> bool {
    let rest = ["©", "(c)", "c) ", "copyright"].iter().find_map(|mark| lower.strip_prefix(mark));
    rest.is_some_and(|rest| {
        let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let rest = rest.strip_prefix("c) ").unwrap_or(rest);
        let year: String = rest.chars().take(4).collect();
        let dated = year.len() == 4
            && year.bytes().all(|byte| byte.is_ascii_digit())
            && (year.starts_with("19") || year.starts_with("20"));
        dated
            || rest.split([' ', ',', '.']).next().is_some_and(|first| agency(&first.to_uppercase()).is_some())
            || rest.starts_with("thomson reuters")
    })
}

/// Whether a line says where a text was first: `The post X appeared first on Y.`
fn is_republished(lower: &str) -> bool {
    REPUBLISHED.iter().any(|phrase| lower.starts_with(phrase))
        || (lower.starts_with("the post ") && lower.contains(" appeared first on "))
        || (lower.starts_with("der beitrag ") && lower.contains(" erschien zuerst auf "))
        || (lower.starts_with("la entrada ") && lower.contains(" se publicó primero en "))
        || (lower.starts_with("l’article ") && lower.contains(" est apparu en premier sur "))
}

/// A republisher's `[Disclaimer]` with or without text behind it, or a line `Disclaimer:` at the end.
pub(super) fn is_disclaimer(text: &str, at_end: bool) -> bool {
    const WORDS: [&str; 5] =
        ["disclaimer", "haftungsausschluss", "avertissement", "descargo de responsabilidad", "免责声明"];
    /// Bytes of the longest of them.
    const WORD_BYTES: usize = 30;
    if text.len() > 2_000 {
        return false;
    }
    // Nearly all lines begin otherwise, and need not be written in lower case to their end.
    let begins = text.trim_start_matches(['[', ']', '(', ')', ' ', ':', '：', '.', '*']);
    let begins = begins.get(..begins.floor_char_boundary(WORD_BYTES)).unwrap_or(begins).to_lowercase();
    if !WORDS.iter().any(|word| begins.starts_with(word)) {
        return false;
    }
    let lower = text.to_lowercase();
    let mark = lower.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | ' ' | ':' | '：' | '.' | '*'));
    if WORDS.contains(&mark) {
        return true;
    }
    let labelled = lower.trim_start_matches(['[', '(', '*', ' ']);
    at_end
        && WORDS
            .iter()
            .any(|word| labelled.strip_prefix(word).is_some_and(|rest| rest.starts_with([':', ']', ')', '：'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_and_notices_are_notes() {
        for text in [
            "(Reporting by Kaori Kaneko; Editing by Simon Cameron-Moore)",
            "Reporting by Kaori Kaneko; Writing by Malcolm Foster",
            "Additional reporting by Linda Sieg",
            "Our Standards: The Thomson Reuters Trust Principles.",
            "© 2018 AFP",
            "(c) AFP",
            "Copyright 2018 The Associated Press. All rights reserved. This material may not be published.",
            "This article was originally published on Example.",
            "The post Japan plans appeared first on Example.",
            "(This story has not been edited by our staff and is auto-generated from a syndicated feed.)",
            "— PTI",
            "AFP",
        ] {
            assert!(note(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_credit_may_name_its_agency() {
        assert_eq!(note("(With inputs from PTI)"), Some(Note::Credit(Some("PTI"))));
        assert_eq!(note("With files from The Canadian Press"), Some(Note::Credit(Some("The Canadian Press"))));
        assert_eq!(note("Mit Material von dpa"), Some(Note::Credit(Some("dpa"))));
    }

    #[test]
    fn sentences_that_begin_alike_are_text() {
        for text in [
            "Reporting by the newspaper was cited in court.".repeat(10).as_str(),
            "Copyright law is older than the press.",
            "The post was held by three men before him.",
            "Editing is slow.",
            "Reporting by the newspaper on what the ministers had said to one another in the days before was cited in the court that ruled on the case on Monday.",
        ] {
            assert_eq!(note(text), None, "{text}");
        }
    }

    #[test]
    fn a_disclaimer_may_have_its_text_behind_it() {
        assert!(is_disclaimer("[Disclaimer]", false));
        assert!(is_disclaimer("[Disclaimer] The views expressed are those of the author.", true));
        assert!(!is_disclaimer("[Disclaimer] The views expressed are those of the author.", false));
        assert!(!is_disclaimer("Disclaimers are common.", true));
    }
}
