//! Settings: defaults, file, environment, flags; validated before anything starts.

mod settings;

pub use settings::{
    Admin, Dedup, DedupStore, Delivery, DeliveryMode, Extract, Feeds, Fetch, Frontier, FrontierStore, Kafka, Log,
    LogFormat, Retry, Robots, Settings, Tier, Topics,
};
