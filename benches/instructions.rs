//! Twenty pages to their records, for `tests/instructions.sh` to count what each room takes.

mod pages;

use newswire::extract::{Limits, extract};

/// Pages that are read; the same ones each time.
const PAGES: usize = 20;

fn main() {
    let limits = Limits { min_words: 25, time_limit: std::time::Duration::from_secs(600) };
    let url = pages::address();
    let mut bytes = 0;
    for page in (0..PAGES).map(pages::page) {
        let Ok(extraction) = extract(&pages::source(&page, &url), &limits) else {
            unreachable!("these pages are articles")
        };
        bytes += serde_json::to_string(&extraction.content).map_or(0, |json| json.len());
    }
    eprintln!("{PAGES} pages, {bytes} bytes of records");
}
