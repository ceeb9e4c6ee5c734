//! Many pages at once: nothing is lost on the way, memory stays within bounds, and the figures are printed.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::setup::{HOSTS, Setup, ended_for_good, origin_in};
use crate::worker::Worker;

#[test]
fn a_thousand_pages_go_through() {
    run("load-short", 1_000, 800);
}

#[test]
#[ignore = "minutes long: `make load` runs it and prints its figures"]
fn twenty_thousand_urls_of_eight_thousand_pages_go_through_a_restart() {
    run("load-long", 20_000, 8_000);
}

/// Sends `urls` URLs, of `distinct` different pages, with a SIGTERM half-way.
fn run(name: &str, urls: usize, distinct: usize) {
    let mut setup = Setup::new(name);
    setup.set("frontier", "host_concurrency", "64");
    setup.set("delivery", "max_in_flight", "256");
    setup.send_urls((0..urls).map(|n| format!("http://{}/article/{}", HOSTS[n % 3], n % distinct)));
    let within = Duration::from_secs(60 + urls as u64 / 20);

    let start = Instant::now();
    let worker = Worker::start(&setup);
    let mut reader = setup.read("outcomes");
    reader.until("half of it", within, |all| all.len() >= urls / 2);
    let mut peak = peak_memory(&worker);
    worker.stop();
    let worker = Worker::start(&setup);
    let outcomes = reader.until("the other half", within, |all| all.len() >= urls && ended_for_good(all) >= urls);
    let elapsed = start.elapsed();
    setup.committed_to_the_end();
    peak = peak.max(peak_memory(&worker));

    let origins: BTreeSet<_> = outcomes.iter().map(origin_in).collect();
    assert_eq!((outcomes.len(), origins.len()), (urls, urls), "each URL has one outcome");
    let count = |outcome: &str| outcomes.iter().filter(|record| record.json()["outcome"] == outcome).count();
    let (published, duplicate, unchanged) = (count("published"), count("duplicate"), count("unchanged"));
    let metrics = worker.metrics();
    assert_eq!(metrics.sum("newswire_conservation_difference_messages", &[]), 0.0);
    println!(
        "{urls} URLs of {distinct} pages in {:.1} s ({:.0} a second, a restart included): {published} published, \
         {duplicate} duplicates, {unchanged} unchanged; memory at its peak {} MiB; lag 0",
        elapsed.as_secs_f64(),
        urls as f64 / elapsed.as_secs_f64(),
        peak / 1024,
    );
    worker.stop();
}

/// The most memory that the process has had at once, in KiB (`VmHWM`).
fn peak_memory(worker: &Worker) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
