//! `newswire check URL`: one URL through the real pipeline, with nothing published.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use newswire::config::{DedupStore, Settings as Values};
use newswire::dedup::{Limits, Original, Store};
use newswire::fetch::Client;
use newswire::frontier::Frontier;
use newswire::kafka::Capacity;
use newswire::logging;
use newswire::metrics::Metrics;
use newswire::record::{Article, Ending, Outcome, Reason};
use newswire::worker::{Parts, Pipeline, Quarantine};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Failure, Settings, runtime};

#[derive(Serialize)]
struct Report<'a> {
    url: &'a str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    article: Option<&'a Article>,
    timings_ms: BTreeMap<String, f64>,
}

pub fn check(url: &str, json: bool, settings: &Settings) -> Result<ExitCode, Failure> {
    let mut values = settings.load()?.settings;
    if settings.config.is_none() && !values.log.filter.contains('=') {
        // Without a settings file the log is for trouble alone.
        values.log.filter = "warn".into();
    }
    logging::start(&values.log)?;
    let runtime = runtime()?;
    let _within = runtime.enter();
    let pipeline = pipeline(Arc::new(values)).map_err(Failure::usage)?;
    let ending = runtime.block_on(pipeline.check(url));
    let mut out = std::io::stdout().lock();
    if json || !out.is_terminal() {
        serde_json::to_writer(&mut out, &report(url, &ending)).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        write_readable(&mut out, url, &ending)?;
    }
    Ok(if ending.verdict.outcome() == Outcome::Published { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn pipeline(values: Arc<Values>) -> Result<Pipeline, String> {
    let client = Client::new(&values.fetch).map_err(|failure| failure.to_string())?;
    let frontier = Frontier::new(&values.frontier, client.clone(), values.delivery.max_in_flight)
        .map_err(|failure| failure.to_string())?;
    let capacity = Capacity::new(1, values.delivery.max_bytes_in_flight);
    let metrics = Metrics::new().map_err(|failure| failure.to_string())?;
    let (store, quarantine, draining) = (known(&values), Quarantine::off(), CancellationToken::new());
    let parts = Parts { settings: values, client, frontier, store, capacity, metrics, quarantine, draining };
    Pipeline::new(parts).map_err(|failure| failure.to_string())
}

/// What is known, to be looked at. A folder that a worker has open can't be read: then nothing is.
fn known(values: &Values) -> Arc<Store> {
    let limits = Limits { ttl: values.dedup.ttl, most: usize::MAX, original: Original::First };
    let folder = &values.dedup_folder();
    let store = match values.dedup.store {
        DedupStore::Embedded if folder.exists() => Store::open(limits, folder),
        DedupStore::Redis => Store::shared(limits, values.redis_url(), &values.kafka.group_id),
        DedupStore::Embedded | DedupStore::Memory => return Store::new(limits),
    };
    store.unwrap_or_else(|failure| {
        tracing::warn!(error = %failure, "what is known is not looked at");
        Store::new(limits)
    })
}

fn report<'a>(url: &'a str, ending: &'a Ending) -> Report<'a> {
    let (reason, detail) = ending.verdict.reason().unzip();
    let (outcome, article) = (ending.verdict.outcome(), ending.verdict.article());
    Report { url, outcome, reason, detail, article, timings_ms: ending.timings_ms() }
}

fn write_readable(out: &mut impl Write, url: &str, ending: &Ending) -> std::io::Result<()> {
    writeln!(out, "{url}")?;
    match ending.verdict.reason() {
        Some((reason, detail)) => writeln!(out, "{}: {reason}\n  {detail}", ending.verdict.outcome())?,
        None => writeln!(out, "{}", ending.verdict.outcome())?,
    }
    let times: Vec<String> =
        ending.timings().iter().map(|(stage, time)| format!("{stage} {:.0} ms", time.as_secs_f64() * 1e3)).collect();
    writeln!(out, "{}\n", times.join(", "))?;
    let Some(article) = ending.verdict.article() else { return Ok(()) };
    let content = &article.content;
    let date = |date: Option<newswire::record::Date>| date.map(|date| date.to_string());
    let facts = [
        ("title", content.title.clone()),
        ("authors", Some(content.authors.join(", "))),
        ("published", date(content.published_at)),
        ("modified", date(content.modified_at)),
        ("language", content.language.clone()),
        ("publisher", content.publisher.name.clone().or_else(|| Some(content.publisher.domain.clone()))),
        ("agency", content.attribution.agency.clone()),
        ("dateline", content.attribution.dateline.clone()),
        ("source", content.attribution.source_url.clone()),
        ("canonical", Some(article.canonical_url.clone())),
        ("words", Some(content.word_count.to_string())),
    ];
    for (name, value) in facts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            writeln!(out, "{name:>10}  {value}")?;
        }
    }
    writeln!(out, "\n{}", content.body)
}
