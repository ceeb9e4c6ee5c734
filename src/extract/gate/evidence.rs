//! What a refused page looks like, in words and numbers that a person can check.

use super::measures::Measures;
use super::{Facts, Known};
use crate::extract::content::Body;
use crate::extract::tag::Tag;
use crate::extract::text::key;

/// Words of a text that may be a notice and nothing else. Notices of error pages, walls and logins have 20 to 100.
const NOTICE_WORDS: usize = 150;

/// The notice that a page is, if it is one: an error, a wall, or a door. They have headings and sentences as short
/// news has; what tells them apart is what they say, and that nobody signs or dates them.
pub(super) fn notice(facts: &Facts<'_>, body: &Body, known: Known) -> Option<String> {
    if known.words > NOTICE_WORDS || known.authored || facts.ld.is_some() {
        return None;
    }
    let page = facts.page;
    let heading = page.scopes.iter().find(|scope| matches!(scope.tag, Tag::Heading(1 | 2)));
    let heading = heading.map(|scope| key(page.slice(&scope.text))).unwrap_or_default();
    let titles = [key(&page.title), heading];
    let says = |phrases: &[&str]| titles.iter().any(|title| phrases.iter().any(|phrase| begins_with(title, phrase)));
    if says(&NOT_FOUND) {
        return Some("an error page: its title says that nothing was found".to_owned());
    }
    let password = |element: &scraper::node::Element| {
        element.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("password"))
    };
    if page.scopes.iter().any(|scope| scope.tag == Tag::Input && scope.element.is_some_and(password)) && says(&LOGIN) {
        return Some("a login: it asks for a password".to_owned());
    }
    if says(&WALL) {
        return Some("a wall: its title asks to wait, to agree or to prove something".to_owned());
    }
    let text = body.lines.iter().take(5).map(|line| line.text.to_lowercase()).collect::<String>();
    if !known.dated && SCRIPT.iter().any(|phrase| text.contains(phrase)) {
        return Some("a notice: it asks to enable JavaScript or cookies".to_owned());
    }
    None
}

