//! Pages whose text stands in a script's state, for a script to draw.
//!
//! Next, Nuxt, Fusion, Apollo, Gatsby and their like send the article as data (`__NEXT_DATA__`, `Fusion.globalContent`,
//! `__APOLLO_STATE__`, `__INITIAL_STATE__`), and some send nothing else: the markup is an empty shell. For such a page, and for
//! no other, the article is looked for in its scripts, and drawn as markup, so that all later rooms read it as any page.
//! Where no state has it, `articleBody` of the page's JSON-LD is taken: a witness elsewhere, here it is all there is.
//!
//! | room | what it does |
//! |---|---|
//! | `literal` | a value as programs write it |
//! | `scripts` | the values in a page's scripts |
//! | `find` | which object is the article of this page |
//! | `render` | its content as markup |
//!
//! Everything is bounded: bytes that are read, values, depth, and what is drawn.

mod find;
mod literal;
mod render;
mod scripts;
#[cfg(test)]
mod tests;

use quick_xml::escape::escape;
use serde_json::Value;

use super::page::{Page, is_ideograph};
use super::structured::Facts;
use find::Article;
use render::paragraphs;

/// Words of running text with which a page speaks for itself. Notices on cookies and rights in an empty shell have
/// some 100 together.
const OWN_WORDS: usize = 150;

/// Lines and words of an empty shell with all its menus, at most.
const SHELL_BLOCKS: usize = 150;
const SHELL_WORDS: usize = 400;

/// Words of an article that is drawn, at least.
const ARTICLE_WORDS: usize = 60;

/// How many times as long as the page's own text a drawn one is, at least.
const TIMES_AS_LONG: usize = 3;

/// Words of a line that may be running text, and the share of links in it, at most.
const LINE_WORDS: usize = 8;
const LINE_LINKS: f64 = 0.4;

/// The markup that the page's scripts would draw, where the page has next to no text of its own.
pub(super) fn drawn(facts: &Facts<'_>) -> Option<String> {
    let own = own_words(facts.page);
    if own >= OWN_WORDS || matches!(facts.url.path(), "" | "/") || !is_shell(facts.page) {
        return None;
    }
    let enough = |words: usize| words >= ARTICLE_WORDS.max(own * TIMES_AS_LONG);
    let values = scripts::values(&facts.page.scripts);
    if let Some(article) = find::article(&values, facts).filter(|article| enough(article.words)) {
        return Some(markup(&article));
    }
    let body = paragraphs(facts.ld?.get("articleBody").and_then(Value::as_str)?);
    enough(words(&body)).then(|| {
        let headline = facts.ld_text("headline").map(|headline| format!("<h1>{}</h1>", escape(&headline)));
        format!("<article>{}{body}</article>", headline.unwrap_or_default())
    })
}

/// Whether there is so little on a page that its text may be yet to come: menus, notices and a foot, no lists of goods.
fn is_shell(page: &Page<'_>) -> bool {
    page.blocks.len() < SHELL_BLOCKS && page.blocks.iter().map(|block| block.words).sum::<usize>() < SHELL_WORDS
}

/// Words of running text on the page, as far as it matters.
fn own_words(page: &Page<'_>) -> usize {
    let mut words = 0;
    for block in &page.blocks {
        if block.words >= LINE_WORDS && block.link_density() <= LINE_LINKS {
            words += block.words;
            if words >= OWN_WORDS {
                break;
            }
        }
    }
    words
}

/// The article as a page that was drawn on the server would have it.
fn markup(article: &Article) -> String {
    let mut out = String::from("<article>");
    if let Some(headline) = &article.headline {
        out += &format!("<h1>{}</h1>", escape(headline));
    }
    for author in &article.authors {
        out += &format!("<span itemprop=\"author\">{}</span> ", escape(author));
    }
    if let Some(day) = &article.published {
        out += &format!("<time itemprop=\"datePublished\" datetime=\"{0}\">{0}</time>", escape(day));
    }
    out += &format!("<div itemprop=\"articleBody\">{}</div></article>", article.body);
    out
}

/// Words of markup, roughly: runs between spaces outside of tags; two characters of Chinese or Japanese count as one.
fn words(markup: &str) -> usize {
    let (mut words, mut ideographs, mut in_tag, mut in_word) = (0, 0, false, false);
    for c in markup.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => {}
            c if c.is_whitespace() => {
                in_word = false;
                continue;
            }
            c => {
                words += usize::from(!in_word);
                in_word = true;
                ideographs += usize::from(is_ideograph(c));
                continue;
            }
        }
        in_word = false;
    }
    words + ideographs / 2
}
