//! Whether a worker has its group to itself.
//!
//! It is told by the partitions that it is given: a worker that is alone gets all of them, in either protocol and with
//! either way of belonging to a group. A list of members would not do: brokers keep the dead for their session's
//! timeout, and show no members of the newer protocol to those who ask in the older one.

use std::fmt;

/// How many of the partitions a worker was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Those that it was given.
    pub given: usize,
    /// All there are of the topics that it reads.
    pub of: usize,
}

/// A worker's place in its group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// It has no assignment yet.
    #[default]
    Unknown,
    /// All partitions are its own.
    Alone,
    /// It came to a group that others are in, and has never had all partitions.
    Newcomer(Share),
    /// It had all partitions, until others came.
    Joined(Share),
}

impl Place {
    /// The place of a worker that is given this share next.
    #[must_use]
    pub fn after(self, share: Share) -> Self {
        match self {
            _ if share.given == share.of => Self::Alone,
            Self::Unknown | Self::Newcomer(_) => Self::Newcomer(share),
            Self::Alone | Self::Joined(_) => Self::Joined(share),
        }
    }

    /// Whether it has had all partitions.
    pub fn was_alone(self) -> bool {
        matches!(self, Self::Alone | Self::Joined(_))
    }

    /// Whether others are in the group.
    pub fn has_others(self) -> bool {
        matches!(self, Self::Newcomer(_) | Self::Joined(_))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} partitions", self.given, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Share = Share { given: 4, of: 4 };
    const HALF: Share = Share { given: 2, of: 4 };

    #[test]
    fn who_comes_second_is_the_newcomer() {
        assert_eq!(Place::Unknown.after(ALL).after(HALF), Place::Joined(HALF));
        assert_eq!(Place::Unknown.after(HALF), Place::Newcomer(HALF));
        assert_eq!(Place::Unknown.after(HALF).after(HALF), Place::Newcomer(HALF));
    }

    #[test]
    fn who_is_left_alone_has_all() {
        for place in [Place::Unknown, Place::Newcomer(HALF), Place::Joined(HALF), Place::Alone] {
            assert_eq!(place.after(ALL), Place::Alone);
        }
    }
}
