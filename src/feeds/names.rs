//! The names of feeds' elements: vocabularies by their namespaces, and what an entry's elements mean.

/// A vocabulary, as far as it makes a difference here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS of all versions, Atom, sitemaps, and names without a known namespace.
    Plain,
    /// Dublin Core's elements.
    Dc,
    /// Dublin Core's terms.
    Terms,
    /// The content module.
    Content,
    /// The syndication module.
    Syndication,
    /// FeedBurner, and Pheedo, which did the same.
    Tracker,
    /// iTunes.
    Itunes,
    /// Media RSS.
    Media,
    /// Google's news sitemaps.
    News,
    /// HTML within a feed.
    Html,
    /// Everything else; nothing within is the entry's own.
    Other,
}

/// What an element says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Link,
    OriginalLink,
    Guid,
    Published,
    Updated,
    Author,
    AuthorName,
    Language,
    Content,
    Ttl,
    SkipHour,
    Period,
    Frequency,
}

/// Parts of the namespaces' names, lower case; the first that fits wins.
const URIS: [(&str, Space); 19] = [
    ("purl.org/dc/elements", Space::Dc),
    ("purl.org/dc/terms", Space::Terms),
    ("purl.org/rss/1.0/modules/content", Space::Content),
    ("purl.org/rss/1.0/modules/syndication", Space::Syndication),
    ("purl.org/rss/1.0/modules/", Space::Other),
    ("purl.org/rss/1.0", Space::Plain),
    ("purl.org/net/rss", Space::Plain),
    ("netscape.com/rdf", Space::Plain),
    ("userland.com/", Space::Plain),
    ("w3.org/2005/atom", Space::Plain),
    ("purl.org/atom/", Space::Plain),
    ("22-rdf-syntax-ns", Space::Plain),
    ("sitemap-news", Space::News),
    ("schemas/sitemap/", Space::Plain),
    ("feedburner", Space::Tracker),
    ("pheedo", Space::Tracker),
    ("itunes.com/dtds", Space::Itunes),
    ("search.yahoo.com/mrss", Space::Media),
    ("w3.org/1999/xhtml", Space::Html),
];

/// What prefixes mean where nothing declares them.
const PREFIXES: [(&str, Space); 19] = [
    ("dc", Space::Dc),
    ("dcterms", Space::Terms),
    ("content", Space::Content),
    ("sy", Space::Syndication),
    ("feedburner", Space::Tracker),
    ("pheedo", Space::Tracker),
    ("itunes", Space::Itunes),
    ("media", Space::Media),
    ("news", Space::News),
    ("n", Space::News),
    ("atom", Space::Plain),
    ("atom10", Space::Plain),
    ("a10", Space::Plain),
    ("rss", Space::Plain),
    ("rdf", Space::Plain),
    ("sitemap", Space::Plain),
    ("xhtml", Space::Html),
    ("html", Space::Html),
    ("xml", Space::Other),
];

impl Space {
    /// The vocabulary of a declared namespace; `None` for one that is not known.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        let uri = uri.to_ascii_lowercase();
        URIS.iter().find(|(part, _)| uri.contains(part)).map(|(_, space)| *space)
    }

    /// The vocabulary of a prefix that nothing declares.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        let known = PREFIXES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix));
        known.map_or(Self::Other, |(_, space)| *space)
    }
}

/// What an element of a feed or an entry says, with how far it is to be believed: 0 is the best.
pub(super) fn field(space: Space, local: &str) -> Option<(Field, u8)> {
    let field = match (space, local) {
        (Space::Plain, "title") => (Field::Title, 0),
        (Space::News, "title") => (Field::Title, 0),
        (Space::Dc | Space::Terms, "title") => (Field::Title, 1),
        (Space::Media | Space::Itunes, "title") => (Field::Title, 2),
        (Space::Plain, "link" | "loc" | "a") => (Field::Link, 0),
        (Space::Tracker, "origlink") => (Field::OriginalLink, 0),
        (Space::Plain, "guid" | "id") => (Field::Guid, 0),
        (Space::Dc | Space::Terms, "identifier") => (Field::Guid, 1),
        (Space::Plain, "pubdate" | "published" | "issued") => (Field::Published, 0),
        (Space::News, "publication_date") => (Field::Published, 0),
        (Space::Terms, "issued" | "available") => (Field::Published, 1),
        (Space::Dc | Space::Terms, "date") => (Field::Published, 2),
        (Space::Plain | Space::Terms, "created") => (Field::Published, 3),
        (Space::Plain, "updated" | "modified" | "lastmod") => (Field::Updated, 0),
        (Space::Terms, "modified") => (Field::Updated, 1),
        (Space::Plain, "author") => (Field::Author, 0),
        (Space::Plain, "name") => (Field::AuthorName, 0),
        (Space::Dc | Space::Terms, "creator") => (Field::Author, 0),
        (Space::Dc | Space::Terms, "author") => (Field::Author, 1),
        (Space::Itunes, "author") => (Field::Author, 1),
        (Space::Plain, "language") | (Space::Dc | Space::News, "language") => (Field::Language, 0),
        (Space::Content, "encoded") => (Field::Content, 0),
        (Space::Plain, "content") => (Field::Content, 1),
        (Space::Plain, "ttl") => (Field::Ttl, 0),
        (Space::Plain, "hour") => (Field::SkipHour, 0),
        (Space::Syndication, "updateperiod") => (Field::Period, 0),
        (Space::Syndication, "updatefrequency") => (Field::Frequency, 0),
        _ => return None,
    };
    Some(field)
}

/// Whether what stands within an element says nothing of the entry around it: its text, the feed that it was
/// taken from, a picture.
pub(super) fn is_closed(space: Space, local: &str) -> bool {
    match space {
        Space::Plain => {
            matches!(
                local,
                "description" | "summary" | "content" | "body" | "source" | "image" | "textinput" | "contributor"
            )
        }
        Space::Media | Space::Content | Space::Html | Space::Other => true,
        Space::Dc | Space::Terms | Space::Syndication | Space::Tracker | Space::Itunes | Space::News => false,
    }
}
