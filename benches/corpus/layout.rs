//! What stands around an article: a site's markup, the same on all of its pages but for the stories it points to.

use std::fmt::Write as _;

use fastrand::Rng;

use crate::prose::Story;

/// A site's layout: one of four frames, with names and amounts of its own.
pub struct Layout {
    site: u64,
    rng: Rng,
    frame: Frame,
}

/// What the four frames of sites differ in.
struct Frame {
    body: &'static str,
    paragraph: &'static str,
    menu: usize,
    cards: usize,
    style_rules: usize,
    functions: usize,
    state_entries: usize,
    in_json_ld: bool,
}

const FRAMES: [Frame; 4] = [
    Frame {
        body: "article-body",
        paragraph: "paragraph",
        menu: 90,
        cards: 60,
        style_rules: 420,
        functions: 260,
        state_entries: 60,
        in_json_ld: true,
    },
    Frame {
        body: "entry-content",
        paragraph: "wp-block",
        menu: 50,
        cards: 30,
        style_rules: 300,
        functions: 120,
        state_entries: 0,
        in_json_ld: true,
    },
    Frame {
        body: "story__text",
        paragraph: "css-at9mc1",
        menu: 140,
        cards: 110,
        style_rules: 500,
        functions: 420,
        state_entries: 220,
        in_json_ld: true,
    },
    Frame {
        body: "content",
        paragraph: "txt",
        menu: 70,
        cards: 80,
        style_rules: 200,
        functions: 300,
        state_entries: 0,
        in_json_ld: false,
    },
];

/// An article and little around it.
const LEAN: Frame = Frame {
    body: "article-body",
    paragraph: "paragraph",
    menu: 10,
    cards: 5,
    style_rules: 5,
    functions: 5,
    state_entries: 0,
    in_json_ld: true,
};

const ICON: &str = "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\"><path fill=\"currentColor\" d=\"";

impl Layout {
    /// The layout of the site of this number; a lean one has an article and little around it.
    pub fn of(site: u64, lean: bool) -> Self {
        let frame = if lean { &LEAN } else { &FRAMES[site as usize % FRAMES.len()] };
        Self { site, rng: Rng::with_seed(!site), frame: Frame { ..*frame } }
    }

    /// The page of this number at `url`, which tells `story`.
    pub fn page(mut self, number: u64, url: &str, story: &Story) -> String {
        let mut page = String::with_capacity(400_000);
        self.head(&mut page, number, url, story);
        self.menu(&mut page);
        // From here on what differs from page to page.
        let mut others = Rng::with_seed(number ^ 0x5eed);
        self.article(&mut page, number, story);
        self.cards(&mut page, &mut others);
        self.end(&mut page, &mut others);
        page
    }

    fn head(&mut self, page: &mut String, number: u64, url: &str, story: &Story) {
        let (site, headline, lead) = (self.site, &story.headline, &story.lead);
        let _ = write!(
            page,
            "<!doctype html>\n<html lang=\"en\" class=\"no-js\">\n<head>\n<meta charset=\"utf-8\">\n<title>{headline} | Courier {site}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"canonical\" href=\"{url}\">\n"
        );
        for (name, content) in [
            ("og:type", "article"),
            ("og:site_name", &format!("Courier {site}")),
            ("og:title", headline),
            ("og:description", lead),
            ("og:url", url),
            ("article:published_time", &published(number)),
        ] {
            let _ = writeln!(page, "<meta property=\"{name}\" content=\"{content}\">");
        }
        if self.frame.in_json_ld {
            let _ = writeln!(
                page,
                "<script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\"headline\":\"{headline}\",\
                 \"datePublished\":\"{}\",\"author\":[{{\"@type\":\"Person\",\"name\":\"{}\"}}],\"mainEntityOfPage\":\"{url}\",\
                 \"publisher\":{{\"@type\":\"Organization\",\"name\":\"Courier {site}\"}}}}</script>",
                published(number),
                story.author
            );
        }
        page.push_str("<style>");
        for _ in 0..self.frame.style_rules {
            let (class, width, colour) = (self.word(), self.rng.u32(1..900), self.rng.u32(..0xffffff));
            let _ = write!(page, ".{class}>.{}{{display:flex;margin:0 {width}px;color:#{colour:06x}}}", self.word());
        }
        page.push_str("</style>\n");
        for _ in 0..self.frame.functions / 4 {
            self.function(page);
        }
        page.push_str("</head>\n");
    }

    fn menu(&mut self, page: &mut String) {
        page.push_str("<body class=\"single layout-wide\" data-page=\"story\">\n<header class=\"site-header\" role=\"banner\"><nav class=\"nav\"><ul class=\"nav__list\">\n");
        for place in 0..self.frame.menu {
            let word = self.word();
            let _ = writeln!(
                page,
                "<li class=\"nav__item nav__item--{place}\"><a class=\"nav__link\" data-track=\"menu|{place}|{word}\" href=\"/section/{word}\">{ICON}{}\"/></svg><span class=\"nav__label\">{word}</span></a></li>",
                self.path()
            );
        }
        page.push_str("</ul></nav></header>\n");
    }

