//! From a page's bytes to an article.
//!
//! One function, [`extract`], pure and synchronous: bytes, headers and address in, the page's
//! [`Content`](crate::record::Content) or a [`Refusal`] out. What happens on the way, a room each:
//!
//! | room | what it does |
//! |---|---|
//! | `charset` | bytes to text, as the Encoding Standard has it |
//! | `scan` | text to tokens, without what no rule reads |
//! | `parse` | tokens to a tree, with caps on nodes, depth and time |
//! | `seen` | what names and classes were read as before |
//! | `page` | one walk over the tree: scopes, blocks of text, and everything of the head |
//! | `classes` | what the words in class and id say about an element |
//! | `structured` | JSON-LD, and the names of meta elements in order of trust |
//! | `title`, `authors`, `dates`, `images`, `language` | a field each |
//! | `state` | articles that stand in scripts, where the markup is an empty shell |
//! | `hints` | what the finder of the page said about it |
//! | `content` | which blocks are the text |
//! | `wire` | what agencies and republishers leave in a text |
//! | `gate` | is it an article at all? |
//! | `trees` | decision trees that were trained outside, as a table |
//! | `text` | normal forms, word counts, bounds |
//! | `plain` | pages that are plain text |
//! | `batch` | pages from disk: `newswire extract` |

mod agencies;
mod article;
mod authors;
pub mod batch;
mod charset;
mod classes;
mod content;
mod dates;
mod gate;
mod hints;
mod images;
mod jsonld;
mod language;
mod months;
mod page;
mod parse;
mod phrases;
mod plain;
mod scan;
mod seen;
mod stages;
mod state;
mod structured;
mod tag;
#[cfg(test)]
mod tests;
mod text;
mod title;
mod trees;
mod wire;

// Feeds read dates in the words of the same languages.
pub(crate) use dates::{Order, shown};
pub(crate) use months::month;

pub use article::{Extraction, Limits, Measured, Refusal, Source, extract, measures, told};
pub use charset::declared as declared_charset;
pub use content::Told;
pub use hints::Hints;
pub use stages::stages;
