//! What the furniture of pages says, in the languages of the news.

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

/// Whether a text in lower case says that something was published.
pub(super) fn says_published(lower: &str) -> bool {
    published_word(lower).is_some()
}

/// Whether a text in lower case says that something was changed.
pub(super) fn says_updated(lower: &str) -> bool {
    updated_word(lower).is_some()
}

/// Where a text in lower case has its word for "published".
pub(super) fn published_word(lower: &str) -> Option<usize> {
    PUBLISHED.iter().find_map(|word| lower.find(word))
}

/// Where a text in lower case has its word for "updated".
pub(super) fn updated_word(lower: &str) -> Option<usize> {
    UPDATED.iter().find_map(|word| lower.find(word))
}

/// Whether a short text begins like a call or a pointer.
pub(super) fn is_furniture(lower: &str) -> bool {
    let lower = lower.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©');
    FURNITURE.iter().any(|phrase| lower.starts_with(phrase))
}

/// Whether a heading in lower case ends the article.
pub(super) fn ends_article(lower: &str) -> bool {
    let lower = lower.trim_matches(|c: char| !c.is_alphanumeric());
    END.contains(&lower)
}
