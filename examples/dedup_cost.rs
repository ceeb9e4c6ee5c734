//! What it costs to know many articles: from text to settled decision on one thread, as more and more are known.
//!
//!     cargo run --release --example dedup_cost -- 10000 100000 1000000 2000000
//!     cargo run --release --example dedup_cost -- --memory 10000 100000                        nothing on disk
//!     cargo run --release --example dedup_cost -- --redis redis://127.0.0.1:6379 10000 100000   one that is empty
//!
//! Articles of 580 words on average by a seeded generator, every fourth a cut copy of one of the last thousand. At each mark the
//! mean of the last articles before it is printed: microseconds of this thread's CPU an article, of which the fingerprint, and of
//! the clock on the wall (more, on a machine that does other things too); bytes of the index an
//! article as it counts itself, and as the process grew; bytes on disk an article.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::time::{Duration, Instant};

use newswire::dedup::{ArticleId, Asked, Fingerprint, Limits, Original, Store};
use newswire::record::Origin;

/// As in the worker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Articles that are measured before a mark.
const MEASURED: usize = 5_000;

/// Articles that are made, read and claimed together, so that making them is not measured.
const BATCH: usize = 500;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The article of this number: sentences of words as frequent as in a language, a number now and then.
fn text(number: usize, vocabulary: &[String]) -> String {
    let mut dice = Dice(number as u64 * 7_919);
    let is_copy = number % 4 == 3 && number > 1_000;
    let (mut dice, share) = if is_copy {
        let of = number - 1 - (dice.roll() % 1_000) as usize;
        // Of a copy its own original: cut at the end.
        (Dice((of - usize::from(of % 4 == 3)) as u64 * 7_919), 0.7 + 0.3 * dice.share())
    } else {
        (dice, 1.0)
    };
    dice.roll();
    let words = ((480 + dice.roll() % 200) as f64 * share) as usize;
    let mut text = String::with_capacity(4_096);
    for word in 0..words {
        match dice.roll() % 40 {
            0 => text.push_str(&(dice.roll() % 10_000).to_string()),
            _ => {
                // Zipf's law: the rank of a word is spread evenly over its logarithm.
                let rank = (vocabulary.len() as f64).powf(dice.share()) as usize - 1;
                text.push_str(&vocabulary[rank]);
            }
        }
        text.push_str(match word % 76 {
            18 => ". ",
            37 => ".\u{201d} ",
            38 => " \u{201c}",
            56 => "\u{2026} ",
            75 => "\u{2019}s. ",
            _ => " ",
        });
        if word % 70 == 69 {
            text.push('\n');
        }
    }
    text
}

/// Microseconds that this thread has been on a CPU.
fn busy_us() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e3
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4_096
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let marks: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let folder = std::env::temp_dir().join(format!("newswire-dedup-cost-{}", std::process::id()));
    let limits = Limits { ttl: Duration::MAX, most: usize::MAX, original: Original::First };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let _within = runtime.enter();
    let redis = arguments.iter().find(|argument| argument.starts_with("redis"));
    let store = if let Some(url) = redis {
        Store::shared(limits, url, "dedup_cost").expect("an address")
    } else if arguments.iter().any(|argument| argument == "--memory") {
        Store::new(limits)
    } else {
        Store::open(limits, &folder).expect("a folder for temporary files")
    };
    let mut dice = Dice(1);
    let letters =
        |count: u64, dice: &mut Dice| (0..count).map(|_| char::from(b'a' + (dice.roll() % 26) as u8)).collect();
    let vocabulary: Vec<String> =
        (1..30_001_u64).map(|rank| letters(2 + rank.ilog2().min(9) as u64 / 2 + dice.roll() % 4, &mut dice)).collect();
    let before = resident_bytes();
    let memory = || if redis.is_some() { store.stats().expect("a Redis").memory_bytes } else { 0 };
    let used_before = memory();
    println!("known     us    of which fingerprint  us wall  bytes (counted)  bytes (resident)  bytes on disk");
    let mut number = 0;
    for mark in marks {
        let (mut fingerprints, mut claims, mut wall, mut measured) = (0.0, 0.0, Duration::ZERO, 0_u32);
        while number < mark {
            let batch = number..mark.min(number + BATCH);
            let texts: Vec<String> = batch.clone().map(|number| text(number, &vocabulary)).collect();
            let (began, started) = (Instant::now(), busy_us());
            let printed: Vec<Fingerprint> = texts.iter().map(|text| Fingerprint::of(text)).collect();
            let between = busy_us();
            for (number, text) in batch.clone().zip(printed) {
                let origin = Origin { topic: "news.urls".into(), partition: 0, offset: number as i64 };
                let asked = Asked {
                    id: ArticleId::of_key(&number.to_string()),
                    host: number as u32 % 5_000,
                    text,
                    source: None,
                    origin: origin.clone(),
                    consumed: origin,
                    at: 1_800_000_000,
                };
                store.decide_now(&asked).expect("a store that takes it");
            }
            number = batch.end;
            if number + MEASURED > mark {
                (fingerprints, claims) = (fingerprints + between - started, claims + busy_us() - between);
                (wall, measured) = (wall + began.elapsed(), measured + batch.len() as u32);
            }
        }
        let each = |us: f64| us / f64::from(measured.max(1));
        let mut size = store.size();
        if redis.is_some() {
            (size.articles, size.memory_bytes) = (number, (memory() - used_before) as usize);
        }
        let articles = size.articles.max(1);
        let resident = resident_bytes().saturating_sub(before) / articles;
        println!(
            "{articles:<9} {:<5.0} {:<21.0} {:<8.0} {:<16} {resident:<17} {}",
            each(fingerprints + claims),
            each(fingerprints),
            each(wall.as_secs_f64() * 1e6),
            size.memory_bytes / articles,
            size.disk_bytes as usize / articles
        );
    }
    drop(store);
    let _ = std::fs::remove_dir_all(folder);
}
