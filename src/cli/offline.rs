//! `newswire extract` and `identity`: the pipeline's own code on files and streams.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

use newswire::extract::Limits;
use newswire::extract::batch::{self, BatchError, Options};
use newswire::record::Identity;
use serde::Serialize;

use super::{Failure, Settings};

#[derive(Serialize)]
#[serde(untagged)]
enum Identified<'a> {
    Known { url: &'a str, fetch: &'a str, key: &'a str },
    Refused { url: &'a str, reason: &'static str },
}

pub fn identity() -> Result<ExitCode, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        let url = text.trim();
        let identified = Identity::of(url);
        let answer = match &identified {
            Ok(identity) => Identified::Known { url, fetch: identity.fetch.as_str(), key: &identity.key },
            Err(refused) => Identified::Refused { url, reason: refused.reason().as_str() },
        };
        serde_json::to_writer(&mut out, &answer).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        line.clear();
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub fn extract(
    file: Option<&Path>,
    url: Option<&str>,
    manifest: Option<&Path>,
    threads: NonZeroUsize,
    settings: &Settings,
) -> Result<ExitCode, Failure> {
    let values = settings.load()?.settings;
    let limits = Limits { min_words: values.extract.min_words, time_limit: values.extract.time_limit };
    let options = Options { limits, max_body: values.fetch.max_body };
    let mut out = BufWriter::new(std::io::stdout().lock());
    if let Some(manifest) = manifest {
        batch::run_manifest(manifest, threads, &options, &mut out).map_err(stopped)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(file), Some(url)) = (file, url) else {
        return Err(Failure::usage("extract wants FILE --url URL, or --manifest FILE"));
    };
    if let Err(failure) = std::fs::File::open(file) {
        return Err(Failure::usage(format!("{}: {failure}", file.display())));
    }
    let summary = batch::run_file(file, url, &options, &mut out).map_err(stopped)?;
    Ok(if summary.published == 1 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A list that can't be read is the caller's mistake; a disk that is full is not.
fn stopped(failure: BatchError) -> Failure {
    match failure {
        BatchError::Manifest { .. } => Failure::usage(failure),
        BatchError::Output(_) | BatchError::Threads(_) => Failure::unable(failure),
    }
}
