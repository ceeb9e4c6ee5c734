//! Character references: `&amp;`, `&#8217;` (HTML Standard, 13.2.5.72 to 80).

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The longest name that counts without a semicolon (`Aacute`, `frac12`).
const LONGEST_BARE: usize = 6;

/// Writes `raw` to `out`, each reference as the characters that it stands for.
pub(super) fn decode(raw: &str, in_attribute: bool, out: &mut String) {
    let mut rest = raw;
    while let Some(found) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, after) = rest.split_at(found);
        out.push_str(before);
        rest = match reference(after, in_attribute) {
            Some((length, first, second)) => {
                out.push(first);
                out.extend(second);
                after.get(length..).unwrap_or_default()
            }
            None => {
                out.push('&');
                after.get(1..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
}

/// The bytes of the reference that begins here, and what it stands for: a character, or two.
fn reference(text: &str, in_attribute: bool) -> Option<(usize, char, Option<char>)> {
    let name = text.get(1..)?;
    if let Some(number) = name.strip_prefix('#') {
        let (length, c) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => numeric(digits, 16).map(|(length, c)| (length + 3, c))?,
            None => numeric(number, 10).map(|(length, c)| (length + 2, c))?,
        };
        let semicolon = text.as_bytes().get(length) == Some(&b';');
        return Some((length + usize::from(semicolon), c, None));
    }
    let letters = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if name.as_bytes().get(letters) == Some(&b';')
        && let Some((first, second)) = named(name.get(..=letters)?)
    {
        return Some((letters + 2, first, second));
    }
    (1..=letters.min(LONGEST_BARE)).rev().find_map(|length| {
        let (first, second) = named(name.get(..length)?)?;
        // In addresses `&copy=1` is no sign of copyright.
        let goes_on = name.as_bytes().get(length).is_some_and(|next| *next == b'=' || next.is_ascii_alphanumeric());
        (!(in_attribute && goes_on)).then_some((length + 1, first, second))
    })
}

/// What a name stands for, as the table has it: with its semicolon, or without where that is allowed.
fn named(name: &str) -> Option<(char, Option<char>)> {
    let (first, second) = *NAMED_ENTITIES.get(name)?;
    // The table has each beginning of a name, too, and nothing with it.
    Some((char::from_u32(first).filter(|c| *c != '\0')?, char::from_u32(second).filter(|c| *c != '\0')))
}

/// The digits' bytes, and the character of that number.
fn numeric(digits: &str, base: u32) -> Option<(usize, char)> {
    let length = digits.chars().take_while(|c| c.is_digit(base)).count();
    let mut number = 0_u32;
    for digit in digits.get(..length)?.chars().filter_map(|c| c.to_digit(base)) {
        number = number.saturating_mul(base).saturating_add(digit);
    }
    if length == 0 {
        return None;
    }
    let windows =
        number.checked_sub(0x80).and_then(|place| C1_REPLACEMENTS.get(usize::try_from(place).ok()?)?.as_ref());
    let c = match (windows, number) {
        (Some(c), _) => *c,
        (None, 0) => char::REPLACEMENT_CHARACTER,
        (None, _) => char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some((length, c))
}
