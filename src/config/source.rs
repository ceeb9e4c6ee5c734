//! Where a value comes from.

use std::fmt;

use config::{Value, ValueKind};

/// What every variable of ours begins with.
pub(super) const PREFIX: &str = "NEWSWIRE__";

/// Where a value comes from, the weakest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The settings file, by its path as given.
    File(String),
    /// An environment variable, by its name.
    Variable(String),
    /// The command line.
    Flag,
}

impl Source {
    /// The form in which the crate `config` carries it through the layers.
    pub(super) fn origin(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File(path) => format!("file:{path}"),
            Self::Variable(name) => format!("variable:{name}"),
            Self::Flag => "flag".to_owned(),
        }
    }

    /// The source of a value that came through the layers.
    pub(super) fn of(value: &Value) -> Self {
        // The crate makes tables anew when it merges; their entries know where they come from.
        if let (None, ValueKind::Table(entries)) = (value.origin(), &value.kind) {
            return entries.values().next().map_or(Self::Default, Self::of);
        }
        match value.origin().map(|origin| origin.split_once(':').unwrap_or((origin, ""))) {
            Some(("file", path)) => Self::File(path.to_owned()),
            Some(("variable", name)) => Self::Variable(name.to_owned()),
            Some(("flag", _)) => Self::Flag,
            _ => Self::Default,
        }
    }

    /// Whether values from here are bare text, in which numbers, lists and tables must be found.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Flag)
    }

    /// How `key` is written in this source.
    pub(super) fn spelling(&self, key: &str) -> String {
        match self {
            Self::Variable(_) => format!("{PREFIX}{}", key.replacen('.', "__", 2).replace('.', "_").to_uppercase()),
            _ => key.to_owned(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(path) => write!(f, "file {path}"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag => write!(f, "flag"),
        }
    }
}
