//! What a page turned out to be: a feed, an article, or a way to another page.

use url::Url;

use super::stop::Stop;
use crate::config::Settings;
use crate::extract::{self, Extraction, Hints, Limits, Source};
use crate::feeds::{self, Keep};
use crate::fetch::{FetchError, Media, Page, meta_refresh};
use crate::record::Reason;

/// Feeds of a page that is no article, as its rejection names them.
const TOLD_FEEDS: usize = 3;

/// What a page turned out to be.
pub enum Reading {
    /// An article.
    Article(Box<Extraction>),
    /// A feed or sitemap, or a page that stands for its feeds.
    Feed(Box<feeds::Feed>),
    /// It sends its reader on at once.
    Moved(Url),
}

impl Reading {
    /// Reads a page.
    ///
    /// # Errors
    /// [`Stop`]: it is none of these.
    pub fn of(page: &Page, hints: &Hints, settings: &Settings) -> Result<Self, Stop> {
        #[cfg(debug_assertions)]
        die_if_told(page);
        let content_type = page.headers.content_type.as_deref();
        if feeds::is_feed(&page.bytes, content_type) {
            let keep = if settings.feeds.use_content { Keep::Content } else { Keep::Addresses };
            return Ok(Self::Feed(Box::new(feeds::feed(&page.bytes, content_type, &page.url, keep)?)));
        }
        if page.media == Media::Packed {
            return Err(FetchError::UnsupportedContentType { found: "gzip, and no feed in it".into() }.into());
        }
        if page.media == Media::Html
            && let Some(to) = meta_refresh(&page.bytes, &page.url)
        {
            return Ok(Self::Moved(to));
        }
        let x_robots_tag = page.headers.x_robots_tag.join(", ");
        let source = Source {
            body: &page.bytes,
            content_type,
            x_robots_tag: Some(x_robots_tag.as_str()).filter(|tag| !tag.is_empty()),
            url: &page.url,
            hints: Some(hints),
        };
        let limits = Limits { min_words: settings.extract.min_words, time_limit: settings.extract.time_limit };
        match extract::extract(&source, &limits) {
            Ok(article) => Ok(Self::Article(Box::new(article))),
            Err(refusal) if refusal.reason() == Reason::NotAnArticle => front_page(page, refusal, settings),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// A page that is no article may name its feeds: they are expanded where that is wished for, or told.
fn front_page(page: &Page, refusal: extract::Refusal, settings: &Settings) -> Result<Reading, Stop> {
    let feeds = feeds::named(&page.bytes, page.headers.content_type.as_deref(), &page.url);
    if feeds.is_empty() {
        return Err(refusal.into());
    }
    if settings.feeds.discover {
        return Ok(Reading::Feed(Box::new(feeds::Feed::of_feeds(feeds))));
    }
    let named: Vec<&str> = feeds.iter().take(TOLD_FEEDS).map(Url::as_str).collect();
    Err(Stop::rejected(refusal.reason(), format!("{refusal}; its feeds: {}", named.join(" "))))
}

/// In a debug build, a page whose path is named so takes the process with it: for the test of the quarantine.
#[cfg(debug_assertions)]
fn die_if_told(page: &Page) {
    if std::env::var("NEWSWIRE_TEST_DEADLY_PATH").is_ok_and(|path| path == page.url.path()) {
        std::process::abort();
    }
}
