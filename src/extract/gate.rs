//! Is it an article at all?
//!
//! Evidence adds up to points; below [`FLOOR`] the page is refused, and the strongest evidence
//! against it is named. The points were set by hand and checked on labelled pages; they let nearly
//! every article pass, since a lost article costs a reader more than a hub too many.

use super::content::Body;
use super::jsonld::is_news;
use super::page::ratio;
use super::structured::Facts;
use super::tag::Tag;
use super::text::key;

/// Points that an article has at least.
const FLOOR: f64 = -2.0;

/// What speaks for or against a page, for people.
struct Evidence {
    points: f64,
    against: Vec<(f64, &'static str)>,
}

impl Evidence {
    fn add(&mut self, points: f64) {
        self.points += points;
    }

    fn against(&mut self, points: f64, what: &'static str) {
        self.points -= points;
        self.against.push((points, what));
    }
}

/// Why a page is no article; `None` if it is one.
pub(super) fn refuse(
    facts: &Facts<'_>,
    body: &Body,
    words: usize,
    min_words: usize,
    authored: bool,
    dated: bool,
) -> Option<String> {
    if words < min_words {
        return Some(format!("{words} words of text, {min_words} are asked for"));
    }
    let page = facts.page;
    let mut evidence = Evidence { points: 0.0, against: Vec::new() };
    let news = facts.ld.is_some_and(is_news);
    let og_type = page.meta("og:type").unwrap_or_default().to_ascii_lowercase();
    if news {
        evidence.add(4.0);
    } else if facts.ld.is_some() {
        evidence.add(2.0);
    }
    if facts.graph.articles() > 4 {
        evidence.against(2.0, "it describes several articles");
    }
    if og_type.contains("article") || page.meta("article:published_time").is_some() {
        evidence.add(1.5);
    } else if og_type.contains("product") || og_type.contains("profile") {
        evidence.against(2.0, "og:type names a product or profile");
    }
    if facts.graph.has_type(&[
        "Product",
        "ProductGroup",
        "Offer",
        "AggregateOffer",
        "SoftwareApplication",
        "ItemList",
        "CollectionPage",
        "SearchResultsPage",
        "QAPage",
        "DiscussionForumPosting",
        "FAQPage",
        "JobPosting",
        "Service",
        "ProfilePage",
        "LocalBusiness",
    ]) && !news
    {
        evidence.against(2.0, "its structured data names a product, list, forum or service");
    }
    evidence.add(if authored { 1.2 } else { 0.0 });
    evidence.add(if dated { 1.2 } else { -0.5 });
    let path = facts.url.path();
    if path == "/" || path.is_empty() {
        evidence.against(3.0, "its address is a front page");
    }
    let slug = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let slug_words =
        key(slug).split(' ').filter(|word| word.len() > 1 && !word.bytes().all(|byte| byte.is_ascii_digit())).count();
    if slug_words >= 4 {
        evidence.add(1.0);
    } else if slug_words <= 1 && !slug.bytes().any(|byte| byte.is_ascii_digit()) {
        evidence.against(0.8, "its address has a single word");
    }
    if key(path).split(' ').any(|word| OTHER.contains(&word)) {
        evidence.against(1.8, "its address names a shop, forum, manual or list");
    }
    if key(path).split(' ').any(|word| NEWS.contains(&word)) || super::dates::in_address(path).is_some() {
        evidence.add(1.0);
    }
    // The text itself: long paragraphs in one place are what articles are made of.
    evidence.add(match body.prose_words {
        0..=29 => -2.0,
        30..=79 => -0.7,
        80..=249 => 0.3,
        _ => 1.0,
    });
    let share = ratio(body.prose_words, body.page_words);
    if share < 0.12 {
        evidence.against(1.5, "little of the page is running text");
    } else if share > 0.5 {
        evidence.add(0.7);
    }
    let links: usize = page.blocks.iter().map(|block| block.link_bytes).sum();
    let all: usize = page.blocks.iter().map(|block| block.bytes).sum();
    if ratio(links, all) > 0.6 {
        evidence.against(1.2, "most of the page is links");
    }
    let linked_headings = page
        .scopes
        .iter()
        .filter(|scope| {
            matches!(scope.tag, Tag::Heading(2..=4))
                && page.blocks.get(scope.blocks.start).is_some_and(|block| block.link_density() > 0.8)
        })
        .count();
    if linked_headings > 20 {
        evidence.against(0.7, "many of its headings are links");
    }
    if page.controls > 40 {
        evidence.against(0.8, "it is full of buttons and fields");
    }
    if evidence.points >= FLOOR {
        return None;
    }
    evidence.against.sort_by(|a, b| b.0.total_cmp(&a.0));
    let what: Vec<&str> = evidence.against.iter().map(|(_, what)| *what).take(3).collect();
    let what = if what.is_empty() { "too little speaks for an article".to_owned() } else { what.join("; ") };
    Some(format!("{what} ({:.1} points)", evidence.points))
}

/// Words of addresses that lead to other kinds of pages.
#[rustfmt::skip]
const OTHER: [&str; 44] = [
    "product", "products", "shop", "store", "cart", "forum", "forums", "thread", "threads", "viewtopic", "showthread", "topic", "docs", "documentation", "category", "categories", "tag", "tags", "search",
    "collections", "collection", "service", "services", "pricing", "login", "signup", "wiki", "manual", "reference", "api", "dp", "item", "listing", "questions", "question", "jobs", "careers", "contact", "about",
    "faq", "support", "help", "archive", "author",
];

/// Words of addresses that lead to articles.
#[rustfmt::skip]
const NEWS: [&str; 22] = [
    "news", "article", "articles", "blog", "story", "stories", "politics", "politik", "world", "sport", "sports", "opinion", "business", "post", "posts", "noticias", "artikel", "actualite", "local", "nyheter", "entertainment", "press",
];
