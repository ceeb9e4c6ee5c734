//! What can be wrong with settings, each with key, value, source and what is allowed.

use std::fmt;

use super::source::Source;

/// Everything that is wrong with the settings, at once; nothing starts.
#[derive(Debug, thiserror::Error)]
pub struct SettingsErrors(pub(super) Vec<SettingError>);

impl SettingsErrors {
    /// The errors, in the order of the keys' sections; never empty.
    pub fn errors(&self) -> &[SettingError] {
        &self.0
    }
}

impl fmt::Display for SettingsErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.0.len() == 1 { "error" } else { "errors" };
        write!(f, "{} {what} in the settings, nothing was started", self.0.len())?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

/// One thing that is wrong. Values are without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The settings file can't be read.
    #[error("{file}: can't be read: {error}")]
    Unreadable {
        /// The path as given.
        file: String,
        /// What the system says.
        error: String,
    },
    /// The settings file is no TOML.
    #[error("{file}: no valid TOML: {error}")]
    Malformed {
        /// The path as given.
        file: String,
        /// Where, and what was expected.
        error: String,
    },
    /// Nobody knows this key.
    #[error("{key} = {value} ({source_of_value}): unknown key{}", .nearest.as_ref().map(|key| format!("; did you mean {key}?")).unwrap_or_default())]
    Unknown {
        /// The key with its section, `fetch.max_boddy`.
        key: String,
        /// Its value, as TOML.
        value: String,
        /// Where it stands.
        source_of_value: Source,
        /// The known key that is nearest, as it is spelled in this source.
        nearest: Option<String>,
    },
    /// The value can't be had: of another type, out of range, not in this version, or against another setting.
    #[error("{key} = {value} ({source_of_value}): {why}")]
    Refused {
        /// The key with its section.
        key: String,
        /// Its value, as TOML.
        value: String,
        /// Where it stands.
        source_of_value: Source,
        /// What is allowed, or why this isn't.
        why: String,
    },
}
