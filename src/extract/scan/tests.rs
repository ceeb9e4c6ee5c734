use std::time::{Duration, Instant};

use ego_tree::iter::Edge;
use html5ever::driver::{ParseOpts, parse_document};
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use proptest::prelude::*;
use scraper::{Html, HtmlTreeSink, Node};

use super::kept::place;
use super::*;
use crate::extract::parse::{Parsed, parse};

/// A tree as text, less what the scan may leave out.
fn read(html: &Html) -> String {
    let mut out = String::new();
    let mut unread = 0;
    for edge in html.tree.root().traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Element(element) => {
                    if unread == 0 {
                        out += &format!("<{}", element.name());
                        let bare = matches!(element.name(), "script" | "svg");
                        for (name, value) in element.attrs().filter(|(name, _)| !bare && place(name).is_some()) {
                            out += &format!(" {name}={value:?}");
                        }
                        out += ">";
                    }
                    unread += usize::from(is_unread(element.name()));
                }
                _ if unread > 0 => {}
                Node::Text(text) => out += text,
                Node::Comment(_) => out += "<!---->",
                Node::Doctype(doctype) => {
                    out += &format!("<!doctype {} {} {}>", doctype.name(), doctype.public_id(), doctype.system_id())
                }
                other => out += &format!("{other:?}"),
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    unread -= usize::from(is_unread(element.name()));
                    if unread == 0 {
                        out += &format!("</{}>", element.name());
                    }
                }
            }
        }
    }
    out
}

fn is_unread(name: &str) -> bool {
    matches!(name, "script" | "style" | "iframe" | "noembed" | "noframes" | "svg")
}

/// The tree of the page with all that is in it, by html5ever's own tokenizer.
fn whole(text: &str) -> Html {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    parse_document(HtmlTreeSink::new(Html::new_document()), options).one(text)
}

fn parsed(text: &str) -> Parsed<'_> {
    parse(text, Instant::now() + Duration::from_secs(60)).unwrap()
}

#[track_caller]
fn same(page: &str) {
    assert_eq!(read(&parsed(page).html), read(&whole(page)), "\npage {page:?}");
}

