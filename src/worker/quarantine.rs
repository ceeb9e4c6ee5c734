//! Pages that kill the process: found out by the traces that they leave, and rejected.
//!
//! A panic ends one message. A stack overflow, an abort or the kernel's out-of-memory killer ends the process, and
//! the message comes again to the next one. So while a page is read, its message's origin stands in a small file.
//! What a process finds there at its start was being read when the one before it died; a message that is found so
//! [`DEADLY`] times in a row is not read again.
//!
//! Writes go to the kernel's cache, which outlives a process: microseconds a page. Only as many pages are read at once
//! as there are cores, so hardly any but the guilty one is ever found, and whoever was beside it by chance is cleared
//! by the first time that it is read to its end.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::record::Origin;

/// So many deaths in a row are no chance: kills that hit the same page's few milliseconds three times are rare.
pub const DEADLY: u32 = 3;

/// Bytes for one message in the file: its state and its origin, whose topic Kafka limits to 249 characters.
const SLOT_BYTES: usize = 320;

/// Messages that the file can tell of: those of before, and as many as are read at once.
const SLOTS: usize = 256;

/// Suspects that are kept; more than die beside a page in its last three processes.
const MOST_SUSPECTS: usize = SLOTS / 2;

/// Files of one worker's name: a frozen process may still hold one while the next one starts.
const FILES: usize = 4;

/// What stands in a slot before the deaths while the message is being read, and while it is not.
const READING: &str = "reading";
const SUSPECT: &str = "suspect";

/// The messages that are being read, and those that were when a process died.
#[derive(Debug)]
pub struct Quarantine {
    file: Option<File>,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    free: Vec<usize>,
    /// Deaths so far, and the slot that tells of them.
    suspects: BTreeMap<String, (u32, usize)>,
}

/// A message that is being read; dropped, it is done with.
#[derive(Debug)]
pub struct Trace {
    quarantine: Arc<Quarantine>,
    origin: String,
    slot: Option<usize>,
}

impl Quarantine {
    /// Takes up what earlier processes of this worker's `name` left in `folder`.
    ///
    /// A folder that can't be used is no reason not to work: then nothing is found out, and the log says so.
    pub fn open(folder: &Path, name: &str) -> Arc<Self> {
        let (file, found) = take_up(folder, name).unwrap_or_else(|failure| {
            tracing::warn!(
                folder = %folder.display(),
                error = %failure,
                "delivery.state_dir can't be used: a page that kills the process will not be found out"
            );
            (None, BTreeMap::new())
        });
        let quarantine = Self { file, slots: Mutex::default() };
        let mut slots = quarantine.lock();
        slots.free = (0..SLOTS).rev().collect();
        for (origin, deaths) in found.into_iter().take(MOST_SUSPECTS) {
            let Some(slot) = slots.free.pop() else { break };
            tracing::warn!(origin, deaths, "this message was being read when the process ended");
            quarantine.write(slot, &format!("{SUSPECT} {deaths} {origin}"));
            slots.suspects.insert(origin, (deaths, slot));
        }
        drop(slots);
        Arc::new(quarantine)
    }

    /// One that notes nothing, for work that no message asked for.
    pub fn off() -> Arc<Self> {
        Arc::new(Self { file: None, slots: Mutex::default() })
    }

    /// How many processes in a row died while they read this message.
    pub fn deaths(&self, origin: &Origin) -> u32 {
        self.lock().suspects.get(&origin.to_string()).map_or(0, |(deaths, _)| *deaths)
    }

    /// Notes that this message is being read, until the answer is dropped.
    pub fn enter(self: &Arc<Self>, origin: &Origin) -> Trace {
        let origin = origin.to_string();
        let mut slots = self.lock();
        let (deaths, slot) = match slots.suspects.get(&origin) {
            Some((deaths, slot)) => (*deaths, Some(*slot)),
            None => (0, slots.free.pop()),
        };
        if let Some(slot) = slot {
            self.write(slot, &format!("{READING} {deaths} {origin}"));
        }
        drop(slots);
        Trace { quarantine: self.clone(), origin, slot }
    }

