//! A page that takes the process with it stops no partition for ever.

use crate::setup::{Setup, ended_for_good};
use crate::wait::{self, SOON};
use crate::worker::Worker;

#[test]
fn a_page_that_kills_the_process_three_times_is_rejected_and_the_others_go_on() {
    let setup = Setup::new("deadly");
    let environment = [("NEWSWIRE_TEST_DEADLY_PATH", "/article/5")];
    setup.send_urls((0..20).map(|number| format!("http://alpha.example/article/{number}")));
    let mut deaths = 0;
    let worker = loop {
        let mut worker = Worker::launch_with(&setup, &environment);
        let ended = wait::until("the end of the worker, or of the messages", SOON, || {
            if let Some(status) = worker.ended() {
                assert_eq!(status.code(), None, "killed by its own abort: {}", worker.log());
                return Some(false);
            }
            (ended_for_good(setup.read("outcomes").all()) >= 20).then_some(true)
        });
        if ended {
            break worker;
        }
        deaths += 1;
        assert!(deaths <= 3, "it kills on and on");
    };
    assert_eq!(deaths, 3);
    let outcomes = setup.ended(20);
    let deadly: Vec<_> =
        outcomes.iter().map(|record| record.json()).filter(|json| json["outcome"] == "rejected").collect();
    assert_eq!(deadly.len(), 1);
    assert_eq!(deadly[0]["url"], "http://alpha.example/article/5");
    assert_eq!(deadly[0]["reason"], "stage_failed");
    setup.committed_to_the_end();
    worker.stop();
}
