//! What is done beyond the frontier, as text for the commit's metadata.
//!
//! Kafka keeps one offset a partition, and up to 4,096 bytes of text beside it (the broker's
//! `offset.metadata.max.bytes`). The offset is the frontier; the text says which of the messages behind it are
//! done, so that a restart redoes none of them. As in Confluent's parallel consumer there are two
//! encodings, run lengths and a bitmap, and the shorter one is taken: a single slow message leaves one
//! long run, many slow ones leave a pattern.
//!
//! The text is `1` (the version), `r` or `b` (the encoding), and URL-safe base64 (RFC 4648, section 5) of a
//! check value of two bytes and the encoded runs or bits. The check value covers the frontier, so a text that
//! was left beside another offset is not believed.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The longest run of offsets that a text may speak of: damaged text must not make us allocate.
const LONGEST_SPAN: u64 = 1 << 32;

/// Why a text is not believed. Then the work behind the frontier is done again, never lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// Another program wrote it.
    #[error("not written by newswire")]
    Foreign,
    /// A newer newswire wrote it.
    #[error("written by a newer version")]
    Newer,
    /// It does not fit together, or belongs to another offset.
    #[error("damaged, or not of this offset")]
    Damaged,
}

/// Encodes the offsets in `done`, ascending ranges that do not touch, all beyond `frontier`.
///
/// Nothing done beyond the frontier is the empty text.
pub fn encode(frontier: i64, done: &[Range<i64>]) -> String {
    if done.is_empty() {
        return String::new();
    }
    let runs = run_lengths(frontier, done);
    let bits = (span(frontier, done) / 8 < runs.len() as u64).then(|| bitmap(frontier, done));
    let (kind, body) = match bits.filter(|bits| bits.len() < runs.len()) {
        Some(bits) => ('b', bits),
        None => ('r', runs),
    };
    let mut bytes = check(frontier, &body).to_vec();
    bytes.extend(body);
    format!("1{kind}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads what [`encode`] wrote beside the offset `frontier`.
pub fn decode(frontier: i64, text: &str) -> Result<Vec<Range<i64>>, PositionError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut characters = text.chars();
    match characters.next() {
        Some('1') => {}
        Some('2'..='9') => return Err(PositionError::Newer),
        _ => return Err(PositionError::Foreign),
    }
    let kind = characters.next();
    let bytes = URL_SAFE_NO_PAD.decode(characters.as_str()).map_err(|_| PositionError::Foreign)?;
    let Some((sum, body)) = bytes.split_at_checked(2) else { return Err(PositionError::Damaged) };
    if sum != check(frontier, body) {
        return Err(PositionError::Damaged);
    }
    match kind {
        Some('r') => from_run_lengths(frontier, body).ok_or(PositionError::Damaged),
        Some('b') => Ok(from_bitmap(frontier, body)),
        _ => Err(PositionError::Foreign),
    }
}

fn check(frontier: i64, body: &[u8]) -> [u8; 2] {
    let [a, b, ..] = xxhash_rust::xxh3::xxh3_64_with_seed(body, frontier.cast_unsigned()).to_le_bytes();
    [a, b]
}

fn span(frontier: i64, done: &[Range<i64>]) -> u64 {
    done.last().map_or(0, |last| last.end.saturating_sub(frontier).max(0).unsigned_abs())
}

/// Lengths of the runs from the frontier on, open and done in turn, as LEB128.
fn run_lengths(frontier: i64, done: &[Range<i64>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = frontier;
    for range in done {
        write_number(&mut bytes, range.start.saturating_sub(at).unsigned_abs());
        write_number(&mut bytes, range.end.saturating_sub(range.start).unsigned_abs());
        at = range.end;
    }
    bytes
}

fn from_run_lengths(frontier: i64, mut bytes: &[u8]) -> Option<Vec<Range<i64>>> {
    let mut done = Vec::new();
    let mut at = frontier;
    while !bytes.is_empty() {
        let start = at.checked_add_unsigned(read_number(&mut bytes)?)?;
        at = start.checked_add_unsigned(read_number(&mut bytes)?)?;
        done.push(start..at);
    }
    Some(done)
}

/// One bit an offset from the frontier on, 1 for done, the lowest bit first.
fn bitmap(frontier: i64, done: &[Range<i64>]) -> Vec<u8> {
    let mut bytes = vec![0u8; usize::try_from(span(frontier, done).div_ceil(8)).unwrap_or(0)];
    for offset in done.iter().flat_map(Range::clone) {
        let bit = offset.saturating_sub(frontier).unsigned_abs();
        if let Some(byte) = bytes.get_mut(usize::try_from(bit / 8).unwrap_or(usize::MAX)) {
            *byte |= 1 << (bit % 8);
        }
    }
    bytes
}

fn from_bitmap(frontier: i64, bytes: &[u8]) -> Vec<Range<i64>> {
    let mut done: Vec<Range<i64>> = Vec::new();
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
    for (offset, is_done) in (frontier..).zip(bits) {
        match done.last_mut() {
            _ if !is_done => {}
            Some(last) if last.end == offset => last.end = offset + 1,
            _ => done.push(offset..offset + 1),
        }
    }
    done
}

fn write_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..35).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number).filter(|number| *number < LONGEST_SPAN);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Ranges beyond a frontier from the lengths of open and done runs.
    fn ranges(frontier: i64, lengths: &[(u16, u16)]) -> Vec<Range<i64>> {
        let mut at = frontier;
        let mut done = Vec::new();
        for (open, length) in lengths {
            let start = at + i64::from(*open) + 1;
            at = start + i64::from(*length) + 1;
            done.push(start..at);
        }
        done
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(frontier in 0i64..1 << 50, lengths in proptest::collection::vec((0u16..40, 0u16..40), 0..80)) {
            let done = ranges(frontier, &lengths);
            prop_assert_eq!(decode(frontier, &encode(frontier, &done)), Ok(done));
        }

        #[test]
        fn damage_is_refused_or_harmless(text in "1[rb][A-Za-z0-9_-]{0,60}") {
            // A check of 16 bits lets one text in 65,536 through; what it then says is still in bounds.
            if let Ok(done) = decode(7, &text) {
                prop_assert!(done.iter().all(|range| range.start >= 7));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") {
            let _ = decode(0, &text);
        }
    }

    #[test]
    fn one_slow_message_costs_a_few_bytes() {
        assert!(encode(1_000, &ranges(1_000, &[(0, u16::MAX)])).len() <= 12);
    }

    #[test]
    fn a_pattern_costs_a_bit_an_offset() {
        let done: Vec<Range<i64>> = (0..2_000).map(|n| 2 * n + 1..2 * n + 2).collect();
        let text = encode(0, &done);
        assert!(text.starts_with("1b"));
        assert!(text.len() <= 2 + (4_000 / 8 + 2) * 4 / 3 + 4, "{}", text.len());
    }

    #[test]
    fn what_others_wrote_is_not_believed() {
        assert_eq!(decode(5, "some note"), Err(PositionError::Foreign));
        assert_eq!(decode(5, "2rAAAA"), Err(PositionError::Newer));
        assert_eq!(decode(5, "1r"), Err(PositionError::Damaged));
        let text = encode(5, &ranges(5, &[(1, 1)]));
        assert_eq!(decode(6, &text), Err(PositionError::Damaged));
    }
}
