//! The lines of a stream, each in memory as a whole, so none longer than any article.

use std::io::{BufRead, Read};

/// A line longer than this is passed over. A record has at most 900 KB, a document of a stream may be longer.
pub const LONGEST: u64 = 64 * 1024 * 1024;

/// Reads lines, and numbers them from 1.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number.
    pub number: u64,
    /// The bytes that it takes in the stream, its end included.
    pub bytes: u64,
    /// What it says, without white space at its ends; `None` for one longer than [`LONGEST`].
    pub text: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`.
    pub fn of(input: R) -> Self {
        Self { input, line: Vec::new(), number: 0 }
    }

    /// The next line that is not blank. `None` at the end.
    pub fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            let mut bytes = Read::take(&mut self.input, LONGEST).read_until(b'\n', &mut self.line)? as u64;
            if bytes == 0 {
                return Ok(None);
            }
            self.number += 1;
            let is_whole = bytes < LONGEST || self.line.ends_with(b"\n");
            if !is_whole {
                bytes += self.skip()?;
                self.line = Vec::new();
            } else if self.line.trim_ascii().is_empty() {
                continue;
            }
            break Ok(Some(Line { number: self.number, bytes, text: is_whole.then(|| self.line.trim_ascii()) }));
        }
    }

    /// Passes over the rest of a line.
    fn skip(&mut self) -> std::io::Result<u64> {
        let mut skipped = 0;
        loop {
            let buffer = self.input.fill_buf()?;
            let end = memchr::memchr(b'\n', buffer);
            let count = end.map_or(buffer.len(), |end| end + 1);
            let is_end = end.is_some() || buffer.is_empty();
            self.input.consume(count);
            skipped += count as u64;
            if is_end {
                return Ok(skipped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers_and_blank_ones_are_none() {
        let mut lines = Lines::of(&b"one\r\n\r\n  \ntwo"[..]);
        assert_eq!(lines.next().unwrap(), Some(Line { number: 1, bytes: 5, text: Some(b"one") }));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 4, bytes: 3, text: Some(b"two") }));
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_without_an_end_is_passed_over() {
        let long = std::io::repeat(b'x').take(LONGEST + 7);
        let mut lines = Lines::of(std::io::BufReader::new(long.chain(&b"\nnext\n"[..])));
        assert_eq!(lines.next().unwrap(), Some(Line { number: 1, bytes: LONGEST + 8, text: None }));
        assert_eq!(lines.next().unwrap().and_then(|line| line.text), Some(&b"next"[..]));
    }
}
