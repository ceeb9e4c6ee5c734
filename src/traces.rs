//! What a collector is told of each message's way: a span for the message, and under it one for each stage.
//!
//! Off unless `tracing.otlp_endpoint` names a collector. A message that comes in a trace (W3C Trace Context) is a child of who
//! sent it, and what is written for it is a child of ours. Spans are made when all is over, from the times that the worker
//! notes of every message anyway; they wait in a bounded queue, and those that find no room there are dropped: no message
//! waits for a collector.

mod collector;

use std::time::{Duration, Instant, SystemTime};

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, Span};

use crate::config::Settings;
use crate::fetch::ClientError;
use crate::record::{Ending, Lap, Origin, Outcome};

/// Spans that wait for the collector, at most: of a thousand messages of six spans each. At half, a burst of ends that one
/// commit brings is cut; at double, a collector that is away costs twice the memory, some 10 MB.
const MOST_WAITING: usize = 8_192;

/// Spans in one request; the SDK's own default.
const MOST_AT_ONCE: usize = 512;

/// How long spans are gathered for a request. The SDK's default, 5 s, is long for whoever looks at a page that was just read.
const GATHERED_FOR: Duration = Duration::from_secs(1);

/// How long one request may take, with what the exporter tries again within it.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// How long a worker that ends waits for its last spans. All is committed by then: whoever kills it meanwhile loses spans alone.
const LAST_EXPORT: Duration = Duration::from_secs(5);

/// A header's name and value.
type Header = (String, Option<Vec<u8>>);

/// Why traces can't be sent.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The TLS settings can't be used.
    #[error(transparent)]
    Tls(#[from] ClientError),
    /// The HTTP client can't be made.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The exporter does not take the settings.
    #[error(transparent)]
    Exporter(#[from] ExporterBuildError),
}

/// The way to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// The trace of one message, from when it was taken. One that is dropped leaves its span without an outcome: the message was
/// given up.
#[derive(Debug)]
pub struct Trace {
    tracer: SdkTracer,
    span: Span,
    worked: Option<Instant>,
}

impl Traces {
    /// The way to the collector that `settings` name; `None` where they name none. Must be called within a runtime, whose
    /// tasks carry the requests.
    ///
    /// # Errors
    /// [`TracesError`]: the settings can't be used. Whether anybody listens shows later, in the log.
    pub fn of(settings: &Settings) -> Result<Option<Self>, TracesError> {
        let Some(endpoint) = &settings.tracing.otlp_endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector::Client::new(&settings.fetch, ANSWER_WITHIN)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(ANSWER_WITHIN)
            .build()?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING)
            .with_max_export_batch_size(MOST_AT_ONCE)
            .with_scheduled_delay(GATHERED_FOR)
            .build();
        let resource = Resource::builder()
            .with_service_name("newswire")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", settings.delivery.instance_id.clone()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter).with_batch_config(batches).build())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.tracing.sample))))
            .with_resource(resource)
            .build();
        Ok(Some(Self { tracer: provider.tracer("newswire"), provider }))
    }

    /// Begins the trace of the message that was consumed there, at its try of this number; `None` where it is not to be traced:
    /// who sent it says so, or it is not among those that are sampled.
    pub fn begin(&self, consumed: &Origin, attempt: u32, headers: &[Header]) -> Option<Box<Trace>> {
        let sender = TraceContextPropagator::new().extract_with_context(&Context::new(), &Carrier(headers));
        let facts = [
            KeyValue::new("messaging.system", "kafka"),
            KeyValue::new("messaging.operation.type", "process"),
            KeyValue::new("messaging.destination.name", consumed.topic.clone()),
            KeyValue::new("messaging.destination.partition.id", consumed.partition.to_string()),
            KeyValue::new("messaging.kafka.offset", consumed.offset),
            KeyValue::new("newswire.attempt", i64::from(attempt)),
        ];
        let builder = self.tracer.span_builder("message").with_kind(SpanKind::Consumer).with_attributes(facts);
        let span = builder.start_with_context(&self.tracer, &sender);
        span.is_recording().then(|| Box::new(Trace { tracer: self.tracer.clone(), span, worked: None }))
    }

    /// Sends what waits, within five seconds. Nothing is sent after it.
    pub async fn finish(&self) {
        let provider = self.provider.clone();
        let sending = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_EXPORT)).await;
        if let Ok(Err(failure)) = sending {
            tracing::warn!(error = %failure, "the last traces were not sent");
        }
    }
}

