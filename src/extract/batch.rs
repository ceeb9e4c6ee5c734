//! Pages from disk: the command `newswire extract`.
//!
//! Each page gets one line of JSON, in the manifest's order, whatever becomes of it: a file that can't
//! be read, a line of the manifest that makes no sense and a panic of ours are outcomes too.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use url::Url;

use super::article::{Limits, Source, extract};
use crate::fetch::coding::{self, Coding, End};
use crate::record::{Content, Outcome, Reason, article_id};

/// Pages that may wait for an earlier one, for each thread: what bounds the memory.
const AHEAD: usize = 8;

/// Bytes of a line of the manifest, at most.
const MANIFEST_LINE: u64 = 1024 * 1024;

/// What some editors put in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How pages from disk are read.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What one page may cost, and what an article has at least.
    pub limits: Limits,
    /// Bytes of a page, decompressed, at most.
    pub max_body: u64,
}

/// What became of the pages of a manifest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pages that are articles.
    pub published: usize,
    /// Pages that are not, or could not be read.
    pub rejected: usize,
    /// Whether the reader of the output left before its end.
    pub output_closed: bool,
}

/// What keeps a run from giving every page its line.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The manifest can't be read.
    #[error("manifest {path}: {source}")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The output can't be written.
    #[error("output: {0}")]
    Output(#[source] io::Error),
    /// A thread can't be started.
    #[error("threads: {0}")]
    Threads(#[source] io::Error),
}

/// A line of the manifest.
#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    url: String,
    file: PathBuf,
}

/// A line of the output.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<Page>,
    elapsed_us: u64,
}

/// An article without what only a fetch can tell.
#[derive(Debug, Serialize)]
struct Page {
    id: String,
    url: String,
    canonical_url: String,
    #[serde(flatten)]
    content: Content,
}

/// What waits for a thread: its place, and its entry or what is wrong with it.
type Job = (usize, Result<Entry, (String, String)>);

/// Reads every page of a manifest (`{"id", "url", "file"}` a line, files relative to it) with some
/// threads, and writes one line a page in the manifest's order.
///
/// A reader of the output that leaves ends the run quietly.
///
/// # Errors
/// [`BatchError`], when the manifest can't be read or the output can't be written.
pub fn run_manifest(
    manifest: &Path,
    threads: NonZeroUsize,
    options: &Options,
    out: &mut impl Write,
) -> Result<Summary, BatchError> {
    let unreadable = |source| BatchError::Manifest { path: manifest.to_owned(), source };
    let mut lines = BufReader::new(File::open(manifest).map_err(unreadable)?);
    let folder = manifest.parent().unwrap_or_else(|| Path::new("."));
    let window = threads.get().saturating_mul(AHEAD);
    let (send_job, jobs) = sync_channel::<Job>(threads.get());
    // Rows come back out of order, and never more than the window are under way.
    let (send_row, rows) = sync_channel::<(usize, Row)>(window);
    let jobs = Arc::new(Mutex::new(jobs));
    std::thread::scope(|scope| {
        for _ in 0..threads.get() {
            let (jobs, send_row) = (Arc::clone(&jobs), send_row.clone());
            std::thread::Builder::new()
                .name("extract".to_owned())
                .spawn_scoped(scope, move || work(&jobs, &send_row, folder, options))
                .map_err(BatchError::Threads)?;
        }
        // The threads hold the only ends that are left, so that each side sees the other leave.
        drop(send_row);
        drop(jobs);
        conduct(&mut lines, send_job, &rows, window, out).map_err(|e| match e {
            Stopped::Manifest(source) => unreadable(source),
            Stopped::Output(source) => BatchError::Output(source),
        })
    })
}

/// Reads one page, and writes its line; its id is the file's name.
///
/// # Errors
/// [`BatchError::Output`], when the line can't be written.
pub fn run_file(file: &Path, url: &str, options: &Options, out: &mut impl Write) -> Result<Summary, BatchError> {
    let id = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let row = row(Entry { id, url: url.to_owned(), file: file.to_owned() }, Path::new(""), options);
    let mut summary = Summary::default();
    write_row(&row, &mut summary, out)
        .and_then(|()| out.flush())
        .or_else(|e| closed(e, &mut summary))
        .map_err(BatchError::Output)?;
    Ok(summary)
}

enum Stopped {
    Manifest(io::Error),
    Output(io::Error),
}

/// Hands out jobs, takes rows back, and writes them in order.
fn conduct(
    lines: &mut impl BufRead,
    send_job: SyncSender<Job>,
    rows: &Receiver<(usize, Row)>,
    window: usize,
    out: &mut impl Write,
) -> Result<Summary, Stopped> {
    let mut summary = Summary::default();
    let mut send_job = Some(send_job);
    let mut waiting = std::collections::BTreeMap::new();
    let (mut sent, mut written) = (0, 0);
    loop {
        while let Some(send) = send_job.as_ref().filter(|_| sent - written < window) {
            let job = next_entry(lines, sent).map_err(Stopped::Manifest)?;
            match job.map(|job| send.send((sent, job))) {
                Some(Ok(())) => sent += 1,
                _ => send_job = None,
            }
        }
        if written == sent {
            out.flush().or_else(|e| closed(e, &mut summary)).map_err(Stopped::Output)?;
            return Ok(summary);
        }
        let Ok((place, row)) = rows.recv() else { return Ok(summary) };
        waiting.insert(place, row);
        while let Some(row) = waiting.remove(&written) {
            written += 1;
            if let Err(e) = write_row(&row, &mut summary, out) {
                closed(e, &mut summary).map_err(Stopped::Output)?;
                return Ok(summary);
            }
        }
    }
}

