//! A site that misbehaves by path, and what becomes of each of its addresses: one table.
//!
//! Each case is a `newswire check` of its own, so that none hides behind another. What is expected stands beside
//! the misbehaviour: the outcome, its reason, and for how long the command may be at it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::command::newswire;
use crate::pages;
use crate::setup::Setup;
use coders::{CODERS, gzip};

mod coders;

/// The bound of a page in these tests, in bytes.
const MAX_BODY: usize = 256 * 1024;

/// What is left for the start of the process on a busy machine, beside what a case may take itself.
const START: Duration = Duration::from_secs(20);

/// How an address answers.
enum Serve {
    /// With these bytes, and then it closes.
    Bytes(Vec<u8>),
    /// With these bytes, and then nothing more, without closing.
    Stall(Vec<u8>),
    /// With the first bytes, and then the others again and again with this pause.
    Again(Vec<u8>, Vec<u8>, Duration),
    /// With these bytes and a reset.
    Reset(Vec<u8>),
}

/// An address, how it answers, and what is expected: outcome, reason, and at most so many seconds.
struct Case(String, Serve, &'static str, &'static str, u64);

struct Table(Vec<Case>);

impl Table {
    fn add(&mut self, path: &str, serve: Serve, outcome: &'static str, reason: &'static str, seconds: u64) {
        self.0.push(Case(format!("/{path}"), serve, outcome, reason, seconds));
    }

    fn bytes(&mut self, path: &str, bytes: Vec<u8>, outcome: &'static str, reason: &'static str) {
        self.add(path, Serve::Bytes(bytes), outcome, reason, 2);
    }

    fn published(&mut self, path: &str, bytes: Vec<u8>) {
        self.bytes(path, bytes, "published", "");
    }

    fn rejected(&mut self, path: &str, bytes: Vec<u8>, reason: &'static str) {
        self.bytes(path, bytes, "rejected", reason);
    }

    fn deferred(&mut self, path: &str, bytes: Vec<u8>, reason: &'static str) {
        self.bytes(path, bytes, "deferred", reason);
    }
}

fn article() -> Vec<u8> {
    pages::article(1).html().into_bytes()
}

