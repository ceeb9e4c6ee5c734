//! `newswire run` and `newswire demo`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use newswire::demo;
use newswire::logging;
use newswire::worker::{self, Shutdown};

use super::{Failure, Settings, runtime};

pub fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    small_pages();
    let loaded = settings.load_silently()?;
    logging::start(&loaded.settings.log)?;
    for deprecated in &loaded.deprecated {
        tracing::warn!("{deprecated}");
    }
    let settings = Arc::new(loaded.settings);
    if !settings.fetch.user_agent.contains("http") && !settings.fetch.user_agent.contains('@') {
        tracing::warn!(
            user_agent = settings.fetch.user_agent.as_str(),
            "fetch.user_agent names no contact: a publisher who wants to complain can only block it"
        );
    }
    let result = runtime()?.block_on(async {
        let shutdown = Shutdown::on_signals()?;
        // On a thread of the runtime's: from this one each message would have to be handed over to it.
        tokio::spawn(worker::run(settings, shutdown)).await.map_err(Failure::unable)
    })?;
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(failure) if failure.is_settings() => Err(Failure::usage(failure)),
        Err(failure) => Err(Failure::unable(failure)),
    }
}

pub fn demo(keep: bool, out: &Path) -> Result<ExitCode, Failure> {
    let aftermath = if keep { demo::Aftermath::Keep } else { demo::Aftermath::End };
    let sums = runtime()?.block_on(demo::run(aftermath, out)).map_err(Failure::unable)?;
    Ok(if sums == demo::Sums::Right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Memory in small pages, where the system would give it in pages of 2 MiB (`madvise`, which the allocator asks for). Each of those is
/// cleared as a whole where a page's 200 kB are wanted of it: 5 % of the worker's CPU, and a third of its memory.
fn small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(failure) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(error = %failure, "the system has no say in the size of its pages");
    }
}
