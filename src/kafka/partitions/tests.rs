//! The partitions as the threads use them together.

use super::*;
use proptest::prelude::*;

fn partition(number: i32) -> Partition {
    Partition { topic: "news.urls".into(), number }
}

#[test]
fn a_lost_partition_cancels_its_work_and_gives_it_up() {
    let partitions = Partitions::default();
    partitions.assign([(partition(0), None), (partition(1), None)]);
    let ticket = partitions.take(&partition(0), 7).unwrap().unwrap();
    partitions.take(&partition(1), 7).unwrap();
    partitions.revoke(&[partition(0)]);
    assert!(ticket.lost.is_cancelled());
    assert_eq!(partitions.in_flight(), 1);
    assert!(partitions.complete(&partition(0), 7, ticket.epoch, Outcome::Published).is_err());
    let accounts = partitions.accounts();
    assert_eq!(accounts[0].1, Account { consumed: 1, given_up: 1, ..Account::default() });
    assert!(accounts.iter().all(|(_, account)| account.difference() == 0));
}

#[test]
fn work_of_an_earlier_assignment_does_not_count_in_the_next() {
    let partitions = Partitions::default();
    partitions.assign([(partition(0), None)]);
    let early = partitions.take(&partition(0), 7).unwrap().unwrap();
    partitions.revoke(&[partition(0)]);
    partitions.assign([(partition(0), None)]);
    partitions.take(&partition(0), 7).unwrap();
    assert!(!partitions.is_current(&partition(0), early.epoch));
    assert!(partitions.complete(&partition(0), 7, early.epoch, Outcome::Published).is_err());
    let commitments = partitions.to_commit();
    assert_eq!((commitments.len(), commitments[0].position.frontier), (1, 7));
}

#[test]
fn a_partition_whose_metadata_is_nearly_full_is_crowded_until_its_frontier_moves() {
    let partitions = Partitions::default();
    partitions.assign([(partition(0), None)]);
    let take = |offset| partitions.take(&partition(0), offset).unwrap().unwrap().epoch;
    let done = |offset| partitions.complete(&partition(0), offset, 1, Outcome::Published).unwrap();
    let commit = || partitions.committed(partitions.to_commit());
    // Every other message is done: a bit an offset.
    let many = 20_000;
    for offset in 0..many {
        take(offset);
    }
    for offset in (1..many).step_by(2) {
        done(offset);
    }
    commit();
    assert_eq!(partitions.crowded(), [partition(0)]);
    for offset in (0..many).step_by(2) {
        done(offset);
    }
    commit();
    assert_eq!(partitions.crowded(), []);
}

fn taken(offset: i64, ticket: Ticket) -> Taken {
    let origin = crate::record::Origin { topic: "news.urls".into(), partition: 0, offset };
    let message = crate::kafka::Consumed {
        partition: partition(0),
        offset,
        origin,
        attempts_before: 0,
        first_seen_ms: 0,
        not_before_ms: None,
        last_reason: None,
        key: None,
        value: None,
        headers: Vec::new(),
        author: crate::kafka::Author::Anybody,
    };
    Taken { message, ticket }
}

#[test]
fn messages_whose_end_finds_no_room_beside_the_offset_wait_and_the_lowest_go_first() {
    let partitions = Partitions::new(64);
    partitions.assign([(partition(0), None)]);
    let all: Vec<Taken> =
        (0..2_000).map(|offset| taken(offset, partitions.take(&partition(0), offset).unwrap().unwrap())).collect();
    // Every third message is done: far more than 64 bytes tell.
    let done: Vec<&Taken> = all.iter().skip(1).step_by(3).collect();
    let plan = partitions.plan(done.iter().copied());
    let [commitment] = &plan.commitments[..] else { panic!("{plan:?}") };
    assert!(commitment.metadata.len() <= 64 && commitment.crowded);
    assert!(!plan.waiting.is_empty() && plan.waiting.len() < done.len());
    let first_waiting = plan.waiting.iter().min().unwrap();
    assert_eq!(*first_waiting, done.len() - plan.waiting.len(), "the lowest offsets go first");
    // Once the frontier moves, the rest goes too.
    let rest: Vec<&Taken> = all.iter().collect();
    assert_eq!(partitions.plan(rest.into_iter()).waiting, Vec::<usize>::new());
}

#[test]
fn at_least_once_what_finds_no_room_beside_the_offset_is_left_out() {
    let partitions = Partitions::new(64);
    partitions.assign([(partition(0), None)]);
    for offset in 0..2_000 {
        partitions.take(&partition(0), offset).unwrap();
    }
    for offset in (1..2_000).step_by(3) {
        partitions.complete(&partition(0), offset, 1, Outcome::Published).unwrap();
    }
    let commitments = partitions.to_commit();
    assert!(commitments[0].metadata.len() <= 64 && !commitments[0].metadata.is_empty() && commitments[0].crowded);
}

#[test]
fn an_empty_assignment_is_an_assignment() {
    let partitions = Partitions::default();
    assert!(!partitions.joined());
    partitions.assign([]);
    assert!(partitions.joined());
}

proptest! {
    #[test]
    fn the_law_holds_through_takes_completions_and_rebalances(steps in proptest::collection::vec((0u8..8, 0i32..3), 0..200)) {
        let partitions = Partitions::default();
        let mut offsets = [0i64; 3];
        let mut open: Vec<(Partition, i64, u64)> = Vec::new();
        for (step, number) in steps {
            let partition = partition(number);
            match step {
                0 => partitions.assign([(partition, None)]),
                1 => partitions.revoke(&[partition]),
                2..=4 => {
                    let offset = offsets[number as usize];
                    if let Ok(Some(ticket)) = partitions.take(&partition, offset) {
                        offsets[number as usize] += 1;
                        open.push((partition, offset, ticket.epoch));
                    }
                }
                _ => {
                    if let Some((partition, offset, epoch)) = open.pop() {
                        let _ = partitions.complete(&partition, offset, epoch, Outcome::Published);
                    }
                }
            }
            prop_assert!(partitions.accounts().iter().all(|(_, account)| account.difference() == 0));
        }
    }
}
