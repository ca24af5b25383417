//! Puts a whole folder in the place of another in one step: the new one is made complete beside it, with everything in
//! it that is somebody else's, and then the two are exchanged. However a run ends, the folder is one of the two.
//!
//! Not every folder can be exchanged, and then the answer is nothing: [`super::in_place`] does it file by file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::left_behind::{self, Identity, identity};
use super::{Job, Place, Refused, holds, in_place};
use quadgen::maps::HashMap;

/// What lies in a folder and is linked into the new one.
type Linked = HashMap<OsString, Identity>;

/// Writes a set. Nothing if that is not possible here; then everything is as it was.
pub(super) fn put(place: &Place, jobs: &[Job<'_>]) -> Result<Option<Vec<PathBuf>>, Refused> {
    let old = match fs::symlink_metadata(&place.real) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => return Ok(None),
    };
    if old.as_ref().is_some_and(|old| !is_free(place, old)) {
        return Ok(None);
    }
    let Ok(stage) = left_behind::stage(place, old.as_ref()) else { return Ok(None) };
    let Ok(linked) = build(&stage, place, jobs, old.as_ref()) else {
        left_behind::discard(&stage);
        return Ok(None);
    };
    let placed = match old {
        Some(_) => exchange(&stage, &place.real),
        None => fs::rename(&stage, &place.real),
    };
    if placed.is_err() {
        left_behind::discard(&stage);
        return Ok(None);
    }
    let _ = sync(&place.beside);
    if old.is_none() {
        return Ok(Some(Vec::new()));
    }
    // From here on `stage` is the old folder. Had somebody changed a file after it was looked at, it would be lost.
    let changed = jobs.iter().find(|job| !holds(&stage.join(job.name), job.old));
    if let Some(job) = changed
        && exchange(&stage, &place.real).is_ok()
    {
        let ours = |name: &OsStr, path: &Path| jobs.iter().any(|job| job.name == name && holds(path, job.new));
        settle(&stage, &place.real, &Linked::default(), &ours);
        let path = place.file(job.name);
        return Err(Refused::NotOurs(format!("`{}` was changed while quadgen was writing", path.display())));
    }
    let ours = |name: &OsStr, path: &Path| jobs.iter().any(|job| job.name == name && holds(path, job.old));
    Ok(Some(settle(&stage, &place.real, &linked, &ours)))
}

/// Removes a folder of which every file is ours.
pub(super) fn remove(place: &Place) -> io::Result<Vec<PathBuf>> {
    let old = fs::symlink_metadata(&place.real)?;
    // An empty folder gives way to another one.
    let moved = left_behind::stage(place, Some(&old)).is_ok_and(|stage| {
        let moved = fs::rename(&place.real, &stage).is_ok();
        if !moved {
            left_behind::discard(&stage);
        }
        moved
    });
    Ok(if moved { left_behind::tidy(place) } else { left_behind::empty_old(&place.real, &place.beside) })
}

/// Whether a folder may become another one.
fn is_free(place: &Place, old: &Metadata) -> bool {
    let is_on_same_device = |above: &Path| fs::metadata(above).is_ok_and(|above| above.dev() == old.dev());
    // A mount point stays where it is.
    let is_mounted = place.real.parent().is_none_or(|above| !is_on_same_device(above));
    // Whoever works in the folder would work in one that is gone.
    let is_home = std::env::current_dir().is_ok_and(|here| here.starts_with(&place.real));
    // To exchange a folder that may not be written to would go round what its owner wants.
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    let is_writable = rustix::fs::access(&place.real, access).is_ok();
    !is_mounted && !is_home && is_writable
}

