//! Settings and a raw loopback site for the tests of this room and the frontier's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::config;

/// Settings as they are in production.
pub fn strict() -> config::Fetch {
    config::Fetch {
        user_agent: "newswire/0.1 (+https://operator.example/bot)".into(),
        allow_private_networks: false,
        ports: vec![80, 443, 8080, 8443],
        resolve: BTreeMap::new(),
        ca_file: None,
        proxy: None,
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(20),
        max_body: 1024 * 1024,
        max_redirects: 10,
    }
}

/// Settings under which loopback may be asked.
pub fn lenient() -> config::Fetch {
    config::Fetch { allow_private_networks: true, ..strict() }
}

/// A loopback site that answers each request with bytes of the test's choosing.
pub struct Site {
    /// Where it listens.
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: mpsc::UnboundedReceiver<String>,
}

impl Site {
    /// A site that writes what `answer` says to the request's head, and closes.
    pub async fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let answer = Arc::new(answer);
        Self::serving(move |mut stream, head| {
            let answer = answer.clone();
            async move {
                // A client that has seen enough is free to leave.
                let _ = stream.write_all(&answer(&head)).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// A site that hands each connection to `serve`, with the head of its first request.
    pub async fn serving<F>(serve: impl Fn(TcpStream, String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, requests) = mpsc::unbounded_channel();
        let counted = connections.clone();
        let serve = Arc::new(serve);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (seen, serve) = (seen.clone(), serve.clone());
                tokio::spawn(async move {
                    let head = head(&mut stream).await;
                    let _ = seen.send(head.clone());
                    serve(stream, head).await;
                });
            }
        });
        Self { address, connections, requests }
    }

    /// A URL of this site, by its address.
    pub fn url(&self, path: &str) -> url::Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The head of the next request that came.
    pub async fn request(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A well-formed answer.
pub fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    if headers.contains("Content-Length") || headers.contains("chunked") {
        bytes = format!("HTTP/1.1 {status} x\r\n{headers}Connection: close\r\n\r\n");
    }
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A page of HTML.
pub fn page(body: &[u8]) -> Vec<u8> {
    answer(200, "Content-Type: text/html\r\n", body)
}
