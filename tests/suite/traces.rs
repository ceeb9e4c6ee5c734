//! Traces: what a collector gets of each message's way, and that nothing waits for one.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::setup::{Setup, of_url};
use crate::site::{Answer, runtime};
use crate::topics::Message;
use crate::wait::{self, SOON};
use crate::worker::Worker;

/// The trace and the span that a sender puts into its messages.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SENDER: &str = "b7ad6b7169203331";

/// Takes spans as a collector does: OTLP over HTTP, protobuf.
struct Collector {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// A span, and who sent it.
struct Taken {
    span: Span,
    resource: Vec<KeyValue>,
}

impl Collector {
    fn start() -> Self {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let taking = taken.clone();
        let take = async move |headers: HeaderMap, body: Bytes| {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            for of_one in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
                let resource = of_one.resource.unwrap().attributes;
                let spans = of_one.scope_spans.into_iter().flat_map(|scope| scope.spans);
                taking.lock().unwrap().extend(spans.map(|span| Taken { span, resource: resource.clone() }));
            }
            StatusCode::OK
        };
        let listener = runtime().block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/v1/traces", post(take));
        runtime().spawn(async move { axum::serve(listener, app).await });
        Self { address, taken }
    }

    fn spans(&self) -> Vec<Span> {
        self.taken.lock().unwrap().iter().map(|taken| taken.span.clone()).collect()
    }

    /// Waits for the span of a message with this address.
    fn message(&self, url: &str) -> Span {
        wait::until(&format!("the span of {url}"), SOON, || {
            self.spans().into_iter().find(|span| text(&span.attributes, "url.full").as_deref() == Some(url))
        })
    }

    /// The spans right under one, in the order in which they began.
    fn under(&self, parent: &Span) -> Vec<Span> {
        let mut under = self.spans();
        under.retain(|span| span.parent_span_id == parent.span_id && span.trace_id == parent.trace_id);
        under.sort_by_key(|span| span.start_time_unix_nano);
        under
    }
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => Some(format!("{other:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn traced(url: &str, flags: &str) -> Message {
    let traceparent = format!("00-{TRACE}-{SENDER}-{flags}");
    Message::of(url).with("traceparent", traceparent).with("tracestate", "shop=1")
}

fn setup(name: &str, collector: SocketAddr) -> Setup {
    let mut setup = Setup::new(name);
    setup.set("tracing", "otlp_endpoint", &format!("\"http://{collector}/v1/traces\""));
    setup
}

#[test]
fn a_message_is_a_span_under_its_sender_with_one_for_each_stage_and_its_record_goes_on_from_it() {
    let collector = Collector::start();
    let setup = setup("traces", collector.address);
    let worker = Worker::start(&setup);
    let url = |number: u32| format!("http://alpha.example/article/{number}");
    setup.send(&[traced(&url(1), "01"), traced(&url(2), "00"), Message::of(url(3))]);
    let gone = "http://alpha.example/gone";
    setup.send(&[traced(gone, "01")]);
    setup.ended(4);

    let message = collector.message(&url(1));
    assert_eq!((hex(&message.trace_id), hex(&message.parent_span_id)), (TRACE.into(), SENDER.into()));
    assert_eq!(text(&message.attributes, "newswire.outcome").as_deref(), Some("published"));
    assert_eq!(text(&message.attributes, "messaging.destination.name"), Some(setup.topic("urls")));
    let stages = wait::until("its stages", SOON, || Some(collector.under(&message)).filter(|stages| stages.len() >= 5));
    let names: Vec<&str> = stages.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["wait", "fetch", "extract", "dedup", "commit"]);
    for stage in &stages {
        let within = message.start_time_unix_nano..=message.end_time_unix_nano;
        assert!(within.contains(&stage.start_time_unix_nano), "{stage:#?}");
        assert!(stage.start_time_unix_nano <= stage.end_time_unix_nano, "{stage:#?}");
    }
    let resource = collector.taken.lock().unwrap()[0].resource.clone();
    assert_eq!(text(&resource, "service.name").as_deref(), Some("newswire"));
    assert_eq!(text(&resource, "service.instance.id"), Some(format!("{}-0", setup.name)));
    worker.says(&["message ended", &url(1), TRACE], SOON);

    // What is rejected says why.
    let rejected = collector.message(gone);
    assert_eq!(text(&rejected.attributes, "newswire.reason").as_deref(), Some("gone"));
    assert_eq!(rejected.status.unwrap().code, 2);

    // A message without a trace begins one; of who does not want to be traced the headers go on as they came.
    let own = collector.message(&url(3));
    assert_eq!((own.parent_span_id.as_slice(), hex(&own.trace_id) == TRACE), (&[][..], false));
    let articles = setup.read("articles").take(3, SOON).to_vec();
    let headers = |number| {
        let of_one = articles.iter().find(|article| article.json()["url"] == url(number)).unwrap();
        (of_one.header("traceparent").unwrap(), of_one.header("tracestate"))
    };
    assert_eq!(headers(1), (format!("00-{TRACE}-{}-01", hex(&message.span_id)), Some("shop=1".into())));
    assert_eq!(headers(2), (format!("00-{TRACE}-{SENDER}-00"), Some("shop=1".into())));
    assert_eq!(headers(3), (format!("00-{}-{}-01", hex(&own.trace_id), hex(&own.span_id)), None));
    worker.stop();
    let not_wanted = |span: &Span| text(&span.attributes, "url.full") == Some(url(2));
    assert!(!collector.spans().iter().any(not_wanted));
}

#[test]
fn what_a_feed_is_turned_into_is_traced_under_the_feed() {
    let collector = Collector::start();
    let setup = setup("traces-feed", collector.address);
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let feed = format!("<rss><channel><item><link>/article/1</link><pubDate>{now}</pubDate></item></channel></rss>");
    setup.site.set("gamma.example/feed.xml", Answer::bytes("text/xml", feed));
    let worker = Worker::start(&setup);
    setup.send(&[traced("http://gamma.example/feed.xml", "01")]);
    setup.ended(2);
    let feed = collector.message("http://gamma.example/feed.xml");
    let article = collector.message("http://gamma.example/article/1");
    assert_eq!((hex(&feed.trace_id), hex(&feed.parent_span_id)), (TRACE.into(), SENDER.into()));
    assert_eq!((article.trace_id, article.parent_span_id), (feed.trace_id, feed.span_id));
    // What still waits when the worker is told to end is sent before it does.
    setup.send(&[traced("http://gamma.example/article/2", "01")]);
    let outcomes = setup.ended(3);
    worker.stop();
    assert_eq!(of_url(&outcomes, "http://gamma.example/article/2")[0].json()["outcome"], "published");
    let is_there =
        |span: &Span| text(&span.attributes, "url.full").as_deref() == Some("http://gamma.example/article/2");
    assert!(collector.spans().iter().any(is_there));
}

#[test]
fn a_collector_that_never_answers_holds_up_no_message_and_no_end() {
    // Connections are taken by the system, and nobody ever reads from them.
    let deaf = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let setup = setup("traces-deaf", deaf.local_addr().unwrap());
    let mut worker = Worker::start(&setup);
    setup.send_urls((0..100).map(|number| format!("http://alpha.example/article/{number}")));
    setup.ended(100);
    setup.committed_to_the_end();
    worker.signal("TERM");
    assert_eq!(worker.exit_code(SOON), Some(0));
}
