//! Is it an article at all?
//!
//! A page is measured in some thirty ways, and the measures are weighed; below [`FLOOR`] the page is
//! refused, and what weighed most against it is named. The weights are those of a logistic regression
//! on 1,569 labelled pages (WCXB's development pages of all types, two sets of news), rounded.
//! Cross-validated by host, 56 of 100 other pages are refused where 99 of 100 articles pass, and 74
//! where 98 pass. A lost article costs a reader more than a hub too many, so the floor is at 99.

use super::classes::Families;
use super::content::Body;
use super::jsonld::is_news;
use super::page::ratio;
use super::structured::Facts;
use super::tag::Tag;
use super::text::key;

/// Points that an article has at least.
const FLOOR: f64 = 0.0;

/// One way to look at a page: how much a full measure weighs, and what its absence or presence means
/// to a person when it speaks against the page.
struct Measure {
    value: f64,
    weight: f64,
    says: &'static str,
}

/// What is known of the page beside its tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Words of the text.
    pub(super) words: usize,
    /// Whether an author was found.
    pub(super) authored: bool,
    /// Whether a day of publication was found.
    pub(super) dated: bool,
    /// Whether a heading shows the title.
    pub(super) headed: bool,
}

/// Why a page is no article; `None` if it is one.
pub(super) fn refuse(facts: &Facts<'_>, body: &Body, known: Known, min_words: usize) -> Option<String> {
    if known.words < min_words {
        return Some(format!("{} words of text, {min_words} are asked for", known.words));
    }
    let mut measures = head(facts, known);
    measures.extend(address(facts));
    measures.extend(text(facts, body));
    let points: f64 = BIAS + measures.iter().map(|measure| measure.value * measure.weight).sum::<f64>();
    if points >= FLOOR {
        return None;
    }
    let mut against: Vec<&Measure> = measures.iter().filter(|measure| measure.value * measure.weight < -0.1).collect();
    against.sort_by(|a, b| (a.value * a.weight).total_cmp(&(b.value * b.weight)));
    let mut says: Vec<&str> = against.iter().map(|measure| measure.says).take(3).collect();
    if says.is_empty() {
        says.push("too little speaks for an article");
    }
    Some(format!("{} ({points:.1} points)", says.join("; ")))
}

/// Where the points start: set so that [`FLOOR`] is 0.
const BIAS: f64 = 1.4;

fn measure(value: f64, weight: f64, says: &'static str) -> Measure {
    Measure { value, weight, says }
}

