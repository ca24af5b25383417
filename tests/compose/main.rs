//! Compose files as docker-compose reads them: every file of the corpus, and every case below `cases` and `lines`, is
//! taken or refused alike, and the model says what `docker-compose config` says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cases;
mod corpus;
mod known;
mod lines;
mod shape;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadgen::diagnostic::{Diagnostic, Level, Sink};
use quadgen::model::{Format, PlatformSpec};
use quadgen::network::Wiring;
use quadgen::platform::Platform;
use quadgen::read::{Read, compose};
use quadgen::rules::{self, Context};
use quadgen::source::SourceMap;
use serde_json::Value as Json;
use support::disk::Disk;

/// What both see of the environment, beside what a case sets.
const ENVIRONMENT: [(&str, &str); 1] = [("HOME", "/root")];

/// What both are asked to read.
#[derive(Clone, Debug, Default)]
struct Project {
    /// The folder that docker-compose is started in.
    folder: PathBuf,
    /// Files, relative to the folder.
    files: Vec<PathBuf>,
    env_files: Vec<PathBuf>,
    profiles: Vec<String>,
    name: Option<String>,
    environment: BTreeMap<String, String>,
}

impl Project {
    fn of_files(folder: &Path, files: Vec<PathBuf>) -> Self {
        let environment = ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Project { folder: folder.to_path_buf(), files, environment, ..Project::default() }
    }
}

/// What became of a comparison.
enum Outcome {
    Equal,
    Refused,
    /// What quadgen says of it, or where the two differ.
    Different(Vec<String>),
    /// Only docker-compose refuses it; what it says.
    RefusedByThem(String),
    /// Only quadgen refuses it; what it says.
    RefusedByUs(String),
}

fn read(project: &Project) -> (SourceMap, Read) {
    let mut sources = SourceMap::default();
    sources.add("command line", "quadgen");
    let full = |paths: &[PathBuf]| paths.iter().map(|path| project.folder.join(path)).collect();
    let request = compose::Request {
        files: full(&project.files),
        env_files: full(&project.env_files),
        environment: project.environment.clone(),
        profiles: project.profiles.clone(),
        project: project.name.clone(),
        samples: false,
        lenient: false,
    };
    let read = compose::read(&mut sources, &Disk, &request);
    (sources, read)
}

/// What docker-compose makes of a project, or what it says against it.
fn config(program: &Path, project: &Project) -> Result<Json, String> {
    let mut command = Command::new(program);
    command.current_dir(&project.folder).env_clear().envs(&project.environment);
    for file in &project.files {
        command.arg("-f").arg(file);
    }
    for file in &project.env_files {
        command.arg("--env-file").arg(file);
    }
    for profile in &project.profiles {
        command.arg("--profile").arg(profile);
    }
    if let Some(name) = &project.name {
        command.arg("-p").arg(name);
    }
    let output = command.args(["config", "--format", "json"]).output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("level=warning")).collect();
        Err(said.join(" "))
    }
}

/// What quadgen refuses: what cannot be read, references to nothing, and rings of dependencies.
fn errors(read: &Read, sources: &SourceMap) -> Vec<Diagnostic> {
    let mut sink = Sink::default();
    if let Some(stack) = &read.stack {
        let platform = Platform::resolve("docker", PlatformSpec::default(), Format::Compose);
        let wirings = [Wiring::new(stack, &platform)];
        rules::check(&Context::new(stack, &wirings), &mut sink);
    }
    let found = sink.finish(sources).into_iter();
    let mut found: Vec<Diagnostic> =
        found.filter(|found| ["QG006", "QG107", "QG601"].contains(&found.rule.code)).collect();
    found.extend(read.diagnostics.iter().cloned());
    found.retain(|found| found.severity == Level::Error);
    found
}

fn compare(program: &Path, project: &Project) -> Outcome {
    let theirs = config(program, project);
    let (sources, ours) = read(project);
    let errors = errors(&ours, &sources);
    match (theirs, errors.first()) {
        (Err(theirs), None) => Outcome::RefusedByThem(theirs),
        (Ok(_), Some(error)) => Outcome::RefusedByUs(format!("{} {}", sources.place(error.span()), error.message)),
        (Err(_), Some(error)) if sources.place(error.span()).is_empty() => {
            Outcome::Different(vec![format!("no place: {}", error.message)])
        }
        (Err(_), Some(_)) => Outcome::Refused,
        (Ok(theirs), None) => {
            let ours = shape::shape(&ours.stack.unwrap(), project);
            let different = shape::differences("", &shape::shape_of_config(&theirs), &ours);
            if different.is_empty() { Outcome::Equal } else { Outcome::Different(different) }
        }
    }
}

/// Does something with every item, several at a time; what came of it, in order. Most of the time goes by waiting for
/// docker-compose to start, so there are more threads than cores.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let threads = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let take = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                match items.get(at) {
                    Some(item) => done.push((at, work(item))),
                    None => return done,
                }
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// A folder that holds cases: that of this test, or another one to try things out.
fn folder_of(kind: &str) -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    std::env::var_os("COMPOSE_CASES").map_or_else(own, PathBuf::from).join(kind)
}

/// The text files of a folder, sorted, each with its name and content.
fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

/// An empty folder for the files of a case.
fn fresh_folder(name: &str) -> PathBuf {
    let elsewhere = std::env::var_os("COMPOSE_CASES").map(|folder| Path::new(&folder).join("unpacked"));
    let folder = elsewhere.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("compose")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
