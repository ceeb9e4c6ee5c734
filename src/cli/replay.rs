//! `newswire replay`.

use std::io::{IsTerminal, Write};
use std::num::NonZeroU64;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use newswire::logging;
use newswire::record::Reason;
use newswire::replay::{self, Filter, Repeat, Replay, ReplayError, Request, Rest, Summary};
use tokio_util::sync::CancellationToken;

use super::{Failure, Settings, runtime};

/// What is replayed, and how.
#[derive(Debug, Args)]
pub struct Options {
    /// Only messages rejected for this reason, for instance robots_disallowed; may be given several times.
    #[arg(long = "reason", value_name = "REASON", value_parser = reason)]
    reasons: Vec<Reason>,
    /// Only messages whose URL has this host or registrable domain; may be given several times.
    #[arg(long = "host", value_name = "NAME", value_parser = replay::parse_host)]
    hosts: Vec<String>,
    /// Only messages rejected at or after this time: RFC 3339, a date, or how long ago (36h).
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Only messages rejected before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// At most so many messages.
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroU64>,
    /// Count what would be replayed, by reason and host, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Also messages that were replayed before. Run twice, it replays twice.
    #[arg(long)]
    again: bool,
    /// What the filters leave out is dealt with: no later replay takes it, but one with --again.
    #[arg(long)]
    pass_over: bool,
    /// At most so many messages in one transaction.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    #[command(flatten)]
    settings: Settings,
}

fn reason(text: &str) -> Result<Reason, String> {
    let all = || Reason::ALL.map(Reason::as_str).join(", ");
    Reason::named(text).ok_or_else(|| format!("no such reason; there are {}", all()))
}

fn time(text: &str) -> Result<Timestamp, replay::TimeError> {
    replay::parse_time(text, Timestamp::now())
}

impl Options {
    fn request(&self) -> Request {
        Request {
            filter: Filter {
                reasons: self.reasons.clone(),
                hosts: self.hosts.clone(),
                since: self.since,
                until: self.until,
            },
            limit: self.limit.map(NonZeroU64::get),
            repeat: if self.again { Repeat::Again } else { Repeat::Never },
            rest: if self.pass_over { Rest::PassOver } else { Rest::Leave },
            batch: self.batch as usize,
        }
    }
}

pub fn replay(options: &Options) -> Result<ExitCode, Failure> {
    let settings = options.settings.load()?.settings;
    logging::start(&settings.log)?;
    let stop = CancellationToken::new();
    let runtime = runtime()?;
    runtime.spawn(stop_on_signal(stop.clone()));
    let begin = if options.dry_run { Replay::counting } else { Replay::sending };
    let mut replay = begin(&settings, options.request()).map_err(failed)?;
    let bar = progress_bar(replay.length());
    let result = replay.run(|offsets| bar.inc(offsets), &stop);
    bar.finish_and_clear();
    // Also of a replay that failed on its way: what it had committed stays.
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, replay.summary()).map_err(std::io::Error::from)?;
    writeln!(out)?;
    result.map_err(failed)?;
    what_is_left(replay.summary(), &stop)?;
    Ok(ExitCode::SUCCESS)
}

fn failed(failure: ReplayError) -> Failure {
    if failure.is_settings() { Failure::usage(failure) } else { Failure::unable(failure) }
}

/// What keeps a replay from having done all that was asked for.
fn what_is_left(summary: &Summary, stop: &CancellationToken) -> Result<(), Failure> {
    if stop.is_cancelled() {
        return Err(Failure::unable("interrupted; the next run goes on from here"));
    }
    if !summary.full_partitions.is_empty() {
        return Err(Failure::unable(format!(
            "partitions {:?} of the rejected topic: so much was left among what was replayed that no more can be noted \
             beside their offsets. Replay what was left first (with other filters, or none), or give it up: --pass-over",
            summary.full_partitions
        )));
    }
    if summary.too_large > 0 {
        let count = summary.too_large;
        return Err(Failure::unable(format!(
            "{count} messages are larger than the topic of URLs takes; they are left"
        )));
    }
    Ok(())
}

/// The first signal ends the replay after the transaction under way, the second at once.
async fn stop_on_signal(stop: CancellationToken) {
    for times in 1.. {
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        if times > 1 {
            std::process::exit(1);
        }
        stop.cancel();
    }
}

fn progress_bar(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) =
        ProgressStyle::with_template("{elapsed_precise} {bar:40} {pos} of {len} offsets read, {eta} left")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
