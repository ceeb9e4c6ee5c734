//! A story becomes a page: the layouts in which news stand on the web.

use serde_json::json;

use super::catalogue::Host;
use super::story::Story;

/// The layouts of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A news site of today: JSON-LD, navigation, related stories, comments.
    News,
    /// A WordPress blog with its widgets.
    Blog,
    /// Tables, upper-case tags and `font`, as in 1999.
    Table,
    /// The whole text in one `div`, paragraphs parted by two `br`.
    Breaks,
    /// schema.org's NewsArticle as microdata.
    Microdata,
    /// AMP, whose canonical link leads to the full page.
    Amp,
    /// A wire's plain text, hard-wrapped, in a `pre`.
    Plain,
    /// A republisher's page: headline, photo credit, paragraphs, nothing else.
    Reprint,
    /// The front of a section: headlines and teasers, no text.
    Front,
    /// A login form.
    Login,
}

impl Layout {
    fn template(self) -> &'static str {
        match self {
            Self::News => include_str!("pages/layouts/news.html"),
            Self::Blog => include_str!("pages/layouts/blog.html"),
            Self::Table => include_str!("pages/layouts/table.html"),
            Self::Breaks => include_str!("pages/layouts/breaks.html"),
            Self::Microdata => include_str!("pages/layouts/microdata.html"),
            Self::Amp => include_str!("pages/layouts/amp.html"),
            Self::Plain => include_str!("pages/layouts/plain.html"),
            Self::Reprint => include_str!("pages/layouts/reprint.html"),
            Self::Front => include_str!("pages/layouts/front.html"),
            Self::Login => include_str!("pages/layouts/login.html"),
        }
    }
}

/// The words that a site prints around its stories, in its language.
#[derive(Debug, Clone, Copy)]
struct Furniture {
    by: &'static str,
    related: &'static str,
    comments: &'static str,
    comment: &'static str,
    menu: [&'static str; 3],
}

fn furniture(language: &str) -> Furniture {
    let (by, related, comments, comment, menu) = match language {
        "de" => {
            ("Von", "Mehr zum Thema", "Kommentare", "Endlich passiert einmal etwas!", ["Lokales", "Sport", "Kultur"])
        }
        "fr" => ("Par", "À lire aussi", "Commentaires", "Il était temps.", ["Région", "Sports", "Culture"]),
        "es" => ("Por", "Te puede interesar", "Comentarios", "¡Ya era hora!", ["Sociedad", "Deportes", "Cultura"]),
        "pt" => ("Por", "Leia também", "Comentários", "Até que enfim!", ["Cidade", "Esporte", "Cultura"]),
        "it" => ("di", "Leggi anche", "Commenti", "Era ora!", ["Cronaca", "Sport", "Cultura"]),
        "ru" => ("Автор:", "Читайте также", "Комментарии", "Наконец-то!", ["Город", "Спорт", "Культура"]),
        "ja" => ("文", "関連記事", "コメント", "待っていました。", ["地域", "スポーツ", "文化"]),
        "ar" => ("بقلم", "اقرأ أيضا", "التعليقات", "أخيرا!", ["محليات", "رياضة", "ثقافة"]),
        "tr" => ("Yazan", "İlgili haberler", "Yorumlar", "Nihayet!", ["Yerel", "Spor", "Kültür"]),
        _ => ("By", "Related stories", "Comments", "About time, too!", ["Local", "Sport", "Culture"]),
    };
    Furniture { by, related, comments, comment, menu }
}

/// The page of a story at `url`, with teasers of `others`, as Unicode text.
pub fn page(layout: Layout, story: &Story, host: &Host, url: &str, others: &[(String, Story)]) -> String {
    let words = furniture(host.language);
    let image = format!("http://{}/img/{}.jpg", host.name, story.slug);
    let values = [
        ("lang", host.language.to_owned()),
        ("dir", if host.language == "ar" { "rtl" } else { "ltr" }.to_owned()),
        ("charset", host.charset.name().to_owned()),
        ("site", escaped(host.site)),
        ("title", escaped(story.title)),
        ("author", escaped(story.author)),
        ("section", escaped(story.section)),
        ("date", escaped(story.date)),
        ("day", escaped(story.day())),
        ("url", escaped(url)),
        ("description", escaped(&shortened(story.text))),
        ("by", words.by.to_owned()),
        ("related", words.related.to_owned()),
        ("comments", words.comments.to_owned()),
        ("comment", words.comment.to_owned()),
        ("menu", menu(words.menu)),
        ("figure", figure(&image, story.caption)),
        ("photo", photo(&image, story.caption)),
        ("image", escaped(&image)),
        ("paragraphs", paragraphs(story)),
        ("breaks", story.paragraphs().map(escaped).collect::<Vec<_>>().join("<br><br>\n")),
        ("plain", plain(story)),
        ("teasers", others.iter().map(|(path, story)| teaser(path, story)).collect()),
        ("json_ld", json_ld(story, host, url, &image)),
    ];
    filled(layout.template(), &values)
}

/// Text as it stands in HTML, in elements and quoted attributes alike.
pub fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

/// The template with each `{{name}}` replaced by its value, in one pass: values are not looked into.
fn filled(template: &str, values: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        page.push_str(before);
        page.extend(values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()));
        rest = after;
    }
    page.push_str(rest);
    page
}

