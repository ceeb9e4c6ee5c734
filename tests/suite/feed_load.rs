//! Ten thousand subscriptions: at rest, and due within a minute. `cargo test --test suite -- --ignored ten_thousand` prints the
//! figures.

use std::fs;
use std::time::{Duration, Instant};

use crate::setup::{HOSTS, Setup};
use crate::site::Answer;
use crate::topics::Message;
use crate::wait;
use crate::worker::Worker;

const FEEDS: usize = 10_000;
const WITHIN: Duration = Duration::from_secs(900);
const REST: Duration = Duration::from_secs(30);

#[test]
#[ignore = "minutes long: it prints its figures"]
fn ten_thousand_subscriptions_rest_and_are_worked_off_when_they_are_due() {
    for (name, every) in [("at-rest", "2h"), ("due", "60s")] {
        let mut setup = Setup::new(&format!("feed-load-{name}"));
        let tiers = ["1m", "1h"].map(|delay| (format!("{}.{delay}", setup.topic("retry")), delay));
        for (topic, _) in &tiers {
            setup.topics.create(&[(topic, 4)], 1);
        }
        let tiers: String =
            tiers.iter().map(|(topic, delay)| format!("{{ topic = {topic:?}, delay = {delay:?} }},")).collect();
        setup.set("retry", "tiers", &format!("[{tiers}]"));
        setup.set("frontier", "host_concurrency", "64");
        for number in 0..FEEDS {
            let address = format!("{}/feed/{number}", HOSTS[number % 3]);
            setup.site.set(&address, Answer::bytes("text/xml", "<rss><channel></channel></rss>"));
        }
        let subscription = |number: usize| {
            Message::of(format!(r#"{{"url":"http://{}/feed/{number}","every":{every:?}}}"#, HOSTS[number % 3]))
        };
        setup.send(&(0..FEEDS).map(subscription).collect::<Vec<_>>());
        let worker = Worker::start(&setup);
        let start = Instant::now();
        let asked = |count: usize| wait::until("rounds", WITHIN, || (setup.site.all_requests() >= count).then_some(()));
        asked(FEEDS);
        println!("{name}: {FEEDS} first rounds in {:.1} s", start.elapsed().as_secs_f64());
        if every == "2h" {
            setup.committed_to_the_end();
            let before = cpu_seconds(&worker);
            // What is measured is the passing of time itself.
            std::thread::sleep(REST);
            let spent = cpu_seconds(&worker) - before;
            println!("{name}: {spent:.2} s of CPU in {REST:?}, {:.2} % of a core", spent / REST.as_secs_f64() * 100.0);
        } else {
            asked(FEEDS + 1);
            let (start, before) = (Instant::now(), cpu_seconds(&worker));
            asked(2 * FEEDS);
            let (elapsed, spent) = (start.elapsed().as_secs_f64(), cpu_seconds(&worker) - before);
            println!("{name}: {FEEDS} rounds, due within a minute, in {elapsed:.1} s and {spent:.1} s of CPU");
        }
        worker.stop();
    }
}

/// User and system time of the process (`/proc/PID/stat`, in hundredths of a second on Linux).
fn cpu_seconds(worker: &Worker) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", worker.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    ticks as f64 / 100.0
}
