//! All ways in which claims, records, commits and crashes can follow each other, for two and three messages. What is driven is no
//! copy of the protocol but the store itself: each way is walked from its beginning, step by step.
//!
//! The world: messages that have one text at several addresses. A worker claims a message's article, writes its record and commits
//! its position (at once, or the one after the other: [`Mode`]), and confirms; or the message ends otherwise, and it releases. At
//! any step it may let go (abandon), freeze (the message comes to another worker, and the frozen one settles late, in any way), or
//! the process that has the store may be killed and started again. Between any two steps claims may be resolved by what is
//! committed, and leases may run out.
//!
//! Invariants, after every step:
//! 1. Of the articles that appeared at most one is an original.
//! 2. None is called a copy of itself.
//! 3. A copy that appeared names an article that had appeared before it.
//! 4. A message whose record appeared and comes again (at least once) gets the same decision again.
//!
//! And from every state, once workers do what they must and nobody fails any more:
//! 5. every message ends; exactly one article that appeared is an original; and one more copy is told so. So nothing that a late
//!    worker did was undone, and nobody waits for ever.
//!
//! Assumed, as the worker sees to it: the group's commits are asked before a lease runs out that belongs to a message whose record
//! appeared ([`Step::Expire`]); a message that is committed does not come again; and a worker that was fenced says "confirm" only of
//! what it had committed.
//!
//! Seen to fail, each within four steps: a settlement that does not ask for the token (1), claims that are not waited for (3), a
//! message that is not known again (5), and, at least once, a crash whose claims are released instead of kept (1).

use std::collections::HashSet;
use std::fmt::Write as _;

use super::*;
use crate::dedup::{ArticleId, Fingerprint, Original};

/// When a record appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// With the commit.
    ExactlyOnce,
    /// Before it.
    AtLeastOnce,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Claim(usize),
    Publish(usize),
    Commit(usize),
    Confirm(usize),
    Release(usize),
    Abandon(usize),
    Freeze(usize),
    Late(usize, Settle),
    Restart,
    Resolve,
    Expire,
}

/// Claims of one message, and frozen workers: more show nothing new.
const MOST_CLAIMS: u8 = 3;
const MOST_FROZEN: usize = 2;

struct Message {
    asked: Asked,
    held: Option<(u32, u64)>,
    decision: Option<Decision>,
    published: Option<Decision>,
    committed: bool,
    released: bool,
    claims: u8,
}

/// A worker that does not know what it missed.
struct Frozen {
    message: usize,
    number: u32,
    token: u64,
}

struct World {
    mode: Mode,
    store: Local,
    messages: Vec<Message>,
    frozen: Vec<Frozen>,
    restarted: bool,
}

fn asked(message: usize) -> Asked {
    let origin = Origin { topic: "news.urls".into(), partition: 0, offset: message as i64 };
    Asked {
        id: ArticleId(message as u128 + 1),
        host: message as u32,
        text: Fingerprint::of("one text"),
        source: None,
        origin: origin.clone(),
        consumed: origin,
        at: 1_800_000_000,
    }
}

impl World {
    fn new(mode: Mode, messages: usize) -> Self {
        let limits = Limits { ttl: Duration::from_secs(86_400), most: 1_000, original: Original::First };
        let message = |number| Message {
            asked: asked(number),
            held: None,
            decision: None,
            published: None,
            committed: false,
            released: false,
            claims: 0,
        };
        let messages = (0..messages).map(message).collect();
        Self { mode, store: Local::new(limits), messages, frozen: Vec::new(), restarted: false }
    }

    fn after(mode: Mode, messages: usize, way: &[Step]) -> Self {
        let mut world = Self::new(mode, messages);
        way.iter().for_each(|step| world.take(*step));
        world
    }

