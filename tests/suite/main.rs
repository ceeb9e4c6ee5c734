//! The worker as its users meet it: a process with a settings file, topics of a real Kafka, signals,
//! HTTP and standard output. Nothing of the crate is called from here but its binary, and the store that workers share.
//!
//! One test binary, a module for each capability; one broker serves them all, with topics, a group
//! and a folder of its own for each test. `make test` fetches Kafka before it runs this.
//!
//! | room | what it is |
//! |---|---|
//! | [`kafka`] | brokers: start, kill, start again |
//! | [`site`] | the web that pages come from, on loopback |
//! | [`pages`] | distinct articles, by number |
//! | [`topics`] | producing, reading and asking for offsets |
//! | [`setup`] | a test's own topics, settings and site |
//! | [`worker`] | the process: its log, signals, admin server and end |
//! | [`prometheus`] | a real Prometheus that scrapes a worker |
//! | [`command`] | commands that answer and leave |
//! | [`redis`] | a real Redis of a test's own |
//! | [`schema`] | records held against the published schema |
//! | [`keeper`] | ends what was started, however the run ends |
//! | [`wait`] | waiting for a condition, with a deadline |

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod command;
mod kafka;
mod keeper;
mod pages;
mod prometheus;
mod redis;
mod schema;
mod setup;
mod site;
mod topics;
mod wait;
mod worker;

mod admin;
mod alerts;
mod archive;
mod bad_input;
mod bench;
mod commands;
mod cost;
mod crash;
mod dashboards;
mod deadly;
mod delivery;
mod explain;
mod fault_day;
mod feed_list;
mod feed_load;
mod feed_storm;
mod feed_walks;
mod feeds;
mod fencing;
mod harness;
mod hostile;
mod known;
mod load;
mod outage;
mod outcomes;
mod politeness;
mod rebalances;
mod replay;
mod retries;
mod scaling;
mod shared;
mod start;
mod traces;
mod upgrades;
