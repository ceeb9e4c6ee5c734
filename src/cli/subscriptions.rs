//! `newswire feeds add | list | remove | export`: the list of feeds that are asked again and again.
//!
//! A change is one transaction: the list, and the first message of each subscription. Only one command at a time can make
//! one, and it reads the list after it has taken that place, so what is listed is not added twice.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use newswire::config;
use newswire::feeds::{Every, MOST_BYTES, listed_as, opml};
use newswire::kafka::{Link, Pace, Parcel, ReadError, Reader, Repost, RepostError, Sight, TopicError, create_topics};
use newswire::logging;
use newswire::record::{Listing, Subscribed, Ticket, UrlMessage, site};
use serde::Serialize;
use url::Url;

use super::{Failure, Settings, runtime};

/// Subscriptions that one transaction begins at most.
const AT_ONCE: usize = 1_000;

/// Looks at a topic that was just created, a fifth of a second apart.
const CREATED_WITHIN: usize = 50;

/// What came of the addresses that were named.
#[derive(Debug, Default, Serialize)]
struct Summary {
    added: usize,
    known: usize,
    refused: Vec<String>,
}

pub fn add(feeds: &[String], every: &str, settings: &Settings) -> Result<ExitCode, Failure> {
    Every::parse(every).map_err(|failure| Failure::usage(format!("--every: {failure}")))?;
    let outlines = feeds.iter().map(|named| outlines(named)).collect::<Result<Vec<_>, _>>()?.concat();
    let mut list = List::to_change(settings)?;
    let mut summary = Summary::default();
    let (mut once, mut new) = (HashSet::new(), Vec::new());
    let now = Timestamp::now();
    for opml::Outline { url, title } in outlines {
        let Some(key) = listed_as(&url) else {
            summary.refused.push(url);
            continue;
        };
        let is_known = list.sight.of(&key).is_some_and(|listed| listed.every == every);
        if is_known || !once.insert(key.clone()) {
            summary.known += 1;
            continue;
        }
        let id = format!("add-{}-{}", now.as_millisecond(), new.len());
        let added_at = format!("{now:.3}");
        new.push(Subscribed { url: key, every: every.to_owned(), added_at, id, title });
    }
    for some in new.chunks(AT_ONCE) {
        let parcels = some.iter().flat_map(|listed| list.parcels_of_new(listed, now)).collect();
        list.commit(parcels)?;
        summary.added += some.len();
    }
    say(&summary)?;
    Ok(if summary.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub fn remove(urls: &[String], settings: &Settings) -> Result<ExitCode, Failure> {
    let mut list = List::to_change(settings)?;
    let keys: Vec<String> = urls.iter().map(|url| listed_as(url).unwrap_or_else(|| url.clone())).collect();
    let (known, unknown): (Vec<String>, Vec<String>) = keys.into_iter().partition(|key| list.sight.of(key).is_some());
    let parcels = known.iter().map(|key| Parcel::listing(list.feeds.clone(), &Listing::Remove(key.clone()))).collect();
    list.commit(parcels)?;
    say(&serde_json::json!({ "removed": known.len(), "unknown": unknown }))?;
    Ok(if unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

pub fn list(settings: &Settings) -> Result<ExitCode, Failure> {
    let sight = looked(settings)?;
    let mut out = std::io::stdout().lock();
    for Subscribed { url, every, added_at, title, .. } in sight.all() {
        let line = serde_json::json!({ "url": url, "every": every, "added_at": added_at, "title": title });
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn export(settings: &Settings) -> Result<ExitCode, Failure> {
    let sight = looked(settings)?;
    std::io::stdout().lock().write_all(opml::write(sight.all()).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The list, and the right to change it.
struct List {
    sight: Sight,
    repost: Repost,
    urls: Arc<str>,
    feeds: Arc<str>,
}

impl List {
    fn to_change(settings: &Settings) -> Result<Self, Failure> {
        let settings = loaded(settings)?;
        let reader = Reader::open(&settings, &settings.kafka.group_id, Pace::Steady).map_err(Failure::usage)?;
        let (feeds, urls) = (settings.topics.feeds.as_str(), settings.topics.urls.as_str());
        for topic in [feeds, urls] {
            exists(&settings, &reader, topic)?;
        }
        let repost = Repost::open_for_feeds(&settings, &reader).map_err(unwritten)?;
        let mut sight = Sight::default();
        sight.look(&settings).map_err(unread)?;
        Ok(Self { sight, repost, urls: urls.into(), feeds: feeds.into() })
    }

    /// What begins a subscription: its place on the list, and its first message.
    fn parcels_of_new(&self, listed: &Subscribed, now: Timestamp) -> [Parcel; 2] {
        let message = UrlMessage {
            every: Some(listed.every.clone()),
            subscription: Some(Ticket { id: listed.id.clone(), added_ms: now.as_millisecond() }),
            ..UrlMessage::bare(listed.url.as_str())
        };
        let key = Url::parse(&listed.url).map(|url| site(&url)).unwrap_or_default();
        [
            Parcel::listing(self.feeds.clone(), &Listing::Put(listed.clone())),
            Parcel::json(self.urls.clone(), &key, message.to_json().to_string().into_bytes()),
        ]
    }

    fn commit(&mut self, parcels: Vec<Parcel>) -> Result<(), Failure> {
        if parcels.is_empty() {
            return Ok(());
        }
        let parcels: Vec<&Parcel> = parcels.iter().collect();
        let refused = self.repost.commit(&parcels, &Default::default()).map_err(unwritten)?;
        if refused.is_empty() { Ok(()) } else { Err(Failure::unable("the brokers refuse records for their size")) }
    }
}

/// Sees to it that a topic is there: before the first worker has started it may not be.
fn exists(settings: &config::Settings, reader: &Reader, topic: &str) -> Result<(), Failure> {
    let mut created = false;
    for _ in 0..CREATED_WITHIN {
        match reader.partitions(topic) {
            Ok(_) => return Ok(()),
            Err(TopicError::Missing(missing)) if settings.kafka.create_topics => {
                if !created {
                    let link = Arc::new(Link::default());
                    runtime()?.block_on(create_topics(settings, &missing, &link)).map_err(Failure::usage)?;
                    created = true;
                }
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(failure) => return Err(unread(failure.into())),
        }
    }
    Err(Failure::unable(format!("topic {topic} was created, and the brokers do not know it yet; try again")))
}

/// The addresses that an argument names: those of a list, or itself.
fn outlines(named: &str) -> Result<Vec<opml::Outline>, Failure> {
    let is_list = named == "-" || Path::new(named).is_file();
    if !is_list {
        if Url::parse(named).is_err() {
            return Err(Failure::usage(format!("{named}: neither an address nor a file")));
        }
        return Ok(vec![opml::Outline { url: named.to_owned(), title: None }]);
    }
    let unreadable = |failure| Failure::usage(format!("{named}: {failure}"));
    let input: Box<dyn Read> = if named == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(named).map_err(unreadable)?)
    };
    let mut bytes = Vec::new();
    input.take(MOST_BYTES as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    let found = opml::outlines(&bytes);
    if found.is_empty() {
        return Err(Failure::usage(format!("{named}: no OPML, or none that names a feed (outline with xmlUrl)")));
    }
    Ok(found)
}

fn loaded(settings: &Settings) -> Result<config::Settings, Failure> {
    let settings = settings.load()?.settings;
    logging::start(&settings.log)?;
    Ok(settings)
}

/// The list as it is; an empty one where there is none yet.
fn looked(settings: &Settings) -> Result<Sight, Failure> {
    let settings = loaded(settings)?;
    let mut sight = Sight::default();
    match sight.look(&settings) {
        Ok(()) | Err(ReadError::Topics(TopicError::Missing(_))) => Ok(sight),
        Err(failure) => Err(unread(failure)),
    }
}

fn unread(failure: ReadError) -> Failure {
    if failure.is_settings() { Failure::usage(failure) } else { Failure::unable(failure) }
}

fn unwritten(failure: RepostError) -> Failure {
    if let RepostError::Fenced { detail, .. } = &failure {
        return Failure::unable(format!(
            "another change of the list has begun meanwhile; run this one again ({detail})"
        ));
    }
    if failure.is_settings() { Failure::usage(failure) } else { Failure::unable(failure) }
}

fn say(summary: &impl Serialize) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, summary).map_err(std::io::Error::from)?;
    Ok(writeln!(out)?)
}
