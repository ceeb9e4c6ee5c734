//! Names of elements and attributes as the tree has them.

use html5ever::LocalName;

/// Places for the names of a page, each for the last of those that fall on it.
const PLACES: usize = 64;

/// What names came to when they were first seen: a page has a few, and each a hundred times.
pub(super) struct Names<'a>([(&'a str, LocalName); PLACES]);

impl Default for Names<'_> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| ("", LocalName::default())))
    }
}

impl<'a> Names<'a> {
    /// The name, in lower case as far as it is ASCII, and without NUL.
    pub(super) fn local(&mut self, name: &'a str) -> LocalName {
        let ends = |at: Option<&u8>| at.copied().map_or(0, usize::from);
        let bytes = name.as_bytes();
        let place = bytes.len() + 5 * ends(bytes.first()) + 11 * ends(bytes.last());
        let Some(known) = self.0.get_mut(place % PLACES) else { return local(name) };
        if known.0 != name {
            *known = (name, local(name));
        }
        known.1.clone()
    }
}

fn local(name: &str) -> LocalName {
    if name.bytes().all(|byte| byte != 0 && !byte.is_ascii_uppercase()) {
        return LocalName::from(name);
    }
    LocalName::from(name.to_ascii_lowercase().replace('\0', "\u{fffd}"))
}
