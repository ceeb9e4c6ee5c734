//! `newswire extract`, `dedup` and `identity`: the pipeline's own code on files and streams.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use newswire::dedup::{Limits as Memory, Original, Store, StreamError, dedup_stream};
use newswire::extract::Limits;
use newswire::extract::batch::{self, BatchError, Options};
use newswire::record::Identity;
use serde::Serialize;

use super::{Failure, Settings, runtime};

#[derive(Serialize)]
#[serde(untagged)]
enum Identified<'a> {
    Known { url: &'a str, fetch: &'a str, key: &'a str },
    Refused { url: &'a str, reason: &'static str },
}

/// A folder, or the address of a Redis.
pub fn dedup(store: Option<&str>) -> Result<ExitCode, Failure> {
    let limits = Memory { ttl: Duration::MAX, most: usize::MAX, original: Original::First };
    let runtime = runtime()?;
    let _within = runtime.enter();
    let store = match store {
        None => Store::new(limits),
        Some(url) if url.starts_with("redis://") || url.starts_with("rediss://") => {
            Store::shared(limits, url, "newswire dedup").map_err(Failure::usage)?
        }
        Some(folder) => Store::open(limits, Path::new(folder)).map_err(Failure::unable)?,
    };
    let started = Instant::now();
    let documents = BufReader::with_capacity(1 << 20, std::io::stdin().lock());
    let answers = BufWriter::new(std::io::stdout().lock());
    let count = dedup_stream(documents, answers, &store).map_err(|failure| match failure {
        StreamError::Io(failure) => failure.into(),
        other => Failure::unable(other),
    })?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{count} documents in {seconds:.2} s: {:.0} a second", count as f64 / seconds.max(1e-9));
    Ok(ExitCode::SUCCESS)
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