/// A status line and these fields, each ended.
fn head(status: &str, fields: &[&str]) -> Vec<u8> {
    // Without it a later request could come in over a connection that is just being closed.
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for field in fields {
        head.push_str(field);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn answer(status: &str, fields: &[&str], body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    [head(status, &[fields, &[&length]].concat()), body.to_vec()].concat()
}

fn html(body: &[u8]) -> Vec<u8> {
    answer("200 OK", &["Content-Type: text/html; charset=utf-8"], body)
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    answer("200 OK", &["Content-Type: text/html", &format!("Content-Encoding: {coding}")], body)
}

fn redirect(status: &str, to: &str) -> Vec<u8> {
    answer(status, &[&format!("Location: {to}")], b"")
}

fn lengths(table: &mut Table) {
    let page = article();
    let chunk = [format!("{:x}\r\n", page.len()).as_bytes(), &page, b"\r\n"].concat();
    let chunked = head("200 OK", &["Content-Type: text/html", "Transfer-Encoding: chunked"]);
    let plain = head("200 OK", &["Content-Type: text/html"]);
    table.published("plain", html(&page));
    table.published("chunked", [&chunked[..], &chunk, b"0\r\n\r\n"].concat());
    table.published("until-close", [&plain[..], &page].concat());
    table.published("http-1.0", [&b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"[..], &page].concat());
    table.deferred("chunked-cut", [&chunked[..], &chunk].concat(), "incomplete_body");
    table.deferred("chunked-within", [&chunked[..], b"ffff\r\n<p>"].concat(), "incomplete_body");
    table.deferred("chunked-garbage", [&chunked[..], b"zz\r\n<p>\r\n"].concat(), "incomplete_body");
    let with_length = |length: &str| head("200 OK", &["Content-Type: text/html", &format!("Content-Length: {length}")]);
    table.deferred("length-too-long", [&with_length("99999")[..], &page].concat(), "incomplete_body");
    table.rejected("length-huge", [&with_length("99999999999")[..], &page].concat(), "too_large");
    table.deferred("length-negative", [&with_length("-1")[..], &page].concat(), "bad_response");
    table.deferred("length-twice", [&with_length("5\r\nContent-Length: 6")[..], &page].concat(), "bad_response");
    table.rejected("larger-than-allowed", html(&vec![b'x'; MAX_BODY + 1]), "too_large");
    table.add("endless", Serve::Again(plain.clone(), vec![b'x'; 65_536], Duration::ZERO), "rejected", "too_large", 5);
    let more = [&b"10000\r\n"[..], &[b'x'; 65_536], b"\r\n"].concat();
    table.add("endless-chunked", Serve::Again(chunked, more, Duration::ZERO), "rejected", "too_large", 5);
    let drip = |start: &[u8]| Serve::Again(start.to_vec(), b"x".to_vec(), Duration::from_millis(200));
    table.add("drip", drip(&plain), "deferred", "timeout", 6);
    table.add("drip-head", drip(b"HTTP/1.1 200 OK\r\nX: "), "deferred", "timeout", 6);
    table.add("drip-status", drip(b""), "deferred", "bad_response", 6);
    table.add("stall-body", Serve::Stall([&plain[..], b"<p>"].concat()), "deferred", "timeout", 6);
    table.add("stall-head", Serve::Stall(b"HTTP/1.1 200 OK\r\n".to_vec()), "deferred", "timeout", 6);
    table.add("say-nothing", Serve::Stall(Vec::new()), "deferred", "timeout", 6);
    table.add("reset", Serve::Reset(Vec::new()), "deferred", "connect_failure", 2);
    table.add(
        "reset-body",
        Serve::Reset([&with_length("9999")[..], b"<p>"].concat()),
        "deferred",
        "incomplete_body",
        2,
    );
    table.rejected("empty", html(b""), "not_an_article");
}

fn heads(table: &mut Table) {
    let page = article();
    let many = |count: usize| vec!["X-Filler: y"; count];
    let with = |fields: &[&str]| answer("200 OK", &[&["Content-Type: text/html"], fields].concat(), &page);
    table.published("hundred-fields", with(&many(100)));
    table.rejected("many-fields", with(&many(300)), "too_large");
    table.rejected("thousands-of-fields", with(&many(5_000)), "too_large");
    table.rejected("long-field", with(&[&format!("X: {}", "y".repeat(300_000))]), "too_large");
    table.published("folded-field", with(&["X: a\r\n b"]));
    table.published("field-without-name", with(&[": nothing", "no colon"]));
    let endless =
        Serve::Again(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Filler: yyyyyyyyyyyyyyy\r\n".repeat(500), Duration::ZERO);
    table.add("endless-head", endless, "rejected", "too_large", 5);
    table.deferred("head-cut", b"HTTP/1.1 200 OK\r\nContent-Le".to_vec(), "bad_response");
    table.deferred("close", Vec::new(), "bad_response");
    table.deferred("ssh", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "bad_response");
    table.deferred("http-0.9", page.clone(), "bad_response");
    table.deferred("http-3.7", b"HTTP/3.7 200 OK\r\n\r\n".to_vec(), "bad_response");
}

fn statuses(table: &mut Table) {
    let page = article();
    let mut status = |code: &str, outcome, reason| {
        let bytes = answer(&format!("{code} Whatever"), &["Content-Type: text/html"], &page);
        table.bytes(&format!("status-{code}"), bytes, outcome, reason);
    };
    for code in ["201", "203"] {
        status(code, "published", "");
    }
    for code in ["205", "304", "300", "301", "305", "306", "399"] {
        status(code, "rejected", "unexpected_status");
    }
    for code in ["400", "401", "402", "403", "405", "406", "407", "418", "451", "499"] {
        status(code, "rejected", "client_error");
    }
    for code in ["404", "410"] {
        status(code, "rejected", "gone");
    }
    for code in ["408", "425"] {
        status(code, "deferred", "client_error");
    }
    for code in ["500", "501", "502", "503", "504", "511", "520", "599", "600", "799", "999"] {
        status(code, "deferred", "server_error");
    }
    status("206", "deferred", "incomplete_body");
    status("429", "deferred", "rate_limited");
    for (name, value) in
        [("seconds", "120"), ("date", "Fri, 31 Dec 2999 23:59:59 GMT"), ("huge", "99999999999999999999")]
    {
        let retry = format!("Retry-After: {value}");
        table.deferred(&format!("later-{name}"), answer("503 Later", &[&retry], b""), "rate_limited");
    }
    table.deferred("later-garbage", answer("503 Later", &["Retry-After: soon"], b""), "server_error");
}

fn codings(table: &mut Table) {
    let (page, bomb) = (article(), vec![b' '; 64 * MAX_BODY]);
    for (name, coding, coder) in CODERS {
        let body = coder(&page);
        table.published(&format!("{name}-whole"), coded(coding, &body));
        table.deferred(&format!("{name}-cut"), coded(coding, &body[..body.len() / 2]), "incomplete_body");
        table.rejected(&format!("{name}-bomb"), coded(coding, &coder(&bomb)), "too_large");
        table.rejected(
            &format!("{name}-bomb-in-bomb"),
            coded(&format!("{coding}, {coding}"), &coder(&coder(&bomb))),
            "too_large",
        );
        table.published(&format!("{name}-twice"), coded(&format!("{coding}, {coding}"), &coder(&body)));
        table.published(&format!("{name}-in-gzip"), coded(&format!("{coding}, gzip"), &gzip(&body)));
        table.published(&format!("{name}-trailing"), coded(coding, &[&body[..], b"\0\0trailing"].concat()));
    }
    for coding in ["gzip", "zstd", "deflate"] {
        table.rejected(&format!("{coding}-in-name-only"), coded(coding, &[0xff; 400]), "undecodable");
    }
    let body = gzip(&page);
    let mut wrong_sum = body.clone();
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 0xff;
    table.deferred("gzip-wrong-sum", coded("gzip", &wrong_sum), "incomplete_body");
    let (first, second) = page.split_at(page.len() / 2);
    table.published("gzip-two-members", coded("gzip", &[gzip(first), gzip(second)].concat()));
    table.published("x-gzip", coded("x-gzip", &body));
    table.published("coding-in-capitals", coded("GZIP", &body));
    table.published("identity", coded("identity", &page));
    table.rejected("three-codings", coded("gzip, gzip, gzip", &gzip(&gzip(&body))), "undecodable");
    table.rejected("unknown-coding", coded("compress", &body), "undecodable");
}

fn types(table: &mut Table) {
    let page = article();
    let of = |media: &str, body: &[u8]| answer("200 OK", &[&format!("Content-Type: {media}")], body);
    for media in
        ["image/png", "application/pdf", "video/mp4", "text/css", "application/zip", "font/woff2", "image/svg+xml"]
    {
        table.rejected(&format!("type-{}", media.replace('/', "-")), of(media, &page), "unsupported_content_type");
    }
    // By the header alone: no such body is waited for.
    let movie = head("200 OK", &["Content-Type: video/mp4", "Content-Length: 99999"]);
    table.add("type-before-body", Serve::Stall(movie), "rejected", "unsupported_content_type", 1);
    table.rejected("pdf-as-html", of("text/html", b"%PDF-1.7 and so on"), "unsupported_content_type");
    table.rejected("binary-of-no-type", answer("200 OK", &[], b"\0\x01\x02\x03 binary"), "unsupported_content_type");
    for (name, media) in [
        ("xhtml", "application/xhtml+xml"),
        ("semicolon", "text/html;"),
        ("octets", "application/octet-stream"),
        ("twice", "text/html, text/html"),
    ] {
        table.published(&format!("type-{name}"), of(media, &page));
    }
    table.published("type-none", answer("200 OK", &[], &page));
}

fn redirects(table: &mut Table) {
    for code in ["301", "302", "303", "307", "308"] {
        table.published(&format!("redirect-{code}"), redirect(&format!("{code} There"), "/plain#part"));
    }
    for (number, scheme) in
        ["ftp://a.example/", "javascript:alert(1)", "mailto:a@b.example", "file:///etc/passwd", "data:text/html,x"]
            .iter()
            .enumerate()
    {
        table.rejected(&format!("to-scheme-{number}"), redirect("302 There", scheme), "unsupported_scheme");
    }
    table.rejected(
        "to-credentials",
        redirect("302 There", "http://user:secret@alpha.example/plain"),
        "credentials_in_url",
    );
    for (number, location) in ["http://", "http://[::1", "", "http://a b/"].iter().enumerate() {
        table.rejected(&format!("to-nowhere-{number}"), redirect("302 There", location), "unexpected_status");
    }
    table.rejected("to-itself", redirect("302 There", "/to-itself"), "redirect_loop");
    table.rejected("to-and-fro-1", redirect("302 There", "/to-and-fro-2"), "redirect_loop");
    table.rejected("to-and-fro-2", redirect("302 There", "/to-and-fro-1"), "redirect_loop");
    for number in 1..=11 {
        let to = if number == 1 { "/plain".to_owned() } else { format!("/chain-{}", number - 1) };
        let (outcome, reason) = if number <= 10 { ("published", "") } else { ("rejected", "too_many_redirects") };
        table.bytes(&format!("chain-{number}"), redirect("302 There", &to), outcome, reason);
    }
    table.rejected("to-disallowed", redirect("302 There", "http://beta.example/plain"), "robots_disallowed");
    let refresh = |fields: &[&str], body: &str| {
        answer("200 OK", &[&["Content-Type: text/html"], fields].concat(), body.as_bytes())
    };
    let meta = |content: &str| format!("<!DOCTYPE html><head><meta http-equiv=refresh content=\"{content}\"></head>");
    table.published("refresh-header", refresh(&["Refresh: 0; url=/plain"], ""));
    table.published("refresh-meta", refresh(&[], &meta("0; url=/plain")));
    table.rejected("refresh-later", refresh(&[], &meta("5; url=/plain")), "not_an_article");
    table.rejected("refresh-meta-1", refresh(&[], &meta("0; url=/refresh-meta-2")), "redirect_loop");
    table.rejected("refresh-meta-2", refresh(&[], &meta("0; url=/refresh-meta-1")), "redirect_loop");
    table.rejected("refresh-out", refresh(&[], &meta("0; url=javascript:alert(1)")), "unsupported_scheme");
}

/// Answers by path, each connection on a thread of its own, until the process ends.
fn site(table: Arc<Vec<Case>>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let table = table.clone();
            std::thread::spawn(move || serve(stream, &table));
        }
    });
    address
}

fn serve(mut stream: TcpStream, table: &[Case]) {
    let mut head = vec![0; 16 * 1024];
    let mut length = 0;
    while !head[..length].ends_with(b"\r\n\r\n") {
        match stream.peek(&mut head) {
            Ok(seen) if seen > 0 => length = seen,
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&head[..length]).to_lowercase();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let case = table.iter().find(|case| case.0 == path);
    if let Some(Case(_, Serve::Reset(bytes), ..)) = case {
        let _ = stream.write_all(bytes);
        if !bytes.is_empty() {
            // The reset must not overtake what was sent.
            std::thread::sleep(Duration::from_millis(100));
        }
        // What is closed with bytes unread is reset (RFC 1122, section 4.2.2.13).
        return;
    }
    let _ = stream.read_exact(&mut head[..length]);
    if path == "/robots.txt" {
        let rules: &[u8] = if request.contains("host: beta.example") { b"User-agent: *\nDisallow: /" } else { b"" };
        let _ = stream.write_all(&answer("200 OK", &["Content-Type: text/plain", "Connection: close"], rules));
        return;
    }
    // A client that has seen enough is free to leave.
    match case.map(|case| &case.1) {
        Some(Serve::Bytes(bytes)) => drop(stream.write_all(bytes)),
        Some(Serve::Stall(bytes)) => {
            let _ = stream.write_all(bytes);
            let _ = stream.read(&mut [0]);
        }
        Some(Serve::Again(first, more, pause)) => {
            let _ = stream.write_all(first);
            while stream.write_all(more).is_ok() {
                std::thread::sleep(*pause);
            }
        }
        Some(Serve::Reset(_)) | None => {}
    }
}

/// Runs the cases, a few at a time; what did not end as expected.
fn misses(table: &[Case], run: impl Fn(&Case) -> Option<String> + Sync) -> Vec<String> {
    let (next, missed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = table.get(next.fetch_add(1, Ordering::Relaxed)) {
                    missed.lock().unwrap().extend(run(case));
                }
            });
        }
    });
    missed.into_inner().unwrap()
}

