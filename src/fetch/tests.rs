use std::time::Duration;

use tokio::io::AsyncWriteExt;
use url::Url;

use super::testing::{Site, answer, lenient, page, strict};
use super::*;
use crate::record::{Outcome, Reason};

const LONG: Duration = Duration::from_secs(20);

async fn asked(bytes: impl Into<Vec<u8>>) -> Result<Answer, FetchError> {
    let bytes = bytes.into();
    let site = Site::answering(move |_| bytes.clone()).await;
    Client::new(&lenient()).unwrap().get(&site.url("/"), None, LONG).await
}

async fn reason_of(bytes: impl Into<Vec<u8>>) -> Reason {
    match asked(bytes).await {
        Ok(answer) => panic!("{answer:?}"),
        Err(error) => error.reason(),
    }
}

fn raw(answer: Answer) -> Raw {
    match answer {
        Answer::Page(raw) => *raw,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_comes_back_with_its_header() {
    let header =
        "Content-Type: text/html; charset=utf-8\r\nETag: \"e\"\r\nX-Robots-Tag: noindex\r\nX-Robots-Tag: noarchive\r\n";
    let raw = raw(asked(answer(200, header, b"<p>hello")).await.unwrap());
    assert_eq!(raw.headers.etag.as_deref(), Some("\"e\""));
    assert_eq!(raw.headers.x_robots_tag, ["noindex", "noarchive"]);
    let page = raw.decode(100).unwrap();
    assert_eq!((page.status, page.media, &page.bytes[..]), (200, Media::Html, &b"<p>hello"[..]));
}

#[tokio::test]
async fn the_request_names_the_agent_and_the_codings() {
    let mut site = Site::answering(|_| page(b"<p>")).await;
    Client::new(&lenient()).unwrap().get(&site.url("/a?b"), None, LONG).await.unwrap();
    let head = site.request().await.to_lowercase();
    assert!(head.starts_with("get /a?b http/1.1\r\n"), "{head}");
    assert!(head.contains("user-agent: newswire/0.1 (+https://operator.example/bot)\r\n"), "{head}");
    assert!(head.contains("accept-encoding: gzip, deflate, br, zstd\r\n"), "{head}");
    assert!(!head.contains("cookie") && !head.contains("referer"), "{head}");
}

#[tokio::test]
async fn an_answer_that_is_no_http_is_a_bad_response() {
    assert_eq!(reason_of("SSH-2.0-OpenSSH_9.2\r\n\r\n").await, Reason::BadResponse);
    assert_eq!(reason_of("").await, Reason::BadResponse);
    assert_eq!(reason_of("HTTP/1.1 200 OK\r\nContent-Le").await, Reason::BadResponse);
}

#[tokio::test]
async fn a_status_beyond_all_classes_is_the_servers_error() {
    assert_eq!(reason_of(answer(799, "", b"")).await, Reason::ServerError);
    assert_eq!(reason_of(answer(600, "", b"")).await, Reason::ServerError);
    assert_eq!(reason_of("HTTP/1.1 099 x\r\n\r\n").await, Reason::ServerError);
}

#[tokio::test]
async fn a_header_beyond_its_bounds_is_too_large() {
    let many = "X: y\r\n".repeat(5_000);
    assert_eq!(reason_of(answer(200, &many, b"")).await, Reason::TooLarge);
    let long = format!("X: {}\r\n", "y".repeat(300_000));
    assert_eq!(reason_of(answer(200, &long, b"")).await, Reason::TooLarge);
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(2_000_000));
    assert_eq!(reason_of(endless).await, Reason::TooLarge);
}

#[tokio::test]
async fn a_body_shorter_than_it_said_is_incomplete() {
    let cut = answer(200, "Content-Type: text/html\r\nContent-Length: 1000\r\n", b"<p>short");
    assert_eq!(reason_of(cut).await, Reason::IncompleteBody);
    let chunk = answer(200, "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n", b"5\r\n<p>ab\r\n5\r\n<p");
    assert_eq!(reason_of(chunk).await, Reason::IncompleteBody);
    let broken = answer(200, "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n", b"zz\r\n<p>ab\r\n");
    assert_eq!(reason_of(broken).await, Reason::IncompleteBody);
    assert_eq!(reason_of(answer(206, "", b"part")).await, Reason::IncompleteBody);
}

#[tokio::test]
async fn a_reset_is_the_connections_failure_before_the_head_and_the_bodys_after_it() {
    for (sent, reason) in [
        (vec![], Reason::ConnectFailure),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>".to_vec(),
            Reason::IncompleteBody,
        ),
    ] {
        let site = Site::serving(move |mut stream, _| {
            let sent = sent.clone();
            async move {
                stream.write_all(&sent).await.unwrap();
                if !sent.is_empty() {
                    // The reset must not overtake what was sent: the client has it once it reads on.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                stream.set_zero_linger().unwrap();
            }
        })
        .await;
        let error = Client::new(&lenient()).unwrap().get(&site.url("/"), None, LONG).await.unwrap_err();
        assert_eq!(error.reason(), reason, "{error}");
    }
}

#[tokio::test]
async fn nobody_listening_is_a_connect_failure() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let secured = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let client = Client::new(&lenient()).unwrap();
    assert_eq!(client.get(&url, None, LONG).await.unwrap_err().reason(), Reason::ConnectFailure);
    assert_eq!(client.get(&secured, None, LONG).await.unwrap_err().reason(), Reason::ConnectFailure);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_tls_failure() {
    for sent in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(sent.as_bytes()).await;
            let _ = stream.shutdown().await;
        });
        let error = Client::new(&lenient()).unwrap().get(&url, None, LONG).await.unwrap_err();
        assert_eq!(error.reason(), Reason::TlsFailure, "{error}");
    }
}

