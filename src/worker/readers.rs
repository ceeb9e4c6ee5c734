//! The threads that pages are read on: as many as there are cores, and always the same.
//!
//! A page's tree takes a megabyte or two, which the allocator keeps for the thread that had it. tokio's blocking threads take turns, six of
//! them for two cores: then the memory of a page is that of six pages ago, and in no cache any more.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tokio::sync::oneshot;
use tokio::time::timeout_at;

/// What is done on one of the threads.
type Job = Box<dyn FnOnce() + Send>;

/// The threads. Who drops this waits for what they are at: a page that is being read when the process ends would be blamed for it.
pub struct Readers {
    /// Bounded by the messages that may be in flight: each has one job at most. `None` at the end.
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// What became of a job.
pub struct Read<T> {
    /// What it came to.
    pub answer: Result<T, Unread>,
    /// When it began, or when it was asked for, if it never did.
    pub began: Instant,
}

/// Why a job has no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It panicked, with these words.
    #[error("panicked: {0}")]
    Panicked(String),
    /// It took longer than it may; its thread is lost until it ends by itself.
    #[error("no answer within {0:?}")]
    Stuck(Duration),
}

impl Readers {
    /// Starts so many threads.
    ///
    /// # Errors
    /// The system has no thread for us.
    pub fn start(threads: usize) -> io::Result<Self> {
        let (jobs, queue) = crossbeam_channel::unbounded::<Job>();
        let start = |_| {
            let queue = queue.clone();
            thread::Builder::new().name("read".into()).spawn(move || queue.iter().for_each(|job| job()))
        };
        Ok(Self { threads: (0..threads).map(start).collect::<Result<_, _>>()?, jobs: Some(jobs) })
    }

    /// Does `work` on one of the threads, once those before it are done. It may take as long as `limit`, counted from its
    /// beginning. Where nobody waits for the answer any more it does not begin.
    pub async fn run<T: Send + 'static>(&self, limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Read<T> {
        let asked = Instant::now();
        let begins = Arc::new(OnceLock::new());
        let (answer, mut answered) = oneshot::channel();
        let begun = begins.clone();
        let job = move || {
            if !answer.is_closed() {
                let _ = begins.set(Instant::now());
                let _ = answer.send(catch_unwind(AssertUnwindSafe(work)));
            }
        };
        let gone = || Unread::Panicked("the thread is gone".to_owned());
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(Box::new(job)).is_err()) {
            return Read { answer: Err(gone()), began: asked };
        }
        let mut until = asked + limit;
        let answer = loop {
            match timeout_at(until.into(), &mut answered).await {
                Ok(Ok(Ok(value))) => break Ok(value),
                Ok(Ok(Err(panic))) => break Err(Unread::Panicked(words_of(&*panic))),
                Ok(Err(_)) => break Err(gone()),
                Err(_) => match begun.get() {
                    Some(began) if began.elapsed() >= limit => break Err(Unread::Stuck(limit)),
                    Some(began) => until = *began + limit,
                    None => until = Instant::now() + limit,
                },
            }
        };
        Read { answer, began: begun.get().copied().unwrap_or(asked) }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    words.unwrap_or("without words").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_job_that_panics_says_so_and_its_thread_takes_the_next() {
        let readers = Readers::start(1).unwrap();
        let panicked = readers.run(LIMIT, || -> u32 { panic!("page {}", 7) }).await;
        assert_eq!(panicked.answer, Err(Unread::Panicked("page 7".into())));
        assert_eq!(readers.run(LIMIT, || 8).await.answer, Ok(8));
    }

    #[tokio::test]
    async fn the_limit_counts_from_the_beginning_and_ends_the_wait_alone() {
        let readers = Readers::start(1).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let short = Duration::from_millis(20);
        let stuck = readers.run(short, move || ended.recv()).await;
        assert_eq!(stuck.answer, Err(Unread::Stuck(short)));
        // The next waits longer than its limit for the thread, and is done.
        let (next, ()) = tokio::join!(readers.run(short, || 9), async {
            tokio::time::sleep(short * 3).await;
            drop(end);
        });
        assert_eq!(next.answer, Ok(9));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_does_not_begin() {
        let readers = Readers::start(1).unwrap();
        let (end, ended) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let tell_too = tell.clone();
        tokio::join!(readers.run(LIMIT, move || ended.recv()), async {
            let given_up =
                tokio::time::timeout(Duration::from_millis(1), readers.run(LIMIT, move || tell.send("given up")));
            assert!(given_up.await.is_err());
            drop(end);
        });
        readers.run(LIMIT, move || tell_too.send("next")).await.answer.unwrap().unwrap();
        assert_eq!(told.iter().collect::<Vec<_>>(), ["next"]);
    }
}
