//! What is known outlives the worker.

use crate::setup::{Setup, of_url};
use crate::worker::Worker;

#[test]
fn a_worker_that_was_killed_knows_what_it_published() {
    let mut setup = Setup::new("known-killed");
    // Under its own name it takes up work at once.
    setup.set("delivery", "instance_id", "\"one\"");
    let folder = setup.file("marker", "").with_file_name("known");
    let environment = [("NEWSWIRE__DEDUP__PATH", folder.to_str().unwrap())];
    let worker = Worker::launch_with(&setup, &environment);
    setup.send_urls(["http://alpha.example/article/1"]);
    let first = setup.ended(1);
    setup.committed_to_the_end();
    worker.kill();

    let worker = Worker::launch_with(&setup, &environment);
    setup.send_urls(["http://beta.example/article/1", "http://alpha.example/article/1"]);
    let outcomes = setup.ended(3);
    let copy = of_url(&outcomes, "http://beta.example/article/1")[0].json();
    assert_eq!((&copy["outcome"], &copy["of"]), (&"duplicate".into(), &first[0].json()["article_id"]));
    assert_eq!(of_url(&outcomes, "http://alpha.example/article/1")[1].json()["outcome"], "unchanged");
    worker.stop();
}
