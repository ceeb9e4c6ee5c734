//! What the gate looks at: a page measured in some ninety ways, by one pass over its elements and blocks.

use super::Known;
use super::address::{FORUM, LISTING, MANUAL, NEWS, OTHER_HOSTS, SHOP};
use crate::extract::classes::Families;
use crate::extract::content::Body;
use crate::extract::jsonld::is_news;
use crate::extract::page::{Block, Page, Scope, ratio};
use crate::extract::structured::Facts;
use crate::extract::tag::Tag;
use crate::extract::text::key;

/// The measures of a page, each with its name, always in the same order.
#[derive(Debug)]
pub(in crate::extract) struct Measures(Vec<(&'static str, f32)>);

impl Measures {
    /// Measures a page.
    pub(in crate::extract) fn of(facts: &Facts<'_>, body: &Body, known: Known) -> Self {
        let mut measures = Self(Vec::with_capacity(100));
        measures.head(facts, known);
        measures.address(facts);
        measures.body(body, known);
        measures.page(facts.page, body);
        measures
    }

    /// The names, in the order of the values.
    pub(in crate::extract) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    /// The values.
    pub(in crate::extract) fn values(&self) -> Vec<f32> {
        self.0.iter().map(|(_, value)| *value).collect()
    }

    /// One of them; 0 where there is none of this name.
    pub(super) fn get(&self, name: &str) -> f32 {
        self.0.iter().find(|(this, _)| *this == name).map_or(0.0, |(_, value)| *value)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts within one page")]
    fn count(&mut self, name: &'static str, count: usize) {
        self.0.push((name, count as f32));
    }

    fn flag(&mut self, name: &'static str, flag: bool) {
        self.0.push((name, f32::from(u8::from(flag))));
    }

    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    fn share(&mut self, name: &'static str, part: usize, whole: usize) {
        self.0.push((name, ratio(part, whole) as f32));
    }

    /// What the page says about itself.
    fn head(&mut self, facts: &Facts<'_>, known: Known) {
        let page = facts.page;
        let og_type = page.meta("og:type").unwrap_or_default().to_ascii_lowercase();
        self.flag("ld_news", facts.ld.is_some_and(is_news));
        self.flag("ld_article", facts.ld.is_some());
        self.flag(
            "ld_product",
            facts.graph.has_type(&[
                "Product",
                "ProductGroup",
                "Offer",
                "AggregateOffer",
                "SoftwareApplication",
                "Book",
            ]),
        );
        self.flag("ld_forum", facts.graph.has_type(&["QAPage", "DiscussionForumPosting", "Question", "Comment"]));
        self.flag(
            "ld_service",
            facts.graph.has_type(&["JobPosting", "Service", "ProfilePage", "LocalBusiness", "Course", "Event"]),
        );
        self.flag("ld_about", facts.graph.has_type(&["FAQPage", "ContactPage", "AboutPage"]));
        self.flag("ld_list", facts.graph.has_type(&["CollectionPage", "ItemList", "SearchResultsPage", "Blog"]));
        self.flag("ld_page", facts.graph.has_type(&["WebPage"]));
        self.flag("ld_crumbs", facts.graph.has_type(&["BreadcrumbList"]));
        self.flag("og_article", og_type.contains("article"));
        self.flag("og_website", og_type.contains("website"));
        self.flag("og_other", !og_type.is_empty() && !og_type.contains("article") && !og_type.contains("website"));
        self.flag("meta_published", page.meta("article:published_time").is_some());
        self.flag("meta_author", page.meta("author").is_some());
        self.flag("meta_section", page.meta("article:section").is_some());
        self.flag("meta_keywords", page.meta("keywords").is_some() || page.meta("news_keywords").is_some());
        self.flag("meta_twitter_label", page.meta("twitter:label1").is_some());
        self.flag("authored", known.authored);
        self.flag("dated", known.dated);
        self.flag("headed", known.headed);
        let title = key(&page.title);
        self.count("title_words", title.split(' ').count());
        self.flag("title_is_site", facts.is_site(&page.title));
        self.count("metas", page.metas.len());
        self.flag(
            "front_canonical",
            facts.link("canonical").is_some_and(|link| facts.url.join(link).is_ok_and(|url| url.path() == "/")),
        );
    }

    /// What the address says.
    fn address(&mut self, facts: &Facts<'_>) {
        let path = facts.url.path();
        let words = key(path);
        let has = |list: &[&str]| words.split(' ').any(|word| list.contains(&word));
        let slug = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let slug_key = key(slug);
        let is_word = |word: &&str| word.len() > 1 && !word.bytes().all(|byte| byte.is_ascii_digit());
        self.count("slug_words", slug_key.split(' ').filter(is_word).count());
        self.count("slug_bytes", slug.len());
        self.count("slug_digits", slug.bytes().filter(u8::is_ascii_digit).count());
        self.count("path_parts", path.split('/').filter(|part| !part.is_empty()).count());
        self.count("path_digits", path.bytes().filter(u8::is_ascii_digit).count());
        self.flag("path_date", crate::extract::dates::in_address(path).is_some());
        self.flag("path_file", slug.contains('.'));
        self.flag("query", facts.url.query().is_some());
        self.flag("path_shop", has(&SHOP));
        self.flag("path_forum", has(&FORUM));
        self.flag("path_manual", has(&MANUAL));
        self.flag("path_listing", has(&LISTING));
        self.flag("path_news", has(&NEWS));
        let host = facts.url.host_str().unwrap_or_default();
        self.flag("host_other", host.split('.').any(|label| OTHER_HOSTS.contains(&label)));
        self.flag("host_blog", host.split('.').any(|label| matches!(label, "blog" | "blogs" | "news")));
    }

    /// What the text looks like.
    fn body(&mut self, body: &Body, known: Known) {
        let lines = body.lines.len();
        let bytes: usize = body.lines.iter().map(|line| line.text.len()).sum();
        self.count("words", known.words);
        self.count("lines", lines);
        self.count("line_bytes", bytes / lines.max(1));
        self.count("longest_line", body.lines.iter().map(|line| line.text.len()).max().unwrap_or_default());
        self.count("long_lines", body.lines.iter().filter(|line| line.text.len() > 200).count());
        self.share("short_lines", body.lines.iter().filter(|line| line.text.len() < 80).count(), lines);
        self.share("prose_lines", body.lines.iter().filter(|line| line.kind.is_prose()).count(), lines);
        let ends = |text: &str| text.ends_with(['.', '!', '?', '"', '”', '»', '。', '…']);
        self.share("ended_lines", body.lines.iter().filter(|line| ends(&line.text)).count(), lines);
        self.share("asking_lines", body.lines.iter().filter(|line| line.text.ends_with('?')).count(), lines);
        self.count("prose_words", body.prose_words);
        self.share("prose_of_page", body.prose_words, body.page_words);
        self.share("body_of_page", known.words, body.page_words);
        let mut words = Speech::default();
        body.lines.iter().take(200).for_each(|line| words.read(&line.text));
        self.share("we", words.we, words.all);
        self.share("you", words.you, words.all);
        self.share("said", words.said, words.all);
        self.share("capitals", words.capitals, words.all);
        self.share("numbers", words.numbers, words.all);
        self.count("quotes", words.quotes);
    }

    /// What the page around the text looks like.
    fn page(&mut self, page: &Page<'_>, body: &Body) {
        let sum = |value: fn(&Block) -> usize| page.blocks.iter().map(value).sum::<usize>();
        self.count("page_words", body.page_words);
        self.count("blocks", page.blocks.len());
        self.share("linked", sum(|block| block.link_bytes), sum(|block| block.bytes));
        let short = page.blocks.iter().filter(|block| block.words <= 6);
        self.count("prices", short.filter(|block| is_price(page.block_text(block))).count());
        self.count("linked_blocks", page.blocks.iter().filter(|block| block.link_density() > 0.8).count());
        self.count(
            "long_linked_blocks",
            page.blocks.iter().filter(|block| block.link_density() > 0.8 && block.words >= 5).count(),
        );
        self.count(
            "paragraphs",
            page.blocks.iter().filter(|block| block.words >= 25 && block.link_density() < 0.3).count(),
        );
        let mut seen = Elements::default();
        page.scopes.iter().enumerate().for_each(|(index, scope)| seen.read(page, index, scope));
        for (name, count) in [
            ("h1", seen.h1),
            ("headings", seen.headings),
            ("linked_headings", seen.linked_headings),
            ("links", seen.links),
            ("items", seen.items),
            ("times", seen.times),
            ("pre", seen.pre),
            ("articles", seen.articles),
            ("rows", seen.rows),
            ("forms", seen.forms),
            ("images", seen.images),
            ("passwords", seen.passwords),
            ("repeated", seen.most_repeated()),
            ("body_scopes", seen.bodies),
            ("cards", seen.cards),
            ("comments", seen.comments),
            ("author_scopes", seen.authors),
            ("date_scopes", seen.dates),
            ("tags", seen.tags),
            ("shares", seen.shares),
            ("promos", seen.promos),
            ("related", seen.related),
            ("galleries", seen.galleries),
            ("players", seen.players),
            ("controls", page.controls),
            ("captions", seen.captions),
            ("bylines", seen.bylines),
            ("leads", seen.leads),
            ("quotations", seen.quotations),
        ] {
            self.count(name, count);
        }
        let region = body.region.and_then(|(first, _)| page.scopes.get(first));
        let inside = region.map(|scope| scope.blocks.clone()).unwrap_or_default();
        self.share("region_of_page", inside.len(), page.blocks.len());
        self.share("region_start", inside.start, page.blocks.len());
        let blocks = page.blocks.get(inside).unwrap_or_default();
        self.share(
            "region_linked",
            blocks.iter().map(|block| block.link_bytes).sum(),
            blocks.iter().map(|block| block.bytes).sum(),
        );
        self.count("scopes", page.scopes.len());
    }
}

/// Words that tell who speaks, in the languages of most pages of companies and of most news.
#[derive(Default)]
struct Speech {
    all: usize,
    we: usize,
    you: usize,
    said: usize,
    capitals: usize,
    numbers: usize,
    quotes: usize,
}

impl Speech {
    fn read(&mut self, text: &str) {
        self.quotes += text.bytes().filter(|byte| *byte == b'"').count();
        // Most texts are ASCII, and are not decoded.
        if text.is_ascii() {
            let words = text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric());
            words.for_each(|word| self.word(word, word.first().is_some_and(u8::is_ascii_uppercase)));
        } else {
            self.quotes += text.matches(['“', '”', '«', '»', '„']).count();
            let words = text.split(|c: char| !c.is_alphanumeric());
            words.for_each(|word| self.word(word.as_bytes(), word.starts_with(char::is_uppercase)));
        }
    }

    fn word(&mut self, word: &[u8], capital: bool) {
        let Some(first) = word.first() else { return };
        self.all += 1;
        self.capitals += usize::from(capital);
        self.numbers += usize::from(first.is_ascii_digit());
        self.known(word);
    }

    fn known(&mut self, word: &[u8]) {
        let mut lower = [0_u8; 9];
        if word.len() > lower.len() {
            return;
        }
        // Byte by byte: so few are copied sooner than a call is made.
        lower.iter_mut().zip(word).for_each(|(to, byte)| *to = byte.to_ascii_lowercase());
        match lower.get(..word.len()).unwrap_or_default() {
            b"we" | b"our" | b"us" | b"wir" | b"unser" | b"unsere" | b"nous" | b"notre" | b"nos" | b"nuestro"
            | b"nuestra" => self.we += 1,
            b"you" | b"your" | b"ihre" | b"ihr" | b"vous" | b"votre" | b"usted" | b"tu" | b"su" => self.you += 1,
            b"said" | b"says" | b"told" | b"sagte" | b"dijo" | b"dit" | b"added" | b"announced" | b"reported"
            | b"spokesman" => self.said += 1,
            _ => {}
        }
    }
}

/// Counts of elements.
#[derive(Default)]
struct Elements {
    h1: usize,
    headings: usize,
    linked_headings: usize,
    links: usize,
    items: usize,
    times: usize,
    pre: usize,
    articles: usize,
    rows: usize,
    forms: usize,
    images: usize,
    passwords: usize,
    bodies: usize,
    cards: usize,
    comments: usize,
    authors: usize,
    dates: usize,
    tags: usize,
    shares: usize,
    promos: usize,
    related: usize,
    galleries: usize,
    players: usize,
    captions: usize,
    bylines: usize,
    leads: usize,
    quotations: usize,
    /// Parent and class of the elements with more than one block: of how many they are the same.
    siblings: Vec<(usize, u64)>,
}

impl Elements {
    fn read(&mut self, page: &Page<'_>, index: usize, scope: &Scope<'_>) {
        match scope.tag {
            Tag::Heading(level) => {
                self.h1 += usize::from(level == 1);
                self.headings += 1;
                let inside = page.scopes.get(index + 1..scope.end).unwrap_or_default();
                let within = inside.iter().any(|inner| inner.tag == Tag::A);
                let around = page.scopes.get(scope.parent).is_some_and(|parent| parent.tag == Tag::A);
                self.linked_headings += usize::from(within || around);
            }
            Tag::A => self.links += 1,
            Tag::Li => self.items += 1,
            Tag::Time => self.times += 1,
            Tag::Pre => self.pre += 1,
            Tag::Article => self.articles += 1,
            Tag::Row => self.rows += 1,
            Tag::Form => self.forms += 1,
            Tag::Img => self.images += 1,
            Tag::Blockquote => self.quotations += 1,
            Tag::Input => {
                let kind = scope.element.and_then(|element| element.attr("type")).unwrap_or_default();
                self.passwords += usize::from(kind.eq_ignore_ascii_case("password"));
            }
            _ => {}
        }
        if matches!(scope.tag, Tag::Div | Tag::Article | Tag::Section | Tag::Li) && scope.blocks.len() >= 2 {
            let kind = xxhash_rust::xxh3::xxh3_64(scope.class.as_bytes());
            self.siblings.push((scope.parent, kind));
        }
        if scope.own == Families::NONE {
            return;
        }
        for (families, count) in [
            (Families::BODY, &mut self.bodies),
            (Families::CARD, &mut self.cards),
            (Families::COMMENTS, &mut self.comments),
            (Families::AUTHOR, &mut self.authors),
            (Families::DATE, &mut self.dates),
            (Families::TAGS, &mut self.tags),
            (Families::SHARE, &mut self.shares),
            (Families::PROMO, &mut self.promos),
            (Families::RELATED, &mut self.related),
            (Families::GALLERY, &mut self.galleries),
            (Families::PLAYER, &mut self.players),
            (Families::CAPTION, &mut self.captions),
            (Families::BYLINE, &mut self.bylines),
            (Families::LEAD, &mut self.leads),
        ] {
            *count += usize::from(scope.own.any(families));
        }
    }

    fn most_repeated(&mut self) -> usize {
        self.siblings.sort_unstable();
        self.siblings.chunk_by(|one, next| one == next).map(<[_]>::len).max().unwrap_or_default()
    }
}

fn is_price(text: &str) -> bool {
    text.contains(['$', '€', '£', '¥', '₹']) && text.bytes().any(|byte| byte.is_ascii_digit())
}
