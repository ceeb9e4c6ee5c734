//! Lines below a text that are the agency's or the republisher's: credits, notices, notes.

/// Beginnings of an agency's credit line, in lower case, after an opening bracket or none.
const CREDITS: [&str; 8] = [
    "reporting by ",
    "additional reporting by ",
    "writing by ",
    "editing by ",
    "reporting and writing by ",
    "reporting and editing by ",
    "compiled by ",
    "our standards: the thomson reuters trust principles",
];

/// What a republisher says of where a text was first, in lower case.
const REPUBLISHED: [&str; 6] = [
    "this article was originally published ",
    "this article originally appeared ",
    "this story was originally published ",
    "this story originally appeared ",
    "this post originally appeared ",
    "this article first appeared ",
];

/// Bytes of such a line, at most: longer ones are text that happens to begin like one.
const NOTE_BYTES: usize = 400;

/// Whether a line at a text's end is an agency's credit, a copyright notice or a republisher's note.
pub(super) fn is_note(text: &str) -> bool {
    if text.len() > NOTE_BYTES {
        return false;
    }
    let lower = text.to_lowercase();
    let bare = lower.trim_start_matches(['(', '[', ' ']);
    CREDITS.iter().any(|credit| bare.starts_with(credit)) || is_copyright(bare) || is_republished(bare)
}

/// `© 2018 AFP`, `Copyright 2018 The Associated Press. All rights reserved.`
fn is_copyright(lower: &str) -> bool {
    let rest = ["©", "(c)", "c) ", "copyright"].iter().find_map(|mark| lower.strip_prefix(mark));
    rest.is_some_and(|rest| {
        let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        let year: String = rest.chars().take(4).collect();
        year.len() == 4
            && year.bytes().all(|byte| byte.is_ascii_digit())
            && (year.starts_with("19") || year.starts_with("20"))
    })
}

/// Whether a line says where a text was first: `The post X appeared first on Y.`
fn is_republished(lower: &str) -> bool {
    REPUBLISHED.iter().any(|phrase| lower.starts_with(phrase))
        || (lower.starts_with("the post ") && lower.contains(" appeared first on "))
}

/// A republisher's `[Disclaimer]` with or without text behind it, or a line `Disclaimer:` at the end.
pub(super) fn is_disclaimer(text: &str, at_end: bool) -> bool {
    let lower = text.to_lowercase();
    let mark = lower.trim_matches(|c: char| matches!(c, '[' | ']' | '(' | ')' | ' ' | ':' | '.'));
    matches!(mark, "disclaimer" | "haftungsausschluss")
        || (at_end && ["disclaimer:", "[disclaimer]", "haftungsausschluss:"].iter().any(|word| lower.starts_with(word)))
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
            "Copyright 2018 The Associated Press. All rights reserved. This material may not be published.",
            "This article was originally published on Example.",
            "The post Japan plans appeared first on Example.",
        ] {
            assert!(is_note(text), "{text}");
        }
    }

    #[test]
    fn sentences_that_begin_alike_are_text() {
        for text in [
            "Reporting by the newspaper was cited in court.".repeat(10).as_str(),
            "Copyright law is older than the press.",
            "The post was held by three men before him.",
            "Editing is slow.",
        ] {
            assert!(!is_note(text), "{text}");
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
