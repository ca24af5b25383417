//! The folder that is made beside a set's own, and what is left of it when a run is ended from outside.
//!
//! Its name says which folder it is to take the place of, by that one's number in the file system. So what is left
//! tells by itself which of the two it is: the new one, of which everything is also elsewhere, or the old one.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use quadgen::render::{Owner, owner};

use super::Place;

/// What makes a file the same one under two names.
pub(super) type Identity = (u64, u64);

pub(super) fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// Hidden, and with the ending of folders that Quadlet does not look into (tried with 5.4.2 and 5.8.6). Older ones may,
/// so [`Place`] also keeps it out of the folders that Quadlet searches.
fn prefix(place: &Place) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(place.real.file_name().unwrap_or_default());
    prefix.push(".quadgen-");
    prefix
}

const SUFFIX: &str = ".d";

/// An empty folder to make the new one in.
pub(super) fn stage(place: &Place, old: Option<&Metadata>) -> io::Result<PathBuf> {
    let mut prefix = prefix(place);
    prefix.push(format!("{:x}-", old.map_or(0, MetadataExt::ino)));
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX);
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    Ok(builder.tempdir_in(&place.beside)?.keep())
}

/// Removes a new folder that did not get its place: everything in it is made from nothing, or is a second name.
pub(super) fn discard(stage: &Path) {
    for entry in fs::read_dir(stage).into_iter().flatten().filter_map(Result::ok) {
        let _ = fs::remove_file(entry.path());
    }
    let _ = fs::remove_dir(stage);
}

/// Takes away what earlier runs for this folder left; whoever holds the lock knows that they are no more. What could
/// be the only copy of somebody's file stays, and is named as people see it.
pub(super) fn tidy(place: &Place) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    let prefix = prefix(place);
    for entry in fs::read_dir(&place.beside).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        let rest =
            rest.and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes())).and_then(|rest| str::from_utf8(rest).ok());
        let number =
            rest.and_then(|rest| rest.split_once('-')).and_then(|(number, _)| u64::from_str_radix(number, 16).ok());
        let (Some(number), Ok(metadata)) = (number, entry.metadata()) else { continue };
        // In a folder for everybody, somebody else may have made one of that name.
        if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
            continue;
        }
        if metadata.ino() == number {
            kept.extend(empty_old(&entry.path(), &place.real));
        } else {
            discard(&entry.path());
        }
    }
    kept.sort();
    kept
}

/// The same for every folder in this one, also for those that are no more.
pub(super) fn tidy_below(place: &Place) -> Vec<PathBuf> {
    let entries = fs::read_dir(&place.real).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let (name, _) = name.strip_prefix('.')?.strip_suffix(SUFFIX)?.rsplit_once(".quadgen-")?;
        (!name.is_empty()).then(|| name.to_owned())
    });
    let names: std::collections::BTreeSet<String> = names.collect();
    names.iter().filter_map(|name| place.join(name).ok()).flat_map(|place| tidy(&place)).collect()
}

/// Empties the old folder of an earlier run. Somebody may have put a file there just before the exchange, which nobody
/// carried over then, and may have removed or changed others since.
pub(super) fn empty_old(old: &Path, new: &Path) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(old).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        let place = new.join(entry.file_name());
        let is_same = match (entry.metadata(), fs::symlink_metadata(&place)) {
            (Ok(here), Ok(there)) => identity(&here) == identity(&there),
            _ => false,
        };
        let is_ours = || {
            let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            let text = if is_plain { fs::read(&path) } else { Err(io::ErrorKind::Unsupported.into()) };
            text.is_ok_and(|bytes| {
                owner(&String::from_utf8_lossy(&bytes)) == Owner::Quadgen
                    || fs::read(&place).is_ok_and(|there| there == bytes)
            })
        };
        if !(is_same || is_ours()) || fs::remove_file(&path).is_err() {
            kept.push(path);
        }
    }
    let _ = fs::remove_dir(old);
    kept
}
