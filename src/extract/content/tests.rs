//! What the text of a page is, on small pages with the layouts that matter.

use serde_json::Value;
use url::Url;

use super::features::{NAMES, features};
use super::ground::Ground;
use super::judge::BLOCKS;
use super::{Survey, body, told};
use crate::extract::jsonld::Graph;
use crate::extract::page::Page;
use crate::extract::structured::Facts;
use crate::extract::title::title;
use crate::extract::trees::{Trees, filled};

fn with_facts<T>(html: &str, read: impl Fn(&Facts<'_>, Option<&str>, Option<usize>) -> T) -> T {
    let html = scraper::Html::parse_document(html);
    let page = Page::of(&html);
    let graph = Graph::of(&page.json_ld());
    let url = Url::parse("https://news.example/2024/05/03/council-votes-on-the-old-bridge").unwrap();
    let facts = Facts::of(&page, &url, &graph);
    let title = title(&facts);
    read(&facts, title.text.as_deref(), title.heading)
}

fn lines(html: &str) -> Vec<String> {
    with_facts(html, |facts, title, heading| {
        body(facts, title, heading).lines.into_iter().map(|line| line.text).collect()
    })
}

const FIRST: &str = "The council voted on Friday to keep the old bridge open for another year, against the advice of its own engineers.";
const SECOND: &str = "“Nobody wants to see it closed,” said Jane Miller, who leads the committee, “but everybody knows that it has to be.”";
const THIRD: &str = "Repairs would cost 4 million euros, twice as much as the town has set aside for all of its roads in the coming year.";
const FOURTH: &str =
    "A first look at the cables is planned for June, when the river is low and boats can pass under the western arch.";

fn story(before: &str, within: &str, after: &str) -> String {
    format!(
        "<html><head><title>Council votes on the old bridge - The Example</title></head><body>\
         <header><nav><ul><li><a href=/>Home</a></li><li><a href=/world>World</a></li><li><a href=/sport>Sport</a></li></ul></nav></header>\
         <main><article><h1>Council votes on the old bridge</h1>{before}<div class=article-body>\
         <p>{FIRST}</p><p>{SECOND}</p>{within}<p>{THIRD}</p><p>{FOURTH}</p></div></article>{after}</main>\
         <footer><p>© 2024 The Example. All rights reserved.</p><ul><li><a href=/terms>Terms of use</a></li></ul></footer></body></html>"
    )
}

const STORY: [&str; 4] = [FIRST, SECOND, THIRD, FOURTH];

#[test]
fn the_trees_were_grown_on_the_features_that_they_are_told() {
    let names = with_facts(&story("", "", ""), |facts, _, heading| {
        let ground = Ground::of(facts, "", heading, Survey::of(facts, "", heading).unwrap());
        let mut names = Vec::new();
        let block = &facts.page.blocks[0];
        features(&ground, 0, block, &mut |name, number, _| names.push(format!("{name}_{number}")));
        names
    });
    assert_eq!(names, NAMES);
    if let Err(unreadable) = Trees::read(include_bytes!("blocks.trees"), &NAMES) {
        panic!("{unreadable}: train them anew, as examples/train/README.md says");
    }
}

#[test]
fn trees_say_what_the_library_that_grew_them_says() {
    let sample: Value = serde_json::from_str(include_str!("blocks_sample.json")).unwrap();
    let rows = sample.as_array().unwrap();
    assert!(rows.len() > 20);
    for row in rows {
        let features: Vec<f32> =
            row["features"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect();
        let expected = row["score"].as_f64().unwrap() as f32;
        let found = BLOCKS.score(&filled(&features));
        assert!((found - expected).abs() < 0.01, "{found} instead of {expected}");
    }
}

#[test]
fn training_is_told_what_reading_is_told() {
    let html = story("", "<p><a href=/other>Read more: Mayor opens new road</a></p>", "");
    let (_, blocks) = with_facts(&html, told);
    let sure: Vec<String> = blocks
        .into_iter()
        .filter(|block| BLOCKS.score(&filled(&block.features)) > 0.0)
        .map(|block| block.text)
        .collect();
    assert_eq!(sure, lines(&html));
}

#[test]
fn a_story_is_its_paragraphs() {
    assert_eq!(lines(&story("", "", "")), STORY);
}

#[test]
fn comments_below_are_no_text() {
    let comments = "<div id=comments><h3>2 comments</h3><div class=comment><p>I have crossed that bridge every day for thirty years, and it never moved under me.</p></div>\
                    <div class=comment><p>They should have repaired it ten years ago, when it would have cost half as much as today.</p></div></div>";
    assert_eq!(lines(&story("", "", comments)), STORY);
}

#[test]
fn a_consent_dialog_is_no_text() {
    let dialog = "<div role=dialog aria-modal=true class=consent><p>We and our partners store and access information on your device, such as cookies, to show you ads that fit your interests.</p></div>";
    assert_eq!(lines(&story("", "", dialog)), STORY);
}

#[test]
fn what_is_not_shown_is_no_text() {
    let hidden = "<div hidden><p>This is a template that no reader sees, with a sentence of some length in it, and a second one.</p></div>\
                  <div style='display:none'><p>The same holds for this one, which a script may show to some readers on some day or other.</p></div>";
    assert_eq!(lines(&story("", hidden, "")), STORY);
}

#[test]
fn captions_and_share_bars_within_are_no_text() {
    let within = "<figure><img src=/a.jpg><figcaption>The old bridge in spring. Photo: John Smith</figcaption></figure><div class=share-bar><ul><li><a href=x>Share on Facebook</a></li><li><a href=y>Tweet</a></li></ul></div>";
    assert_eq!(lines(&story("", within, "")), STORY);
}

#[test]
fn subheadings_quotes_and_items_are_text() {
    let within = "<h2>What comes next for the bridge</h2><blockquote><p>We will not wait until something happens to somebody on it.</p></blockquote>\
                  <ul><li>The western arch is looked at in June, when the river is low.</li><li>The eastern arch follows in the autumn of next year.</li></ul>";
    let lines = lines(&story("", within, ""));
    assert_eq!(lines.len(), 8, "{lines:#?}");
}
