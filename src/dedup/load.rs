//! `newswire dedup --load`: what was published before is known to a store that is new.
//!
//! The archive is what newswire wrote to its topic of articles, a record a line. Each is remembered as its record says: its
//! revision, and its place in its story. One that the store knows in this revision, or a later one, is passed over; so the same
//! archive can be loaded again, after whatever ended the first time, and nothing is counted twice.

use std::io::BufRead;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use url::Url;

use super::lines::{LONGEST, Lines};
use super::verify::SAFE_TO_DROP;
use super::{ArticleId, Asked, Fingerprint, Link, Ruling, Store, StreamError, host_hash};
use crate::record::{Attribution, Duplicate, Identity, Origin};

/// What came of an archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Loaded {
    /// Lines that were read.
    pub read: u64,
    /// Records that the store did not know.
    pub loaded: u64,
    /// Records that it knew, in this revision or a later one.
    pub known: u64,
    /// Lines that are no records.
    pub bad: u64,
}

/// What happens on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// So many bytes of the archive were read more.
    Read {
        /// How many.
        bytes: u64,
    },
    /// A line is no record, and is left out.
    Bad {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        why: &'a str,
    },
}

/// Of an article record, what is needed here.
#[derive(Deserialize)]
struct Record {
    id: String,
    canonical_url: String,
    body: String,
    #[serde(default = "first")]
    revision: u32,
    #[serde(default)]
    duplicate: Option<Duplicate>,
    #[serde(default)]
    attribution: Attribution,
}

const fn first() -> u32 {
    1
}

