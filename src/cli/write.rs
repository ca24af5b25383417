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
            Err(error) if error.kind() == io::ErrorKind::NotFound => changed.push(file),
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
                    Owner::Quadgen => changed.push(file),
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
    let mut staged: Vec<(NamedTempFile, PathBuf)> = Vec::new();
    for file in changed {
        let path = folder.join(&file.name);
        let mut temporary = tempfile::Builder::new().prefix(".quadgen-").tempfile_in(folder).map_err(failed(folder))?;
        temporary.write_all(file.text.as_bytes()).map_err(failed(&path))?;
        temporary.as_file().sync_all().map_err(failed(&path))?;
        readable(&temporary).map_err(failed(&path))?;
        staged.push((temporary, path));
    }
    let count = staged.len();
    for (temporary, path) in staged {
        temporary.persist(&path).map_err(|error| Refused::Failed(path, error.error))?;
    }
    Ok(count)
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
