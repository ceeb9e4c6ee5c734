//! Keys that had another name: the old one still works, says so, and `newswire config migrate` writes the new one.

use std::borrow::Cow;
use std::fmt;

use super::source::Source;

/// What was renamed: the old key and the new one, each with its section, and the version that did it. No version has renamed a
/// key yet. What stands here stays for a year of versions at least; a key that is taken out then is an unknown one.
const RENAMED: [(&str, &str, &str); 0] = [];

/// A key that has another name than it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// How it was called, with its section.
    pub old: Cow<'static, str>,
    /// How it is called, with its section.
    pub new: Cow<'static, str>,
    /// The version since when.
    pub since: Cow<'static, str>,
}

impl Renamed {
    /// Section and name of the old key.
    pub(super) fn old_parts(&self) -> (&str, &str) {
        self.old.split_once('.').unwrap_or((&self.old, ""))
    }

    /// Section and name of the new key.
    pub(super) fn new_parts(&self) -> (&str, &str) {
        self.new.split_once('.').unwrap_or((&self.new, ""))
    }
}

impl fmt::Display for Renamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is called {} since {}", self.old, self.new, self.since)
    }
}

/// Every key that was renamed.
pub fn renamed() -> Vec<Renamed> {
    let renamed = |(old, new, since): (&'static str, _, _)| Renamed {
        old: old.into(),
        new: Cow::from(new),
        since: Cow::from(since),
    };
    let all = RENAMED.map(renamed).into_iter();
    #[cfg(debug_assertions)]
    let all = all.chain(told());
    all.collect()
}

/// In a debug build, `NEWSWIRE_TEST_RENAMED` (`old=new`) renames a key more: for the tests of the command line, as long as none is.
#[cfg(debug_assertions)]
fn told() -> Option<Renamed> {
    let told = std::env::var("NEWSWIRE_TEST_RENAMED").ok()?;
    let (old, new) = told.split_once('=')?;
    Some(Renamed { old: old.to_owned().into(), new: new.to_owned().into(), since: "0.0.0".into() })
}

/// A setting that was given by an old name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deprecated {
    /// The names.
    pub renamed: Renamed,
    /// Where it was given.
    pub source: Source,
    /// Whether it counts for anything.
    pub used: Used,
}

/// Whether a setting with an old name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// As if it had the new name.
    Yes,
    /// It does not: the same place says it by the new name, too.
    Overruled,
}

impl fmt::Display for Deprecated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { renamed: Renamed { old, new, since }, source, used } = self;
        let (old, new) = (source.spelling(old), source.spelling(new));
        write!(f, "{old} ({source}) is deprecated: it is called {new} since {since}")?;
        match used {
            Used::Yes => Ok(()),
            Used::Overruled => write!(f, ", which is set there too and counts"),
        }
    }
}