    fn article(&self, page: &mut String, number: u64, story: &Story) {
        let (date, Frame { body, paragraph, .. }) = (published(number), &self.frame);
        let _ = write!(
            page,
            "<main id=\"main\"><article class=\"story\"><header><h1 class=\"story__headline\">{}</h1><p class=\"byline\">By <a rel=\"author\" href=\"/authors/{number}\">{}</a></p>\
             <time class=\"story__date\" datetime=\"{date}\">{date}</time></header>\n<figure class=\"lead-image\"><img src=\"/images/{number}.jpg\" srcset=\"/images/{number}-400.jpg 400w, /images/{number}-800.jpg 800w\" alt=\"\">\
             <figcaption>The view from the hill. Photograph: Courier</figcaption></figure>\n<div class=\"{body}\"><p class=\"{paragraph} lead\">{}</p>\n",
            story.headline, story.author, story.lead
        );
        for (place, text) in story.paragraphs.iter().enumerate() {
            let _ = writeln!(page, "<p class=\"{paragraph} {paragraph}--{place}\" data-index=\"{place}\">{text}</p>");
            match place % 7 {
                2 => page.push_str("<div class=\"ad ad--inline\" data-slot=\"mid\"><script>window.slots=window.slots||[];slots.push('mid')</script></div>\n"),
                5 => {
                    let _ = writeln!(page, "<h2 class=\"crosshead\">{}</h2>", text.split(',').next().unwrap_or_default());
                }
                _ => {}
            }
        }
        page.push_str("</div><div class=\"share\"><ul><li><a href=\"#share\">Share</a></li><li><a href=\"#mail\">Mail</a></li></ul></div></article>\n");
    }

    fn cards(&mut self, page: &mut String, others: &mut Rng) {
        page.push_str("<aside class=\"related\"><h2>More stories</h2>\n");
        for card in 0..self.frame.cards {
            let other = others.u64(..100_000);
            let title = Story::of(other).headline;
            let _ = writeln!(
                page,
                "<div class=\"card card--{card}\" data-card=\"{other}\" data-payload=\"{:x}{:x}\"><a class=\"card__link\" href=\"/news/2026/10/01/story-{other}\"><div class=\"card__image\">\
                 <img loading=\"lazy\" class=\"lazy\" data-src=\"/images/{other}.jpg\" srcset=\"/images/{other}-200.jpg 200w, /images/{other}-400.jpg 400w\" sizes=\"(max-width: 600px) 100vw, 33vw\" alt=\"\"></div>\
                 <div class=\"card__text\"><span class=\"card__section\">{}</span><h3 class=\"card__title\">{title}</h3><span class=\"card__time\">{} minutes ago</span></div></a></div><!-- card -->",
                others.u64(..),
                others.u64(..),
                self.word(),
                others.u32(2..59)
            );
        }
        page.push_str("</aside></main>\n");
    }

    fn end(&mut self, page: &mut String, others: &mut Rng) {
        page.push_str("<footer class=\"site-footer\"><ul>\n");
        for _ in 0..self.frame.menu / 2 {
            let word = self.word();
            let _ = writeln!(
                page,
                "<li class=\"footer__item\"><a class=\"footer__link\" href=\"/about/{word}\" rel=\"nofollow\">{word}</a></li>"
            );
        }
        page.push_str("</ul></footer>\n");
        if self.frame.state_entries > 0 {
            page.push_str("<script>window.__STATE__={\"stories\":[");
            for entry in 0..self.frame.state_entries {
                let comma = if entry == 0 { "" } else { "," };
                let other = others.u64(..100_000);
                let _ = write!(
                    page,
                    "{comma}{{\"id\":{other},\"key\":\"{:x}\",\"title\":\"{}\",\"seen\":false}}",
                    others.u64(..),
                    Story::of(other).headline
                );
            }
            page.push_str("]};</script>\n");
        }
        for _ in 0..self.frame.functions {
            self.function(page);
        }
        page.push_str("</body>\n</html>\n");
    }

    /// A script as a packer leaves it.
    fn function(&mut self, page: &mut String) {
        let (name, one, other) = (self.word(), self.word(), self.word());
        let _ = writeln!(
            page,
            "<script defer>!function(e,t){{\"use strict\";var {one}=t.{name}||{{}},{other}=[{},{}];for(var n=0;n<{other}.length;n++)e[n]=t[n]&&e<t?{one}.{}(n,\"{}\"):void 0;e.{name}=function(r){{return r&&r.{other}>{}}}}}(window,document);</script>",
            self.rng.u32(..),
            self.rng.u32(..),
            self.word(),
            self.word(),
            self.rng.u32(..99_999)
        );
    }

    fn path(&mut self) -> String {
        (0..9)
            .map(|_| {
                format!(
                    "M{}.{} {}l{} {}",
                    self.rng.u8(..24),
                    self.rng.u8(..99),
                    self.rng.u8(..24),
                    self.rng.u8(..9),
                    self.rng.u8(..9)
                )
            })
            .collect()
    }

    fn word(&mut self) -> String {
        (0..self.rng.u32(3..9)).map(|_| self.rng.lowercase()).collect()
    }
}

fn published(number: u64) -> String {
    format!("2026-10-{:02}T{:02}:{:02}:00+01:00", number % 28 + 1, number % 24, number % 60)
}
