//! Compose files: which of a folder make a project, and which belong to another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::look::{self, Facts, Look};
use super::{Found, is_repository, is_yaml, name_of, text_of};
use crate::source::{Files, tidy};

/// The names of a project's file; docker-compose (2.40) takes the first that is there.
const MAIN: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The names of the file that is merged into it, whatever that is called; again the first.
const OVERRIDE: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// A file that may be a project.
pub(super) struct Candidate {
    pub path: PathBuf,
    pub facts: Facts,
}

pub(super) fn is_main(name: &str) -> bool {
    MAIN.contains(&name)
}

pub(super) fn is_override(name: &str) -> bool {
    OVERRIDE.contains(&name)
}

/// Makes projects and overlays of the Compose files of a folder and those below it.
pub(super) fn projects(files: &dyn Files, candidates: Vec<Candidate>) -> Vec<Found> {
    let mut folders: BTreeMap<PathBuf, Vec<&Candidate>> = BTreeMap::new();
    for candidate in &candidates {
        folders.entry(folder_of(&candidate.path)).or_default().push(candidate);
    }
    let mut projects: Vec<Vec<PathBuf>> = Vec::new();
    let mut overlays = Vec::new();
    for (folder, all) in &folders {
        let here = |name: &&str| all.iter().any(|candidate| name_of(&candidate.path) == **name);
        let project = project_of(files, folder, &here);
        let base = project.first().cloned();
        for candidate in all.iter().filter(|candidate| !project.contains(&candidate.path)) {
            if candidate.facts.whole && (base.is_none() || !candidate.facts.lacks) {
                projects.push(vec![candidate.path.clone()]);
            } else {
                overlays.push((candidate.path.clone(), base.clone()));
            }
        }
        projects.extend(Some(project).filter(|project| !project.is_empty()));
    }
    projects.sort();
    let edges = Edges::of(&candidates);
    let mut found: Vec<Found> = edges.own(projects).into_iter().map(Found::Compose).collect();
    let alone = overlays.into_iter().filter(|(file, _)| !edges.referred.contains(&tidy(file)));
    found.extend(alone.map(|(file, base)| Found::Overlay { file, base }));
    found
}

/// The files of a folder's own project, as docker-compose chooses them there: those that `COMPOSE_FILE` in `.env` names,
/// else the first of its names, with the first of the overrides.
fn project_of(files: &dyn Files, folder: &Path, here: &dyn Fn(&&str) -> bool) -> Vec<PathBuf> {
    let named = files_of_env(files, folder);
    if !named.is_empty() {
        return named;
    }
    let Some(main) = MAIN.iter().find(|name| here(name)) else { return Vec::new() };
    let merged = OVERRIDE.iter().find(|name| here(name));
    std::iter::once(main).chain(merged).map(|name| folder.join(name)).collect()
}

/// What `COMPOSE_FILE` in a folder's `.env` says, if all of it is there.
fn files_of_env(files: &dyn Files, folder: &Path) -> Vec<PathBuf> {
    let env = folder.join(".env");
    let Some(text) = files.is_file(&env).then(|| text_of(files, &env)).flatten() else { return Vec::new() };
    let value = |name: &str| {
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix(name)?.trim_start().strip_prefix('='));
        lines.map(|value| value.trim().trim_matches(['"', '\'']).to_owned()).next_back()
    };
    let Some(list) = value("COMPOSE_FILE").filter(|list| !list.is_empty() && !list.contains('$')) else {
        return Vec::new();
    };
    let between = value("COMPOSE_PATH_SEPARATOR").unwrap_or_else(|| ":".to_owned());
    let named: Vec<PathBuf> = list.split(between.as_str()).map(|name| tidy_in(folder, Path::new(name))).collect();
    if named.iter().all(|path| files.is_file(path)) { named } else { Vec::new() }
}

/// The project that a file belongs to.
pub(super) fn of_file(files: &dyn Files, path: &Path) -> Found {
    let folder = folder_of(path);
    let name = name_of(path);
    let here = |name: &&str| files.is_file(&folder.join(name));
    let project = project_of(files, &folder, &here);
    if let Some(whole) = referring(files, path, &folder) {
        return Found::Compose(whole);
    }
    if project.contains(&tidy_in(&folder, Path::new(&*name))) || project.contains(&path.to_path_buf()) {
        return Found::Compose(project);
    }
    // What only changes the project of its folder is merged into that.
    let text = text_of(files, path).unwrap_or_default();
    let changes =
        !project.is_empty() && matches!(look::yaml(&text, true), Look::Compose(facts) if !facts.whole || facts.lacks);
    // As `-f` does it: whoever names files leaves the override out.
    let mut all = if changes { project } else { Vec::new() };
    all.retain(|file| !is_override(&name_of(file)));
    all.push(path.to_path_buf());
    Found::Compose(all)
}

