//! Workers and brokers killed at random while messages come in, then an oracle that reads every topic.
//!
//! | room | what it is |
//! |---|---|
//! | [`plan`] | sizes and seed, from `CRASH_…` in the environment; the messages |
//! | [`storm`] | what is done to workers and brokers |
//! | [`watch`] | outcomes as a reader at `read_committed` sees them come in |
//! | [`oracle`] | what came of each message, and whether it is allowed |

mod oracle;
mod plan;
mod storm;
mod watch;

use std::time::Duration;

use crate::kafka::Cluster;
use crate::redis::Redis;
use crate::setup::Setup;
use oracle::{Evidence, Finding};
use plan::Plan;
use storm::Storm;
use watch::{Spread, Watch};

/// How long no message may end, with the storm over, until the run counts as stuck.
const STUCK: Duration = Duration::from_secs(120);

#[test]
fn ten_kills_and_a_broker_lose_nothing_and_double_nothing() {
    run(&Plan { urls: 600, workers: 2, kills: 10, brokers: 1, broker_kills: 1, ..Plan::default() });
}

#[test]
fn workers_that_are_killed_publish_one_of_each_pair_and_call_none_its_own_copy() {
    let store = "redis".to_owned();
    run(&Plan { urls: 400, workers: 3, kills: 8, brokers: 1, broker_kills: 0, store, ..Plan::default() });
}

#[test]
#[ignore = "minutes to hours long: `make crash` runs it and prints its figures"]
fn the_long_form_loses_nothing_and_doubles_nothing() {
    run(&Plan::from_environment());
}

fn run(plan: &Plan) {
    println!("{plan:?}");
    let cluster = Cluster::start(plan.brokers);
    let mut setup = Setup::on(&format!("crash-{}", plan.seed), &cluster);
    plan.configure(&mut setup);
    let redis = (plan.store == "redis").then(Redis::start);
    if let Some(redis) = &redis {
        setup.set("dedup", "store", "\"redis\"");
        setup.set("dedup", "redis_url", &format!("{:?}", redis.url()));
    }
    let watch = Watch::start(setup.topics.read(&[&setup.topic("outcomes")]));
    let mut storm = Storm::new(plan, &setup, &cluster, &watch);
    storm.rage();
    let calm = storm.calm_down(plan.urls, STUCK);
    let report = storm.end();
    let stalls = watch.stop();

    let evidence = Evidence::gather(&setup);
    let mut findings = evidence.judge();
    if redis.is_some() {
        evidence.judge_stories(&mut findings);
    }
    let requests = setup.site.all_requests();
    let needed = plan.requests();
    println!("{report}");
    println!("work goes on in a killed worker's partitions: {}", Spread(&stalls.after_workers));
    println!("work goes on after a broker is killed: {}", Spread(&stalls.after_brokers));
    println!("longest stall of a reader while messages were open: {:.1} s", stalls.longest.as_secs_f64());
    for (until, lasted) in &stalls.long {
        println!("a stall of {:.1} s, until {until}", lasted.as_secs_f64());
    }
    println!(
        "pages asked for {requests} times, {needed} without a failure: {} again, {:.1} a kill",
        requests.saturating_sub(needed),
        requests.saturating_sub(needed) as f64 / plan.kills.max(1) as f64,
    );
    println!("{findings}");
    assert!(calm, "some messages never ended");
    assert!(report.surprises.is_empty(), "workers ended as they should not: {:#?}", report.surprises);
    assert_eq!(findings.violations(), 0, "{:#?}", findings.list.iter().take(20).collect::<Vec<&Finding>>());
}
