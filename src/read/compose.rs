//! Compose files: load → interpolate → merge → lower.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Read;
use crate::source::{Files, SourceMap};

/// What to read, and what its variables stand for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The files, in the order in which they are merged. The first one's folder is the project's.
    pub files: Vec<PathBuf>,
    /// The project's name (`-p`); else the file's `name`, `COMPOSE_PROJECT_NAME`, or the folder's name.
    pub project: Option<String>,
    /// Files with variables (`--env-file`); where there is none, `.env` in the project's folder.
    pub env_files: Vec<PathBuf>,
    /// The variables of the process, which win over those of files.
    pub environment: BTreeMap<String, String>,
    /// Profiles to switch on; `*` is all of them.
    pub profiles: Vec<String>,
    /// Whether `.env.example` and the like stand in for a `.env` that is not there.
    pub samples: bool,
}

/// Reads one project.
pub fn read(sources: &mut SourceMap, files: &dyn Files, request: &Request) -> Read {
    let _ = (sources, files, request);
    Read::default()
}
