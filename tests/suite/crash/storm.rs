//! What is done to workers and brokers.

use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

use super::plan::{Chance, Plan};
use super::watch::{Down, Spread, Watch};
use crate::kafka::Cluster;
use crate::setup::Setup;
use crate::wait::{self, SOON};
use crate::worker::{Metrics, Worker};

/// Longer than the session timeout of the workers: the group gives up whoever sleeps so long.
const FROZEN: Duration = Duration::from_secs(8);

/// How long to wait for work to go on before the next strike: some hit a worker that has just started.
const LULL: Duration = Duration::from_secs(3);

/// How long after its name was taken a worker may take to find out.
const FENCED_WITHIN: Duration = Duration::from_secs(40);

/// A run under way.
pub struct Storm<'a> {
    plan: &'a Plan,
    setup: &'a Setup,
    cluster: &'a Cluster,
    watch: &'a Watch,
    chance: Chance,
    workers: Vec<Worker>,
    sent: usize,
    report: Report,
}

/// What was done.
#[derive(Debug, Default, Clone)]
pub struct Report {
    kills: usize,
    drains: usize,
    frozen: usize,
    replaced: usize,
    brokers: usize,
    /// From the signal to the end of the process.
    drain_times: Vec<Duration>,
    /// Ends of workers that nobody asked for.
    pub surprises: Vec<String>,
    took: Duration,
}

impl<'a> Storm<'a> {
    /// Starts the workers.
    pub fn new(plan: &'a Plan, setup: &'a Setup, cluster: &'a Cluster, watch: &'a Watch) -> Self {
        let workers = (0..plan.workers).map(|number| launch(setup, number)).collect();
        let chance = Chance(plan.seed);
        Self { plan, setup, cluster, watch, chance, workers, sent: 0, report: Report::default() }
    }

    /// Sends all messages, and kills meanwhile.
    pub fn rage(&mut self) {
        let started = Instant::now();
        let every = self.plan.kills / self.plan.broker_kills.max(1);
        for kill in 1..=self.plan.kills {
            let ended = self.watch.ended();
            self.send(self.plan.urls * kill / self.plan.kills);
            // Into the middle of the work.
            let start = Instant::now();
            while self.watch.ended() <= ended && start.elapsed() < LULL {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(self.chance.below(700) as u64));
            self.restart_the_dead();
            self.strike();
            if self.report.brokers < self.plan.broker_kills && kill % every == every / 2 {
                self.kill_a_broker();
            }
        }
        self.report.took = started.elapsed();
    }

    fn send(&mut self, until: usize) {
        let urls: Vec<String> = (self.sent..until).map(|number| self.plan.url(number)).collect();
        self.watch.sent(urls.len());
        self.setup.send_urls(urls);
        self.sent = until;
    }

    fn strike(&mut self) {
        let number = self.chance.below(self.workers.len());
        match self.chance.below(20) {
            0..=11 => self.kill(number),
            12..=14 => self.drain(number),
            15..=17 => {
                self.report.frozen += 1;
                self.workers[number].signal("STOP");
                std::thread::sleep(FROZEN);
                self.workers[number].signal("CONT");
            }
            // Dynamic members have no name in the group: one that idles learns of a newer one with its next transaction.
            _ if self.plan.membership != "static" => self.kill(number),
            _ => self.replace(number),
        }
    }

    fn kill(&mut self, number: usize) {
        self.report.kills += 1;
        let theirs = partitions_of(&self.workers[number], &self.setup.topic("urls"));
        self.watch.down(Down::Worker(number), theirs);
        self.workers[number].signal("KILL");
        self.workers[number].exit_code(SOON);
        self.workers[number] = launch(self.setup, number);
    }

    fn drain(&mut self, number: usize) {
        self.report.drains += 1;
        let worker = &mut self.workers[number];
        let signal = Instant::now();
        worker.signal("TERM");
        let code = worker.exit_code(SOON);
        if code == Some(0) {
            self.report.drain_times.push(signal.elapsed());
        }
        // One that has just begun and listens to no signal yet dies of it.
        if !matches!(code, Some(0) | None) {
            self.surprise(number, &format!("drained with {code:?}"));
        }
        self.workers[number] = launch(self.setup, number);
    }

