//! What the words in an element's class, id and role say about it.
//!
//! Authors of pages name their elements after what they hold. The names are cut into words (at
//! anything that is no letter, and where lower case turns to upper), and each word may belong to a
//! few families. The families are those that sites of many countries share; no site has an entry.

use std::collections::HashMap;
use std::ops::{BitOr, BitOrAssign};
use std::sync::LazyLock;

/// A set of families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Families(u32);

impl Families {
    pub(super) const NONE: Self = Self(0);
    pub(super) const COMMENTS: Self = Self(1);
    pub(super) const RELATED: Self = Self(1 << 1);
    pub(super) const SHARE: Self = Self(1 << 2);
    pub(super) const PROMO: Self = Self(1 << 3);
    pub(super) const NAV: Self = Self(1 << 4);
    pub(super) const SIDE: Self = Self(1 << 5);
    pub(super) const FOOT: Self = Self(1 << 6);
    pub(super) const AUTHOR: Self = Self(1 << 7);
    pub(super) const DATE: Self = Self(1 << 8);
    pub(super) const CAPTION: Self = Self(1 << 9);
    pub(super) const TAGS: Self = Self(1 << 10);
    pub(super) const CONSENT: Self = Self(1 << 11);
    pub(super) const LOGIN: Self = Self(1 << 12);
    pub(super) const BODY: Self = Self(1 << 13);
    pub(super) const LEAD: Self = Self(1 << 14);
    pub(super) const HIDDEN: Self = Self(1 << 15);
    pub(super) const BIO: Self = Self(1 << 16);
    pub(super) const BYLINE: Self = Self(1 << 17);
    pub(super) const CREDIT: Self = Self(1 << 18);
    pub(super) const TITLE: Self = Self(1 << 19);
    pub(super) const GALLERY: Self = Self(1 << 20);
    pub(super) const CARD: Self = Self(1 << 21);
    pub(super) const INFO: Self = Self(1 << 22);
    pub(super) const UPDATED: Self = Self(1 << 23);
    pub(super) const PLAYER: Self = Self(1 << 24);
    pub(super) const EMBED: Self = Self(1 << 25);
    pub(super) const NOTES: Self = Self(1 << 26);

    pub(super) const BOX: Self = Self(1 << 27);
    pub(super) const IMAGE: Self = Self(1 << 28);

    /// How many families there are.
    pub(super) const COUNT: usize = 29;

    /// Whether it has the family of this number.
    pub(super) fn has(self, number: usize) -> bool {
        self.0 >> number & 1 == 1
    }