    /// What can happen now.
    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::Resolve];
        if !self.restarted {
            steps.push(Step::Restart);
        }
        if self.may_expire() {
            steps.push(Step::Expire);
        }
        for (at, message) in self.messages.iter().enumerate() {
            let is_open = !message.committed && !message.released;
            if is_open && message.decision.is_none() && message.claims < MOST_CLAIMS {
                steps.push(Step::Claim(at));
            }
            let appeared = message.published.is_some();
            if message.decision.is_some() && !message.committed {
                if self.mode == Mode::AtLeastOnce && !appeared {
                    steps.push(Step::Publish(at));
                }
                if self.mode == Mode::ExactlyOnce || appeared {
                    steps.push(Step::Commit(at));
                }
                if !appeared {
                    steps.push(Step::Release(at));
                }
            }
            if message.decision.is_some() {
                steps.push(Step::Abandon(at));
                if message.committed {
                    steps.push(Step::Confirm(at));
                }
                if message.held.is_some() && self.frozen.len() < MOST_FROZEN {
                    steps.push(Step::Freeze(at));
                }
            }
        }
        for (at, frozen) in self.frozen.iter().enumerate() {
            let message = &self.messages[frozen.message];
            let is_taken_over = self.token(frozen.number) != Some(frozen.token);
            steps.push(Step::Late(at, Settle::Abandon));
            if is_taken_over || message.committed {
                steps.push(Step::Late(at, Settle::Confirm));
            }
            if is_taken_over {
                steps.push(Step::Late(at, Settle::Release));
            }
        }
        steps
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Claim(at) => self.claim(at),
            Step::Publish(at) => self.publish(at),
            Step::Commit(at) => {
                if self.mode == Mode::ExactlyOnce {
                    self.publish(at);
                }
                self.messages[at].committed = true;
            }
            Step::Confirm(at) => self.settle(at, Settle::Confirm),
            Step::Release(at) => {
                self.messages[at].released = true;
                self.settle(at, Settle::Release);
            }
            Step::Abandon(at) => self.settle(at, Settle::Abandon),
            Step::Freeze(at) => {
                self.messages[at].decision = None;
                if let Some((number, token)) = self.messages[at].held.take() {
                    self.frozen.push(Frozen { message: at, number, token });
                }
            }
            Step::Late(at, how) => {
                let Frozen { number, token, .. } = self.frozen.remove(at);
                self.store.settle(number, token, how);
            }
            Step::Restart => {
                self.restarted = true;
                self.restart();
            }
            Step::Resolve => {
                let committed: Vec<bool> = self.messages.iter().map(|message| message.committed).collect();
                self.store.resolve(|consumed| committed.get(consumed.offset as usize).copied());
            }
            Step::Expire => self.expire(),
        }
    }

    fn claim(&mut self, at: usize) {
        self.messages[at].claims += 1;
        let Attempt::Done(finding, claim) = self.store.attempt(&self.messages[at].asked).unwrap() else { return };
        let message = &mut self.messages[at];
        let (Finding::Decided(decision) | Finding::Again(decision)) = finding else {
            panic!("{finding:?} of a new text")
        };
        let of = decision.ruling.link.map(|link| link.of);
        assert_ne!(of, Some(message.asked.id), "2: a copy of itself");
        assert!(
            message.published.is_none_or(|before| before == decision),
            "4: {decision:?} after {:?}",
            message.published
        );
        (message.decision, message.held) = (Some(decision), claim);
    }

    fn publish(&mut self, at: usize) {
        let Some(decision) = self.messages[at].decision else { return };
        if let Some(link) = decision.ruling.link {
            let named = self.messages.iter().find(|message| message.asked.id == link.of).unwrap();
            assert!(named.published.is_some(), "3: a copy of an article that has not appeared");
        }
        self.messages[at].published = Some(decision);
        assert!(self.originals() <= 1, "1: two originals");
    }

    fn settle(&mut self, at: usize, how: Settle) {
        self.messages[at].decision = None;
        if let Some((number, token)) = self.messages[at].held.take() {
            self.store.settle(number, token, how);
        }
    }

    fn originals(&self) -> usize {
        let published = self.messages.iter().filter_map(|message| message.published);
        published.filter(|decision| decision.ruling.link.is_none()).count()
    }

    fn token(&self, number: u32) -> Option<u64> {
        self.store.lock().pending.get(&number).map(|pending| pending.token)
    }

    /// As a process that opens its folder again: no claim of before has a holder.
    fn restart(&mut self) {
        let mut state = self.store.lock();
        let mut tokens = state.tokens;
        for pending in state.pending.values_mut() {
            tokens += 1;
            (pending.token, pending.abandoned) = (tokens, Some(Instant::now()));
        }
        state.tokens = tokens;
        drop(state);
        for message in &mut self.messages {
            (message.held, message.decision) = (None, None);
        }
    }

    fn may_expire(&self) -> bool {
        let state = self.store.lock();
        state.pending.values().any(|pending| self.is_idle(pending))
    }

    /// Whether a claim is one that a lease can end: its message's record has not appeared.
    fn is_idle(&self, pending: &Pending) -> bool {
        let message = &self.messages[pending.consumed.offset as usize];
        pending.abandoned.is_some_and(|since| since.elapsed() < LEASE) && message.published.is_none()
    }

    fn expire(&mut self) {
        let mut state = self.store.lock();
        let idle = |pending: &Pending| self.is_idle(pending);
        let numbers: Vec<u32> = state.pending.iter().filter(|(_, one)| idle(one)).map(|(number, _)| *number).collect();
        for number in numbers {
            if let Some(pending) = state.pending.get_mut(&number) {
                pending.abandoned = Instant::now().checked_sub(LEASE);
            }
        }
    }

    /// The state, by which it is known again: tokens by who has them.
    fn shape(&self) -> String {
        let mut shape = String::new();
        let state = self.store.lock();
        let holds = |number: u32, token: u64| self.token_of(&state, number) == Some(token);
        for message in &self.messages {
            let Message { decision, published, committed, released, claims, held, .. } = message;
            let held = held.map(|(number, token)| (number, holds(number, token)));
            let _ = write!(shape, "{decision:?}{published:?}{committed}{released}{claims}{held:?};");
        }
        for frozen in &self.frozen {
            let _ = write!(shape, "{}{}{};", frozen.message, frozen.number, holds(frozen.number, frozen.token));
        }
        for number in 0..state.known.next_number() {
            if let Some(entry) = state.known.entry(number) {
                let _ = write!(shape, "{number}{:?}{:?};", entry.id, entry.ruling);
            }
            if let Some(pending) = state.pending.get(&number) {
                let late = pending.abandoned.map(|since| since.elapsed() >= LEASE);
                let _ = write!(shape, "{:?}{:?}{late:?};", pending.before, pending.consumed.offset);
            }
        }
        let _ = write!(shape, "{}", self.restarted);
        shape
    }

    fn token_of(&self, state: &State, number: u32) -> Option<u64> {
        state.pending.get(&number).map(|pending| pending.token)
    }

    /// Nobody fails any more: everything that can be done is done.
    fn finish(&mut self) {
        while let Some(frozen) = self.frozen.first() {
            let how = if self.messages[frozen.message].committed { Settle::Confirm } else { Settle::Abandon };
            self.take(Step::Late(0, how));
        }
        for _ in 0..self.messages.len() + 1 {
            self.take(Step::Resolve);
            for at in 0..self.messages.len() {
                let message = &self.messages[at];
                if !message.committed && !message.released && message.decision.is_none() {
                    self.claim(at);
                }
                if self.messages[at].decision.is_some() {
                    if !self.messages[at].committed {
                        self.publish(at);
                        self.messages[at].committed = true;
                    }
                    self.settle(at, Settle::Confirm);
                }
            }
        }
        let unfinished = self.messages.iter().filter(|message| !message.committed && !message.released).count();
        assert_eq!(unfinished, 0, "5: messages that wait for ever");
        let appeared = self.messages.iter().any(|message| message.committed);
        assert_eq!(self.originals(), usize::from(appeared), "5: originals");
        let Finding::Decided(more) = self.store.look(&asked(77)) else { panic!("a message that was never read") };
        let named = more.ruling.link.map(|link| link.of);
        let is_original = |message: &&Message| message.published.is_some_and(|decision| decision.ruling.link.is_none());
        assert_eq!(named, self.messages.iter().find(is_original).map(|message| message.asked.id), "5: one more copy");
    }
}

