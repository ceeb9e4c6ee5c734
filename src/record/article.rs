//! The article record: what newswire's users read.

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::{Deserialize, Serialize};

use super::{Date, Passage};

/// The version of the record's shape. It grows when a field changes its meaning or goes away; new
/// fields leave it as it is.
pub const SCHEMA_VERSION: u32 = 1;

/// One article, as published on `news.articles`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Article {
    /// The version of this shape.
    pub schema_version: u32,
    /// A stable hash of the canonical URL's identity: the same for all spellings of one address.
    pub id: String,
    /// The address as consumed.
    pub url: String,
    /// The address that stands for the article.
    pub canonical_url: String,
    /// Where the redirects led.
    pub final_url: String,
    /// What the page says.
    #[serde(flatten)]
    pub content: Content,
    /// 1 for a new article, one more for each change of its text.
    pub revision: u32,
    /// What a revision changed since the one before; null for the first.
    #[serde(default)]
    pub changed: Option<Changed>,
    /// How this text relates to one that was known before it, if it does.
    pub duplicate: Option<Duplicate>,
    /// How the page was had.
    pub fetch: Fetch,
    /// Where the message first came in.
    pub input: Input,
}

impl Article {
    /// In what way the text relates to an earlier one, if it does.
    pub fn relation(&self) -> Option<Relation> {
        self.duplicate.as_ref().map(|duplicate| duplicate.relation)
    }
}

/// What a page says: everything of the record that comes from the page alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// The headline as the page shows it, at most 1,000 characters.
    pub title: Option<String>,
    /// The page's own summary.
    pub description: Option<String>,
    /// Persons, or an agency, in the page's order.
    pub authors: Vec<String>,
    /// When it was published, in the publisher's own time zone.
    pub published_at: Option<Date>,
    /// When it was last changed, as the page says; of a revision whose page does not say, when the change was seen.
    pub modified_at: Option<Date>,
    /// The language of the text (ISO 639-1, or 639-3 where there is no shorter code).
    pub language: Option<String>,
    /// Who published it.
    pub publisher: Publisher,
    /// The section of the site.
    pub section: Option<String>,
    /// Keywords, as the page names them.
    pub tags: Vec<String>,
    /// The text: its paragraphs, joined by a blank line.
    pub body: String,
    /// The text, paragraph by paragraph.
    pub paragraphs: Vec<String>,
    /// The same parts, each with what it is; none where the text has more than 250,000 bytes.
    #[serde(default)]
    pub blocks: Vec<Passage>,
    /// Unicode words (UAX 29); in Chinese and Japanese two characters count as one.
    pub word_count: u32,
    /// The pictures that belong to the article.
    pub images: Vec<Image>,
    /// Whose text it is, when it is not the publisher's own.
    pub attribution: Attribution,
    /// What the page says about its use.
    pub rights: Rights,
    /// How much the page is like an article, from 0 to 1: what the gate weighed; null for plain text.
    pub article_score: Option<f64>,
    /// Which of these fields the page did not say, but whoever found it (`input.source`): `title`, `authors`, `published_at`,
    /// `language`; `body` where a feed's own text stands in for a page that can't be had (`feeds.use_content`), and then
    /// `fetch` tells of that page.
    #[serde(default)]
    pub hinted: Vec<String>,
}

/// Who published an article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publisher {
    /// The site's name, as it calls itself.
    pub name: Option<String>,
    /// The registrable domain of the page's address (public suffix list), or its host.
    pub domain: String,
}

/// A picture of an article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// Its address, absolute; null where the text names a picture that the page does not hold.
    pub url: Option<String>,
    /// What it shows.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
}

/// Whose text it is, when it is not the publisher's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    /// The news agency.
    pub agency: Option<String>,
    /// Where (and when) the report was filed, as it stood before the text: `TOKYO, Sept 25`.
    pub dateline: Option<String>,
    /// The dateline's place alone: `TOKYO`.
    #[serde(default)]
    pub place: Option<String>,
    /// Who reported, wrote and edited it, as the agency's line below the text says.
    #[serde(default)]
    pub credit: Option<String>,
    /// Where a republisher says that it took the text from.
    pub source_url: Option<String>,
}

/// What a page says about its use. Recorded, not judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rights {
    /// Directives of meta robots and `X-Robots-Tag`, lower case, each once.
    pub robots: Vec<String>,
    /// The licence's address, where one is linked.
    pub license: Option<String>,
    /// Whether the page says that it can be read without paying (`isAccessibleForFree`).
    pub accessible_for_free: Option<bool>,
    /// Whether text and data mining is reserved (TDM Reservation Protocol).
    pub tdm_reserved: Option<bool>,
    /// What the site's robots.txt says about the use of its pages (`Content-Signal`), lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_signal: Option<String>,
}

/// What a revision changed. A word that took another's place was added, and the other removed.
///
/// Exact where words were only added or only removed, and for a few; estimated to about a third where many were replaced, since
/// the text of before is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// Words that the text did not have.
    pub words_added: u32,
    /// Words that it has no more.
    pub words_removed: u32,
}

/// How a text relates to one that was known before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Duplicate {
    /// The story that both belong to: the id of its first article.
    pub cluster: String,
    /// The id of the article that was there first.
    pub of: String,
    /// In what way.
    pub relation: Relation,
    /// From 0 to 1; 1 is the same text.
    pub similarity: f64,
}

/// In what way a text relates to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The same text.
    Copy,
    /// A part of it.
    Excerpt,
    /// A later state of it.
    Update,
}

/// How a page was had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fetch {
    /// The status of the last answer.
    pub status: u16,
    /// When that answer came (RFC 3339, UTC).
    pub fetched_at: String,
    /// Milliseconds from the first connection to the last byte, redirects included.
    pub elapsed_ms: u64,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The charset that the page was read in, by its WHATWG name.
    pub charset: String,
    /// Bytes of the page, decompressed.
    pub bytes: u64,
    /// The `ETag` header.
    pub etag: Option<String>,
    /// The `Last-Modified` header.
    pub last_modified: Option<String>,
}

/// Where a message first came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Who found the URL, as the message said.
    pub source: Option<String>,
}

/// The id of the article whose canonical URL has the identity `key`: 32 hexadecimal digits (XXH3,
/// 128 bits: at a billion articles the chance of any collision is about 1 in 10^21).
pub fn article_id(key: &str) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(key.as_bytes()))
}

/// The JSON Schema (2020-12) of [`Article`].
pub fn schema() -> Schema {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Article>();
    schema.insert("$id".into(), format!("urn:newswire:article:{SCHEMA_VERSION}").into());
    schema.insert("title".into(), "newswire article".into());
    if let Some(version) = schema.pointer_mut("/properties/schema_version") {
        *version = serde_json::json!({ "description": "The version of this shape.", "const": SCHEMA_VERSION });
    }
    schema
}