fn yes(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// `count` of `full`, at most 1.
fn share(count: usize, full: usize) -> f64 {
    ratio(count.min(full), full)
}

/// What the page says about itself.
fn head(facts: &Facts<'_>, known: Known) -> Vec<Measure> {
    let page = facts.page;
    let og_type = page.meta("og:type").unwrap_or_default().to_ascii_lowercase();
    vec![
        measure(yes(facts.ld.is_some_and(is_news)), 1.8, ""),
        measure(yes(facts.ld.is_some()), 1.1, ""),
        measure(yes(og_type.contains("article")), 0.5, ""),
        measure(
            yes(og_type.contains("product") || og_type.contains("profile")),
            -1.3,
            "og:type names a product or profile",
        ),
        measure(yes(og_type.contains("website")), -0.2, "og:type names a website"),
        measure(yes(page.meta("article:published_time").is_some()), 0.7, ""),
        measure(yes(facts.graph.has_type(&PRODUCTS)), -1.8, "its structured data names a product"),
        measure(yes(facts.graph.has_type(&FORUMS)), -0.6, "its structured data names questions or a discussion"),
        measure(yes(facts.graph.has_type(&SERVICES)), -0.4, "its structured data names a service, job or place"),
        measure(yes(!known.authored), -0.8, "it names no author"),
        measure(yes(!known.dated), -0.8, "it names no day of publication"),
        measure(yes(!known.headed), -0.5, "no heading shows its title"),
    ]
}

/// What the address says.
fn address(facts: &Facts<'_>) -> Vec<Measure> {
    let path = facts.url.path();
    let words = key(path);
    let has = |list: &[&str]| words.split(' ').any(|word| list.contains(&word));
    let slug = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let slug_words =
        key(slug).split(' ').filter(|word| word.len() > 1 && !word.bytes().all(|byte| byte.is_ascii_digit())).count();
    vec![
        measure(yes(path == "/" || path.is_empty()), -0.8, "its address is a front page"),
        measure(share(slug_words, 7), 2.5, ""),
        measure(yes(slug_words <= 1), -0.5, "its address has a single word"),
        measure(yes(has(&SHOP)), -0.3, "its address names a shop"),
        measure(yes(has(&FORUM)), -3.2, "its address names a forum"),
        measure(yes(has(&MANUAL)), -0.2, "its address names a manual"),
        measure(yes(has(&LISTING)), -1.4, "its address names a list or service"),
        measure(yes(has(&NEWS)), 1.5, ""),
        measure(yes(super::dates::in_address(path).is_some()), 1.6, ""),
    ]
}

/// What the text and the page around it look like.
fn text(facts: &Facts<'_>, body: &Body) -> Vec<Measure> {
    let page = facts.page;
    let sum = |value: fn(&super::page::Block) -> usize| page.blocks.iter().map(value).sum::<usize>();
    let linked = ratio(sum(|block| block.link_bytes), sum(|block| block.bytes));
    let count = |families: Families| page.scopes.iter().filter(|scope| scope.own.any(families)).count();
    let tags = |tag: fn(Tag) -> bool| page.scopes.iter().filter(|scope| tag(scope.tag)).count();
    let prices = page.blocks.iter().filter(|block| block.words <= 6 && is_price(page.block_text(block))).count();
    let paragraphs = body.lines.iter().filter(|line| line.text.len() > 200).count();
    vec![
        measure(ratio(body.prose_words, body.page_words), 1.3, ""),
        measure(yes(ratio(body.prose_words, body.page_words) < 0.15), -0.8, "little of the page is running text"),
        measure(share(paragraphs, 10), 0.8, ""),
        measure(linked, -0.4, "much of the page is links"),
        measure(share(page.controls, 40), -1.0, "it is full of buttons and fields"),
        measure(share(prices, 8), -0.3, "it shows many prices"),
        measure(share(tags(|tag| tag == Tag::Time), 20), -1.3, "it shows many dates"),
        measure(share(tags(|tag| tag == Tag::Pre), 5), -1.9, "it shows code"),
        measure(yes(count(Families::BODY) > 0), 0.5, ""),
        measure(yes(tags(|tag| tag == Tag::Heading(1)) != 1), -0.3, "it has no headline, or several"),
        measure(yes(tags(|tag| tag == Tag::Article) == 1), 0.9, ""),
    ]
}

fn is_price(text: &str) -> bool {
    text.contains(['$', '€', '£', '¥', '₹']) && text.bytes().any(|byte| byte.is_ascii_digit())
}

#[rustfmt::skip]
const PRODUCTS: [&str; 6] = ["Product", "ProductGroup", "Offer", "AggregateOffer", "SoftwareApplication", "Book"];
#[rustfmt::skip]
const FORUMS: [&str; 4] = ["QAPage", "DiscussionForumPosting", "Question", "Comment"];
#[rustfmt::skip]
const SERVICES: [&str; 9] = ["FAQPage", "JobPosting", "Service", "ProfilePage", "LocalBusiness", "Course", "Event", "ContactPage", "AboutPage"];

/// Words of addresses that lead to other kinds of pages.
#[rustfmt::skip]
const SHOP: [&str; 12] = ["product", "products", "shop", "store", "cart", "dp", "item", "collections", "collection", "buy", "pricing", "p"];
#[rustfmt::skip]
const FORUM: [&str; 12] = ["forum", "forums", "thread", "threads", "viewtopic", "showthread", "topic", "questions", "question", "comments", "discussion", "t"];
#[rustfmt::skip]
const MANUAL: [&str; 13] = ["docs", "documentation", "wiki", "manual", "reference", "api", "guide", "tutorial", "help", "support", "faq", "doc", "learn"];
#[rustfmt::skip]
const LISTING: [&str; 17] = [
    "category", "categories", "tag", "tags", "search", "service", "services", "listing", "listings", "jobs", "careers", "contact", "about", "archive", "author", "directory", "courses",
];

/// Words of addresses that lead to articles.
#[rustfmt::skip]
const NEWS: [&str; 22] = [
    "news", "article", "articles", "blog", "story", "stories", "politics", "politik", "world", "sport", "sports", "opinion", "business", "post", "posts", "noticias", "artikel", "actualite", "local", "nyheter", "entertainment", "press",
];
