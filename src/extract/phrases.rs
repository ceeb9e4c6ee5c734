//! What the furniture of pages says, in the languages of the news.
//!
//! Every short text of a page is held against all of them, so each list is one automaton: a menu of a hundred items,
//! asked word by word, took a third of the time of a page.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};

/// Words beside a day of publication.
#[rustfmt::skip]
const PUBLISHED: &[&str] = &[
    "publish", "posted", "publi", "veröffentlicht", "erstellt", "gepubliceerd", "geplaatst", "opublikowan", "опублик", "yayın",
    "julkaistu", "publicerad", "publisert", "udgivet", "pubblicat", "közzé", "publikov", "zveřejněno", "objavljeno", "δημοσ",
    "stand:", "first aired", "erschienen", "created", "eingestellt am", "gepostet", "mis en ligne", "creado", "criado em", "postado", "inserito", "dodano", "data publikacji", "написан",
    "размещен", "додано", "giriş", "oluşturulma", "eklenme", "publicerat", "avaldatud", "publicēts", "paskelbta", "birt:", "đăng", "diterbitkan", "dipublikasikan", "نشر", "تاريخ", "منتشر", "تاریخ انتشار",
    "प्रकाशित", "প্রকাশ", "เผยแพร่", "发布", "发表", "發布", "發表", "公開", "掲載", "配信", "등록", "입력", "게시",
];

/// Words beside a day of the last change.
#[rustfmt::skip]
const UPDATED: &[&str] = &[
    "updated", "modified", "aktualisiert", "geändert", "mis à jour", "mise à jour", "modifié", "actualizad", "modificad", "actualización", "aggiornat", "modificato", "bijgewerkt", "gewijzigd", "aktualizac", "zaktualizowan", "обновлен",
    "изменен", "оновлен", "güncelle", "atualizad", "uppdaterad", "oppdatert", "opdateret", "päivitetty", "last edited", "last reviewed", "frissít", "aktualizován", "ažurirano", "actualizat", "ενημ", "cập nhật", "diperbarui",
    "تحديث", "به‌روز", "अपडेट", "อัปเดต", "更新", "수정",
];

/// Beginnings of short texts that lead elsewhere, or ask for something.
#[rustfmt::skip]
const FURNITURE: &[&str] = &[
    "read more", "also read", "read also", "read next", "read:", "read the full", "see also", "see more", "more from", "more on", "more:", "related:", "related articles",
    "related stories", "related posts", "related news", "related topics", "related content", "related coverage", "recommended", "you may also", "you might also", "most read", "trending now", "trending:",
    "watch:", "watch more", "listen:", "sign up", "subscribe", "follow us", "follow him on", "follow her on", "share this", "share on", "share article", "click here", "advertisement", "sponsored",
    "continue reading", "story continues", "article continues", "download our", "download the app", "join our", "join us", "get the latest", "get our",
    "copyright", "©", "all rights reserved", "photo:", "image:", "loading", "skip to", "view comments", "leave a comment", "leave a reply", "comments", "comment on",
    "lesen sie auch", "lesen sie", "mehr zum thema", "mehr lesen", "auch interessant", "das könnte sie", "zum thema", "anzeige", "werbung", "jetzt abonnieren", "teilen",
    "lire aussi", "à lire aussi", "lire la suite", "a lire", "abonnez", "publicité", "partager", "lea también", "leer más", "le puede interesar", "te puede interesar", "lee también", "publicidad",
    "suscríbete", "leggi anche", "leggi tutto", "lees ook", "lees meer", "leia também", "leia mais", "saiba mais", "czytaj także", "czytaj też", "zobacz także", "zobacz też", "читайте также",
    "читайте:", "čtěte také",
];

