//! What is known outlives the worker, and the embedded store keeps its promises when the process or the disk does not.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::command::{newswire, newswire_fed};
use crate::setup::{Setup, of_url};
use crate::site::Answer;
use crate::wait::{self, SOON};
use crate::worker::Worker;
use crate::{keeper, pages, schema};

/// A setup whose workers keep what they know.
fn embedded(name: &str) -> Setup {
    let mut setup = Setup::new(name);
    setup.set("dedup", "store", "\"embedded\"");
    setup
}

#[test]
fn a_worker_that_was_killed_knows_what_it_published() {
    let setup = embedded("known-killed");
    setup.site.set("alpha.example/article/1", Answer::article(1).with("etag", "\"one\""));
    let worker = Worker::launch(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    let first = setup.ended(1);
    setup.committed_to_the_end();
    worker.kill();

    let worker = Worker::launch(&setup);
    setup.send_urls(["http://beta.example/article/1", "http://alpha.example/article/1"]);
    let outcomes = setup.ended(3);
    let copy = of_url(&outcomes, "http://beta.example/article/1")[0].json();
    assert_eq!((&copy["outcome"], &copy["of"]), (&"duplicate".into(), &first[0].json()["article_id"]));
    assert_eq!(of_url(&outcomes, "http://alpha.example/article/1")[1].json()["outcome"], "unchanged");
    let asked = setup.site.visits();
    let of_first = asked.iter().filter(|visit| visit.path == "/article/1" && visit.host.starts_with("alpha"));
    assert_eq!(of_first.map(|visit| visit.status).collect::<Vec<_>>(), [200, 304]);
    worker.stop();
}

#[test]
fn the_embedded_store_is_for_one_worker_and_the_second_leaves() {
    let setup = embedded("known-alone");
    let first = Worker::start(&setup);
    let mut second = Worker::launch_with(&setup, &[("NEWSWIRE__DELIVERY__INSTANCE_ID", "second")]);
    let refusal = wait::until("the end of the second", SOON * 2, || second.ended());
    assert_eq!(refusal.code(), Some(2), "{}", second.log());
    assert!(second.log().contains("others are in the group"), "{}", second.log());
    setup.send_urls((0..8).map(|number| format!("http://alpha.example/article/{number}")));
    setup.ended(8);
    setup.committed_to_the_end();
    first.says(&["others are in the group"], SOON);
    wait::until("the first to be ready again", SOON, || (first.get("/readyz")?.status == 200).then_some(()));
    first.stop();
}

#[test]
fn a_disk_that_takes_nothing_holds_articles_back_and_loses_none() {
    let setup = embedded("known-full");
    // A file that may not grow is refused like one on a full disk; the signal that comes with it is not meant.
    let mut worker = Worker::launch_by("trap '' XFSZ; exec \"$0\" \"$@\"", &setup);
    worker.ready();
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    let limit = |soft: &str| {
        let id = worker.id().to_string();
        let limited = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={soft}:unlimited")]).status();
        assert!(limited.unwrap().success(), "prlimit (util-linux)");
    };
    limit("1");
    setup.send_urls((2..10).map(|number| format!("http://alpha.example/article/{number}")));
    worker.says(&["the dedup store can't be written"], SOON);
    let answer = wait::until("it to be unready", SOON, || worker.get("/readyz").filter(|page| page.status == 503));
    assert!(answer.body.contains("dedup"), "{answer:?}");
    assert_eq!(setup.read("articles").all().len(), 1);
    limit("unlimited");
    setup.ended(9);
    setup.committed_to_the_end();
    worker.kill();

    let worker = Worker::launch(&setup);
    setup.send_urls((1..10).map(|number| format!("http://beta.example/article/{number}")));
    let outcomes = setup.ended(18);
    let copies = outcomes.iter().filter(|record| record.json()["outcome"] == "duplicate").count();
    assert_eq!(copies, 9);
    assert_eq!(setup.read("articles").all().len(), 9);
    worker.stop();
}

/// Documents of hosts of their own; every third is a copy of the one before, cut or whole.
fn documents(count: usize) -> Vec<String> {
    let document = |number: usize| {
        let (story, words) = if number % 3 == 2 { (number - 1, 60 + number % 20) } else { (number, 80) };
        let text: Vec<String> = (0..words).map(|word| format!("s{story}w{word}")).collect();
        json!({ "id": format!("d{number}"), "host": format!("h{number}.example"), "text": text.join(" ") }).to_string()
    };
    (0..count).map(document).collect()
}

#[test]
fn whenever_the_process_is_killed_every_answer_stands_and_every_copy_is_found() {
    let documents = documents(6_000);
    let expected = newswire_fed(&["dedup"], (documents.join("\n") + "\n").as_bytes()).out;
    assert_eq!(expected.lines().filter(|line| line.contains("\"of\":\"d")).count(), 2_000);
    let folder = keeper::folder("known-kills").join("store");
    let arguments = ["dedup", "--store", folder.to_str().unwrap()];
    let mut reached = 0_usize;
    // The moments are spread over a batch of answers, whatever the machine's speed.
    for kill in 0..8_usize {
        let mut process = Command::new(env!("CARGO_BIN_EXE_newswire"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        keeper::started(process.id());
        let mut stdin = process.stdin.take().unwrap();
        // Some of what was answered, too: it comes again.
        let again = documents[reached.saturating_sub(40 * kill)..].to_vec();
        let feeder = std::thread::spawn(move || {
            let _ = again.iter().try_for_each(|document| writeln!(stdin, "{document}"));
        });
        let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
        let wanted = 40 * kill + 200 + kill * 97 % 150;
        let told = answers.by_ref().map_while(Result::ok).take(wanted).count();
        std::thread::sleep(Duration::from_micros(kill as u64 * 700));
        process.kill().unwrap();
        process.wait().unwrap();
        keeper::ended(process.id());
        feeder.join().unwrap();
        reached = (reached.saturating_sub(40 * kill) + told).min(documents.len());
    }
    assert!(reached > 1_000, "{reached}");
    let answer = newswire_fed(&arguments, (documents.join("\n") + "\n").as_bytes());
    assert_eq!(answer.code, 0, "{}", answer.err);
    let differs = answer.out.lines().zip(expected.lines()).find(|(now, then)| now != then);
    assert_eq!(differs, None);
    assert_eq!(answer.out.lines().count(), documents.len());
}

/// The records that a worker published of these articles.
fn archive_of(name: &str, numbers: std::ops::RangeInclusive<usize>) -> String {
    let setup = Setup::new(name);
    let worker = Worker::start(&setup);
    let count = numbers.clone().count();
    setup.send_urls(numbers.map(|number| format!("http://alpha.example/article/{number}")));
    setup.ended(count);
    setup.committed_to_the_end();
    worker.stop();
    setup.read("articles").all().iter().map(|record| format!("{}\n", record.json())).collect()
}

#[test]
fn an_archive_that_is_loaded_is_known_to_the_worker() {
    let archive = archive_of("known-archive", 1..=6);
    let setup = embedded("known-loaded");
    let file = setup.file("archive.jsonl", format!("{archive}no record\n"));
    let settings = setup.write_settings("load.toml");
    let (file, settings) = (file.to_str().unwrap(), settings.to_str().unwrap());
    let loaded = newswire(&["dedup", "--load", file, "--config", settings]);
    assert_eq!((loaded.code, &loaded.json()), (1, &json!({ "read": 7, "loaded": 6, "known": 0, "bad": 1 })));
    assert!(loaded.err.contains("line 7: "), "{}", loaded.err);
    let again = newswire(&["dedup", "--load", file, "--config", settings]).json();
    assert_eq!(again, json!({ "read": 7, "loaded": 0, "known": 6, "bad": 1 }));
    let stats = newswire(&["dedup", "--stats", "--config", settings]).json();
    assert_eq!((&stats["articles"], &stats["stories"]["by_size"]), (&6.into(), &json!({ "1": 6 })));
    assert!(stats["disk_bytes"].as_u64().unwrap() > 1_000 && stats["oldest"].is_string(), "{stats}");

    let worker = Worker::start(&setup);
    let locked = newswire(&["dedup", "--load", file, "--config", settings]);
    assert_eq!(locked.code, 1);
    assert!(locked.err.contains("another worker has this folder open"), "{}", locked.err);
    let urls = |host: &str| (1..=7).map(|number| format!("http://{host}.example/article/{number}")).collect::<Vec<_>>();
    setup.send_urls(urls("alpha"));
    setup.ended(7);
    setup.send_urls(urls("beta"));
    let outcomes = setup.ended(14);
    for (url, copy) in urls("alpha").iter().zip(urls("beta")).take(6) {
        let (own, copy) = (of_url(&outcomes, url)[0].json(), of_url(&outcomes, &copy)[0].json());
        assert_eq!(own["outcome"], "unchanged", "{own}");
        assert_eq!((&copy["outcome"], &copy["of"]), (&"duplicate".into(), &own["article_id"]), "{copy}");
    }
    assert_eq!(of_url(&outcomes, "http://alpha.example/article/7")[0].json()["outcome"], "published");
    worker.stop();
}

#[test]
fn what_a_page_counts_of_itself_is_no_revision_and_a_corrected_figure_is_one() {
    let page = |killed: &str, views: &str, updated: &str| {
        let mut paragraphs = pages::article(77).paragraphs;
        paragraphs.insert(1, format!("Officials in Dunvale said that {killed} people had been killed by the storm."));
        paragraphs.extend([format!("{views} views"), format!("Updated {updated}")]);
        Answer::page(&pages::Page { paragraphs, ..pages::article(77) })
    };
    let setup = embedded("known-revised");
    let states =
        [page("12", "1,204", "5 minutes ago"), page("12", "31,877", "2 hours ago"), page("13", "40,000", "yesterday")];
    setup.site.sequence("alpha.example/storm", states.to_vec());
    let worker = Worker::start(&setup);
    for (round, expected) in ["published", "unchanged", "revised"].into_iter().enumerate() {
        setup.send_urls(["http://alpha.example/storm"]);
        let outcomes = setup.ended(round + 1);
        assert_eq!(outcomes.last().unwrap().json()["outcome"], expected);
    }
    setup.committed_to_the_end();
    let articles: Vec<_> = setup.read("articles").all().iter().map(schema::article).collect();
    let told = |article: &serde_json::Value| (article["revision"].clone(), article["changed"].clone());
    assert_eq!(told(&articles[0]), (1.into(), serde_json::Value::Null));
    assert_eq!(told(&articles[1]), (2.into(), json!({ "words_added": 1, "words_removed": 1 })));
    assert!(articles[0]["modified_at"].is_null() && articles[1]["modified_at"].is_string(), "{}", articles[1]);
    worker.stop();
}