#[test]
fn a_site_that_misbehaves_gets_what_the_table_says_within_its_time() {
    let mut table = Table(Vec::new());
    for part in [lengths, heads, statuses, codings, types, redirects] {
        part(&mut table);
    }
    let table = Arc::new(table.0);
    assert!(table.len() >= 100, "{}", table.len());
    let address = site(table.clone());
    let mut setup = Setup::at("hostile", "127.0.0.1:1");
    for (key, value) in [("connect_timeout", "\"1s\""), ("read_timeout", "\"1s\""), ("total_timeout", "\"3s\"")] {
        setup.set("fetch", key, value);
    }
    setup.set("fetch", "max_body", &MAX_BODY.to_string());
    for host in ["alpha.example", "beta.example"] {
        setup.set("fetch.resolve", &format!("{host:?}"), &format!("\"{address}\""));
    }
    let config = setup.write_settings("hostile.toml").to_str().unwrap().to_owned();
    let missed = misses(&table, |case| {
        let Case(path, _, outcome, reason, seconds) = case;
        let started = Instant::now();
        let said = newswire(&["check", &format!("http://alpha.example{path}"), "--config", &config]).json();
        let took = started.elapsed();
        let got = (said["outcome"].as_str().unwrap_or_default(), said["reason"].as_str().unwrap_or_default());
        let in_time = took < Duration::from_secs(*seconds) + START;
        (got != (outcome, reason) || !in_time).then(|| format!("{path}: {got:?} after {took:?}: {}", said["detail"]))
    });
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), table.len(), missed.join("\n"));
}

