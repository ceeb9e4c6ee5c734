//! What the classifier of blocks is told about pages, for its training.
//!
//! `cargo run --example block_features -- MANIFEST.jsonl > FEATURES.jsonl`; each line of the manifest is
//! `{"id","url","file"}`, the file relative to it, gzipped or not. Prints the names of the features, then a
//! line a page: `{"id","blocks":[{"text","features"}]}`. `examples/train/train.py` reads it.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use newswire::extract::{Limits, Source, told};
use serde_json::{Value, json};
use url::Url;

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = std::env::args().nth(1).ok_or("usage: block_features MANIFEST.jsonl")?;
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
        let url = Url::parse(field("url"))?;
        let source = Source { body: &body, content_type: None, x_robots_tag: None, url: &url, hints: None };
        let limits = Limits { min_words: 1, time_limit: Duration::from_secs(20) };
        let Ok((names, blocks)) = told(&source, &limits) else { continue };
        if !named && !names.is_empty() {
            println!("{}", json!({ "names": names }));
            named = true;
        }
        let blocks: Vec<Value> =
            blocks.into_iter().map(|block| json!({"text": block.text, "features": block.features})).collect();
        println!("{}", json!({"id": field("id"), "blocks": blocks}));
    }
    Ok(())
}
