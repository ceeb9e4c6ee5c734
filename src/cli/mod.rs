//! The command line.
//!
//! Results go to stdout, logs and errors to stderr. Exit codes: 0 done, 1 another outcome or unable to go
//! on, 2 usage or settings.

mod check;
mod dedup;
mod explain;
mod feeds;
mod offline;
mod replay;
mod show;
mod subscriptions;
mod work;

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use newswire::config::{self, Loaded};
use newswire::logging;

/// A streaming ingestion worker for news: URLs from Kafka in, clean article records out.
#[derive(Debug, Parser)]
#[command(name = "newswire", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the worker: consume URLs, publish records.
    Run(Settings),
    /// Show the whole pipeline at work, on embedded parts and without a network.
    Demo {
        /// Go on with a trickle of URLs until interrupted.
        #[arg(long)]
        keep: bool,
        /// Where the records go.
        #[arg(long, default_value = "demo-out", value_name = "DIR")]
        out: PathBuf,
    },
    /// Run one URL through the pipeline, without Kafka, and print what comes of it.
    Check {
        /// The address to read.
        url: String,
        /// Print JSON, also to a terminal.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Extract articles from pages on disk (.html, .html.gz): a JSON line for each.
    Extract {
        /// The page.
        #[arg(required_unless_present = "manifest", requires = "url")]
        file: Option<PathBuf>,
        /// The address that the page came from.
        #[arg(long)]
        url: Option<String>,
        /// A list of pages: JSON lines with "id", "url" and "file", files relative to the list.
        #[arg(long, conflicts_with_all = ["file", "url"], value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// Threads that extract.
        #[arg(long, default_value_t = NonZeroUsize::MIN, value_name = "N")]
        threads: NonZeroUsize,
        #[command(flatten)]
        settings: Settings,
    },
    /// Decide for each document of a stream (JSON lines with "id" and "text") whether it is a copy; load a store, or count it.
    Dedup(dedup::Options),
    /// Print the identity of each URL of a list: the address to fetch, and the key to compare.
    Identity,
    /// Tell what became of a URL: the story of its messages, whatever spelling they came in.
    ///
    /// Reads all of the topic of outcomes, some seconds for a million. A message that is being worked on has no outcome
    /// yet. Exit codes: 0 found, 1 not found or failed, 2 usage or settings.
    Explain {
        /// The address, in any spelling.
        url: String,
        /// Print an event a line, as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Put rejected messages back on the topic of URLs, each once.
    ///
    /// What was replayed is remembered in the offsets of the group "{group_id}-replay": run twice, nothing is replayed
    /// twice, also when it is killed in between. Filters narrow it down; what they leave out stays for a later
    /// replay. The summary is a JSON line. Exit codes: 0 done, 1 failed or not all done, 2 usage or settings.
    Replay(replay::Options),
    /// Feeds and sitemaps.
    #[command(subcommand)]
    Feeds(Feeds),
    /// Print the settings in force, each with where it comes from; or bring a settings file up to date.
    Config(show::Config),
    /// Print the JSON Schema of the article record.
    Schema,
    /// Ask a running worker whether it lives: exit 0 if so, 1 if not.
    Health(Settings),
}

#[derive(Debug, Subcommand)]
enum Feeds {
    /// Print what a feed or sitemap on disk holds (.gz, too): a JSON line for each entry.
    Parse {
        /// The feed.
        file: PathBuf,
        /// The address that it came from.
        #[arg(long)]
        url: String,
    },
    /// Ask feeds again and again: an address, or those that a list (OPML) names. Who is on the list already is not added twice.
    ///
    /// Prints a JSON line with counts. Exit codes: 0 done, 1 failed, or addresses were refused, 2 usage or settings.
    Add {
        /// An address, or a file that OPML is in; "-" reads it from stdin.
        #[arg(required = true, value_name = "URL|FILE.opml")]
        feeds: Vec<String>,
        /// How often: a duration such as 15m, or as often as each feed publishes.
        #[arg(long, default_value = "auto", value_name = "INTERVAL")]
        every: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Print the feeds that are asked again and again: a JSON line for each.
    List(Settings),
    /// Ask feeds no more. Exit codes: 0 all removed, 1 failed, or one was not on the list, 2 usage or settings.
    Remove {
        /// Their addresses, as `list` has them.
        #[arg(required = true, value_name = "URL")]
        urls: Vec<String>,
        #[command(flatten)]
        settings: Settings,
    },
    /// Print the list for other readers, as OPML.
    Export(Settings),
}

/// Where settings come from: a file, the environment (NEWSWIRE__SECTION__KEY), and these flags.
#[derive(Debug, Args)]
struct Settings {
    /// The settings file (TOML).
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// kafka.bootstrap_servers.
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap_servers: Option<String>,
    /// kafka.group_id.
    #[arg(long, value_name = "NAME")]
    group_id: Option<String>,
    /// delivery.instance_id.
    #[arg(long, value_name = "NAME")]
    instance_id: Option<String>,
    /// Any other setting.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, for instance fetch.max_body=8MiB")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

impl Settings {
    /// The settings. What is deprecated in them is told on stderr.
    fn load(&self) -> Result<Loaded, Failure> {
        let loaded = self.load_silently()?;
        for deprecated in &loaded.deprecated {
            eprintln!("newswire: {deprecated}");
        }
        Ok(loaded)
    }

    fn load_silently(&self) -> Result<Loaded, Failure> {
        let named = [
            ("kafka.bootstrap_servers", &self.bootstrap_servers),
            ("kafka.group_id", &self.group_id),
            ("delivery.instance_id", &self.instance_id),
        ];
        let named = named.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)));
        let flags: Vec<(String, String)> = self.set.iter().cloned().chain(named).collect();
        config::load(self.config.as_deref(), config::environment(), &flags).map_err(Failure::usage)
    }
}