/// The project that includes or extends a file: of its own folder or one above, up to the repository's root.
fn referring(files: &dyn Files, path: &Path, folder: &Path) -> Option<Vec<PathBuf>> {
    let wanted = tidy(path);
    let named = is_main(&name_of(path));
    let mut above = Some(folder);
    while let Some(folder) = above {
        let here = |name: &&str| files.is_file(&folder.join(name));
        let project = project_of(files, folder, &here);
        let mut candidates = Vec::new();
        // What is of the project by its name needs no look.
        let own = project.iter().any(|file| tidy(file) == wanted);
        let mut queue = if own { Vec::new() } else { project.clone() };
        while let Some(file) = queue.pop() {
            let Some(text) = text_of(files, &file).filter(|text| look::may_refer(text)) else { continue };
            let Look::Compose(facts) = look::yaml(&text, true) else { continue };
            let candidate = Candidate { path: file, facts };
            let known = |path: &PathBuf| candidates.iter().any(|old: &Candidate| old.path == *path);
            queue.extend(
                targets(&candidate).map(|(path, _)| path).filter(|path| !known(path) && is_yaml(&name_of(path))),
            );
            candidates.push(candidate);
            if candidates.len() > 100 {
                break;
            }
        }
        let refers =
            candidates.iter().flat_map(targets).any(|(path, by)| path == wanted && (by == By::Include || !named));
        if refers {
            return Some(project);
        }
        if is_repository(files, folder) {
            return None;
        }
        above = folder.parent().filter(|_| !folder.as_os_str().is_empty());
    }
    None
}

/// How a file refers to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    Include,
    Extends,
}

fn targets(candidate: &Candidate) -> impl Iterator<Item = (PathBuf, By)> + '_ {
    let folder = folder_of(&candidate.path);
    let included = candidate.facts.included.iter().map(|path| (path, By::Include));
    let extended = candidate.facts.extended.iter().map(|path| (path, By::Extends));
    included.chain(extended).map(move |(path, by)| (tidy_in(&folder, path), by))
}

/// Which file refers to which.
struct Edges {
    from: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Files that another makes part of its own project.
    referred: BTreeSet<PathBuf>,
}

impl Edges {
    fn of(candidates: &[Candidate]) -> Edges {
        let mut edges = Edges { from: BTreeMap::new(), referred: BTreeSet::new() };
        for candidate in candidates {
            let own = tidy(&candidate.path);
            for (target, by) in targets(candidate) {
                // A project that others extend stays one: `compose.dev.yaml` beside `compose.yaml`.
                let stays = by == By::Extends && is_main(&name_of(&target));
                if target != own && !stays {
                    edges.referred.insert(target.clone());
                }
                edges.from.entry(own.clone()).or_default().push(target);
            }
        }
        edges
    }

    /// The projects that no other one takes in. Of a ring that includes itself, the first.
    fn own(&self, projects: Vec<Vec<PathBuf>>) -> Vec<Vec<PathBuf>> {
        let is_own = |project: &Vec<PathBuf>| project.first().is_some_and(|file| !self.referred.contains(&tidy(file)));
        let (mut kept, rest): (Vec<_>, Vec<_>) = projects.into_iter().partition(is_own);
        let mut reached = BTreeSet::new();
        kept.iter().flatten().for_each(|file| self.reach(&tidy(file), &mut reached));
        for project in rest {
            if project.first().is_some_and(|file| !reached.contains(&tidy(file))) {
                project.iter().for_each(|file| self.reach(&tidy(file), &mut reached));
                kept.push(project);
            }
        }
        kept
    }

    fn reach(&self, file: &Path, reached: &mut BTreeSet<PathBuf>) {
        let mut queue = vec![file.to_path_buf()];
        while let Some(file) = queue.pop() {
            if reached.insert(file.clone()) {
                queue.extend(self.from.get(&file).into_iter().flatten().cloned());
            }
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_path_buf()
}

/// A path that a file of a folder names. It begins as the folder does, so that it compares with what a walk gives.
fn tidy_in(folder: &Path, path: &Path) -> PathBuf {
    tidy(&folder.join(path))
}
