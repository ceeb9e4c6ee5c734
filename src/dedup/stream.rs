//! `newswire dedup`: decides for each document of a stream, by the same code as the worker.

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::lines::{LONGEST, Lines};
use super::{ArticleId, Asked, Finding, Fingerprint, Store, StoreError, host_hash};
use crate::record::{Origin, Relation};

/// Why a stream can't be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// A line is no document.
    #[error("line {line}: {source}")]
    NotADocument {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line is longer than any article.
    #[error("line {line} is longer than {LONGEST} bytes")]
    TooLong {
        /// Its number, from 1.
        line: u64,
    },
    /// What is known can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default)]
    host: String,
    text: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    of: Option<String>,
    similarity: f64,
    relation: Option<Relation>,
}

/// Reads documents `{"id","text",...}`, a line each, and writes `{"id","of","similarity","relation"}`
/// for each, in order. Blank lines are none. The answer is how many there were.
///
/// What is known is kept in `store`, and each decision is settled at once. The id of an article of an earlier
/// stream is told as the store has it: a hash. A document whose id comes again with the same text is the same document, and gets the same answer.
pub fn dedup_stream(documents: impl BufRead, mut answers: impl Write, store: &Store) -> Result<u64, StreamError> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as u32);
    // The stream's ids are names of its own; ours are hashes of them.
    let mut names: HashMap<ArticleId, String> = HashMap::new();
    let mut lines = Lines::of(documents);
    let mut count = 0;
    while let Some(line) = lines.next()? {
        let Some(text) = line.text else { return Err(StreamError::TooLong { line: line.number }) };
        let document: Document =
            serde_json::from_slice(text).map_err(|source| StreamError::NotADocument { line: line.number, source })?;
        let id = ArticleId::of_key(&document.id);
        let origin = Origin { topic: document.id.clone(), partition: 0, offset: 0 };
        let asked = Asked {
            id,
            host: host_hash(&document.host),
            text: Fingerprint::of(&document.text),
            source: None,
            origin: origin.clone(),
            consumed: origin,
            at,
        };
        let link = match store.decide_now(&asked)? {
            Finding::Decided(decision) | Finding::Again(decision) => decision.ruling.link,
            Finding::Unchanged => None,
        };
        let of = link.map(|link| names.get(&link.of).cloned().unwrap_or_else(|| link.of.to_string()));
        let similarity = link.map_or(0.0, |link| link.similarity);
        let relation = link.map(|link| link.relation);
        serde_json::to_writer(&mut answers, &Answer { id: &document.id, of, similarity, relation })
            .map_err(std::io::Error::from)?;
        answers.write_all(b"\n")?;
        names.entry(id).or_insert(document.id);
        count += 1;
    }
    answers.flush()?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::{Limits, Original};
    use std::sync::Arc;
    use std::time::Duration;

    fn store() -> Arc<Store> {
        Store::new(Limits { ttl: Duration::MAX, most: usize::MAX, original: Original::First })
    }

    fn answers(documents: &str) -> String {
        let mut out = Vec::new();
        dedup_stream(documents.as_bytes(), &mut out, &store()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_copy_points_to_the_first() {
        let out =
            answers("{\"id\":\"a\",\"text\":\"One text.\"}\n{\"id\":\"b\",\"host\":\"h\",\"text\":\"one text\"}\n");
        let expected = "{\"id\":\"a\",\"of\":null,\"similarity\":0.0,\"relation\":null}\n{\"id\":\"b\",\"of\":\"a\",\"similarity\":1.0,\"relation\":\"copy\"}\n";
        assert_eq!(out, expected);
    }

    #[test]
    fn blank_lines_are_no_documents() {
        let mut out = Vec::new();
        let count = dedup_stream(
            &b"{\"id\":\"a\",\"text\":\"t\"}\r\n\r\n{\"id\":\"b\",\"text\":\"u\"}\n\n"[..],
            &mut out,
            &store(),
        )
        .unwrap();
        assert_eq!((count, String::from_utf8(out).unwrap().lines().count()), (2, 2));
    }

    #[test]
    fn a_line_that_is_no_document_is_named() {
        let failure = dedup_stream(&b"{\"id\":\"a\",\"text\":\"t\"}\nno\n"[..], Vec::new(), &store()).unwrap_err();
        assert!(failure.to_string().starts_with("line 2: "), "{failure}");
    }

    #[test]
    fn an_empty_stream_has_no_answers() {
        assert_eq!(answers(""), "");
    }
}