/// Makes the new folder. What the old one holds beside the set is linked: it is the same file under two names.
fn build(stage: &Path, place: &Place, jobs: &[Job<'_>], old: Option<&Metadata>) -> io::Result<Linked> {
    let mut linked = Linked::default();
    if let Some(old) = old {
        for entry in fs::read_dir(&place.real)? {
            let entry = entry?;
            let name = entry.file_name();
            if jobs.iter().any(|job| job.name == name) || name.to_str().is_some_and(in_place::is_staged) {
                continue;
            }
            let metadata = entry.metadata()?;
            // A folder cannot be linked: drop-ins, or a working copy of git. Others may have it open.
            if !metadata.is_file() && !metadata.is_symlink() {
                return Err(io::ErrorKind::Unsupported.into());
            }
            fs::hard_link(entry.path(), stage.join(&name))?;
            linked.insert(name, identity(&metadata));
        }
        let new = fs::symlink_metadata(stage)?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            std::os::unix::fs::chown(stage, Some(old.uid()), Some(old.gid()))?;
        }
        // Rights and labels of its own (ACL, SELinux) would be another folder's.
        if attributes(stage)? != attributes(&place.real)? {
            return Err(io::ErrorKind::Unsupported.into());
        }
    }
    for job in jobs {
        let Some(text) = job.new else { continue };
        let path = stage.join(job.name);
        let mut file = File::options().write(true).create_new(true).mode(super::rights(&path)).open(&path)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::symlink_metadata(place.real.join(job.name)) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
    }
    if let Some(old) = old {
        fs::set_permissions(stage, old.permissions())?;
    }
    sync(stage)?;
    Ok(linked)
}

/// Empties and removes the folder that went, and gives the one that came what somebody did to the other meanwhile.
/// What has no place there stays where it is.
fn settle(gone: &Path, came: &Path, linked: &Linked, ours: &dyn Fn(&OsStr, &Path) -> bool) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    let entries: io::Result<Vec<fs::DirEntry>> = fs::read_dir(gone).and_then(Iterator::collect);
    let Ok(entries) = entries else { return vec![gone.to_path_buf()] };
    // What somebody removed after it was linked stays removed.
    for (name, linked) in linked.iter().filter(|(name, _)| entries.iter().all(|entry| entry.file_name() != **name)) {
        let place = came.join(name);
        if fs::symlink_metadata(&place).is_ok_and(|there| identity(&there) == *linked) {
            let _ = fs::remove_file(place);
        }
    }
    for entry in entries {
        let (name, path) = (entry.file_name(), entry.path());
        let Ok(here) = entry.metadata() else { continue };
        let place = came.join(&name);
        let there = fs::symlink_metadata(&place).ok().map(|there| identity(&there));
        let is_staged = here.is_file() && name.to_str().is_some_and(in_place::is_staged);
        let result = if ours(&name, &path) || is_staged || there == Some(identity(&here)) {
            fs::remove_file(&path)
        } else if here.is_dir() {
            // Fails if there is one that is not empty.
            fs::rename(&path, &place)
        } else if there.is_none() {
            // A link is refused where a file is: nothing is written over.
            fs::hard_link(&path, &place).and_then(|()| fs::remove_file(&path))
        } else if there.as_ref() == linked.get(&name) {
            // What was linked is the older one of the two.
            fs::rename(&path, &place)
        } else {
            Err(io::ErrorKind::AlreadyExists.into())
        };
        if result.is_err() {
            kept.push(path);
        }
    }
    let _ = fs::remove_dir(gone);
    kept
}

/// The extended attributes of a folder.
fn attributes(folder: &Path) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut list = vec![0; 64 * 1024];
    let length = match rustix::fs::listxattr(folder, list.as_mut_slice()) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    list.truncate(length);
    let mut found = Vec::new();
    for name in list.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 * 1024];
        let length = rustix::fs::getxattr(folder, name, value.as_mut_slice())?;
        value.truncate(length);
        found.push((name.to_vec(), value));
    }
    found.sort();
    Ok(found)
}

/// Makes sure that a folder's names are on disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Gives each of two folders the other's place, in one step.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "ios"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Other systems have no such step.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", target_os = "ios")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
