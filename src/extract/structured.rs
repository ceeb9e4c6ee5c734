//! What a page says about itself in its head: names of sources, in order of trust.
//!
//! | field | sources, the most trusted first |
//! |---|---|
//! | title, on news articles | the heading, if `og:title` is the same; JSON-LD `headline`, `og:title` or `twitter:title`, the heading, `<title>`; each without the site's name |
//! | title, elsewhere | the heading (unless it has nothing in common with any title), JSON-LD `headline` or `name`, `og:title`, `<title>` |
//! | authors | JSON-LD `author` or `creator`: persons; [`AUTHORS`]; a label and the names behind it; elements named after authors, `rel=author`, `itemprop=author`, links to authors' pages; the card's label "Written by"; `article:author`; elements named after bylines; a word for "by"; boxes about the author; a signature above or below the text; portraits; a name beside the date; `作者：` and its like; `author`, `dc.creator`; and if none names a person or an agency: what JSON-LD persons, [`AUTHORS`], JSON-LD organisations, the page or `author` have; the person whose own site it is |
//! | published, on news articles | JSON-LD `datePublished`, `dateCreated` |
//! | published, elsewhere | a vote of JSON-LD, [`PUBLISHED`], microdata and RDFa, JSON-LD of the page, the address, the day nearest to the heading, the day beside a word for "published"; if no metadata speaks: worded, address, nearest, any marked day, the day that opens the text, the last change, a day that is worded anywhere, the nearest if it stands in a sentence, states in scripts, JSON-LD of anything, any day that the page shows. A stamp in UTC gives way to the same instant with an offset, or to the day in the address |
//! | modified | JSON-LD `dateModified`, [`MODIFIED`], JSON-LD of the page, the day beside a word for "updated" |
//! | canonical address | `link rel=canonical`, `og:url` |
//! | site | `og:site_name`, JSON-LD `publisher`, `application-name` |
//! | section | JSON-LD `articleSection`, `article:section`, `parsely-section`, `cXenseParse:category`, `section` |
//! | tags | JSON-LD `keywords`, `article:tag`, `news_keywords`, `keywords`, `parsely-tags` |
//! | description | `og:description`, `description`, `twitter:description`, `dcterms.description`, JSON-LD `description` |
//! | first image | `og:image`, `twitter:image` |
//! | free to read | JSON-LD `isAccessibleForFree`, `article:content_tier` |
//! | licence | `link rel=license`, any `rel=license`, JSON-LD `license` |
//!
//! What the finder of a page said of it stands behind `og:title` for the title, behind [`AUTHORS`] for the authors, and votes for
//! the day; it counts as the declared language where the page declares none.
//!
//! Of several articles in JSON-LD the page's own is the one whose headline is in the page's title and whose
//! address is the page's, then the one with either, then the first.

use serde_json::{Map, Value};
use url::Url;

use super::hints::Hints;
use super::jsonld::{Graph, address};
use super::page::Page;
use super::text::{STRING_CHARS, TAGS, clean_markup, cut, key};
use crate::record::{Publisher, Rights, is_plausible_canonical};

/// Meta names of the day of publication, in lower case and without what divides their words: first those
/// that say it of an article, then those that say it of whatever the page is, then those that may be
/// the day of anything ([`PUBLISHED_SURE`], [`PUBLISHED_VAGUE`] are where the second and third begin).
#[rustfmt::skip]
pub(super) const PUBLISHED: [&str; 38] = [
    "articlepublishedtime", "datepublished", "ogpublishedtime", "ogarticlepublishedtime", "parselypubdate", "sailthrudate",
    "cxenseparserecspublishtime", "articlepublished", "publishedtime", "rnewsdatepublished", "originalpublicationdate",
    "publicationdate", "publishdate", "pubdate", "publisheddate", "published", "publishedat", "dcdateissued", "dctermsissued",
    "citationpublicationdate", "citationonlinedate", "articledateoriginal", "shareaholicarticlepublishedtime", "vrpublishedtime", "btpubdate", "dateposted", "displaydate", "firstpublished",
    "dctermscreated", "dcdatecreated", "dcdate", "dctermsdate", "citationdate", "date", "releasedate", "datecreated", "created", "contentdate",
];
/// Where the less sure names of [`PUBLISHED`] begin.
pub(super) const PUBLISHED_SURE: usize = 11;
/// Where the vague names of [`PUBLISHED`] begin.
pub(super) const PUBLISHED_VAGUE: usize = 28;

/// Meta names of the day of the last change, likewise.
#[rustfmt::skip]
pub(super) const MODIFIED: [&str; 18] = [
    "articlemodifiedtime", "datemodified", "ogupdatedtime", "ogmodifiedtime", "lastmod", "dctermsmodified", "dcdatemodified", "lastmodified",
    "modifiedtime", "modifieddate", "lastmodifieddate", "lastmodifiedtime", "updated", "updatedtime", "revised", "dateupdated", "lastupdated", "lastupdate",
];

