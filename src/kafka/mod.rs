//! Both ends of the worker: intake, the ledgers, commit.
//!
//! [`Intake`] takes messages into their partition's [`Ledger`] and hands them to the pipeline;
//! [`Commit`] writes what came of them, marks them done, and commits. Nothing between the two knows
//! of Kafka.

mod capacity;
mod client;
mod commit;
mod embedded;
mod forsaken;
mod intake;
mod interval;
mod law;
mod ledger;
mod message;
mod outbox;
mod parcels;
mod partitions;
mod place;
mod position;
mod producer;
mod reader;
mod rebalance;
mod rejected;
mod repost;
mod roster;
mod topics;
mod transactions;

pub use capacity::{Capacity, Held};
pub use client::{Link, Listener, MAX_MESSAGE_BYTES, Trouble, TroubleKind, consumer_config, producer_config, protocol};
pub use commit::{Commit, Delivery, Ended, Handover, Waiting};
pub use embedded::EmbeddedBroker;
pub use forsaken::resolve_forsaken;
pub use intake::{Intake, IntakeError};
pub use law::Law;
pub use ledger::{Ledger, LedgerError, Position, Take};
pub use message::{Author, Consumed, HeaderPair, Parcel, REPLAYED_FROM, RESERVED, Taken};
pub use outbox::Outbox;
pub use parcels::{MAX_ARTICLE_BYTES, Parcels, Writer};
pub use partitions::{Account, Commitment, MAX_METADATA_BYTES, Partition, PartitionError, Partitions, Plan, Ticket};
pub use place::{Place, Share};
pub use position::PositionError;
pub use producer::DeliveryError;
pub use reader::{Pace, ReadError, Reader, Scan};
pub use rebalance::{Consumer, Protocol, Rebalances};
pub use rejected::Rejected;
pub use repost::{Repost, RepostError, fits, replay_group};
pub use roster::{ListedFeeds, Sight};
pub use topics::{TopicError, create_topics, missing_topics, read_topics};
pub use transactions::{TransactionEnd, Transactions};
