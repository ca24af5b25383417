//! One at a time: who writes a set, or compares with one, holds a lock.
//!
//! The lock is on the folder that the set's folder lies in, because the set's own folder is another one after each
//! write. It needs no file, so none is left behind, and the system takes it back however a run ends.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long one waits for another run. A write takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// The locks of a run, each folder once: a second lock on one folder would wait for the first.
#[derive(Default)]
pub(in crate::cli) struct Locks(Vec<(PathBuf, Option<File>)>);

impl Locks {
    /// Waits until nobody else writes below the folder. Whether it is locked now: a file system may have no locks, and
    /// a folder that may not be read cannot be locked.
    pub fn exclusive(&mut self, folder: &Path) -> io::Result<bool> {
        self.take(folder, File::try_lock)
    }

    /// Waits until nobody writes below the folder; others may read at the same time.
    pub fn shared(&mut self, folder: &Path) -> io::Result<bool> {
        self.take(folder, File::try_lock_shared)
    }

    fn take(&mut self, folder: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<bool> {
        if let Some((_, held)) = self.0.iter().find(|(held, _)| held == folder) {
            return Ok(held.is_some());
        }
        let held = match File::open(folder) {
            Ok(file) => wait(&file, lock)?.then_some(file),
            Err(_) => None,
        };
        let locked = held.is_some();
        self.0.push((folder.to_path_buf(), held));
        Ok(locked)
    }
}

fn wait(file: &File, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<bool> {
    let start = Instant::now();
    loop {
        match lock(file) {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another program has locked the folder for a minute"));
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(_)) => return Ok(false),
        }
    }
}
