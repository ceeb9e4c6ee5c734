//! What the classifier of blocks is told about pages, for its training.
//!
//! `cargo run --example block_features -- MANIFEST.jsonl > FEATURES.jsonl`; each line of the manifest is
//! `{"id","url","file"}`, the file relative to it, gzipped or not. Prints the names of the features, then a
//! line a page: `{"id","blocks":[{"text","features","asked"}]}`. `examples/train/train.py` reads it.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::time::Duration;

use newswire::extract::{Limits, Source, told};
use serde_json::{Value, json};
use url::Url;

#[path = "train/manifest.rs"]
mod manifest;

fn main() -> Result<(), Box<dyn Error>> {
    let mut named = false;
    manifest::each_page("usage: block_features MANIFEST.jsonl", |id, url, body| {
        let url = Url::parse(url)?;
        let source = Source { body, content_type: None, x_robots_tag: None, url: &url, hints: None };
        let limits = Limits { min_words: 1, time_limit: Duration::from_secs(20) };
        let Ok((names, blocks)) = told(&source, &limits) else { return Ok(()) };
        if !named && !names.is_empty() {
            println!("{}", json!({ "names": names }));
            named = true;
        }
        let blocks: Vec<Value> = blocks
            .into_iter()
            .map(|block| json!({"text": block.text, "features": block.features, "asked": block.asked}))
            .collect();
        println!("{}", json!({"id": id, "blocks": blocks}));
        Ok(())
    })
}