    /// Whether it has any family of `other`.
    pub(super) fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// This set without the families of `other`.
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Families {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Families {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Bytes of a class attribute that are read; atomic CSS fills kilobytes with nothing.
const CLASS_BYTES: usize = 400;

/// Letters of a word that is cut off by a change of case or a digit, at least: the hashes that style
/// compilers append (`hJpRRP`, `ad3f`) are full of shorter ones.
const HASH_LETTERS: usize = 4;

/// The families of all words in `names`, a class, id or role.
pub(super) fn families(names: &str) -> Families {
    let mut all = Families::NONE;
    let mut word = Word::default();
    let mut previous = b' ';
    let mut last = Last::Other;
    let mut whole = true;
    for byte in names.bytes().take(CLASS_BYTES).chain([b' ']) {
        let turn = byte.is_ascii_uppercase() && previous.is_ascii_lowercase();
        if turn || !byte.is_ascii_alphabetic() {
            whole &= !turn && !byte.is_ascii_digit();
            if word.letters > 0 {
                let (own, now) = word.meaning();
                if whole || word.letters >= HASH_LETTERS {
                    // Drupal writes `node--promoted` on what its front page shows too: most articles.
                    let node = last == Last::Node && word == Word::of("promoted");
                    let own = if node { Families::NONE } else { own };
                    all |= own | together(last, now);
                }
                last = now;
                word = Word::default();
            }
            whole = !turn && !byte.is_ascii_digit();
        }
        if byte.is_ascii_whitespace() {
            last = Last::Other;
        }
        previous = byte;
        if byte.is_ascii_alphabetic() {
            word.push(byte.to_ascii_lowercase());
        }
    }
    all
}

/// A word in lower case, its letters packed into a number: tables find it without reading it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Word {
    packed: u128,
    letters: usize,
}

impl Word {
    /// Letters of the longest word of a table, and as many as there is room for.
    const LETTERS: usize = 16;

    fn of(word: &str) -> Self {
        word.bytes().fold(Self::default(), |mut all, byte| {
            all.push(byte);
            all
        })
    }

    fn push(&mut self, letter: u8) {
        self.packed = self.packed << 8 | u128::from(letter);
        self.letters += 1;
    }

    /// Its families, and what it is beside other words.
    fn meaning(self) -> (Families, Last) {
        type Meanings = HashMap<u128, (Families, Last), foldhash::fast::FixedState>;
        static MEANINGS: LazyLock<Meanings> = LazyLock::new(|| {
            let mut meanings = Meanings::default();
            let none = (Families::NONE, Last::Other);
            // Of two families the first has the word.
            for (family, word) in
                WORDS.iter().rev().flat_map(|(family, words)| words.iter().map(|word| (*family, *word)))
            {
                meanings.entry(Word::of(word).packed).or_insert(none).0 = family;
            }
            for (last, word) in PAIRED.iter().flat_map(|(last, words)| words.iter().map(|word| (*last, *word))) {
                meanings.entry(Word::of(word).packed).or_insert(none).1 = last;
            }
            meanings
        });
        let known = (self.letters <= Self::LETTERS).then(|| MEANINGS.get(&self.packed)).flatten();
        known.copied().unwrap_or((Families::NONE, Last::Other))
    }
}

/// Words that say something only beside another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Article,
    Content,
    Read,
    Sub,
    Most,
    Fact,
    Box,
    Node,
    Other,
}

/// The words of each, in lower case.
#[rustfmt::skip]
const PAIRED: &[(Last, &[&str])] = &[
    (Last::Article, &["article", "entry", "post", "story", "news", "artikel", "articulo", "noticia", "page"]),
    (Last::Content, &["content", "body", "text", "main", "copy", "inner", "corpo", "cuerpo", "contents"]),
    (Last::Read, &["read"]),
    (Last::Sub, &["sub"]),
    (Last::Most, &["most", "more", "top", "latest", "other", "next", "also"]),
    (Last::Fact, &["fact", "facts", "info", "fakta"]),
    (Last::Box, &["box"]),
    (Last::Node, &["node"]),
];

fn together(last: Last, now: Last) -> Families {
    match (last, now) {
        (Last::Article, Last::Content) | (Last::Content, Last::Article) => Families::BODY,
        (Last::Fact, Last::Box) => Families::BOX,
        (Last::Read, Last::Most) | (Last::Most, Last::Read | Last::Article) => Families::RELATED,
        _ => Families::NONE,
    }
}

/// The words of each family, in lower case.
#[rustfmt::skip]
const WORDS: &[(Families, &[&str])] = &[
    (Families::COMMENTS, &["comment", "comments", "commentlist", "commentary", "disqus", "respond", "replies", "kommentare", "kommentar", "comentarios",
        "commentaires", "commenti", "reacties", "livefyre", "viafoura", "coral", "discussion"]),
    (Families::RELATED, &["related", "relateds", "recommended", "recommendation", "recommendations", "recommend", "recirc", "recirculation", "teaser", "teasers",
        "popular", "trending", "outbrain", "taboola", "similar", "readmore", "seealso", "upnext", "zergnet", "crosslink", "crosslinks", "mostread", "mostpopular",
        "morefrom", "relacionadas", "relacionados", "relacionada", "correlati", "correlate", "verwandt", "suggested", "suggestions", "readnext", "linkbox",
        "onward", "relatedposts", "relatednews", "associated", "newslist", "ticker", "hotnews"]),
    (Families::SHARE, &["share", "sharing", "social", "socials", "sharedaddy", "addthis", "addtoany", "sharebar", "shares", "followus", "shariff", "sns",
        "sharethis", "compartir", "partager", "teilen", "condividi", "socialmedia"]),
    (Families::PROMO, &["promo", "promos", "promotion", "promoted", "advert", "adverts", "advertisement", "advertisements", "ad", "ads", "adv", "advertising",
        "sponsor", "sponsored", "newsletter", "newsletters", "subscribe", "subscription", "signup", "donate", "donation", "cta", "optin", "werbung", "anzeige",
        "publicidad", "publicite", "pubblicita", "reklama", "reklam", "adsense", "dfp", "adslot", "mailchimp", "affiliate", "offer", "offers", "upsell"]),
    (Families::NAV, &["nav", "navigation", "navbar", "menu", "menus", "breadcrumb", "breadcrumbs", "pagination", "pager", "toc", "sitemap", "navi", "prev",
        "previous", "nextprev", "prevnext", "submenu", "megamenu", "toolbar", "search", "crumbs", "topbar", "masthead"]),
    (Families::SIDE, &["sidebar", "aside", "rail", "widgets", "complementary", "sidebars", "sidecolumn"]),
    (Families::FOOT, &["footer", "colophon", "contentinfo", "foot", "bottombar", "impressum"]),
    (Families::AUTHOR, &["author", "authors", "writer", "writers", "autor", "autore", "autoren", "auteur", "contributor", "contributors", "reporter", "journalist",
        "verfasser", "redacteur", "autori", "autorzy", "creator", "authorname", "yazar"]),
    (Families::BYLINE, &["byline", "bylines", "bywriter", "firma", "signature", "author-line"]),
    (Families::BIO, &["bio", "bios", "biography", "authorbox", "aboutauthor", "abouttheauthor"]),
    (Families::DATE, &["date", "dates", "datetime", "time", "timestamp", "published", "pubdate", "publish", "posted", "datum", "fecha", "data", "dateline",
        "datepublished", "pubtime", "created", "publication", "tarih", "zeit"]),
    (Families::UPDATED, &["updated", "modified", "lastmodified", "datemodified", "actualizado", "aktualisiert"]),
    (Families::CAPTION, &["caption", "captions", "figcaption", "legend", "bildunterschrift", "imagecaption", "cutline", "didascalia", "legende", "bildtext",
        "subcaption", "photocaption"]),
    (Families::CREDIT, &["credit", "credits", "copyright", "photographer", "photocredit", "fotograf"]),
    (Families::TAGS, &["tag", "tags", "tagcloud", "category", "categories", "keywords", "topics", "taglist", "cat", "schlagworte", "labels"]),
    (Families::CONSENT, &["cookie", "cookies", "consent", "gdpr", "modal", "popup", "overlay", "dialog", "lightbox", "onetrust", "alertdialog", "cookiebar",
        "infobar", "alert", "alerts", "popin", "didomi", "usercentrics"]),
    (Families::LOGIN, &["login", "signin", "register", "registration", "paywall", "regwall", "loginform", "password"]),
    (Families::BODY, &["articlebody", "articletext", "articlecontent", "entrycontent", "postcontent", "storybody", "newsbody", "richtext", "prose", "storytext",
        "bodytext", "bodycopy", "articlecopy", "fulltext", "blogpost", "hentry", "maincontent"]),
    (Families::LEAD, &["lead", "lede", "standfirst", "intro", "deck", "dek", "subtitle", "subheadline", "summary", "excerpt", "abstract", "chapo", "sapo",
        "vorspann", "subhead", "subheading", "kicker", "introduction", "entradilla", "subtitulo", "chapeau", "leadtext", "sommario", "occhiello", "bajada",
        "ingress", "manchet", "perex", "articlelead", "strapline"]),
    (Families::HIDDEN, &["visually", "screenreader", "sronly", "printonly", "noprint", "offscreen", "sr"]),
    (Families::TITLE, &["headline", "title", "heading", "titel", "titulo", "titre", "titolo", "baslik"]),
    (Families::GALLERY, &["gallery", "slideshow", "slider", "carousel", "swiper", "galleria", "slick", "galerie"]),
    (Families::CARD, &["card", "cards", "tile", "tiles", "thumb", "thumbnail", "thumbs", "listing", "feed", "grid", "archive", "blurb"]),
    (Families::INFO, &["info", "meta", "metadata", "details", "byinfo", "postmeta", "entrymeta", "statistics"]),
    (Families::BOX, &["infobox", "factbox", "expandable", "faktaboks", "faktaruta", "faktabox", "infokasten", "faktarute", "infobloc"]),
    (Families::IMAGE, &["image", "photo", "picture", "img", "bild", "foto", "absatzbild", "imageblock", "photos", "images"]),
    (Families::PLAYER, &["player", "video", "audio", "jwplayer", "podcast", "videojs", "brightcove", "playlist"]),
    (Families::EMBED, &["tweet", "instagram", "tiktok", "bluesky", "tootembed"]),
    (Families::NOTES, &["disclaimer", "footnote", "footnotes", "correction", "corrections", "editorsnote", "references", "reflist", "navbox"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        assert!(families("related-posts").any(Families::RELATED));
        assert!(families("ArticleBody__wrap--3x").any(Families::BODY));
        assert!(families("td-post-content").any(Families::BODY));
        assert!(families("wp_caption_text").any(Families::CAPTION));
        assert_eq!(families("loaded gradient adapter"), Families::NONE);
    }

    #[test]
    fn every_word_of_a_table_is_found_by_its_letters() {
        for (family, word) in WORDS.iter().flat_map(|(family, words)| words.iter().map(move |word| (family, *word))) {
            let letters = word.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(!letters || word.len() <= Word::LETTERS, "{word}");
            assert!(!letters || families(word) != Families::NONE, "{word} {family:?}");
        }
        assert_eq!(families("xxxxadvertisements"), Families::NONE);
        assert_eq!(families(&format!("{}author", "x".repeat(16))), Families::NONE);
    }

    #[test]
    fn hashes_say_nothing() {
        assert_eq!(families("sc-77igqf-0 hJpAdRP ad3f"), Families::NONE);
        assert!(families("top-ad-2").any(Families::PROMO));
        assert!(families("promoted-post").any(Families::PROMO));
        assert!(!families("node node--type-article node--promoted").any(Families::PROMO));
    }

    #[test]
    fn words_of_two_classes_make_no_pair() {
        assert!(!families("article main-x").any(Families::BODY));
    }
}