    fn write(&self, slot: usize, text: &str) {
        let Some(file) = &self.file else { return };
        // A longer text would run into the next slot; no origin is that long.
        let line = format!("{text:<width$}\n", width = SLOT_BYTES - 1);
        if line.len() != SLOT_BYTES {
            return;
        }
        if let Err(failure) = file.write_all_at(line.as_bytes(), (slot * SLOT_BYTES) as u64) {
            tracing::debug!(error = %failure, "a trace can't be written");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let Some(slot) = self.slot else { return };
        let mut slots = self.quarantine.lock();
        self.quarantine.write(slot, "");
        slots.suspects.remove(&self.origin);
        slots.free.push(slot);
    }
}

/// The file to write to, and what all files under this name tell: deaths by origin, this one included.
fn take_up(folder: &Path, name: &str) -> io::Result<(Option<File>, BTreeMap<String, u32>)> {
    fs::create_dir_all(folder)?;
    let (mut ours, mut found) = (None, BTreeMap::new());
    for number in 0..FILES {
        let path = folder.join(format!("{name}.{number}.reading"));
        if ours.is_some() && !path.exists() {
            continue;
        }
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
        // Who holds it lives: what it reads has killed nobody.
        if file.try_lock().is_err() {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap_or_default().lines() {
            let mut words = line.split_whitespace();
            let (Some(state), Some(deaths), Some(origin)) = (words.next(), words.next(), words.next()) else {
                continue;
            };
            let Ok(deaths) = deaths.parse::<u32>() else { continue };
            let deaths = deaths.saturating_add(u32::from(state == READING));
            let known = found.entry(origin.to_owned()).or_insert(deaths);
            *known = deaths.max(*known);
        }
        file.set_len(0)?;
        ours.get_or_insert(file);
    }
    found.retain(|_, deaths| *deaths > 0);
    Ok((ours, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(offset: i64) -> Origin {
        Origin { topic: "news.urls".into(), partition: 3, offset }
    }

    /// As a process that dies: its lock is given up, its traces stay.
    fn die(quarantine: Arc<Quarantine>, traces: Vec<Trace>) {
        quarantine.file.as_ref().unwrap().unlock().unwrap();
        traces.into_iter().for_each(std::mem::forget);
    }

    #[test]
    fn a_message_that_was_read_at_each_of_three_deaths_is_deadly_and_its_neighbours_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for death in 0..3 {
            let quarantine = Quarantine::open(folder.path(), "w");
            assert_eq!(quarantine.deaths(&origin(7)), death);
            drop(quarantine.enter(&origin(1)));
            let traces = vec![quarantine.enter(&origin(7)), quarantine.enter(&origin(100 + i64::from(death)))];
            die(quarantine, traces);
        }
        let quarantine = Quarantine::open(folder.path(), "w");
        assert_eq!(quarantine.deaths(&origin(7)), DEADLY);
        assert_eq!((quarantine.deaths(&origin(1)), quarantine.deaths(&origin(102))), (0, 1));
    }

    #[test]
    fn a_message_that_is_read_to_its_end_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path(), "w");
        let trace = quarantine.enter(&origin(7));
        die(quarantine, vec![trace]);
        let quarantine = Quarantine::open(folder.path(), "w");
        assert_eq!(quarantine.deaths(&origin(7)), 1);
        drop(quarantine.enter(&origin(7)));
        assert_eq!(quarantine.deaths(&origin(7)), 0);
        die(quarantine, vec![]);
        assert_eq!(Quarantine::open(folder.path(), "w").deaths(&origin(7)), 0);
    }

    #[test]
    fn a_death_between_two_of_its_own_does_not_clear_a_suspect() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path(), "w");
        let trace = quarantine.enter(&origin(7));
        die(quarantine, vec![trace]);
        die(Quarantine::open(folder.path(), "w"), vec![]);
        assert_eq!(Quarantine::open(folder.path(), "w").deaths(&origin(7)), 1);
    }

    #[test]
    fn a_process_that_lives_is_blamed_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let frozen = Quarantine::open(folder.path(), "w");
        let _trace = frozen.enter(&origin(7));
        assert_eq!(Quarantine::open(folder.path(), "w").deaths(&origin(7)), 0);
    }

    #[test]
    fn what_is_no_trace_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("w.0.reading"), [b"reading x y\n\xff\xfe\n", &[0; 500][..]].concat()).unwrap();
        let quarantine = Quarantine::open(folder.path(), "w");
        assert_eq!(quarantine.deaths(&origin(7)), 0);
    }

    #[test]
    fn without_a_folder_nothing_is_found_out_and_work_goes_on() {
        let quarantine = Quarantine::open(Path::new("/proc/none"), "w");
        drop(quarantine.enter(&origin(7)));
        assert_eq!(quarantine.deaths(&origin(7)), 0);
    }
}
