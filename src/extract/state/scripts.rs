//! The values in a page's scripts.

use std::collections::HashMap;

use serde_json::Value;

use super::literal::{Names, Reader, cost};
use crate::extract::scan::Script;

/// Bytes of a script that is read, at most.
const SCRIPT_BYTES: usize = 6_000_000;
/// Values that are read on a page, at most: a state of a megabyte has some 50,000.
const MAX_VALUES: usize = 250_000;
/// Places of a script at which a value is tried, at most. Programs have many that are none.
const MAX_TRIES: usize = 1_000;
/// Bytes of a value that may be a state, at least.
const STATE_BYTES: usize = 100;
/// Bytes that are read on a page, at most, those of failed tries too.
const MAX_BYTES: usize = 24_000_000;

/// The values of a page's scripts, and what references in them stand for.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The states, in document order.
    pub(super) roots: Vec<Value>,
    /// The rows of a state that React sends in parts, by name.
    pub(super) rows: HashMap<String, Value>,
}

/// What may still be read.
struct Budget {
    values: usize,
    bytes: usize,
}

/// Reads the scripts that are no JSON-LD.
pub(super) fn values(scripts: &[Script<'_>]) -> Values {
    let mut budget = Budget { values: MAX_VALUES, bytes: MAX_BYTES };
    let mut roots = Vec::new();
    for script in scripts.iter().filter(|script| !script.is_json_ld() && script.text.len() <= SCRIPT_BYTES) {
        // Angular's way to keep quotation marks out of markup.
        if script.text.trim_start().starts_with("{&q;") {
            let text = script.text.replace("&q;", "\"").replace("&s;", "'").replace("&l;", "<").replace("&g;", ">");
            of_script(&text.replace("&a;", "&"), &mut budget, &mut roots);
        } else {
            of_script(script.text, &mut budget, &mut roots);
        }
    }
    let mut flight = String::new();
    roots.retain(|root| {
        let part = part_of_flight(root);
        flight.push_str(part.unwrap_or_default());
        part.is_none()
    });
    let mut values =
        Values { roots: roots.into_iter().map(|root| unflattened(root, &mut budget)).collect(), ..Values::default() };
    rows(&flight, &mut budget, &mut values);
    values
}

/// What `self.__next_f.push([1, "..."])` adds to the state that React sends in parts.
fn part_of_flight(value: &Value) -> Option<&str> {
    match value.as_array()?.as_slice() {
        [Value::Number(_), Value::String(part)] => Some(part),
        _ => None,
    }
}

/// The values of one script: whatever object or list is assigned, handed over or returned.
fn of_script(text: &str, budget: &mut Budget, roots: &mut Vec<Value>) {
    let bytes = text.as_bytes();
    let (mut at, mut tries) = (0, 0);
    while tries < MAX_TRIES {
        let Some(found) = memchr::memchr3(b'{', b'[', b'=', bytes.get(at..).unwrap_or_default()) else { return };
        let place = at + found;
        at = place + 1;
        let before = text.get(..place).unwrap_or_default().trim_end();
        if bytes.get(place) == Some(&b'=') {
            let behind = text.get(at..).unwrap_or_default().trim_start();
            let quoted = ["\"{", "\"[", "'{", "'[", "JSON.parse(\"", "JSON.parse('", "JSON.parse(`"];
            if !quoted.iter().any(|start| behind.starts_with(start)) {
                continue;
            }
            tries += 1;
            let start = text.len() - behind.len();
            let (value, end) = read(text, start, &Names::new(), budget);
            if let Some(value) = value.as_ref().and_then(Value::as_str).and_then(|text| parsed(text, budget)) {
                roots.push(value);
                at = end;
            }
            continue;
        }
        if !(before.is_empty() || before.ends_with(['=', '(', ',', ':']) || before.ends_with("return")) {
            continue;
        }
        tries += 1;
        let names = names_of(text, place, budget);
        let (value, end) = read(text, place, &names, budget);
        let is_state =
            |value: &Value| end - place >= STATE_BYTES || !names.is_empty() || part_of_flight(value).is_some();
        if let Some(value) = value.filter(is_state) {
            roots.push(value);
            at = end;
        }
    }
}

fn read(text: &str, at: usize, names: &Names<'_>, budget: &mut Budget) -> (Option<Value>, usize) {
    if budget.bytes == 0 {
        return (None, at);
    }
    let (value, end) = Reader::at(text, at, names, &mut budget.values).read();
    budget.bytes = budget.bytes.saturating_sub(end.saturating_sub(at).max(1));
    (value, end)
}

/// The value of a text that is JSON.
fn parsed(text: &str, budget: &mut Budget) -> Option<Value> {
    let start = text.find(['{', '['])?;
    read(text, start, &Names::new(), budget).0
}

/// The object or list that a string holds as JSON.
///
/// `left` is how many values may still be read so.
pub(super) fn within(text: &str, left: &mut usize) -> Option<Value> {
    let is_json = text.len() >= STATE_BYTES && text.trim_start().starts_with(['{', '[']) && text.contains('"');
    let mut budget = Budget { values: *left, bytes: MAX_BYTES };
    let value = is_json.then(|| parsed(text, &mut budget)).flatten();
    *left = budget.values;
    value
}

/// Names of arguments that are looked up, at most, and the bytes that they stand in.
const MAX_NAMES: usize = 3_000;
const HEAD_BYTES: usize = 32_000;

/// Nuxt's way to say no value twice: `(function(a,b){return {...}}("...",0))`. What the names stand for in the
/// object that begins here.
fn names_of<'a>(text: &'a str, place: usize, budget: &mut Budget) -> Names<'a> {
    let near = text.floor_char_boundary(place.saturating_sub(HEAD_BYTES));
    let before = text.get(near..place).unwrap_or_default();
    let Some(head) = before.trim_end().strip_suffix("return").and_then(|before| before.rsplit_once("function(")) else {
        return Names::new();
    };
    let Some((names, _)) = head.1.split_once(')') else { return Names::new() };
    let (Some(_), end) = read(text, place, &Names::new(), budget) else { return Names::new() };
    let behind = text.get(end..).unwrap_or_default();
    let Some(open) = behind.find('(').filter(|open| *open < 8) else { return Names::new() };
    budget.bytes = budget.bytes.saturating_sub(behind.len());
    let arguments = Reader::at(text, end + open, &Names::new(), &mut budget.values).arguments().unwrap_or_default();
    let costly = arguments.into_iter().map(|value| {
        let cost = cost(&value);
        (value, cost)
    });
    names.split(',').map(str::trim).zip(costly).take(MAX_NAMES).collect()
}

