//! A streaming ingestion worker for news: URLs from Kafka in, clean article records out.

pub mod config;
pub mod fetch;
pub mod frontier;
pub mod record;
