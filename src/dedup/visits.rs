//! Which version of a page was read, so that its next visit asks for a newer one only (RFC 9110, section 13).
//!
//! It is kept with what is known of articles, under the key of the identity that was asked for: a worker's own store knows
//! what its process before has read, a shared one what others have. It is a courtesy to hosts: where it can't be had
//! or kept, the page is read in full, and nothing waits for it.

use std::time::Duration;

use url::Url;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::fetch::Validators;
use crate::record::Origin;

/// How long it is remembered at least. After that the page is read again, whatever its host says.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Under what a page's version lies: a hash of its identity's key.
pub type Name = [u8; 16];

/// The name of what was asked for under `key`.
pub fn name(key: &str) -> Name {
    xxh3_128(key.as_bytes()).to_be_bytes()
}

/// The version as it is kept, some 150 bytes, with the message that read it.
pub fn pack(validators: &Validators, origin: &Origin) -> Vec<u8> {
    let Validators { url, etag, last_modified } = validators;
    serde_json::to_vec(&(reader(origin), url.as_str(), etag, last_modified)).unwrap_or_default()
}

/// The version for a message of this origin. Nothing, if it is this very message that read it: what it decided then may
/// never have been written.
pub fn read(packed: &[u8], origin: &Origin) -> Option<Validators> {
    let (by, url, etag, last_modified): (u64, String, Option<String>, Option<String>) =
        serde_json::from_slice(packed).ok()?;
    let url = Url::parse(&url).ok()?;
    (by != reader(origin)).then_some(Validators { url, etag, last_modified })
}

fn reader(origin: &Origin) -> u64 {
    xxh3_64(format!("{}/{}/{}", origin.topic, origin.partition, origin.offset).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_known_to_every_message_but_the_one_that_read_it() {
        let origin = |offset| Origin { topic: "t".into(), partition: 0, offset };
        let url = Url::parse("https://a.example/").unwrap();
        let validators = Validators { url, etag: Some("\"1\"".into()), last_modified: None };
        let packed = pack(&validators, &origin(1));
        assert_eq!(read(&packed, &origin(1)), None);
        assert_eq!(read(&packed, &origin(2)), Some(validators));
        assert_eq!(read(&packed[1..], &origin(2)), None);
    }
}
