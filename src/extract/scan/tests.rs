use std::time::{Duration, Instant};

use ego_tree::iter::Edge;
use proptest::prelude::*;
use scraper::{Html, Node};

use super::*;
use crate::extract::parse::parse;

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
                        let mut keeper = Keeper::of(element.name());
                        let bare = matches!(element.name(), "script" | "svg");
                        for (name, value) in element.attrs().filter(|(name, _)| !bare && keeper.keeps(name)) {
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

fn tree(text: &str) -> String {
    read(&parse(text, Instant::now() + Duration::from_secs(60)).unwrap())
}

#[track_caller]
fn same(page: &str) {
    let scanned = scan(page);
    assert_eq!(tree(&scanned.html), tree(page), "\npage {page:?}\nscan {:?}", scanned.html);
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
        "<noscript><style>a</style><p>b</noscript>c",
        "<head><noscript><p>a</noscript>b",
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
    ] {
        same(page);
    }
}

#[test]
fn scripts_are_handed_on_as_they_stand() {
    let page = "<script>a</script><script type='application/ld+json'>{\"b\": \"<!-- </div>\"}</script><script src=c> </script><SCRIPT TYPE=d>e";
    let found: Vec<_> = scan(page).scripts.iter().map(|script| (script.kind, script.text)).collect();
    assert_eq!(found, [("", "a"), ("application/ld+json", "{\"b\": \"<!-- </div>\"}"), ("d", "e")]);
}

#[test]
fn what_is_left_out_is_gone() {
    let page = "<div class=a onclick=b data-x='c'><!--d--><style>e</style><svg><path d=f></svg><p style=g>h</div>";
    assert_eq!(scan(page).html, "<div class=a><!----><style></style><svg></svg><p style=g>h</div>");
}

#[test]
fn a_million_attributes_leave_the_few_that_are_read() {
    let many: String = (0..200_000).map(|n| format!(" a{n}=b class=c{n}")).collect();
    assert_eq!(scan(&format!("<div{many}>")).html, "<div class=c0>");
    assert!(scan(&format!("<b{many}>")).html.len() < 2_000);
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
        "noscript",
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
    fn any_soup_has_the_same_tree(page in soup()) {
        let scanned = scan(&page);
        prop_assert_eq!(tree(&scanned.html), tree(&page), "page {:?} scan {:?}", page, scanned.html);
    }
}
