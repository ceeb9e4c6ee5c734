//! The texts of the fixture site: short news of invented places and people, one file a language.
//!
//! A story begins with `=== HOST SLUG`, goes on with `name: value` lines, and after a blank line
//! come its paragraphs, each on a line of its own. What follows a line `---` is added when the story
//! is revised.

use super::catalogue::Host;

/// The files, each compiled in.
const FILES: [&str; 10] = [
    include_str!("pages/en.txt"),
    include_str!("pages/de.txt"),
    include_str!("pages/fr.txt"),
    include_str!("pages/es.txt"),
    include_str!("pages/pt.txt"),
    include_str!("pages/it.txt"),
    include_str!("pages/ru.txt"),
    include_str!("pages/ja.txt"),
    include_str!("pages/ar.txt"),
    include_str!("pages/tr.txt"),
];

/// The wire story that a republisher prints, in both forms: as it was written, and as it was copied.
const SEED: &str = include_str!("pages/seed.txt");

/// What is special about the way a story is served and asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Served {
    /// Asked for once, answered.
    #[default]
    Plainly,
    /// The first request gets a 500.
    AfterError,
    /// The first request gets a 503 with `Retry-After`.
    AfterBusy,
    /// The first answer is cut in the middle.
    AfterCut,
    /// The second request gets a longer text.
    Revised,
    /// Asked for twice, with the same text both times.
    Twice,
    /// Asked for once more with a tracking parameter.
    Tracked,
    /// There is an AMP page of it on another host.
    Amp,
    /// Another host prints the same text.
    Copied,
    /// Only reached through a chain of redirects.
    Moved,
    /// Only found in its site's feed.
    InFeed,
}

impl Served {
    fn named(name: &str) -> Self {
        match name {
            "after-error" => Self::AfterError,
            "after-busy" => Self::AfterBusy,
            "after-cut" => Self::AfterCut,
            "revised" => Self::Revised,
            "twice" => Self::Twice,
            "tracked" => Self::Tracked,
            "amp" => Self::Amp,
            "copied" => Self::Copied,
            "moved" => Self::Moved,
            "in-feed" => Self::InFeed,
            _ => Self::Plainly,
        }
    }
}

/// A story, as its newsroom has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Story {
    /// The short name of the host that prints it ([`Host::key`]).
    pub host: &'static str,
    /// Its name in the path.
    pub slug: &'static str,
    /// The headline.
    pub title: &'static str,
    /// Who wrote it.
    pub author: &'static str,
    /// When (RFC 3339, with the offset of the place).
    pub date: &'static str,
    /// The section.
    pub section: &'static str,
    /// What its picture shows; empty where it has none.
    pub caption: &'static str,
    /// The paragraphs, one a line.
    pub text: &'static str,
    /// The same, with what a revision adds.
    pub revised_text: &'static str,
    /// What is special about it.
    pub served: Served,
}

impl Story {
    /// The paragraphs, in order.
    pub fn paragraphs(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.text.lines().filter(|line| !line.trim().is_empty() && *line != "---")
    }

    /// The story as it stands after its revision.
    pub fn revised(self) -> Self {
        Self { text: self.revised_text, ..self }
    }

    /// The day, as `2025-03-04`.
    pub fn day(&self) -> &'static str {
        self.date.split('T').next().unwrap_or_default()
    }

    /// Where it stands on its host.
    pub fn path(&self, host: &Host) -> String {
        let mut day = self.day().splitn(3, '-');
        let (year, month) = (day.next().unwrap_or_default(), day.next().unwrap_or_default());
        host.path.replace("{year}", year).replace("{month}", month).replace("{slug}", self.slug)
    }
}

/// All stories of all files, in order; without the seed.
pub fn stories() -> Vec<Story> {
    FILES.into_iter().flat_map(read_all).collect()
}

/// The seed: the original first, then its republished copy.
pub fn seed() -> Vec<Story> {
    read_all(SEED).collect()
}

fn read_all(file: &'static str) -> impl Iterator<Item = Story> {
    file.split("=== ").skip(1).map(read)
}

fn read(entry: &'static str) -> Story {
    let (head, text) = entry.split_once("\n\n").unwrap_or((entry, ""));
    let mut lines = head.lines();
    let (host, slug) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or_default();
    let revised_text = text.trim_end();
    let text = revised_text.split("\n---\n").next().unwrap_or_default();
    let mut story = Story { host, slug, text, revised_text, ..Story::default() };
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        match name {
            "title" => story.title = value,
            "author" => story.author = value,
            "date" => story.date = value,
            "section" => story.section = value,
            "caption" => story.caption = value,
            "served" => story.served = Served::named(value),
            _ => {}
        }
    }
    story
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    /// Words as records count them: two Japanese characters are one.
    fn words(text: &str) -> usize {
        let is_cjk = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
        let characters = text.chars().filter(|c| is_cjk(*c)).count();
        if characters * 2 > text.chars().count() { characters / 2 } else { text.unicode_words().count() }
    }

    #[test]
    fn there_are_sixty_stories_and_each_is_whole() {
        let stories = stories();
        assert!(stories.len() >= 60, "{}", stories.len());
        let short = stories.iter().filter(|story| words(story.text) < 120);
        assert_eq!(short.map(|story| (story.slug, words(story.text))).collect::<Vec<_>>(), []);
        for story in stories {
            let head = [story.host, story.slug, story.title, story.author, story.date, story.section];
            assert!(head.iter().all(|field| !field.trim().is_empty()), "{story:?}");
            assert!(story.date.parse::<jiff::Timestamp>().is_ok(), "{story:?}");
            assert!(story.paragraphs().count() >= 3, "{}", story.slug);
        }
    }

    #[test]
    fn no_two_stories_share_a_paragraph_or_an_address() {
        let mut paragraphs = HashMap::new();
        let mut addresses = HashSet::new();
        for story in stories() {
            assert!(addresses.insert((story.host, story.slug)), "{}", story.slug);
            for paragraph in story.paragraphs() {
                let other = paragraphs.insert(paragraph, story.slug);
                assert_eq!(other, None, "{} has a paragraph of it: {paragraph}", story.slug);
            }
        }
    }

    #[test]
    fn no_two_stories_are_near_copies() {
        let shingles = |story: &Story| -> HashSet<Vec<&'static str>> {
            let words: Vec<&str> = story.text.unicode_words().collect();
            words.windows(4).map(<[&str]>::to_vec).collect()
        };
        let stories: Vec<_> = stories().iter().map(|story| (story.slug, shingles(story))).collect();
        for (at, (slug, one)) in stories.iter().enumerate() {
            for (other_slug, other) in &stories[at + 1..] {
                let shared = one.intersection(other).count();
                assert!(shared * 20 < one.len().min(other.len()), "{slug} and {other_slug} share {shared}");
            }
        }
    }
}
