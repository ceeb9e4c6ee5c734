//! Settings: defaults, file, environment, flags; validated as a whole before anything starts.
//!
//! | file | what it knows |
//! |---|---|
//! | `settings` | the settings as the rest of the worker sees them |
//! | `sections` | every key, with its default and what is allowed |
//! | `rules` | what a value may be: durations, sizes, names, choices |
//! | `properties` | librdkafka's properties, and which of them are newswire's own |
//! | `topology` | settings of several parts: retry tiers, addresses of hosts, ports |
//! | `checks` | what must hold between keys, and what this version doesn't do yet |
//! | `layers` | file, environment and flags, laid over each other with the crate `config` |
//! | `reader` | hands out each key once, collects the errors, and knows what nobody asked for |
//! | `value` | what a file or a variable says, read as text, number, list or table |
//! | `source` | where a value comes from |
//! | `secret` | what must not be shown |
//! | `error` | what can be wrong, each with key, value, source and what is allowed |
//! | `renamed` | keys that had another name; the old one still works, and says so |
//! | `migrate` | a settings file under today's names |
//! | `load` | all of it in order, and what `newswire config` prints |

mod checks;
mod error;
mod layers;
mod load;
mod migrate;
mod properties;
mod reader;
mod renamed;
mod rules;
mod secret;
mod sections;
mod settings;
mod source;
mod topology;
mod value;

#[cfg(test)]
mod tests;

pub use error::{SettingError, SettingsErrors};
pub use load::{Loaded, defaults, environment, load};
pub use migrate::{Migrated, migrate};
pub use renamed::{Deprecated, Renamed, Used, renamed};
pub use secret::Secret;
pub use settings::{
    Admin, Dedup, DedupStore, Delivery, DeliveryMode, Directives, Extract, Feeds, Fetch, Frontier, FrontierStore,
    Kafka, Log, LogFormat, Membership, Retry, Robots, Settings, Tier, Topics, Tracing,
};
pub use source::Source;