/// The contents of the meta elements with one of these names, each with its name's place, in the order of the names.
pub(super) fn squashed<'a>(page: &Page<'a>, names: &[&str]) -> Vec<(usize, &'a str)> {
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (key, content) in &page.metas {
        let key: String =
            key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(60).collect();
        if let Some(place) = names.iter().position(|name| *name == key).filter(|_| !content.trim().is_empty()) {
            found.push((place, content.trim()));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found
}

/// Meta names of persons; the general `author` comes last of all sources and is not among them.
pub(super) const AUTHORS: [&str; 5] =
    ["citation_author", "parsely-author", "sailthru.author", "cXenseParse:author", "byl"];

/// A page with its structured data read, as the rooms of the single fields get it.
pub(super) struct Facts<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) url: &'a Url,
    pub(super) graph: &'a Graph,
    /// The article that JSON-LD describes.
    pub(super) ld: Option<&'a Map<String, Value>>,
    /// The site's names as they are compared.
    pub(super) site: Vec<String>,
    /// What the finder of the page said about it.
    pub(super) hints: Option<&'a Hints>,
}

impl<'a> Facts<'a> {
    /// Finds this page's article among those that its JSON-LD describes.
    pub(super) fn of(page: &'a Page<'a>, url: &'a Url, graph: &'a Graph) -> Self {
        let titles: Vec<String> = [page.meta("og:title"), Some(page.title.as_str())]
            .into_iter()
            .flatten()
            .map(|title| key(&clean_markup(title)))
            .collect();
        let is_page =
            |address: &str| url.join(address).is_ok_and(|other| other.path() == url.path() && url.path() != "/");
        let is_title = |headline: &str| {
            let headline = key(&clean_markup(headline));
            !headline.is_empty() && titles.iter().any(|title| title.contains(headline.as_str()))
        };
        let ld = graph.article(is_page, is_title);
        let mut facts = Self { page, url, graph, ld, site: Vec::new(), hints: None };
        facts.site = facts.site_names();
        facts
    }

    /// A string of the JSON-LD article, cleaned.
    pub(super) fn ld_text(&self, name: &str) -> Option<String> {
        let text = match self.ld?.get(name)? {
            Value::String(text) => text,
            Value::Array(values) => values.first()?.as_str()?,
            _ => return None,
        };
        Some(clean_markup(text)).filter(|text| !text.is_empty())
    }

