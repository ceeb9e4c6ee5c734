//! What an article is, given what is known: a decision without side effects.

use super::Fingerprint;
use super::entry::{ArticleId, Entry, origin_hash};
use super::index::Index;
use super::sketch::{Overlap, Sieve};
use super::tally::{self, Tallied};
use super::verify::{CERTAIN, Resemblance, SAFE_TO_DROP, Side, resemblance};
use crate::record::{Changed, Origin, Relation};

/// What a message asks about.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The article's id.
    pub id: ArticleId,
    /// A hash of its host's name.
    pub host: u32,
    /// Its text.
    pub text: Fingerprint,
    /// The article that the page names as its source.
    pub source: Option<ArticleId>,
    /// Where the message first came in.
    pub origin: Origin,
    /// Where it was consumed this time: that is what the group commits.
    pub consumed: Origin,
    /// Now, in seconds since 1970.
    pub at: u32,
}

/// An earlier article that a text belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The earlier article: never one that is a duplicate itself.
    pub of: ArticleId,
    /// The story: the id of its first article.
    pub cluster: ArticleId,
    /// In what way it is related.
    pub relation: Relation,
    /// Which share of the text the earlier article has.
    pub similarity: f64,
}

/// How an article was decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ruling {
    /// Whether it says nothing that the article it is linked to does not say.
    pub duplicate: bool,
    /// 1, or more for a known URL whose text changed.
    pub revision: u32,
    /// What a revision changed.
    pub changed: Option<Changed>,
    /// What it is related to.
    pub link: Option<Link>,
}

/// What an article is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// How it is decided.
    pub ruling: Ruling,
    /// Another story that turns out to be the same as the one it belongs to.
    pub merged: Option<ArticleId>,
}

/// Whose page counts as the original among those that resemble a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// The one that resembles it most; of equals the first to arrive.
    First,
    /// The one that the page itself names as its source, if it is known.
    Source,
}

/// What is known about an article that is asked about.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The same message was decided before.
    Again(Decision),
    /// Its URL is known with this text.
    Unchanged,
    /// It is to be decided so.
    Decided(Decision),
}

/// Decides what `asked` is. With the answer come the numbers of the articles that it leans on.
pub fn decide(asked: &Asked, known: &impl Index, original: Original) -> (Finding, Vec<u32>) {
    let Some((number, before)) = known.by_id(asked.id) else {
        let (link, merged, leans_on) = related(asked, known, original, None);
        let duplicate = link.is_some_and(|link| link.similarity >= SAFE_TO_DROP);
        return (
            Finding::Decided(Decision { ruling: Ruling { duplicate, revision: 1, changed: None, link }, merged }),
            leans_on,
        );
    };
    if before.text == asked.text.text {
        let again = before.origin == origin_hash(&asked.origin);
        let decision = Decision { ruling: before.ruling, merged: before.merged };
        return (if again { Finding::Again(decision) } else { Finding::Unchanged }, vec![number]);
    }
    let (link, merged, mut leans_on) = related(asked, known, original, Some(&before));
    leans_on.push(number);
    // What was published once is followed by its corrections, whatever they resemble.
    let duplicate = before.ruling.duplicate && link.is_some_and(|link| link.similarity >= SAFE_TO_DROP);
    let revision = if duplicate { before.ruling.revision } else { before.ruling.revision.saturating_add(1) };
    let changed = (!duplicate).then(|| changed(&before, &asked.text));
    (Finding::Decided(Decision { ruling: Ruling { duplicate, revision, changed, link }, merged }), leans_on)
}

/// What changed since an article was decided.
fn changed(before: &Entry<'_>, now: &Fingerprint) -> Changed {
    let shingles = Overlap::of(&before.side.shingles, &now.shingles.as_ref(), |_| false);
    let before = Tallied { tally: &before.tally, words: before.side.words };
    tally::changed(before, Tallied { tally: &now.tally, words: now.words }, shingles, now.per_word)
}

/// The earlier article that `asked` belongs to, and another story that turns out to be the same.
fn related(
    asked: &Asked,
    known: &impl Index,
    original: Original,
    before: Option<&Entry<'_>>,
) -> (Option<Link>, Option<ArticleId>, Vec<u32>) {
    // A published article stays in its story, and is no copy of its copies.
    let own = before.filter(|before| !before.ruling.duplicate);
    if let Some((number, exact)) = known.by_text(asked.text.text).filter(|(_, entry)| entry.id != asked.id)
        && own.is_none_or(|own| exact.cluster() != own.cluster())
    {
        let same = Resemblance { score: f64::INFINITY, similarity: 1.0, relation: Relation::Copy };
        return (Some(link(&exact, same)), None, vec![number]);
    }
    let new = Side {
        host: asked.host,
        words: asked.text.words,
        number_words: asked.text.number_words,
        shingles: asked.text.shingles.as_ref(),
        numbers: asked.text.numbers.as_ref(),
    };
    let sieve = Sieve::of(&new.shingles);
    let verify = |number: u32| {
        let entry = known.entry(number).filter(|entry| entry.id != asked.id)?;
        let resemblance = resemblance(&new, &sieve, &entry.side, |host, shingle| known.repeats(host, shingle))?;
        Some((number, entry, resemblance))
    };
    let mut alike: Vec<(u32, Entry<'_>, Resemblance)> =
        known.candidates(asked.host, &asked.text).into_iter().filter_map(verify).collect();
    if let Some(own) = own {
        alike.retain(|(_, entry, _)| known.story(entry.cluster()) != known.story(own.cluster()));
    }
    let is_source = |entry: &Entry<'_>| original == Original::Source && asked.source == Some(entry.id);
    alike.sort_by(|(a_number, a, a_alike), (b_number, b, b_alike)| {
        is_source(b).cmp(&is_source(a)).then(b_alike.score.total_cmp(&a_alike.score)).then(a_number.cmp(b_number))
    });
    let own_link = own.and_then(|own| own.ruling.link);
    let Some((number, best, resemblance)) = alike.first() else { return (own_link, None, Vec::new()) };
    if let Some(own) = own {
        let other = known.story(best.cluster());
        let merged = (resemblance.score >= CERTAIN).then_some(other);
        return (own_link, merged.filter(|other| *other != known.story(own.cluster())), vec![*number]);
    }
    let story = known.story(best.cluster());
    let other = alike[1..]
        .iter()
        .find(|(_, entry, resemblance)| resemblance.score >= CERTAIN && known.story(entry.cluster()) != story);
    let mut leans_on = vec![*number];
    leans_on.extend(other.map(|(number, ..)| *number));
    (Some(link(best, *resemblance)), other.map(|(_, entry, _)| known.story(entry.cluster())), leans_on)
}

/// A link to `entry`, or to the article that it duplicates: then what is known of both distances is multiplied, which
/// is the least that the texts can have in common if what each leaves out is spread evenly.
fn link(entry: &Entry<'_>, resemblance: Resemblance) -> Link {
    let Resemblance { similarity, relation, .. } = resemblance;
    let rounded = |share: f64| (share * 1e4).round() / 1e4;
    match entry.ruling.link.filter(|_| entry.ruling.duplicate) {
        None => Link { of: entry.id, cluster: entry.cluster(), relation, similarity: rounded(similarity) },
        Some(first) => {
            let relation = if relation == Relation::Copy { first.relation } else { relation };
            Link { of: first.of, cluster: first.cluster, relation, similarity: rounded(similarity * first.similarity) }
        }
    }
}
