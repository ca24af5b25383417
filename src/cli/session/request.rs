//! What the command line and the environment say about Compose projects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quadgen::read::compose::Request;

use super::super::Common;
use super::absolute;

/// The env file of `--no-env`, which says nothing.
pub(super) const NOTHING: &str = "/dev/null";

/// The request for a project.
pub(super) fn of(common: &Common, files: Vec<PathBuf>, samples: bool) -> Request {
    let environment = environment(common);
    let mut profiles = common.profile.clone();
    // docker-compose takes those of the environment where the command line names none.
    if profiles.is_empty()
        && let Some(named) = environment.get("COMPOSE_PROFILES")
    {
        profiles.extend(named.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned));
    }
    let env_files = match common.no_env && common.env_file.is_empty() {
        true => vec![PathBuf::from(NOTHING)],
        false if common.env_file.is_empty() => {
            let named = environment.get("COMPOSE_ENV_FILES").map(String::as_str).unwrap_or_default();
            named.split(',').map(str::trim).filter(|name| !name.is_empty()).map(PathBuf::from).collect()
        }
        false => common.env_file.clone(),
    };
    // Who looks at samples makes nothing of what is read.
    let lenient = samples;
    let samples = samples && !common.no_env;
    Request { files, project: common.project.clone(), env_files, environment, profiles, samples, lenient }
}

/// The variables of the process.
fn environment(common: &Common) -> BTreeMap<String, String> {
    if common.no_env {
        return BTreeMap::new();
    }
    let variables = std::env::vars_os();
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// The files of `COMPOSE_FILE`, if it is set.
pub(super) fn files_of_environment(common: &Common) -> Option<Vec<PathBuf>> {
    let variables = environment(common);
    let list = variables.get("COMPOSE_FILE").filter(|list| !list.is_empty())?;
    let separator = variables.get("COMPOSE_PATH_SEPARATOR").filter(|separator| !separator.is_empty());
    let separator = separator.map_or(if cfg!(windows) { ";" } else { ":" }, String::as_str);
    Some(list.split(separator).map(|file| absolute(Path::new(file))).collect())
}
