//! The lean site of `make bench`: pages that lie compressed in memory, over HTTP/1.1 with connections that stay open.
//!
//! `site CORPUS [DELAY_MS]` serves what `corpus` has written, whatever the host, at a port of 127.0.0.1 that it prints. It does
//! next to nothing a request, so that the worker is measured and not its web. It ends with its standard input.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, process, thread};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ROBOTS: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 38\r\n\r\nUser-agent: *\nDisallow: /administrator";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

/// Answers by path, ready to be sent.
type Answers = HashMap<String, Vec<u8>>;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(corpus) = arguments.next() else {
        eprintln!("usage: site CORPUS [DELAY_MS]");
        process::exit(2);
    };
    let delay = Duration::from_millis(arguments.next().and_then(|delay| delay.parse().ok()).unwrap_or_default());
    // Whoever started it holds the other end.
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(0);
    });
    if let Err(failure) = answers(Path::new(&corpus)).and_then(|answers| serve(answers, delay)) {
        eprintln!("{corpus}: {failure}");
        process::exit(1);
    }
}

fn answers(corpus: &Path) -> io::Result<Answers> {
    let urls = fs::read_to_string(corpus.join("urls.txt"))?;
    let mut answers = Answers::new();
    for (number, url) in urls.lines().enumerate() {
        let body = fs::read(corpus.join(format!("pages/{number}.html.gz")))?;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-encoding: gzip\r\netag: \"{number}\"\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        answers.insert(format!("/{path}"), [head.as_bytes(), &body].concat());
    }
    Ok(answers)
}

#[tokio::main(flavor = "current_thread")]
async fn serve(answers: Answers, delay: Duration) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let answers = Arc::new(answers);
    loop {
        let (stream, _) = listener.accept().await?;
        let _ = stream.set_nodelay(true);
        tokio::spawn(answer(stream, answers.clone(), delay));
    }
}

/// Answers the requests of a connection until it closes.
async fn answer(mut stream: TcpStream, answers: Arc<Answers>, delay: Duration) -> io::Result<()> {
    let mut request = Vec::new();
    loop {
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        let text = String::from_utf8_lossy(&request);
        let path = text.split(' ').nth(1).unwrap_or_default();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let known = if path == "/robots.txt" { Some(ROBOTS) } else { answers.get(path).map(Vec::as_slice) };
        stream.write_all(known.unwrap_or(NOT_FOUND)).await?;
        request.clear();
    }
}
