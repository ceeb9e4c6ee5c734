//! Is this article new? Identities, near copies, and the claim that decides it.
//!
//! A text becomes a [`Fingerprint`] (`fleeting`, `words`, `text`, `sketch`, `tally`, `fingerprint`). What is known of earlier ones is kept packed
//! (`entry`, `shelf`) and found by id, text and anchors (`known`, `anchors`); `verify` tells whether two texts are one story,
//! leaving out what their hosts repeat (`boilerplate`); `decide` says what an article is. A message *claims* that
//! in one step (`store`), and settles it when its records are committed. What is known is a worker's own (`local`, and `disk` for
//! the next process), or a group's (`shared`): both are an `index` that the same rules decide by. Beside it lies
//! which version of a page was read (`visits`). `stream` decides for documents, `load` brings in what was published before, `stats`
//! counts what is known.

mod anchors;
mod boilerplate;
mod decide;
mod disk;
mod entry;
mod fingerprint;
mod fleeting;
mod gauges;
mod index;
mod known;
mod learned;
mod lines;
mod load;
mod local;
mod shared;
mod shelf;
mod sketch;
mod stats;
mod store;
mod stream;
mod tally;
mod text;
mod verify;
mod visits;
mod words;

pub use decide::{Asked, Decision, Finding, Link, Original, Ruling};
pub use disk::StoreError;
pub use entry::{ArticleId, host_hash};
pub use fingerprint::Fingerprint;
pub use gauges::Gauges;
pub use load::{Loaded, Step, load};
pub use sketch::{Overlap, Sketch};
pub use stats::{Stats, Stories};
pub use store::{Claim, Limits, Size, Store};
pub use stream::{StreamError, dedup_stream};
pub use text::TextHash;
