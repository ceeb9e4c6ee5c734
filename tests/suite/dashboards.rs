//! The dashboards that ship with newswire: no panel without data, once what it shows has happened.

use std::fs::{self, File};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::prometheus::{JOB, Prometheus, is_missing};
use crate::setup::Setup;
use crate::site::Answer;
use crate::topics::Message;
use crate::wait;
use crate::worker::Worker;

/// A rate wants two scrapes, a second apart; generous, as only a failing test waits it out.
const PATIENCE: Duration = Duration::from_secs(180);

/// A query, and where it stands.
struct Query {
    place: String,
    text: String,
}

/// Every query of every panel, with the variables filled in as Grafana would for "all".
fn queries() -> Vec<Query> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/grafana/dashboards");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut queries = Vec::new();
    for file in files {
        let board: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        for panel in board["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().map_or(&[][..], Vec::as_slice);
            let is_row = panel["type"] == "row";
            assert_ne!(is_row, !targets.is_empty(), "a panel without a query, or a row with one: {panel:#}");
            let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
            assert!(place("x") + place("w") <= 24, "a panel that ends beyond Grafana's grid: {panel:#}");
            queries.extend(targets.iter().map(|target| {
                let text = target["expr"].as_str().unwrap();
                let text = [("$__rate_interval", "30m"), ("$job", JOB), ("$instance", ".*"), ("$topic", ".*")]
                    .into_iter()
                    .fold(text.to_owned(), |text, (variable, value)| text.replace(variable, value));
                assert!(!text.contains('$'), "a variable that nobody fills in: {text}");
                Query { place: format!("{} / {}", board["title"], panel["title"]), text }
            }));
        }
    }
    queries
}

#[test]
fn every_panel_shows_a_series_after_urls_good_and_bad() {
    if is_missing() {
        return;
    }
    let mut setup = Setup::new("dashboards");
    setup.set("retry", "max_attempts", "2");
    // Nobody listens at port 1: a connection that fails.
    setup.set("fetch.resolve", "\"down.example\"", "\"127.0.0.1:1\"");
    setup.site.set("alpha.example/flaky", Answer::status(500));
    setup.site.set("beta.example/robots.txt", Answer::bytes("text/plain", "User-agent: *\nDisallow: /private/\n"));
    let text: String = crate::pages::article(9).paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
    setup.site.set("gamma.example/bare", Answer::html(format!("<html><body>{text}</body></html>")));
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let feed = format!("<rss><channel><item><link>/bare</link><pubDate>{now}</pubDate></item></channel></rss>");
    setup.site.set("gamma.example/feed.xml", Answer::bytes("text/xml", feed));
    let worker = Worker::start(&setup);
    let prometheus = Prometheus::scraping(&setup, &worker.address());
    // What is counted before the first scrape has no rate.
    wait::until("the first scrape", PATIENCE, || prometheus.query("newswire_ready == 1").filter(|up| !up.is_empty()));
    let urls = [
        "http://alpha.example/article/1",
        "http://alpha.example/article/2",
        "http://beta.example/article/1",
        "http://alpha.example/missing",
        "http://alpha.example/flaky",
        "http://beta.example/private/a",
        "http://down.example/a",
    ];
    setup.send_urls(urls);
    setup.send(&[Message::of(r#"{"url":"http://gamma.example/feed.xml","every":"1h"}"#)]);
    setup.ended(urls.len() + 2);

    // All of it lies within the windows of the rates, as long as this test takes.
    let queries = queries();
    assert!(queries.len() > 60, "{}", queries.len());
    for Query { place, text } in queries {
        wait::until(&format!("a series of {place}: {text}"), PATIENCE, || {
            prometheus.query(&text).filter(|series| !series.is_empty())
        });
    }
    // The law, as Prometheus has it; and no alert cries over what has happened here.
    let sum = prometheus.query("sum(abs(newswire_conservation_difference_messages))").unwrap();
    assert_eq!(sum[0]["value"][1], "0");
    let firing = prometheus.query("ALERTS{alertstate=\"firing\"}").unwrap();
    assert!(firing.is_empty(), "{firing:#?}");
    // And what is scraped is as Prometheus wants metrics to be.
    let metrics = setup.file("metrics.txt", worker.metrics().0);
    let check =
        Command::new("promtool").args(["check", "metrics"]).stdin(File::open(metrics).unwrap()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
    assert!(check.status.success(), "promtool check metrics: {out}{err}");
    worker.stop();
}
