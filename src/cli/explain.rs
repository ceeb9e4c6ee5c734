//! `newswire explain`.

use std::io::{BufWriter, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use newswire::config;
use newswire::explain::{Sieve, Story, by_article, find};
use newswire::kafka::ReadError;
use newswire::logging;

use super::{Failure, Settings};

/// How many originals of duplicates have their addresses looked up.
const MOST_ORIGINALS: usize = 8;

pub fn explain(url: &str, json: bool, settings: &Settings) -> Result<ExitCode, Failure> {
    let settings = settings.load()?.settings;
    logging::start(&settings.log)?;
    let started = Instant::now();
    let bar = counter();
    let advanced = |records| bar.inc(records);
    let sieve = Sieve::of(url);
    let found = find(&settings, |value| sieve.take(value), advanced).map_err(failed)?;
    let (read, more) = (found.read, found.more);
    let mut story = Story::of(found.records);
    name_originals(&mut story, &settings, advanced)?;
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    let looked = format!("{read} outcomes on {} read in {seconds:.1} s", settings.topics.outcomes);
    if story.is_empty() {
        let spellings = match sieve.key() {
            Some(key) => format!("no outcome of {key}, in any spelling"),
            None => format!("{url:?} is no http or https URL, and no message with this text was rejected"),
        };
        return Err(Failure::unable(format!(
            "{spellings}: {looked}. A message that waits to be taken or is being worked on has no outcome yet"
        )));
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    if json {
        story.write_json(&mut out)?;
    } else {
        out.write_all(story.to_text().as_bytes())?;
        writeln!(out, "{looked}; a message that is being worked on has no outcome yet")?;
    }
    out.flush()?;
    if more {
        eprintln!("newswire: there are more outcomes of this URL, older ones; the latest are shown");
    }
    Ok(ExitCode::SUCCESS)
}

/// Looks up the addresses of the articles that messages were duplicates of, which reads the topic once more.
fn name_originals(
    story: &mut Story,
    settings: &config::Settings,
    advanced: impl Fn(u64) + Sync,
) -> Result<(), Failure> {
    let mut ids = story.originals();
    ids.truncate(MOST_ORIGINALS);
    if ids.is_empty() {
        return Ok(());
    }
    for record in find(settings, by_article(&ids), advanced).map_err(failed)?.records {
        if let (Some(id), Some(address)) = (record.article_id, record.canonical_url) {
            story.name_article(id, address);
        }
    }
    Ok(())
}

fn failed(failure: ReadError) -> Failure {
    if failure.is_settings() { Failure::usage(failure) } else { Failure::unable(failure) }
}

fn counter() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} outcomes read") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
