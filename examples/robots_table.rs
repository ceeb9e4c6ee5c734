//! Measures the reader of robots.txt against a table of cases.
//!
//! `cargo run --example robots_table -- FILE.jsonl`; each line is `{"agent","robots","url","allowed"}`.
//! Prints each case that is judged otherwise, then `passed N of M`, and fails if any was.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::process::ExitCode;

use newswire::frontier::Rules;
use serde_json::Value;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: robots_table FILE.jsonl")?;
    let (mut passed, mut total) = (0, 0);
    for line in std::fs::read_to_string(file)?.lines() {
        let case: Value = serde_json::from_str(line)?;
        let text = |field: &str| case.get(field).and_then(Value::as_str).unwrap_or_default();
        let allowed = Rules::parse(text("robots").as_bytes(), text("agent")).allows(path(text("url")));
        total += 1;
        if Some(allowed) == case.get("allowed").and_then(Value::as_bool) {
            passed += 1;
        } else {
            println!(
                "{}: {} {} should not be {allowed}",
                text("id"),
                text("agent"),
                path(text("url")).chars().take(100).collect::<String>()
            );
        }
    }
    println!("passed {passed} of {total}");
    Ok(if passed == total { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Path and query as written: the tables hold URLs that are escaped wrongly on purpose.
fn path(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let start = after_scheme.find(['/', '?']).unwrap_or(after_scheme.len());
    let path = after_scheme.get(start..).unwrap_or_default();
    path.split('#').next().unwrap_or_default()
}
