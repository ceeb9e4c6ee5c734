//! Hands out each key once, collects the errors, and knows at the end what nobody asked for.

use std::collections::{BTreeMap, BTreeSet};

use config::{Map, Value, ValueKind};

use super::error::SettingError;
use super::rules::Rule;
use super::secret;
use super::source::Source;
use super::value::{quoted, table, text, written};

/// How alike a known key must be to be suggested, from 0 to 1: two typing errors in a short name
/// (`max_boddi`) are well above, another word (`fetch.depth`) is below.
const ALIKE: f64 = 0.65;

/// One key as it is in force.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The key with its section, `fetch.max_body`.
    pub key: &'static str,
    /// Of a table, the name of the one entry that this is.
    pub row: Option<String>,
    /// The value as TOML, without secrets.
    pub shown: String,
    /// Where it comes from.
    pub source: Source,
}

/// Reads settings key by key. A key that can't be read is an error noted, and its default goes on
/// in its place, so that one run finds all errors.
#[derive(Debug, Default)]
pub(super) struct Reader {
    values: BTreeMap<(String, String), Value>,
    entries: Vec<Entry>,
    errors: Vec<SettingError>,
}

impl Reader {
    /// A reader of the merged layers.
    pub fn new(values: BTreeMap<(String, String), Value>) -> Self {
        Self { values, ..Self::default() }
    }

    /// The value of `key` under `rule`, or `default` where nothing is said.
    pub fn read<R: Rule>(&mut self, key: &'static str, default: R::Value, rule: R) -> R::Value {
        let mut in_force = (default, Source::Default);
        if let Some(given) = self.take(key) {
            match rule.read(&given) {
                Ok(value) => in_force = (value, Source::of(&given)),
                Err(why) => self.refuse_value(key, &given, why),
            }
        }
        let (value, source) = in_force;
        self.entries.push(Entry { key, row: None, shown: secret::shown(key, &rule.show(&value)), source });
        value
    }

    /// The table at `key`, each entry through `rule`, which gives its name, its value and how that is shown.
    pub fn read_table<T>(
        &mut self,
        key: &'static str,
        allowed: &str,
        rule: impl Fn(&str, &Value) -> Result<(String, T, String), String>,
    ) -> BTreeMap<String, T> {
        let rows = match self.take(key) {
            None => Map::new(),
            Some(given) => table(&given).unwrap_or_else(|| {
                self.refuse_value(key, &given, format!("allowed is {allowed}"));
                Map::new()
            }),
        };
        let mut values = BTreeMap::new();
        // The map of the crate `config` has no order.
        let rows: BTreeMap<String, Value> =
            rows.into_iter().filter(|(_, given)| given.kind != ValueKind::Nil).collect();
        for (name, given) in rows {
            match rule(&name, &given) {
                Ok((name, value, shown)) => {
                    let shown = secret::shown(&name, &shown);
                    self.entries.push(Entry { key, row: Some(name.clone()), shown, source: Source::of(&given) });
                    values.insert(name, value);
                }
                Err(why) => self.refuse_value(&format!("{key}.{}", quoted_if_needed(&name)), &given, why),
            }
        }
        if values.is_empty() {
            self.entries.push(Entry { key, row: None, shown: "{}".to_owned(), source: Source::Default });
        }
        values
    }

    /// Refuses the value that is in force for `key`, for a reason that lies beyond its own rule.
    pub fn refuse(&mut self, key: &str, why: impl Into<String>) {
        let Some(entry) = self.entries.iter().find(|entry| entry.key == key) else { return };
        self.errors.push(SettingError::Refused {
            key: key.to_owned(),
            value: entry.shown.clone(),
            source_of_value: entry.source.clone(),
            why: why.into(),
        });
    }

    /// Everything that was read, and all errors; what nobody asked for, and `strays`, are errors too.
    pub fn finish(mut self, strays: Vec<(String, Value)>) -> (Vec<Entry>, Vec<SettingError>) {
        let known: BTreeSet<&'static str> = self.entries.iter().map(|entry| entry.key).collect();
        let left = std::mem::take(&mut self.values).into_iter();
        let left = left.map(|((section, key), value)| (format!("{section}.{key}"), value));
        let mut unknown: Vec<_> = left.chain(strays).collect();
        unknown.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (key, value) in unknown {
            self.not_known(&key, &value, &known);
        }
        (self.entries, self.errors)
    }

    fn not_known(&mut self, key: &str, value: &Value, known: &BTreeSet<&'static str>) {
        if let Some(example) = known.iter().find(|known| known.split('.').next() == Some(key)) {
            // A section without a key is fine, a section that is a value is not.
            if !matches!(value.kind, ValueKind::Table(_)) {
                self.refuse_value(key, value, format!("a section has keys, such as {example}"));
            }
            return;
        }
        let source = Source::of(value);
        self.errors.push(SettingError::Unknown {
            key: key.to_owned(),
            value: if text(value).is_some_and(secret::is_secret) {
                secret::HIDDEN.to_owned()
            } else {
                written(key, value)
            },
            nearest: nearest(key, known).map(|key| source.spelling(key)),
            source_of_value: source,
        });
    }

    fn refuse_value(&mut self, key: &str, given: &Value, why: String) {
        self.errors.push(SettingError::Refused {
            key: key.to_owned(),
            value: written(key, given),
            source_of_value: Source::of(given),
            why,
        });
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        let (section, name) = key.split_once('.')?;
        let value = self.values.remove(&(section.to_owned(), name.to_owned()))?;
        (value.kind != ValueKind::Nil).then_some(value)
    }
}

/// The known key that is most like `key`, compared as a whole and by its last part alone, for a key in the wrong
/// section or in none.
fn nearest(key: &str, known: &BTreeSet<&'static str>) -> Option<&'static str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().replace('_', "");
    let alike = |known: &str| {
        let whole = strsim::normalized_damerau_levenshtein(key, known);
        whole.max(strsim::normalized_damerau_levenshtein(&last(key), &last(known)) * 0.95)
    };
    let scored = known.iter().map(|known| (alike(known), *known)).filter(|(score, _)| *score >= ALIKE);
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

/// A name of a table's entry, as TOML has it within a dotted key.
fn quoted_if_needed(name: &str) -> String {
    match name.contains('.') {
        true => quoted(name),
        false => name.to_owned(),
    }
}
