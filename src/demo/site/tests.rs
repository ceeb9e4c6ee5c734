//! Every address of the plan, asked for over a socket as a client would.

use std::io::Read;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::demo::plan::Plan;
use crate::demo::story::{self, Served};
use crate::demo::{catalogue, layout};
use crate::feeds::{Keep, feed};
use crate::record::{Outcome, Reason, UrlMessage};

use super::*;

struct Answered {
    status: u16,
    head: String,
    body: Vec<u8>,
}

/// One request on a connection of its own, with more headers if need be.
async fn ask(site: &Site, url: &str, more: &str) -> Answered {
    let url = url::Url::parse(url).unwrap();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut connection = TcpStream::connect(site.address()).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{more}Connection: close\r\n\r\n", url.host_str().unwrap());
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let at = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..at].to_vec()).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answered { status, head, body: answer[at + 4..].to_vec() }
}

fn header<'a>(answered: &'a Answered, name: &str) -> Option<&'a str> {
    answered.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn unzipped(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(body).read_to_end(&mut text).unwrap();
    text
}

#[tokio::test]
async fn every_page_of_the_plan_is_served_with_the_promised_status() {
    let site = Site::start().await.unwrap();
    for message in Plan::new().unwrap().messages {
        let Ok(UrlMessage { url, .. }) = UrlMessage::parse(&message.value) else {
            assert_eq!(message.expected.reason, Some(Reason::MalformedMessage));
            continue;
        };
        let (outcome, reason) = (message.expected.outcome, message.expected.reason);
        let promised = match (message.expected.deferred, outcome, reason) {
            (_, _, Some(Reason::InvalidUrl | Reason::UnsupportedScheme | Reason::CredentialsInUrl)) => continue,
            (Some(Reason::ServerError), _, _) => 500,
            (Some(Reason::RateLimited), _, _) => 503,
            (_, _, Some(Reason::Gone)) if url.ends_with("/withdrawn") => 410,
            (_, _, Some(Reason::Gone)) => 404,
            (_, _, Some(Reason::ClientError)) => 403,
            (_, _, Some(Reason::UnexpectedStatus)) => 204,
            (_, _, Some(Reason::RedirectLoop | Reason::TooManyRedirects)) => 301,
            _ if url.contains("shortlink") => 301,
            _ => 200,
        };
        assert_eq!(ask(&site, &url, "").await.status, promised, "{url}");
        if message.expected.deferred.is_some() && outcome == Outcome::Published {
            assert_eq!(ask(&site, &url, "").await.status, 200, "{url}, the second time");
        }
    }
    site.stop().await.unwrap();
}

#[tokio::test]
async fn robots_txt_is_there_for_one_host_and_absent_for_the_others() {
    let site = Site::start().await.unwrap();
    for host in site.resolve().keys() {
        let answered = ask(&site, &format!("http://{host}/robots.txt"), "").await;
        if host == "www.harbour-post.example" {
            assert!(String::from_utf8(answered.body).unwrap().contains("Disallow: /private/"));
        } else {
            assert_eq!(answered.status, 404, "{host}");
        }
    }
}

#[tokio::test]
async fn a_story_in_a_legacy_charset_reads_back() {
    let site = Site::start().await.unwrap();
    for story in story::stories() {
        let host = catalogue::host_of(story.host).unwrap();
        let url = catalogue::url_of(&story).unwrap();
        if story.served != Served::Plainly {
            continue;
        }
        let answered = ask(&site, &url, "").await;
        let body =
            if header(&answered, "content-encoding").is_some() { unzipped(&answered.body) } else { answered.body };
        let (text, _, wrong) = host.charset.decode(&body);
        assert!(!wrong && text.contains(&layout::escaped(story.title)), "{url}");
    }
}

#[tokio::test]
async fn a_cut_page_is_shorter_than_it_says_and_whole_the_second_time() {
    let site = Site::start().await.unwrap();
    let story = story::stories().into_iter().find(|story| story.served == Served::AfterCut).unwrap();
    let url = catalogue::url_of(&story).unwrap();
    let cut = ask(&site, &url, "").await;
    let promised: usize = header(&cut, "content-length").unwrap().parse().unwrap();
    assert!(!cut.body.is_empty() && cut.body.len() < promised);
    assert_eq!(ask(&site, &url, "").await.body.len(), promised);
}

