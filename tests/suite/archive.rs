//! An archive whose loading is killed again and again ends as one that was loaded at once, in both stores.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::command::{newswire, newswire_fed};
use crate::keeper;
use crate::redis::Redis;

const ARTICLES: usize = 1_500;

/// The text of an article, which shares no word with another's; and of its correction.
fn text(number: usize, revision: u32) -> String {
    let body = (0..90).map(|word| format!("s{number}w{word}")).collect::<Vec<_>>().join(" ");
    if revision == 1 { body } else { format!("{body} corrected") }
}

/// Records as a worker publishes them: every fifth article is a copy of the one before it, every seventh is corrected later.
fn archive() -> Vec<String> {
    let record = |number: usize, revision: u32| {
        let of = if number % 5 == 4 { number - 1 } else { number };
        let [id, first] = [number, of].map(|number| format!("{number:032x}"));
        let copy = json!({ "cluster": first, "of": first, "relation": "copy", "similarity": 1.0 });
        let duplicate = if of == number { Value::Null } else { copy };
        let (body, url) = (text(of, revision), format!("http://h{}.example/{number}", number % 40));
        json!({ "id": id, "canonical_url": url, "body": body, "revision": revision, "duplicate": duplicate })
            .to_string()
    };
    let is_corrected = |number: usize| number % 7 == 3 && number % 5 < 3;
    let corrected = |number: usize| number.checked_sub(100).filter(|earlier| is_corrected(*earlier));
    let lines = |number| {
        let later = corrected(number).map(|earlier| record(earlier, 2));
        [(number < ARTICLES).then(|| record(number, 1)), later].into_iter().flatten()
    };
    (0..ARTICLES + 100).flat_map(lines).collect()
}

/// What a store has, as far as it is not where and when: its sums, and what it says of each article's text under another URL.
fn told(store: &str) -> (Value, String) {
    let mut stats = newswire(&["dedup", "--stats", "--store", store]).json();
    let sums = stats.as_object_mut().unwrap();
    for place in ["memory_bytes", "disk_bytes", "oldest", "newest"] {
        sums.remove(place);
    }
    let copy = |number: usize| json!({ "id": format!("copy {number}"), "text": text(number, 1) }).to_string();
    let copies: Vec<String> = (0..ARTICLES).map(copy).collect();
    let answer = newswire_fed(&["dedup", "--store", store], copies.join("\n").as_bytes());
    assert_eq!(answer.code, 0, "{}", answer.err);
    (stats, answer.out)
}

fn loads_through_kills(store: &str) {
    let archive = archive();
    let arguments = ["dedup", "--load", "-", "--store", store];
    for kill in 1..=7 {
        let mut process = Command::new(env!("CARGO_BIN_EXE_newswire"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        keeper::started(process.id());
        let mut stdin = process.stdin.take().unwrap();
        // A pipe and what is read of it at once hold some hundred lines: when the last is taken, most before it are loaded.
        archive[..kill * 217].iter().for_each(|record| writeln!(stdin, "{record}").unwrap());
        process.kill().unwrap();
        process.wait().unwrap();
        keeper::ended(process.id());
    }
    let last = newswire_fed(&arguments, archive.join("\n").as_bytes()).json();
    let (loaded, known) = (last["loaded"].as_u64().unwrap(), last["known"].as_u64().unwrap());
    assert_eq!((loaded + known, &last["bad"]), (archive.len() as u64, &0.into()), "{last}");
    assert!(known > 1_000 && loaded > 0, "{last}");

    let at_once = keeper::folder("archive-at-once").join("store");
    let at_once = at_once.to_str().unwrap();
    let loaded = newswire_fed(&["dedup", "--load", "-", "--store", at_once], archive.join("\n").as_bytes()).json();
    assert_eq!(loaded["loaded"], archive.len());
    let (expected, found) = (told(at_once), told(store));
    assert_eq!((&expected.0["articles"], &expected.0["pending"]), (&ARTICLES.into(), &0.into()));
    assert_eq!(found.0, expected.0);
    let differs = found.1.lines().zip(expected.1.lines()).find(|(found, expected)| found != expected);
    assert_eq!(differs, None);
}

#[test]
fn a_folder_that_is_loaded_through_kills_has_exactly_the_archive() {
    let folder = keeper::folder("archive-killed").join("store");
    loads_through_kills(folder.to_str().unwrap());
}

#[test]
fn a_redis_that_is_loaded_through_kills_has_exactly_the_archive() {
    let redis = Redis::start();
    loads_through_kills(&redis.url());
}
