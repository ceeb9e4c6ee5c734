//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

/// What a test grants a worker for anything that should take moments: generous, because two cores may
/// be shared by several builds, and only a failing test ever waits it out.
pub const SOON: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `look` until it answers, and gives its answer; at the deadline the test fails with `what`.
pub fn until<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < within, "waited {within:?} in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}
