//! The real file system, with a memory of what was looked at, so that one can tell when to look again.
//!
//! Only what a run asked for counts, also what it asked for in vain: an `.env` that comes later. It is looked at rather
//! than waited for, because file systems of another machine (a folder of Windows in WSL, a share) tell of no changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{fs, io};

use quadgen::source::Files;

use super::disk::{Disk, absolute};

/// Reads what is on disk, and remembers it.
pub(super) struct Watched(pub Arc<Seen>);

/// What was looked at, as it was right before.
#[derive(Default)]
pub(super) struct Seen {
    paths: Mutex<BTreeMap<PathBuf, Stamp>>,
    walked: Mutex<Folders>,
    listed: Mutex<Folders>,
}

/// What was in folders.
type Folders = BTreeMap<PathBuf, Vec<PathBuf>>;

/// What changes with a file, and whether it is a folder; nothing where there is none.
type Stamp = Option<(bool, u64, Option<SystemTime>)>;

fn stamp(path: &Path) -> Stamp {
    let found = fs::metadata(path).ok()?;
    // A folder's own time changes with whatever comes and goes in it.
    let is_dir = found.is_dir();
    Some((is_dir, if is_dir { 0 } else { found.len() }, found.modified().ok().filter(|_| !is_dir)))
}

impl Seen {
    /// A path that is not as it was.
    pub fn changed(&self) -> Option<PathBuf> {
        let paths = locked(&self.paths);
        let of_paths = paths.iter().find(|(path, old)| stamp(path) != **old).map(|(path, _)| path.clone());
        of_paths
            .or_else(|| differs(&locked(&self.listed), |folder| Disk.list(folder)))
            .or_else(|| differs(&locked(&self.walked), |folder| Disk.walk(folder)))
    }

    fn path(&self, path: &Path) {
        let path = absolute(path);
        let now = stamp(&path);
        locked(&self.paths).entry(path).or_insert(now);
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came to one of the folders or went, if anything did.
fn differs(folders: &Folders, look: impl Fn(&Path) -> Vec<PathBuf>) -> Option<PathBuf> {
    let in_folder = |(folder, old): (&PathBuf, &Vec<PathBuf>)| {
        let new = look(folder);
        let other = |these: &[PathBuf], those: &[PathBuf]| {
            these.iter().find(|path| those.binary_search(path).is_err() && !is_of_an_editor(path)).cloned()
        };
        other(&new, old).or_else(|| other(old, &new))
    };
    folders.iter().find_map(in_folder)
}

/// Whether an editor keeps it beside the file that it has open: that comes and goes with each look at a file.
fn is_of_an_editor(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with('~') || name.starts_with(".#") || (name.starts_with('.') && name.contains(".sw"))
}

impl Files for Watched {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.path(path);
        Disk.read(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.path(path);
        Disk.is_dir(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.path(path);
        Disk.is_file(path)
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        let below = Disk.walk(folder);
        locked(&self.0.walked).entry(folder.to_path_buf()).or_insert_with(|| below.clone());
        below
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let within = Disk.list(folder);
        locked(&self.0.listed).entry(folder.to_path_buf()).or_insert_with(|| within.clone());
        within
    }

    fn folder_name(&self, folder: &Path) -> String {
        Disk.folder_name(folder)
    }

    fn shown(&self, path: &Path) -> String {
        Disk.shown(path)
    }
}
