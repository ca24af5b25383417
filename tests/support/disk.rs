//! The real file system, for tests that read through the library.

use std::path::{Path, PathBuf};
use std::{fs, io};

use quadgen::source::Files;

/// What is on disk, hidden files included.
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(self.walk(&path)) } else { found.push(path) }
        }
        found.sort();
        found
    }
}
