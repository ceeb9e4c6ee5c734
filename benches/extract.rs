//! What a page costs: `cargo bench`.
//!
//! First each stage's share of a page's time, then pages a second: scraper's bare parse of the page as served, and the
//! whole way to the record, with one thread and with two.

mod pages;

use std::time::Duration;

use divan::{Bencher, black_box, counter::ItemsCount};
use newswire::extract::{Limits, Source, extract, stages};
use url::Url;

const LIMITS: Limits = Limits { min_words: 25, time_limit: Duration::from_secs(2) };

/// Pages that are read in turn.
const PAGES: usize = 20;

fn main() {
    shares();
    divan::main();
}

fn address() -> Url {
    let address = "https://www.courier.example/local/2024/03/08/ferry-to-the-outer-islands-runs-again";
    Url::parse(address).unwrap_or_else(|e| unreachable!("{address}: {e}"))
}

fn source<'a>(page: &'a str, url: &'a Url) -> Source<'a> {
    Source {
        body: page.as_bytes(),
        content_type: Some("text/html; charset=utf-8"),
        x_robots_tag: None,
        url,
        hints: None,
    }
}

/// Prints what each stage takes of a page's time.
fn shares() {
    let url = address();
    let mut sums: Vec<(&str, Duration)> = Vec::new();
    for page in (0..10 * PAGES).map(|number| pages::page(number % PAGES)) {
        for (stage, time) in stages(&source(&page, &url), &LIMITS).unwrap_or_default() {
            match sums.iter_mut().find(|(known, _)| *known == stage) {
                Some((_, sum)) => *sum += time,
                None => sums.push((stage, time)),
            }
        }
    }
    let whole: f64 = sums.iter().map(|(_, time)| time.as_secs_f64()).sum();
    for (stage, time) in sums {
        let micros = time.as_secs_f64() * 1e6 / (10 * PAGES) as f64;
        eprintln!("{stage:<12} {micros:>7.0} us {:>5.1} %", 100.0 * time.as_secs_f64() / whole);
    }
}

#[divan::bench]
fn scraper_alone(bencher: Bencher<'_, '_>) {
    let pages: Vec<String> = (0..PAGES).map(pages::page).collect();
    bencher.counter(ItemsCount::new(PAGES)).bench_local(|| {
        for page in &pages {
            black_box(scraper::Html::parse_document(page));
        }
    });
}

#[divan::bench(threads = [1, 2])]
fn page_to_record(bencher: Bencher<'_, '_>) {
    let pages: Vec<String> = (0..PAGES).map(pages::page).collect();
    let url = address();
    bencher.counter(ItemsCount::new(PAGES)).bench(|| {
        for page in &pages {
            let _ = black_box(extract(&source(page, &url), &LIMITS));
        }
    });
}
