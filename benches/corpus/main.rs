//! Writes a corpus of news pages to measure with: `cargo run --release --example corpus -- FOLDER PAGES [lean]`.
//!
//! No two articles share a sentence, but for every tenth, whose text is another's on another site (what a dedup has to
//! find). Sizes and shapes are those of today's news pages: four layouts of 120 to 310 kB, a fifth of that compressed,
//! 400 to 900 words of text, the rest scripts, styles, icons, menus, cards of other stories. The same number gives the same page. Lean
//! pages are 20 kB: so many more fit a machine that shall show whether a worker grows with what it has seen.
//!
//! In the folder: `pages/N.html.gz`, `manifest.jsonl` for `newswire extract`, and `urls.txt`, one address a line.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod layout;
mod prose;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io, process};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Hosts that the pages are on.
const HOSTS: u64 = 500;

/// Every so many pages one has the text of another.
const COPIES: u64 = 10;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map(PathBuf::from);
    let pages = arguments.next().and_then(|pages| pages.parse().ok());
    let lean = arguments.next().is_some_and(|word| word == "lean");
    let (Some(folder), Some(pages)) = (folder, pages) else {
        eprintln!("usage: corpus FOLDER PAGES [lean]");
        process::exit(2);
    };
    if let Err(failure) = write(&folder, pages, lean) {
        eprintln!("{}: {failure}", folder.display());
        process::exit(1);
    }
}

fn write(folder: &Path, pages: u64, lean: bool) -> io::Result<()> {
    fs::create_dir_all(folder.join("pages"))?;
    let (mut manifest, mut urls) = (String::new(), String::new());
    let (mut raw, mut packed) = (0, 0);
    for number in 0..pages {
        let url = address(number);
        let file = format!("pages/{number}.html.gz");
        let html = page(number, &url, lean);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(html.as_bytes())?;
        let body = encoder.finish()?;
        (raw, packed) = (raw + html.len(), packed + body.len());
        fs::write(folder.join(&file), body)?;
        let _ = writeln!(manifest, r#"{{"id": "{number}", "url": "{url}", "file": "{file}"}}"#);
        let _ = writeln!(urls, "{url}");
    }
    fs::write(folder.join("manifest.jsonl"), manifest)?;
    fs::write(folder.join("urls.txt"), urls)?;
    let mean = |sum: usize| sum as f64 / pages.max(1) as f64 / 1_000.0;
    println!("{pages} pages of {:.0} kB, {:.0} kB compressed, on {HOSTS} hosts", mean(raw), mean(packed));
    Ok(())
}

/// Where the page of this number is.
fn address(number: u64) -> String {
    let (host, day, story) = (number % HOSTS, number % 28 + 1, number / HOSTS);
    format!("http://site-{host}.example/news/2026/10/{day:02}/story-{story}-{number}")
}

fn page(number: u64, url: &str, lean: bool) -> String {
    let is_copy = |number: u64| number % COPIES == COPIES - 1;
    let earlier = number / 2 - u64::from(is_copy(number / 2));
    let story = prose::Story::of(if is_copy(number) { earlier } else { number });
    layout::Layout::of(number % HOSTS, lean).page(number, url, &story)
}
