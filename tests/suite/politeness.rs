//! What a publisher sees in its log, and what an operator can do about a host.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use crate::redis::Redis;
use crate::setup::{HOSTS, Setup, of_url};
use crate::site::{Answer, Visit};
use crate::topics::Message;
use crate::wait::{self, SOON};
use crate::worker::Worker;

const DELAY: Duration = Duration::from_millis(300);

/// A world in which hosts rest for [`DELAY`] and serve one request at a time.
fn polite(name: &str) -> Setup {
    let mut setup = Setup::new(name);
    setup.set("frontier", "host_delay", "\"300ms\"");
    setup.set("frontier", "host_concurrency", "1");
    setup
}

fn by_host(visits: Vec<Visit>) -> BTreeMap<String, Vec<Visit>> {
    let mut hosts: BTreeMap<String, Vec<Visit>> = BTreeMap::new();
    visits.into_iter().for_each(|visit| hosts.entry(visit.host.clone()).or_default().push(visit));
    hosts
}

#[test]
fn a_hosts_log_has_robots_first_and_every_request_after_its_rest() {
    let setup = polite("polite-log");
    let robots = Answer::bytes("text/plain", "User-agent: *\nCrawl-delay: 0.8\nDisallow: /private/\n");
    setup.site.set("beta.example/robots.txt", robots);
    setup.send_urls((0..24).map(|number| format!("http://{}/article/{number}", HOSTS[number % 3])));
    setup.send_urls(["http://beta.example/private/1"]);
    let worker = Worker::start(&setup);
    setup.ended(10);
    worker.stop();
    let before = setup.site.visits().len();
    let worker = Worker::start(&setup);
    setup.ended(25);
    worker.stop();
    let visits = setup.site.visits();
    // One worker knows nothing of what the one before it asked for.
    for of_one_worker in [&visits[..before], &visits[before..]] {
        for (host, visits) in by_host(of_one_worker.to_vec()) {
            assert_eq!(visits[0].path, "/robots.txt", "{host} is asked for its rules first");
            assert!(visits.iter().all(|visit| !visit.path.starts_with("/private/")), "{host} said no");
            let rest = if host == "beta.example" { Duration::from_millis(800) } else { DELAY };
            for pair in visits.windows(2) {
                let rested = pair[1].begun.saturating_duration_since(pair[0].ended);
                assert!(rested >= rest, "{host} rested for {rested:?} between {:?} and {:?}", pair[0], pair[1]);
            }
        }
    }
}