impl Trace {
    /// The id of the trace, as people look it up.
    pub fn id(&self) -> String {
        self.span.span_context().trace_id().to_string()
    }

    /// The headers that make whoever reads a record a child of this message.
    pub fn headers(&self) -> Vec<Header> {
        let mut headers = Headers(Vec::with_capacity(2));
        TraceContextPropagator::new().inject_context(&self.context(), &mut headers);
        headers.0
    }

    /// The work on the message is done, and what comes of it waits for its commit.
    pub fn worked(&mut self) {
        self.worked = Some(Instant::now());
    }

    /// The message ended so, and that was `committed` then.
    pub fn end(mut self: Box<Self>, ending: &Ending, committed: Instant) {
        let clock = Clock::read();
        let context = self.context();
        let waited = self.worked.map(|started| Lap { stage: "commit", started, took: committed - started });
        for Lap { stage, started, took } in ending.laps.iter().copied().chain(waited) {
            let kind = if stage == "fetch" { SpanKind::Client } else { SpanKind::Internal };
            let builder = self.tracer.span_builder(stage).with_kind(kind).with_start_time(clock.at(started));
            builder.start_with_context(&self.tracer, &context).end_with_timestamp(clock.at(started + took));
        }
        let outcome = ending.verdict.outcome();
        self.span.set_attribute(KeyValue::new("newswire.outcome", outcome.as_str()));
        if let Some((reason, detail)) = ending.verdict.reason() {
            self.span.set_attribute(KeyValue::new("newswire.reason", reason.as_str()));
            if outcome == Outcome::Rejected {
                self.span.set_status(Status::error(detail.to_owned()));
            }
        }
        // The address that is safe to fetch has no credentials in it.
        let named = [("url.full", &ending.canonical_url), ("newswire.article_id", &ending.article_id)];
        for (name, value) in named.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))) {
            self.span.set_attribute(KeyValue::new(name, value));
        }
        self.span.end_with_timestamp(clock.at(committed));
    }

    fn context(&self) -> Context {
        Context::new().with_remote_span_context(self.span.span_context().clone())
    }
}

/// Both clocks at one time: the worker measures with the one, a trace is told of the other.
struct Clock {
    steady: Instant,
    wall: SystemTime,
}

impl Clock {
    fn read() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }

    fn at(&self, time: Instant) -> SystemTime {
        self.wall - self.steady.saturating_duration_since(time)
    }
}

/// The headers of a message; of several with one name the last is read, as it was set last.
struct Carrier<'a>(&'a [Header]);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rev().find(|(name, _)| name == key)?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// The headers of a record. A tracestate without entries is none.
struct Headers(Vec<Header>);

impl Injector for Headers {
    fn set(&mut self, key: &str, value: String) {
        if !value.is_empty() {
            self.0.push((key.to_owned(), Some(value.into_bytes())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way to a collector that is not there.
    fn traces(sample: f64) -> Traces {
        let mut settings = crate::config::defaults();
        settings.tracing =
            crate::config::Tracing { otlp_endpoint: Some("http://127.0.0.1:1/v1/traces".into()), sample };
        Traces::of(&settings).unwrap().unwrap()
    }

    fn begin(traces: &Traces, traceparent: Option<&str>) -> Option<Box<Trace>> {
        let headers: Vec<Header> =
            traceparent.map(|value| ("traceparent".to_owned(), Some(value.into()))).into_iter().collect();
        traces.begin(&Origin { topic: "urls".into(), partition: 0, offset: 1 }, 1, &headers)
    }

    #[tokio::test]
    async fn without_a_collector_there_are_no_traces() {
        assert!(Traces::of(&crate::config::defaults()).unwrap().is_none());
    }

    #[tokio::test]
    async fn who_sends_a_message_decides_whether_it_is_traced_and_else_the_sample_does() {
        let wanted = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let unwanted = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let (none, all) = (traces(0.0), traces(1.0));
        assert_eq!(begin(&none, Some(wanted)).unwrap().id(), "0af7651916cd43dd8448eb211c80319c");
        assert!(begin(&none, None).is_none() && begin(&all, None).is_some());
        assert!(begin(&all, Some(unwanted)).is_none());
        // What is no traceparent is none.
        assert!(begin(&none, Some("00-rss")).is_none() && begin(&all, Some("00-rss")).is_some());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn spans_beyond_what_may_wait_are_dropped_and_the_end_is_bounded() {
        let traces = traces(1.0);
        for _ in 0..MOST_WAITING * 2 {
            drop(begin(&traces, None));
        }
        traces.finish().await;
    }
}
