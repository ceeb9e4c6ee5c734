//! The seed: one wire story, in the layouts in which copies of it stand.

mod hostile;
mod pages;

use std::time::Duration;

use url::Url;

use super::{Extraction, Limits, Refusal, Source, extract};
use crate::record::Image;

const TITLE: &str = "Japan Plans to Push for Peace Treaty With Russia, PM Says";

const LIMITS: Limits = Limits { min_words: 25, time_limit: Duration::from_secs(30) };

fn extracted(page: &str, content_type: &str, url: &str) -> Result<Extraction, Refusal> {
    let url = Url::parse(url).unwrap();
    extract(
        &Source { body: page.as_bytes(), content_type: Some(content_type), x_robots_tag: None, url: &url, hints: None },
        &LIMITS,
    )
}

fn copies() -> Vec<(&'static str, Extraction)> {
    let url = "https://pacificdigest.example/2018/11/23/japan-plans-peace-treaty/";
    [
        ("plain text", include_str!("fixtures/seed/plain.txt"), "text/plain; charset=utf-8"),
        ("preformatted", include_str!("fixtures/seed/pre.html"), "text/html"),
        ("paragraphs", include_str!("fixtures/seed/paragraphs.html"), "text/html"),
        ("line breaks", include_str!("fixtures/seed/breaks.html"), "text/html"),
        ("republisher", include_str!("fixtures/seed/republisher.html"), "text/html"),
    ]
    .into_iter()
    .map(|(layout, page, content_type)| {
        (layout, extracted(page, content_type, url).unwrap_or_else(|e| panic!("{layout}: {e}")))
    })
    .collect()
}

#[test]
fn the_headline_is_the_title_in_every_layout() {
    for (layout, copy) in copies() {
        assert_eq!(copy.content.title.as_deref(), Some(TITLE), "{layout}");
    }
}

#[test]
fn eleven_paragraphs_remain_and_the_broken_sentence_is_one() {
    for (layout, copy) in copies() {
        let paragraphs = &copy.content.paragraphs;
        assert_eq!(paragraphs.len(), 11, "{layout}: {paragraphs:#?}");
        assert!(paragraphs[0].starts_with("Japanese Prime Minister Shinzo Abe said on Friday"), "{layout}");
        assert!(paragraphs[8].ends_with("generation,” Abe said on Friday."), "{layout}: {}", paragraphs[8]);
        assert!(paragraphs[10].ends_with("Southern Kurils."), "{layout}");
        assert_eq!(copy.content.body, paragraphs.join("\n\n"), "{layout}");
    }
}

#[test]
fn the_photo_credit_is_on_an_image() {
    for (layout, copy) in copies() {
        let credited =
            copy.content.images.iter().filter(|image| image.credit.as_deref() == Some("Mikhail Mettsel / TASS"));
        let credited: Vec<&Image> = credited.collect();
        assert_eq!(credited.len(), 1, "{layout}: {:?}", copy.content.images);
        assert_eq!(credited[0].caption, None, "{layout}");
        assert_eq!(credited[0].url.is_none(), matches!(layout, "plain text" | "preformatted"), "{layout}");
    }
}

#[test]
fn the_source_line_is_attribution() {
    let source = "https://themoscowtimes.com/news/japan-plans-to-push-for-peace-treaty-with-russia-pm-says-64035";
    for (layout, copy) in copies() {
        assert_eq!(copy.content.attribution.source_url.as_deref(), Some(source), "{layout}");
    }
}

#[test]
fn no_furniture_is_in_the_body() {
    for (layout, copy) in copies() {
        for furniture in [
            "Source",
            "Disclaimer",
            "TASS",
            "Read also",
            "cookies",
            "briefing",
            "Singapore to speak",
            "fog and fish",
            "Tagged",
            "Archive",
            TITLE,
        ] {
            assert!(!copy.content.body.contains(furniture), "{layout}: {furniture}");
        }
    }
}

#[test]
fn all_copies_have_one_text_with_its_typographic_quotes() {
    let copies = copies();
    let (_, first) = &copies[0];
    assert!(first.content.body.contains("“as never before.”"));
    for (layout, copy) in &copies {
        assert_eq!(copy.content.body, first.content.body, "{layout}");
        assert_eq!(copy.content.word_count, first.content.word_count, "{layout}");
        assert_eq!(copy.content.language.as_deref(), Some("en"), "{layout}");
    }
}

#[test]
fn a_republisher_says_when_and_where() {
    let copy = extracted(
        include_str!("fixtures/seed/republisher.html"),
        "text/html",
        "https://www.pacificdigest.example/2018/11/23/japan-plans-peace-treaty/?utm_source=x",
    )
    .unwrap();
    assert_eq!(copy.content.published_at.unwrap().to_string(), "2018-11-23T18:05:00+09:00");
    assert_eq!(copy.content.authors, ["Mika Sato"]);
    assert_eq!(copy.content.publisher.name.as_deref(), Some("Pacific Digest"));
    assert_eq!(copy.content.publisher.domain, "pacificdigest.example");
    assert_eq!(copy.canonical.unwrap().as_str(), "https://pacificdigest.example/2018/11/23/japan-plans-peace-treaty/");
}

#[test]
fn a_dateline_and_its_agency_leave_the_first_paragraph() {
    let page = include_str!("fixtures/seed/paragraphs.html")
        .replace("<p>Japanese Prime", "<p>TOKYO, Sept 25 (Reuters) - Japanese Prime");
    let copy = extracted(&page, "text/html", "https://wire.example/a").unwrap();
    assert_eq!(copy.content.attribution.dateline.as_deref(), Some("TOKYO, Sept 25"));
    assert_eq!(copy.content.attribution.agency.as_deref(), Some("Reuters"));
    assert!(copy.content.body.starts_with("Japanese Prime Minister"));
}

#[test]
fn a_page_without_text_is_no_article() {
    for page in ["", "<p>Too short.", "<html><body><script>x</script>Please enable JavaScript.", "\u{0}\u{0}"] {
        let refusal = extracted(page, "text/html", "https://e.example/a").unwrap_err();
        assert!(matches!(refusal, Refusal::NotAnArticle { .. }), "{page:?}: {refusal}");
    }
}

#[test]
fn a_day_that_merely_stands_on_the_page_is_no_sign_of_an_article() {
    let dated = |line: &str| {
        let page =
            format!("<h1>Harbours</h1>{}<footer><p>{line}</p></footer>", "<p><a href=/a>Topic</a></p>".repeat(30));
        let url = Url::parse("https://e.example/a").unwrap();
        let source = Source { body: page.as_bytes(), content_type: None, x_robots_tag: None, url: &url, hints: None };
        let (names, [measured, _]) = super::measures(&source, &LIMITS).unwrap();
        measured.values[names.iter().position(|name| *name == "dated").unwrap()] > 0.0
    };
    assert!(!dated("Harbour News, 19 December 2019"));
    assert!(dated("Published on 19 December 2019"));
}

#[test]
fn bytes_that_are_no_text_are_undecodable() {
    let url = Url::parse("https://e.example/a").unwrap();
    let body: Vec<u8> = (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect();
    let source = Source {
        body: &body,
        content_type: Some("text/html; charset=utf-8"),
        x_robots_tag: None,
        url: &url,
        hints: None,
    };
    assert!(matches!(extract(&source, &LIMITS), Err(Refusal::Undecodable { .. })));
}
