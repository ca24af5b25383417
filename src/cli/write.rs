//! Puts sets of files into folders: each set whole or not at all, and never over somebody else's file.
//!
//! Whoever writes or compares holds a lock ([`Locks`]), looks at what is there ([`look`]), asks whether anything
//! speaks against it ([`refusal`]) and only then writes ([`put`]).

#[cfg(unix)]
mod exchange;
mod in_place;
#[cfg(unix)]
mod left_behind;
mod lock;
mod place;
mod scan;

pub(super) use lock::Locks;
pub(super) use place::{Place, Reader};
pub(super) use scan::{look, look_at_left_over_folder, sub_folders};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use quadgen::render::{Entry, Standing};

/// What keeps a set from being written.
pub(super) enum Refused {
    /// Something stands in the way that quadgen did not write, or that somebody changed since.
    NotOurs(String),
    /// A file is in the way that was rendered from something else.
    OtherSource(String),
    /// The file system said no.
    Failed(PathBuf, io::Error),
}

/// What is to be done with one file.
struct Job<'a> {
    name: &'a str,
    /// What it holds now; nothing if it is new.
    old: Option<&'a str>,
    /// What it shall hold; nothing if it goes.
    new: Option<&'a str>,
}

/// Who may use a new file, as bits of a mode, before the umask: variables are their owner's alone, everything else is for
/// everybody.
#[cfg(unix)]
fn rights(path: &Path) -> u32 {
    if path.extension().is_some_and(|extension| extension == "env") { 0o600 } else { 0o666 }
}

/// Makes the folders above a set's own, and locks them for writing. Whether that gave a lock.
pub(super) fn lock(locks: &mut Locks, place: &Place) -> Result<bool, Refused> {
    let failed = |error| Refused::Failed(place.shown.clone(), error);
    if let Some(above) = place.real.parent() {
        fs::create_dir_all(above).map_err(failed)?;
    }
    locks.exclusive(&place.beside).map_err(failed)
}

/// Why a set cannot be written, if so.
pub(super) fn refusal(place: &Place, entries: &[Entry], prune: bool) -> Option<Refused> {
    entries.iter().find_map(|entry| {
        let path = place.file(&entry.name);
        let path = path.display();
        let message = match &entry.standing {
            Standing::HandChanged | Standing::BothChanged => {
                format!("`{path}` was changed by hand since quadgen wrote it")
            }
            Standing::LineEnds => format!("`{path}` was changed since quadgen wrote it: its line ends"),
            Standing::LeftOverChanged if prune => {
                format!("`{path}` is left over, and was changed by hand since quadgen wrote it")
            }
            Standing::OtherSource(source) => {
                let message = format!("`{path}` was rendered from another source, `{source}`");
                return Some(Refused::OtherSource(message));
            }
            Standing::Foreign => format!("`{path}` was not written by quadgen"),
            Standing::NoFile => format!("`{path}` is not a plain file"),
            _ => return None,
        };
        Some(Refused::NotOurs(message))
    })
}

/// Writes a set that nothing speaks against. Files of somebody who wrote at the same moment are never lost; where they
/// could not stay in their place, the answer says where they are.
pub(super) fn put(place: &Place, entries: &[Entry], prune: bool, locked: bool) -> Result<Vec<PathBuf>, Refused> {
    let jobs = entries.iter().filter(|entry| entry.is_write() || (prune && entry.is_left_over()));
    let jobs: Vec<Job<'_>> =
        jobs.map(|entry| Job { name: &entry.name, old: entry.old.as_deref(), new: entry.new.as_deref() }).collect();
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    // To put one file in place is one step by itself, and the folder stays the same one.
    #[cfg(unix)]
    if locked
        && (jobs.len() > 1 || !place.real.exists())
        && let Some(kept) = exchange::put(place, &jobs)?
    {
        return Ok(kept);
    }
    #[cfg(not(unix))]
    let _ = locked;
    in_place::put(place, &jobs)?;
    Ok(Vec::new())
}

/// Takes away what runs left behind that were ended from outside. What is not quadgen's own stays, and is named.
pub(super) fn tidy(place: &Place) -> Vec<PathBuf> {
    in_place::tidy(&place.real);
    #[cfg(unix)]
    return left_behind::tidy(place);
    #[cfg(not(unix))]
    Vec::new()
}

/// The same for every folder in this one, also for those that are no more.
pub(super) fn tidy_below(place: &Place) -> Vec<PathBuf> {
    #[cfg(unix)]
    return left_behind::tidy_below(place);
    #[cfg(not(unix))]
    Vec::new()
}

/// Removes a folder of which every file is ours: out of sight in one step, then file by file.
pub(super) fn remove_folder(place: &Place) -> Result<Vec<PathBuf>, Refused> {
    let failed = |error| Refused::Failed(place.shown.clone(), error);
    #[cfg(unix)]
    return exchange::remove(place).map_err(failed);
    #[cfg(not(unix))]
    fs::remove_dir_all(&place.real).map(|()| Vec::new()).map_err(failed)
}

/// Whether a file has exactly this text.
fn holds(path: &Path, text: Option<&str>) -> bool {
    match (fs::symlink_metadata(path), text) {
        (Err(error), None) => error.kind() == io::ErrorKind::NotFound,
        (Ok(metadata), Some(text)) => metadata.is_file() && fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes()),
        _ => false,
    }
}
