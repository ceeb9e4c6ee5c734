//! Which host of the fixture site answers what, at which path.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use encoding_rs::Encoding;

use super::answer::{Answer, Coding, Page};
use super::layout::{self, Layout, escaped, shortened};
use super::story::{self, Served, Story};

/// A host of the site, and how it makes its pages.
#[derive(Debug)]
pub struct Host {
    /// Its short name, as the files of stories use it.
    pub key: &'static str,
    /// Its name in addresses.
    pub name: &'static str,
    /// What it calls itself.
    pub site: &'static str,
    /// The language of its stories (ISO 639-1).
    pub language: &'static str,
    /// How its pages are laid out.
    pub layout: Layout,
    /// Its stories' paths, with `{year}`, `{month}` and `{slug}`.
    pub path: &'static str,
    /// The charset of its pages.
    pub charset: &'static Encoding,
    /// How its pages travel.
    pub coding: Coding,
}

/// A line of the table below.
const fn host(
    (key, name, site): (&'static str, &'static str, &'static str),
    language: &'static str,
    (layout, path): (Layout, &'static str),
    (charset, coding): (&'static Encoding, Coding),
) -> Host {
    Host { key, name, site, language, layout, path, charset, coding }
}

const PLAIN: (&Encoding, Coding) = (&encoding_rs::UTF_8_INIT, Coding::Identity);
const ZIPPED: (&Encoding, Coding) = (&encoding_rs::UTF_8_INIT, Coding::Gzip);
const WESTERN: (&Encoding, Coding) = (&encoding_rs::WINDOWS_1252_INIT, Coding::Identity);
const CYRILLIC: (&Encoding, Coding) = (&encoding_rs::WINDOWS_1251_INIT, Coding::Gzip);
const JAPANESE: (&Encoding, Coding) = (&encoding_rs::SHIFT_JIS_INIT, Coding::Identity);
const TURKISH: (&Encoding, Coding) = (&encoding_rs::WINDOWS_1254_INIT, Coding::Identity);

const NEWS: (Layout, &str) = (Layout::News, "/news/{year}/{month}/{slug}");
const BLOG: (Layout, &str) = (Layout::Blog, "/{year}/{month}/{slug}/");
const TABLE: (Layout, &str) = (Layout::Table, "/articles/{year}/{slug}.htm");
const BREAKS: (Layout, &str) = (Layout::Breaks, "/{year}/{month}/{slug}.html");
const MICRODATA: (Layout, &str) = (Layout::Microdata, "/noticias/{slug}");

/// The hosts, all under names that are reserved (RFC 2606): they exist nowhere else.
pub static HOSTS: [Host; 20] = [
    host(("harbour", "www.harbour-post.example", "Harbour Post"), "en", NEWS, ZIPPED),
    host(("tidewater", "blog.tidewater.example", "Tidewater Notes"), "en", BLOG, PLAIN),
    host(("northline", "wire.northline.example", "Northline"), "en", (Layout::Plain, "/wire/{slug}.html"), PLAIN),
    host(("stadtblatt", "www.stadtblatt-auental.example", "Stadtblatt Auental"), "de", NEWS, ZIPPED),
    host(("vallee", "www.lavallee-infos.example", "La Vallée Infos"), "fr", TABLE, WESTERN),
    host(("costa", "www.diario-costa.example", "Diario de la Costa"), "es", MICRODATA, PLAIN),
    host(("serra", "www.folha-serra.example", "Folha da Serra"), "pt", BREAKS, PLAIN),
    host(("laguna", "www.gazzetta-laguna.example", "Gazzetta della Laguna"), "it", BLOG, ZIPPED),
    host(("reka", "www.vestnik-reka.example", "Вестник реки"), "ru", NEWS, CYRILLIC),
    host(("minato", "www.minato-shimbun.example", "みなと新報"), "ja", BREAKS, JAPANESE),
    host(("sahil", "www.sahil-akhbar.example", "أخبار الساحل"), "ar", MICRODATA, PLAIN),
    host(("liman", "www.liman-haber.example", "Liman Haber"), "tr", BLOG, TURKISH),
    host(("shaky", "www.shaky-press.example", "Shaky Press"), "en", TABLE, PLAIN),
    host(("busy", "www.rush-hour.example", "Rush Hour"), "en", BREAKS, PLAIN),
    host(("capital", "www.capital-times.example", "Capital Times"), "en", (Layout::News, "/news/{slug}"), PLAIN),
    host(("reprints", "reprints.example", "Reprints"), "en", (Layout::Reprint, "/stories/{slug}"), PLAIN),
    host(("amp", "amp.harbour-post.example", "Harbour Post"), "en", (Layout::Amp, "/amp/{slug}"), PLAIN),
    host(("short", "go.shortlink.test", "Shortlink"), "en", BREAKS, PLAIN),
    host(("moved", "old.harbour.test", "Harbour Post"), "en", BREAKS, PLAIN),
    host(("down", "www.always-down.test", "Always Down"), "en", BREAKS, PLAIN),
];

/// The host of this short name; every name of the files is one, which a test holds.
pub fn host_of(key: &str) -> io::Result<&'static Host> {
    HOSTS.iter().find(|host| host.key == key).ok_or_else(|| io::Error::other(format!("no host is called {key}")))
}

/// The address of a path.
pub fn url(host: &Host, path: &str) -> String {
    format!("http://{}{path}", host.name)
}

/// The address of a story on the host that prints it.
pub fn url_of(story: &Story) -> io::Result<String> {
    let host = host_of(story.host)?;
    Ok(url(host, &story.path(host)))
}

/// Where a page of another host stands that prints this story too.
pub fn elsewhere(key: &str, story: &Story) -> io::Result<String> {
    let host = host_of(key)?;
    Ok(url(host, &story.path(host)))
}

/// Size of the huge page, decompressed, in bytes: three times the demo's `fetch.max_body`.
const HUGE: usize = 3 << 20;

/// Redirects in the chain that does not end. More than any client follows.
const ENDLESS: usize = 30;

/// Every answer, by host and path.
#[derive(Debug)]
pub struct Catalogue {
    answers: HashMap<(&'static str, String), Answer>,
}

impl Catalogue {
    /// Builds all pages. Fails when a story names a host that is none.
    pub fn new() -> io::Result<Self> {
        let mut catalogue = Self { answers: HashMap::new() };
        let stories: Vec<Story> = story::seed().into_iter().chain(story::stories()).collect();
        for story in &stories {
            catalogue.add_story(story, &stories)?;
        }
        catalogue.add_feeds(&stories)?;
        catalogue.add_refusals(&stories)?;
        catalogue.add_redirects()?;
        Ok(catalogue)
    }

    /// The names of all hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &'static str> {
        HOSTS.iter().map(|host| host.name)
    }

    /// What a host answers at a path; parameters for tracking change nothing.
    pub fn answer(&self, host: &str, path: &str) -> Option<&Answer> {
        let host = HOSTS.iter().find(|known| known.name == host)?;
        let path = path.split("?utm_").next().unwrap_or(path);
        self.answers.get(&(host.name, path.to_owned()))
    }

    fn add(&mut self, host: &Host, path: impl Into<String>, answer: Answer) {
        self.answers.insert((host.name, path.into()), answer);
    }

    fn add_story(&mut self, story: &Story, stories: &[Story]) -> io::Result<()> {
        let host = host_of(story.host)?;
        let url = url(host, &story.path(host));
        let others = others(host, story, stories);
        let page = |story: &Story| rendered(host.layout, story, host, &url, &others);
        let first = page(story)?;
        let answer = match story.served {
            Served::AfterError => {
                Answer::first_then(Answer::Status(StatusCode::INTERNAL_SERVER_ERROR), Answer::Page(first))
            }
            Served::AfterBusy => Answer::first_then(Answer::ComeBackAfter(1), Answer::Page(first)),
            Served::AfterCut => Answer::first_then(Answer::Cut(first.clone()), Answer::Page(first)),
            Served::Revised => Answer::first_then(Answer::Page(first), Answer::Page(page(&story.revised())?)),
            _ => Answer::Page(first),
        };
        self.add(host, story.path(host), answer);
        match story.served {
            Served::Copied => {
                let reprints = host_of("reprints")?;
                let copy = Story { caption: "", ..*story };
                let its_url = elsewhere("reprints", story)?;
                let page = rendered(Layout::Reprint, &copy, reprints, &its_url, &[])?;
                self.add(reprints, story.path(reprints), Answer::Page(page));
            }
            Served::Amp => {
                let amp = host_of("amp")?;
                let page = rendered(Layout::Amp, story, amp, &url, &[])?;
                self.add(amp, story.path(amp), Answer::Page(page));
            }
            _ => {}
        }
        Ok(())
    }

    fn add_feeds(&mut self, stories: &[Story]) -> io::Result<()> {
        let of =
            |key: &'static str| stories.iter().filter(move |story| story.host == key && story.served == Served::InFeed);
        let tidewater = host_of("tidewater")?;
        let page = |rss: String| Page::new("application/rss+xml; charset=utf-8", Coding::Gzip, rss.into_bytes());
        // The latest entry appears while the demo runs: its feed is asked again and again.
        let (before, after) = (rss(tidewater, of("tidewater").skip(1)), rss(tidewater, of("tidewater")));
        let feed = Answer::first_then(Answer::Page(page(before)?), Answer::Page(page(after)?));
        self.add(tidewater, "/feed.xml", feed);
        let atom = atom(host_of("northline")?, of("northline"));
        let atom = Page::new("application/atom+xml", Coding::Identity, atom.into_bytes())?;
        self.add(host_of("northline")?, "/atom.xml", Answer::Page(atom));
        Ok(())
    }

    fn add_refusals(&mut self, stories: &[Story]) -> io::Result<()> {
        let harbour = host_of("harbour")?;
        let front = Story { host: "harbour", slug: "news", title: "Local", section: "Local", ..Story::default() };
        let teasers = others(harbour, &front, stories);
        let page = |layout| rendered(layout, &front, harbour, &url(harbour, "/"), &teasers);
        let robots = b"User-agent: *\nDisallow: /private/\n".to_vec();
        let huge = b"<p>Minutes of the harbour board, continued.</p>\n".repeat(HUGE / 48 + 1);
        let pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".to_vec();

        self.add(harbour, "/robots.txt", Answer::Page(Page::new("text/plain", Coding::Identity, robots)?));
        self.add(harbour, "/private/drafts", Answer::Page(page(Layout::Front)?));
        self.add(harbour, "/local", Answer::Page(page(Layout::Front)?));
        self.add(harbour, "/login", Answer::Page(page(Layout::Login)?));
        self.add(harbour, "/minutes", Answer::Page(Page::new("text/html", Coding::Gzip, huge)?));
        self.add(harbour, "/budget.pdf", Answer::Page(Page::new("application/pdf", Coding::Identity, pdf)?));
        self.add(harbour, "/withdrawn", Answer::Status(StatusCode::GONE));
        self.add(harbour, "/members-only", Answer::Status(StatusCode::FORBIDDEN));
        self.add(harbour, "/empty", Answer::Status(StatusCode::NO_CONTENT));
        self.add(host_of("down")?, "/news/today", Answer::Status(StatusCode::INTERNAL_SERVER_ERROR));
        Ok(())
    }

    fn add_redirects(&mut self) -> io::Result<()> {
        let (short, moved, harbour) = (host_of("short")?, host_of("moved")?, host_of("harbour")?);
        for story in story::stories().iter().filter(|story| story.served == Served::Moved) {
            let (first, second, third) = (story.path(short), story.path(moved), format!("/old/{}", story.slug));
            self.add(short, first, Answer::Redirect(url(moved, &second)));
            self.add(moved, second, Answer::Redirect(url(harbour, &third)));
            self.add(harbour, third, Answer::Redirect(story.path(host_of(story.host)?)));
        }
        self.add(short, "/round", Answer::Redirect(url(moved, "/and-round")));
        self.add(moved, "/and-round", Answer::Redirect(url(short, "/round")));
        for n in 0..ENDLESS {
            self.add(short, format!("/on/{n}"), Answer::Redirect(format!("/on/{}", n + 1)));
        }
        Ok(())
    }
}

/// Up to three other stories of the same host, with their paths.
fn others(host: &Host, story: &Story, stories: &[Story]) -> Vec<(String, Story)> {
    let same_host = stories.iter().filter(|other| other.host == host.key && other.slug != story.slug);
    same_host.take(3).map(|other| (other.path(host), *other)).collect()
}

fn rendered(layout: Layout, story: &Story, host: &Host, url: &str, others: &[(String, Story)]) -> io::Result<Page> {
    let text = layout::page(layout, story, host, url, others);
    // Characters that the charset lacks become numeric references, as browsers send them in forms.
    let (bytes, _, _) = host.charset.encode(&text);
    // Not every host says its charset in the header: the others are found by the page's own word.
    let content_type = match host.coding {
        Coding::Gzip => format!("text/html; charset={}", host.charset.name()),
        Coding::Identity => "text/html".to_owned(),
    };
    Page::new(content_type, host.coding, bytes.into_owned())
}

/// Entries are an hour apart and fresh, whenever the demo runs: feeds are read for what is new.
fn hours_ago(hours: usize) -> SystemTime {
    let age = Duration::from_secs(60 * 60 * hours as u64);
    SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn rss<'a>(host: &Host, stories: impl Iterator<Item = &'a Story>) -> String {
    let items = stories.enumerate().map(|(n, story)| {
        let (title, link) = (escaped(story.title), url(host, &story.path(host)));
        let (text, date) = (escaped(&shortened(story.text)), httpdate::fmt_http_date(hours_ago(n + 1)));
        format!(
            "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><description>{text}</description><pubDate>{date}</pubDate></item>\n"
        )
    });
    let items: String = items.collect();
    let (site, home) = (escaped(host.site), url(host, "/"));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{site}</title><link>{home}</link><description>{site}</description>\n{items}</channel></rss>\n"
    )
}

fn atom<'a>(host: &Host, stories: impl Iterator<Item = &'a Story>) -> String {
    let date = |time: SystemTime| jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let entries = stories.enumerate().map(|(n, story)| {
        let (title, link) = (escaped(story.title), url(host, &story.path(host)));
        let updated = date(hours_ago(n + 1));
        format!(
            "<entry><title>{title}</title><id>{link}</id><link href=\"{link}\"/><updated>{updated}</updated></entry>\n"
        )
    });
    let entries: String = entries.collect();
    let (site, home, updated) = (escaped(host.site), url(host, "/atom.xml"), date(SystemTime::now()));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{site}</title><id>{home}</id><updated>{updated}</updated>\n{entries}</feed>\n"
    )
}