#[test]
fn the_tree_is_the_full_tree_less_what_was_left_out() {
    for page in [
        "<script>a</script>b",
        "<script><!--<script>a</script>b</script>c--></script>d",
        "<script><!--a--></script>b",
        "<script><!--></script>a",
        "<script><!-- <script </script> </script> a",
        "<script><!--<scripta></script>b",
        "<script><!--<script/></script>--></script>a",
        "<script><!--<script>--></script>a",
        "<script>a</scripts></script >b",
        "<script>a</script/b=c>d",
        "<script>a</script b='>'>c",
        "<SCRIPT>a</ScRiPt\n>b",
        "<script>a",
        "<script>a</script",
        "<script>a</script x",
        "<script",
        "a<script ",
        "<script>a<!-",
        "<script><!--<script>a",
        "<title>a<b></title>c",
        "<title>a</titles></title\t>b",
        "<title>a",
        "<textarea>\n<p>a</textarea><p>b",
        "<textarea><!--</textarea>-->",
        "<style>a{}<p></style>b",
        "<style><!--</style>--></style>a",
        "<noscript><style>a</style><p>b</p></noscript>c",
        "<head><noscript><link rel=a><style>b</style></noscript>c",
        "<noscript><iframe src=a></iframe><img src=b><svg><g></g></svg><svg/></noscript>c",
        "<noscript><p>a",
        "<iframe><p>a</iframe>b",
        "<iframe>a",
        "<noembed>a</noembed>b",
        "<xmp><p>a</xmp>b",
        "a<plaintext><p>b</plaintext>",
        "<noframes><p></noframes>a",
        "a<!--b-->c",
        "a<!-->b-->c",
        "a<!--->b-->c",
        "a<!---->b",
        "a<!--b--!>c",
        "a<!--b--->c",
        "a<!--b-- >c-->d",
        "a<!--b",
        "a<!--b--",
        "a<!--b--!",
        "a<!---!>b-->c",
        "a<!----!>b",
        "a<!--<!-->b",
        "a<!b>c",
        "a<?b>c",
        "a</>b",
        "a</ b>c",
        "a</",
        "a<",
        "a<!",
        "<!doctype html><p>a",
        "<!DOCTYPE html PUBLIC \"a>b\" 'c'>d",
        "<!doctype",
        "<![CDATA[a>b]]>c",
        "<svg><![CDATA[<p>]]></svg>a",
        "<svg><![CDATA[</svg>]]></svg>a",
        "<math><![CDATA[<p>]]></math><script>a<b></script>c",
        "<svg><path d='>'/><g><title>a</title></g></svg>b",
        "<svg/>a",
        "<svg />a",
        "<svg a=/>b</svg>c",
        "<svg><svg></g></svg>a</svg>b",
        "<svg><g><svg></g></svg>a",
        "<svg><p>a</svg>b",
        "<svg><style><p></style></svg>a",
        "<svg><script>a</script></svg>b",
        "<svg><foreignObject><p>a</p></foreignObject></svg>b",
        "<svg><title><p>a</title></svg>b",
        "<svg>a",
        "<svg><g>",
        "<p>a<svg></p>b</svg>c",
        "<svg></div></svg>a",
        "<div><svg></div>a</svg>b",
        "<svg><desc><g></desc></svg>a",
        "<table><svg><g></g></svg><tr><td>a",
        "<select><svg><title>a<b></title></svg></select>c",
        "<select><style><option>a</style></select>b",
        "<select><title><b>a",
        "<select><script><option></script><option>a</select>b",
        "<select></select><title><b></title>c",
        "<frameset><style><frame></style>",
        "<svg>a</svg><frameset>b",
        "<frameset><frame></frameset><noframes>a<b></noframes>",
        "<p>a</p><frameset><title><b></title>",
        "<a href=b/>c",
        "<a href=b/ >c",
        "<a href='b'class=c>d",
        "<a href=\"b\"/class=c>d",
        "<a href = b >c",
        "<a href\n=\nb>c",
        "<a href=>c",
        "<a href= >c",
        "<a =href=b>c",
        "<a href==b>c",
        "<a hrefs=b href=c href=d>e",
        "<a HREF=b Href=c>d",
        "<a href=b'c\"d`e>f",
        "<a href=\"b\"\"c\">d",
        "<a href=b",
        "<a href=\"b",
        "<a href",
        "a</p href",
        "<a/b/href=c>d",
        "<a href=&amp;b>c",
        "<a href='&lt'>c",
        "<a 'b'=c href=d>e",
        "<a \u{e9}=b href=c>d",
        "<\u{e9}>a",
        "<a\u{e9} href=b>c",
        "<p\u{0}>a</p\u{0}>",
        "a\u{0}b",
        "\u{feff}<p>a",
        "<a href=\u{0}>b",
        "<p>a\r\nb\r<a\rhref=b\r>c",
        "<b a=1><b a=2><b a=3><b a=4><p>a</b></b></b></b><p>b",
        "<b><b><b><b><p>a</b></b></b></b><p>b",
        "<font color=a><font color=b><p>c",
        "<input type=hidden><table><input type=hidden><input x type=HIDDEN>",
        "<template><script>a</script><title>b</title></template>c",
        "<a><a><svg></svg></a>b",
        "<html lang=a><html class=b x=c><body class=d><body id=e>",
        "<br/><img src=a/><p/>b",
        "<nobr>a<nobr>b",
        "<template><col><iframe><!",
        "<svg></</svg><!--",
        "<template><colgroup></template><title><b></title>",
        "<table>a<!--b-->c<tr><script>d</script>e",
        "a &amp; b&nbsp;c &notit; &notin; &not &frac12x &Aacute &bogus; &; &amp",
        "&#65;&#x42;&#x; &#; &#x80;&#150;&#0;&#xd800;&#x110000;&#99999999999999;&#13;&#x41g",
        "<a href='?a=b&copy=c&amp;d&lt&ltx&notit;&copy;&#65'>e",
        "<p title=\"a\r\nb\rc&#10;\">d\r\ne&#13;\rf",
        "<title>a &amp; b\u{0}</title><textarea>&lt;\r\n</textarea><xmp>&amp;\u{0}</xmp>",
        "<pre>\r\na</pre><pre>&#10;b</pre><pre>\n\nc</pre><textarea>\n</textarea>",
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\"><p>a<table><tr><td>b",
        "<!doctype html SYSTEM 'about:legacy-compat'>a",
        "<!doctype\n><p>a<table>b",
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 3.2//EN\"><p>a<table><tr><td>b",
        "<math><mi><p class=a>b</p></mi><annotation-xml encoding='text/html'><div title=c>d</div></annotation-xml></math>e",
        "<svg><foreignObject><title>a<b></title><script>c<d></script></foreignObject></svg>e",
        "<math><script>a<b>c</script></math><style>d</style>",
        "<svg><title>a</title><p>b",
        "<svg><font color=a>b</font></svg>c<svg><font x=a>d</font></svg>",
        "<math><![CDATA[a\u{0}&amp;<p>]]>b<![CDATA[c",
        "<svg><![CDATA[a>b]]></svg><![CDATA[d>]]>e",
        "<svg>a</svg><frameset><frame></frameset>",
        "<svg></svg><frameset><frame></frameset>",
        "<math><svg><g>a</g></svg><mi>b</math>c",
        "a < b <3 <",
        "a </ b </",
        "<P CLASS=a>b</P><DIV\u{0} class=c>d",
        "<select><math><mi>a</select>b",
        "<plaintext>a\u{0}<b>&amp;\r\n",
        "<template><svg><path></svg><style>a</style><math><mi>b</template>c",
    ] {
        same(page);
    }
}

