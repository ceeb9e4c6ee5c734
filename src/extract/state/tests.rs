use std::time::Duration;

use url::Url;

use crate::extract::{Extraction, Limits, Refusal, Source, extract};

/// Three paragraphs of an article.
const PARAGRAPHS: [&str; 3] = [
    "The ferry across the sound will run again from Saturday, the port authority said on Thursday, eleven weeks after a storm had torn its landing stage away and left two villages cut off.",
    "Until then the villagers had to drive ninety kilometres around the bay, or wait for a fishing boat that took them across for nothing whenever the weather allowed it to leave.",
    "The new stage stands on steel instead of oak, costs four million and was finished a month before the day that the builders had named, which nobody on the island had believed.",
];

fn read(head: &str, body: &str) -> Result<Extraction, Refusal> {
    let html = format!(
        "<!doctype html><html lang=en><head><title>Ferry runs again from Saturday</title>{head}</head><body><div id=root></div>{body}</body></html>"
    );
    let url = Url::parse("https://news.example/islands/ferry-runs-again").unwrap();
    let source = Source { body: html.as_bytes(), content_type: None, x_robots_tag: None, url: &url, hints: None };
    extract(&source, &Limits { min_words: 25, time_limit: Duration::from_secs(30) })
}

#[track_caller]
fn finds_all(body: &str) -> Extraction {
    let extraction = read("", body).unwrap();
    assert_eq!(extraction.content.paragraphs, PARAGRAPHS);
    extraction
}

fn html() -> String {
    PARAGRAPHS.map(|text| format!("<p>{text}</p>")).concat()
}

#[test]
fn a_list_of_texts_in_an_assigned_object_is_the_article() {
    let texts = PARAGRAPHS.map(|text| format!("'{text}'")).join(",");
    finds_all(&format!(
        "<script>window.__INITIAL_STATE__ = {{user: void 0, page: {{headline: \"Ferry runs again from Saturday\", body: [{texts}], }}}};</script>"
    ));
}

#[test]
fn a_state_that_is_a_string_of_json_is_read() {
    let json = serde_json::json!({"page": {"title": "Ferry runs again from Saturday", "html": html()}}).to_string();
    let quoted = serde_json::to_string(&json).unwrap();
    finds_all(&format!("<script>window.__PRELOADED_STATE__ = {quoted}</script>"));
    finds_all(&format!("<script>window.data = JSON.parse({quoted});</script>"));
}

#[test]
fn names_of_a_functions_arguments_stand_for_their_values() {
    let quoted = PARAGRAPHS.map(|text| serde_json::to_string(text).unwrap());
    finds_all(&format!(
        "<script>window.__NUXT__=(function(a,b,c,d){{return {{data:[{{article:{{title:d,paragraphs:[a,b,c]}}}}]}}}}({},{},{},\"Ferry runs again from Saturday\"));</script>",
        quoted[0], quoted[1], quoted[2]
    ));
}

#[test]
fn values_that_name_one_another_by_their_places_are_put_together() {
    let list = serde_json::json!([
        ["ShallowReactive", 1], {"data": 2}, {"article": 3}, {"title": 4, "content": 5},
        "Ferry runs again from Saturday", [6, 7, 8], PARAGRAPHS[0], PARAGRAPHS[1], PARAGRAPHS[2]
    ]);
    finds_all(&format!("<script type=\"application/json\" id=\"__NUXT_DATA__\">{list}</script>"));
}

#[test]
fn rows_that_react_sends_in_parts_are_read() {
    let text = html();
    let rows = format!(
        "1:I[123,[],\"\"]\n2:{}\n3:T{:x},{text}",
        serde_json::json!(["$", "$L1", null, {"article": {"headline": "Ferry runs again from Saturday", "body": "$3"}}]),
        text.len()
    );
    let (first, second) = rows.split_at(120);
    let push =
        |part: &str| format!("<script>self.__next_f.push([1,{}])</script>", serde_json::to_string(part).unwrap());
    // Short scripts hold no article, but parts of one.
    finds_all(&(push(first) + &push(second)));
}

#[test]
fn objects_of_a_cache_that_name_one_another_are_put_together() {
    let cache = serde_json::json!({
        "ROOT_QUERY": {"article": {"__ref": "Article:7"}},
        "Article:7": {"__typename": "Article", "headline": "Ferry runs again from Saturday",
            "blocks": [{"__ref": "Block:1"}, {"__ref": "Block:2"}, {"__ref": "Block:3"}, {"__ref": "Promo:1"}]},
        "Block:1": {"__typename": "TextBlock", "text": PARAGRAPHS[0]},
        "Block:2": {"__typename": "TextBlock", "text": PARAGRAPHS[1]},
        "Block:3": {"__typename": "TextBlock", "text": PARAGRAPHS[2]},
        "Promo:1": {"__typename": "PromoBlock", "text": "Read all that we wrote of the islands and their ferries in this year of storms."},
    });
    finds_all(&format!("<script>window.__APOLLO_STATE__={cache};</script>"));
}

