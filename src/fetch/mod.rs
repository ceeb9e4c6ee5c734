//! One URL from the network, safely: a client that follows nothing by itself, behind a guard.
//!
//! - [`Client`]: one request, one [`Answer`]: a page as it was received, or where it moved to. Who
//!   calls it follows the redirects, since each hop's host has its own pace and robots.txt.
//! - [`Hops`]: which redirects may still be followed.
//! - `guard`: which addresses and ports may be connected to at all; `resolver` asks it for each
//!   address of a name, at connect time.
//! - `body`: bytes read under a cap and a deadline; `coding`: what they decompress to, under a cap;
//!   `media`: whether they are anything that newswire reads.
//! - [`meta_refresh`]: where a page sends its reader at once; [`Validators`]: which version of a page we have.
//! - `retry_after`: when a host asks us to come back later.
//! - [`FetchError`]: everything that can go wrong, with the reason it ends a message with.

mod body;
mod client;
pub(crate) mod coding;
mod error;
mod failure;
mod guard;
mod media;
mod meta_refresh;
mod redirect;
mod resolver;
pub mod retry_after;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tls;
mod validators;

pub use body::{Page, PageHeaders, Raw};
pub use client::{Answer, Client, ClientError, Prefix};
pub use error::FetchError;
pub use guard::Guard;
pub use media::{MOST_LIST_BYTES, Media};
pub use meta_refresh::meta_refresh;
pub use redirect::{Hops, Refresh};
pub(crate) use tls::{Offer, client_config};
pub use validators::Validators;
