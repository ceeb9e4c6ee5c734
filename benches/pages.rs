//! Pages as news sites serve them, made here: two thirds scripts, styles, icons and attributes, the rest markup.

use std::fmt::Write;

use newswire::extract::Source;
use url::Url;

const SENTENCES: [&str; 8] = [
    "The harbour office said on Friday that the ferry will run again from Monday. ",
    "“We have tested the new shaft in rough water,” said the harbour master, “and we are satisfied.” ",
    "Islanders had been flown to the mainland at the county’s expense, which cost some 40,000 a week. ",
    "The council will discuss who pays for it, and whether a second boat should be bought. ",
    "Fares stay as they are until the end of the year, according to a <a href=\"/tag/fares\">notice</a> on the pier. ",
    "It was the longest break since the line was opened in 1911. ",
    "A spokesman of the yard did not want to say what had caused the crack. ",
    "Season tickets that could not be used are valid for three more months. ",
];

/// Where they are said to stand.
pub fn address() -> Url {
    let address = "https://www.courier.example/local/2024/03/08/ferry-to-the-outer-islands-runs-again";
    Url::parse(address).unwrap_or_else(|e| unreachable!("{address}: {e}"))
}

/// A page as it comes from its site.
pub fn source<'a>(page: &'a str, url: &'a Url) -> Source<'a> {
    Source {
        body: page.as_bytes(),
        content_type: Some("text/html; charset=utf-8"),
        x_robots_tag: None,
        url,
        hints: None,
    }
}

/// The page with this number; each has other words at other places.
pub fn page(number: usize) -> String {
    let mut page = String::with_capacity(300_000);
    head(&mut page, number);
    page.push_str(
        "<body class=\"single theme-4 js-off\" data-layout=\"story\" onload=\"init()\"><header class=\"site-header\">",
    );
    for place in 0..12 {
        let _ = write!(
            page,
            "<a class=\"nav__link nav__link--{place}\" data-track='{{\"area\":\"nav\",\"place\":{place}}}' href=\"/s/{place}\"><svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{}\"/></svg><span>Section {place}</span></a>",
            "M12 2l3 7h7l-6 4 2 7-6-4z ".repeat(8)
        );
    }
    let _ = write!(
        page,
        "</header><main><article class=\"article\"><h1 class=\"article__headline\">Ferry number {number} to the outer islands runs again</h1><p class=\"byline\">By <a rel=\"author\" href=\"/a/1\">Tove Lindqvist</a> <time datetime=\"2024-03-08T09:15:00+01:00\">8 March 2024</time></p><div class=\"article-body\">"
    );
    for paragraph in 0..24 {
        let _ = write!(
            page,
            "<p class=\"paragraph css-1x{paragraph}y\" data-id=\"{number}-{paragraph}\" style=\"--order:{paragraph}\">"
        );
        for sentence in 0..4 {
            page.push_str(SENTENCES[(number * 5 + paragraph * 3 + sentence) % SENTENCES.len()]);
        }
        page.push_str("</p><!-- /wp:paragraph -->\n");
        if paragraph % 8 == 3 {
            page.push_str("<div class=\"ad-slot\" id=\"ad\"><script>window.ads=window.ads||[];ads.push({slot:'mid'});</script></div>");
        }
    }
    page.push_str("</div></article><section class=\"related\"><h2>More stories</h2>");
    for card in 0..40 {
        let _ = write!(
            page,
            "<div class=\"card card--{card}\" data-card=\"{card}\" data-payload=\"{}\"><a href=\"/l/{card}\"><img loading=\"lazy\" srcset=\"/i/{card}-400.jpg 400w, /i/{card}-800.jpg 800w\" src=\"/i/{card}.jpg\" alt=\"\"><h3>Story number {card} of the day at the harbour</h3></a></div>",
            "x".repeat(120)
        );
    }
    page.push_str("</section></main><footer>");
    page.push_str(
        &"<ul><li><a href=\"/imprint\">Imprint</a></li><li><a href=\"/privacy\">Privacy</a></li></ul>".repeat(10),
    );
    let _ = write!(
        page,
        "</footer><script>{}</script></body></html>",
        "!function(e,t){for(var n=0;n<t.length;n++)e[n]=t[n]&&e<t}(window,[]);".repeat(900)
    );
    page
}

fn head(page: &mut String, number: usize) {
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Ferry number {number} to the outer islands runs again | Norhaven Courier</title>"
    );
    for (name, content) in [
        ("og:type", "article"),
        ("og:site_name", "Norhaven Courier"),
        ("og:image", "https://courier.example/i.jpg"),
        ("article:section", "Local"),
    ] {
        let _ = write!(page, "<meta property=\"{name}\" content=\"{content}\">");
    }
    let _ = write!(
        page,
        "<script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\"headline\":\"Ferry number {number} to the outer islands runs again\",\"datePublished\":\"2024-03-08T09:15:00+01:00\",\"author\":{{\"@type\":\"Person\",\"name\":\"Tove Lindqvist\"}}}}</script>"
    );
    let _ = write!(
        page,
        "<style>{}</style></head>",
        ".card{display:grid;gap:1rem}.card>a:hover{color:#123}@media(min-width:40em){.card{padding:0}}".repeat(300)
    );
}
