//! JSON-LD: the article that a page describes in its scripts (schema.org).

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Bytes of one script that are read at all.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Values of one script, one behind the other.
const MAX_VALUES: usize = 100;
/// Objects of a page that are looked at.
const MAX_OBJECTS: usize = 5_000;

/// The objects of all scripts of a page, outermost first.
#[derive(Debug, Default)]
pub(super) struct Graph {
    objects: Vec<Map<String, Value>>,
}

impl Graph {
    /// Reads the scripts. What can't be read, even mended, is left out.
    pub(super) fn of(scripts: &[&str]) -> Self {
        let mut graph = Self::default();
        for script in scripts {
            if script.len() > MAX_BYTES {
                continue;
            }
            for value in read(script) {
                graph.gather(value);
            }
        }
        graph
    }

    /// Takes the objects out of a value, without recursion: lists, `@graph`, and the things that
    /// a page is about are opened.
    fn gather(&mut self, value: Value) {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            if self.objects.len() >= MAX_OBJECTS {
                return;
            }
            match value {
                Value::Array(values) => waiting.extend(values.into_iter().take(MAX_OBJECTS).rev()),
                Value::Object(mut object) => {
                    for inner in ["@graph", "mainEntity", "hasPart"] {
                        if let Some(value) = object.remove(inner) {
                            waiting.push(value);
                        }
                    }
                    if !is_article(&object)
                        && let Some(value @ Value::Object(_)) = object.remove("mainEntityOfPage")
                    {
                        waiting.push(value);
                    }
                    self.objects.push(object);
                }
                _ => {}
            }
        }
    }

    /// The article that this page is, if there is one: of several the one with this address, or the
    /// one whose headline is one of `titles` (compared by `same`), or else the first.
    pub(super) fn article(
        &self,
        is_page: impl Fn(&str) -> bool,
        is_title: impl Fn(&str) -> bool,
    ) -> Option<&Map<String, Value>> {
        let articles = || self.objects.iter().filter(|object| is_article(object));
        let named = |object: &&Map<String, Value>| {
            ["url", "@id", "mainEntityOfPage"]
                .iter()
                .any(|name| object.get(*name).and_then(address).is_some_and(&is_page))
        };
        let titled =
            |object: &&Map<String, Value>| object.get("headline").and_then(Value::as_str).is_some_and(&is_title);
        articles()
            .find(|object| titled(object) && named(object))
            .or_else(|| articles().find(titled))
            .or_else(|| articles().find(named))
            .or_else(|| articles().next())
    }

    /// The first text under this name in an object that describes the page itself.
    pub(super) fn of_page(&self, name: &str) -> Option<&str> {
        let pages = self
            .objects
            .iter()
            .filter(|object| kinds(object).any(|kind| kind.ends_with("WebPage") || kind.ends_with("Object")));
        pages.filter_map(|object| object.get(name)).find_map(Value::as_str)
    }

    /// All objects, outermost first.
    pub(super) fn objects(&self) -> &[Map<String, Value>] {
        &self.objects
    }

    /// Whether an object has one of these types.
    pub(super) fn has_type(&self, types: &[&str]) -> bool {
        self.objects.iter().any(|object| kinds(object).any(|kind| types.contains(&kind)))
    }

    /// The object that a `{"@id": ...}` stands for, or the object itself.
    pub(super) fn resolve<'a>(&'a self, object: &'a Map<String, Value>) -> &'a Map<String, Value> {
        let Some(id) = object.get("@id").and_then(Value::as_str) else { return object };
        if object.contains_key("name") {
            return object;
        }
        self.objects
            .iter()
            .find(|other| other.contains_key("name") && other.get("@id").and_then(Value::as_str) == Some(id))
            .unwrap_or(object)
    }
}

/// The types of an object, without their namespace.
pub(super) fn kinds(object: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let values: &[Value] = match object.get("@type") {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values.iter().filter_map(Value::as_str).map(|kind| kind.rsplit(['/', ':', '#']).next().unwrap_or(kind))
}

/// Whether schema.org counts it among the articles.
fn is_article(object: &Map<String, Value>) -> bool {
    kinds(object).any(|kind| {
        kind.ends_with("Article") && kind != "TechArticleList"
            || kind.ends_with("BlogPosting")
            || matches!(kind, "Report" | "Review" | "Recipe")
    }) && (object.contains_key("headline") || object.contains_key("datePublished") || object.contains_key("name"))
}

/// Whether it is news in schema.org's words.
pub(super) fn is_news(object: &Map<String, Value>) -> bool {
    kinds(object).any(|kind| kind.ends_with("NewsArticle"))
}

/// An address as JSON-LD writes it: a string, or an object with an `@id` or `url`.
pub(super) fn address(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(object) => object.get("@id").or_else(|| object.get("url")).and_then(Value::as_str),
        Value::Array(values) => values.first().and_then(|value| value.as_str()),
        _ => None,
    }
}

/// The values of a script, as sites write them: in comments or CDATA, escaped as HTML, several in a row,
/// with raw line breaks or quotation marks in strings, with commas before a closing bracket, with
/// something behind the end.
fn read(script: &str) -> Vec<Value> {
    let escaped = script.contains("&quot;") && !script.contains('"');
    let script = if escaped { Cow::Owned(script.replace("&quot;", "\"")) } else { Cow::Borrowed(script) };
    let text = unwrapped(&script);
    let values = values_of(text);
    if values.is_empty() { values_of(&mended(text)) } else { values }
}

