//! The suite's own parts, on real brokers: what the other tests rest on.

use std::process::{Command, Stdio};

use crate::kafka::{self, Cluster};
use crate::pages;
use crate::topics::{Message, Topics};
use crate::wait::{self, SOON};

#[test]
fn what_is_produced_is_read_back_byte_for_byte() {
    let topics = Topics::at(&kafka::shared().bootstrap());
    topics.create(&[("harness.bytes", 3)], 1);
    let sent = [
        Message::of("a").on(0).keyed("k").with("h", "1").with("h", [0xff, 0]),
        Message { partition: Some(0), ..Message::default() },
        Message::of(vec![7; 2_000_000]).on(2),
    ];
    topics.produce("harness.bytes", &sent);
    let mut reader = topics.read(&["harness.bytes"]);
    reader.take(3, SOON);
    let read = reader.all();
    assert_eq!(read.len(), 3);
    for message in sent {
        let same = |record: &&crate::topics::Record| {
            (&record.key, &record.value, &record.headers) == (&message.key, &message.value, &message.headers)
        };
        assert!(read.iter().any(|record| same(&record)), "{:?}", message.key);
    }
    assert_eq!(topics.ends("harness.bytes"), [(0, 2), (1, 0), (2, 1)].into());
    assert_eq!(topics.lag("harness.group", "harness.bytes"), 3);
}

#[test]
fn three_brokers_serve_on_after_one_is_killed_and_it_comes_back() {
    let cluster = Cluster::start(3);
    let topics = Topics::at(&cluster.bootstrap());
    topics.create(&[("t", 3)], 3);
    topics.produce("t", &[Message::of("before")]);
    cluster.kill(1);
    topics.produce("t", &[Message::of("meanwhile")]);
    cluster.restart(1);
    topics.produce("t", &[Message::of("after")]);
    assert_eq!(topics.read(&["t"]).take(3, SOON).len(), 3);
}

#[test]
fn the_keeper_ends_what_was_left_when_the_run_is_killed() {
    // The test binary itself, killed in the middle of a test that has started a process.
    let mut run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "harness::a_run_that_is_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(run.stdout.take().unwrap()));
    let told = lines.find_map(|line| line.unwrap().strip_prefix("left behind: ").map(str::to_owned)).unwrap();
    let (pid, folder) = told.split_once(' ').unwrap();
    assert!(std::path::Path::new(&format!("/proc/{pid}")).exists());
    run.kill().unwrap();
    run.wait().unwrap();
    wait::until("the process to end", SOON, || {
        // Without a parent it is nobody's to wait for here: it may stay as a zombie in a container without an init.
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        (status.is_empty() || status.contains("State:\tZ")).then_some(())
    });
    wait::until("the folder to go", SOON, || (!std::path::Path::new(folder).exists()).then_some(()));
}

#[test]
#[ignore = "it is the run that another test kills"]
fn a_run_that_is_killed() {
    let folder = crate::keeper::folder("killed");
    let mut process = Command::new("sleep").arg("600").spawn().unwrap();
    crate::keeper::started(process.id());
    println!("\nleft behind: {} {}", process.id(), folder.display());
    process.wait().unwrap();
}

#[test]
fn articles_of_different_numbers_share_next_to_nothing() {
    let shingles = |seed: u64| -> std::collections::HashSet<String> {
        let text = pages::article(seed).paragraphs.join(" ");
        let words: Vec<_> = text.split_whitespace().collect();
        words.windows(4).map(|four| four.join(" ")).collect()
    };
    let all: Vec<_> = (0..200).map(shingles).collect();
    for (i, a) in all.iter().enumerate() {
        for b in &all[i + 1..] {
            let shared = a.intersection(b).count();
            assert!(shared * 20 < a.len(), "{shared} of {} shared: {:?}", a.len(), a.intersection(b).next());
        }
    }
}
