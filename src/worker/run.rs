//! The life of a worker: connect, work, drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Pipeline, Shutdown, assignment};
use crate::admin::{self, Health};
use crate::config::{DeliveryMode, Settings};
use crate::fetch::{Client, ClientError};
use crate::frontier::Frontier;
use crate::kafka::{
    Capacity, Commit, Consumer, Delivery, DeliveryError, Handover, Intake, IntakeError, Link, Listener, Outbox,
    Partitions, Rebalances, Taken, TopicError, Transactions, Writer, consumer_config, create_topics, missing_topics,
    producer_config, read_topics,
};
use crate::metrics::Metrics;

/// The first wait before brokers that do not answer are asked again; it doubles up to [`LAST_BACKOFF`].
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait before brokers that do not answer are asked again.
const LAST_BACKOFF: Duration = Duration::from_secs(30);

/// How long the last commit of a drain may take.
const LAST_COMMIT: Duration = Duration::from_secs(5);

/// Room for what ends beyond `max_in_flight`: retries that fall due at once.
const SPARE_ROOM: usize = 1_024;

/// Why a worker ends other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The cluster can't be worked with.
    #[error(transparent)]
    Topics(#[from] TopicError),
    /// The kafka client can't be made.
    #[error("the kafka consumer can't be made from the settings: {0}")]
    Consumer(#[source] rdkafka::error::KafkaError),
    /// The producer ended.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// Intake ended.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The HTTP client can't be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The admin server can't listen.
    #[error("admin.listen = {address}: {source}")]
    Admin {
        /// Where it should have listened.
        address: SocketAddr,
        /// Why it does not.
        source: std::io::Error,
    },
    /// A metric can't be registered: a bug.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A thread can't be started, or has panicked.
    #[error("the {0} thread has failed")]
    Thread(&'static str),
}

impl WorkerError {
    /// Whether it is the settings that are wrong, so that starting again as it is can't help.
    pub fn is_settings(&self) -> bool {
        matches!(
            self,
            Self::Topics(_)
                | Self::Consumer(_)
                | Self::Client(_)
                | Self::Admin { .. }
                | Self::Delivery(DeliveryError::Client(_))
        )
    }
}

/// Works until `shutdown` is asked for, then drains: what is in flight is finished within
/// `delivery.drain_timeout`, and what is not is left for the next worker.
///
/// Brokers that do not answer are waited for; brokers that refuse us, or settings that can't work, end it.
pub async fn run(settings: Arc<Settings>, shutdown: Shutdown) -> Result<(), WorkerError> {
    let metrics = Metrics::new()?;
    let link = Arc::new(Link::default());
    let partitions = Arc::new(Partitions::default());
    let capacity = Capacity::new(settings.delivery.max_in_flight, settings.delivery.max_bytes_in_flight);
    metrics.watch(partitions.clone(), capacity.clone())?;
    let draining = CancellationToken::new();
    let client = Client::new(&settings.fetch)?;
    let frontier = Frontier::new(&settings.frontier, client.clone());
    let pipeline =
        Pipeline::new(settings.clone(), client, frontier, capacity.clone(), metrics.clone(), draining.clone());

    let (commit, ended) = sync_channel(settings.delivery.max_in_flight + SPARE_ROOM);
    let listener = Listener(link.clone());
    let rebalances = Rebalances::new(listener.clone(), partitions.clone(), commit.clone(), metrics.clone());
    let consumer: Arc<Consumer> =
        Arc::new(consumer_config(&settings).create_with_context(rebalances).map_err(WorkerError::Consumer)?);
    let delivery = match settings.delivery.mode {
        DeliveryMode::AtLeastOnce => {
            Delivery::AtLeastOnce(Outbox::open(producer_config(&settings), listener, metrics.clone())?)
        }
        DeliveryMode::ExactlyOnce => {
            Delivery::ExactlyOnce(Transactions::open(&producer_config(&settings), &listener, metrics.clone())?)
        }
    };

    let health = Arc::new(Health::new(&settings, metrics.clone(), partitions.clone(), link.clone(), draining.clone()));
    if let Some(address) = settings.admin.listen {
        let bound = admin::serve(address, health.clone()).await;
        let bound = bound.map_err(|source| WorkerError::Admin { address, source })?;
        tracing::info!(address = %bound, "admin server listens");
    }
    if !connect(&settings, &consumer, &link, &shutdown).await? {
        return Ok(());
    }

    let (taken_in, taken) = mpsc::channel(settings.delivery.max_in_flight + SPARE_ROOM);
    let finished = CancellationToken::new();
    let mut topics = read_topics(&settings).into_iter().map(Arc::<str>::from);
    let intake = Intake {
        consumer: consumer.clone(),
        partitions: partitions.clone(),
        pipeline: taken_in,
        capacity: capacity.clone(),
        urls: topics.next().unwrap_or_default(),
        retries: topics.collect(),
        group: settings.kafka.group_id.clone(),
        draining: draining.clone(),
        finished: finished.clone(),
        metrics: metrics.clone(),
    };
    let abandon = CancellationToken::new();
    let commit_thread = Commit {
        consumer: consumer.clone(),
        partitions: partitions.clone(),
        delivery,
        writer: Writer::new(&settings.topics),
        ended,
        interval: settings.delivery.commit_interval,
        abandon: abandon.clone(),
        metrics,
    };
    let mut committing = on_thread("commit", move || commit_thread.run())?;
    let mut taking = on_thread("intake", move || intake.run())?;

    let work = Work { pipeline: Arc::new(pipeline), capacity, commit: commit.clone(), health };
    let mut tasks = JoinSet::new();
    let ended_early = tokio::select! {
        () = work.dispatch(taken, &mut tasks, &shutdown) => None,
        end = &mut taking => Some(intake_end(end)),
        end = &mut committing => Some(commit_end(end)),
    };

    draining.cancel();
    if ended_early.is_none() {
        drain(&mut tasks, settings.delivery.drain_timeout).await;
    }
    tasks.shutdown().await;
    last_commit(&commit, &abandon, &mut committing).await;
    finished.cancel();
    // An answer is there to be had once; an intake that ended early has given it.
    if !taking.is_terminated() {
        let _ = taking.await;
    }
    // Leaving the group blocks, and with nothing in flight it has nothing to wait for.
    partitions.revoke_all();
    let _ = tokio::task::spawn_blocking(move || drop(consumer)).await;
    ended_early.map_or(Ok(()), Err)
}

/// Reaches the brokers and sees to the topics. `false` when the worker was told to end meanwhile.
async fn connect(
    settings: &Arc<Settings>,
    consumer: &Arc<Consumer>,
    link: &Arc<Link>,
    shutdown: &Shutdown,
) -> Result<bool, WorkerError> {
    let mut backoff = FIRST_BACKOFF;
    while !shutdown.is_asked() {
        let (settings_too, consumer, link_too) = (settings.clone(), consumer.clone(), link.clone());
        let look = tokio::task::spawn_blocking(move || missing_topics(&settings_too, &consumer, &link_too));
        let missing = match look.await.map_err(|_| WorkerError::Thread("connect"))? {
            Ok(missing) => missing,
            Err(failure) if failure.may_pass() => {
                tracing::error!(error = %failure, retry_in_ms = backoff.as_millis(), "kafka can't be reached");
                tokio::select! {
                    () = tokio::time::sleep(backoff) => {}
                    () = shutdown.asked() => {}
                }
                backoff = (backoff * 2).min(LAST_BACKOFF);
                continue;
            }
            Err(failure) => return Err(failure.into()),
        };
        if missing.is_empty() {
            link.set_producing(true);
            tracing::info!(brokers = settings.kafka.bootstrap_servers.as_str(), "connected");
            return Ok(true);
        }
        if !settings.kafka.create_topics {
            return Err(TopicError::Missing(missing).into());
        }
        create_topics(settings, &missing, link).await?;
    }
    Ok(false)
}

/// What the tasks of messages share.
struct Work {
    pipeline: Arc<Pipeline>,
    capacity: Arc<Capacity>,
    commit: SyncSender<Handover>,
    health: Arc<Health>,
}

impl Work {
    /// Starts a task for each message, until the worker is told to end.
    async fn dispatch(&self, mut taken: mpsc::Receiver<Taken>, tasks: &mut JoinSet<()>, shutdown: &Shutdown) {
        loop {
            tokio::select! {
                biased;
                () = shutdown.asked() => return,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => self.health.message_ended(),
                Some(taken) = taken.recv() => {
                    self.health.message_started();
                    tasks.spawn(assignment::work(
                        self.pipeline.clone(),
                        self.capacity.clone(),
                        taken,
                        self.commit.clone(),
                    ));
                }
                else => return,
            }
        }
    }
}

/// Lets what is in flight finish, as far as `patience` allows.
async fn drain(tasks: &mut JoinSet<()>, patience: Duration) {
    let deadline = Instant::now() + patience;
    while !tasks.is_empty() {
        if timeout_at(deadline, tasks.join_next()).await.is_err() {
            tracing::warn!(messages = tasks.len(), "not finished in time; the next worker does them");
            return;
        }
    }
}

/// Waits for the last commit.
async fn last_commit(
    commit: &SyncSender<Handover>,
    abandon: &CancellationToken,
    committing: &mut oneshot::Receiver<Result<(), DeliveryError>>,
) {
    if commit.try_send(Handover::Finish).is_err() {
        return;
    }
    if tokio::time::timeout(LAST_COMMIT, &mut *committing).await.is_err() {
        tracing::warn!("the brokers do not take the last records; the next worker makes them again");
        abandon.cancel();
        let _ = tokio::time::timeout(LAST_COMMIT, committing).await;
    }
}

/// Runs `work` on a thread of its own; the answer arrives when it ends.
fn on_thread<T: Send + 'static>(
    name: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, WorkerError> {
    let (answer, end) = oneshot::channel();
    let spawned = thread::Builder::new().name(name.into()).spawn(move || {
        let _ = answer.send(work());
    });
    spawned.map(|_| end).map_err(|_| WorkerError::Thread(name))
}

fn intake_end(end: Result<Result<(), IntakeError>, oneshot::error::RecvError>) -> WorkerError {
    match end {
        Ok(Err(failure)) => failure.into(),
        Ok(Ok(())) | Err(_) => WorkerError::Thread("intake"),
    }
}

fn commit_end(end: Result<Result<(), DeliveryError>, oneshot::error::RecvError>) -> WorkerError {
    match end {
        Ok(Err(failure)) => failure.into(),
        Ok(Ok(())) | Err(_) => WorkerError::Thread("commit"),
    }
}