#[test]
fn no_spelling_of_a_forbidden_address_is_ever_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut setup = Setup::at("hostile-addresses", "127.0.0.1:1");
    setup.set("fetch", "allow_private_networks", "false");
    setup.set("fetch", "ports", &format!("[80, 443, {port}]"));
    setup.set("fetch.resolve", "\"inside.example\"", &format!("\"127.0.0.1:{port}\""));
    setup.set("fetch.resolve", "\"mapped.example\"", &format!("\"[::ffff:127.0.0.1]:{port}\""));
    let config = setup.write_settings("hostile.toml").to_str().unwrap().to_owned();
    let hosts = [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "2130706433",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "168.63.129.16",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2606:4700:0:1:0:5efe:7f00:1]",
        "localhost",
        "LOCALHOST.",
        "a.b.localhost",
        "ⓛocalhost",
        "inside.example",
        "INSIDE.example.",
        "mapped.example",
    ];
    let mut table: Vec<(String, &str)> =
        hosts.iter().map(|host| (format!("http://{host}:{port}/"), "forbidden_address")).collect();
    // Each is checked in the order of the reasons: scheme, credentials, address, port.
    table.extend([
        ("ftp://user@127.0.0.1:22/".into(), "unsupported_scheme"),
        ("http://user@127.0.0.1:22/".into(), "credentials_in_url"),
        ("http://127.0.0.1:22/".into(), "forbidden_address"),
        ("http://93.184.216.34:22/".into(), "forbidden_port"),
        ("http://[fe80::1%25eth0]/".into(), "invalid_url"),
        ("http://1.2.3.256/".into(), "invalid_url"),
        ("//127.0.0.1/".into(), "invalid_url"),
    ]);
    for (url, reason) in table {
        let said = newswire(&["check", &url, "--config", &config]).json();
        assert_eq!((&said["outcome"], &said["reason"]), (&"rejected".into(), &reason.into()), "{url}: {said}");
    }
    let connection = listener.accept();
    assert!(connection.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "somebody connected");
}

