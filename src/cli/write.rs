//! Writes a set of files into a folder: all of them or none, and never over somebody else's.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use quadgen::render::{File, Owner, owner};
use tempfile::NamedTempFile;

/// What keeps a set from being written.
pub(super) enum Refused {
    /// A file that quadgen did not write, or that somebody changed since, stands in the way.
    NotOurs(String),
    /// The file system said no.
    Failed(PathBuf, io::Error),
}

/// Writes the files. Until every one of them lies complete beside its place, none is put there.
pub(super) fn set(folder: &Path, files: &[File]) -> Result<usize, Refused> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |error| Refused::Failed(path, error)
    };
    let mut changed = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => changed.push((file, None)),
            Err(error) => return Err(Refused::Failed(path, error)),
            // A link may lead anywhere: nothing is written through it.
            Ok(metadata) if !metadata.is_file() => {
                return Err(Refused::NotOurs(format!("`{}` is not a plain file", path.display())));
            }
            Ok(_) => {
                let old = fs::read(&path).map_err(failed(&path))?;
                let old = String::from_utf8_lossy(&old);
                match owner(&old) {
                    _ if old == file.text => {}
                    Owner::Quadgen => changed.push((file, Some(old.into_owned()))),
                    Owner::Changed => {
                        return Err(Refused::NotOurs(format!(
                            "`{}` was changed by hand since quadgen wrote it",
                            path.display()
                        )));
                    }
                    Owner::Foreign => {
                        return Err(Refused::NotOurs(format!("`{}` was not written by quadgen", path.display())));
                    }
                }
            }
        }
    }
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut staged: Vec<(NamedTempFile, PathBuf, Option<String>)> = Vec::new();
    for (file, old) in changed {
        let path = folder.join(&file.name);
        staged.push((stage(folder, &file.text).map_err(failed(&path))?, path, old));
    }
    let count = staged.len();
    let mut done: Vec<(PathBuf, Option<String>)> = Vec::new();
    for (temporary, path, old) in staged {
        if let Err(error) = temporary.persist(&path) {
            take_back(folder, done);
            return Err(Refused::Failed(path, error.error));
        }
        done.push((path, old));
    }
    Ok(count)
}

/// A complete file beside its place.
fn stage(folder: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut temporary = tempfile::Builder::new().prefix(".quadgen-").tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    readable(&temporary)?;
    Ok(temporary)
}

/// Puts files back as they were, as far as the file system lets it.
fn take_back(folder: &Path, done: Vec<(PathBuf, Option<String>)>) {
    for (path, old) in done {
        let _ = match old {
            None => fs::remove_file(&path),
            Some(old) => {
                stage(folder, &old).and_then(|file| file.persist(&path).map(drop).map_err(|error| error.error))
            }
        };
    }
}

/// A temporary file is its owner's alone; a unit is for everybody to read.
#[cfg(unix)]
fn readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}
