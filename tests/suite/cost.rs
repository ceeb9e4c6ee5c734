//! What exactly once costs against at least once, both in one run: `make cost`.

use std::fs;
use std::time::{Duration, Instant};

use crate::setup::{HOSTS, Setup, ended_for_good};
use crate::worker::Worker;

/// Messages of a run.
const URLS: usize = 4_000;

/// Runs of each mode, in turn.
const ROUNDS: usize = 3;

#[test]
#[ignore = "minutes long: `make cost` runs it and prints its figures"]
fn exactly_once_against_at_least_once() {
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let [at_least, exactly] = ["at_least_once", "exactly_once"].map(|mode| run(mode, round));
        ratios.push((exactly.0 / at_least.0, exactly.1 / at_least.1));
        println!(
            "round {round}: exactly once takes {:.3} of the time and {:.3} of the CPU",
            ratios[round].0, ratios[round].1
        );
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("the middle of {ROUNDS}: {:.3} of the time", ratios[ROUNDS / 2].0);
    ratios.sort_by(|a, b| a.1.total_cmp(&b.1));
    println!("the middle of {ROUNDS}: {:.3} of the CPU", ratios[ROUNDS / 2].1);
}

/// Seconds from the first outcome to the last, and seconds of CPU of the worker in all.
fn run(mode: &str, round: usize) -> (f64, f64) {
    let mut setup = Setup::in_mode(&format!("cost-{round}"), mode);
    setup.set("frontier", "host_concurrency", "64");
    setup.set("delivery", "max_in_flight", "256");
    setup.set("delivery", "commit_interval", "\"200ms\"");
    setup.send_urls((0..URLS).map(|number| format!("http://{}/article/{number}", HOSTS[number % 3])));
    let worker = Worker::start(&setup);
    let within = Duration::from_secs(600);
    let mut reader = setup.read("outcomes");
    reader.until("the first outcome", within, |all| !all.is_empty());
    let start = Instant::now();
    reader.until("all outcomes", within, |all| ended_for_good(all) >= URLS);
    let (elapsed, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds(&worker));
    println!("{mode}: {elapsed:.1} s, {cpu:.1} s of CPU");
    worker.stop();
    (elapsed, cpu)
}

/// User and system time of the process (`/proc/PID/stat`, in hundredths of a second on Linux).
pub fn cpu_seconds(worker: &Worker) -> f64 {
    cpu_seconds_of(worker.id())
}

/// The same of any process.
pub fn cpu_seconds_of(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}
