//! What the characters of a block look like, counted in one pass.

use crate::extract::page::is_ideograph;

/// Counts over the characters of one block.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks {
    pub(super) chars: usize,
    /// Full stops and the like, in any script.
    pub(super) ends: usize,
    pub(super) commas: usize,
    pub(super) digits: usize,
    pub(super) quotes: usize,
    /// Words that begin with a capital letter.
    pub(super) capitals: usize,
    pub(super) upper: usize,
    /// Characters that divide the parts of menus and bylines.
    pub(super) bars: usize,
    pub(super) ideographs: usize,
    pub(super) first: Option<char>,
    pub(super) last: Option<char>,
}

impl Marks {
    /// Counts the characters of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut marks = Self { first: text.chars().next(), last: text.chars().next_back(), ..Self::default() };
        let mut begins = true;
        for c in text.chars() {
            marks.chars += 1;
            let upper = if c.is_ascii() { c.is_ascii_uppercase() } else { c.is_uppercase() };
            marks.upper += usize::from(upper);
            marks.capitals += usize::from(begins && upper);
            match c {
                '.' | '!' | '?' | '。' | '！' | '？' | '؟' | '।' | '…' => marks.ends += 1,
                ',' | '，' | '、' | '،' | ';' => marks.commas += 1,
                '"' | '“' | '”' | '„' | '«' | '»' | '「' | '」' => marks.quotes += 1,
                '|' | '/' | '•' | '·' | '›' | '>' | '–' | '—' => marks.bars += 1,
                '0'..='9' => marks.digits += 1,
                _ if !c.is_ascii() && is_ideograph(c) => marks.ideographs += 1,
                _ => {}
            }
            begins = c == ' ';
        }
        marks
    }

    /// Whether the text ends like a sentence, or in a quotation or bracket.
    pub(super) fn ends_sentence(&self) -> bool {
        self.last.is_some_and(|c| {
            matches!(c, '.' | '!' | '?' | '"' | '”' | '»' | '。' | '！' | '？' | '…' | ':' | ')' | '’' | '؟' | '।')
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_by_what_they_tell() {
        let marks = Marks::of("“Yes,” Jane said in 2024 | NEWS.");
        assert_eq!((marks.ends, marks.commas, marks.digits, marks.quotes, marks.bars), (1, 1, 4, 2, 1));
        assert_eq!((marks.capitals, marks.upper, marks.first, marks.last), (2, 6, Some('“'), Some('.')));
        assert!(marks.ends_sentence() && !Marks::of("Home").ends_sentence());
    }
}
