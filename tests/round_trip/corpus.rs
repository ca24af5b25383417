//! Real Compose files, from a folder beside this repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use quadgen::source::Files;

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
        let mut all = Vec::new();
        compose_files(folder, &mut all);
        all
    }
}

/// Every file below a folder whose name is that of a Compose file.
pub fn compose_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            compose_files(&path, found);
        } else if name.contains("compose") && (name.ends_with(".yaml") || name.ends_with(".yml")) {
            found.push(path);
        }
    }
}