/// Why a command ends without its result.
enum Failure {
    /// The exit code, and what to say on stderr.
    Said(u8, String),
    /// Whoever read our output has gone. Nothing is wrong.
    Unread,
}

impl Failure {
    fn usage(what: impl fmt::Display) -> Self {
        Self::Said(2, what.to_string())
    }

    fn unable(what: impl fmt::Display) -> Self {
        Self::Said(1, what.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(failure: io::Error) -> Self {
        if failure.kind() == io::ErrorKind::BrokenPipe {
            return Self::Unread;
        }
        Self::unable(failure)
    }
}

impl From<logging::LoggingError> for Failure {
    fn from(failure: logging::LoggingError) -> Self {
        Self::usage(failure)
    }
}

/// Runs one command to its exit code.
pub fn run(arguments: Arguments) -> ExitCode {
    let result = match arguments.command {
        Command::Run(settings) => work::run(&settings),
        Command::Demo { keep, out } => work::demo(keep, &out),
        Command::Check { url, json, settings } => check::check(&url, json, &settings),
        Command::Extract { file, url, manifest, threads, settings } => {
            offline::extract(file.as_deref(), url.as_deref(), manifest.as_deref(), threads, &settings)
        }
        Command::Dedup(options) => dedup::dedup(&options),
        Command::Identity => offline::identity(),
        Command::Explain { url, json, settings } => explain::explain(&url, json, &settings),
        Command::Replay(options) => replay::replay(&options),
        Command::Feeds(Feeds::Parse { file, url }) => feeds::parse(&file, &url),
        Command::Feeds(Feeds::Add { feeds, every, settings }) => subscriptions::add(&feeds, &every, &settings),
        Command::Feeds(Feeds::List(settings)) => subscriptions::list(&settings),
        Command::Feeds(Feeds::Remove { urls, settings }) => subscriptions::remove(&urls, &settings),
        Command::Feeds(Feeds::Export(settings)) => subscriptions::export(&settings),
        Command::Config(settings) => show::config(&settings),
        Command::Schema => show::schema(),
        Command::Health(settings) => show::health(&settings),
    };
    match result {
        Ok(code) => code,
        Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(Failure::Said(code, what)) => {
            eprintln!("newswire: {what}");
            ExitCode::from(code)
        }
    }
}

/// The runtime of the commands that talk to somebody.
///
/// It has a thread for every two cores: what it does of a page, sockets, gunzip and dedup, is a fifth of the work, which for the
/// rest is done on threads of its own. With one a core a page woke twice as many threads: in `make bench`, on two cores, .06 to
/// .19 CPU seconds more for 1,000 pages.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(cores.div_ceil(2)).enable_all().build().map_err(Failure::unable)
}
