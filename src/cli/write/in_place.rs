//! Puts files into a folder one by one. Until every one of them lies complete beside its place, none is put there, and
//! an error takes back what was done. Only who ends the program from outside, between two files, sees a part of each.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{Job, Place, Refused, holds};

/// How a file is called that waits beside its place. Quadlet reads no file without an ending that it knows.
const STAGED: &str = ".quadgen-";
/// The characters that `tempfile` puts behind it.
const RANDOM: usize = 6;

pub(super) fn put(place: &Place, jobs: &[Job<'_>]) -> Result<(), Refused> {
    let failed = |name: &str| {
        let path = place.file(name);
        move |error| Refused::Failed(path, error)
    };
    let folder = &place.real;
    fs::create_dir_all(folder).map_err(failed(""))?;
    let mut staged: Vec<(NamedTempFile, &Job<'_>)> = Vec::new();
    for job in jobs {
        if let Some(text) = job.new {
            staged.push((stage(&folder.join(job.name), text).map_err(failed(job.name))?, job));
        }
    }
    let mut done: Vec<(PathBuf, Option<&str>)> = Vec::new();
    let changed = |job: &Job<'_>| {
        let path = place.file(job.name);
        Refused::NotOurs(format!("`{}` was changed while quadgen was writing", path.display()))
    };
    for (temporary, job) in staged {
        let path = folder.join(job.name);
        if !holds(&path, job.old) {
            take_back(done);
            return Err(changed(job));
        }
        if let Err(error) = temporary.persist(&path) {
            take_back(done);
            return Err(failed(job.name)(error.error));
        }
        done.push((path, job.old));
    }
    for job in jobs.iter().filter(|job| job.new.is_none()) {
        let path = folder.join(job.name);
        if !holds(&path, job.old) {
            take_back(done);
            return Err(changed(job));
        }
        if let Err(error) = fs::remove_file(&path) {
            take_back(done);
            return Err(failed(job.name)(error));
        }
        done.push((path, job.old));
    }
    Ok(())
}

/// A complete file beside its place, for the same people to read as the one it takes the place of.
fn stage(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(STAGED).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(super::rights(path)));
    let mut temporary = builder.tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    temporary.write_all(text.as_bytes())?;
    if let Ok(old) = fs::symlink_metadata(path) {
        temporary.as_file().set_permissions(old.permissions())?;
    }
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Puts files back as they were, as far as the file system lets it.
fn take_back(done: Vec<(PathBuf, Option<&str>)>) {
    for (path, old) in done.into_iter().rev() {
        let _ = match old {
            None => fs::remove_file(&path),
            Some(old) => stage(&path, old).and_then(|file| file.persist(&path).map(drop).map_err(|error| error.error)),
        };
    }
}

/// Whether a file is called as one that waits beside its place.
pub(super) fn is_staged(name: &str) -> bool {
    name.strip_prefix(STAGED)
        .is_some_and(|rest| rest.len() == RANDOM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Takes away what waits for a run that is no more; whoever holds the lock knows that there is none.
pub(super) fn tidy(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let is_plain = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_plain && entry.file_name().to_str().is_some_and(is_staged) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