#[test]
fn rich_text_keeps_its_kinds() {
    let leaf = |text: &str| serde_json::json!({"type": "text", "text": text});
    let state = serde_json::json!({"props": {"pageProps": {"title": "Ferry runs again from Saturday", "content": {"type": "doc", "content": [
        {"type": "paragraph", "content": [leaf("The ferry across the sound "), leaf("will run again from Saturday, the port authority said on Thursday, eleven weeks after a storm had torn its landing stage away and left two villages cut off.")]},
        {"type": "heading", "content": [leaf("Ninety kilometres")]},
        {"type": "paragraph", "content": [leaf(PARAGRAPHS[1])]},
        {"type": "bulletList", "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [leaf("The first boat leaves at six in the morning, the last one at ten.")]}]}]},
        {"type": "blockquote", "content": [{"type": "paragraph", "content": [leaf("We had not believed that we would see the day, and now it is here.")]}]},
        {"type": "image", "caption": "The new landing stage, seen from the village, on the day of its opening."},
        {"type": "paragraph", "content": [leaf(PARAGRAPHS[2])]},
    ]}}}});
    let extraction = read("", &format!("<script id=__NEXT_DATA__ type=application/json>{state}</script>")).unwrap();
    let kinds: Vec<String> = extraction
        .content
        .blocks
        .iter()
        .map(|block| serde_json::to_value(block.kind).unwrap().as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["paragraph", "heading", "paragraph", "list_item", "quote", "paragraph"],
        "{:?}",
        extraction.content.paragraphs
    );
    assert_eq!(extraction.content.paragraphs[0], PARAGRAPHS[0]);
}

#[test]
fn a_page_that_has_its_text_is_untouched_by_its_state() {
    let other = vec![PARAGRAPHS.join(" ").replace("ferry", "barge"); 12];
    let state = serde_json::json!({"headline": "Ferry runs again from Saturday", "body": other});
    let shown = format!(
        "<article><h1>Ferry runs again from Saturday</h1>{}{}</article>",
        html(),
        html().replace("Saturday", "Sunday")
    );
    let with = read("", &format!("{shown}<script type=application/json>{state}</script>")).unwrap();
    assert_eq!(with.content, read("", &shown).unwrap().content);
    assert!(!with.content.body.contains("barge"));
}

#[test]
fn the_text_of_another_article_is_not_taken() {
    let state = serde_json::json!({"latest": [{"headline": "Council closes the swimming pool", "url": "/city/council-closes-pool", "body": PARAGRAPHS}]});
    assert!(read("", &format!("<script type=application/json>{state}</script>")).is_err());
}

#[test]
fn the_structured_datas_text_is_all_there_is_where_no_state_has_it() {
    let ld = serde_json::json!({"@type": "NewsArticle", "headline": "Ferry runs again from Saturday", "articleBody": PARAGRAPHS.join("\n\n")});
    let extraction = read(&format!("<script type=application/ld+json>{ld}</script>"), "").unwrap();
    assert_eq!(extraction.content.paragraphs, PARAGRAPHS);
}

#[test]
fn hostile_states_end_in_bounds() {
    let deep = "[".repeat(200_000);
    let nested = format!("window.a={}{}", "{\"body\":".repeat(5_000), "}".repeat(5_000));
    let tries = "a={b:{c:[".repeat(50_000);
    let cycle = "[{\"a\":1,\"b\":0},{\"body\":0,\"content\":1,\"c\":1,\"d\":0}]".to_owned() + &" ".repeat(300);
    let refs = "{\"Article:1\":{\"headline\":\"Ferry runs again from Saturday\",\"body\":[{\"__ref\":\"Article:1\"},{\"__ref\":\"Article:1\"}]}}".to_owned() + &" ".repeat(300);
    let texts = format!("window.a={{\"body\":[{}]}}", "\"a b c d e f g\",".repeat(100_000));
    // One value that is named very often: written out it would have gigabytes.
    let list = "1,".repeat(20_000);
    let names = format!("(function(a){{return {{a:[{}]}}}}([{list}],\"{list}\"))", "a,".repeat(20_000));
    let places = format!("[[\"Reactive\",1],{{\"a\":2}},[{}3],\"{list}\"]", "3,".repeat(20_000));
    for script in [names, places] {
        let _ = read("", &format!("<script>{script}</script>"));
    }
    for script in
        [deep, nested, tries, cycle, refs, texts, "a=\"\\u{110000}\\ud800\\x4".repeat(1_000), "a='{\"".repeat(10_000)]
    {
        let _ = read("", &format!("<script>{script}</script><script type=application/json>{script}</script>"));
    }
}
