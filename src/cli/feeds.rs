//! `newswire feeds`: what feeds hold, and the list of those that are asked again and again.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use newswire::feeds::{Entry, Keep, MOST_BYTES, feed};
use newswire::record::{Date, url};
use serde::Serialize;

use super::Failure;

#[derive(Serialize)]
struct Line<'a> {
    url: Option<&'a str>,
    title: Option<&'a str>,
    published_at: Option<Date>,
    updated_at: Option<Date>,
    authors: &'a [String],
    guid: Option<&'a str>,
    language: Option<&'a str>,
}

pub fn parse(file: &Path, address: &str) -> Result<ExitCode, Failure> {
    let url = url::parse(address).map_err(|refused| Failure::usage(format!("--url {address}: {refused}")))?;
    let unreadable = |failure| Failure::usage(format!("{}: {failure}", file.display()));
    let bytes = std::fs::metadata(file).map_err(unreadable)?.len();
    if bytes > MOST_BYTES as u64 {
        return Err(Failure::unable(format!("{}: {bytes} bytes, at most {MOST_BYTES} are read", file.display())));
    }
    let body = std::fs::read(file).map_err(unreadable)?;
    let feed = feed(&body, None, &url, Keep::Addresses).map_err(Failure::unable)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for entry in &feed.entries {
        serde_json::to_writer(&mut out, &line(entry)).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn line(entry: &Entry) -> Line<'_> {
    Line {
        url: entry.url.as_ref().map(|url| url.as_str()),
        title: entry.title.as_deref(),
        published_at: entry.published_at,
        updated_at: entry.updated_at,
        authors: &entry.authors,
        guid: entry.guid.as_deref(),
        language: entry.language.as_deref(),
    }
}
