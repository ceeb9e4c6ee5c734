//! A streaming ingestion worker for news: URLs from Kafka in, clean article records out.

pub mod config;
pub mod demo;
pub mod record;
