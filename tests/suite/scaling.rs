//! Workers side by side, each with a quarter of a core: what they make together, and what broker and Redis take for it.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::bench::{Site, text, world};
use crate::cost::{cpu_seconds, cpu_seconds_of};
use crate::kafka;
use crate::redis::Redis;
use crate::worker::Worker;

const WITHIN: Duration = Duration::from_secs(900);

/// A control group that gives its processes a quarter of a core; Linux takes it away with the last of them and this.
struct Quarter(PathBuf);

impl Quarter {
    fn of(name: &str) -> Self {
        let unified = PathBuf::from("/sys/fs/cgroup/cgroup.controllers").exists();
        let root = if unified { "/sys/fs/cgroup" } else { "/sys/fs/cgroup/cpu" };
        let folder = PathBuf::from(root).join(format!("newswire-{}-{name}", std::process::id()));
        fs::create_dir(&folder).expect("a control group: this bench has to be root");
        let (file, limit) = if unified { ("cpu.max", "5000 20000") } else { ("cpu.cfs_quota_us", "5000") };
        if !unified {
            fs::write(folder.join("cpu.cfs_period_us"), "20000").unwrap();
        }
        fs::write(folder.join(file), limit).unwrap();
        Self(folder)
    }

    fn take(&self, process: u32) {
        fs::write(self.0.join("cgroup.procs"), process.to_string()).unwrap();
    }
}

impl Drop for Quarter {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
#[ignore = "minutes long, on an optimised build, as root: `make scaling` runs it and prints its figures"]
fn quarters_of_a_core_add_up() {
    let build = PathBuf::from(text("BENCH_BUILD", "target/release"));
    let corpus = PathBuf::from(text("BENCH_CORPUS", "target/lean"));
    let urls: Vec<String> = fs::read_to_string(corpus.join("urls.txt")).unwrap().lines().map(str::to_owned).collect();
    let mut alone = 0.0;
    for count in [1, 2, 4] {
        let urls = &urls[..urls.len().min(4_000 * count)];
        let redis = Redis::start();
        let mut setup = world(&format!("scaling-{count}"), 12);
        let site = Site::start(&build.join("examples/site"), &corpus);
        site.hosts(&mut setup, urls);
        setup.set("dedup", "store", "\"redis\"");
        setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
        setup.set("delivery", "commit_interval", "\"200ms\"");
        let quarters: Vec<Quarter> = (0..count).map(|number| Quarter::of(&number.to_string())).collect();
        let mut workers: Vec<Worker> = Vec::new();
        for number in 0..count {
            setup.set("delivery", "instance_id", &format!("\"scaling-{number}\""));
            workers.push(Worker::launch_build(&setup, &build.join("newswire")));
        }
        workers.iter_mut().for_each(Worker::ready);
        for (worker, quarter) in workers.iter().zip(&quarters) {
            quarter.take(worker.id());
        }
        let beside = || kafka::shared().processes().into_iter().map(cpu_seconds_of).sum::<f64>();
        let own = || workers.iter().map(cpu_seconds).sum::<f64>();
        let before = (beside(), cpu_seconds_of(redis.id()), own());
        setup.send_urls(urls);
        let mut reader = setup.read("outcomes");
        // The first and the last tenth are start and end: some partitions have work then, and some have not.
        reader.until("a tenth", WITHIN, |all| all.len() * 10 >= urls.len());
        let start = Instant::now();
        reader.until("nine tenths", WITHIN, |all| all.len() * 10 >= urls.len() * 9);
        let rate = urls.len() as f64 * 0.8 / start.elapsed().as_secs_f64();
        reader.until("all outcomes", WITHIN, |all| all.len() >= urls.len());
        let thousands = urls.len() as f64 / 1_000.0;
        if count == 1 {
            alone = rate;
        }
        println!(
            "{count} workers: {rate:.0} pages/s, {:.2} of {count} alone; CPU s per 1,000 pages: workers {:.2}, broker {:.2}, Redis {:.2}",
            rate / alone / count as f64,
            (own() - before.2) / thousands,
            (beside() - before.0) / thousands,
            (cpu_seconds_of(redis.id()) - before.1) / thousands
        );
        workers.into_iter().for_each(Worker::stop);
    }
}
