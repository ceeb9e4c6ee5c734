//! Pages that are plain text: paragraphs between blank lines, the headline first.

use super::text::{TITLE_CHARS, clean, cut, words};
use super::wire::Line;
use crate::record::PassageKind;

/// Words of a headline, at most.
const TITLE_WORDS: usize = 30;

/// The headline, if the first paragraph is one, and the paragraphs after it.
pub(super) fn read(text: &str) -> (Option<String>, Vec<Line>) {
    let mut paragraphs = Vec::new();
    let mut current = String::new();
    for line in text.lines().chain([""]) {
        if !line.trim().is_empty() {
            current.push(' ');
            current.push_str(line);
            continue;
        }
        let paragraph = clean(&std::mem::take(&mut current));
        if !paragraph.is_empty() {
            paragraphs.push(paragraph);
        }
    }
    let titled =
        paragraphs.first().is_some_and(|first| words(first) <= TITLE_WORDS && !first.ends_with(['.', ',', ';']))
            && paragraphs.len() > 1;
    let title = titled.then(|| cut(paragraphs.remove(0), TITLE_CHARS));
    (
        title,
        paragraphs.into_iter().map(|text| Line { text, href: None, kind: PassageKind::Paragraph, at: None }).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_line_ends_a_paragraph_and_the_first_is_the_headline() {
        let (title, lines) = read("A headline\r\n\r\n \nOne line\nand another.\n\nThe end.");
        assert_eq!(title.as_deref(), Some("A headline"));
        assert_eq!(
            lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(),
            ["One line and another.", "The end."]
        );
    }

    #[test]
    fn a_sentence_is_no_headline() {
        assert_eq!(read("It was late.\n\nThe end.").0, None);
        assert_eq!(read("").1.len(), 0);
    }
}