/// Loads the records of `archive` into `store`; `tell` hears of each line. They count as seen now, so they are remembered for
/// a whole `ttl`.
///
/// # Errors
/// The archive can't be read, or the store can't be written. What was loaded stays.
pub fn load(archive: impl BufRead, store: &Store, mut tell: impl FnMut(Step<'_>)) -> Result<Loaded, StreamError> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as u32);
    let mut lines = Lines::of(archive);
    let mut sums = Loaded::default();
    while let Some(line) = lines.next()? {
        sums.read += 1;
        tell(Step::Read { bytes: line.bytes });
        let record = match line.text {
            Some(text) => remembered(text, at),
            None => Err(format!("longer than {LONGEST} bytes")),
        };
        match record {
            Ok((asked, ruling)) if store.remember(&asked, ruling)? => sums.loaded += 1,
            Ok(_) => sums.known += 1,
            Err(why) => {
                sums.bad += 1;
                tell(Step::Bad { line: line.number, why: &why });
            }
        }
    }
    Ok(sums)
}

/// What is remembered of a record.
fn remembered(line: &[u8], at: u32) -> Result<(Asked, Ruling), String> {
    let record: Record = serde_json::from_slice(line).map_err(|failure| failure.to_string())?;
    let id = |text: &str, of: &str| {
        let is_id = text.len() == 32 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let id = text.parse::<ArticleId>().ok().filter(|_| is_id);
        id.ok_or_else(|| format!("{of} is {text:?}, and should be 32 hexadecimal digits"))
    };
    let link = match &record.duplicate {
        None => None,
        Some(told) if !(0.0..=1.0).contains(&told.similarity) => {
            return Err(format!("duplicate.similarity is {}, and should be from 0 to 1", told.similarity));
        }
        Some(told) => Some(Link {
            of: id(&told.of, "duplicate.of")?,
            cluster: id(&told.cluster, "duplicate.cluster")?,
            relation: told.relation,
            similarity: told.similarity,
        }),
    };
    let url = Url::parse(&record.canonical_url).ok();
    let Some(host) = url.as_ref().and_then(Url::host_str) else {
        return Err(format!("canonical_url is {:?}, and should be an address with a host", record.canonical_url));
    };
    if record.body.trim().is_empty() {
        return Err("body is empty".to_owned());
    }
    let source = record.attribution.source_url.as_deref().and_then(|url| Identity::of(url).ok());
    // No message's: where a record came from in its own time another message may stand in ours.
    let nowhere = Origin { topic: String::new(), partition: -1, offset: -1 };
    let asked = Asked {
        id: id(&record.id, "id")?,
        host: host_hash(host),
        text: Fingerprint::of(&record.body),
        source: source.map(|identity| ArticleId::of_key(&identity.key)),
        origin: nowhere.clone(),
        consumed: nowhere,
        at,
    };
    let duplicate = link.is_some_and(|link| link.similarity >= SAFE_TO_DROP);
    Ok((asked, Ruling { duplicate, revision: record.revision.max(1), changed: None, link }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::{Finding, Limits, Original};
    use crate::record::article_id;
    use serde_json::json;
    use std::sync::Arc;
    use std::time::Duration;

    fn store() -> Arc<Store> {
        Store::new(Limits { ttl: Duration::MAX, most: usize::MAX, original: Original::First })
    }

    fn record(url: &str, body: &str, revision: u32) -> String {
        json!({ "id": article_id(url), "canonical_url": url, "body": body, "revision": revision }).to_string()
    }

    fn loaded(archive: &str, store: &Store) -> (Loaded, Vec<String>) {
        let mut bad = Vec::new();
        let sums = load(archive.as_bytes(), store, |step| {
            if let Step::Bad { line, why } = step {
                bad.push(format!("line {line}: {why}"));
            }
        });
        (sums.unwrap(), bad)
    }

    fn finding(store: &Store, url: &str, body: &str) -> Finding {
        let origin = Origin { topic: "news.urls".into(), partition: 0, offset: 0 };
        let (id, text) = (ArticleId::of_key(url), Fingerprint::of(body));
        let asked = Asked { id, host: 7, text, source: None, origin: origin.clone(), consumed: origin, at: u32::MAX };
        store.decide_now(&asked).unwrap()
    }

    #[test]
    fn what_was_loaded_is_unchanged_revised_and_copied_as_if_it_had_been_read() {
        let store = store();
        let body = (0..80).map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
        let (sums, _) = loaded(&record("https://a.example/1", &body, 3), &store);
        assert_eq!(sums, Loaded { read: 1, loaded: 1, known: 0, bad: 0 });
        assert_eq!(finding(&store, "https://a.example/1", &body), Finding::Unchanged);
        let Finding::Decided(copy) = finding(&store, "https://b.example/1", &body) else { panic!() };
        assert_eq!(copy.ruling.link.map(|link| link.of), Some(ArticleId::of_key("https://a.example/1")));
        let Finding::Decided(revised) = finding(&store, "https://a.example/1", &(body + " more")) else { panic!() };
        assert_eq!(revised.ruling.revision, 4);
    }

    #[test]
    fn an_archive_that_is_loaded_again_loads_nothing() {
        let store = store();
        let archive =
            [1, 2].map(|revision| record("https://a.example/1", &format!("text {revision}"), revision)).join("\n");
        assert_eq!(loaded(&archive, &store).0, Loaded { read: 2, loaded: 2, known: 0, bad: 0 });
        assert_eq!(loaded(&archive, &store).0, Loaded { read: 2, loaded: 0, known: 2, bad: 0 });
        assert_eq!(store.size().articles, 1);
        assert_eq!(finding(&store, "https://a.example/1", "text 2"), Finding::Unchanged);
    }

    #[test]
    fn stories_stay_as_the_records_have_them() {
        let store = store();
        let (of, url) = (article_id("https://gone.example/1"), "https://a.example/1");
        let told = json!({ "cluster": of, "of": of, "relation": "update", "similarity": 0.6 });
        let line =
            json!({ "id": article_id(url), "canonical_url": url, "body": "a text", "duplicate": told }).to_string();
        assert_eq!(loaded(&line, &store).0.loaded, 1);
        let Finding::Decided(copy) = finding(&store, "https://b.example/1", "a text") else { panic!() };
        assert_eq!(copy.ruling.link.map(|link| link.cluster.to_string()), Some(of));
    }

    #[test]
    fn lines_that_are_no_records_are_told_by_number_and_the_others_loaded() {
        let store = store();
        let good = record("https://a.example/1", "a text", 1);
        let lines = [
            "no",
            &good,
            "",
            r#"{"id":"7","canonical_url":"https://a.example/","body":"x"}"#,
            &good.replace("https", "nowhere:"),
            &good.replace("a text", " "),
        ];
        let (sums, bad) = loaded(&lines.join("\n"), &store);
        assert_eq!(sums, Loaded { read: 5, loaded: 1, known: 0, bad: 4 });
        let starts = ["line 1: expected", "line 4: id is \"7\"", "line 5: canonical_url is", "line 6: body is empty"];
        for (told, start) in bad.iter().zip(starts) {
            assert!(told.starts_with(start), "{told}");
        }
    }
}