    /// Another process takes the name of one that is frozen, and then the frozen one goes on. One of them must say that
    /// it is fenced and exit 1: the older, unless it was frozen on its way into the group and so is the last to join.
    fn replace(&mut self, number: usize) {
        self.report.replaced += 1;
        self.workers[number].signal("STOP");
        let mut newer = launch(self.setup, number);
        newer.ready();
        self.workers[number].signal("CONT");
        let older = &mut self.workers[number];
        let end = wait::until("one of two workers of a name to end", FENCED_WITHIN, || older.ended().or(newer.ended()));
        if older.ended().is_some() {
            std::mem::swap(older, &mut newer);
        }
        // What is left in `newer` is the one that has ended.
        if end.code() != Some(1) || !newer.log().contains("fenced") {
            self.report.surprises.push(format!("one of two of a name ended with {end}: {}", tail(&newer)));
        }
    }

    fn kill_a_broker(&mut self) {
        self.report.brokers += 1;
        let number = self.chance.below(self.plan.brokers);
        self.watch.down(Down::Broker, (0..4).collect());
        println!("{}: broker {number} is killed", jiff::Timestamp::now());
        self.cluster.kill(number);
        std::thread::sleep(Duration::from_millis(1_000 + self.chance.below(3_000) as u64));
        self.cluster.restart(number);
    }

    /// As an orchestrator does. That one ended is noted.
    fn restart_the_dead(&mut self) {
        for number in 0..self.workers.len() {
            if let Some(status) = self.workers[number].ended() {
                self.surprise(number, &status.to_string());
                self.workers[number] = launch(self.setup, number);
            }
        }
    }

    fn surprise(&mut self, number: usize, what: &str) {
        self.report.surprises.push(format!("worker {number}: {what}: {}", tail(&self.workers[number])));
    }

    /// Waits until `count` messages have ended; `false` when none ends for `patience`.
    pub fn calm_down(&mut self, count: usize, patience: Duration) -> bool {
        let (mut before, mut since) = (self.watch.ended(), Instant::now());
        while self.watch.ended() < count {
            self.restart_the_dead();
            std::thread::sleep(Duration::from_millis(100));
            let ended = self.watch.ended();
            if ended > before {
                (before, since) = (ended, Instant::now());
            }
            if since.elapsed() > patience {
                println!("{ended} of {count} messages ended");
                return false;
            }
        }
        true
    }

    /// Stops the workers.
    pub fn end(mut self) -> Report {
        for number in 0..self.workers.len() {
            self.workers[number].ready();
            self.workers[number].signal("TERM");
            let code = self.workers[number].exit_code(SOON);
            if code != Some(0) {
                self.surprise(number, &format!("the last drain ended with {code:?}"));
            }
        }
        self.report
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, drains, frozen, replaced, brokers, took, .. } = self;
        let seconds = took.as_secs();
        write!(
            f,
            "in {seconds} s: {kills} workers killed with -9, {drains} drained, {frozen} frozen for longer than their \
             session, {replaced} replaced while frozen; {brokers} brokers killed\ndrains: {}",
            Spread(&self.drain_times),
        )
    }
}

/// The partitions of a topic of which a worker has taken messages; none while it does not answer.
fn partitions_of(worker: &Worker, topic: &str) -> BTreeSet<i64> {
    let Some(page) = worker.get("/metrics") else { return BTreeSet::new() };
    let label = format!("topic=\"{topic}\"");
    let in_flight = Metrics(page.body).series("newswire_in_flight_messages");
    let of_topic = in_flight.iter().filter(|(labels, count)| labels.contains(&label) && *count > 0.0);
    of_topic.filter_map(|(labels, _)| labels.split("partition=\"").nth(1)?.split('"').next()?.parse().ok()).collect()
}

fn launch(setup: &Setup, number: usize) -> Worker {
    Worker::launch_with(setup, &[("NEWSWIRE__DELIVERY__INSTANCE_ID", &format!("crash-{number}"))])
}

/// The end of a worker's log.
fn tail(worker: &Worker) -> String {
    let log = worker.log();
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("message ended")).collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