#[tokio::test]
async fn the_second_request_for_a_revised_story_gets_a_longer_text() {
    let site = Site::start().await.unwrap();
    let story = story::stories().into_iter().find(|story| story.served == Served::Revised).unwrap();
    let url = catalogue::url_of(&story).unwrap();
    let (first, second) = (ask(&site, &url, "").await, ask(&site, &url, "").await);
    let added = story.revised().paragraphs().last().unwrap();
    assert!(!String::from_utf8(unzipped(&first.body)).unwrap().contains(added));
    assert!(String::from_utf8(unzipped(&second.body)).unwrap().contains(added));
}

#[tokio::test]
async fn a_client_that_has_the_page_is_told_so() {
    let site = Site::start().await.unwrap();
    let url = Plan::new().unwrap().seed;
    let etag = header(&ask(&site, &url, "").await, "etag").unwrap().to_owned();
    assert_eq!(ask(&site, &url, &format!("If-None-Match: {etag}\r\n")).await.status, 304);
}

#[tokio::test]
async fn the_huge_page_is_small_on_the_wire_and_over_a_mebibyte_unzipped() {
    let site = Site::start().await.unwrap();
    let answered = ask(&site, "http://www.harbour-post.example/minutes", "").await;
    assert!(answered.body.len() < 100_000);
    assert!(unzipped(&answered.body).len() > 2 << 20);
}

#[tokio::test]
async fn the_chain_of_redirects_crosses_three_hosts_and_ends_at_the_story() {
    let site = Site::start().await.unwrap();
    let story = story::stories().into_iter().find(|story| story.served == Served::Moved).unwrap();
    let mut url = url::Url::parse(&catalogue::elsewhere("short", &story).unwrap()).unwrap();
    let mut hosts = Vec::new();
    loop {
        hosts.push(url.host_str().unwrap().to_owned());
        let answered = ask(&site, url.as_str(), "").await;
        let Some(location) = header(&answered, "location") else { break };
        url = url.join(location).unwrap();
    }
    assert_eq!(hosts.len(), 4, "{hosts:?}");
    assert_eq!(url.as_str(), catalogue::url_of(&story).unwrap());
}

#[tokio::test]
async fn the_feeds_hold_the_stories_that_are_not_otherwise_asked_for() {
    let site = Site::start().await.unwrap();
    let first = ask(&site, "http://blog.tidewater.example/feed.xml", "").await;
    let rss = ask(&site, "http://blog.tidewater.example/feed.xml", "").await;
    assert!(unzipped(&first.body).len() < unzipped(&rss.body).len(), "an entry appears");
    let atom = ask(&site, "http://wire.northline.example/atom.xml", "").await;
    let mut links = Vec::new();
    let base = url::Url::parse("http://tidewater.example/").unwrap();
    for body in [unzipped(&rss.body), atom.body] {
        let feed = feed(&body, None, &base, Keep::Addresses).unwrap();
        links.extend(feed.entries.into_iter().map(|entry| entry.url.unwrap().to_string()));
    }
    let plan = Plan::new().unwrap();
    assert_eq!(links.len(), plan.from_feeds.len());
    let asked: Vec<_> = plan.messages.iter().filter_map(|message| UrlMessage::parse(&message.value).ok()).collect();
    for link in &links {
        assert!(asked.iter().all(|message| message.url != *link), "{link}");
        assert_eq!(ask(&site, link, "").await.status, 200, "{link}");
    }
}

#[tokio::test]
async fn requests_are_counted_by_host_and_path() {
    let site = Site::start().await.unwrap();
    for _ in 0..2 {
        ask(&site, "http://WWW.Harbour-Post.example:8080/nothing?a=1", "").await;
    }
    let hit = Hit { host: "www.harbour-post.example".into(), path: "/nothing?a=1".into(), count: 2 };
    assert_eq!(site.hits(), [hit]);
}

#[tokio::test]
async fn there_are_a_dozen_hosts_and_all_lead_to_the_one_port() {
    let site = Site::start().await.unwrap();
    let resolve = site.resolve();
    assert!(resolve.len() >= 12);
    assert!(resolve.values().all(|address| *address == site.address() && address.ip().is_loopback()));
    assert!(resolve.keys().all(|host| host.ends_with(".example") || host.ends_with(".test")));
}
