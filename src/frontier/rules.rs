//! What a robots.txt says to us (RFC 9309), read and matched in bounded time.
//!
//! A reader of its own, because the crate `robotxt` 0.7 differs from the rules that publishers test
//! their files with (RFC 9309 and Google's open-source parser) in what it does before the comparison:
//! it takes a whole `User-agent` value for the name where only its leading product token counts,
//! decodes escapes that the file wrote on purpose, ends a group at `Crawl-delay`, reads 500 KiB, and
//! knows nothing of `index.html` standing for its folder. To make up for
//! that, what runs before its parser would have to be a parser itself.

use std::sync::Arc;
use std::time::Duration;

/// How much of a robots.txt counts (Google: 500 KiB, RFC 9309 asks for at least that).
pub const LONGEST_FILE: usize = 512 * 1024;

/// How much of a line counts: Google's parser has a buffer of eight times the longest URL that it knew
/// of, and needs the last byte of it for itself.
const LONGEST_LINE: usize = 2083 * 8 - 1;

/// How many bytes of a path all the rules of a file may look at in all, before it counts as
/// disallowed. A file of 512 KiB is 40,000 rules of one wildcard: for an ordinary path of 100 bytes
/// they all fit, and for the longest path there is an answer within a few milliseconds.
const MATCHING_BUDGET: usize = 4 * 1024 * 1024;

/// Spellings of the keys that Google's parser forgives.
const KEYS: [(&[u8], Key); 17] = [
    (b"user-agent", Key::UserAgent),
    (b"useragent", Key::UserAgent),
    (b"user agent", Key::UserAgent),
    (b"allow", Key::Allow),
    (b"disallow", Key::Disallow),
    (b"dissallow", Key::Disallow),
    (b"dissalow", Key::Disallow),
    (b"disalow", Key::Disallow),
    (b"diasllow", Key::Disallow),
    (b"disallaw", Key::Disallow),
    (b"crawl-delay", Key::CrawlDelay),
    (b"crawldelay", Key::CrawlDelay),
    (b"crawl delay", Key::CrawlDelay),
    (b"sitemap", Key::Sitemap),
    (b"site-map", Key::Sitemap),
    (b"site map", Key::Sitemap),
    (b"content-signal", Key::ContentSignal),
];

/// How much of a `Content-Signal` is kept, in bytes: three signals are 50.
const LONGEST_SIGNAL: usize = 200;

/// The most sitemaps that are taken from one file, as the sitemap protocol's index has many more.
const MOST_SITEMAPS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    UserAgent,
    Allow,
    Disallow,
    CrawlDelay,
    Sitemap,
    /// contentsignals.org: what a site wants its pages to be used for.
    ContentSignal,
}

/// The rules of one robots.txt for one agent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// Longest pattern first, `Allow` before `Disallow`: the first that matches decides.
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
    content_signal: Option<Arc<str>>,
    sitemaps: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    pattern: Box<[u8]>,
    /// The length of the pattern as the file has it; one made of `index.html` has its folder's.
    weight: usize,
    verdict: Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Allow,
    Disallow,
}

/// What the groups say to one kind of agent.
#[derive(Debug, Default)]
struct Group {
    named: bool,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
    content_signal: Option<Arc<str>>,
}

/// The product token (RFC 9309, section 2.2.1) that a User-Agent header begins with.
pub fn product_token(user_agent: &str) -> &str {
    let user_agent = user_agent.trim_start();
    let end = user_agent.find(|c: char| !is_token(c)).unwrap_or(user_agent.len());
    user_agent.get(..end).unwrap_or_default()
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '-' || c == '_'
}

