//! The life of a worker: parts that last, and one session with the brokers after the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::session::Session;
use super::{Parts, Pipeline, Quarantine, Shutdown};
use crate::admin::{self, Health, HostPages, Status};
use crate::config::{DedupStore, FrontierStore, Membership, Settings};
use crate::dedup::{Gauges, Limits, Original, Store, StoreError};
use crate::feeds::FeedFigures;
use crate::fetch::{Client, ClientError};
use crate::frontier::{Figures, Frontier, OrdersError, SharedPace};
use crate::kafka::{Capacity, DeliveryError, IntakeError, Law, Link, Partitions, Place, Share, TopicError};
use crate::metrics::Metrics;
use crate::traces::{Traces, TracesError};

/// The first wait before something is asked of brokers again; it doubles up to [`LAST_BACKOFF`].
pub(super) const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest wait before something is asked of brokers again.
pub(super) const LAST_BACKOFF: Duration = Duration::from_secs(30);

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
    /// What is known can't be read.
    #[error(transparent)]
    Known(#[from] StoreError),
    /// Others are in the group.
    #[error(
        "dedup.store = \"embedded\" is for one worker, and this one was given {0}: others are in the group; dedup.store = \"redis\" is for several"
    )]
    NotAlone(Share),
    /// Intake ended.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// The HTTP client can't be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The store that the pace of hosts is shared in has no address that can be read.
    #[error("dedup.redis_url: {0}")]
    Pace(#[source] redis::RedisError),
    /// The operator's rules for hosts can't be used.
    #[error(transparent)]
    Orders(#[from] OrdersError),
    /// The admin server can't listen.
    #[error("admin.listen = {address}: {source}")]
    Admin {
        /// Where it should have listened.
        address: SocketAddr,
        /// Why it does not.
        source: std::io::Error,
    },
    /// Traces can't be sent to where the settings say.
    #[error("tracing.otlp_endpoint: {0}")]
    Traces(#[from] TracesError),
    /// A metric can't be registered: a bug.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// A thread can't be started, or has panicked.
    #[error("the {0} thread has failed")]
    Thread(&'static str),
}

impl WorkerError {
    /// Whether new kafka clients can go on where these can't: the state of one was lost, or its transaction took
    /// too long and was ended by the brokers.
    ///
    /// The group tells of a newer worker only where members are static. Without that a fenced producer is all there
    /// is to go by, and to come back would fence the newer worker in turn.
    fn passes_with_new_clients(&self, membership: Membership) -> bool {
        match self {
            Self::Delivery(DeliveryError::Fatal(_)) | Self::Intake(IntakeError::Fatal(_)) => true,
            Self::Delivery(DeliveryError::Fenced(_)) => membership == Membership::Static,
            _ => false,
        }
    }

    /// Whether it is the settings that are wrong, so that starting again as it is can't help.
    pub fn is_settings(&self) -> bool {
        matches!(
            self,
            Self::Topics(_)
                | Self::Consumer(_)
                | Self::Client(_)
                | Self::Orders(_)
                | Self::Pace(_)
                | Self::Traces(_)
                | Self::NotAlone(_)
                | Self::Known(StoreError::Address { .. })
                | Self::Admin { .. }
                | Self::Delivery(DeliveryError::Client(_))
        )
    }
}

/// What outlasts a session with the brokers.
pub(super) struct Worker {
    pub settings: Arc<Settings>,
    pub metrics: Arc<Metrics>,
    pub link: Arc<Link>,
    pub partitions: Arc<Partitions>,
    pub capacity: Arc<Capacity>,
    pub known: Arc<Store>,
    /// Where it matters: whether others are in the group.
    pub place: Option<watch::Receiver<Place>>,
    pub pipeline: Arc<Pipeline>,
    pub health: Arc<Health>,
    pub status: Arc<Status>,
    /// Where a collector is named.
    pub traces: Option<Arc<Traces>>,
    pub draining: CancellationToken,
    pub shutdown: Shutdown,
}

impl Worker {
    fn new(settings: Arc<Settings>, shutdown: Shutdown) -> Result<Self, WorkerError> {
        let metrics = Metrics::new()?;
        let link = Arc::new(Link::default());
        let partitions =
            Arc::new(Partitions::new(usize::try_from(settings.delivery.offset_metadata_max).unwrap_or(usize::MAX)));
        let capacity = Capacity::new(settings.delivery.max_in_flight, settings.delivery.max_bytes_in_flight);
        metrics.register(Box::new(Law::new(partitions.clone(), capacity.clone())?))?;
        let draining = CancellationToken::new();
        let client = Client::new(&settings.fetch)?;
        let frontier = Frontier::new(&settings.frontier, client.clone(), settings.delivery.max_in_flight)?;
        if settings.frontier.store == FrontierStore::Redis {
            let (concurrency, lease) = (settings.frontier.host_concurrency, settings.fetch.total_timeout + SPARE_LEASE);
            let (url, group) = (settings.redis_url(), &settings.kafka.group_id);
            frontier.hosts().share(SharedPace::connect(url, group, concurrency, lease).map_err(WorkerError::Pace)?);
        }
        metrics.register(Box::new(Figures::new(frontier.hosts().clone())?))?;
        let known = open_store(&settings)?;
        let place = (settings.dedup.store == DedupStore::Embedded).then(|| link.watch_place());
        metrics.register(Box::new(Gauges::new(known.clone())?))?;
        let pipeline = Pipeline::new(Parts {
            settings: settings.clone(),
            client,
            frontier: frontier.clone(),
            store: known.clone(),
            capacity: capacity.clone(),
            metrics: metrics.clone(),
            quarantine: Quarantine::open(&settings.delivery.state_dir, &settings.worker_name()),
            draining: draining.clone(),
        });
        let pipeline = Arc::new(pipeline.map_err(|_| WorkerError::Thread("read"))?);
        metrics.register(Box::new(FeedFigures::new(pipeline.subscriptions().journal().clone())?))?;
        let (ledgers, draining_too) = (partitions.clone(), draining.clone());
        let health = Health::new(&settings, metrics.clone(), ledgers, link.clone(), known.clone(), draining_too);
        let health = Arc::new(health);
        let control = settings.admin.token.clone().filter(|_| settings.admin.control);
        let status = Arc::new(Status {
            health: health.clone(),
            hosts: Arc::new(HostPages::new(frontier, control)),
            journal: pipeline.subscriptions().journal().clone(),
            capacity: capacity.clone(),
            metrics: metrics.clone(),
            latest: Arc::default(),
            instance: settings.delivery.instance_id.clone(),
        });
        let traces = Traces::of(&settings)?.map(Arc::new);
        Ok(Self {
            settings,
            metrics,
            link,
            partitions,
            capacity,
            known,
            place,
            pipeline,
            health,
            status,
            traces,
            draining,
            shutdown,
        })
    }
}

/// How much longer than `fetch.total_timeout` a shared turn at a host is believed to last: what robots.txt and the way to the
/// store take beside.
const SPARE_LEASE: Duration = Duration::from_secs(10);

/// The most articles remembered: 2,000,000 take about 1 GB.
const MOST_KNOWN: usize = 2_000_000;

/// What is known, from where the settings keep it. Must be called within a runtime.
///
/// # Errors
/// The folder or the address can't be used, or another worker has the folder.
pub fn open_store(settings: &Settings) -> Result<Arc<Store>, StoreError> {
    let limits = Limits { ttl: settings.dedup.ttl, most: MOST_KNOWN, original: Original::First };
    match settings.dedup.store {
        DedupStore::Embedded => Store::open(limits, &settings.dedup_folder()),
        DedupStore::Redis => Store::shared(limits, settings.redis_url(), &settings.kafka.group_id),
        DedupStore::Memory => {
            tracing::warn!("what is known of articles is forgotten when this worker ends (dedup.store = \"memory\")");
            Ok(Store::new(limits))
        }
    }
}

/// Works until `shutdown` is asked for, then drains: what is in flight is finished within
/// `delivery.drain_timeout`, and what is not is left for the next worker.
///
/// Brokers that do not answer are waited for; kafka clients that can't go on are replaced by new ones, and the
/// worker joins its group again. Brokers that refuse us, settings that can't work, and a newer worker
/// under our instance id end it.
pub async fn run(settings: Arc<Settings>, shutdown: Shutdown) -> Result<(), WorkerError> {
    let worker = Worker::new(settings, shutdown)?;
    let end = sessions(&worker).await;
    if let Some(traces) = worker.traces {
        traces.finish().await;
    }
    end
}

/// One session with the brokers after the other.
async fn sessions(worker: &Worker) -> Result<(), WorkerError> {
    let mut session = Session::open(worker)?;
    if let Some(address) = worker.settings.admin.listen {
        let bound = admin::serve(address, worker.status.clone()).await;
        let bound = bound.map_err(|source| WorkerError::Admin { address, source })?;
        tracing::info!(address = %bound, "admin server listens");
    }
    let mut backoff = FIRST_BACKOFF;
    loop {
        worker.metrics.sessions.inc();
        let started = Instant::now();
        let failure = match session.run(worker).await {
            Err(failure) if failure.passes_with_new_clients(worker.settings.delivery.membership) => failure,
            end => return end,
        };
        if started.elapsed() > LAST_BACKOFF {
            backoff = FIRST_BACKOFF;
        }
        tracing::error!(error = %failure, retry_in_ms = backoff.as_millis(), "the kafka clients are opened anew");
        tokio::select! {
            () = tokio::time::sleep(backoff) => {}
            () = worker.shutdown.asked() => return Ok(()),
        }
        backoff = (backoff * 2).min(LAST_BACKOFF);
        session = Session::open(worker)?;
    }
}
