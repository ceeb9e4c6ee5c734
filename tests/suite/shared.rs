//! What a group knows together: claims in a real Redis, by several clients, processes and workers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use newswire::dedup::{ArticleId, Asked, Finding, Fingerprint, Limits, Original, Store};
use newswire::fetch::Validators;
use newswire::record::Origin;
use serde_json::json;
use url::Url;

use crate::command::{newswire, newswire_fed, newswire_within};
use crate::redis::Redis;
use crate::setup::{Setup, of_url};
use crate::wait::{self, SOON};
use crate::worker::Worker;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const NOW: u32 = 1_800_000_000;

fn store(redis: &Redis) -> Arc<Store> {
    let limits = Limits { ttl: DAY, most: usize::MAX, original: Original::First };
    Store::shared(limits, &redis.url(), "test").unwrap()
}

fn asked(key: &str, text: &str, offset: i64) -> Asked {
    let origin = Origin { topic: "news.urls".into(), partition: 0, offset };
    let (id, text) = (ArticleId::of_key(key), Fingerprint::of(text));
    Asked { id, host: offset as u32, text, source: None, origin: origin.clone(), consumed: origin, at: NOW }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_of_a_page_that_one_has_read_is_known_to_others_but_not_to_its_own_message() {
    let redis = Redis::start();
    let (one, other) = (store(&redis), store(&redis));
    let origin = |offset| Origin { topic: "news.urls".into(), partition: 0, offset };
    let url = Url::parse("http://a.example/page").unwrap();
    let version = Validators { url, etag: Some("\"1\"".into()), last_modified: None };
    // The first answer of Redis tells that it is there.
    for store in [&one, &other] {
        settled(store, &asked("a", &story("x", 0..300), 1)).await;
    }
    one.visit("a.example/page", &origin(1), Some(&version)).await;
    assert_eq!(other.visited("a.example/page", &origin(1)).await, None);
    assert_eq!(other.visited("a.example/page", &origin(2)).await, Some(version));
    other.visit("a.example/page", &origin(2), None).await;
    assert_eq!(one.visited("a.example/page", &origin(3)).await, None);
}

/// A text of different words.
fn story(name: &str, words: std::ops::Range<usize>) -> String {
    words.map(|word| format!("{name}w{word}")).collect::<Vec<_>>().join(" ")
}

fn told(finding: &Finding) -> String {
    match finding {
        Finding::Unchanged => "unchanged".into(),
        Finding::Again(decision) | Finding::Decided(decision) => match decision.ruling {
            ruling if ruling.duplicate => format!("duplicate of {}", ruling.link.unwrap().of),
            ruling if ruling.revision > 1 => format!("revision {}", ruling.revision),
            _ => "new".into(),
        },
    }
}

fn duplicate_of(key: &str) -> String {
    format!("duplicate of {}", ArticleId::of_key(key))
}

/// Claims and confirms; the decision is known to all when this returns.
async fn settled(store: &Arc<Store>, asked: &Asked) -> String {
    let (finding, claim) = store.claim(asked).await;
    if let Some(claim) = claim {
        claim.confirm();
    }
    store.settled(SOON).await;
    told(&finding)
}

/// Whether a claim waits for another that is not settled: it has had time to ask several times.
async fn waits(store: &Arc<Store>, asked: &Asked) -> bool {
    tokio::time::timeout(Duration::from_secs(1), store.claim(asked)).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_clients_know_what_one_has_decided() {
    let redis = Redis::start();
    let (one, other) = (store(&redis), store(&redis));
    assert_eq!(settled(&one, &asked("a", &story("x", 0..300), 1)).await, "new");
    assert_eq!(settled(&other, &asked("a", &story("x", 0..300), 2)).await, "unchanged");
    assert_eq!(settled(&other, &asked("b", &story("x", 0..280), 3)).await, duplicate_of("a"));
    assert_eq!(settled(&other, &asked("c", &story("x", 0..280), 4)).await, duplicate_of("a"));
    assert_eq!(settled(&one, &asked("d", &story("y", 0..280), 5)).await, "new");
    assert_eq!(settled(&other, &asked("d", &(story("y", 0..280) + " mended"), 6)).await, "revision 2");
    assert_eq!(settled(&one, &asked("d", &(story("y", 0..280) + " mended again"), 7)).await, "revision 3");
    assert_eq!(settled(&one, &asked("short", "A short text.", 8)).await, "new");
    assert_eq!(settled(&other, &asked("shorter", "a short text", 9)).await, duplicate_of("short"));
    // A message that comes again, to whomever, is no duplicate of itself.
    assert_eq!(settled(&one, &asked("b", &story("x", 0..280), 3)).await, duplicate_of("a"));
    assert_eq!(settled(&other, &asked("d", &(story("y", 0..280) + " mended again"), 7)).await, "revision 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_waits_for_the_original_of_another_client() {
    let redis = Redis::start();
    let (one, other) = (store(&redis), store(&redis));
    let (first, claim) = one.claim(&asked("a", &story("x", 0..300), 1)).await;
    assert_eq!(told(&first), "new");
    assert!(waits(&other, &asked("b", &story("x", 0..280), 2)).await);
    claim.unwrap().confirm();
    assert_eq!(settled(&other, &asked("b", &story("x", 0..280), 2)).await, duplicate_of("a"));

    let (_, claim) = one.claim(&asked("c", &story("y", 0..300), 3)).await;
    assert!(waits(&other, &asked("d", &story("y", 0..300), 4)).await);
    claim.unwrap().release();
    assert_eq!(settled(&other, &asked("d", &story("y", 0..300), 4)).await, "new");

    let (revised, claim) = one.claim(&asked("d", &story("z", 0..300), 5)).await;
    assert_eq!(told(&revised), "revision 2");
    claim.unwrap().release();
    one.settled(SOON).await;
    assert_eq!(settled(&other, &asked("d", &story("y", 0..300), 6)).await, "unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_over_is_out_of_reach_for_who_had_it() {
    let redis = Redis::start();
    let (zombie, other) = (store(&redis), store(&redis));
    let article = asked("a", &story("x", 0..300), 1);
    let (_, old) = zombie.claim(&article).await;
    let (again, new) = other.claim(&article).await;
    assert_eq!(told(&again), "new");
    old.unwrap().release();
    zombie.settled(SOON).await;
    assert!(waits(&zombie, &asked("b", &story("x", 0..300), 2)).await);
    new.unwrap().confirm();
    assert_eq!(settled(&zombie, &asked("b", &story("x", 0..300), 2)).await, duplicate_of("a"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_pending_is_resolved_by_the_groups_commit() {
    let redis = Redis::start();
    for (round, committed) in [true, false].into_iter().enumerate() {
        let other = store(&redis);
        let (name, offset) = (format!("x{round}"), 10 + 10 * round as i64);
        let article = asked(&name, &story(&name, 0..300), offset);
        // A process that is gone: nobody settles, nobody gives up.
        let crashed = store(&redis);
        std::mem::forget(crashed.claim(&article).await.1);
        let copy = asked(&format!("copy{round}"), &story(&name, 0..290), offset + 1);
        assert!(waits(&other, &copy).await);
        other.resolve(move |consumed| (consumed.offset == offset).then_some(committed));
        if committed {
            assert_eq!(settled(&other, &copy).await, duplicate_of(&name));
        } else {
            assert!(waits(&other, &copy).await, "kept for the message that comes again");
            assert_eq!(settled(&other, &article).await, "new");
            assert_eq!(settled(&other, &copy).await, duplicate_of(&name));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_clients_make_one_original_of_each_pair() {
    let redis = Redis::start();
    let stores = [store(&redis), store(&redis)];
    let mut racers = tokio::task::JoinSet::new();
    let pairs = 1_500;
    for pair in 0..pairs {
        for (side, store) in stores.iter().enumerate() {
            let store = store.clone();
            // Exact copies and cut ones, at addresses of their own.
            let words = if pair % 2 == 0 { 60 } else { 60 + 6 * side };
            let text = story(&format!("p{pair}"), 0..words);
            let asked = asked(&format!("{pair}-{side}"), &text, (pair * 2 + side) as i64);
            racers.spawn(async move {
                let (finding, claim) = store.claim(&asked).await;
                tokio::task::yield_now().await;
                claim.unwrap().confirm();
                let Finding::Decided(decision) = finding else { panic!("{finding:?}") };
                (pair, decision.ruling.link.is_none())
            });
            // As many at once as a worker has in flight.
            while racers.len() > 200 {
                racers.join_next().await;
            }
        }
    }
    while racers.join_next().await.is_some() {}
    // What they were told is what is known: the answers that were dropped above are asked for again.
    let mut originals: BTreeMap<usize, usize> = BTreeMap::new();
    for pair in 0..pairs {
        for (side, store) in stores.iter().enumerate() {
            let words = if pair % 2 == 0 { 60 } else { 60 + 6 * side };
            let text = story(&format!("p{pair}"), 0..words);
            let again = asked(&format!("{pair}-{side}"), &text, (pair * 2 + side) as i64);
            let (finding, _) = store.claim(&again).await;
            let Finding::Again(decision) = finding else { panic!("{finding:?}") };
            *originals.entry(pair).or_default() += usize::from(decision.ruling.link.is_none());
        }
    }
    originals.retain(|_, count| *count != 1);
    assert_eq!(originals, BTreeMap::new(), "pairs with another number of originals than one");
}

#[test]
fn racing_processes_make_one_original_of_each_pair() {
    let redis = Redis::start();
    let pairs = 1_500;
    let run = |side: &'static str| {
        let url = redis.url();
        std::thread::spawn(move || {
            let document = |pair: usize| {
                let text = story(&format!("p{pair}"), 0..60);
                json!({ "id": format!("{side}{pair}"), "host": format!("{side}{pair}.example"), "text": text })
                    .to_string()
            };
            let documents: Vec<String> = (0..pairs).map(document).collect();
            newswire_fed(&["dedup", "--store", &url], documents.join("\n").as_bytes())
        })
    };
    let sides = [run("a"), run("b")].map(|side| side.join().unwrap());
    for side in &sides {
        assert_eq!(side.code, 0, "{}", side.err);
    }
    let [ones, others] = sides.map(|side| side.lines());
    assert_eq!((ones.len(), others.len()), (pairs, pairs));
    for (one, other) in ones.iter().zip(&others) {
        assert_ne!(one["of"].is_null(), other["of"].is_null(), "{one} {other}");
    }
}

#[test]
fn workers_of_a_group_publish_each_story_once() {
    let redis = Redis::start();
    let mut setup = Setup::new("shared-workers");
    setup.set("dedup", "store", "\"redis\"");
    setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
    let start = |name: &str| {
        let mut worker = Worker::launch_with(&setup, &[("NEWSWIRE__DELIVERY__INSTANCE_ID", name)]);
        worker.ready();
        worker
    };
    let workers = [start("one"), start("two")];
    let hosts = ["alpha.example", "beta.example", "gamma.example"];
    setup.send_urls((0..120).map(|number| format!("http://{}/article/{}", hosts[number % 3], number / 3)));
    let outcomes = setup.ended(120);
    setup.committed_to_the_end();
    let mut originals: BTreeMap<String, usize> = BTreeMap::new();
    for json in outcomes.iter().map(|record| record.json()) {
        let url = json["url"].as_str().unwrap();
        let story = url.rsplit('/').next().unwrap();
        match json["outcome"].as_str() {
            Some("published") => *originals.entry(story.into()).or_default() += 1,
            Some("duplicate" | "deferred") => {}
            _ => panic!("{json}"),
        }
    }
    assert_eq!(originals.len(), 40);
    assert!(originals.values().all(|count| *count == 1), "{originals:?}");
    let took = |worker: &Worker| worker.metrics().sum("newswire_consumed_messages", &[]) > 0.0;
    assert!(workers.iter().all(took), "both had work");
    for worker in workers {
        worker.stop();
    }
}

#[test]
fn while_redis_is_away_articles_wait_and_nothing_is_published_unclaimed() {
    let mut redis = Redis::start();
    let mut setup = Setup::new("shared-away");
    setup.set("dedup", "store", "\"redis\"");
    setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    let first = setup.ended(1);
    setup.committed_to_the_end();
    redis.kill();
    let unready = || worker.get("/readyz").filter(|page| page.status == 503 && page.body.contains("dedup"));
    wait::until("it to be unready", SOON, unready);
    setup.send_urls(["http://beta.example/article/1", "http://alpha.example/article/2"]);
    worker.says(&["the shared dedup store does not answer"], SOON);
    wait::until("both to be read", SOON, || {
        (worker.metrics().sum("newswire_stage_duration_seconds_count", &["extract"]) >= 3.0).then_some(())
    });
    assert_eq!(setup.read("articles").all().len(), 1);
    redis.start_again();
    let outcomes = setup.ended(3);
    let copy = of_url(&outcomes, "http://beta.example/article/1")[0].json();
    assert_eq!((&copy["outcome"], &copy["of"]), (&"duplicate".into(), &first[0].json()["article_id"]));
    assert_eq!(of_url(&outcomes, "http://alpha.example/article/2")[0].json()["outcome"], "published");
    wait::until("it to be ready again", SOON, || (worker.get("/readyz")?.status == 200).then_some(()));
    worker.stop();
}

#[test]
fn an_archive_that_is_loaded_is_known_to_the_group() {
    let redis = Redis::start();
    let mut setup = Setup::new("shared-loaded");
    setup.set("dedup", "store", "\"redis\"");
    setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
    let worker = Worker::start(&setup);
    let urls = |host: &str| (1..=5).map(|number| format!("http://{host}.example/article/{number}")).collect::<Vec<_>>();
    setup.send_urls(urls("alpha"));
    setup.ended(5);
    setup.committed_to_the_end();
    worker.stop();
    let archive: String = setup.read("articles").all().iter().map(|record| format!("{}\n", record.json())).collect();

    // The next deployment: another group, another Redis, nothing in it.
    let away = redis.url();
    drop(redis);
    let redis = Redis::start();
    let mut setup = Setup::new("shared-loaded-anew");
    setup.set("dedup", "store", "\"redis\"");
    setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
    let (file, settings) = (setup.file("archive.jsonl", archive), setup.write_settings("load.toml"));
    let (file, settings) = (file.to_str().unwrap(), settings.to_str().unwrap());
    let loaded = newswire(&["dedup", "--load", file, "--config", settings]);
    assert_eq!((loaded.code, loaded.json()), (0, json!({ "read": 5, "loaded": 5, "known": 0, "bad": 0 })));
    assert_eq!(newswire(&["dedup", "--load", file, "--config", settings]).json()["known"], 5);
    let stats = newswire(&["dedup", "--stats", "--config", settings]).json();
    assert_eq!((&stats["articles"], &stats["pending"], &stats["stories"]["count"]), (&5.into(), &0.into(), &5.into()));
    let refused = newswire(&["dedup", "--load", file, "--store", &away]);
    assert!(refused.code == 1 && refused.err.contains("dedup.redis_url"), "{refused:?}");

    let worker = Worker::start(&setup);
    setup.send_urls(urls("alpha"));
    setup.ended(5);
    setup.send_urls(urls("beta"));
    let outcomes = setup.ended(10);
    for (url, copy) in urls("alpha").iter().zip(urls("beta")) {
        assert_eq!(of_url(&outcomes, url)[0].json()["outcome"], "unchanged");
        assert_eq!(of_url(&outcomes, &copy)[0].json()["outcome"], "duplicate");
    }
    worker.stop();
}

/// A user that may do what newswire needs, with keys of newswire's alone, and nobody else.
const USERS: [&str; 2] =
    ["--user default off", "--user newswire on >hunter2 ~{nw:* +@read +@write +@scripting +@connection +time"];

#[test]
fn a_store_behind_tls_takes_who_knows_its_authority_and_the_password() {
    let redis = Redis::start_guarded(&["--requirepass hunter2"]);
    let authority = redis.authority();
    let trusting = [("SSL_CERT_FILE", authority.to_str().unwrap())];
    let ask = |environment: &[(&str, &str)], who: &str, id: &str| {
        let document = json!({ "id": id, "host": format!("{id}.example"), "text": story("x", 0..60) }).to_string();
        newswire_within(environment, &["dedup", "--store", &redis.guarded_url(who)], document.as_bytes())
    };
    let first = ask(&trusting, ":hunter2", "a");
    assert_eq!((first.code, &first.lines()[0]["of"]), (0, &serde_json::Value::Null), "{first:?}");
    let copy = ask(&trusting, ":hunter2", "b");
    assert_eq!(copy.lines()[0]["of"], ArticleId::of_key("a").to_string(), "{copy:?}");
    let refused = ask(&trusting, ":hunter3", "c");
    assert!(refused.code == 1 && refused.err.contains("dedup.redis_url"), "{refused:?}");
    let untrusted = ask(&[("SSL_CERT_FILE", "/dev/null")], ":hunter2", "d");
    assert!(untrusted.code == 1 && untrusted.err.contains("dedup.redis_url"), "{untrusted:?}");
    for answer in [&refused, &untrusted] {
        assert!(!answer.err.contains("hunter"), "no password is told: {}", answer.err);
    }
}

#[test]
fn a_worker_needs_no_more_of_a_store_than_its_own_keys() {
    let redis = Redis::start_guarded(&USERS);
    let mut setup = Setup::new("shared-guarded");
    setup.set("dedup", "store", "\"redis\"");
    setup.set("frontier", "store", "\"redis\"");
    setup.set("dedup", "redis_url", &format!("{:?}", redis.guarded_url("newswire:hunter2")));
    let authority = redis.authority();
    let mut worker = Worker::launch_with(&setup, &[("SSL_CERT_FILE", authority.to_str().unwrap())]);
    worker.ready();
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    setup.send_urls(["http://beta.example/article/1"]);
    let outcomes = setup.ended(2);
    assert_eq!(of_url(&outcomes, "http://beta.example/article/1")[0].json()["outcome"], "duplicate");
    assert_eq!(worker.metrics().sum("newswire_host_pace_shared", &[]), 1.0);
    assert_eq!(worker.metrics().sum("newswire_host_turns_alone", &[]), 0.0);
    assert!(!worker.log().contains("hunter2"), "no password is told");
    worker.stop();
}