#[test]
fn scripts_are_handed_on_as_they_stand() {
    let page = "<script>a</script><script type='application/ld+json'>{\"b\": \"<!-- </div>\"}</script><script src=c> </script><SCRIPT TYPE=d>e";
    let found: Vec<_> = parsed(page).scripts.iter().map(|script| (script.kind, script.text)).collect();
    assert_eq!(found, [("", "a"), ("application/ld+json", "{\"b\": \"<!-- </div>\"}"), ("d", "e")]);
}

#[test]
fn what_is_left_out_is_gone() {
    let page = "<div class=a onclick=b data-x='c'><!--d--><style>e</style><svg><path d=f></svg><p style=g>h</div>";
    let html = parsed(page).html.html();
    assert!(html.contains("<div class=\"a\"><!----><style></style><svg></svg><p style=\"g\">h</p></div>"), "{html}");
}

#[test]
fn a_million_attributes_leave_the_few_that_are_read() {
    let many: String = (0..200_000).map(|n| format!(" a{n}=b class=c{n}")).collect();
    assert!(parsed(&format!("<div{many}>")).html.html().contains("<div class=\"c0\">"));
    for page in [format!("<b{many}>"), format!("<math><mi{many}>")] {
        assert!(parsed(&page).html.html().len() < 2_000);
    }
}

#[test]
fn an_odd_type_is_none_of_a_script() {
    assert_eq!(parsed("<script type type=a>b</script>").scripts, [Script { kind: "a", text: "b" }]);
}

