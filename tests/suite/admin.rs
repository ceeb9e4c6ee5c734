//! Metrics and health, as Prometheus and Kubernetes ask for them, and the page for people.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::pages;
use crate::setup::Setup;
use crate::site::{Answer, Gate};
use crate::wait::{self, SOON};
use crate::worker::Worker;

#[test]
fn the_metrics_have_what_an_operator_needs() {
    let setup = Setup::new("admin-metrics");
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/article/1", "http://alpha.example/missing"]);
    setup.ended(2);
    setup.committed_to_the_end();
    let metrics = wait::until("no lag and nothing in flight", SOON, || {
        let metrics = worker.metrics();
        let lag = metrics.series("newswire_partition_lag_messages");
        let urls: Vec<_> = lag.iter().filter(|(series, _)| series.contains(&setup.topic("urls"))).collect();
        let settled = urls.len() == 4 && urls.iter().all(|(_, lag)| *lag == 0.0);
        (settled && metrics.sum("newswire_in_flight_messages", &[]) == 0.0).then_some(metrics)
    });
    assert_eq!(metrics.sum("newswire_outcomes_total", &["outcome=\"published\""]), 1.0);
    assert_eq!(metrics.sum("newswire_outcomes_total", &["outcome=\"rejected\"", "reason=\"gone\""]), 1.0);
    assert_eq!(metrics.sum("newswire_conservation_difference_messages", &[]), 0.0);
    assert_eq!(metrics.sum("newswire_in_flight_bytes", &[]), 0.0);
    assert!(metrics.sum("newswire_stage_duration_seconds_count", &["stage=\"fetch\""]) >= 2.0);
    assert!(metrics.sum("newswire_stage_duration_seconds_count", &["stage=\"extract\""]) >= 1.0);
    assert!(metrics.sum("newswire_fetch_bytes_total", &[]) > 1_000.0);
    assert!(metrics.sum("newswire_fetch_responses_total", &["class=\"2xx\""]) >= 1.0);
    assert!(metrics.sum("newswire_fetch_responses_total", &["class=\"4xx\""]) >= 1.0);
    assert!(metrics.sum("newswire_commits_total", &["result=\"ok\""]) >= 1.0);
    assert!(metrics.sum("newswire_produced_records_total", &[]) >= 4.0);
    assert_eq!(metrics.sum("newswire_build_info", &["version="]), 1.0);
    assert!(!metrics.0.contains("alpha.example"), "no host in a label");
    worker.stop();
}

#[test]
fn a_worker_is_live_and_ready_while_it_works_and_unready_while_it_drains() {
    let mut setup = Setup::new("admin-health");
    setup.set("delivery", "drain_timeout", "\"60s\"");
    let gate = Gate::closed();
    setup.site.set("alpha.example/slow", Answer::article(1).behind(&gate));
    let mut worker = Worker::start(&setup);
    assert_eq!(worker.get("/livez").unwrap().status, 200);
    setup.send_urls(["http://alpha.example/slow"]);
    wait::until("the request", SOON, || (setup.site.requests("alpha.example/slow") == 1).then_some(()));
    worker.signal("TERM");
    wait::until("the worker to be unready", SOON, || (worker.get("/readyz")?.status == 503).then_some(()));
    assert_eq!(worker.get("/livez").unwrap().status, 200, "a worker that drains must not be killed for it");
    gate.open();
    assert_eq!(worker.exit_code(SOON), Some(0));
    assert_eq!(setup.ended(1)[0].json()["outcome"], "published", "what was in flight was finished");
}

/// An article whose title would change the page's, if any of it were run.
fn hostile() -> Answer {
    const HOSTILE: &str =
        "Harbour opens </script><script>document.title=7</script><img src=x onerror=document.title=7>\"' & more";
    let mut page = pages::article(1);
    page.title = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    Answer::page(&page)
}

