//! A value as programs write it: JSON, and what JavaScript allows beyond it.
//!
//! States are seldom pure JSON: keys without quotes, `'`, `undefined`, `!0`, `void 0`, `new Date("...")`, and in Nuxt's case
//! names of a function's arguments. What can't be known is null.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

/// Values within values, at most.
const MAX_DEPTH: usize = 100;

/// What names stand for, and what each costs where it is used.
pub(super) type Names<'a> = HashMap<&'a str, (Value, usize)>;

/// What a value costs that is written once and used often, in values: its own, and one for each [`BYTES`] of text.
pub(super) fn cost(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / BYTES,
        Value::Array(values) => 1 + values.iter().map(cost).sum::<usize>(),
        Value::Object(object) => {
            1 + object.iter().map(|(key, value)| 1 + key.len() / BYTES + cost(value)).sum::<usize>()
        }
        _ => 1,
    }
}

/// Bytes of text that cost as much as a value.
const BYTES: usize = 32;

/// A reader of one value.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// What names stand for.
    names: &'a Names<'a>,
    /// Values that may still be read.
    left: &'a mut usize,
}

impl<'a> Reader<'a> {
    /// Reads `text` from this place on.
    pub(super) fn at(text: &'a str, at: usize, names: &'a Names<'a>, left: &'a mut usize) -> Self {
        Self { text, at, names, left }
    }

    /// The value that begins here, and the place behind it.
    pub(super) fn read(mut self) -> (Option<Value>, usize) {
        let value = self.value(0);
        (value, self.at)
    }

    /// The values of a list in brackets that begins here.
    pub(super) fn arguments(mut self) -> Option<Vec<Value>> {
        self.eat(b'(').then(|| self.list(b')', 0)).flatten()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over white space and comments.
    fn space(&mut self) {
        loop {
            match self.rest().as_bytes() {
                [byte, ..] if byte.is_ascii_whitespace() => self.at += 1,
                [b'/', b'*', after @ ..] => {
                    self.at += 2 + memchr::memmem::find(after, b"*/").map_or(after.len(), |end| end + 2);
                }
                [b'/', b'/', after @ ..] => self.at += 2 + memchr::memchr(b'\n', after).unwrap_or(after.len()),
                _ => return,
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH || *self.left == 0 {
            return None;
        }
        *self.left -= 1;
        self.space();
        match self.peek()? {
            b'{' => {
                self.at += 1;
                self.object(depth)
            }
            b'[' => {
                self.at += 1;
                self.list(b']', depth).map(Value::Array)
            }
            b'(' => {
                self.at += 1;
                let value = self.value(depth + 1)?;
                self.eat(b')').then_some(value)
            }
            quote @ (b'"' | b'\'' | b'`') => self.string(quote).map(Value::String),
            b'!' => {
                self.at += 1;
                let value = self.value(depth + 1)?;
                Some(Value::Bool(value.as_i64() == Some(0)))
            }
            b'-' | b'.' | b'0'..=b'9' => Some(self.number()),
            _ => self.word(depth),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut object = Map::new();
        loop {
            if self.eat(b'}') {
                return Some(Value::Object(object));
            }
            let key = match self.peek()? {
                quote @ (b'"' | b'\'') => self.string(quote)?,
                _ => self.name().map(str::to_owned)?,
            };
            if !self.eat(b':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            object.insert(key, value);
            if !self.eat(b',') {
                return self.eat(b'}').then_some(Value::Object(object));
            }
        }
    }

    fn list(&mut self, end: u8, depth: usize) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        loop {
            if self.eat(end) {
                return Some(values);
            }
            // A hole.
            if self.eat(b',') {
                continue;
            }
            values.push(self.value(depth + 1)?);
            if !self.eat(b',') {
                return self.eat(end).then_some(values);
            }
        }
    }

    /// A name, or a number that is a key.
    fn name(&mut self) -> Option<&'a str> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        let rest = self.rest();
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).filter(|name| !name.is_empty())
    }

    fn word(&mut self, depth: usize) -> Option<Value> {
        let name = self.name()?;
        match name {
            "true" => return Some(Value::Bool(true)),
            "false" => return Some(Value::Bool(false)),
            "null" | "undefined" | "NaN" | "Infinity" => return Some(Value::Null),
            "void" => return self.value(depth + 1).map(|_| Value::Null),
            "function" | "class" | "return" => return None,
            "new" => return self.value(depth + 1),
            _ => {}
        }
        let mut called = false;
        while self.eat(b'.') {
            called = self.name().is_some();
        }
        if self.eat(b'(') {
            // `Object.freeze({...})`, `JSON.parse("...")`, `Date(0)`: what it is made of.
            return Some(self.list(b')', depth)?.into_iter().next().unwrap_or_default());
        }
        // What a name stands for counts as if it were written out.
        let named = self.names.get(name).filter(|(_, cost)| !called && cost <= self.left);
        *self.left -= named.map_or(0, |(_, cost)| *cost);
        Some(named.map_or(Value::Null, |(value, _)| value.clone()))
    }

    fn number(&mut self) -> Value {
        let rest = self.rest();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.bytes().position(|byte| !is_part(&byte)).unwrap_or(rest.len());
        self.at += length.max(1);
        let number = rest.get(..length).unwrap_or_default();
        if let Ok(whole) = number.parse::<i64>() {
            return Value::from(whole);
        }
        number.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
    }

    fn string(&mut self, quote: u8) -> Option<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let plain = memchr::memchr2(quote, b'\\', rest.as_bytes())?;
            out.push_str(rest.get(..plain)?);
            self.at += plain + 1;
            if rest.as_bytes().get(plain) == Some(&quote) {
                return Some(out);
            }
            self.escape(&mut out)?;
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, out: &mut String) -> Option<()> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        match c {
            'n' | 'r' | 'v' | 'f' => out.push('\n'),
            't' => out.push('\t'),
            'b' | '0' | '\n' => {}
            'x' => out.push(char::from_u32(self.hex(2)?)?),
            'u' if self.peek() == Some(b'{') => {
                let end = self.rest().find('}')?;
                let code = u32::from_str_radix(self.rest().get(1..end)?, 16).ok()?;
                self.at += end + 1;
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            'u' => {
                let first = self.hex(4)?;
                let pair = matches!(first, 0xd800..=0xdbff) && self.rest().starts_with("\\u");
                let code = if pair {
                    self.at += 2;
                    let second = self.hex(4)?;
                    0x10000 + ((first - 0xd800) << 10) + (second & 0x3ff)
                } else {
                    first
                };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            c => out.push(c),
        }
        Some(())
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let code = u32::from_str_radix(self.rest().get(..digits)?, 16).ok()?;
        self.at += digits;
        Some(code)
    }
}