impl Rules {
    /// What `file` says to `agent` (a product token, compared without case): the groups that name it,
    /// merged; where none does, the groups for `*`. Only the first 512 KiB count.
    pub fn parse(file: &[u8], agent: &str) -> Self {
        let file = file.get(..LONGEST_FILE).unwrap_or(file);
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let (mut ours, mut everyones) = (Group::default(), Group::default());
        let (mut in_ours, mut in_everyones, mut in_rules) = (false, false, false);
        let mut sitemaps = Vec::new();
        for line in file.split(|byte| matches!(byte, b'\n' | b'\r')) {
            let Some((key, value)) = key_and_value(line.get(..LONGEST_LINE).unwrap_or(line)) else { continue };
            match key {
                Key::UserAgent => {
                    if in_rules {
                        (in_ours, in_everyones, in_rules) = (false, false, false);
                    }
                    let value = String::from_utf8_lossy(value);
                    if value == "*" || value.starts_with("* ") || value.starts_with("*\t") {
                        in_everyones = true;
                    } else if !agent.is_empty() && product_token(&value).eq_ignore_ascii_case(agent) {
                        in_ours = true;
                        ours.named = true;
                    }
                }
                Key::Allow | Key::Disallow => {
                    in_rules = true;
                    let verdict = if key == Key::Allow { Verdict::Allow } else { Verdict::Disallow };
                    let groups = [(in_ours, &mut ours), (in_everyones, &mut everyones)];
                    for (_, group) in groups.into_iter().filter(|(applies, _)| *applies) {
                        add(&mut group.rules, value, verdict);
                    }
                }
                Key::CrawlDelay => {
                    let groups = [(in_ours, &mut ours), (in_everyones, &mut everyones)];
                    for (_, group) in groups.into_iter().filter(|(applies, _)| *applies) {
                        group.crawl_delay = group.crawl_delay.max(delay(value));
                    }
                }
                Key::ContentSignal => {
                    let value = value.get(..LONGEST_SIGNAL).unwrap_or(value);
                    let signal: Arc<str> = String::from_utf8_lossy(value).to_lowercase().into();
                    let groups = [(in_ours, &mut ours), (in_everyones, &mut everyones)];
                    for (_, group) in groups.into_iter().filter(|(applies, _)| *applies && !signal.is_empty()) {
                        group.content_signal.get_or_insert_with(|| signal.clone());
                    }
                }
                Key::Sitemap if sitemaps.len() < MOST_SITEMAPS => {
                    sitemaps.push(String::from_utf8_lossy(value).into_owned());
                }
                Key::Sitemap => {}
            }
        }
        let Group { mut rules, crawl_delay, content_signal, .. } = if ours.named { ours } else { everyones };
        rules.sort_by(|a, b| b.weight.cmp(&a.weight).then(a.verdict.cmp(&b.verdict)));
        Self { rules, crawl_delay, content_signal, sitemaps }
    }

    /// Whether the path (with its query, escaped as in the URL) may be asked for. `/robots.txt` always
    /// may (RFC 9309, section 2.2.2).
    pub fn allows(&self, path: &str) -> bool {
        let path = match path {
            "" => "/",
            "/robots.txt" => return true,
            path => path,
        };
        let path = escaped(path.as_bytes(), Escape::CapitalsOnly);
        let mut budget = MATCHING_BUDGET;
        for rule in &self.rules {
            match rule.matches(&path, &mut budget) {
                Some(true) => return rule.verdict == Verdict::Allow,
                Some(false) => {}
                // A file that takes so long to understand was not written to be understood.
                None => return false,
            }
        }
        true
    }

    /// The crawl-delay for the agent; the longest, where several are given.
    pub const fn crawl_delay(&self) -> Option<Duration> {
        self.crawl_delay
    }

    /// What the site wants its pages to be used for (`Content-Signal`), as `search=yes, ai-train=no`; the first.
    pub const fn content_signal(&self) -> Option<&Arc<str>> {
        self.content_signal.as_ref()
    }

    /// The sitemaps that the file names for everyone, as written.
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// About how many bytes the rules take in memory.
    pub fn bytes(&self) -> usize {
        let rules: usize = self.rules.iter().map(|rule| rule.pattern.len() + size_of::<Rule>()).sum();
        rules + self.sitemaps.iter().map(|sitemap| sitemap.len() + size_of::<String>()).sum::<usize>()
    }
}

