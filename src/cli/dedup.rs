//! `newswire dedup`: a stream that is decided by the pipeline's own code, and what stores hold.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use newswire::config::DedupStore;
use newswire::dedup::{Limits, Original, Step, Store, StoreError, StreamError, dedup_stream, load};
use newswire::worker::open_store;

use super::{Failure, Settings, runtime};

/// How often somebody who does not watch a terminal is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Lines of an archive that are told one by one; more are counted.
const TOLD_LINES: u64 = 100;

/// What is decided, loaded or counted, and in which store.
#[derive(Debug, Args)]
pub struct Options {
    /// The folder of an embedded store, or the address of a Redis ("redis://HOST:PORT"), to read and to write; without it
    /// nothing is kept of a stream, and --load and --stats use the store of the settings.
    #[arg(long, value_name = "FOLDER or URL")]
    store: Option<String>,
    /// Remember the articles of an archive: a file of records as newswire publishes them, a line each; "-" reads it from
    /// stdin. What the store knows is passed over, so an archive can be loaded again after whatever ended the first time.
    #[arg(long, value_name = "FILE", conflicts_with = "stats")]
    load: Option<PathBuf>,
    /// Print how much the store knows, as JSON: articles, bytes, age, stories by size.
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    settings: Settings,
}

pub fn dedup(options: &Options) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let _within = runtime.enter();
    if let Some(archive) = &options.load {
        let store = options.store()?;
        return load_archive(archive, &store);
    }
    if options.stats {
        print(&options.store()?.stats().map_err(Failure::unable)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let store = options.store.as_deref().map_or_else(|| Ok(Store::new(limits())), named)?;
    let started = Instant::now();
    let documents = BufReader::with_capacity(1 << 20, std::io::stdin().lock());
    let answers = BufWriter::new(std::io::stdout().lock());
    let count = dedup_stream(documents, answers, &store).map_err(stopped)?;
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("{count} documents in {seconds:.2} s: {:.0} a second", count as f64 / seconds.max(1e-9));
    Ok(ExitCode::SUCCESS)
}

impl Options {
    /// The store that was named, or that of the settings.
    fn store(&self) -> Result<Arc<Store>, Failure> {
        if let Some(store) = &self.store {
            return named(store);
        }
        let settings = self.settings.load()?.settings;
        if settings.dedup.store == DedupStore::Memory {
            return Err(Failure::usage(
                "dedup.store = \"memory\" keeps nothing: set dedup.store in the settings, or name one with --store",
            ));
        }
        open_store(&settings).map_err(unusable)
    }
}

/// A folder, or the address of a Redis.
fn named(store: &str) -> Result<Arc<Store>, Failure> {
    if store.starts_with("redis://") || store.starts_with("rediss://") {
        return Store::shared(limits(), store, "newswire dedup").map_err(unusable);
    }
    Store::open(limits(), Path::new(store)).map_err(unusable)
}

const fn limits() -> Limits {
    Limits { ttl: Duration::MAX, most: usize::MAX, original: Original::First }
}

fn load_archive(archive: &Path, store: &Store) -> Result<ExitCode, Failure> {
    let (input, length): (Box<dyn Read>, u64) = if archive.as_os_str() == "-" {
        (Box::new(std::io::stdin()), 0)
    } else {
        let named = |failure: std::io::Error| Failure::usage(format!("{}: {failure}", archive.display()));
        let file = File::open(archive).map_err(named)?;
        let length = file.metadata().map_err(named)?.len();
        (Box::new(file), length)
    };
    let mut progress = Progress::new(length);
    let archive: Box<dyn BufRead> = Box::new(BufReader::with_capacity(1 << 20, input));
    let loaded = load(archive, store, |step| progress.note(&step));
    progress.end();
    let loaded = loaded.map_err(stopped)?;
    print(&loaded)?;
    Ok(if loaded.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A bar where somebody watches, lines where nobody does.
struct Progress {
    bar: ProgressBar,
    length: u64,
    bytes: u64,
    lines: u64,
    bad: u64,
    told: Instant,
}

impl Progress {
    fn new(length: u64) -> Self {
        let bar = match (std::io::stderr().is_terminal(), length) {
            (false, _) => ProgressBar::hidden(),
            (true, 0) => ProgressBar::new_spinner(),
            (true, _) => ProgressBar::new(length),
        };
        if length > 0
            && let Ok(style) =
                ProgressStyle::with_template("{elapsed_precise} {bar:40} {bytes} of {total_bytes}, {msg}, {eta} left")
        {
            bar.set_style(style);
        }
        Self { bar, length, bytes: 0, lines: 0, bad: 0, told: Instant::now() }
    }

    fn note(&mut self, step: &Step<'_>) {
        match step {
            Step::Read { bytes } => {
                (self.bytes, self.lines) = (self.bytes + bytes, self.lines + 1);
                self.bar.inc(*bytes);
                if self.told.elapsed() < if self.bar.is_hidden() { TOLD_EVERY } else { TOLD_EVERY / 100 } {
                    return;
                }
                self.told = Instant::now();
                self.bar.set_message(format!("{} lines", self.lines));
                if self.bar.is_hidden() {
                    let share = (self.bytes * 100).checked_div(self.length);
                    let share = share.map_or_else(String::new, |share| format!(", {share} %"));
                    eprintln!("{} lines read{share}", self.lines);
                }
            }
            Step::Bad { line, why } => {
                self.bad += 1;
                if self.bad <= TOLD_LINES {
                    self.bar.suspend(|| eprintln!("line {line}: {why}"));
                }
            }
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
        if self.bad > TOLD_LINES {
            eprintln!("and {} lines more that are no records", self.bad - TOLD_LINES);
        }
    }
}

fn print(answer: &impl serde::Serialize) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, answer).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

/// An address that can't be read is the caller's mistake; a folder that another has open is not.
fn unusable(failure: StoreError) -> Failure {
    if matches!(failure, StoreError::Address { .. }) { Failure::usage(failure) } else { Failure::unable(failure) }
}

fn stopped(failure: StreamError) -> Failure {
    match failure {
        StreamError::Io(failure) => failure.into(),
        other => Failure::unable(other),
    }
}
