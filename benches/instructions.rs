//! Twenty pages to their records, for `tests/instructions.sh` to count what each room takes.

mod pages;

use newswire::extract::{Limits, Source, extract};
use url::Url;

/// Pages that are read; the same ones each time.
const PAGES: usize = 20;

fn main() {
    let limits = Limits { min_words: 25, time_limit: std::time::Duration::from_secs(600) };
    let address = "https://www.courier.example/local/2024/03/08/ferry-to-the-outer-islands-runs-again";
    let url = Url::parse(address).unwrap_or_else(|e| unreachable!("{address}: {e}"));
    let mut bytes = 0;
    for page in (0..PAGES).map(pages::page) {
        let source = Source {
            body: page.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            x_robots_tag: None,
            url: &url,
            hints: None,
        };
        let Ok(extraction) = extract(&source, &limits) else { unreachable!("these pages are articles") };
        bytes += serde_json::to_string(&extraction.content).map_or(0, |json| json.len());
    }
    eprintln!("{PAGES} pages, {bytes} bytes of records");
}