/// A line's key and its value, without comment and surrounding space. A colon may be forgotten.
fn key_and_value(line: &[u8]) -> Option<(Key, &[u8])> {
    let line = line.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
    let (spelling, key) = KEYS.iter().find(|(spelling, _)| {
        let after = line.get(spelling.len());
        let ends = after.is_some_and(|byte| *byte == b':' || byte.is_ascii_whitespace());
        ends && line.get(..spelling.len()).is_some_and(|start| start.eq_ignore_ascii_case(spelling))
    })?;
    let value = line.get(spelling.len()..)?.trim_ascii_start();
    Some((*key, value.strip_prefix(b":").unwrap_or(value).trim_ascii()))
}

fn delay(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

fn add(rules: &mut Vec<Rule>, value: &[u8], verdict: Verdict) {
    if value.is_empty() {
        return;
    }
    let pattern = escaped(value, Escape::CapitalsAndNonAscii);
    // `Allow: /news/index.html` means the folder too (Google's parser).
    let slash = pattern.iter().rposition(|byte| *byte == b'/');
    let (folder, file) = pattern.split_at(slash.map_or(0, |at| at + 1));
    if verdict == Verdict::Allow && slash.is_some() && file.starts_with(b"index.htm") {
        let folder = [folder, b"$"].concat();
        rules.push(Rule { weight: folder.len(), pattern: folder.into(), verdict });
    }
    rules.push(Rule { weight: pattern.len(), pattern: pattern.into(), verdict });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    CapitalsOnly,
    CapitalsAndNonAscii,
}

/// The bytes with the digits of escapes in capitals. Escapes stay escapes: `%2F` is no slash.
fn escaped(bytes: &[u8], escape: Escape) -> Vec<u8> {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    let digit = |half: u8| HEX.get(usize::from(half & 0x0f)).copied().unwrap_or_default();
    let mut output = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return output,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                output.extend([b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]);
                rest
            }
            [byte, rest @ ..] if !byte.is_ascii() && escape == Escape::CapitalsAndNonAscii => {
                output.extend([b'%', digit(byte >> 4), digit(*byte)]);
                rest
            }
            [byte, rest @ ..] => {
                output.push(*byte);
                rest
            }
        };
    }
}

impl Rule {
    /// Whether the pattern matches the path from its start; `*` stands for anything, `$` at the end
    /// for the end. `None` when the budget is used up.
    ///
    /// Each piece between two wildcards is taken where it comes first: what matches later matches
    /// then too, so that nothing is ever tried twice.
    fn matches(&self, path: &[u8], budget: &mut usize) -> Option<bool> {
        let (pattern, to_the_end) = match self.pattern.strip_suffix(b"$") {
            Some(pattern) => (pattern, true),
            None => (&*self.pattern, false),
        };
        let mut pieces = pattern.split(|byte| *byte == b'*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = path.strip_prefix(first) else { return Some(false) };
        let mut pieces = pieces.peekable();
        if pieces.peek().is_none() {
            return Some(!to_the_end || rest.is_empty());
        }
        while let Some(piece) = pieces.next() {
            if to_the_end && pieces.peek().is_none() {
                return Some(rest.ends_with(piece));
            }
            let Some(at) = find(rest, piece, budget)? else { return Some(false) };
            rest = rest.get(at + piece.len()..).unwrap_or_default();
        }
        Some(true)
    }
}

/// Where `piece` comes first; `None` when the budget is used up.
fn find(path: &[u8], piece: &[u8], budget: &mut usize) -> Option<Option<usize>> {
    if piece.is_empty() {
        return Some(Some(0));
    }
    for (at, window) in path.windows(piece.len()).enumerate() {
        let same = window.iter().zip(piece).take_while(|(a, b)| a == b).count();
        *budget = budget.checked_sub(same + 1)?;
        if same == piece.len() {
            return Some(Some(at));
        }
    }
    Some(None)
}

#[cfg(test)]
mod tests;
