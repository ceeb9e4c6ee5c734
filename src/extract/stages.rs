//! What each stage of a page's way costs, for benches.

use std::time::{Duration, Instant};

use super::article::{Limits, Reading, Refusal, Source};
use super::jsonld::Graph;
use super::page::Page;
use super::structured::Facts;
use super::{charset, gate, images, language, parse};

/// The stages of a page, each with its time, in their order; the work is that of [`extract`](super::extract).
///
/// # Errors
/// A [`Refusal`], when the page can't be read.
pub fn stages(source: &Source<'_>, limits: &Limits) -> Result<Vec<(&'static str, Duration)>, Refusal> {
    let mut watch = Watch { last: Instant::now(), laps: Vec::new() };
    let (text, _) = charset::decode(source.body, source.content_type, source.url.host_str());
    watch.lap("charset");
    let parsed = parse::parse(&text, Instant::now() + limits.time_limit)?;
    watch.lap("parse");
    let page = Page::of(&parsed.html).with_scripts(parsed.scripts);
    watch.lap("walk");
    let graph = Graph::of(&page.json_ld());
    let facts = Facts::of(&page, source.url, &graph);
    watch.lap("structured");
    let reading = Reading::timed(&facts, |stage| watch.lap(stage));
    let known = reading.known();
    watch.lap("words");
    let judged = gate::judge(&facts, &reading.body, known, limits.min_words);
    watch.lap("gate");
    let found = (
        language::language(&reading.text, page.lang),
        images::images(&facts, reading.body.region, Vec::new()),
        (facts.description(), facts.publisher(), facts.section(), facts.tags(), facts.canonical()),
    );
    watch.lap("rest");
    drop((judged, found, reading));
    drop((graph, page));
    drop(parsed.html);
    watch.lap("release");
    Ok(watch.laps)
}

struct Watch {
    last: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Watch {
    fn lap(&mut self, stage: &'static str) {
        let now = Instant::now();
        self.laps.push((stage, now - self.last));
        self.last = now;
    }
}
