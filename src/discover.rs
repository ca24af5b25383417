//! Which files of a folder make which stack.

use std::path::{Path, PathBuf};

use crate::read::topology::is_topology_name;
use crate::source::Files;

/// The files of the stacks below a folder, sorted.
pub fn stacks(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| is_topology_name(&name.to_string_lossy()));
    let mut found: Vec<PathBuf> = files.walk(folder).into_iter().filter(named).collect();
    found.sort();
    found
}

/// What a file is, by its name, if it is of a format that quadgen knows of and does not read yet.
pub fn not_read_yet(name: &str) -> Option<&'static str> {
    let (stem, extension) = name.rsplit_once('.')?;
    match extension {
        "yaml" | "yml" if stem.starts_with("compose") || stem.starts_with("docker-compose") => Some("a Compose file"),
        "container" | "pod" | "network" | "volume" | "kube" | "image" | "build" => Some("a Quadlet unit"),
        _ => None,
    }
}
