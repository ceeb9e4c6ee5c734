//! A feed's own text in place of a page that can't be had (`feeds.use_content`).

use url::Url;

use crate::fetch::Raw;
use crate::record::Reason;

/// Whether a page that ended so is one that its readers have to pay or log in for, or that gives its text to them alone.
/// A page that is gone, or that robots.txt forbids, is not: its publisher does not want it read.
pub fn is_wanted(reason: Reason) -> bool {
    matches!(reason, Reason::ClientError | Reason::NotAnArticle)
}

/// The feed's text as the page at `url`, which answered with `status`.
pub fn page(content: &str, url: &Url, status: Option<u16>) -> Box<Raw> {
    let body = if content.contains('<') {
        content.to_owned()
    } else {
        let lines = content.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| format!("<p>{}</p>", line.replace('&', "&amp;").replace('<', "&lt;"))).collect()
    };
    let html =
        format!("<!DOCTYPE html><html><head><meta charset=utf-8></head><body><article>{body}</article></body></html>");
    Box::new(Raw::html(url.clone(), status.unwrap_or_default(), html))
}
