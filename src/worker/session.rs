//! A session with the brokers: one consumer, one producer, and the threads at both ends.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::run::{FIRST_BACKOFF, LAST_BACKOFF, Worker};
use super::{Shutdown, WorkerError, assignment};
use crate::config::{DeliveryMode, Membership};
use crate::kafka::{
    Commit, Consumer, Delivery, DeliveryError, Handover, Intake, IntakeError, Listener, Outbox, Place, Rebalances,
    Share, Taken, TopicError, Transactions, Waiting, Writer, consumer_config, create_topics, missing_topics,
    producer_config, protocol, resolve_forsaken,
};

/// How long the last commit of a drain may take.
const LAST_COMMIT: Duration = Duration::from_secs(5);

/// How long a worker whose producer was fenced waits for its consumer to be fenced too. A newer worker of the same
/// instance fences both, the second when it joins the group, and we learn of it with a heartbeat (3 s). Brokers
/// that ended a transaction for its age fence the producer alone.
const FENCE_IS_CERTAIN: Duration = Duration::from_secs(10);

/// How long a worker that is given a share of the partitions waits for all of them, where its store wants it to be alone.
/// An earlier worker that is leaving has gone by then; one that was killed has where it came back under its own id.
const NEWCOMER_FOR: Duration = Duration::from_secs(15);

/// Room for what ends beyond `max_in_flight`: retries that fall due at once.
const SPARE_ROOM: usize = 1_024;

/// Both kafka clients, and the way from the pipeline to the commit.
pub struct Session {
    consumer: Arc<Consumer>,
    delivery: Delivery,
    commit: SyncSender<Handover>,
    ended: Receiver<Handover>,
    finished: CancellationToken,
}

impl Session {
    /// Makes the clients. Nothing is asked of the brokers yet.
    pub fn open(worker: &Worker) -> Result<Self, WorkerError> {
        let settings = &worker.settings;
        let (commit, ended) = sync_channel(settings.delivery.max_in_flight + SPARE_ROOM);
        let finished = CancellationToken::new();
        let listener = Listener(worker.link.clone());
        let metrics = worker.metrics.clone();
        let rebalances = Rebalances::new(
            listener.clone(),
            worker.partitions.clone(),
            commit.clone(),
            worker.known.clone(),
            metrics.clone(),
            finished.clone(),
            protocol(settings),
        );
        let consumer = consumer_config(settings).create_with_context(rebalances).map_err(WorkerError::Consumer)?;
        let producer = producer_config(settings);
        let delivery = match settings.delivery.mode {
            DeliveryMode::AtLeastOnce => Delivery::AtLeastOnce(Outbox::open(producer, listener, metrics)?),
            DeliveryMode::ExactlyOnce => Delivery::ExactlyOnce(Transactions::open(&producer, &listener, metrics)?),
        };
        Ok(Self { consumer: Arc::new(consumer), delivery, commit, ended, finished })
    }

    /// Works until the worker is told to end, or one of the ends of the pipeline can't go on.
    pub async fn run(self, worker: &Worker) -> Result<(), WorkerError> {
        let Self { consumer, delivery, commit, ended, finished } = self;
        let (settings, partitions) = (&worker.settings, &worker.partitions);
        if !connect(worker, &consumer).await? {
            return Ok(());
        }
        let abandon = CancellationToken::new();
        let Some(delivery) = prepare(delivery, &abandon, &worker.shutdown).await? else { return Ok(()) };

        let leave = CancellationToken::new();
        if settings.delivery.leave_on_exit {
            leave.cancel();
        }
        let (taken_in, taken) = mpsc::channel(settings.delivery.max_in_flight + SPARE_ROOM);
        let retries = settings.retry.tiers.iter().map(|tier| (Arc::from(tier.topic.as_str()), tier.delay)).collect();
        let intake = Intake {
            consumer: consumer.clone(),
            partitions: partitions.clone(),
            pipeline: taken_in,
            capacity: worker.capacity.clone(),
            urls: Arc::from(settings.topics.urls.as_str()),
            retries,
            group: settings.kafka.group_id.clone(),
            leave: leave.clone(),
            draining: worker.draining.clone(),
            finished: finished.clone(),
            metrics: worker.metrics.clone(),
        };
        let commit_thread = Commit {
            consumer: consumer.clone(),
            partitions: partitions.clone(),
            delivery,
            writer: Writer::new(&settings.topics),
            ended,
            interval: settings.delivery.commit_interval,
            abandon: abandon.clone(),
            metrics: worker.metrics.clone(),
            latest: worker.status.latest.clone(),
            waiting: Waiting::default(),
        };
        let mut committing = on_thread("commit", move || commit_thread.run())?;
        let mut taking = on_thread("intake", move || intake.run())?;

        let mut tasks = JoinSet::new();
        let resolving = tokio::spawn(resolve_forsaken(consumer.clone(), worker.known.clone(), finished.clone()));
        let mut end = tokio::select! {
            () = dispatch(worker, &commit, taken, &mut tasks) => Ok(()),
            end = &mut taking => Err(intake_end(end)),
            end = &mut committing => Err(commit_end(end)),
            share = is_newcomer(worker.place.clone()) => Err(WorkerError::NotAlone(share)),
        };
        if matches!(end, Err(WorkerError::NotAlone(_))) {
            leave.cancel();
        }
        if let Err(WorkerError::Delivery(DeliveryError::Fenced(detail))) = &end
            && settings.delivery.membership == Membership::Static
        {
            tracing::warn!(detail, "the producer is fenced; asking the group whether another worker has our place");
            if let Ok(taken_from_us) = timeout(FENCE_IS_CERTAIN, &mut taking).await {
                end = Err(intake_end(taken_from_us));
            }
        }

        if end.is_ok() {
            worker.draining.cancel();
            drain(&mut tasks, settings.delivery.drain_timeout).await;
        } else {
            // What is in flight is given up: the next session, or the next worker, does it again.
            partitions.revoke_all();
            abandon.cancel();
        }
        tasks.shutdown().await;
        worker.health.stages_emptied();
        last_commit(&commit, &abandon, &mut committing).await;
        worker.known.settled(LAST_COMMIT).await;
        finished.cancel();
        let _ = resolving.await;
        if !taking.is_terminated() {
            let _ = taking.await;
        }
        partitions.revoke_all();
        // Closing the consumer blocks, and with nothing in flight it has nothing to wait for.
        let _ = tokio::task::spawn_blocking(move || drop(consumer)).await;
        end
    }
}

