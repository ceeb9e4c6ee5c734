//! The demo from start to end: broker, site and worker on loopback, the plan put in, the sums at the end.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::Value;

use super::{Plan, PlannedMessage, Site, Sums, Wave, summarise};
use crate::config::{self, DeliveryMode, Membership, Settings, Tier};
use crate::kafka::EmbeddedBroker;
use crate::record::{Outcome, OutcomeRecord};
use crate::worker::{self, Shutdown, WorkerError};

/// Partitions of each topic of the demo.
const PARTITIONS: i32 = 3;

/// When the demo gives up waiting for what is missing. It is done in a few seconds.
const GIVE_UP: Duration = Duration::from_secs(17);

/// Between two URLs of the trickle that `--keep` goes on with.
const TRICKLE: Duration = Duration::from_secs(1);

/// What the demo does when its sums are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aftermath {
    /// It ends.
    End,
    /// It goes on with a trickle of URLs, until it is interrupted.
    Keep,
}

/// Why the demo can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The embedded broker, or a client of it.
    #[error("the embedded broker: {0}")]
    Broker(#[from] KafkaError),
    /// The site on loopback, or the signals.
    #[error("the demo's site: {0}")]
    Site(#[source] io::Error),
    /// The records can't be written.
    #[error("{}: {source}", .path.display())]
    Out {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The worker ended by itself.
    #[error("the worker: {0}")]
    Worker(#[from] WorkerError),
    /// A task was lost.
    #[error("the worker's task has failed")]
    Task,
}

/// Runs the demo and prints what came of it; the answer says whether the sums are right. Records go to
/// `out`/articles.jsonl.
pub async fn run(aftermath: Aftermath, out: &Path) -> Result<Sums, DemoError> {
    let started = Instant::now();
    let plan = Plan::new().map_err(DemoError::Site)?;
    let site = Site::start().await.map_err(DemoError::Site)?;
    let broker = EmbeddedBroker::start()?;
    let settings = Arc::new(settings(&site, &broker).map_err(DemoError::Site)?);
    broker.create_topics(&settings, PARTITIONS)?;
    let shutdown = Shutdown::on_signals().map_err(DemoError::Site)?;
    let worker = tokio::spawn(worker::run(settings.clone(), shutdown.clone()));

    let mut audience = Audience::new(&settings, &plan.polled)?;
    let progress = Progress::new(&plan);
    let first = plan.messages.iter().filter(|message| message.wave == Wave::First).count() + plan.from_feeds.len();
    audience.put_in(&plan, Wave::First).await?;
    audience.wait_for(first, started, &shutdown, &progress).await?;
    audience.put_in(&plan, Wave::Second).await?;
    audience.wait_for(plan.messages.len() + plan.from_feeds.len(), started, &shutdown, &progress).await?;
    progress.bar.finish_and_clear();

    let file = out.join("articles.jsonl");
    write_articles(out, &file, &audience.articles)?;
    let summary = summarise(&plan, &audience.outcomes, &audience.articles, &file);
    print(&summary.text)?;
    print(&format!(
        "A feed was asked every half second, {} times, and an entry that appeared meanwhile is among the records.\n\
         Done in {:.1} s.\n",
        audience.rounds,
        started.elapsed().as_secs_f64()
    ))?;
    if aftermath == Aftermath::Keep {
        audience.keep(&plan, &settings, &shutdown).await?;
    }
    shutdown.ask();
    worker.await.map_err(|_| DemoError::Task)??;
    site.stop().await.map_err(DemoError::Site)?;
    Ok(summary.sums)
}

/// The worker's own defaults, but for what makes a demo: loopback, short delays, a small cap on pages.
fn settings(site: &Site, broker: &EmbeddedBroker) -> io::Result<Settings> {
    let mut settings = config::defaults();
    settings.kafka.bootstrap_servers = broker.bootstrap_servers();
    settings.kafka.create_topics = false;
    // The embedded broker knows neither real transactions nor names that outlive a process.
    settings.delivery.mode = DeliveryMode::AtLeastOnce;
    settings.delivery.membership = Membership::Dynamic;
    settings.delivery.state_dir = std::env::temp_dir().join("newswire-demo");
    settings.delivery.commit_interval = Duration::from_millis(50);
    let tier = |topic: &str, delay_ms| Tier { topic: topic.into(), delay: Duration::from_millis(delay_ms) };
    settings.retry.tiers = vec![tier("news.urls.retry.300ms", 300), tier("news.urls.retry.1s", 1_000)];
    settings.retry.max_attempts = 3;
    settings.fetch.allow_private_networks = true;
    settings.fetch.resolve = site.resolve();
    settings.fetch.max_body = 1024 * 1024;
    settings.frontier.host_delay = Duration::from_millis(5);
    settings.admin.listen = Some(free_address()?);
    Ok(settings)
}

/// An address on loopback whose port was free a moment ago.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Who puts URLs in and reads what comes out.
struct Audience {
    producer: FutureProducer,
    consumer: StreamConsumer,
    urls: String,
    outcomes_topic: String,
    outcomes: Vec<OutcomeRecord>,
    articles: Vec<Value>,
    /// The feed that is asked again and again, and how often it was. Its first round is counted with the messages.
    polled: String,
    rounds: usize,
}

impl Audience {
    fn new(settings: &Settings, polled: &str) -> Result<Self, KafkaError> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &settings.kafka.bootstrap_servers);
        let producer: FutureProducer = config.create()?;
        let consumer: StreamConsumer =
            config.set("group.id", "demo-audience").set("enable.auto.commit", "false").create()?;
        let mut from_the_start = TopicPartitionList::new();
        for topic in [&settings.topics.outcomes, &settings.topics.articles] {
            for partition in 0..PARTITIONS {
                from_the_start.add_partition_offset(topic, partition, Offset::Beginning)?;
            }
        }
        consumer.assign(&from_the_start)?;
        Ok(Self {
            producer,
            consumer,
            urls: settings.topics.urls.clone(),
            outcomes_topic: settings.topics.outcomes.clone(),
            outcomes: Vec::new(),
            articles: Vec::new(),
            polled: polled.to_owned(),
            rounds: 0,
        })
    }

    async fn put_in(&self, plan: &Plan, wave: Wave) -> Result<(), KafkaError> {
        for message in plan.messages.iter().filter(|message| message.wave == wave) {
            self.send(message).await?;
        }
        Ok(())
    }

    async fn send(&self, message: &PlannedMessage) -> Result<(), KafkaError> {
        let mut record: FutureRecord<'_, str, [u8]> = FutureRecord::to(&self.urls).payload(&message.value);
        if let Some(key) = &message.key {
            record = record.key(key);
        }
        self.producer.send(record, Duration::from_secs(5)).await.map(|_| ()).map_err(|(failure, _)| failure)
    }

    /// Reads until so many messages have ended for good, and every article that they promise is there.
    async fn wait_for(
        &mut self,
        ends: usize,
        started: Instant,
        shutdown: &Shutdown,
        progress: &Progress,
    ) -> Result<(), KafkaError> {
        while self.ended() < ends || self.promised() > self.articles.len() {
            let left = GIVE_UP.saturating_sub(started.elapsed());
            tokio::select! {
                message = self.consumer.recv() => {
                    let message = message?.detach();
                    self.hear(message.topic() == self.outcomes_topic, message.payload().unwrap_or_default());
                }
                () = shutdown.asked() => return Ok(()),
                () = tokio::time::sleep(left) => return Ok(()),
            }
            progress.show(&self.outcomes, self.ended());
        }
        Ok(())
    }

    fn hear(&mut self, is_outcome: bool, value: &[u8]) {
        if !is_outcome {
            self.articles.extend(serde_json::from_slice::<Value>(value).ok());
            return;
        }
        let Ok(outcome) = serde_json::from_slice::<OutcomeRecord>(value) else { return };
        if outcome.url.as_ref() == Some(&self.polled) && outcome.outcome != Outcome::Deferred {
            self.rounds += 1;
            if self.rounds > 1 {
                return;
            }
        }
        self.outcomes.push(outcome);
    }

    fn ended(&self) -> usize {
        self.outcomes.iter().filter(|record| record.outcome != Outcome::Deferred).count()
    }

    fn promised(&self) -> usize {
        let with_article = |record: &&OutcomeRecord| matches!(record.outcome, Outcome::Published | Outcome::Revised);
        self.outcomes.iter().filter(with_article).count()
    }

    /// Goes on with a trickle of the plan's URLs until the worker is told to end.
    async fn keep(&self, plan: &Plan, settings: &Settings, shutdown: &Shutdown) -> Result<(), DemoError> {
        if let Some(address) = settings.admin.listen {
            print(&format!(
                "Admin page: http://{address}/\nMetrics:    http://{address}/metrics\nGoing on with a URL a second; Ctrl-C ends it.\n"
            ))?;
        }
        for message in plan.messages.iter().cycle() {
            tokio::select! {
                () = shutdown.asked() => break,
                () = tokio::time::sleep(TRICKLE) => self.send(message).await?,
            }
        }
        Ok(())
    }
}

fn write_articles(folder: &Path, file: &Path, articles: &[Value]) -> Result<(), DemoError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| DemoError::Out { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut lines = io::BufWriter::new(File::create(file).map_err(failed(file))?);
    for article in articles {
        writeln!(lines, "{article}").map_err(failed(file))?;
    }
    lines.flush().map_err(failed(file))
}

/// To stdout; whoever closed it does not want to read, and that is no failure.
fn print(text: &str) -> Result<(), DemoError> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(failure) if failure.kind() != io::ErrorKind::BrokenPipe => {
            Err(DemoError::Out { path: "stdout".into(), source: failure })
        }
        _ => Ok(()),
    }
}

/// What a person sees while the worker works: a bar on a terminal, else a line now and then.
struct Progress {
    bar: ProgressBar,
    of: usize,
}

impl Progress {
    /// How many messages end between two lines where there is no terminal.
    const LINE_EVERY: usize = 20;

    fn new(plan: &Plan) -> Self {
        let of = plan.messages.len() + plan.from_feeds.len();
        let bar = ProgressBar::new(of as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{elapsed_precise} {bar:40} {pos} of {len} messages ended  {msg}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, of }
    }

    fn show(&self, outcomes: &[OutcomeRecord], ended: usize) {
        let Some(last) = outcomes.last() else { return };
        let passed = self.bar.position() as usize / Self::LINE_EVERY != ended / Self::LINE_EVERY;
        self.bar.set_position(ended as u64);
        self.bar.set_message(last.outcome.as_str());
        if passed && self.bar.is_hidden() {
            eprintln!("{ended} of {} messages ended; the last: {}", self.of, last.outcome);
        }
    }
}
