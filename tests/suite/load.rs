//! Many pages at once: nothing is lost on the way, memory stays within bounds, and the figures are printed.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use crate::cost::cpu_seconds;
use crate::kafka;
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
    let mut peak = peak_memory(worker.id());
    worker.stop();
    let worker = Worker::start(&setup);
    let outcomes = reader.until("the other half", within, |all| all.len() >= urls && ended_for_good(all) >= urls);
    let elapsed = start.elapsed();
    setup.committed_to_the_end();
    peak = peak.max(peak_memory(worker.id()));

    // On a slow machine a host may be too busy for a while.
    let ends: Vec<_> = outcomes.iter().filter(|record| record.json()["outcome"] != "deferred").collect();
    let origins: BTreeSet<_> = ends.iter().map(|record| origin_in(record)).collect();
    assert_eq!((ends.len(), origins.len()), (urls, urls), "each URL ends once");
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
pub fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A world of a thousand hosts and twelve partitions, with room for so many messages.
fn many_hosts(name: &str, in_flight: usize) -> Setup {
    let mut setup = Setup::without_topics(name, kafka::shared());
    let topics = ["urls", "articles", "rejected", "outcomes", "feeds", "retry"].map(|topic| setup.topic(topic));
    let wanted: Vec<_> =
        topics.iter().enumerate().map(|(i, name)| (name.as_str(), if i == 0 { 12 } else { 1 })).collect();
    setup.topics.create(&wanted, 1);
    (0..1_000).for_each(|number| setup.host(&format!("host-{number}.example")));
    setup.host("slow.example");
    setup.set("delivery", "max_in_flight", &in_flight.to_string());
    setup.set("frontier", "host_concurrency", "1");
    // As in the delivered settings: what waits for a host must not come back three times a second.
    setup.set("retry", "tiers", &format!("[{{ topic = {:?}, delay = \"1m\" }}]", setup.topic("retry")));
    setup
}

/// Seconds from the first outcome of the others to the last of `others`.
fn seconds_of_others(setup: &Setup, others: usize) -> f64 {
    let within = Duration::from_secs(600);
    // Asked for each record that comes: reading JSON would take longer than the worker.
    let is_other = |record: &crate::topics::Record| {
        !record.value.as_ref().is_some_and(|value| value.windows(12).any(|part| part == b"slow.example"))
    };
    let mut reader = setup.read("outcomes");
    reader.until("the first outcome", within, |all| !all.is_empty());
    let start = Instant::now();
    let mut seen = (0, 0);
    reader.until("the others' outcomes", within, |all| {
        let fresh = all.iter().skip(seen.0).filter(|record| is_other(record)).count();
        seen = (all.len(), seen.1 + fresh);
        seen.1 >= others
    });
    start.elapsed().as_secs_f64()
}

#[test]
#[ignore = "minutes long: run by its name, prints its figures"]
fn a_host_that_takes_ten_seconds_an_answer_takes_little_from_the_others() {
    const OTHERS: usize = 6_000;
    let mut ratios = Vec::new();
    for round in 0..3 {
        let [without, with] = [false, true].map(|slow| {
            let setup = many_hosts(&format!("load-slow-{round}-{slow}"), 256);
            setup.site.slow_down("slow.example", Duration::from_secs(10));
            setup.site.take_time(Duration::from_millis(20));
            let every = |number: usize| slow && number.is_multiple_of(20);
            setup.send_urls((0..OTHERS).flat_map(|number| {
                let slow = every(number).then(|| format!("http://slow.example/article/{}", 100_000 + number));
                slow.into_iter().chain([format!("http://host-{}.example/article/{number}", number % 1_000)])
            }));
            let worker = Worker::start(&setup);
            let seconds = seconds_of_others(&setup, OTHERS);
            worker.kill();
            seconds
        });
        println!("round {round}: {OTHERS} pages in {without:.1} s, with 300 messages for the slow host in {with:.1} s");
        ratios.push(with / without);
    }
    ratios.sort_by(f64::total_cmp);
    println!("the middle of three: {:.3} of the time", ratios[1]);
}

#[test]
#[ignore = "a minute long: run by its name, prints its figures"]
fn a_thousand_in_flight_wait_for_hosts_that_answer_after_two_seconds() {
    const URLS: usize = 6_000;
    let setup = many_hosts("load-waiting", 1_000);
    setup.site.take_time(Duration::from_secs(2));
    setup.send_urls((0..URLS).map(|number| format!("http://host-{}.example/article/{number}", number % 1_000)));
    let worker = Worker::start(&setup);
    let before = cpu_seconds(&worker);
    let seconds = seconds_of_others(&setup, URLS);
    println!(
        "{URLS} pages in {seconds:.1} s, {:.0} a second: {:.0} % of a core, memory at its peak {} MiB",
        URLS as f64 / seconds,
        (cpu_seconds(&worker) - before) / seconds * 100.0,
        peak_memory(worker.id()) / 1024,
    );
    worker.stop();
}