/// A proxy that answers for every name itself: each path leads where it says, percent-encoded.
fn proxy() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap_or_default() == 0 {
                    break;
                }
                head.extend(byte);
            }
            let head = String::from_utf8_lossy(&head);
            let target = head.split(' ').nth(1).unwrap_or_default();
            let answer = match target.split_once("/to/") {
                _ if target.ends_with("/robots.txt") => answer("404 Not Found", &[], b""),
                Some((_, way)) => match way.split_once('/') {
                    Some(("location", to)) => redirect("302 There", to),
                    Some(("refresh", to)) => {
                        answer("200 OK", &["Content-Type: text/html", &format!("Refresh: 0; url={to}")], b"")
                    }
                    Some((_, to)) => {
                        let body = format!("<!DOCTYPE html><meta http-equiv=refresh content=\"0; url={to}\">");
                        answer("200 OK", &["Content-Type: text/html"], body.as_bytes())
                    }
                    None => answer("404 Not Found", &[], b""),
                },
                None => answer("200 OK", &["Content-Type: text/html"], pages::article(1).html().as_bytes()),
            };
            let _ = stream.write_all(&answer);
        }
    });
    address
}

#[test]
fn whatever_a_site_sends_us_to_no_forbidden_address_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut setup = Setup::at("hostile-redirects", "127.0.0.1:1");
    setup.unset("fetch.resolve");
    setup.set("fetch", "allow_private_networks", "false");
    setup.set("fetch", "ports", &format!("[80, 443, {port}]"));
    // Behind a proxy a public name can be played here; what is told about it goes for names that DNS knows too.
    setup.set("fetch", "proxy", &format!("\"http://{}\"", proxy()));
    let config = setup.write_settings("hostile.toml").to_str().unwrap().to_owned();
    let check = |url: &str| newswire(&["check", url, "--config", &config]).json();
    assert_eq!(check("http://news.example/story")["outcome"], "published");
    assert_eq!(check("http://news.example/to/location/http://other.example/story")["outcome"], "published");
    let inside = [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "017700000001",
        "2130706433",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "localhost",
        "a.localhost",
    ];
    for host in inside {
        for way in ["location", "refresh", "meta"] {
            let said = check(&format!("http://news.example/to/{way}/http://{host}:{port}/"));
            let got = (&said["outcome"], &said["reason"]);
            assert_eq!(got, (&"rejected".into(), &"forbidden_address".into()), "{way} to {host}: {said}");
        }
    }
    let said = check("http://news.example/to/location/http://other.example:22/");
    assert_eq!(said["reason"], "forbidden_port", "{said}");
    let connection = listener.accept();
    assert!(connection.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "somebody connected");
}