#[test]
fn a_host_that_asks_for_quiet_has_it() {
    let setup = polite("polite-quiet");
    let tired = Answer::status(429).with("retry-after", "2");
    setup.site.sequence("alpha.example/article/1", vec![tired, Answer::article(1)]);
    let worker = Worker::start(&setup);
    setup.send_urls((1..6).map(|number| format!("http://alpha.example/article/{number}")));
    let outcomes = setup.ended(5);
    assert_eq!(of_url(&outcomes, "http://alpha.example/article/1").last().unwrap().json()["outcome"], "published");
    let visits = setup.site.visits();
    let refusal = visits.iter().find(|visit| visit.status == 429).expect("a refusal");
    for later in visits.iter().filter(|visit| visit.begun > refusal.begun) {
        let quiet = later.begun.saturating_duration_since(refusal.ended);
        assert!(quiet >= Duration::from_secs(2), "it had {quiet:?} of quiet before {later:?}");
    }
    worker.stop();
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again_unless_somebody_insists() {
    let setup = Setup::new("polite-conditional");
    let url = "http://alpha.example/kept";
    setup.site.set("alpha.example/kept", Answer::article(7).with("etag", "\"seven\""));
    let worker = Worker::start(&setup);
    let statuses = || {
        let visits = setup.site.visits();
        visits.iter().filter(|visit| visit.path == "/kept").map(|visit| visit.status).collect::<Vec<_>>()
    };
    for (round, message) in
        [url.to_owned(), url.to_owned(), format!(r#"{{"url": "{url}", "force": true}}"#)].iter().enumerate()
    {
        setup.send(&[Message::of(message.as_str()).on(0)]);
        setup.ended(round + 1);
    }
    let outcomes: Vec<_> = setup.ended(3).iter().map(|record| record.json()["outcome"].clone()).collect();
    assert_eq!(outcomes, ["published", "unchanged", "unchanged"]);
    assert_eq!(statuses(), [200, 304, 200]);
    worker.stop();
}

#[test]
fn an_operator_with_the_token_stops_a_host_and_lets_it_go_on() {
    let mut setup = Setup::new("polite-orders");
    setup.set("admin", "control", "true");
    setup.set("admin", "token", "\"open-sesame\"");
    let worker = Worker::start(&setup);
    let token = "authorization: Bearer open-sesame\r\n";
    assert_eq!(worker.post("/hosts/alpha.example/pause?for=1h", "").status, 401);
    assert_eq!(worker.post("/hosts/alpha.example/pause?for=1h", "authorization: Bearer guessed\r\n").status, 401);
    assert_eq!(worker.post("/hosts/alpha.example/pause?for=1h&why=ticket", token).status, 200);
    setup.send_urls(["http://alpha.example/article/1", "http://beta.example/article/2"]);
    let mut reader = setup.read("outcomes");
    let is_deferred = |json: &serde_json::Value| json["outcome"] == "deferred";
    let seen = reader.until("a deferral", SOON, |all| all.iter().any(|record| is_deferred(&record.json())));
    let deferred = seen.iter().map(|record| record.json()).find(is_deferred).unwrap();
    assert_eq!(
        (&deferred["url"], &deferred["reason"]),
        (&"http://alpha.example/article/1".into(), &"host_busy".into())
    );
    assert_eq!(setup.site.requests("alpha.example/article/1"), 0);
    assert!(worker.get("/hosts/alpha.example").is_some_and(|page| page.body.contains("ticket")), "the why is shown");
    assert_eq!(worker.post("/hosts/alpha.example/resume", token).status, 200);
    let outcomes = setup.ended(2);
    assert_eq!(of_url(&outcomes, "http://alpha.example/article/1").last().unwrap().json()["outcome"], "published");
    worker.stop();
}

#[test]
fn a_file_of_rules_is_read_again_when_it_changes_and_kept_when_it_breaks() {
    let mut setup = Setup::new("polite-rules");
    let block = "[[rule]]\nhost = \"alpha.example\"\naction = \"block\"\nwhy = \"they asked us to\"\n";
    let file = setup.file("rules.toml", block);
    setup.set("frontier", "rules", &format!("{:?}", file.to_str().unwrap()));
    let worker = Worker::start(&setup);
    let mut number = 0;
    let mut try_one = || {
        number += 1;
        let url = format!("http://alpha.example/article/{number}");
        setup.send_urls([&url]);
        let outcomes = setup.ended(number);
        of_url(&outcomes, &url).last().unwrap().json()
    };
    let said = try_one();
    assert_eq!((&said["outcome"], &said["reason"]), (&"rejected".into(), &"blocked_host".into()));
    assert!(said["detail"].as_str().unwrap_or_default().contains("they asked us to"), "{said}");
    fs::write(&file, format!("{block}[[rule]\nhost = broken")).unwrap();
    wait::until("the broken file to be told", SOON, || {
        assert_eq!(try_one()["reason"], "blocked_host", "the old rules hold");
        worker.log().contains("rules.toml").then_some(())
    });
    fs::write(&file, "# none").unwrap();
    wait::until("the rule to be gone", SOON, || (try_one()["outcome"] == "published").then_some(()));
    assert_eq!(setup.site.requests("alpha.example/article/1"), 0);
    worker.stop();
}

#[test]
fn workers_of_a_group_keep_a_hosts_interval_together() {
    let mut redis = Redis::start();
    let mut setup = polite("polite-together");
    setup.set("frontier", "store", "\"redis\"");
    setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
    let start = |name: &str| Worker::launch_with(&setup, &[("NEWSWIRE__DELIVERY__INSTANCE_ID", name)]);
    let mut workers = vec![start("one")];
    workers[0].ready();
    let send = |numbers: std::ops::Range<usize>| {
        setup.send_urls(numbers.map(|number| format!("http://alpha.example/article/{number}")));
    };
    let took = |worker: &Worker| worker.metrics().sum("newswire_consumed_messages", &[]) > 0.0;
    send(0..12);
    // The second joins while the first reads: partitions change hands, and sooner or later it has some.
    workers.push(start("two"));
    workers[1].ready();
    let mut sent = 12;
    while !took(&workers[1]) {
        assert!(sent < 600, "the second worker has no work");
        send(sent..sent + 4);
        sent += 4;
        setup.ended(sent);
    }
    send(sent..sent + 12);
    sent += 12;
    setup.ended(sent);
    assert!(workers.iter().all(|worker| worker.metrics().sum("newswire_host_pace_shared", &[]) == 1.0));
    // The store counts from when a worker has read an answer, which is later than the site's note of it. So all that is tolerated
    // is that its clock and the test's are two, of which one may be set right meanwhile.
    let tolerance = Duration::from_millis(5);
    let visits = setup.site.visits();
    assert!(visits.iter().filter(|visit| visit.path == "/robots.txt").count() >= 2, "each asks for the rules");
    for pair in visits.windows(2) {
        let rested = pair[1].begun.saturating_duration_since(pair[0].ended);
        assert!(rested + tolerance >= DELAY, "rested for {rested:?} between {:?} and {:?}", pair[0], pair[1]);
    }
    // Without the store each worker goes on alone, and says so.
    redis.kill();
    send(sent..sent + 8);
    setup.ended(sent + 8);
    let alone = workers.iter().find(|worker| worker.metrics().sum("newswire_host_turns_alone", &[]) > 0.0);
    alone.expect("a worker that kept the pace alone").says(&["the pace of hosts is not shared"], SOON);
    for worker in workers {
        worker.stop();
    }
}
