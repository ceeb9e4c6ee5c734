//! What a file, a variable or a flag says, read as text, number, list or table.
//!
//! A file has types, and they count: `"5"` is no number there. A variable or a flag is bare text,
//! and is read as whatever the key asks for, so that `123` stays "123" where a text is wanted.

use config::{FileFormat, Format, Map, Value, ValueKind};

use super::secret;
use super::source::Source;

/// A text.
pub(super) fn text(value: &Value) -> Option<&str> {
    match &value.kind {
        ValueKind::String(text) => Some(text),
        _ => None,
    }
}

/// A whole number that isn't negative.
pub(super) fn number(value: &Value) -> Option<u64> {
    match &value.kind {
        ValueKind::I64(number) => u64::try_from(*number).ok(),
        ValueKind::U64(number) => Some(*number),
        ValueKind::String(text) if Source::of(value).is_text() => text.trim().parse().ok(),
        _ => None,
    }
}

/// A number that may have a fraction.
pub(super) fn fraction(value: &Value) -> Option<f64> {
    match &value.kind {
        ValueKind::Float(number) => Some(*number),
        ValueKind::I64(number) => Some(*number as f64),
        ValueKind::String(text) if Source::of(value).is_text() => text.trim().parse().ok(),
        _ => None,
    }
}

/// `true` or `false`.
pub(super) fn switch(value: &Value) -> Option<bool> {
    match &value.kind {
        ValueKind::Boolean(on) => Some(*on),
        ValueKind::String(text) if Source::of(value).is_text() => text.trim().parse().ok(),
        _ => None,
    }
}

/// A list; in a variable or flag written as TOML, as JSON, or with commas.
pub(super) fn list(value: &Value) -> Option<Vec<Value>> {
    match &value.kind {
        ValueKind::Array(items) => Some(items.clone()),
        ValueKind::String(text) if Source::of(value).is_text() => {
            let text = text.trim();
            if text.starts_with('[') {
                return match notation(text, value.origin())?.kind {
                    ValueKind::Array(items) => Some(items),
                    _ => None,
                };
            }
            let origin = value.origin().map(str::to_owned);
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(items.map(|item| Value::new(origin.as_ref(), item)).collect())
        }
        _ => None,
    }
}

/// A table; in a variable or flag written as TOML, as JSON, or as `name=value,name=value`.
pub(super) fn table(value: &Value) -> Option<Map<String, Value>> {
    match &value.kind {
        ValueKind::Table(table) => Some(table.clone()),
        ValueKind::String(text) if Source::of(value).is_text() => {
            let text = text.trim();
            if text.starts_with('{') {
                return match notation(text, value.origin())?.kind {
                    ValueKind::Table(table) => Some(table),
                    _ => None,
                };
            }
            let origin = value.origin().map(str::to_owned);
            let pair = |item: &str| {
                let (name, value) = item.split_once('=')?;
                Some((name.trim().to_owned(), Value::new(origin.as_ref(), value.trim())))
            };
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(pair).collect()
        }
        _ => None,
    }
}

/// Nested tables with the names along the way joined by dots: TOML reads an unquoted `a.b = 1` as a table in a table.
pub(super) fn flattened(table: Map<String, Value>) -> Map<String, Value> {
    let mut flat = Map::new();
    for (name, value) in table {
        match value.kind {
            ValueKind::Table(inner) => {
                flat.extend(flattened(inner).into_iter().map(|(rest, value)| (format!("{name}.{rest}"), value)));
            }
            _ => {
                flat.insert(name, value);
            }
        }
    }
    flat
}

/// The value of `name` as TOML has it, for people to read; secrets are hidden.
pub(super) fn written(name: &str, value: &Value) -> String {
    match &value.kind {
        ValueKind::Nil => "nothing".to_owned(),
        ValueKind::String(text) => secret::shown(name, &quoted(text)),
        ValueKind::Array(items) => {
            format!("[{}]", items.iter().map(|item| written(name, item)).collect::<Vec<_>>().join(", "))
        }
        ValueKind::Table(table) => {
            let pair = |(name, value): (&String, &Value)| format!("{name} = {}", written(name, value));
            let mut pairs: Vec<_> = table.iter().map(pair).collect();
            pairs.sort();
            format!("{{ {} }}", pairs.join(", "))
        }
        scalar => secret::shown(name, &scalar.to_string()),
    }
}

/// A TOML basic string. JSON's escapes are all known to TOML.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One value in TOML's or JSON's notation.
fn notation(text: &str, origin: Option<&str>) -> Option<Value> {
    let origin = origin.map(str::to_owned);
    let toml = FileFormat::Toml.parse(origin.as_ref(), &format!("value = {text}"));
    let document = toml.or_else(|_| FileFormat::Json.parse(origin.as_ref(), &format!("{{\"value\": {text}}}")));
    let mut document = document.ok().filter(|document| document.len() == 1)?;
    document.remove("value")
}
