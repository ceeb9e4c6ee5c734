//! The Redis (or Valkey) that the workers of a group share: how it is reached, and under which names they keep what is theirs.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult};

/// A connection to the store at `url` for all tasks of a room, on which calls do not wait for each other. It is opened with the
/// first call, and anew when it breaks. A call that has no answer after `answer_within` fails, and so does one whose
/// connection can't be opened with a second try, at most `again` after the first.
///
/// # Errors
/// The address can't be read.
pub fn connect(url: &str, answer_within: Duration, again: Duration) -> RedisResult<ConnectionManager> {
    // TLS by ring, as everywhere here; whoever was first has chosen it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(answer_within))
        .set_connection_timeout(Some(answer_within))
        .set_number_of_retries(1)
        .set_max_delay(again);
    ConnectionManager::new_lazy_with_config(Client::open(url)?, config)
}

/// What all keys of the group with this name begin with. In braces, so that all are in one slot of a cluster: a script touches keys
/// of one slot only. Short, since it is in every key.
pub fn prefix(group: &str) -> String {
    format!("{{nw:{:08x}}}", xxhash_rust::xxh3::xxh3_64(group.as_bytes()) as u32)
}
