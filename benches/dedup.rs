//! What dedup costs an article: `cargo bench --bench dedup`. What it costs as more and more are known, and the memory that they
//! take: `cargo run --release --example dedup_cost`.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use divan::{Bencher, black_box};
use newswire::dedup::{ArticleId, Asked, Fingerprint, Limits, Original, Store};
use newswire::record::Origin;

fn main() {
    divan::main();
}

/// A text of 580 words; no two numbers have a sentence in common.
fn text(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let word = |place: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let end = if place % 19 == 18 { "." } else { "" };
        format!(
            "{}{end}",
            ["harbour", "council", "2,400", "said", "the", "minister", "of", "storm"][state as usize % 8].to_owned()
                + &(state >> 50).to_string()
        )
    };
    (0..580).map(word).collect::<Vec<_>>().join(" ")
}

fn asked(number: u64) -> Asked {
    let origin = Origin { topic: "news.urls".into(), partition: 0, offset: number as i64 };
    Asked {
        id: ArticleId(number.into()),
        host: number as u32 % 100,
        text: Fingerprint::of(&text(number)),
        source: None,
        origin: origin.clone(),
        consumed: origin,
        at: 1_800_000_000,
    }
}

const LIMITS: Limits = Limits { ttl: Duration::MAX, most: usize::MAX, original: Original::First };

#[divan::bench]
fn fingerprint(bencher: Bencher) {
    let text = text(7);
    bencher.bench(|| Fingerprint::of(black_box(&text)));
}

#[divan::bench]
fn fingerprint_with_an_ellipsis_and_typographic_quotes(bencher: Bencher) {
    let text = text(7).replace(". ", "\u{2026} \u{201c}");
    bencher.bench(|| Fingerprint::of(black_box(&text)));
}

#[divan::bench(sample_count = 2_000)]
fn claim_in_memory(bencher: Bencher) {
    let (store, mut number) = (Store::new(LIMITS), 0);
    bencher
        .with_inputs(|| {
            number += 1;
            asked(number)
        })
        .bench_local_values(|asked| store.decide_now(&asked).unwrap());
}

#[divan::bench(sample_count = 2_000)]
fn claim_in_the_embedded_store(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut number) = (Store::open(LIMITS, folder.path()).unwrap(), 0);
    bencher
        .with_inputs(|| {
            number += 1;
            asked(number)
        })
        .bench_local_values(|asked| store.decide_now(&asked).unwrap());
}

/// In the Redis at `NEWSWIRE_BENCH_REDIS`, such as redis://127.0.0.1:6379; nothing is measured without one.
#[divan::bench(sample_count = 2_000)]
fn claim_in_redis(bencher: Bencher) {
    let Ok(url) = std::env::var("NEWSWIRE_BENCH_REDIS") else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let _within = runtime.enter();
    let (store, mut number) = (Store::shared(LIMITS, &url, "bench").unwrap(), 0);
    bencher
        .with_inputs(|| {
            number += 1;
            asked(number)
        })
        .bench_local_values(|asked| store.decide_now(&asked).unwrap());
}
