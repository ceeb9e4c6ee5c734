use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::fetch::testing::{Site, answer, lenient};

fn settings() -> config::Frontier {
    config::Frontier {
        host_delay: Duration::ZERO,
        host_concurrency: 1,
        address_delay: Duration::ZERO,
        max_wait: Duration::from_secs(60),
        robots: config::Robots::Obey,
        directives: config::Directives::Record,
        rules: None,
        store: config::FrontierStore::Memory,
    }
}

fn frontier() -> Frontier {
    Frontier::new(&settings(), Client::new(&lenient()).unwrap(), 1_000).unwrap()
}

const PATIENT: Patience = Patience::Wait(Duration::from_secs(20));

async fn site(status: u16, header: &'static str, body: &'static str) -> Site {
    Site::answering(move |_| answer(status, header, body.as_bytes())).await
}

async fn reason_of(site: &Site, path: &str) -> Option<Reason> {
    frontier().admit(&site.url(path), PATIENT).await.err().map(|refusal| refusal.reason())
}

#[tokio::test]
async fn what_robots_txt_disallows_is_rejected_and_the_rest_has_its_turn() {
    let mut site = site(200, "", "User-agent: newswire\nDisallow: /private").await;
    let frontier = frontier();
    let refusal = frontier.admit(&site.url("/private?x"), PATIENT).await.unwrap_err();
    assert_eq!((refusal.reason(), refusal.outcome()), (Reason::RobotsDisallowed, Outcome::Rejected));
    frontier.admit(&site.url("/news"), PATIENT).await.unwrap();
    assert!(site.request().await.starts_with("GET /robots.txt HTTP/1.1\r\n"));
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn an_absent_robots_txt_allows_all() {
    for status in [404, 403, 401, 410, 400, 304] {
        assert_eq!(reason_of(&site(status, "", "").await, "/").await, None, "{status}");
    }
}

#[tokio::test]
async fn an_unreachable_one_defers() {
    for status in [500, 503, 429, 799] {
        assert_eq!(reason_of(&site(status, "", "").await, "/").await, Some(Reason::RobotsUnreachable), "{status}");
    }
    let broken = Site::answering(|_| b"no http\r\n\r\n".to_vec()).await;
    assert_eq!(reason_of(&broken, "/").await, Some(Reason::RobotsUnreachable));
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_while() {
    let site = site(500, "", "").await;
    let frontier = frontier();
    for _ in 0..5 {
        let refusal = frontier.admit(&site.url("/"), PATIENT).await.unwrap_err();
        assert_eq!(refusal.reason(), Reason::RobotsUnreachable);
        assert!(refusal.come_back().unwrap() > Duration::from_secs(30));
    }
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn a_host_that_can_not_be_reached_at_all_says_why() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    assert_eq!(frontier().admit(&url, PATIENT).await.unwrap_err().reason(), Reason::ConnectFailure);
}

#[tokio::test]
async fn it_is_fetched_once_however_many_wait_for_it() {
    let site = site(200, "", "User-agent: *\nDisallow: /x").await;
    let frontier = frontier();
    let url = site.url("/a");
    let at_once: Vec<_> = (0..50)
        .map(|_| {
            let (frontier, url) = (frontier.clone(), url.clone());
            tokio::spawn(async move { frontier.admit(&url, PATIENT).await.map(drop) })
        })
        .collect();
    for task in at_once {
        task.await.unwrap().unwrap();
    }
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn five_redirects_are_followed_and_the_sixth_counts_as_absent() {
    for (redirects, reason) in [(5, Some(Reason::RobotsDisallowed)), (6, None)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let site = Site::answering(move |_| {
            let number = asked.fetch_add(1, Ordering::SeqCst);
            if number < redirects {
                return answer(302, &format!("Location: /{number}\r\n"), b"");
            }
            answer(200, "", b"User-agent: *\nDisallow: /")
        })
        .await;
        assert_eq!(reason_of(&site, "/a").await, reason, "{redirects}");
        assert_eq!(site.connections(), 6);
    }
}

#[tokio::test]
async fn a_page_larger_than_any_robots_txt_does_not_disturb() {
    let site = Site::answering(|_| {
        let mut body = b"User-agent: *\nDisallow: /x\n".to_vec();
        body.resize(4 * 1024 * 1024, b'#');
        answer(200, "Content-Type: application/octet-stream\r\n", &body)
    })
    .await;
    assert_eq!(reason_of(&site, "/x").await, Some(Reason::RobotsDisallowed));
    assert_eq!(reason_of(&site, "/y").await, None);
}

#[tokio::test]
async fn a_host_that_asked_to_be_left_alone_is() {
    let site = site(404, "", "").await;
    let frontier = frontier();
    let url = site.url("/");
    frontier.hosts().pause("127.0.0.1", Duration::from_secs(3_600));
    let refusal = frontier.admit(&url, PATIENT).await.unwrap_err();
    assert_eq!((refusal.reason(), refusal.outcome()), (Reason::HostBusy, Outcome::Deferred));
    assert!(refusal.come_back().unwrap() > Duration::from_secs(3_500));
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn without_robots_nobody_asks_for_it() {
    let site = site(500, "", "").await;
    let frontier = Frontier::new(
        &config::Frontier { robots: config::Robots::Ignore, ..settings() },
        Client::new(&lenient()).unwrap(),
        1_000,
    )
    .unwrap();
    frontier.admit(&site.url("/"), PATIENT).await.unwrap();
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_single_look_gets_both_robots_txt_and_page_at_once() {
    let site = site(200, "", "User-agent: *\nCrawl-delay: 20").await;
    let frontier = Frontier::new(
        &config::Frontier { host_delay: Duration::from_secs(60), ..settings() },
        Client::new(&lenient()).unwrap(),
        1_000,
    )
    .unwrap();
    drop(frontier.admit(&site.url("/"), Patience::None).await.unwrap());
    drop(frontier.admit(&site.url("/next"), Patience::None).await.unwrap());
    assert_eq!(site.connections(), 1);
}

#[tokio::test]
async fn what_the_operator_blocks_is_rejected_before_anything_is_asked() {
    let site = site(404, "", "").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[[rule]]\nhost = \"127.0.0.1\"\naction = \"block\"\nwhy = \"they asked\"").unwrap();
    let settings = config::Frontier { rules: Some(file.path().to_owned()), ..settings() };
    let frontier = Frontier::new(&settings, Client::new(&lenient()).unwrap(), 1_000).unwrap();
    let refusal = frontier.admit(&site.url("/"), PATIENT).await.unwrap_err();
    assert_eq!((refusal.reason(), refusal.outcome()), (Reason::BlockedHost, Outcome::Rejected));
    assert!(refusal.to_string().contains("they asked"));
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn what_robots_txt_says_about_the_use_of_pages_comes_with_the_leave() {
    let site = site(200, "", "User-agent: *\nContent-Signal: Search=yes, AI-train=no\nAllow: /").await;
    let admission = frontier().admit(&site.url("/"), PATIENT).await.unwrap();
    assert_eq!(admission.content_signal.as_deref(), Some("search=yes, ai-train=no"));
}

#[tokio::test]
async fn two_hosts_at_one_address_are_asked_one_after_the_other() {
    let mut fetch = lenient();
    for host in ["a.example", "b.example"] {
        fetch.resolve.insert(host.into(), "127.0.0.1:9".parse().unwrap());
    }
    let settings =
        config::Frontier { address_delay: Duration::from_secs(600), robots: config::Robots::Ignore, ..settings() };
    let frontier = Frontier::new(&settings, Client::new(&fetch).unwrap(), 1_000).unwrap();
    let url = |host: &str| Url::parse(&format!("http://{host}/")).unwrap();
    frontier.admit(&url("a.example"), PATIENT).await.unwrap();
    let busy = frontier.admit(&url("b.example"), PATIENT).await.unwrap_err();
    assert_eq!(busy.reason(), Reason::HostBusy);
    assert!(busy.come_back().unwrap() > Duration::from_secs(590));
}
