//! What the gate measures of pages, for its training.
//!
//! `cargo run --example gate_measures -- MANIFEST.jsonl > MEASURES.jsonl`; each line of the manifest is
//! `{"id","url","file"}`, the file relative to it, gzipped or not. Prints the names of the measures, then two lines a
//! page, as it is and without its scripts: `{"id","values"}`. `examples/train/gate.py` reads it.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use newswire::extract::{Limits, Source, measures};
use serde_json::{Value, json};
use url::Url;

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = std::env::args().nth(1).ok_or("usage: gate_measures MANIFEST.jsonl")?;
    let folder = Path::new(&manifest).parent().unwrap_or_else(|| Path::new("."));
    let mut named = false;
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let field = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut body = std::fs::read(folder.join(field("file")))?;
        if body.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            MultiGzDecoder::new(body.as_slice()).read_to_end(&mut plain)?;
            body = plain;
        }
        let Ok(url) = Url::parse(field("url")) else { continue };
        let source = Source { body: &body, content_type: None, x_robots_tag: None, url: &url, hints: None };
        let limits = Limits { min_words: 1, time_limit: Duration::from_secs(20) };
        let Ok((names, rows)) = measures(&source, &limits) else { continue };
        if !named {
            println!("{}", json!({ "names": names }));
            named = true;
        }
        for values in rows {
            println!("{}", json!({"id": field("id"), "values": values}));
        }
    }
    Ok(())
}
