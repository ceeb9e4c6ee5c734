//! Measures how the charset of a page is found against a table of cases.
//!
//! `cargo run --example charset_table -- FILE.jsonl`; each line is `{"id","bytes_base64","encoding"}`: a page without any header. Where it
//! names no charset, windows-1252 is what a browser falls back to. Prints each case that is judged otherwise, then `passed N of M`,
//! and fails if any was.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, WINDOWS_1252};
use newswire::extract::declared_charset;
use serde_json::Value;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: charset_table FILE.jsonl")?;
    let (mut passed, mut total) = (0, 0);
    for line in std::fs::read_to_string(file)?.lines() {
        let case: Value = serde_json::from_str(line)?;
        let text = |field: &str| case.get(field).and_then(Value::as_str).unwrap_or_default();
        let found = declared_charset(&STANDARD.decode(text("bytes_base64"))?, None).unwrap_or(WINDOWS_1252);
        total += 1;
        if Some(found) == Encoding::for_label(text("encoding").as_bytes()) {
            passed += 1;
        } else {
            println!("{}: {} should be {}", text("id"), found.name(), text("encoding"));
        }
    }
    println!("passed {passed} of {total}");
    Ok(if passed == total { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
