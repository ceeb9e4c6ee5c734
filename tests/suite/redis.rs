//! A real Redis, on a free port of its own.

use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::wait::{self, SOON};
use crate::{kafka, keeper};

/// A running server; it is killed when the test ends.
pub struct Redis {
    process: Option<Child>,
    port: u16,
    folder: PathBuf,
}

impl Redis {
    /// Starts one that keeps what it has when it is killed.
    pub fn start() -> Self {
        let mut redis = Self { process: None, port: kafka::free_port(), folder: keeper::folder("redis") };
        redis.start_again();
        redis
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it with -9.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let _ = process.kill();
        let _ = process.wait();
        keeper::ended(process.id());
    }

    /// Starts it again on the same port, with what it had.
    pub fn start_again(&mut self) {
        let port = self.port.to_string();
        let process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "no"])
            .arg("--dir")
            .arg(&self.folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server; tests/redis/server.sh installs it");
        keeper::started(process.id());
        self.process = Some(process);
        wait::until("Redis to listen", SOON, || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
