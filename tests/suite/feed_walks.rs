//! Long sitemaps, and sitemaps that an index leads to.

use std::fs;
use std::io::Write;

use crate::setup::{Setup, of_url};
use crate::site::Answer;
use crate::topics::{Message, Record};
use crate::wait::SOON;
use crate::worker::Worker;

/// The most memory that a worker may have taken for sitemaps of twenty megabytes: with one whole copy more of each it has more.
const MOST_KB: u64 = 512 * 1024;

/// A sitemap of so many pages, each with words about its picture. The addresses end without a request: what is counted are messages.
fn sitemap(name: &str, pages: usize, words: usize) -> Vec<u8> {
    let words = "x".repeat(words);
    let page = |n: usize| {
        format!("<url><loc>http://u:p@gamma.example/{name}/{n}</loc><image:image>{words}</image:image></url>")
    };
    let pages: String = (0..pages).map(page).collect();
    format!("<?xml version='1.0'?><urlset>{pages}</urlset>").into_bytes()
}

fn peak_kb(worker: &Worker) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", worker.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_sitemap_of_twenty_megabytes_is_read_in_bounded_memory_and_a_page_of_that_size_is_not() {
    let mut setup = Setup::new("feed-walks-long");
    setup.set("feeds", "first_max", "2");
    for name in ["a", "b", "c"] {
        setup.site.set(&format!("gamma.example/{name}"), Answer::bytes("text/xml", sitemap(name, 40_000, 450)));
    }
    let mut coded = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coded.write_all(&sitemap("coded", 40_000, 450)).unwrap();
    let coded = Answer::html(coded.finish().unwrap()).with("content-encoding", "gzip");
    setup.site.set("gamma.example/coded", coded);
    let page = [b"<html><body><urlset>".to_vec(), vec![b'x'; 20 << 20]].concat();
    setup.site.set("gamma.example/page", Answer::bytes("text/xml", page));
    let worker = Worker::start(&setup);
    let before = peak_kb(&worker);
    setup.send_urls(["a", "b", "c", "coded", "page"].map(|name| format!("http://gamma.example/{name}")));
    let outcomes = setup.ended(5 + 4 * 2);
    let of = |name: &str| of_url(&outcomes, &format!("http://gamma.example/{name}"))[0].json();
    for name in ["a", "b", "c", "coded"] {
        assert_eq!(of(name)["outcome"], "expanded", "{name}");
    }
    assert_eq!(of("page")["reason"], "too_large");
    let peak = peak_kb(&worker);
    assert!(peak < MOST_KB, "{peak} kB, {before} kB before");
}

#[test]
fn the_sitemaps_of_an_index_send_on_all_that_is_young_and_in_the_next_round_what_has_changed() {
    let mut setup = Setup::new("feed-walks-index");
    setup.set("feeds", "first_max", "2");
    let now = jiff::Timestamp::now();
    let days_ago =
        |days: i64| (now - jiff::SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let index = |changed: &str| {
        Answer::bytes(
            "text/xml",
            format!("<sitemapindex><sitemap><loc>/map</loc><lastmod>{changed}</lastmod></sitemap></sitemapindex>"),
        )
    };
    let map = |new: usize| {
        let page = |n: usize, date: String| {
            format!("<url><loc>http://u:p@gamma.example/{n}</loc><lastmod>{date}</lastmod></url>")
        };
        let old = (0..20).map(|n| page(n, days_ago(5)));
        let new = (20..20 + new).map(|n| page(n, days_ago(0)));
        let pages: String = old.chain(new).chain([page(99, days_ago(40))]).collect();
        Answer::bytes("text/xml", format!("<urlset>{pages}</urlset>"))
    };
    setup.site.set("gamma.example/map", map(0));
    setup.site.set("gamma.example/index", index(&days_ago(5)));
    let worker = Worker::start(&setup);
    setup.send(&[Message::of(r#"{"url":"http://gamma.example/index","every":"500ms"}"#).keyed("gamma.example")]);
    let pages =
        |all: &[Record]| all.iter().filter(|record| record.json()["url"].as_str().unwrap().contains("u:p@")).count();
    setup.read("urls").until("the pages of the sitemap", SOON, |all| pages(all) == 20);
    // Another worker, which remembers nothing of what was sent on.
    worker.stop();
    setup.site.set("gamma.example/map", map(7));
    setup.site.set("gamma.example/index", index(&days_ago(0)));
    let _worker = Worker::start(&setup);
    let sent = setup.read("urls").until("the new pages", SOON, |all| pages(all) >= 27).to_vec();
    assert_eq!(pages(&sent), 27);
}