#[tokio::test]
async fn a_name_that_is_not_known_is_a_dns_failure() {
    let url = Url::parse("http://no-such-name.invalid/").unwrap();
    let error = Client::new(&strict()).unwrap().get(&url, None, LONG).await.unwrap_err();
    assert_eq!(error.reason(), Reason::DnsFailure, "{error}");
}

#[tokio::test]
async fn a_host_that_says_nothing_times_out() {
    let site = Site::serving(|stream, _| async move {
        tokio::time::sleep(LONG).await;
        drop(stream);
    })
    .await;
    let client = Client::new(&lenient()).unwrap();
    let error = client.get(&site.url("/"), None, Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(error.reason(), Reason::Timeout);
    let impatient = Client::new(&crate::config::Fetch {
        read_timeout: Duration::from_millis(50),
        connect_timeout: Duration::from_millis(50),
        ..lenient()
    });
    assert_eq!(impatient.unwrap().get(&site.url("/"), None, LONG).await.unwrap_err().reason(), Reason::Timeout);
}

#[tokio::test]
async fn a_body_that_drips_times_out_in_all_and_one_that_stalls_between_two_reads() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>";
    let site = Site::serving(move |mut stream, request| async move {
        let _ = stream.write_all(head).await;
        while request.contains("/drip") && stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(LONG).await;
    })
    .await;
    let client = Client::new(&crate::config::Fetch { read_timeout: Duration::from_millis(200), ..lenient() }).unwrap();
    let drip = client.get(&site.url("/drip"), None, Duration::from_millis(500)).await.unwrap_err();
    assert_eq!(drip.reason(), Reason::Timeout);
    let stall = client.get(&site.url("/stall"), None, LONG).await.unwrap_err();
    assert_eq!(stall.reason(), Reason::Timeout);
}

#[tokio::test]
async fn too_much_is_refused_by_its_length_or_while_it_comes() {
    let said = answer(200, "Content-Type: text/html\r\nContent-Length: 99999999\r\n", b"<p>");
    assert_eq!(reason_of(said).await, Reason::TooLarge);
    let mut unsaid = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>".to_vec();
    unsaid.resize(2 * 1024 * 1024, b'x');
    assert_eq!(reason_of(unsaid).await, Reason::TooLarge);
}

#[tokio::test]
async fn what_is_no_page_is_refused_before_its_body_is_read() {
    let image = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99999999\r\n\r\n".to_vec();
    assert_eq!(reason_of(image).await, Reason::UnsupportedContentType);
    let pdf = answer(200, "Content-Type: text/html\r\n", b"%PDF-1.7");
    assert_eq!(reason_of(pdf).await, Reason::UnsupportedContentType);
    let unknown = answer(200, "Content-Type: text/html\r\nContent-Encoding: compress\r\n", b"x");
    assert_eq!(reason_of(unknown).await, Reason::Undecodable);
}

#[tokio::test]
async fn redirects_are_answered_and_never_followed() {
    for (status, header, to) in [
        (301, "Location: /b#c\r\n", "/b"),
        (302, "Location: ?x\r\n", "/a?x"),
        (303, "Location: /b\r\n", "/b"),
        (307, "Location: /b\r\n", "/b"),
        (308, "Location: /b\r\n", "/b"),
        (200, "Content-Type: text/html\r\nRefresh: 0; url=/b\r\n", "/b"),
    ] {
        let site = Site::answering(move |_| answer(status, header, b"")).await;
        match Client::new(&lenient()).unwrap().get(&site.url("/a"), None, LONG).await.unwrap() {
            Answer::Redirect { to: answered, status: by } => assert_eq!((answered, by), (site.url(to), status)),
            other => panic!("{other:?}"),
        }
        assert_eq!(site.connections(), 1);
    }
}

#[tokio::test]
async fn a_redirect_without_a_usable_location_is_an_unexpected_status() {
    for header in ["", "Location: \r\n", "Location: http://[::bad/\r\n"] {
        assert_eq!(reason_of(answer(302, header, b"")).await, Reason::UnexpectedStatus, "{header}");
    }
    assert_eq!(reason_of(answer(304, "Location: /x\r\n", b"")).await, Reason::UnexpectedStatus);
    assert_eq!(reason_of(answer(204, "", b"")).await, Reason::UnexpectedStatus);
}

