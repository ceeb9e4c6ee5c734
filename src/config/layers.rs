//! File, environment and flags, laid over each other with the crate `config`.
//!
//! Each layer is brought into one shape first, sections of keys, and each value carries its origin through the
//! merge. Tables ([`TABLES`]) merge entry by entry: one property from the environment leaves the file's others.

use std::collections::BTreeMap;
use std::path::Path;

use config::{Config, ConfigError, FileFormat, Format, Map, Value, ValueKind};

use super::error::SettingError;
use super::renamed::{Deprecated, Renamed, Used};
use super::source::{PREFIX, Source};
use super::value;

/// The keys that hold a table with names of the user's choice.
pub(super) const TABLES: [&str; 4] =
    ["kafka.properties", "kafka.consumer_properties", "kafka.producer_properties", "fetch.resolve"];

/// One layer: the keys that it sets, and what has no place in any section.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    sections: BTreeMap<String, BTreeMap<String, Value>>,
    /// Keys that can't be known, whatever the sections hold.
    pub strays: Vec<(String, Value)>,
}

impl Layer {
    /// The layer of a settings file.
    ///
    /// # Errors
    /// The file can't be read, or is no TOML.
    pub fn file(path: &Path) -> Result<Self, SettingError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingError::Unreadable { file: file.clone(), error: error.to_string() })?;
        Self::toml(&text, &file)
    }

    /// The layer of a file's `text`.
    pub fn toml(text: &str, file: &str) -> Result<Self, SettingError> {
        let origin = Source::File(file.to_owned()).origin();
        let document = FileFormat::Toml.parse(Some(&origin), text).map_err(|error| SettingError::Malformed {
            file: file.to_owned(),
            error: without_excerpt(&error.to_string()),
        })?;
        let mut layer = Self::default();
        for (section, content) in document {
            match content.kind {
                ValueKind::Table(keys) if !keys.is_empty() && is_name(&section) => {
                    for (key, value) in keys {
                        layer.put(&section, &key, None, value);
                    }
                }
                _ => layer.strays.push((section, content)),
            }
        }
        Ok(layer)
    }

    /// The layer of the environment: every variable that begins with `NEWSWIRE__`.
    ///
    /// Variables with a single underscore are not ours: Kubernetes makes some for a service named newswire.
    pub fn environment(variables: impl Iterator<Item = (String, String)>) -> Self {
        // Sorted, so that a whole table comes before its single entries.
        let variables: BTreeMap<String, String> = variables.collect();
        let mut layer = Self::default();
        for (variable, text) in variables {
            let Some(path) = variable.strip_prefix(PREFIX) else { continue };
            let path = path.to_lowercase();
            let mut parts = path.splitn(3, "__");
            let (section, key) = (parts.next().unwrap_or_default().to_owned(), parts.next());
            let entry = parts.next().map(|entry| entry.replace('_', "."));
            layer.put_text(&section, key, entry.as_deref(), &text, &Source::Variable(variable.clone()));
        }
        layer
    }

    /// The layer of the flags, each the key with its section and the value as given.
    pub fn flags(flags: &[(String, String)]) -> Self {
        let mut layer = Self::default();
        for (path, text) in flags {
            let mut parts = path.splitn(3, '.');
            let (section, key) = (parts.next().unwrap_or_default(), parts.next());
            layer.put_text(section, key, parts.next(), text, &Source::Flag);
        }
        layer
    }

    /// Gives what has an old name its new one, and says what that was. Where both are set the new one counts.
    pub fn rename(&mut self, renamed: &[Renamed]) -> Vec<Deprecated> {
        renamed.iter().filter_map(|renamed| self.rename_one(renamed)).collect()
    }

    fn rename_one(&mut self, renamed: &Renamed) -> Option<Deprecated> {
        let ((old_section, old), (new_section, new)) = (renamed.old_parts(), renamed.new_parts());
        let is_set = self.sections.get(new_section).is_some_and(|keys| keys.contains_key(new));
        let mut given: Vec<(Option<String>, Value)> = Vec::new();
        if let Some(keys) = self.sections.get_mut(old_section) {
            given.extend(keys.remove(old).map(|value| (None, value)));
            if keys.is_empty() {
                self.sections.remove(old_section);
            }
        }
        // Entries of a table that is called otherwise now were taken for keys with a part too many.
        let entry = |path: &str| path.strip_prefix(renamed.old.as_ref())?.strip_prefix('.').map(str::to_owned);
        let (ours, strays) = std::mem::take(&mut self.strays).into_iter().partition(|(path, _)| entry(path).is_some());
        self.strays = strays;
        given.extend(Vec::into_iter(ours).map(|(path, value)| (entry(&path), value)));
        let source = Source::of(&given.first()?.1);
        if !is_set {
            for (entry, value) in given {
                self.put(new_section, new, entry.as_deref(), value);
            }
        }
        let used = if is_set { Used::Overruled } else { Used::Yes };
        Some(Deprecated { renamed: renamed.clone(), source, used })
    }

    fn put_text(&mut self, section: &str, key: Option<&str>, entry: Option<&str>, text: &str, source: &Source) {
        let value = Value::new(Some(&source.origin()), text);
        let Some(key) = key.filter(|_| is_name(section)) else {
            let path = [Some(section), key, entry].into_iter().flatten().collect::<Vec<_>>().join(".");
            return self.strays.push((path, value));
        };
        self.put(section, key, entry, value);
    }

    fn put(&mut self, section: &str, key: &str, entry: Option<&str>, value: Value) {
        let path = format!("{section}.{key}");
        let keys = self.sections.entry(section.to_owned()).or_default();
        if !TABLES.contains(&path.as_str()) {
            match entry {
                Some(entry) => self.strays.push((format!("{path}.{entry}"), value)),
                None => _ = keys.insert(key.to_owned(), value),
            }
            return;
        }
        // An empty text unsets what weaker layers say.
        let is_unset = value::text(&value) == Some("");
        let value = if is_unset { Value::new(None, ValueKind::Nil) } else { value };
        let rows = match entry {
            Some(entry) => Map::from_iter([(entry.to_owned(), value)]),
            None => match value::table(&value) {
                Some(table) => value::flattened(table),
                // Nothing, or what the reader will refuse.
                None => {
                    keys.insert(key.to_owned(), value);
                    return;
                }
            },
        };
        let table = keys.entry(key.to_owned()).or_insert_with(|| Value::new(None, Map::<String, Value>::new()));
        match &mut table.kind {
            ValueKind::Table(known) => known.extend(rows),
            _ => *table = Value::new(None, rows),
        }
    }
}

