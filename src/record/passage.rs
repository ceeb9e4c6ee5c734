//! The parts of a text, and what each of them is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Date;

/// A part of an article's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Passage {
    /// What it is.
    pub kind: PassageKind,
    /// Its plain text, as it stands in `paragraphs`.
    pub text: String,
    /// On the first part of an entry of a live blog: when the entry was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Date>,
}

/// What a part of a text is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassageKind {
    /// Running text.
    #[default]
    Paragraph,
    /// The summary between headline and text.
    Standfirst,
    /// A heading within the text.
    Heading,
    /// An item of a list.
    ListItem,
    /// A quotation that stands by itself.
    Quote,
    /// A row of a table, its cells parted by ` | `.
    TableRow,
}

impl PassageKind {
    /// Whether its sentences may go on in the next part.
    pub fn is_prose(self) -> bool {
        matches!(self, Self::Paragraph | Self::Standfirst | Self::Quote)
    }
}
