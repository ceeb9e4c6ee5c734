//! What politeness and safety cost: `cargo run --release --example polite_speed`.
//!
//! Prints nanoseconds for an identity of a URL, a look of the guard, a robots.txt's answer and a turn at one of
//! 100,000 hosts, and the memory that a million hosts take.

#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use newswire::frontier::{Hosts, Patience, Rules, Sign};
use newswire::record::Identity;
use url::Url;

const ADDRESSES: [&str; 4] = [
    "https://www.example.com/world/2024/11/05/harbour-reopens-after-storm/",
    "https://news.example.co.uk/politics/article-123456.html?utm_source=rss&utm_medium=feed&utm_campaign=x&fbclid=abc",
    "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/story/amp?usqp=mq331",
    "https://example.de/a%C3%A4/b?b=2&a=1&page=3#top",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    report("identity of a URL", 200_000, |number| {
        black_box(Identity::of(ADDRESSES[number % ADDRESSES.len()]).is_ok());
    });
    let guard = newswire::fetch::Guard::new(&newswire::config::defaults().fetch);
    let urls = ["https://93.184.216.34/", "http://[2606:2800:220:1::1]/", "https://news.example/a", "http://127.1/"]
        .map(Url::parse)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    report("guard", 1_000_000, |number| {
        black_box(guard.check(&urls[number % urls.len()]).is_ok());
    });
    let file = format!("User-agent: *\n{}", "Disallow: /*ab\n".repeat(35_000));
    let path = format!("/{}", "a".repeat(16_000));
    let rules = Rules::parse(file.as_bytes(), "newswire");
    report("hostile robots.txt read", 20, |_| {
        black_box(Rules::parse(black_box(file.as_bytes()), "newswire"));
    });
    report("hostile robots.txt answered", 20, |_| {
        black_box(rules.allows(&path));
    });

    let hosts = Hosts::new(1, Duration::ZERO, 1_000);
    let names: Vec<String> = (0..100_000).map(|number| format!("www.host-{number}.example")).collect();
    let started = Instant::now();
    for round in 0..5 {
        for name in &names {
            let mut turn = hosts.turn(name, Patience::Wait(Duration::from_secs(60))).await?;
            turn.ended(Sign::Well, Some(200), if round == 0 { "/" } else { "/a" });
        }
    }
    let each = started.elapsed() / 500_000;
    println!("a turn at one of 100,000 hosts: {} ns, {} a second", each.as_nanos(), 1_000_000_000 / each.as_nanos());
    drop(hosts);

    let before = resident()?;
    let hosts = Hosts::new(1, Duration::from_secs(3_600), 1_000);
    for number in 0..1_000_000 {
        drop(hosts.turn(&format!("www.host-{number}.example"), Patience::Wait(Duration::from_secs(60))).await?);
    }
    println!("a million hosts at rest: {} MB", (resident()? - before) / 1_000_000);
    Ok(())
}

fn report(what: &str, times: usize, mut work: impl FnMut(usize)) {
    let started = Instant::now();
    (0..times).for_each(&mut work);
    println!("{what}: {} ns", started.elapsed().as_nanos() / times as u128);
}

/// Resident memory in bytes.
fn resident() -> Result<u64, Box<dyn std::error::Error>> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    Ok(pages.split(' ').nth(1).ok_or("statm")?.parse::<u64>()? * 4096)
}