/// Walks all ways up to `depth` steps, each state once. The answer is how many states there are.
fn walk(mode: Mode, messages: usize, depth: usize) -> usize {
    let mut seen = HashSet::new();
    let mut ways: Vec<Vec<Step>> = vec![Vec::new()];
    for _ in 0..=depth {
        let mut next = Vec::new();
        for way in &ways {
            let told = std::panic::catch_unwind(|| {
                let world = World::after(mode, messages, way);
                let (shape, steps) = (world.shape(), world.steps());
                { world }.finish();
                (shape, steps)
            });
            let Ok((shape, steps)) = told else { panic!("{mode:?}, after {way:?}") };
            if seen.insert(shape) {
                next.extend(steps.into_iter().map(|step| [way.as_slice(), &[step]].concat()));
            }
        }
        ways = next;
    }
    seen.len()
}

#[test]
fn two_copies_have_one_original_whatever_fails_in_whatever_order() {
    for mode in [Mode::ExactlyOnce, Mode::AtLeastOnce] {
        let states = walk(mode, 2, 7);
        assert!(states > 500, "{mode:?}: {states} states");
    }
}

#[test]
fn three_copies_have_one_original_whatever_fails_in_whatever_order() {
    for mode in [Mode::ExactlyOnce, Mode::AtLeastOnce] {
        let states = walk(mode, 3, 5);
        assert!(states > 500, "{mode:?}: {states} states");
    }
}
