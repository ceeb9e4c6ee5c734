//! Nothing is lost, whatever ends the worker, and offsets say only what is done: in both modes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::pages;
use crate::schema;
use crate::setup::{Setup, ended_for_good, origin_in};
use crate::site::{Answer, Gate};
use crate::topics::Message;
use crate::wait::{self, SOON};
use crate::worker::Worker;

/// Each of these in both modes, under its own name.
macro_rules! in_both_modes {
    ($($name:ident),* $(,)?) => {
        mod at_least_once {
            $(#[test] fn $name() { super::$name("at_least_once") })*
        }
        mod exactly_once {
            $(#[test] fn $name() { super::$name("exactly_once") })*
        }
    };
}

in_both_modes!(
    an_article_larger_than_its_topic_takes_is_rejected_and_the_others_beside_it_are_published,
    a_sigterm_in_the_middle_loses_nothing_and_doubles_nothing,
    a_kill_in_the_middle_loses_nothing,
    offsets_never_pass_an_unfinished_message,
    intake_pauses_when_full_and_more_messages_than_fit_are_worked_off,
    a_second_sigterm_leaves_at_once_and_the_message_is_done_by_the_next,
    a_drain_that_runs_out_of_time_leaves_the_rest_to_the_next,
    an_interrupt_from_the_keyboard_drains_too,
);

/// Terminal outcomes by origin.
fn endings(setup: &Setup) -> BTreeMap<String, usize> {
    let mut endings = BTreeMap::new();
    for record in setup.read("outcomes").all().iter().filter(|record| record.json()["outcome"] != "deferred") {
        *endings.entry(origin_in(record)).or_default() += 1;
    }
    endings
}

/// A worker with little in flight, so that there is a middle of the work to be interrupted in.
fn narrow(name: &str, mode: &str) -> Setup {
    let mut setup = Setup::in_mode(name, mode);
    setup.set("delivery", "max_in_flight", "16");
    setup
}

fn send_articles(setup: &Setup, count: usize) {
    setup.send_urls((0..count).map(|seed| format!("http://{}/article/{seed}", crate::setup::HOSTS[seed % 3])));
}

/// All origins of the topic of URLs ended, the frontier is at the end, and each article is there.
fn nothing_is_lost(setup: &Setup, count: usize) -> BTreeMap<String, usize> {
    setup.committed_to_the_end();
    let endings = endings(setup);
    let sent: BTreeSet<String> = setup.read("urls").all().iter().map(|record| record.origin()).collect();
    assert_eq!(sent.len(), count);
    assert_eq!(endings.keys().cloned().collect::<BTreeSet<_>>(), sent);
    let articles = setup.read("articles").all().iter().map(schema::article).collect::<Vec<_>>();
    let ids: BTreeSet<_> = articles.iter().map(|article| article["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), count, "each page is its own article");
    endings
}

fn a_sigterm_in_the_middle_loses_nothing_and_doubles_nothing(mode: &str) {
    let setup = narrow("delivery-term", mode);
    send_articles(&setup, 400);
    let worker = Worker::start(&setup);
    setup.ended(50);
    worker.stop();
    let done = ended_for_good(setup.read("outcomes").all());
    assert!(done < 400, "the worker was to be stopped in the middle");
    let worker = Worker::start(&setup);
    setup.ended(400);
    let endings = nothing_is_lost(&setup, 400);
    assert!(endings.values().all(|count| *count == 1), "a drained worker leaves nothing half done");
    worker.stop();
}

fn a_kill_in_the_middle_loses_nothing(mode: &str) {
    let setup = narrow("delivery-kill", mode);
    send_articles(&setup, 400);
    let mut done = 0;
    for _ in 0..3 {
        let worker = Worker::start(&setup);
        setup.read("outcomes").until("some progress", SOON, |all| ended_for_good(all) >= done + 50);
        worker.kill();
        done = ended_for_good(setup.read("outcomes").all());
    }
    assert!(endings(&setup).len() < 400, "the worker was to be killed in the middle");
    let worker = Worker::start(&setup);
    setup.committed_to_the_end();
    let endings = nothing_is_lost(&setup, 400);
    if mode == "exactly_once" {
        assert!(endings.values().all(|count| *count == 1), "done twice: {endings:?}");
        assert_eq!(setup.read("articles").all().len(), 400, "each article once");
    }
    worker.stop();
}

fn offsets_never_pass_an_unfinished_message(mode: &str) {
    let setup = Setup::in_mode("delivery-frontier", mode);
    let gate = Gate::closed();
    setup.site.set("alpha.example/slow", Answer::article(999).behind(&gate));
    let worker = Worker::start(&setup);
    setup.send(&[Message::of("http://alpha.example/slow").on(0)]);
    setup.send(
        &(0..20).map(|seed| Message::of(format!("http://beta.example/article/{seed}")).on(0)).collect::<Vec<_>>(),
    );
    setup.ended(20);
    // Commits go on all the while: another partition's offset gets to its end.
    setup.send(
        &(20..40).map(|seed| Message::of(format!("http://beta.example/article/{seed}")).on(1)).collect::<Vec<_>>(),
    );
    let urls = setup.topic("urls");
    wait::until("the commit of the other partition", SOON, || {
        let committed = setup.topics.committed(setup.group(), &urls);
        assert!(committed.get(&0).is_none_or(|(offset, _)| *offset == 0), "{committed:?}");
        committed.get(&1).is_some_and(|(offset, _)| *offset == 20).then_some(())
    });
    assert_eq!(worker.metrics().sum("newswire_in_flight_messages", &[]), 1.0);
    gate.open();
    setup.ended(41);
    setup.committed_to_the_end();
    worker.stop();
}

fn intake_pauses_when_full_and_more_messages_than_fit_are_worked_off(mode: &str) {
    let mut setup = Setup::in_mode("delivery-full", mode);
    setup.set("delivery", "max_in_flight", "4");
    let gate = Gate::closed();
    for seed in 0..100 {
        setup.site.set(&format!("alpha.example/held/{seed}"), Answer::article(seed).behind(&gate));
    }
    let worker = Worker::start(&setup);
    setup.send_urls((0..100).map(|seed| format!("http://alpha.example/held/{seed}")));
    wait::until("intake to pause", SOON, || {
        let metrics = worker.metrics();
        (metrics.sum("newswire_intake_paused", &[]) == 1.0 && setup.site.all_requests() == 4).then_some(())
    });
    assert_eq!(worker.metrics().sum("newswire_in_flight_messages", &[]), 4.0);
    gate.open();
    setup.ended(100);
    setup.committed_to_the_end();
    worker.stop();
}

fn a_second_sigterm_leaves_at_once_and_the_message_is_done_by_the_next(mode: &str) {
    let mut setup = Setup::in_mode("delivery-twice", mode);
    setup.set("delivery", "drain_timeout", "\"4m\"");
    setup.set("fetch", "read_timeout", "\"10m\"");
    setup.set("fetch", "total_timeout", "\"10m\"");
    let gate = Gate::closed();
    setup.site.set("alpha.example/slow", Answer::article(1).behind(&gate));
    let mut worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/slow"]);
    wait::until("the request", SOON, || (setup.site.requests("alpha.example/slow") == 1).then_some(()));
    worker.signal("TERM");
    wait::until("the worker to drain", SOON, || (worker.get("/readyz")?.status != 200).then_some(()));
    assert!(worker.ended().is_none(), "the first signal waits for what is in flight");
    worker.signal("TERM");
    worker.exit_code(Duration::from_secs(5));
    gate.open();
    let worker = Worker::start(&setup);
    assert_eq!(setup.ended(1)[0].json()["outcome"], "published");
    worker.stop();
}

fn a_drain_that_runs_out_of_time_leaves_the_rest_to_the_next(mode: &str) {
    let mut setup = Setup::in_mode("delivery-budget", mode);
    setup.set("delivery", "drain_timeout", "\"500ms\"");
    let gate = Gate::closed();
    setup.site.set("alpha.example/slow", Answer::article(1).behind(&gate));
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/slow"]);
    wait::until("the request", SOON, || (setup.site.requests("alpha.example/slow") == 1).then_some(()));
    worker.stop();
    gate.open();
    let worker = Worker::start(&setup);
    assert_eq!(setup.ended(1).last().unwrap().json()["outcome"], "published");
    setup.committed_to_the_end();
    worker.stop();
}

fn an_interrupt_from_the_keyboard_drains_too(mode: &str) {
    let setup = Setup::in_mode("delivery-int", mode);
    let mut worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1"]);
    setup.ended(1);
    worker.signal("INT");
    assert_eq!(worker.exit_code(SOON), Some(0));
    assert_eq!(setup.topics.lag(setup.group(), &setup.topic("urls")), 0);
}

fn an_article_larger_than_its_topic_takes_is_rejected_and_the_others_beside_it_are_published(mode: &str) {
    let mut setup = Setup::in_mode("delivery-large", mode);
    let small = setup.topic("small");
    setup.topics.create_with(&small, 1, &[("max.message.bytes", "60000")]);
    setup.set("topics", "articles", &format!("{small:?}"));
    // Long enough for all of them to go in one transaction, and in one batch.
    setup.set("delivery", "commit_interval", "\"10s\"");
    // The text of 200 articles: what is left of it when it is compressed is too large still.
    let mut long = pages::article(1);
    long.paragraphs = (1_000..1_200).flat_map(|seed| pages::article(seed).paragraphs).collect();
    setup.site.set("alpha.example/long", Answer::html(long.html()));
    let worker = Worker::start(&setup);
    let urls = (400..420).map(|seed| format!("http://alpha.example/article/{seed}"));
    setup.send_urls(urls.chain(["http://alpha.example/long".to_owned()]));
    for record in setup.ended(21) {
        let json = record.json();
        let is_long = json["url"] == "http://alpha.example/long";
        assert_eq!(json["outcome"], if is_long { "rejected" } else { "published" }, "{json:#}");
        assert_eq!(json.get("reason"), is_long.then_some(&"too_large".into()), "{json:#}");
    }
    assert_eq!(setup.read("small").all().len(), 20);
    worker.stop();
}
