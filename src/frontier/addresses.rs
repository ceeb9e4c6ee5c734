//! The pace of each address: many sites stand on one server, and it is the server that gets tired.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Below so many addresses nobody is forgotten; above it, each time that their number has doubled.
const SWEPT_FROM: usize = 1024;

/// When each address may be asked next. A clone is the same table.
#[derive(Debug, Clone)]
pub struct Addresses {
    delay: Duration,
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    free: HashMap<IpAddr, Instant>,
    sweep_at: usize,
}

impl Addresses {
    /// Addresses that are asked with `delay` between the starts of two requests.
    pub fn new(delay: Duration) -> Self {
        Self { delay, table: Arc::default() }
    }

    /// Whether addresses have a pace at all.
    pub const fn have_a_pace(&self) -> bool {
        !self.delay.is_zero()
    }

    /// Waits until `address` may be asked.
    ///
    /// # Errors
    /// When it will be free, from now, if that is later than `until`. Whoever gets a place keeps it, also if the
    /// future is dropped: the address then rests once more than it had to.
    pub async fn turn(&self, address: IpAddr, until: Instant) -> Result<(), Duration> {
        let start = self.table.lock().unwrap_or_else(PoisonError::into_inner).place(address, self.delay, until)?;
        sleep_until(start).await;
        Ok(())
    }
}

impl Table {
    fn place(&mut self, address: IpAddr, delay: Duration, until: Instant) -> Result<Instant, Duration> {
        let now = Instant::now();
        if self.free.len() >= self.sweep_at.max(SWEPT_FROM) {
            self.free.retain(|_, free| *free > now);
            self.free.shrink_to(2 * self.free.len());
            self.sweep_at = 2 * self.free.len();
        }
        let free = self.free.get(&address).copied().unwrap_or(now).max(now);
        if free > until {
            return Err(free - now);
        }
        self.free.insert(address, free + delay);
        Ok(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_starts_of_two_requests_to_one_address_are_apart_and_others_do_not_wait() {
        let addresses = Addresses::new(Duration::from_secs(2));
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        let start = Instant::now();
        let until = start + Duration::from_secs(3);
        addresses.turn(one, until).await.unwrap();
        addresses.turn(other, until).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        addresses.turn(one, until).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        assert_eq!(addresses.turn(one, until).await, Err(Duration::from_secs(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_have_rested_are_forgotten() {
        let addresses = Addresses::new(Duration::from_secs(1));
        for number in 0..10 * SWEPT_FROM as u32 {
            addresses.turn(IpAddr::from(number.to_be_bytes()), Instant::now()).await.unwrap();
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!(addresses.table.lock().unwrap().free.len() <= SWEPT_FROM);
    }
}
