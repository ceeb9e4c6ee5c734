//! Pages that were made to break something: each has its answer, within bounds, and the next page is unharmed.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use unicode_normalization::is_nfc;
use url::Url;

use super::LIMITS;
use crate::extract::{Extraction, Refusal, Source, extract};

const TEXT: &str = "<p>The harbour office said on Friday that the ferry will run again from Monday, after eleven weeks in dock, and that fares stay as they are until the end of the year.</p>";

fn read(body: &[u8]) -> Result<Extraction, Refusal> {
    let url = Url::parse("https://courier.example/news/2024/03/08/ferry-to-the-islands-runs-again").unwrap();
    extract(
        &Source { body, content_type: Some("text/html; charset=utf-8"), x_robots_tag: None, url: &url, hints: None },
        &LIMITS,
    )
}

/// What holds of every record, whatever the page.
fn hold(extraction: &Extraction) {
    let content = &extraction.content;
    let images = content.images.iter().flat_map(|image| [&image.caption, &image.credit]).flatten();
    let attribution = [&content.attribution.agency, &content.attribution.dateline].into_iter().flatten();
    let optional = [&content.title, &content.description, &content.section, &content.publisher.name];
    let strings =
        optional.into_iter().flatten().chain(&content.authors).chain(&content.tags).chain(&content.paragraphs);
    for text in strings.chain(images).chain(attribution) {
        assert!(is_nfc(text), "not in NFC: {text:?}");
        let odd = text.find(|c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
        assert_eq!(odd, None, "{text:?}");
    }
    assert!(content.title.as_ref().is_none_or(|title| title.chars().count() <= 1_000));
    assert!(content.authors.len() <= 50 && content.tags.len() <= 100 && content.images.len() <= 100);
    assert_eq!(content.body, content.paragraphs.join("\n\n"));
}

fn unharmed() {
    let page = format!("<meta property=og:type content=article><h1>Ferry runs again</h1>{TEXT}{TEXT}");
    assert!(read(page.as_bytes()).unwrap().content.body.starts_with("The harbour office said"));
}

#[test]
fn no_page_takes_the_next_one_with_it() {
    let json = |inside: &str| {
        format!("<script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"headline\":\"A\",{inside}}}</script>")
    };
    let authors: String = (0..100_000).map(|n| format!("{{\"@type\":\"Person\",\"name\":\"Jane Doe{n}\"}},")).collect();
    let attributes: String = (0..1_000_000).map(|n| format!(" a{n}=b")).collect();
    let pages: Vec<(&str, String)> = vec![
        ("nested", "<div>".repeat(100_000)),
        ("formatting", "<b><p>".repeat(50_000)),
        ("fonts", (0..4_000).map(|size| format!("<font size={size}><p>")).collect()),
        ("attributes", format!("<div{attributes}>")),
        ("attributes of formatting", format!("<b{attributes}>")),
        ("attributes within what the scan does not know", format!("<math><div{}>", &attributes[..40_000])),
        ("long attribute", format!("<div class='{}'>", "sidebar ".repeat(500_000))),
        ("nested JSON-LD", json(&format!("\"a\":{}", "[".repeat(100_000)))),
        ("JSON-LD of 10 MB", json(&format!("\"articleBody\":\"{}\"", "a ".repeat(5_000_000)))),
        (
            "objects of JSON-LD",
            format!(
                "<script type=application/ld+json>[{}{{}}]</script>",
                "{\"@type\":\"NewsArticle\"},".repeat(200_000)
            ),
        ),
        ("authors", json(&format!("\"author\":[{authors}{{}}]"))),
        ("year 99999", json("\"datePublished\":\"99999-01-01T00:00:00Z\",\"dateModified\":\"-5-99-99\"")),
        ("table", format!("<table>{}</table>", "<tr><td>a<td>b<td>c".repeat(50_000))),
        ("nested tables", "<table><tr><td>".repeat(30_000)),
        ("headings", "<h1>a</h1>".repeat(100_000)),
        ("titles", "<title>a</title>".repeat(50_000)),
        ("times", "<time datetime=99999-99-99>0</time>".repeat(50_000)),
        ("comments", "<!--".repeat(100_000)),
        ("scripts", "<script><!--<script>".repeat(50_000)),
        ("pictures", "<svg><g>".repeat(50_000)),
        ("selects", "<select><option>".repeat(50_000)),
        ("end tags", "</p></div>".repeat(100_000)),
        ("references", "&amp;&#xD800;&#x110000;&notit;".repeat(50_000)),
        ("metas", "<meta name=author content=a><meta property=article:tag content=b>".repeat(30_000)),
        ("links", "<a href=//[>a</a>".repeat(50_000)),
        ("one line", "word ".repeat(500_000)),
        ("one word", "w".repeat(3_000_000)),
        ("marks", "a\u{301}\u{323}\u{301}".repeat(100_000)),
        ("nothing", "\u{0}".repeat(100_000)),
        ("overrides", "<h1>\u{202e}evil\u{2066}\u{7}\u{0}</h1>".repeat(1_000)),
    ];
    for (name, page) in pages {
        for page in [format!("{page}{TEXT}{TEXT}"), format!("<h1>A ferry</h1>{TEXT}{TEXT}{page}")] {
            if let Ok(extraction) = read(page.as_bytes()) {
                assert!(extraction.content.published_at.is_none_or(|date| date.day().year() < 2_200), "{name}");
                hold(&extraction);
            }
        }
        unharmed();
    }
}

#[test]
fn bytes_that_are_no_utf_8_leave_a_record_that_is() {
    let page = [b"<h1>Ferry \xed\xa0\x80 runs \xff again</h1>".as_slice(), TEXT.as_bytes(), TEXT.as_bytes()].concat();
    if let Ok(extraction) = read(&page) {
        hold(&extraction);
    }
    unharmed();
}

/// The pages of `tests/pages`, as seeds.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "html")).collect();
    pages.sort();
    pages.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// What turns a page into one that nobody wrote.
#[derive(Debug, Clone)]
enum Change {
    Cut(usize, usize),
    Double(usize, usize),
    Insert(usize, &'static str),
    Replace(usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let pieces = prop::sample::select(vec![
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<p>",
        "</div>",
        "<table>",
        "\"",
        "'",
        ">",
        "<",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\\u",
        "\\ud800",
        "&#",
        "99999-12-31",
        "By ",
        " and ",
        "\u{202e}",
        "\u{0}",
        "<svg>",
        "<select>",
        "<math>",
        "<title>",
        "2024-02-30T25:61:00+99:99",
        "12/31/0000",
        "ä",
        "\u{301}",
        "e38386",
        "1e999",
    ]);
    let at = 0..100_000_usize;
    prop_oneof![
        1 => (at.clone(), 0..400_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        1 => (at.clone(), 0..400_usize).prop_map(|(at, length)| Change::Double(at, length)),
        4 => (at.clone(), pieces).prop_map(|(at, piece)| Change::Insert(at, piece)),
        2 => (at, any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
    ]
}

fn changed(mut page: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = page.len().max(1);
        match change {
            Change::Cut(at, count) => {
                drop(page.drain((at % length).min(page.len())..(at % length + count).min(page.len())))
            }
            Change::Double(at, count) => {
                let part = page[(at % length).min(page.len())..(at % length + count).min(page.len())].to_vec();
                page.splice(at % length..at % length, part);
            }
            Change::Insert(at, piece) => drop(page.splice(at % length..at % length, piece.bytes())),
            Change::Replace(at, byte) => page.iter_mut().skip(at % length).take(1).for_each(|place| *place = *byte),
        }
    }
    page
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_page_breaks_a_record(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..12)) {
        let seeds = seeds();
        let page = changed(seeds[seed.index(seeds.len())].clone(), &changes);
        if let Ok(extraction) = read(&page) {
            hold(&extraction);
        }
    }
}
