//! Where a message first came in: its identity through all retries.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Topic, partition and offset of a message, written `news.urls:3:1042`.
///
/// A deferred message is a new message to Kafka, but the same one to us: it carries the origin of
/// the first in a header, and everything said about it (record, outcome, claim) names that origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The topic.
    pub topic: String,
    /// The partition, from 0.
    pub partition: i32,
    /// The offset within the partition, from 0.
    pub offset: i64,
}

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no origin: expected topic:partition:offset")]
pub struct ParseOriginError(pub String);

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.topic, self.partition, self.offset)
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    /// Reads what `Display` writes. Topic names hold no colon (Kafka allows `[a-zA-Z0-9._-]`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseOriginError(text.chars().take(300).collect());
        let mut parts = text.split(':');
        let (Some(topic), Some(partition), Some(offset), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(refused());
        };
        let partition = partition.parse().map_err(|_| refused())?;
        let offset = offset.parse().map_err(|_| refused())?;
        if topic.is_empty() || partition < 0 || offset < 0 {
            return Err(refused());
        }
        Ok(Self { topic: topic.into(), partition, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_origin_reads_back_as_it_was_written(
            topic in "[a-zA-Z0-9._-]{1,40}", partition in 0..i32::MAX, offset in 0..i64::MAX
        ) {
            let origin = Origin { topic: topic.as_str().into(), partition, offset };
            prop_assert_eq!(origin.to_string().parse::<Origin>(), Ok(origin));
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in ["", "news.urls", "news.urls:1", "news.urls:1:2:3", ":1:2", "t:-1:2", "t:1:-2", "t:x:2"] {
            assert!(text.parse::<Origin>().is_err(), "{text:?}");
        }
    }
}
