//! Events to stderr, as text or JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::config::{Log, LogFormat};

/// Why logging can't start.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// `log.filter` is no filter.
    #[error("log.filter = {filter:?}: {source}; expected directives such as info,newswire=debug")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Something else logs already.
    #[error("logging was started twice")]
    Twice,
}

/// Sends every event that `settings` let through to stderr, for the life of the process.
pub fn start(settings: &Log) -> Result<(), LoggingError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|source| LoggingError::Filter { filter: settings.filter.clone(), source })?;
    let events = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.format {
        LogFormat::Json => events.json().flatten_event(true).try_init(),
        LogFormat::Text => events.try_init(),
    };
    started.map_err(|_| LoggingError::Twice)
}
