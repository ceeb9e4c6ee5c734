//! Is this article new? Identities, and the claim that decides it.
//!
//! Two identities are compared here: the URL's key and the exact normalised text. A message *claims*
//! both in one step; what was known decides what it is. The claim is confirmed when the message's
//! records are acknowledged, and released when it is dropped before.

mod store;
mod stream;
mod text;

pub use store::{Claim, Decision, Known, Store};
pub use stream::{StreamError, dedup_stream};
pub use text::TextHash;
