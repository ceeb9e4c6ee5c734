//! What the gate measures of pages, for its training.
//!
//! `cargo run --example gate_measures -- MANIFEST.jsonl > MEASURES.jsonl`; each line of the manifest is
//! `{"id","url","file"}`, the file relative to it, gzipped or not. Prints the names of the measures, then two lines a
//! page, as it is and without its scripts: `{"id","values","words","language"}`, the words as hashes by groups of places.
//! `examples/train/gate.py` reads it.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::time::Duration;

use newswire::extract::{Limits, Source, measures};
use serde_json::json;
use url::Url;

#[path = "train/manifest.rs"]
mod manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let mut named = false;
    manifest::each_page("usage: gate_measures MANIFEST.jsonl", |id, url, body| {
        let Ok(url) = Url::parse(url) else { return Ok(()) };
        let source = Source { body, content_type: None, x_robots_tag: None, url: &url, hints: None };
        let limits = Limits { min_words: 1, time_limit: Duration::from_secs(20) };
        let Ok((names, rows)) = measures(&source, &limits) else { return Ok(()) };
        if !named {
            println!("{}", json!({ "names": names }));
            named = true;
        }
        for row in rows {
            let row = json!({"id": id, "values": row.values, "words": row.words, "language": row.language});
            println!("{row}");
        }
        Ok(())
    })
}