/// The next entry of a manifest; one that makes no sense comes with its line's number as its id.
fn next_entry(lines: &mut impl BufRead, place: usize) -> io::Result<Option<Result<Entry, (String, String)>>> {
    loop {
        let mut line = Vec::new();
        if lines.take(MANIFEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.len() as u64 == MANIFEST_LINE && !line.ends_with(b"\n") {
            lines.skip_until(b'\n')?;
            let number = (place + 1).to_string();
            let detail = format!("manifest entry {number}: a line of more than {MANIFEST_LINE} bytes");
            return Ok(Some(Err((number, detail))));
        }
        if place == 0 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        return Ok(Some(serde_json::from_slice::<Entry>(&line).map_err(|e| {
            let id = serde_json::from_slice::<serde_json::Value>(&line).ok();
            let id = id.and_then(|value| value.get("id")?.as_str().map(str::to_owned));
            (id.unwrap_or_else(|| (place + 1).to_string()), format!("manifest entry {}: {e}", place + 1))
        })));
    }
}

fn work(jobs: &Mutex<Receiver<Job>>, rows: &SyncSender<(usize, Row)>, folder: &Path, options: &Options) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((place, entry)) = job else { return };
        let row = match entry {
            Ok(entry) => row(entry, folder, options),
            Err((id, detail)) => rejected(id, Reason::MalformedMessage, detail, 0),
        };
        if rows.send((place, row)).is_err() {
            return;
        }
    }
}

fn write_row(row: &Row, summary: &mut Summary, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")?;
    if row.outcome == Outcome::Published {
        summary.published += 1;
    } else {
        summary.rejected += 1;
    }
    Ok(())
}

/// A reader that left is no error.
fn closed(e: io::Error, summary: &mut Summary) -> io::Result<()> {
    if e.kind() != io::ErrorKind::BrokenPipe {
        return Err(e);
    }
    summary.output_closed = true;
    Ok(())
}

fn rejected(id: String, reason: Reason, detail: String, elapsed_us: u64) -> Row {
    Row { id, outcome: Outcome::Rejected, reason: Some(reason), detail: Some(detail), article: None, elapsed_us }
}

/// The line of one page.
fn row(entry: Entry, folder: &Path, options: &Options) -> Row {
    let Entry { id, url, file } = entry;
    let body = match read(&folder.join(&file), options.max_body) {
        Ok(body) => body,
        Err(Unread::TooLarge) => {
            return rejected(
                id,
                Reason::TooLarge,
                format!("{}: more than {} bytes", file.display(), options.max_body),
                0,
            );
        }
        Err(Unread::Io(e)) => return rejected(id, Reason::IncompleteBody, format!("{}: {e}", file.display()), 0),
    };
    let parsed = match Url::parse(&url) {
        // Archives name their pages as they like: nothing is fetched here, so any address will do.
        Ok(parsed) => parsed,
        Err(e) => return rejected(id, Reason::InvalidUrl, format!("{url}: {e}"), 0),
    };
    let content_type = file.to_string_lossy().trim_end_matches(".gz").ends_with(".txt").then_some("text/plain");
    let source = Source { body: &body, content_type, x_robots_tag: None, url: &parsed, hints: None };
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| extract(&source, &options.limits)));
    let elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    match outcome {
        Err(_) => rejected(id, Reason::StageFailed, "extraction panicked".to_owned(), elapsed_us),
        Ok(Err(refusal)) => rejected(id, refusal.reason(), refusal.to_string(), elapsed_us),
        Ok(Ok(extraction)) => {
            let canonical_url = String::from(extraction.canonical.unwrap_or(parsed));
            let article = Page { id: article_id(&canonical_url), url, canonical_url, content: extraction.content };
            Row { id, outcome: Outcome::Published, reason: None, detail: None, article: Some(article), elapsed_us }
        }
    }
}

/// Why a file gives no page.
enum Unread {
    TooLarge,
    Io(io::Error),
}

/// The bytes of a page, decompressed as a fetched one is if the file is gzip (by its first bytes).
fn read(path: &Path, max_body: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(max_body.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(Unread::Io)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max_body {
        return Err(Unread::TooLarge);
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let decoded = coding::decode(&[Coding::Gzip], &bytes, usize::try_from(max_body).unwrap_or(usize::MAX));
    match decoded.end {
        End::Whole => Ok(decoded.bytes),
        End::OverCap => Err(Unread::TooLarge),
        End::Cut | End::Garbage => Err(Unread::Io(io::Error::new(io::ErrorKind::InvalidData, "broken gzip"))),
    }
}

#[cfg(test)]
mod tests;
