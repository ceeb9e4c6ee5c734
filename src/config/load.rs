//! All of it in order: layers, keys, checks; and what `newswire config` prints.

use std::fmt::Write;
use std::path::Path;

use super::checks;
use super::error::{SettingError, SettingsErrors};
use super::layers::{self, Layer};
use super::reader::{Entry, Reader};
use super::renamed::{Deprecated, Renamed, renamed};
use super::sections;
use super::settings::Settings;
use super::source::PREFIX;
use super::value::quoted;

/// Where the comment with a value's source begins, if the value is short enough.
const SOURCE_COLUMN: usize = 56;

/// Settings that are complete and valid, and where each comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What was given by an old name.
    pub deprecated: Vec<Deprecated>,
    pub(super) entries: Vec<Entry>,
}

impl Loaded {
    /// What is in force, as TOML with the source of each value behind it; secrets are hidden.
    pub fn render(&self) -> String {
        let mut text = String::from("# What is in force, and where each value comes from.\n");
        let mut open = "";
        // A section's tables stand behind its values: TOML would read a value behind a table as one of its entries.
        let section = |entry: &&Entry| entry.key.split('.').next();
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        for section in entries.chunk_by_mut(|a, b| section(a) == section(b)) {
            section.sort_by_key(|entry| entry.row.is_some());
        }
        for entry in entries {
            let (section, name) = entry.key.split_once('.').unwrap_or((entry.key, ""));
            let header = if entry.row.is_some() { entry.key } else { section };
            if header != open {
                let _ = write!(text, "\n[{header}]\n");
                open = header;
            }
            let name = entry.row.as_ref().map_or_else(|| name.to_owned(), |row| quoted(row));
            let line = format!("{name} = {}", entry.shown);
            let _ = writeln!(text, "{line:SOURCE_COLUMN$}  # {}", entry.source);
        }
        text
    }
}

/// Loads the settings: defaults, under `file`, under the variables of `environment` that begin with `NEWSWIRE__`,
/// under `flags` (each a key with its section, such as `kafka.bootstrap_servers`, and its value).
///
/// # Errors
/// All that is wrong, at once: unknown keys, wrong types, values out of range or at odds with each other.
pub fn load(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    flags: &[(String, String)],
) -> Result<Loaded, SettingsErrors> {
    let file = file.map_or_else(|| Ok(Layer::default()), Layer::file);
    load_layers(file, Layer::environment(environment), Layer::flags(flags), &renamed())
}

/// As [`load`]; a file that can't be read still leaves the errors of the other layers to be found.
pub(super) fn load_layers(
    file: Result<Layer, SettingError>,
    environment: Layer,
    flags: Layer,
    renamed: &[Renamed],
) -> Result<Loaded, SettingsErrors> {
    let mut errors = Vec::new();
    let file = file.unwrap_or_else(|error| {
        errors.push(error);
        Layer::default()
    });
    let mut layers = [file, environment, flags];
    let deprecated = layers.iter_mut().flat_map(|layer| layer.rename(renamed)).collect();
    let strays = layers.iter_mut().flat_map(|layer| std::mem::take(&mut layer.strays)).collect();
    let values = layers::merged(&layers).unwrap_or_else(|error| {
        errors.push(SettingError::Malformed { file: "the layers".to_owned(), error: error.to_string() });
        Default::default()
    });

    let mut reader = Reader::new(values);
    let settings = sections::settings(&mut reader);
    checks::between_keys(&settings, &mut reader);
    let (entries, refused) = reader.finish(strays);
    errors.extend(refused);
    if !errors.is_empty() {
        return Err(SettingsErrors(errors));
    }
    Ok(Loaded { settings, deprecated, entries })
}

/// The settings where nobody said anything: what the demo and `check` start from.
pub fn defaults() -> Settings {
    sections::settings(&mut Reader::default())
}

/// The variables of this process that begin with `NEWSWIRE__`. What is no UTF-8 in them is replaced, where
/// [`std::env::vars`] would panic.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    let variables = std::env::vars_os().map(move |(name, value)| (text(name), text(value)));
    variables.filter(|(name, _)| name.starts_with(PREFIX))
}