/// The objects and lists at the beginning of a text, one behind the other, also with commas between them.
fn values_of(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = text;
    while found.len() < MAX_VALUES {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let Some(Ok(value)) = values.next() else { break };
        let end = values.byte_offset();
        if !value.is_object() && !value.is_array() {
            break;
        }
        found.push(value);
        rest = rest
            .get(end..)
            .unwrap_or_default()
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    }
    found
}

fn unwrapped(script: &str) -> &str {
    let start = script.find(['{', '[']).unwrap_or_default();
    let text = script.get(start..).unwrap_or_default();
    // `[CDATA[` begins with a bracket, too.
    match text.strip_prefix("[CDATA[") {
        Some(inner) => inner.get(inner.find(['{', '[']).unwrap_or_default()..).unwrap_or_default(),
        None => text,
    }
}

/// Escapes control characters and quotation marks within strings, and leaves out comments and commas
/// that close nothing.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut in_string = false;
    let mut escaped = false;
    let mut until = 0;
    for (at, c) in text.char_indices() {
        if at < until {
            continue;
        }
        if in_string {
            match c {
                _ if escaped => {
                    escaped = false;
                    if !matches!(c, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') {
                        out.push('\\');
                    }
                    out.push(if c.is_control() { ' ' } else { c });
                }
                '\\' => {
                    escaped = true;
                    out.push(c);
                }
                '"' if !closes(text.get(at + 1..).unwrap_or_default()) => out.push_str("\\\""),
                c if c.is_control() => out.push(' '),
                c => {
                    in_string = c != '"';
                    out.push(c);
                }
            }
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with("/*") {
            until = at + rest.find("*/").map_or(rest.len(), |end| end + 2);
            continue;
        }
        if matches!(c, '}' | ']') {
            out.truncate(out.trim_end().trim_end_matches(',').len());
        }
        in_string = c == '"';
        out.push(c);
    }
    out
}

/// Whether a quotation mark with this text behind it ends its string: what may stand there is a colon, a
/// closing bracket, or a comma before another value.
fn closes(rest: &str) -> bool {
    let rest = rest.trim_start();
    match rest.chars().next() {
        None | Some(':' | '}' | ']') => true,
        Some(',') => {
            let next = rest.get(1..).unwrap_or_default().trim_start();
            next.starts_with(|c: char| matches!(c, '"' | '{' | '[' | '}' | ']' | '-') || c.is_ascii_digit())
                || ["true", "false", "null"].iter().any(|word| next.starts_with(word))
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headline(scripts: &[&str]) -> Option<String> {
        let graph = Graph::of(scripts);
        let article = graph.article(|url| url == "https://e.com/b", |_| false)?;
        article.get("headline").and_then(Value::as_str).map(str::to_owned)
    }

    #[test]
    fn the_article_is_found_in_lists_and_graphs() {
        assert_eq!(
            headline(&[r#"[{"@type":"WebSite"},{"@type":["Thing","NewsArticle"],"headline":"A"}]"#]).as_deref(),
            Some("A")
        );
        assert_eq!(
            headline(&[r#"{"@graph":[{"@type":"http://schema.org/NewsArticle","headline":"A"}]}"#]).as_deref(),
            Some("A")
        );
    }

    #[test]
    fn of_several_articles_the_one_of_this_page_is_taken() {
        let both = r#"[{"@type":"NewsArticle","headline":"A","url":"https://e.com/a"},
                       {"@type":"NewsArticle","headline":"B","mainEntityOfPage":{"@id":"https://e.com/b"}}]"#;
        assert_eq!(headline(&[both]).as_deref(), Some("B"));
    }

    #[test]
    fn broken_json_is_mended() {
        for script in [
            "<!-- {\"@type\":\"NewsArticle\",\"headline\":\"A\",} -->",
            "//<![CDATA[\n{\"@type\":\"NewsArticle\",\"headline\":\"A\"}\n//]]>",
            "{\"@type\":\"NewsArticle\",\"description\":\"a\nb\\'\",\"headline\":\"A\"};",
            "{\"@type\":\"NewsArticle\",\"description\":\"He said \"no\", and \"never\".\",\"headline\":\"A\"}",
            "{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;A&quot;}",
            "{\"@type\":\"WebSite\"}\n{\"@type\":\"NewsArticle\",\"headline\":\"A\"}",
            "{\"@type\":\"WebSite\"},{\"@type\":\"NewsArticle\",\"headline\":\"A\"}",
            "{/* generated */\"@type\":\"NewsArticle\",\"headline\":\"A\",\n}",
        ] {
            assert_eq!(headline(&[script]).as_deref(), Some("A"), "{script}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_script_breaks_the_reader(script in r#"[\[\]{}",:\\/* a1\n&;]{0,200}"#) {
            let _ = Graph::of(&[script.as_str()]);
        }

        #[test]
        fn mending_leaves_good_json_as_it_says(headline in "[ -~]{1,40}") {
            let script = serde_json::json!({"@type": "NewsArticle", "headline": headline}).to_string();
            let mended: serde_json::Value = serde_json::from_str(&mended(&script)).unwrap();
            proptest::prop_assert_eq!(mended.to_string(), script);
        }
    }

    #[test]
    fn hostile_json_is_left_out() {
        assert_eq!(headline(&[&"[".repeat(100_000), "null", "", "{\"@type\":", "\"\\ud800\""]), None);
    }
}
