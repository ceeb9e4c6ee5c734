//! How much may be in flight: a number of messages and a number of bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The bounds of what is in flight, and the bytes that are.
#[derive(Debug)]
pub struct Capacity {
    max_messages: usize,
    max_bytes: u64,
    bytes: AtomicU64,
    /// Holders that are pages: they come free without waiting for room.
    pages: AtomicUsize,
    given_back: Notify,
}

impl Capacity {
    /// Nothing in flight yet, at most so many messages and so many bytes of messages and pages.
    pub fn new(max_messages: usize, max_bytes: u64) -> Arc<Self> {
        let (bytes, pages) = (AtomicU64::new(0), AtomicUsize::new(0));
        Arc::new(Self { max_messages, max_bytes, bytes, pages, given_back: Notify::new() })
    }

    /// Counts the `bytes` of a message as held until the answer is dropped.
    pub fn hold(self: &Arc<Self>, bytes: u64) -> Held {
        self.held(bytes, Holder::Message)
    }

    /// Counts the `bytes` of a page that is there already as held until the answer is dropped.
    pub fn hold_page(self: &Arc<Self>, bytes: u64) -> Held {
        self.pages.fetch_add(1, Ordering::AcqRel);
        self.held(bytes, Holder::Page)
    }

    /// Waits until fewer bytes than the bound are held, or no page at all, then holds `bytes` for a page.
    ///
    /// Pages never wait for room, so they always come free again. Messages do wait, with their own bytes
    /// held: when those alone fill the bound, pages are had one at a time.
    pub async fn room_for(self: &Arc<Self>, bytes: u64) -> Held {
        loop {
            let given_back = self.given_back.notified();
            if self.bytes() < self.max_bytes {
                return self.hold_page(bytes);
            }
            if self.pages.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return self.held(bytes, Holder::Page);
            }
            given_back.await;
        }
    }

    fn held(self: &Arc<Self>, bytes: u64, holder: Holder) -> Held {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Held { capacity: self.clone(), bytes, holder }
    }

    /// The most messages and the most bytes that may be in flight.
    pub fn bounds(&self) -> (usize, u64) {
        (self.max_messages, self.max_bytes)
    }

    /// Bytes held now.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether no further message should be taken.
    pub fn is_full(&self, messages: usize) -> bool {
        messages >= self.max_messages || self.bytes() >= self.max_bytes
    }

    /// Whether a full intake can go on: a quarter below the bounds, since pausing a partition throws
    /// away what was fetched of it ahead, and is better done seldom.
    pub fn has_room_again(&self, messages: usize) -> bool {
        messages <= self.max_messages - self.max_messages.div_ceil(4)
            && self.bytes() <= self.max_bytes - self.max_bytes.div_ceil(4)
    }
}

/// Bytes that count as held while this lives.
#[derive(Debug)]
pub struct Held {
    capacity: Arc<Capacity>,
    bytes: u64,
    holder: Holder,
}

/// What holds bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Message,
    Page,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.capacity.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if self.holder == Holder::Page {
            self.capacity.pages.fetch_sub(1, Ordering::AcqRel);
        }
        self.capacity.given_back.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn bytes_are_given_back_when_their_holder_goes() {
        let capacity = Capacity::new(10, 100);
        let held = (capacity.hold(60), capacity.hold(40));
        assert!(capacity.is_full(0));
        assert!(!capacity.has_room_again(0));
        drop(held);
        assert_eq!(capacity.bytes(), 0);
        assert!(capacity.has_room_again(7));
    }

    #[test]
    fn either_bound_alone_makes_it_full() {
        let capacity = Capacity::new(10, 100);
        assert!(capacity.is_full(10));
        assert!(!capacity.is_full(9));
    }

    #[test]
    fn messages_that_fill_the_bound_alone_still_get_their_pages_one_at_a_time() {
        let capacity = Capacity::new(10, 100);
        let _messages = (capacity.hold(60), capacity.hold(60));
        let first = capacity.room_for(50).now_or_never().unwrap();
        assert!(capacity.room_for(50).now_or_never().is_none(), "a second page waits for the first");
        drop(first);
        assert!(capacity.room_for(50).now_or_never().is_some());
    }
}