impl config::Source for Layer {
    fn clone_into_box(&self) -> Box<dyn config::Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let table = |keys: &BTreeMap<String, Value>| Value::new(None, Map::from_iter(keys.clone()));
        Ok(self.sections.iter().map(|(section, keys)| (section.clone(), table(keys))).collect())
    }
}

/// The layers as one, later ones over earlier ones: section, key, value.
pub(super) fn merged(layers: &[Layer]) -> Result<BTreeMap<(String, String), Value>, ConfigError> {
    let builder = layers.iter().cloned().fold(Config::builder(), |builder, layer| builder.add_source(layer));
    let sections = builder.build()?.cache.into_table()?;
    let mut keys = BTreeMap::new();
    for (section, content) in sections {
        for (key, value) in content.into_table()? {
            keys.insert((section.clone(), key), value);
        }
    }
    Ok(keys)
}

/// A name as sections have it. The crate `config` would read anything else at the top as a path.
fn is_name(section: &str) -> bool {
    !section.is_empty() && section.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-'))
}

/// A message of the TOML parser without the line that it quotes: a secret may stand there.
fn without_excerpt(message: &str) -> String {
    let is_excerpt = |line: &&str| line.trim_start().starts_with(|sign: char| sign == '|' || sign.is_ascii_digit());
    message.lines().filter(|line| !is_excerpt(line)).map(str::trim).collect::<Vec<_>>().join(", ")
}
