//! The real file system.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use quadgen::source::{Files, MAX_FILE_BYTES, display_path};

/// Reads what is on disk.
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // One byte more than is allowed, so that the reader sees that it is too much.
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn folder_name(&self, folder: &Path) -> String {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let full = std::path::absolute(folder).ok().filter(|full| full.file_name().is_some());
        let full = full.or_else(|| folder.canonicalize().ok()).unwrap_or_default();
        full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    fn shown(&self, path: &Path) -> String {
        display_path(&shown(path))
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        let walk = ignore::WalkBuilder::new(folder).require_git(false).build();
        let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()));
        files.map(ignore::DirEntry::into_path).collect()
    }
}

/// A path as it is shown: relative to the working directory, so that output is the same on every machine.
pub(super) fn shown(path: &Path) -> PathBuf {
    if path.is_relative() {
        return path.to_path_buf();
    }
    std::env::current_dir().map_or_else(|_| path.to_path_buf(), |here| relative(&here, path))
}

/// The way from one absolute folder to another path, by their names alone.
pub(super) fn relative(from: &Path, to: &Path) -> PathBuf {
    let parts = |path: &Path| {
        path.components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| part.as_os_str().to_owned())
            .collect::<Vec<_>>()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| Component::ParentDir.as_os_str().to_owned());
    let way: PathBuf = up.chain(to.iter().skip(shared).cloned()).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}