#[test]
fn a_noscript_ends_at_its_end_tag_whatever_is_open_in_it() {
    for (page, expected) in [
        ("<noscript><div></noscript><p>a", "<noscript><div></div></noscript><p>a</p>"),
        ("<div><noscript></div><p>a</noscript>b</div>c", "<div><noscript><p>a</p></noscript>b</div>c"),
        ("<b><noscript></b><i><p></noscript>a</b>b", "<b><noscript><i><p></p></i></noscript>a</b>b"),
        ("<noscript><p><b></p></noscript>a", "<noscript><p><b></b></p></noscript>a"),
        ("<ul><li><noscript><ul><li>a</ul></noscript>b", "<ul><li><noscript><ul><li>a</li></ul></noscript>b</li></ul>"),
    ] {
        let tree = parsed(&format!("<body>{page}")).html.html();
        assert_eq!(tree, format!("<html><head></head><body>{expected}</body></html>"), "page {page:?}");
    }
}

/// Tags such as stand in `noscript`, in any order.
fn tag_soup() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "p", "div", "a", "b", "i", "li", "ul", "span", "font", "h1", "section", "table", "tr", "td", "img", "iframe",
        "br", "em",
    ]);
    let tag = (name, any::<bool>()).prop_map(|(name, opens)| match (opens, name) {
        (true, "iframe") => "<iframe></iframe>".to_owned(),
        (true, _) => format!("<{name}>"),
        (false, _) => format!("</{name}>"),
    });
    prop::collection::vec(prop_oneof![4 => tag, 1 => Just("a".to_owned())], 0..16).prop_map(|parts| parts.concat())
}

/// Pieces of pages, most of them odd, so that some stand in each other.
fn soup() -> impl Strategy<Value = String> {
    let tags = prop::sample::select(vec![
        "script",
        "style",
        "svg",
        "title",
        "textarea",
        "iframe",
        "p",
        "div",
        "a",
        "b",
        "table",
        "tr",
        "td",
        "select",
        "option",
        "g",
        "path",
        "math",
        "mi",
        "annotation-xml",
        "template",
        "li",
        "head",
        "body",
        "html",
        "form",
        "input",
        "frameset",
        "xmp",
        "noframes",
        "desc",
        "foreignObject",
        "font",
        "plaintext",
        "button",
        "nobr",
        "h1",
        "caption",
        "col",
    ]);
    let attributes = prop::sample::select(vec![
        "",
        " ",
        " class=a",
        " x='>'",
        " href=b/",
        "/",
        " y=\"<\"",
        " =z",
        " class='b' class=c",
        " hidden",
        " on=",
        " color=red",
        " type=hidden",
        "\n",
        " z",
        " title='&amp;&lt=&copy'",
        " encoding=text/html",
        " data-x=1",
        "'",
    ]);
    let open = (tags.clone(), attributes.clone(), attributes.clone())
        .prop_map(|(tag, first, second)| format!("<{tag}{first}{second}>"));
    let close = (tags, attributes).prop_map(|(tag, attribute)| format!("</{tag}{attribute}>"));
    let other = prop::sample::select(vec![
        "<!--",
        "-->",
        "--!>",
        "->",
        ">",
        "<",
        "</",
        "<!",
        "<?",
        "--",
        "a",
        " ",
        "\n",
        "<![CDATA[",
        "]]>",
        "<!doctype html>",
        "<script",
        "</script",
        "&amp;",
        "&notit;",
        "&#x80",
        "&lt",
        "\r",
        "\"",
        "'",
        "\u{0}",
        "é",
        "</style",
        "<svg",
        "/>",
        "</title",
        "<!---->",
        "<!-->",
    ]);
    prop::collection::vec(prop_oneof![4 => open, 3 => close, 3 => other.prop_map(str::to_owned)], 0..24)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_follows_a_noscript_does_not_stand_in_it(soup in tag_soup()) {
        let page = format!("<body><section>before<noscript>{soup}</noscript><p>behind</p></section>");
        let tree = parsed(&page).html.html();
        let outside = tree.rsplit_once("</noscript>").is_some_and(|(_, behind)| behind.contains("behind"));
        prop_assert!(outside, "page {:?}: {}", page, tree);
    }

    #[test]
    fn any_soup_has_the_same_tree(page in soup()) {
        prop_assert_eq!(read(&parsed(&page).html), read(&whole(&page)), "page {:?}", page);
    }
}
