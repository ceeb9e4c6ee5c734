//! Names of elements and attributes as the tree has them.

use html5ever::LocalName;

use crate::extract::seen::Seen;

/// The names of a page.
#[derive(Default)]
pub(super) struct Names<'a>(Seen<'a, LocalName, 64>);

impl<'a> Names<'a> {
    /// The name, in lower case as far as it is ASCII, and without NUL.
    pub(super) fn local(&mut self, name: &'a str) -> LocalName {
        self.0.of(name, |name| {
            if name.bytes().all(|byte| byte != 0 && !byte.is_ascii_uppercase()) {
                return LocalName::from(name);
            }
            LocalName::from(name.to_ascii_lowercase().replace('\0', "\u{fffd}"))
        })
    }
}
