//! The whole worker on pages of real size, and the same pages through `newswire extract`, in turn: `make bench`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cost::cpu_seconds;
use crate::load::peak_memory;
use crate::setup::{Setup, ended_for_good};
use crate::wait::SOON;
use crate::worker::Worker;
use crate::{kafka, keeper};

const WITHIN: Duration = Duration::from_secs(3_600);

/// What a run of the worker gave.
struct Run {
    /// From the first outcome to the last.
    pages_a_second: f64,
    /// CPU seconds of the worker for a thousand pages, its start included.
    cpu: f64,
    peak_mib: f64,
    /// Seconds from its start to its first outcome.
    first_s: f64,
}

/// The site, in a process of its own; it ends when this is dropped.
pub struct Site {
    process: Child,
    port: u16,
}

impl Site {
    /// Serves a corpus by the program `site`.
    pub fn start(program: &Path, corpus: &Path) -> Self {
        let mut command = Command::new(program);
        command.arg(corpus).arg(text("BENCH_SITE_DELAY_MS", "0")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the site; `make bench` builds it");
        keeper::started(process.id());
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().expect("the site's port") }
    }

    /// Lets a world's workers find the hosts of these addresses here, and give them no rest: they are all ours.
    pub fn hosts(&self, setup: &mut Setup, urls: &[String]) {
        let hosts: BTreeSet<&str> = urls.iter().filter_map(|url| url.split('/').nth(2)).collect();
        for host in hosts {
            setup.set("fetch.resolve", &format!("{host:?}"), &format!("\"127.0.0.1:{}\"", self.port));
        }
        setup.set("frontier", "host_concurrency", "1");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        keeper::ended(self.process.id());
    }
}

#[test]
#[ignore = "minutes long, on an optimised build: `make bench` runs it and prints its figures"]
fn the_whole_worker_against_extraction_alone() {
    let build = PathBuf::from(text("BENCH_BUILD", "target/release"));
    let corpus = PathBuf::from(text("BENCH_CORPUS", "target/corpus"));
    let rounds: usize = number("BENCH_ROUNDS", 3);
    let urls: Vec<String> = fs::read_to_string(corpus.join("urls.txt")).unwrap().lines().map(str::to_owned).collect();
    if let Some(python) = std::env::var_os("BENCH_PEER") {
        let run = peer(Path::new(&python), &build, &corpus, &urls);
        println!(
            "the Python worker: {:.0} pages/s, {:.2} CPU s per 1,000 pages, {:.0} MiB, first outcome after {:.1} s",
            run.pages_a_second, run.cpu, run.peak_mib, run.first_s
        );
    }
    let (mut runs, mut extractions) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let run = run(round, number("BENCH_PARTITIONS", 12), &build, &corpus, &urls);
        let extraction = extract(&build, &corpus, urls.len());
        println!(
            "round {round}: {:.0} pages/s, {:.2} CPU s per 1,000 pages, {:.0} MiB at the peak, first outcome after {:.1} s; extract alone {extraction:.2} CPU s, ratio {:.2}",
            run.pages_a_second,
            run.cpu,
            run.peak_mib,
            run.first_s,
            run.cpu / extraction
        );
        extractions.push(extraction);
        runs.push(run);
    }
    println!("{} pages, {rounds} rounds: the least, the middle, the most", urls.len());
    show("pages/s", runs.iter().map(|run| run.pages_a_second).collect());
    show("CPU s per 1,000 pages", runs.iter().map(|run| run.cpu).collect());
    show("extract alone", extractions.clone());
    show("ratio", runs.iter().zip(&extractions).map(|(run, extraction)| run.cpu / extraction).collect());
    show("MiB at the peak", runs.iter().map(|run| run.peak_mib).collect());
    show("s to the first outcome", runs.iter().map(|run| run.first_s).collect());
}

#[test]
#[ignore = "minutes long, on an optimised build: `make growth` runs it and prints its figures"]
fn as_much_a_page_however_many_pages_and_partitions() {
    let build = PathBuf::from(text("BENCH_BUILD", "target/release"));
    let corpus = PathBuf::from(text("BENCH_CORPUS", "target/growth"));
    let urls: Vec<String> = fs::read_to_string(corpus.join("urls.txt")).unwrap().lines().map(str::to_owned).collect();
    let show = |run: &Run, pages: usize, partitions: i32| {
        println!(
            "{pages:>7} URLs, {partitions:>3} partitions: {:>5.0} pages/s, {:>5.0} pages per CPU second, {:>4.0} MiB at the peak, first outcome after {:.1} s",
            run.pages_a_second,
            1_000.0 / run.cpu,
            run.peak_mib,
            run.first_s
        );
    };
    let sizes = text("BENCH_SIZES", "2000 8000 32000");
    for (round, pages) in sizes.split_whitespace().map(|size| size.parse().unwrap()).enumerate() {
        show(&run(round, 12, &build, &corpus, &urls[..pages]), pages, 12);
    }
    for (round, partitions) in [1, 12, 120].into_iter().enumerate() {
        let pages = urls.len().min(8_000);
        show(&run(10 + round, partitions, &build, &corpus, &urls[..pages]), pages, partitions);
    }
}

