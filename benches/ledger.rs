//! What the ledger costs a message: `cargo bench --bench ledger`.
//!
//! A message is taken and done; every 2,000 messages the position is asked for, as each commit does. They finish in a
//! scattered order, with as many in flight as the case says. The figures are of one message.

use divan::{Bencher, black_box, counter::ItemsCount};
use newswire::kafka::Ledger;

/// Messages of one pass.
const MESSAGES: usize = 400_000;

/// Messages of one commit.
const INTERVAL: usize = 2_000;

fn main() {
    divan::main();
}

/// Takes and completes [`MESSAGES`] messages, `in_flight` of them at once; of those in flight the next to finish is
/// drawn by a fixed sequence of chance (xorshift, Marsaglia 2003).
#[divan::bench(args = [100, 1_000, 100_000], sample_count = 5)]
fn take_complete_and_commit(bencher: Bencher, in_flight: usize) {
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        let mut ledger = Ledger::new(1);
        let mut open: Vec<i64> = Vec::with_capacity(in_flight);
        let mut chance = 0x2545_f491_4f6c_dd1d_u64;
        for (number, offset) in (0_i64..).enumerate().take(MESSAGES) {
            let _ = ledger.take(offset);
            open.push(offset);
            if open.len() == in_flight {
                chance ^= chance << 13;
                chance ^= chance >> 7;
                chance ^= chance << 17;
                // The frontier is never held back for long: every other time the oldest goes.
                let index = if number % 2 == 0 { 0 } else { chance as usize % in_flight };
                let _ = ledger.complete(open.swap_remove(index), 1);
            }
            if number % INTERVAL == 0
                && let Some(position) = ledger.to_commit()
            {
                ledger.committed(position);
            }
        }
        black_box(ledger.position())
    });
}