/// Whether a key begins with a phrase, or is nothing but it behind a number: `404`, `error 404`.
fn begins_with(title: &str, phrase: &str) -> bool {
    title.strip_prefix(phrase).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// What a page plainly is that nobody signs or dates, whatever the trees say: a list of headings that are links, a page of
/// contacts, a manual. Of 1,736 labelled articles one falls to these three rules, of 644 other pages some 60.
pub(super) fn plain(measures: &Measures) -> Option<String> {
    let get = |name: &str| measures.get(name);
    let (headings, paragraphs, words) = (get("linked_headings"), get("paragraphs"), get("slug_words"));
    if get("authored") + get("dated") + get("ld_article") > 0.0 {
        return None;
    }
    if headings >= 6.0 && headings > paragraphs && words <= 1.0 {
        return Some(format!("a listing: {headings} linked headings, {paragraphs} paragraphs, no author, no day"));
    }
    if get("og_article") > 0.0 {
        return None;
    }
    if get("path_listing") > 0.0 && words <= 1.0 && get("long_lines") < 3.0 {
        return Some(format!("a listing or contacts: its address says so, {paragraphs} paragraphs, no author, no day"));
    }
    if (get("path_manual") > 0.0 || get("host_other") > 0.0) && get("pre") >= 3.0 {
        return Some(format!("a manual: its address says so, {} samples of code, no author, no day", get("pre")));
    }
    None
}

/// The kind of page that the measures speak of, and by what.
pub(super) fn kind(measures: &Measures) -> String {
    let get = |name: &str| measures.get(name);
    let (words, paragraphs) = (get("words"), get("paragraphs"));
    let linked_headings = get("linked_headings");
    if get("passwords") > 0.0 && paragraphs < 3.0 {
        return format!("a login: it asks for a password, {paragraphs} paragraphs");
    }
    if linked_headings >= 5.0 && linked_headings > paragraphs {
        return format!("a listing: {linked_headings} linked headings, {paragraphs} paragraphs");
    }
    if get("ld_product") > 0.0 || get("path_shop") > 0.0 || get("prices") >= 8.0 {
        let named = if get("ld_product") > 0.0 { ", its structured data names a product" } else { "" };
        return format!("a shop: {} prices{named}", get("prices"));
    }
    if get("ld_forum") > 0.0 || get("path_forum") > 0.0 {
        return format!("a forum: {} elements of comments, {} dates", get("comments"), get("times"));
    }
    if get("path_parts") < 1.0 {
        return format!("a front page: its address has no path, {} links", get("links"));
    }
    if get("path_listing") > 0.0 || get("ld_list") > 0.0 || get("repeated") >= 12.0 || get("long_linked_blocks") >= 20.0
    {
        return format!(
            "a listing: {} boxes alike, {} links of a line, {paragraphs} paragraphs",
            get("repeated"),
            get("long_linked_blocks")
        );
    }
    if get("images") >= 12.0 && words < 200.0 {
        return format!("a gallery: {} pictures, {words} words", get("images"));
    }
    if get("pre") >= 3.0 || get("path_manual") > 0.0 || get("host_other") > 0.0 {
        return format!("a manual or help: {} samples of code, {} words in its address", get("pre"), get("slug_words"));
    }
    if get("ld_service") > 0.0 || get("ld_about") > 0.0 || get("og_other") > 0.0 || get("you") + get("we") > 0.04 {
        return format!(
            "a page of a service: {:.0} of 1,000 words are we or you, {} buttons and fields",
            1_000.0 * (get("you") + get("we")),
            get("controls")
        );
    }
    let no_day = if get("dated") > 0.0 { "" } else { ", no day" };
    let no_author = if get("authored") > 0.0 { "" } else { ", no author" };
    format!("another kind of page: {words} words in {paragraphs} paragraphs, {} links{no_day}{no_author}", get("links"))
}

/// Titles of pages that say that there is no page, as keys.
#[rustfmt::skip]
const NOT_FOUND: [&str; 33] = [
    "404", "error 404", "http 404", "410", "page not found", "not found", "file not found", "page cannot be found", "page doesn t exist", "page does not exist", "oops", "sorry we can t find", "we can t find", "we couldn t find",
    "this page isn t available", "this page is no longer available", "page unavailable", "nothing found", "nothing was found", "server error", "500", "503", "service unavailable",
    "seite nicht gefunden", "page introuvable", "page non trouvee", "pagina no encontrada", "página no encontrada", "pagina non trovata", "pagina niet gevonden", "página não encontrada", "strona nie została znaleziona", "страница не найдена",
];
/// Titles of doors.
#[rustfmt::skip]
const LOGIN: [&str; 20] = [
    "sign in", "signin", "log in", "login", "sign up", "register", "create an account", "create account", "my account", "account", "welcome back", "anmelden", "einloggen", "connexion", "se connecter", "iniciar sesión", "accedi", "inloggen",
    "zaloguj", "вход",
];
/// Titles of walls.
#[rustfmt::skip]
const WALL: [&str; 22] = [
    "just a moment", "attention required", "access denied", "access to this page has been denied", "are you a robot", "are you human", "verify you are human", "security check", "captcha", "checking your browser", "please wait", "one moment",
    "before you continue", "your privacy", "we value your privacy", "we use cookies", "cookie consent", "cookie settings", "your privacy choices", "403 forbidden", "forbidden", "pardon our interruption",
];
/// What pages say that are drawn by scripts.
#[rustfmt::skip]
const SCRIPT: [&str; 16] = [
    "enable javascript", "turn on javascript", "javascript is disabled", "javascript is required", "requires javascript", "javascript to run this app", "enable cookies", "activate javascript", "activez javascript", "activer javascript",
    "javascript aktivieren", "javascript ist deaktiviert", "habilitar javascript", "habilite javascript", "abilitare javascript", "включите javascript",
];
