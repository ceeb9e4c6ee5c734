//! A real Prometheus that scrapes a worker.

use std::io::Read;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::setup::Setup;
use crate::wait::{self, SOON};
use crate::{kafka, keeper};

/// What the worker is called, as in deploy/prometheus.
pub const JOB: &str = "newswire";

/// Scrapes one worker every second; it is killed when the test ends.
pub struct Prometheus {
    process: Child,
    port: u16,
}

/// Whether this machine has no Prometheus; then the run says that its tests are left out. `make test` installs it
/// where it may.
pub fn is_missing() -> bool {
    let missing =
        ["prometheus", "promtool"].into_iter().find(|name| Command::new(name).arg("--version").output().is_err());
    if let Some(name) = missing {
        println!("NOT CHECKED: there is no {name} on this machine");
    }
    missing.is_some()
}

impl Prometheus {
    /// Starts with the rules that ship with newswire, and waits until it answers.
    pub fn scraping(setup: &Setup, target: &str) -> Self {
        Self::scraping_with(setup, target, concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/prometheus/rules.yml"))
    }

    /// The same with rules of one's own.
    pub fn scraping_with(setup: &Setup, target: &str, rules: &str) -> Self {
        let port = kafka::free_port();
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{rules:?}]\nscrape_configs:\n\
             - {{ job_name: {JOB}, static_configs: [{{ targets: [{target:?}] }}] }}\n"
        );
        let config = setup.file("prometheus.yml", config);
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", config.with_file_name("tsdb").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("prometheus");
        keeper::started(process.id());
        let started = Self { process, port };
        wait::until("Prometheus to answer", SOON, || started.query("vector(1)"));
        started
    }

    /// Where it answers.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The series that answer a query now; `None` where it does not answer. A query that it refuses fails the test.
    pub fn query(&self, query: &str) -> Option<Vec<Value>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", query).finish();
        let head = format!(
            "POST /api/v1/query HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            form.len()
        );
        std::io::Write::write_all(&mut stream, head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?;
        assert_ne!(status, "400", "{query}: {body}");
        if status != "200" {
            return None;
        }
        let mut body: Value = serde_json::from_str(body).unwrap_or_else(|failure| panic!("{failure}: {body}"));
        match body["data"]["result"].take() {
            Value::Array(series) => Some(series),
            other => panic!("{query}: {other}"),
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        keeper::ended(self.process.id());
    }
}
