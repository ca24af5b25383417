//! Reads what was rendered as whoever runs it would: units as the generator of the platform's release does, a Compose
//! file as docker-compose does.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::maps::HashMap;
use crate::model::{UnitKind, Version};
use crate::read::{Read, compose, quadlet, topology};
use crate::render::{File, Target};
use crate::source::{Files, SourceMap};

/// Stands for the address that is only known when a container starts: one that is kept for examples (RFC 5737).
pub(super) const START: &str = "192.0.2.1";

/// The rendered files, as they will lie in one folder.
struct Memory<'f> {
    texts: HashMap<PathBuf, &'f str>,
    /// By name.
    paths: Vec<PathBuf>,
}

impl<'f> Memory<'f> {
    fn new(files: &'f [File], root: &Path) -> Self {
        let mut files: Vec<(&str, &str)> = files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        files.sort_unstable();
        let paths: Vec<PathBuf> = files.iter().map(|(name, _)| root.join(name)).collect();
        let texts = files.into_iter().map(|(_, text)| text);
        Memory { texts: paths.iter().cloned().zip(texts).collect(), paths }
    }
}

impl Files for Memory<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self.texts.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(text.as_bytes().to_vec())
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }

    fn is_file(&self, path: &Path) -> bool {
        self.texts.contains_key(path)
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        self.list(folder)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        self.paths.iter().filter(|path| path.parent() == Some(folder)).cloned().collect()
    }
}

/// What stands for a variable of whoever starts it: something that may begin a path.
pub(super) fn given(name: &str) -> String {
    format!("/{name}")
}

/// A value for every variable that the files leave to whoever starts them.
fn environment(files: &[File]) -> BTreeMap<String, String> {
    let expressions = files.iter().flat_map(|file| file.text.split("${").skip(1));
    let names = expressions.filter_map(|rest| rest.split(['}', ':']).next());
    let mut all: BTreeMap<String, String> = names.map(|name| (name.to_owned(), given(name))).collect();
    all.insert(crate::render::AT_START_VARIABLE.to_owned(), START.to_owned());
    all
}

/// The files read again, units as a release does, and their texts.
pub(super) fn read(files: &[File], release: Version, target: Target, profiles: Vec<String>) -> (Read, SourceMap) {
    let mut sources = SourceMap::default();
    let root = Path::new("rendered");
    let memory = Memory::new(files, root);
    let read = match target {
        Target::Quadlet => {
            let is_unit = |path: &&PathBuf| {
                path.file_name().is_some_and(|name| UnitKind::of_file(&name.to_string_lossy()).is_some())
            };
            let units = memory.paths.iter().filter(is_unit).cloned().collect();
            let tree = quadlet::Tree { root: root.to_path_buf(), searched: true, units, ..quadlet::Tree::default() };
            let parsed = quadlet::parse(&mut sources, &memory, tree);
            quadlet::lower_rendered(&parsed, &sources, release)
        }
        Target::Compose => {
            let request = compose::Request {
                files: memory.paths.clone(),
                environment: environment(files),
                profiles,
                ..compose::Request::default()
            };
            compose::read(&mut sources, &memory, &request)
        }
        Target::Topology => {
            let text = files.first().map_or("", |file| file.text.as_str());
            let file = sources.add("topology.yaml", text);
            topology::read(sources.file(file))
        }
    };
    (read, sources)
}