#[tokio::test]
async fn a_host_that_wants_us_later_says_when() {
    let error = asked(answer(429, "Retry-After: 30\r\n", b"")).await.unwrap_err();
    assert_eq!((error.reason(), error.retry_after()), (Reason::RateLimited, Some(Duration::from_secs(30))));
    let error = asked(answer(503, "Retry-After: soon\r\n", b"")).await.unwrap_err();
    assert_eq!((error.reason(), error.outcome()), (Reason::ServerError, Outcome::Deferred));
}

#[tokio::test]
async fn nothing_forbidden_is_ever_connected_to() {
    let site = Site::answering(|_| page(b"<p>secret")).await;
    let port = site.address.port();
    let mut settings = strict();
    settings.ports.push(port);
    settings.resolve.insert("own.example".into(), site.address);
    settings.resolve.insert("mapped.example".into(), format!("[::ffff:127.0.0.1]:{port}").parse().unwrap());
    let client = Client::new(&settings).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "017700000001",
        "2130706433",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "a.localhost.",
        "own.example",
        "OWN.example.",
        "mapped.example",
    ] {
        let url = Url::parse(&format!("http://{host}:{port}/")).unwrap();
        assert_eq!(client.get(&url, None, LONG).await.unwrap_err().reason(), Reason::ForbiddenAddress, "{host}");
        assert_eq!(client.prefix(&url, 100, LONG).await.unwrap_err().reason(), Reason::ForbiddenAddress, "{host}");
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_name_whose_addresses_are_all_forbidden_is_refused_by_the_resolver() {
    // The guard's look at the URL is left out, so that the resolver stands alone.
    let resolver = resolver::Resolver::new(std::sync::Arc::new(Guard::new(&strict())), false);
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client_config(&strict(), tls::Offer::Http1).unwrap())
        .dns_resolver(resolver)
        .no_proxy()
        .build()
        .unwrap();
    let site = Site::answering(|_| page(b"<p>secret")).await;
    let url = Url::parse(&format!("http://localhost:{}/", site.address.port())).unwrap();
    let error = http.get(url.clone()).send().await.unwrap_err();
    assert_eq!(failure::before_the_answer(&url, error, LONG).reason(), Reason::ForbiddenAddress);
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn the_port_of_an_own_address_replaces_the_urls_and_the_host_stays_as_written() {
    let mut site = Site::answering(|_| page(b"<p>")).await;
    let mut settings = lenient();
    settings.resolve.insert("news.example".into(), site.address);
    settings.resolve.insert("xn--bcher-kva.example".into(), site.address);
    let client = Client::new(&settings).unwrap();
    for (url, host) in [
        ("http://news.example/", "news.example"),
        ("http://NEWS.example.:8080/", "news.example.:8080"),
        ("http://news.example:1/", "news.example:1"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
    ] {
        let answer = client.get(&Url::parse(url).unwrap(), None, LONG).await.unwrap();
        assert_eq!(raw(answer).url.as_str(), Url::parse(url).unwrap().as_str());
        let head = site.request().await.to_lowercase();
        assert!(head.contains(&format!("\r\nhost: {host}\r\n")), "{url}: {head}");
        assert_eq!(head.matches("\r\nhost:").count(), 1, "{head}");
    }
}

#[tokio::test]
async fn a_prefix_is_cut_and_never_too_large() {
    let mut long = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nUser-agent: *".to_vec();
    long.resize(2 * 1024 * 1024, b'x');
    let site = Site::answering(move |_| long.clone()).await;
    let prefix = Client::new(&lenient()).unwrap().prefix(&site.url("/robots.txt"), 1000, LONG).await.unwrap();
    assert_eq!((prefix.status, prefix.bytes.len()), (200, 1000));
    assert!(prefix.bytes.starts_with(b"User-agent: *"));
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let said = |settings: crate::config::Fetch| Client::new(&settings).unwrap_err().to_string();
    assert!(said(crate::config::Fetch { user_agent: "a\nb".into(), ..strict() }).contains("fetch.user_agent"));
    assert!(said(crate::config::Fetch { ca_file: Some("/no/such.pem".into()), ..strict() }).contains("fetch.ca_file"));
    let mut settings = strict();
    settings.resolve.insert("8.8.8.8".into(), "127.0.0.1:1".parse().unwrap());
    assert!(said(settings).contains("fetch.resolve"));
    let mut settings = strict();
    settings.proxy = Some(crate::config::Secret::new("http://127.0.0.1:1"));
    settings.resolve.insert("a.example".into(), "127.0.0.1:1".parse().unwrap());
    assert!(said(settings).contains("fetch.proxy and fetch.resolve"));
}
