//! A streaming ingestion worker for news: URLs from Kafka in, clean article records out.

pub mod admin;
pub mod config;
pub mod dedup;
pub mod demo;
pub mod explain;
pub mod extract;
pub mod feeds;
pub mod fetch;
pub mod frontier;
pub mod kafka;
pub mod latest;
pub mod logging;
pub mod metrics;
pub mod record;
pub mod replay;
pub mod retry;
mod shared_store;
pub mod traces;
pub mod worker;