/// A world with all topics, the one of URLs with as many partitions as are asked for.
pub fn world(name: &str, partitions: i32) -> Setup {
    let setup = Setup::without_topics(name, kafka::shared());
    let topics = ["urls", "articles", "rejected", "outcomes", "feeds", "retry"].map(|topic| setup.topic(topic));
    let wanted = topics.iter().enumerate().map(|(i, name)| (name.as_str(), if i == 0 { partitions } else { 1 }));
    setup.topics.create(&wanted.collect::<Vec<_>>(), 1);
    setup
}

/// The worker in Python, from its start until each URL has its outcome.
fn peer(python: &Path, build: &Path, corpus: &Path, urls: &[String]) -> Run {
    let setup = world("bench-peer", 12);
    let site = Site::start(&build.join("examples/site"), corpus);
    setup.send_urls(urls);
    let mut reader = setup.read("outcomes");
    let (started, before) = (Instant::now(), waited_for_s());
    let mut command = Command::new(python);
    command.arg("benches/peer/worker.py").args([&kafka::shared().bootstrap(), setup.group()]);
    let topics = ["urls", "articles", "outcomes"].map(|topic| setup.topic(topic));
    let mut process = command.args(topics).arg(site.port.to_string()).spawn().expect("the worker in Python");
    keeper::started(process.id());
    reader.until("the first outcome", WITHIN, |all| !all.is_empty());
    let first = Instant::now();
    reader.until("all outcomes", WITHIN, |all| all.len() >= urls.len());
    let seconds = first.elapsed().as_secs_f64();
    let peak_kib: u64 = peak_memory(process.id()) + children(process.id()).map(peak_memory).sum::<u64>();
    assert!(Command::new("kill").arg(process.id().to_string()).status().unwrap().success());
    process.wait().unwrap();
    keeper::ended(process.id());
    Run {
        pages_a_second: urls.len() as f64 / seconds,
        // Its children were waited for by it, and it by us.
        cpu: (waited_for_s() - before) / urls.len() as f64 * 1_000.0,
        peak_mib: peak_kib as f64 / 1_024.0,
        first_s: first.duration_since(started).as_secs_f64(),
    }
}

fn children(process: u32) -> impl Iterator<Item = u32> {
    let list = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    list.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<_>>().into_iter()
}

/// The worker from its start until each URL has its outcome.
fn run(round: usize, partitions: i32, build: &Path, corpus: &Path, urls: &[String]) -> Run {
    let mut setup = world(&format!("bench-{round}"), partitions);
    let site = Site::start(&build.join("examples/site"), corpus);
    site.hosts(&mut setup, urls);
    setup.set("dedup", "store", "\"embedded\"");
    setup.set("delivery", "commit_interval", "\"200ms\"");
    setup.set("delivery", "max_in_flight", &text("BENCH_IN_FLIGHT", "1000"));
    setup.send_urls(urls);

    let mut reader = setup.read("outcomes");
    let started = Instant::now();
    let mut worker = Worker::launch_build(&setup, &build.join("newswire"));
    worker.ready();
    reader.until("the first outcome", SOON, |all| !all.is_empty());
    let first = Instant::now();
    let outcomes =
        reader.until("all outcomes", WITHIN, |all| all.len() >= urls.len() && ended_for_good(all) >= urls.len());
    let seconds = first.elapsed().as_secs_f64();
    let (cpu, peak) = (cpu_seconds(&worker), peak_memory(worker.id()));
    let count = |outcome: &str| outcomes.iter().filter(|record| record.json()["outcome"] == outcome).count();
    println!(
        "  {} published, {} duplicates, {} records of outcomes",
        count("published"),
        count("duplicate"),
        outcomes.len()
    );
    if std::env::var_os("BENCH_METRICS").is_some() {
        println!("{}", worker.metrics().0);
    }
    worker.stop();
    Run {
        pages_a_second: urls.len() as f64 / seconds,
        cpu: cpu / urls.len() as f64 * 1_000.0,
        peak_mib: peak as f64 / 1_024.0,
        first_s: first.duration_since(started).as_secs_f64(),
    }
}

/// CPU seconds for a thousand pages of `newswire extract`, one thread.
fn extract(build: &Path, corpus: &Path, pages: usize) -> f64 {
    let before = waited_for_s();
    let mut command = Command::new(build.join("newswire"));
    command.args(["extract", "--threads", "1", "--manifest"]).arg(corpus.join("manifest.jsonl"));
    let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(ended.success(), "newswire extract: {ended}");
    (waited_for_s() - before) / pages as f64 * 1_000.0
}

/// CPU seconds of the children of this process that have ended.
fn waited_for_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[13..15].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

fn show(what: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    println!("{what:>24}: {:>8.2} {:>8.2} {:>8.2}", values[0], values[values.len() / 2], values[values.len() - 1]);
}

/// A setting of the bench.
pub fn text(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
