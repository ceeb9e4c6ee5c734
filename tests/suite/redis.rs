//! A real Redis, on a free port of its own.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::wait::{self, SOON};
use crate::{kafka, keeper};

/// A running server; it is killed when the test ends.
pub struct Redis {
    process: Option<Child>,
    port: u16,
    folder: PathBuf,
    /// What it is told beside where it keeps what it has.
    arguments: Vec<String>,
}

impl Redis {
    /// Starts one that keeps what it has when it is killed.
    pub fn start() -> Self {
        Self::start_with(|port, _| vec!["--port".into(), port.to_string()])
    }

    /// One that takes TLS alone, with a certificate for 127.0.0.1 of an authority of its own; `users` are lines of its settings.
    pub fn start_guarded(users: &[&str]) -> Self {
        let users: Vec<String> = users.iter().flat_map(|line| line.split(' ')).map(str::to_owned).collect();
        Self::start_with(|port, folder| {
            certify(folder);
            let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
            let port = port.to_string();
            let (key, certificate, authority) = (file("server.key"), file("server.crt"), file("ca.crt"));
            let tls = ["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no", "--tls-key-file", &key];
            let tls = tls.into_iter().chain(["--tls-cert-file", &certificate, "--tls-ca-cert-file", &authority]);
            tls.map(str::to_owned).chain(users).collect()
        })
    }

    fn start_with(arguments: impl FnOnce(u16, &Path) -> Vec<String>) -> Self {
        let (port, folder) = (kafka::free_port(), keeper::folder("redis"));
        let arguments = arguments(port, &folder);
        let mut redis = Self { process: None, port, folder, arguments };
        redis.start_again();
        redis
    }

    /// Where its authority's certificate is.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// Its address over TLS, for a user and a password: `user:password`.
    pub fn guarded_url(&self, who: &str) -> String {
        format!("rediss://{who}@127.0.0.1:{}", self.port)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
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
        let process = Command::new("redis-server")
            .args(&self.arguments)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "no"])
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

/// Makes an authority, and a certificate of it for 127.0.0.1, in this folder.
fn certify(folder: &Path) {
    let openssl = |arguments: &str| {
        let made =
            Command::new("openssl").args(arguments.split(' ')).current_dir(folder).stderr(Stdio::null()).status();
        assert!(made.expect("openssl, of every Linux").success(), "openssl {arguments}");
    };
    std::fs::write(folder.join("server.ext"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt",
    );
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=store -keyout server.key -out server.csr",
    );
    openssl(
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt",
    );
}