/// Nuxt 3 sends a list of values that name one another by their places (`devalue`): the value that it stands for.
fn unflattened(root: Value, budget: &mut Budget) -> Value {
    let Some(values) = root.as_array() else { return root };
    let is_flat = matches!(values.as_slice(), [Value::Array(first), Value::Object(_), ..]
        if matches!(first.as_slice(), [Value::String(kind), Value::Number(_)] if kind.ends_with("eactive")))
        || matches!(values.as_slice(), [Value::Object(first), _, ..] if first.values().all(Value::is_number) && !first.is_empty());
    if is_flat { place(values, 0, 0, &mut budget.values) } else { root }
}

/// The value at a place of such a list.
fn place(values: &[Value], at: usize, depth: usize, left: &mut usize) -> Value {
    /// Deeper than any that was seen; lists that name themselves end here.
    const MAX_DEPTH: usize = 40;
    if depth > MAX_DEPTH || *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    let mut named = |value: &Value| {
        let at = value.as_u64().and_then(|at| usize::try_from(at).ok());
        at.map_or(Value::Null, |at| place(values, at, depth + 1, left))
    };
    match values.get(at) {
        // A text may be named many times.
        Some(value @ Value::String(_)) => {
            let cost = cost(value);
            let dear = cost > *left;
            *left = left.saturating_sub(cost);
            if dear { Value::Null } else { value.clone() }
        }
        Some(Value::Object(object)) => {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), named(value))).collect())
        }
        Some(Value::Array(list)) => match list.as_slice() {
            [Value::String(kind), value @ Value::String(_)] if kind == "Date" => value.clone(),
            [Value::String(_), value] => named(value),
            _ => Value::Array(list.iter().map(named).collect()),
        },
        Some(value) => value.clone(),
        None => Value::Null,
    }
}

/// React's rows: `1a:{...}` and a line feed, or `1a:T5f3,` and so many bytes of text.
fn rows(flight: &str, budget: &mut Budget, values: &mut Values) {
    let mut rest = flight;
    while let Some((id, behind)) = rest.split_once(':').filter(|(id, _)| id.len() <= 8) {
        let id = id.trim().to_owned();
        if let Some((length, text)) = behind.strip_prefix('T').and_then(|behind| behind.split_once(',')) {
            let length = usize::from_str_radix(length, 16).unwrap_or_default();
            let end = text.floor_char_boundary(length);
            let (text, behind) = text.split_at(end);
            values.rows.insert(id, Value::String(text.to_owned()));
            rest = behind;
            continue;
        }
        let (row, behind) = behind.split_once('\n').unwrap_or((behind, ""));
        rest = behind;
        if row.starts_with(['{', '['])
            && let (Some(value), _) = read(row, 0, &Names::new(), budget)
        {
            values.rows.insert(id, value.clone());
            values.roots.push(value);
        }
    }
}

impl Values {
    /// What a value stands for, where it names another: `{"__ref": "Article:1"}`, `{"type": "id", "id": "..."}` of Apollo's caches,
    /// `"$1a"` of React's rows.
    pub(super) fn named<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value {
            Value::String(text) => {
                let row = text.strip_prefix('$').map(|name| name.trim_start_matches(['L', '@']));
                row.and_then(|row| self.rows.get(row)).unwrap_or(value)
            }
            Value::Object(object) => {
                let id = object
                    .get("__ref")
                    .or_else(|| object.get("id").filter(|_| object.get("type").and_then(Value::as_str) == Some("id")));
                id.and_then(Value::as_str).and_then(|id| self.cached(id)).unwrap_or(value)
            }
            _ => value,
        }
    }

    /// The object of a cache by its name: caches lie at the top of a state, or right below.
    fn cached(&self, id: &str) -> Option<&Value> {
        let objects = || self.roots.iter().filter_map(Value::as_object);
        objects().find_map(|object| object.get(id)).or_else(|| {
            let inner = objects().flat_map(|object| object.values().take(50)).filter_map(Value::as_object);
            inner.filter_map(|object| object.get(id)).next()
        })
    }
}
