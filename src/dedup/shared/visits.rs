//! Pages' versions in Redis: a key for each, which forgets itself.

use std::time::Duration;

use redis::{AsyncCommands as _, RedisResult};
use tokio::time::timeout;

use super::Shared;
use crate::dedup::visits::{Name, REMEMBERED};

/// How long a page waits for what is known of it. It is a courtesy: without it the page is read in full.
const PATIENCE: Duration = Duration::from_millis(500);

impl Shared {
    /// What is known of a page.
    pub async fn visit(&self, name: &Name) -> Option<Vec<u8>> {
        let mut connection = self.connection.clone();
        let packed: Option<Vec<u8>> = self.if_well(connection.get(self.visit_key(name))).await?;
        packed.filter(|packed| !packed.is_empty())
    }

    /// Remembers a page, or, given nothing, that there is nothing to remember of it.
    pub async fn note_visit(&self, name: &Name, packed: &[u8]) {
        let (key, mut connection) = (self.visit_key(name), self.connection.clone());
        if packed.is_empty() {
            self.if_well::<()>(connection.del(key)).await;
        } else {
            self.if_well::<()>(connection.set_ex(key, packed, REMEMBERED.as_secs())).await;
        }
    }

    fn visit_key(&self, name: &Name) -> Vec<u8> {
        [self.prefix.as_bytes(), b":v:", name].concat()
    }

    async fn if_well<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> Option<T> {
        if self.trouble().is_some() {
            return None;
        }
        timeout(PATIENCE, asked).await.ok()?.ok()
    }
}