fn paragraphs(story: &Story) -> String {
    story.paragraphs().map(|paragraph| format!("<p>{}</p>\n", escaped(paragraph))).collect()
}

/// Plain text as wires send it: lines of at most 72 characters, a blank line between paragraphs.
fn plain(story: &Story) -> String {
    let wrapped = story.paragraphs().map(|paragraph| {
        let mut lines = vec![String::new()];
        for word in paragraph.split(' ') {
            match lines.last_mut() {
                Some(line) if line.is_empty() => line.push_str(word),
                Some(line) if line.chars().count() + word.chars().count() < 72 => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        escaped(&lines.join("\n"))
    });
    wrapped.collect::<Vec<_>>().join("\n\n")
}

fn menu(entries: [&str; 3]) -> String {
    entries.iter().enumerate().map(|(n, entry)| format!("<li><a href=\"/section/{n}\">{entry}</a></li>")).collect()
}

fn figure(image: &str, caption: &str) -> String {
    if caption.is_empty() {
        return String::new();
    }
    let (image, caption) = (escaped(image), escaped(caption));
    format!("<figure><img src=\"{image}\" alt=\"\"><figcaption>{caption}</figcaption></figure>")
}

/// A picture with its credit in a paragraph of its own, as republishers paste it.
fn photo(image: &str, credit: &str) -> String {
    if credit.is_empty() {
        return String::new();
    }
    format!("<p><img src=\"{}\" alt=\"\"></p>\n<p>{}</p>", escaped(image), escaped(credit))
}

fn teaser(path: &str, story: &Story) -> String {
    let (path, title, text) = (escaped(path), escaped(story.title), escaped(&shortened(story.text)));
    format!("<div class=\"teaser\"><h3><a href=\"{path}\">{title}</a></h3><p><a href=\"{path}\">{text}</a></p></div>\n")
}

/// The first words of a text, at most 100 characters.
pub fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let Some((end, _)) = line.char_indices().nth(100) else {
        return line.to_owned();
    };
    let cut = line.get(..end).unwrap_or_default();
    format!("{} …", cut.rsplit_once(' ').map_or(cut, |(whole, _)| whole))
}

fn json_ld(story: &Story, host: &Host, url: &str, image: &str) -> String {
    let article = json!({
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": story.title,
        "mainEntityOfPage": url,
        "image": [image],
        "datePublished": story.date,
        "author": [{"@type": "Person", "name": story.author}],
        "publisher": {"@type": "Organization", "name": host.site},
        "articleSection": story.section,
        "inLanguage": host.language,
    });
    // A script ends at the first `</script`, whatever the JSON around it says.
    article.to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Limits, Source, extract};

    #[test]
    fn values_are_not_looked_into() {
        let values = [("a", "{{b}}".to_owned()), ("b", "no".to_owned())];
        assert_eq!(filled("<{{a}}{{unknown}}>{{", &values), "<{{b}}>{{");
    }

    #[test]
    fn each_story_comes_out_of_its_page_as_it_went_in() {
        let limits = Limits { min_words: 50, time_limit: std::time::Duration::from_secs(10) };
        for story in crate::demo::story::stories() {
            let host = crate::demo::catalogue::host_of(story.host).unwrap();
            let address = crate::demo::catalogue::url(host, &story.path(host));
            let html = page(host.layout, &story, host, &address, &[]);
            let url = url::Url::parse(&address).unwrap();
            let content_type = Some("text/html; charset=utf-8");
            let source = Source { body: html.as_bytes(), content_type, x_robots_tag: None, url: &url, hints: None };
            let content = extract(&source, &limits).unwrap().content;
            assert_eq!(content.title.as_deref(), Some(story.title));
            let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let paragraphs: Vec<String> = story.paragraphs().map(spaced).collect();
            assert_eq!(content.paragraphs.len(), paragraphs.len(), "{address}: {:#?}", content.paragraphs);
        }
    }

    #[test]
    fn markup_in_a_text_stays_text() {
        assert_eq!(escaped("a < b & \"c\""), "a &lt; b &amp; &quot;c&quot;");
    }

    #[test]
    fn plain_text_is_wrapped_at_72_characters() {
        let story = Story {
            text: "one two three four five six seven eight nine ten eleven twelve thirteen fourteen\nnext",
            ..Story::default()
        };
        let text = plain(&story);
        assert!(text.lines().all(|line| line.chars().count() <= 72), "{text}");
        assert!(text.ends_with("fourteen\n\nnext"), "{text}");
    }
}
