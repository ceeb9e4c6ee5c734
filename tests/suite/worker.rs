//! `newswire run`, from outside.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::setup::Setup;
use crate::wait::{self, SOON};
use crate::{kafka, keeper};

/// A running worker; it is killed when the test ends.
pub struct Worker {
    process: Child,
    status: Option<ExitStatus>,
    log: Arc<Mutex<Vec<String>>>,
    admin: u16,
}

/// An answer of the admin server.
#[derive(Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// Its status line and headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A file for a worker's log in the folder `NEWSWIRE_TEST_LOGS`, which outlives the run: where to look for the cause of a stall.
fn kept_log(admin: u16) -> Option<File> {
    let folder = std::env::var_os("NEWSWIRE_TEST_LOGS")?;
    Some(File::create(Path::new(&folder).join(format!("worker-{admin}.log"))).expect("NEWSWIRE_TEST_LOGS"))
}

impl Worker {
    /// Starts, and waits until it is ready.
    pub fn start(setup: &Setup) -> Self {
        let mut worker = Self::launch(setup);
        worker.ready();
        worker
    }

    /// Starts without waiting.
    pub fn launch(setup: &Setup) -> Self {
        Self::launch_with(setup, &[])
    }

    /// Starts without waiting, with variables of the environment.
    pub fn launch_with(setup: &Setup, environment: &[(&str, &str)]) -> Self {
        Self::spawn(setup, Command::new(env!("CARGO_BIN_EXE_newswire")), environment)
    }

    /// Starts without waiting, as the program that a line of shell becomes: `exec "$0" "$@"` is the worker.
    pub fn launch_by(line: &str, setup: &Setup) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", line, env!("CARGO_BIN_EXE_newswire")]);
        Self::spawn(setup, command, &[])
    }

    /// Starts another build of the worker, without waiting.
    pub fn launch_build(setup: &Setup, program: &Path) -> Self {
        Self::spawn(setup, Command::new(program), &[])
    }

    fn spawn(setup: &Setup, mut command: Command, environment: &[(&str, &str)]) -> Self {
        let admin = kafka::free_port();
        command.arg("run").arg("--config").arg(setup.write_settings(&format!("worker-{admin}.toml")));
        command.env("NEWSWIRE__ADMIN__LISTEN", format!("127.0.0.1:{admin}")).envs(environment.iter().copied());
        command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("newswire");
        keeper::started(process.id());
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(process.stderr.take().unwrap()).split(b'\n');
        let copy = log.clone();
        let mut kept = kept_log(admin);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(file) = &mut kept {
                    let _ = file.write_all(&line).and_then(|()| file.write_all(b"\n"));
                }
                copy.lock().unwrap().push(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self { process, status: None, log, admin }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where the admin server listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.admin)
    }

    /// Waits until /readyz says so.
    pub fn ready(&mut self) {
        wait::until("the worker to be ready", SOON, || {
            if let Some(status) = self.ended() {
                panic!("the worker ended with {status} before it was ready");
            }
            (self.get("/readyz")?.status == 200).then_some(())
        });
    }

    /// Asks the admin server; `None` while it does not listen.
    pub fn get(&self, path: &str) -> Option<Page> {
        self.ask("GET", path, "")
    }

    /// Gives the admin server an order, with these headers, each with its line's end.
    pub fn post(&self, path: &str, headers: &str) -> Page {
        self.ask("POST", path, &format!("content-length: 0\r\n{headers}")).expect("an admin server")
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Option<Page> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}connection: close\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8(answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some(Page { status: head.split(' ').nth(1)?.parse().ok()?, head: head.to_owned(), body: body.to_owned() })
    }

    /// What /metrics says now.
    pub fn metrics(&self) -> Metrics {
        let page = self.get("/metrics").expect("an admin server");
        assert_eq!(page.status, 200);
        Metrics(page.body)
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success(), "kill -{name}");
    }

    /// Ends it with -9.
    pub fn kill(mut self) {
        self.end();
    }

    /// Asks it to leave with SIGTERM, and waits until it is gone: it must have drained.
    pub fn stop(mut self) {
        self.signal("TERM");
        assert_eq!(self.exit_code(SOON), Some(0), "a drained worker exits 0");
    }

    /// Waits for its end; `None` when a signal ended it.
    pub fn exit_code(&mut self, within: Duration) -> Option<i32> {
        wait::until("the worker to end", within, || self.ended()).code()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.process.try_wait().unwrap();
            if self.status.is_some() {
                keeper::ended(self.process.id());
            }
        }
        self.status
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits for a line of the log that has all of these words in it, whatever their case.
    pub fn says(&self, words: &[&str], within: Duration) -> String {
        wait::until(&format!("a log line with {words:?}"), within, || {
            let lines = self.log.lock().unwrap();
            let found = lines.iter().find(|line| {
                let line = line.to_lowercase();
                words.iter().all(|word| line.contains(&word.to_lowercase()))
            });
            found.cloned()
        })
    }

    fn end(&mut self) {
        if self.ended().is_some() {
            return;
        }
        let _ = self.process.kill();
        self.status = self.process.wait().ok();
        keeper::ended(self.process.id());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let tail: Vec<_> = log.iter().rev().take(60).rev().cloned().collect();
            println!("--- the worker's log, its end:\n{}", tail.join("\n"));
        }
        self.end();
    }
}

/// A page in Prometheus's text format.
pub struct Metrics(pub String);

impl Metrics {
    /// The series of a metric: labels as they stand, and value.
    pub fn series(&self, name: &str) -> Vec<(String, f64)> {
        let lines = self.0.lines().filter_map(|line| {
            let (series, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            (series.is_empty() || series.starts_with('{')).then(|| (series.to_owned(), value.parse().unwrap()))
        });
        lines.collect()
    }

    /// The sum of a metric's series whose labels contain all of these texts.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let series = self.series(name);
        series.iter().filter(|(own, _)| labels.iter().all(|label| own.contains(label))).map(|(_, value)| value).sum()
    }
}