#[test]
fn a_hostile_title_reaches_the_page_as_text_under_a_policy_that_runs_nothing_in_line() {
    let setup = Setup::new("admin-page");
    setup.site.set("alpha.example/hostile", hostile());
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/hostile", "http://alpha.example/%3Cscript%3E?q=<b>", "no address <i>"]);
    setup.ended(3);
    setup.committed_to_the_end();
    let status: serde_json::Value = wait::until("all three to be shown", SOON, || {
        let status: serde_json::Value = serde_json::from_str(&worker.get("/status")?.body).unwrap();
        let shown = |kind: &str| status["latest"][kind].as_array().unwrap().len();
        (shown("well") == 1 && shown("refused") == 2).then_some(status)
    });
    let title = status["latest"]["well"][0]["title"].as_str().unwrap();
    assert!(title.contains("<script>document.title=7</script>"), "JSON has the title as it is: {title}");
    assert_eq!((&status["law"]["consumed"], &status["law"]["difference"]), (&3.into(), &0.into()));
    assert_eq!(status["not_ready"], serde_json::Value::Null);

    // Nothing of it is ever part of a page: the files are the same for all, and the policy allows no script but ours.
    for path in ["/", "/page.js", "/page.css", "/status", "/hosts", "/metrics", "/readyz"] {
        let page = worker.get(path).unwrap();
        let head = page.head.to_lowercase();
        assert_eq!(page.status, 200, "{path}");
        assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{path}: {head}");
        assert!(!head.contains("unsafe"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
        let is_json = head.contains("content-type: application/json");
        assert!(is_json || !page.body.contains("title=7"), "{path}: {}", page.body);
    }
    worker.stop();
}

#[test]
fn a_page_that_is_not_there_is_not_found() {
    let setup = Setup::new("admin-unknown");
    let worker = Worker::start(&setup);
    assert_eq!(worker.get("/no-such-page").unwrap().status, 404);
}

/// Chromium on the page, its own script run for some seconds of the browser's clock, then told what to do with it.
fn chromium(setup: &Setup, worker: &Worker, then: &[&str]) -> Output {
    let profile = setup.file("chromium", "").with_file_name("profile");
    let mut browser = Command::new("timeout");
    browser.args(["60", "chromium"]);
    browser.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]);
    browser.arg("--virtual-time-budget=4000").arg(format!("--user-data-dir={}", profile.display())).args(then);
    browser.arg(format!("http://{}/", worker.address())).output().unwrap()
}

/// The page as a browser has made it; `None` while it has not.
fn in_chromium(setup: &Setup, worker: &Worker) -> Option<String> {
    let said = chromium(setup, worker, &["--dump-dom"]);
    said.status.success().then(|| String::from_utf8_lossy(&said.stdout).into_owned())
}

#[test]
fn a_script_in_a_title_does_not_run_in_a_browser() {
    if Command::new("chromium").arg("--version").output().is_err() {
        println!("NOT CHECKED: there is no chromium on this machine");
        return;
    }
    let setup = Setup::new("admin-browser");
    setup.site.set("alpha.example/hostile", hostile());
    let worker = Worker::start(&setup);
    setup.send_urls(["http://alpha.example/hostile"]);
    setup.ended(1);
    // The title is there as text, put in by our script; and no other one was run.
    let page = wait::until("the article on the page", SOON, || {
        in_chromium(&setup, &worker).filter(|page| page.contains("&lt;script&gt;document.title=7&lt;/script&gt;"))
    });
    assert!(!page.contains("<title>7</title>") && !page.contains("<img"), "{page}");
    worker.stop();
}

#[test]
#[ignore = "a minute long: run by its name, prints its figures, and leaves pictures in target/admin"]
fn ten_thousand_hosts_on_the_page() {
    const HOSTS: usize = 10_000;
    let mut setup = Setup::new("admin-hosts");
    setup.set("frontier", "robots", "\"ignore\"");
    for number in 0..HOSTS {
        let host = format!("news-{number}.example");
        setup.host(&host);
        match number % 500 {
            7 => setup.site.set(&format!("{host}/article/{number}"), Answer::status(429).with("retry-after", "3600")),
            9 => setup.site.set(&format!("{host}/article/{number}"), Answer::status(503)),
            _ => {}
        }
    }
    let worker = Worker::start(&setup);
    setup.send_urls((0..HOSTS).map(|number| format!("http://news-{number}.example/article/{number}")));
    let mut reader = setup.read("outcomes");
    reader.until("all outcomes", Duration::from_secs(600), |all| all.len() >= HOSTS);
    for path in ["/status", "/status?host=news-1234.", "/hosts", "/metrics"] {
        let mut times: Vec<_> = (0..9).map(|_| asked(&worker, path)).collect();
        times.sort();
        println!("{path}: {} bytes, {:?} in the middle of nine", times[4].1, times[4].0);
    }
    let pictures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/admin");
    std::fs::create_dir_all(&pictures).unwrap();
    for (name, size, scheme) in [("desk", "1280,4800", 1), ("dark", "1280,4800", 0), ("phone", "412,7200", 1)] {
        let file = format!("--screenshot={}", pictures.join(format!("{name}.png")).display());
        let scheme = format!("--blink-settings=preferredColorScheme={scheme}");
        let said = chromium(&setup, &worker, &[&file, &scheme, &format!("--window-size={size}")]);
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }
    worker.stop();
}

/// How long an answer took, and how long it is.
fn asked(worker: &Worker, path: &str) -> (Duration, usize) {
    let started = Instant::now();
    let page = worker.get(path).unwrap();
    (started.elapsed(), page.body.len())
}
