//! What a page costs: `cargo bench`.
//!
//! First each stage's share of a page's time, then pages a second: scraper's bare parse of the page as served, and the
//! whole way to the record, with one thread and with two. On pages of one's own: `BENCH_SET=FOLDER cargo bench --bench extract`.

mod pages;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use divan::{Bencher, black_box, counter::ItemsCount};
use flate2::read::GzDecoder;
use newswire::extract::{Limits, Source, extract, stages};
use pages::{address, source};
use url::Url;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LIMITS: Limits = Limits { min_words: 25, time_limit: Duration::from_secs(2) };

/// Pages that are read in turn.
const PAGES: usize = 20;

fn main() {
    if let Some(folder) = std::env::var_os("BENCH_SET") {
        return beside_the_parser(Path::new(&folder));
    }
    shares();
    divan::main();
}

/// Prints what real pages take, a folder with a `manifest.jsonl` of files and addresses: scraper's parse of each page as it
/// is served, and the way to its record, in turn; of three times the least counts.
fn beside_the_parser(folder: &Path) {
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).unwrap_or_default();
    let (mut bare, mut whole, mut pages, mut bytes) = (Duration::ZERO, Duration::ZERO, 0_u32, 0);
    let mut sums = Sums::new();
    for line in manifest.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        let (Some(file), Some(url)) = (entry["file"].as_str(), entry["url"].as_str()) else { continue };
        let (Ok(packed), Ok(url)) = (fs::read(folder.join(file)), Url::parse(url)) else { continue };
        let mut page = String::new();
        if GzDecoder::new(packed.as_slice()).read_to_string(&mut page).is_err() {
            continue;
        }
        let least = |work: &dyn Fn()| {
            let timed = |_| {
                let start = Instant::now();
                work();
                start.elapsed()
            };
            (0..3).map(timed).min().unwrap_or_default()
        };
        bare += least(&|| drop(black_box(scraper::Html::parse_document(&page))));
        whole += least(&|| drop(black_box(extract(&source(&page, &url), &LIMITS))));
        add(&mut sums, &source(&page, &url));
        pages += 1;
        bytes += page.len();
    }
    show(sums, pages as usize);
    let rate = |time: Duration| f64::from(pages) / time.as_secs_f64();
    eprintln!(
        "{pages} pages of {} kB: scraper's parse {:.0} pages/s, the record {:.0} pages/s, ratio {:.2}",
        bytes / 1_000 / pages.max(1) as usize,
        rate(bare),
        rate(whole),
        rate(whole) / rate(bare)
    );
}

/// Prints what each stage takes of a page's time.
fn shares() {
    let url = address();
    let mut sums = Sums::new();
    for page in (0..10 * PAGES).map(|number| pages::page(number % PAGES)) {
        add(&mut sums, &source(&page, &url));
    }
    show(sums, 10 * PAGES);
}

/// What each stage took, in its order.
type Sums = Vec<(&'static str, Duration)>;

fn add(sums: &mut Sums, source: &Source<'_>) {
    for (stage, time) in stages(source, &LIMITS).unwrap_or_default() {
        match sums.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, sum)) => *sum += time,
            None => sums.push((stage, time)),
        }
    }
}

fn show(sums: Sums, pages: usize) {
    let whole: f64 = sums.iter().map(|(_, time)| time.as_secs_f64()).sum();
    for (stage, time) in sums {
        let micros = time.as_secs_f64() * 1e6 / pages as f64;
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
