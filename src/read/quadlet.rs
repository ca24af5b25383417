//! Quadlet units: what the generator reads, per release.

use std::path::PathBuf;

use super::Read;
use crate::model::Version;
use crate::source::{Files, SourceMap};

/// The units of one host.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The folder that Quadlet searches, or the one that stands for it in a repository.
    pub root: PathBuf,
    /// The unit files below it, in the order in which the generator prefers them: the first of a file's name counts.
    pub units: Vec<PathBuf>,
    /// The `.conf` files of drop-in folders (`x.container.d/`, `container.d/`, …) below it.
    pub drop_ins: Vec<PathBuf>,
}

/// The units of one host, taken apart line by line.
#[derive(Debug, Default)]
pub struct Parsed {}

/// Reads the files, once for all releases.
pub fn parse(sources: &mut SourceMap, files: &dyn Files, tree: &Tree) -> Parsed {
    let _ = (sources, files, tree);
    Parsed::default()
}

/// The stack as the generator of one release makes it, with what that release refuses.
pub fn lower(parsed: &Parsed, sources: &SourceMap, release: Version) -> Read {
    let _ = (parsed, sources, release);
    Read::default()
}
