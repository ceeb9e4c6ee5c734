use proptest::prelude::*;

use super::*;

fn feed(text: &str) -> Feed {
    read(text, &Url::parse("https://a.example/feed.xml").unwrap(), Keep::Addresses).unwrap()
}

/// Each entry as `url | title | published | updated | authors | guid | language`, without what is missing.
fn told(feed: &Feed) -> Vec<String> {
    let tell = |entry: &Entry| {
        let date = |name: &str, date: Option<crate::record::Date>| date.map(|date| format!("{name} {date}"));
        let parts = [
            entry.url.as_ref().map(ToString::to_string),
            entry.title.clone(),
            date("at", entry.published_at),
            date("new", entry.updated_at),
            Some(entry.authors.join(" + "))
                .filter(|authors| !authors.is_empty())
                .map(|authors| format!("by {authors}")),
            entry.guid.as_ref().map(|guid| format!("id {guid}")),
            entry.language.as_ref().map(|language| format!("in {language}")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" | ")
    };
    feed.entries.iter().map(tell).collect()
}

fn item(inner: &str) -> Vec<String> {
    told(&feed(&format!("<rss version='2.0'><channel><title>Feed</title><item>{inner}</item></channel></rss>")))
}

fn entry(inner: &str) -> Vec<String> {
    told(&feed(&format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><entry>{inner}</entry></feed>")))
}

#[test]
fn items_of_rss_give_what_can_be_had() {
    let mut wrong = String::new();
    for (inner, expected) in [
        ("<title>One</title><link>https://a.example/1</link>", "https://a.example/1 | One"),
        ("<title>A &amp; B</title>", "A & B"),
        ("<title>A & B &nbsp; C &eacute; &bogus;</title>", "A & B C é &bogus;"),
        ("<title>AT&amp;amp;T</title>", "AT&T"),
        ("<title>&lt;b&gt;Bold&lt;/b&gt; words</title>", "Bold words"),
        ("<title><![CDATA[<i>One</i> &amp; two]]></title>", "One & two"),
        ("<title><b>Bare</b> markup<br/>here</title>", "Bare markup here"),
        ("<title>\n  Two\n  lines </title>", "Two lines"),
        ("<title>Never closed<link>/1</link>", "https://a.example/1 | Never closed"),
        ("<title>Never closed<guid>x</guid>", "Never closed | id x"),
        (
            "<TITLE>Loud</TITLE><LINK>/1</LINK><PUBDATE>1 Jan 2018</PUBDATE>",
            "https://a.example/1 | Loud | at 2018-01-01",
        ),
        ("<link>\n https://a.example/1 \n</link>", "https://a.example/1"),
        ("<link>https://a.example/?a=1&b=2</link>", "https://a.example/?a=1&b=2"),
        ("<link><![CDATA[https://a.example/1]]></link>", "https://a.example/1"),
        ("<link href='https://a.example/1'/>", "https://a.example/1"),
        ("<link/><guid>https://a.example/1</guid>", "https://a.example/1 | id https://a.example/1"),
        ("<guid isPermaLink='false'>https://a.example/1</guid>", "id https://a.example/1"),
        ("<guid isPermaLink='true'>tag:1</guid>", "id tag:1"),
        (
            "<link>https://a.example/1</link><guid>https://b.example/1</guid>",
            "https://a.example/1 | id https://b.example/1",
        ),
        ("<link>javascript:alert(1)</link>", ""),
        (
            "<link>mailto:desk@a.example</link><guid>https://a.example/1</guid>",
            "https://a.example/1 | id https://a.example/1",
        ),
        ("<link xml:base='https://b.example/x/'>1</link>", "https://b.example/x/1"),
        ("<link>//b.example/1</link>", "https://b.example/1"),
        ("<atom:link rel='self' href='/self'/><link>/1</link>", "https://a.example/1"),
        ("<a10:link rel='alternate' href='/1' xmlns:a10='http://www.w3.org/2005/Atom'/>", "https://a.example/1"),
        (
            "<link>https://feedproxy.example/~r/1</link><feedburner:origLink>https://a.example/1</feedburner:origLink>",
            "https://a.example/1",
        ),
        ("<enclosure url='https://a.example/1.mp3'/><title>Sound</title>", "Sound"),
        ("<pubDate>Fri, 23 Nov 2018 09:30:00 +0900</pubDate>", "at 2018-11-23T09:30:00+09:00"),
        ("<pubDate>soon</pubDate><dc:date>2018-11-23</dc:date>", "at 2018-11-23"),
        ("<dc:date>2018-11-22</dc:date><pubDate>Fri, 23 Nov 2018 09:30 EST</pubDate>", "at 2018-11-23T09:30:00-05:00"),
        ("<pubDate></pubDate><atom:updated>2018-11-23T09:30:00Z</atom:updated>", "new 2018-11-23T09:30:00Z"),
        ("<dcterms:modified>2018-11-23</dcterms:modified>", "new 2018-11-23"),
        ("<author>desk@a.example (The Desk)</author>", "by The Desk"),
        ("<dc:creator>Ann</dc:creator><dc:creator>Ben</dc:creator>", "by Ann + Ben"),
        ("<itunes:author>Show</itunes:author><dc:creator>Ann</dc:creator>", "by Ann"),
        ("<author><name>Ann</name><email>a@a.example</email></author>", "by Ann"),
        ("<dc:language>fr</dc:language>", "in fr"),
        ("<description><p>Words <link>x</link><title>y</title></description><title>One</title>", "One"),
        ("<description>&lt;title&gt;no&lt;/title&gt;</description><title>One</title>", "One"),
        ("<source url='x'>Other</source><title>One</title>", "One"),
        ("<image><title>Picture</title><link>/p</link></image><title>One</title>", "One"),
        ("<media:content><media:title>Picture</media:title></media:content><title>One</title>", "One"),
        ("<x:thing><title>no</title></x:thing><title>One</title>", "One"),
        ("<title>One</title></description></b></channel>", "One"),
        ("<title>One</title><title>Two</title>", "One"),
        ("<dc:title>Dublin</dc:title><title>One</title>", "One"),
        ("<media:title>Media</media:title>", "Media"),
        ("<title a=\"1 < 2\" b='>'>One</title>", "One"),
        ("<title>5 < 6 and 7 > 6</title>", "5 < 6 and 7 > 6"),
        ("<!-- <title>no</title> --><title>One</title>", "One"),
        ("<title>One</title><!-- never closed <title>Two</title>", "One"),
        ("<title><![CDATA[One", "One"),
        ("<title>One</title", "One"),
        ("<title>One</title><link>https://a.exam", "https://a.exam/ | One"),
        ("", ""),
    ] {
        if item(inner) != [expected] {
            wrong.push_str(&format!("{inner}\n  is {:?}\n  not {expected}\n", item(inner)));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn entries_of_atom_give_what_can_be_had() {
    let mut wrong = String::new();
    for (inner, expected) in [
        ("<title>AT&amp;T</title><link href='/1'/><id>tag:1</id>", "https://a.example/1 | AT&T | id tag:1"),
        ("<title>Less: &lt;</title>", "Less: <"),
        ("<title type='text'>&lt;b&gt;</title>", "<b>"),
        ("<title type='html'>&lt;b&gt;Bold&lt;/b&gt;</title>", "Bold"),
        ("<title type='html'><![CDATA[AT&amp;T <i>x</i>]]></title>", "AT&T x"),
        ("<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>A <b>b</b></div></title>", "A b"),
        ("<title mode='escaped' type='text/html'>&lt;b&gt;Bold&lt;/b&gt;</title>", "Bold"),
        (
            "<link rel='enclosure' href='/e'/><link rel='self' href='/s'/><link rel='alternate' href='/1'/>",
            "https://a.example/1",
        ),
        (
            "<link rel='alternate' type='application/json' href='/j'/><link type='text/html' href='/1'/>",
            "https://a.example/1",
        ),
        (
            "<link rel='related' href='https://b.example/'/><id>https://a.example/1</id>",
            "https://a.example/1 | id https://a.example/1",
        ),
        ("<link rel='via' href='/v'/>", "https://a.example/v"),
        ("<link rel='enclosure' href='/e.mp3'/>", ""),
        ("<content src='/1'/>", "https://a.example/1"),
        ("<link xml:base='https://b.example/c/' href='d'/>", "https://b.example/c/d"),
        (
            "<published>2018-11-23T09:30:00+09:00</published><updated>2018-11-24</updated>",
            "at 2018-11-23T09:30:00+09:00 | new 2018-11-24",
        ),
        (
            "<issued>2018-11-23</issued><modified>2018-11-24</modified><created>2018-11-22</created>",
            "at 2018-11-23 | new 2018-11-24",
        ),
        ("<author><name>Ann</name></author><contributor><name>Ben</name></contributor>", "by Ann"),
        (
            "<source><title>Other</title><id>other</id><author><name>Eve</name></author></source><title>One</title>",
            "One",
        ),
        (
            "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><a href='/no'>no</a></div></content><link href='/1'/>",
            "https://a.example/1",
        ),
        ("<name>nobody</name>", ""),
    ] {
        if entry(inner) != [expected] {
            wrong.push_str(&format!("{inner}\n  is {:?}\n  not {expected}\n", entry(inner)));
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn what_a_feed_says_holds_for_its_entries() {
    let atom = "<feed xml:lang='de' xml:base='/b/' xmlns='http://www.w3.org/2005/Atom'><author><name>Desk</name></author>\
        <link rel='hub' href='https://hub.example/'/><entry><link href='1'/></entry>\
        <entry xml:lang='en'><author><name>Ann</name></author></entry></feed>";
    let read = feed(atom);
    assert_eq!(told(&read), ["https://a.example/b/1 | by Desk | in de", "by Ann | in en"]);
    assert_eq!(read.hub.as_deref(), Some("https://hub.example/"));
    let rss = "<rss xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel><language>fr</language><ttl>30</ttl>\
        <skipHours><hour>0</hour><hour>23</hour></skipHours><sy:updatePeriod>daily</sy:updatePeriod>\
        <sy:updateFrequency>4</sy:updateFrequency><item><title>One</title></item></channel></rss>";
    let read = feed(rss);
    assert_eq!(told(&read), ["One | in fr"]);
    let rhythm = Rhythm {
        max_age: None,
        ttl: Some(Duration::from_secs(1_800)),
        period: Some(Duration::from_secs(6 * 3_600)),
        skip_hours: 1 | 1 << 23,
    };
    assert_eq!(read.rhythm, rhythm);
}

#[test]
fn every_dialect_is_read() {
    for (text, expected) in [
        (
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel>\
             <title>F</title></channel><item rdf:about='https://a.example/1'><title>One</title></item></rdf:RDF>",
            "https://a.example/1 | One | id https://a.example/1",
        ),
        (
            "<channel><item href='/1' lastmod='2018-11-23'><title>One</title></item></channel>",
            "https://a.example/1 | One | new 2018-11-23 | id https://a.example/1",
        ),
        ("<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>One</a:title></a:entry></a:feed>", "One"),
        (
            "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc> https://a.example/1 </loc><lastmod>2018-11-23</lastmod><priority>1</priority></url></urlset>",
            "https://a.example/1 | new 2018-11-23",
        ),
        (
            "<urlset><url><loc>https://a.example/1</loc><image:image><image:loc>/i</image:loc><image:title>I</image:title></image:image></url></urlset>",
            "https://a.example/1",
        ),
        (
            "<urlset xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'><url><loc>/1</loc><news:news><news:publication>\
             <news:name>Post</news:name><news:language>en</news:language></news:publication><news:title>One</news:title>\
             <news:publication_date>2018-11-23T09:30:00+09:00</news:publication_date></news:news></url></urlset>",
            "https://a.example/1 | One | at 2018-11-23T09:30:00+09:00 | in en",
        ),
        (
            "<sitemapindex><sitemap><loc>/s.xml.gz</loc><lastmod>2018-11-23</lastmod></sitemap></sitemapindex>",
            "https://a.example/s.xml.gz | new 2018-11-23",
        ),
        (
            "<br/><b>Warning</b>: a server complains<?xml version='1.0'?><rss><item><title>One</title></item></rss>",
            "One",
        ),
        ("words before <rss><item><title>One</title>", "One"),
    ] {
        assert_eq!(told(&feed(text)), [expected], "{text}");
    }
    assert!(
        feed("<urlset><url><loc>/1</loc><n:news/><news:news><news:title>T</news:title></news:news></url></urlset>")
            .entries[0]
            .is_news
    );
}

#[test]
fn entries_that_are_never_closed_are_told_apart() {
    let text = "<rss><channel><item><title>One<item><title>Two</title><description>open<item><title>Three";
    assert_eq!(told(&feed(text)), ["One", "Two", "Three"]);
}

#[test]
fn what_is_no_feed_is_none() {
    for text in [
        "",
        "<",
        "<html><body><rss><channel/></rss></body></html>",
        "<!DOCTYPE html><title>RSS</title><p>rss",
        "<svg/>",
        "<opml><body/></opml>",
        "<rdf:RDF xmlns:foaf='http://xmlns.com/foaf/0.1/'><foaf:Person/></rdf:RDF>",
        "<!-- <rss> -->",
        "words",
    ] {
        assert!(!is_one(text), "{text}");
    }
}

#[test]
fn no_more_entries_than_a_sitemap_may_have() {
    let text = format!("<urlset>{}</urlset>", "<url><loc>/a</loc></url>".repeat(MOST_ENTRIES + 1));
    let feed = feed(&text);
    assert_eq!((feed.entries.len(), feed.cut), (MOST_ENTRIES, true));
}

#[test]
fn hostile_documents_are_read_in_a_moment() {
    for (begin, again) in [
        ("<rss><item>", "<a>"),
        ("<rss><item><title>", "<b>x"),
        ("<rss>", "<item>"),
        ("<rss xmlns:a='b'", " xmlns:a='b'"),
        ("<rss><item><guid>", "&amp;"),
        ("<rss><item>", "<link href='/x'/>"),
        ("<rss><item>", "</x>"),
        ("<feed><entry><author>", "<name>x</name>"),
    ] {
        let _ = feed(&format!("{begin} >{}", again.repeat(200_000)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_mixture_of_parts_breaks_the_reader(parts in proptest::collection::vec(0_usize..22, 0..60)) {
        const PARTS: [&str; 22] = [
            "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "<link href='/1'", ">", "<author>", "<name>",
            "</author>", "words & more", "<![CDATA[", "]]>", "<!--", "-->", "&#x10ffff;", "xml:base='://'", "<content type='xhtml'>",
            "<dc:date>2018-11-23", "é", "</",
        ];
        let text: String = parts.iter().filter_map(|part| PARTS.get(*part)).copied().collect();
        let _ = feed(&format!("<rss>{text}"));
        let _ = feed(&format!("<feed>{text}"));
    }
}
