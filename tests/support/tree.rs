//! Trees of units, in memory and on the disk.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use quadgen::model::UnitKind;
use quadgen::read::quadlet::{Tree, is_systemd_unit};
use quadgen::source::Files;

/// Files in memory, below `/units`.
pub struct Memory(pub BTreeMap<PathBuf, String>);

impl Memory {
    pub fn new<N: AsRef<str>, T: Into<String>>(files: impl IntoIterator<Item = (N, T)>) -> Memory {
        let at = |name: &str| Path::new("/units").join(name);
        Memory(files.into_iter().map(|(name, text)| (at(name.as_ref()), text.into())).collect())
    }

    pub fn tree(&self) -> Tree {
        tree(Path::new("/units"), self.0.keys().cloned().collect())
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.clone().into_bytes())
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file != path && file.starts_with(path))
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        self.0.keys().filter(|file| file.starts_with(folder)).cloned().collect()
    }

    fn shown(&self, path: &Path) -> String {
        path.strip_prefix("/units").unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// Units and drop-ins among files: those of a folder before those of its sub-folders, as the generator looks for them.
pub fn tree(root: &Path, mut files: Vec<PathBuf>) -> Tree {
    files.sort();
    let folder = |path: &Path| path.parent().unwrap().to_path_buf();
    let dropped = |path: &Path| folder(path).to_string_lossy().ends_with(".d");
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let (drop_ins, units): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| dropped(path));
    let plain = units.iter().filter(|path| is_systemd_unit(&name(path))).cloned().collect();
    let mut units: Vec<_> = units.into_iter().filter(|path| UnitKind::of_file(&name(path)).is_some()).collect();
    units.sort_by_key(|path| (folder(path), name(path)));
    let drop_ins = drop_ins.into_iter().filter(|path| name(path).ends_with(".conf")).collect();
    Tree { root: root.to_path_buf(), searched: true, units, drop_ins, plain, ..Tree::default() }
}
