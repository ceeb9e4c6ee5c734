//! Words of addresses that tell kinds of pages apart.

#[rustfmt::skip]
pub(super) const SHOP: [&str; 12] = ["product", "products", "shop", "store", "cart", "dp", "item", "collections", "collection", "buy", "pricing", "p"];
#[rustfmt::skip]
pub(super) const FORUM: [&str; 12] = ["forum", "forums", "thread", "threads", "viewtopic", "showthread", "topic", "questions", "question", "comments", "discussion", "t"];
#[rustfmt::skip]
pub(super) const MANUAL: [&str; 13] = ["docs", "documentation", "wiki", "manual", "reference", "api", "guide", "tutorial", "help", "support", "faq", "doc", "learn"];
#[rustfmt::skip]
pub(super) const LISTING: [&str; 17] = [
    "category", "categories", "tag", "tags", "search", "service", "services", "listing", "listings", "jobs", "careers", "contact", "about", "archive", "author", "directory", "courses",
];
/// Words of addresses that lead to articles.
#[rustfmt::skip]
pub(super) const NEWS: [&str; 22] = [
    "news", "article", "articles", "blog", "story", "stories", "politics", "politik", "world", "sport", "sports", "opinion", "business", "post", "posts", "noticias", "artikel", "actualite", "local", "nyheter", "entertainment", "press",
];
/// Labels of hosts that hold other pages than articles.
#[rustfmt::skip]
pub(super) const OTHER_HOSTS: [&str; 16] = [
    "docs", "doc", "support", "help", "forum", "forums", "community", "shop", "store", "developer", "developers", "learn", "wiki", "jobs", "careers", "api",
];
