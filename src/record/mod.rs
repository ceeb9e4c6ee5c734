//! What travels: the message that asks for a page, the article that comes of it, and how it ended.
//!
//! These types know nobody: no Kafka, no HTTP, no settings. Every other room speaks in them.

mod article;
mod date;
mod ending;
mod listing;
mod message;
mod origin;
mod outcome;
mod passage;
mod reason;
mod round;
pub mod tracking;
pub mod url;

pub use self::url::{Identity, RefusedUrl, as_told, is_plausible_canonical, site};
pub use article::{
    Article, Attribution, Changed, Content, Duplicate, Fetch, Image, Input, Publisher, Relation, Rights,
    SCHEMA_VERSION, article_id, schema,
};
pub use date::Date;
pub use ending::{Ending, Lap, Verdict};
pub use listing::{Listing, Subscribed, Ticket};
pub use message::{MalformedMessage, UrlMessage};
pub use origin::{Origin, ParseOriginError};
pub use outcome::{Outcome, OutcomeRecord};
pub use passage::{Passage, PassageKind};
pub use reason::Reason;
pub use round::{Next, Pace, Round, Version};
