//! Where text that is no markup ends.

use super::tag::is_space;

/// The bytes of a comment behind its `<!--`, its end included.
pub(super) fn comment(after: &[u8]) -> usize {
    if let [b'>', ..] = after {
        return 1;
    }
    if let [b'-', b'>', ..] = after {
        return 2;
    }
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(after.get(at..).unwrap_or_default(), b"--") {
        at += found;
        match after.get(at + 2..) {
            Some([b'>', ..]) => return at + 3,
            Some([b'!', b'>', ..]) => return at + 4,
            // Of three dashes the last two may begin the end.
            _ => at += 1,
        }
    }
    after.len()
}

/// The bytes of an element's text before its end tag, or all of them.
pub(super) fn text(rest: &[u8], name: &str) -> usize {
    memchr::memchr_iter(b'<', rest).find(|at| is_tag(rest, *at, "</", name)).unwrap_or(rest.len())
}

/// How a script's text is read: within `<!--`, a script may stand in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Plain,
    Escaped,
    DoubleEscaped,
}

/// The bytes of a script's text before its end tag, or all of them (HTML Standard, 13.2.5.4 and 13.2.5.15 to 31).
pub(super) fn script(rest: &[u8]) -> usize {
    let mut state = State::Plain;
    let mut at = 0;
    loop {
        let after = rest.get(at..).unwrap_or_default();
        let found = match state {
            State::Plain => memchr::memchr(b'<', after),
            _ => memchr::memchr2(b'<', b'-', after),
        };
        let Some(found) = found else { return rest.len() };
        at += found;
        let here = rest.get(at..).unwrap_or_default();
        match state {
            State::Plain if here.starts_with(b"<!--") => {
                state = State::Escaped;
                // The dashes that begin it may be those that end it.
                at += 2;
                continue;
            }
            State::Plain | State::Escaped if is_tag(rest, at, "</", "script") => return at,
            State::Escaped if is_tag(rest, at, "<", "script") => state = State::DoubleEscaped,
            State::DoubleEscaped if is_tag(rest, at, "</", "script") => state = State::Escaped,
            State::Escaped | State::DoubleEscaped if here.starts_with(b"-->") => state = State::Plain,
            _ => {}
        }
        at += 1;
    }
}

/// Whether a tag of this name begins here.
fn is_tag(rest: &[u8], at: usize, opening: &str, name: &str) -> bool {
    let Some(after) = rest.get(at..).and_then(|here| here.strip_prefix(opening.as_bytes())) else { return false };
    let Some((this, after)) = after.split_at_checked(name.len()) else { return false };
    this.eq_ignore_ascii_case(name.as_bytes())
        && after.first().is_some_and(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
}