    /// The first of these meta names that has a content, cleaned.
    pub(super) fn meta_text(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.page.meta(name)).map(clean_markup).filter(|text| !text.is_empty())
    }

    fn site_names(&self) -> Vec<String> {
        let host = self.url.host_str().unwrap_or_default();
        let label = registrable(host).split('.').next().unwrap_or_default().to_owned();
        let mut names = vec![label, key(host.trim_start_matches("www."))];
        names.extend(self.publisher_name().map(|name| key(&name)));
        names.extend(self.meta_text(&["og:site_name"]).map(|name| key(&name)));
        names.retain(|name| !name.is_empty());
        names
    }

    fn publisher_name(&self) -> Option<String> {
        let publisher = match self.ld?.get("publisher")? {
            Value::Object(object) => self.graph.resolve(object).get("name")?.as_str()?,
            Value::Array(values) => values.first()?.get("name")?.as_str()?,
            Value::String(name) if !name.starts_with("http") => name,
            _ => return None,
        };
        Some(clean_markup(publisher)).filter(|name| !name.is_empty())
    }

    /// Who published the page.
    pub(super) fn publisher(&self) -> Publisher {
        let name = self
            .meta_text(&["og:site_name"])
            .or_else(|| self.publisher_name())
            .or_else(|| self.meta_text(&["application-name", "al:android:app_name"]));
        Publisher {
            name: name.map(|name| cut(name, STRING_CHARS)),
            domain: registrable(self.url.host_str().unwrap_or_default()).to_owned(),
        }
    }

    /// The page's summary of itself.
    pub(super) fn description(&self) -> Option<String> {
        self.meta_text(&["og:description", "description", "twitter:description", "dcterms.description"])
            .or_else(|| self.ld_text("description"))
            .map(|text| cut(text, STRING_CHARS))
    }

    /// The section of the site.
    pub(super) fn section(&self) -> Option<String> {
        self.ld_text("articleSection")
            .or_else(|| self.meta_text(&["article:section", "parsely-section", "cXenseParse:category", "section"]))
            .map(|text| cut(text, STRING_CHARS))
    }

    /// The page's keywords, each once.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        let mut add = |text: &str| {
            let tag = cut(clean_markup(text), STRING_CHARS);
            if !tag.is_empty() && tags.len() < TAGS && !tags.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
                tags.push(tag);
            }
        };
        match self.ld.and_then(|ld| ld.get("keywords")) {
            Some(Value::String(words)) => words.split([',', ';']).for_each(&mut add),
            Some(Value::Array(words)) => words.iter().take(TAGS).filter_map(Value::as_str).for_each(&mut add),
            _ => {}
        }
        self.page.all_meta("article:tag").take(TAGS).for_each(&mut add);
        for name in ["news_keywords", "keywords", "parsely-tags"] {
            self.page.all_meta(name).flat_map(|words| words.split([',', ';'])).take(TAGS).for_each(&mut add);
        }
        tags
    }

    /// What the page and its header say about its use.
    pub(super) fn rights(&self, x_robots_tag: Option<&str>) -> Rights {
        let mut robots: Vec<String> = Vec::new();
        let metas = ["robots", "googlebot", "newswire"].into_iter().flat_map(|name| self.page.all_meta(name));
        for directive in metas.chain(x_robots_tag).flat_map(|list| list.split(',')) {
            let directive = cut(clean_markup(directive).to_lowercase(), STRING_CHARS);
            if !directive.is_empty() && robots.len() < TAGS && !robots.contains(&directive) {
                robots.push(directive);
            }
        }
        let license = self
            .link("license")
            .or_else(|| {
                let scopes = &self.page.scopes;
                scopes.iter().find(|scope| scope.rel.is_some_and(|rel| has_word(rel, "license")))?.href
            })
            .or_else(|| self.ld.and_then(|ld| ld.get("license")).and_then(address))
            .and_then(|address| self.absolute(address));
        Rights {
            robots,
            license,
            accessible_for_free: self
                .ld
                .and_then(|ld| ld.get("isAccessibleForFree"))
                .and_then(truth)
                .or_else(|| self.content_tier()),
            tdm_reserved: self.page.meta("tdm-reservation").map(|value| value == "1"),
            content_signal: None,
        }
    }

    /// What Facebook's `article:content_tier` says of paying; `metered` says neither.
    fn content_tier(&self) -> Option<bool> {
        match self.page.meta("article:content_tier")?.to_ascii_lowercase().as_str() {
            "free" => Some(true),
            "locked" => Some(false),
            _ => None,
        }
    }

    /// The address of the first link element with this relation.
    pub(super) fn link(&self, relation: &str) -> Option<&'a str> {
        self.page.links.iter().find(|(rel, _)| has_word(rel, relation)).map(|(_, href)| href.trim())
    }

    /// The page's own address as it says, if that is plausible.
    pub(super) fn canonical(&self) -> Option<Url> {
        [self.link("canonical"), self.page.meta("og:url")]
            .into_iter()
            .flatten()
            .filter_map(|address| self.url.join(address).ok())
            .find(|canonical| is_plausible_canonical(self.url, canonical))
            .map(|mut canonical| {
                canonical.set_fragment(None);
                canonical
            })
    }

    /// An address of this page, absolute, if it can be fetched at all.
    pub(super) fn absolute(&self, address: &str) -> Option<String> {
        let base = self.page.base.and_then(|base| self.url.join(base).ok());
        let absolute = base.as_ref().unwrap_or(self.url).join(address.trim()).ok()?;
        let text = String::from(absolute);
        (text.starts_with("http") && text.len() <= STRING_CHARS).then_some(text)
    }

    /// Whether a text is the site's name, or nearly so.
    pub(super) fn is_site(&self, text: &str) -> bool {
        let name = key(text);
        let squashed: String = name.split(' ').collect();
        let squashed = squashed.strip_prefix("the").filter(|rest| rest.len() > 3).unwrap_or(&squashed);
        if squashed.is_empty() || name.split(' ').count() > 8 {
            return squashed.is_empty();
        }
        let initials = |name: &str| name.split(' ').filter_map(|word| word.chars().next()).collect::<String>();
        self.site.iter().any(|site| {
            let plain: String = site.split(' ').collect();
            let plain = plain.strip_prefix("the").filter(|rest| rest.len() > 3).unwrap_or(&plain);
            plain == squashed
                || (squashed.len() >= 4 && plain.contains(squashed))
                || (plain.len() >= 4 && squashed.contains(plain))
                || (plain.len() >= 2 && initials(&name) == plain)
                || (squashed.len() >= 2 && initials(site) == squashed)
        })
    }
}

/// Whether a list of words, as `rel` has it, holds this one.
pub(super) fn has_word(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|each| each.eq_ignore_ascii_case(word))
}

/// The registrable domain of a host (public suffix list), or the host.
pub(super) fn registrable(host: &str) -> &str {
    if host.parse::<std::net::Ipv4Addr>().is_ok() || host.starts_with('[') {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        // `"True"`, `"http://schema.org/False"`
        Value::String(text) => match text.trim().rsplit('/').next()?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}