/// Headings behind which nothing of the article stands.
#[rustfmt::skip]
const END: &[&str] = &[
    "related articles", "related stories", "related posts", "related news", "related content", "related topics", "related", "related links", "read next", "more stories", "more news", "more like this",
    "you may also like", "you might also like", "recommended", "recommended for you", "recommended stories", "most popular", "most read", "trending", "latest news", "latest stories", "top stories",
    "comments", "leave a comment", "leave a reply", "leave a reply cancel reply", "post a comment", "join the conversation", "about the author", "share this", "share this article", "subscribe",
    "mehr zum thema", "das könnte sie auch interessieren", "kommentare", "auch interessant", "sur le même sujet", "à lire aussi", "commentaires", "noticias relacionadas", "comentarios",
    "artículos relacionados", "leggi anche", "commenti", "reacties", "leia também", "читайте также",
];

static PUBLISHED_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| anywhere(PUBLISHED));
static UPDATED_WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| anywhere(UPDATED));

/// Whether a text in lower case says that something was published.
pub(super) fn says_published(lower: &str) -> bool {
    PUBLISHED_WORDS.as_ref().is_some_and(|words| words.is_match(lower))
}

/// Whether a text in lower case says that something was changed.
pub(super) fn says_updated(lower: &str) -> bool {
    UPDATED_WORDS.as_ref().is_some_and(|words| words.is_match(lower))
}

/// Where a text in lower case has its word for "published": of several the one that stands first in the list.
pub(super) fn published_word(lower: &str) -> Option<usize> {
    first_of_list(PUBLISHED_WORDS.as_ref()?, lower)
}

/// Where a text in lower case has its word for "updated": of several the one that stands first in the list.
pub(super) fn updated_word(lower: &str) -> Option<usize> {
    first_of_list(UPDATED_WORDS.as_ref()?, lower)
}

/// Whether a short text begins like a call or a pointer.
pub(super) fn is_furniture(lower: &str) -> bool {
    static PHRASES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| beginnings(FURNITURE));
    let lower = lower.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©');
    let begins = Input::new(lower).anchored(Anchored::Yes);
    PHRASES.as_ref().is_some_and(|phrases| phrases.is_match(begins))
}

/// Finds words wherever they stand, also one over another. `None` only for more words than an automaton can have; tests
/// hold each list against it.
fn anywhere(words: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(words).ok()
}

/// Finds the word that a text begins with, when it is asked for what is anchored: of several the one that stands first in
/// the list. `None` as above.
pub(super) fn beginnings(words: &[&str]) -> Option<AhoCorasick> {
    let mut builder = AhoCorasick::builder();
    builder.kind(Some(AhoCorasickKind::DFA)).match_kind(MatchKind::LeftmostFirst).start_kind(StartKind::Anchored);
    builder.build(words).ok()
}

fn first_of_list(words: &AhoCorasick, lower: &str) -> Option<usize> {
    let found = words.find_overlapping_iter(lower).min_by_key(|found| (found.pattern(), found.start()));
    found.map(|found| found.start())
}

/// Whether a heading in lower case ends the article.
pub(super) fn ends_article(lower: &str) -> bool {
    let lower = lower.trim_matches(|c: char| !c.is_alphanumeric());
    END.contains(&lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_lists_is_found_where_it_stands() {
        for word in PUBLISHED {
            assert!(published_word(&format!("ab {word} x")).is_some(), "{word}");
        }
        for word in UPDATED {
            assert!(updated_word(&format!("ab {word} x")).is_some(), "{word}");
        }
        for phrase in FURNITURE {
            assert!(is_furniture(&format!("» {phrase} x")), "{phrase}");
            assert!(!is_furniture(&format!("zz {phrase} x")), "{phrase}");
        }
    }

    #[test]
    fn of_two_words_the_one_that_stands_first_in_the_list_counts() {
        assert_eq!(published_word("created yesterday, published today"), Some(19));
        assert_eq!(published_word("posted, and posted again"), Some(0));
        assert_eq!(published_word("nothing of the kind"), None);
    }
}