/// Reaches the brokers and sees to the topics. `false` when the worker was told to end meanwhile.
async fn connect(worker: &Worker, consumer: &Arc<Consumer>) -> Result<bool, WorkerError> {
    let Worker { settings, link, shutdown, .. } = worker;
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
        let feeds = &settings.topics.feeds;
        let unlisted = missing.as_slice() == std::slice::from_ref(feeds) && !settings.kafka.create_topics;
        if unlisted {
            tracing::warn!(
                topic = feeds,
                "the list of feeds is missing, and may not be created: subscriptions are not listed"
            );
        }
        if missing.is_empty() || unlisted {
            if !unlisted {
                worker.pipeline.subscriptions().listed().exist();
            }
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

/// Does what must be done before the group is joined. `None` when the worker was told to end meanwhile.
async fn prepare(
    delivery: Delivery,
    abandon: &CancellationToken,
    shutdown: &Shutdown,
) -> Result<Option<Delivery>, WorkerError> {
    let abandon_too = abandon.clone();
    let mut preparing = tokio::task::spawn_blocking(move || delivery.prepare(&abandon_too).map(|()| delivery));
    let prepared = tokio::select! {
        prepared = &mut preparing => prepared,
        () = shutdown.asked() => {
            abandon.cancel();
            preparing.await
        }
    };
    match prepared.map_err(|_| WorkerError::Thread("connect"))? {
        Ok(delivery) => Ok(Some(delivery)),
        Err(DeliveryError::Abandoned) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// Starts a task for each message, until the worker is told to end.
async fn dispatch(
    worker: &Worker,
    commit: &SyncSender<Handover>,
    mut taken: mpsc::Receiver<Taken>,
    tasks: &mut JoinSet<()>,
) {
    if let Some(mut place) = worker.place.clone() {
        // Others might be at work on the rest of the partitions, and know what we do not.
        tokio::select! {
            _ = place.wait_for(|place| place.was_alone()) => {}
            () = worker.shutdown.asked() => return,
        }
    }
    loop {
        tokio::select! {
            biased;
            () = worker.shutdown.asked() => return,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => worker.health.message_ended(),
            Some(taken) = taken.recv() => {
                worker.health.message_started();
                tasks.spawn(assignment::work(
                    worker.pipeline.clone(),
                    worker.capacity.clone(),
                    worker.traces.clone(),
                    taken,
                    commit.clone(),
                ));
            }
            // Intake has ended, and says why.
            else => std::future::pending().await,
        }
    }
}

/// Waits until it is certain that others were in the group before us.
async fn is_newcomer(place: Option<watch::Receiver<Place>>) -> Share {
    let Some(mut place) = place else { return std::future::pending().await };
    loop {
        let newcomer = place.wait_for(|place| matches!(place, Place::Newcomer(_))).await.map(|place| *place);
        let Ok(Place::Newcomer(share)) = newcomer else { return std::future::pending().await };
        if timeout(NEWCOMER_FOR, place.wait_for(|place| place.was_alone())).await.is_err() {
            return share;
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
    if timeout(LAST_COMMIT, &mut *committing).await.is_err() {
        tracing::warn!("the brokers do not take the last records; the next worker makes them again");
        abandon.cancel();
        let _ = timeout(LAST_COMMIT, committing).await;
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
