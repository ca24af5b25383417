//! Units → Compose → units: nothing goes without a word, and who resolves and reaches whom stays as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::Diagnostic;
use quadgen::discover::{self, Found, Options};
use quadgen::model::{Deploy, Service, Stack};
use quadgen::network::{Caller, Matrix, Verdict, Wiring};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{compose, quadlet};
use quadgen::render::{Rendered, Target, render};
use quadgen::source::SourceMap;
use support::disk::Disk;
use support::{compose_config, folder, generate, missing, quadlet_generators, say, tool};
use tree::Memory;

/// A platform and how a stack is deployed there.
fn platform(words: &str, deploy: Deploy) -> Platform {
    let platform = Platform::resolve("server", parse_spec(words).unwrap(), quadgen::model::Format::Quadlet);
    Platform { deploy, ..platform }
}

/// What `render --target compose` makes of units.
fn to_compose(stack: &Stack, words: &str) -> Result<Rendered, Vec<Diagnostic>> {
    render(stack, &platform(words, Deploy::Compose), Target::Compose, "units")
}

/// A Compose file with empty env files where it wants some.
fn read_compose(sources: &mut SourceMap, text: &str, env_files: &[String]) -> (Option<Stack>, Vec<Diagnostic>) {
    let mut files = BTreeMap::from([(PathBuf::from("/units/compose.yaml"), text.to_owned())]);
    for path in env_files {
        let path = path.replacen('~', "/home/u", usize::from(path.starts_with('~')));
        files.insert(joined(&path), String::new());
    }
    let environment = [("HOME", "/home/u"), ("XDG_RUNTIME_DIR", "/run/user/1000"), ("USER", "u")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let request = compose::Request { files: vec!["/units/compose.yaml".into()], environment, ..Default::default() };
    let read = compose::read(sources, &Memory(files), &request);
    (read.stack, read.diagnostics)
}

/// A path from the folder of the units, without its dots.
fn joined(path: &str) -> PathBuf {
    let mut out = PathBuf::from("/units");
    for part in Path::new(path).components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// The answers of a stack: who reaches whom, by which names, which ports answer, and who gets out.
fn answers(stack: &Stack, platform: &Platform, name: &dyn Fn(&str) -> String) -> BTreeMap<String, Verdict> {
    let wiring = Wiring::new(stack, platform);
    let mut matrix = Matrix::new(&wiring);
    let mut answers = BTreeMap::new();
    let visited: Result<(), Infallible> = matrix.pairs(|pair| {
        let (from, to) = (name(&pair.from.name.value), name(&pair.to.name.value));
        answers.insert(format!("{from} reaches {to}"), pair.reaches);
        answers.insert(format!("{from} resolves {to} as {}", pair.name), pair.resolves);
        Ok(())
    });
    visited.unwrap();
    for (service, address, by_name) in matrix.internet() {
        let service = name(&service.name.value);
        answers.insert(format!("{service} gets out"), address);
        answers.insert(format!("{service} gets out by name"), by_name);
    }
    for row in matrix.published().filter(|row| row.caller != Caller::Container) {
        answers.insert(format!("{} {} for {:?}", name(&row.service.name.value), row.port.value, row.caller), row.verdict);
    }
    answers.retain(|_, verdict| *verdict != Verdict::No);
    answers
}

/// What is not as it was. A service that Compose calls by its own name, too, is no loss.
fn differences(old: &BTreeMap<String, Verdict>, new: &BTreeMap<String, Verdict>, own: &dyn Fn(&str) -> bool) -> Vec<String> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of = |answers: &BTreeMap<String, Verdict>, key: &String| *answers.get(key).unwrap_or(&Verdict::No);
    let changed = keys.into_iter().filter(|key| of(old, key) != of(new, key));
    let is_gain = |key: &&String| {
        let by = key.rsplit_once(" as ").map(|(_, name)| name);
        !(old.get(*key).is_none() && by.is_some_and(own))
    };
    changed.filter(is_gain).map(|key| format!("{key}: {:?} → {:?}", of(old, key), of(new, key))).collect()
}

/// What became of a tree.
#[derive(Debug)]
enum Fate {
    /// Nothing of it is a service.
    Empty,
    /// It was not rendered, with the reasons.
    Refused(Vec<String>),
    /// Somebody does not take what was rendered.
    Broken(String),
    /// It came back; what differs, and whether that was said.
    Back { differences: Vec<String>, said: bool },
}

/// The services' names of the last stack, as they were in the first.
fn back(key: &str, project: &str, known: &dyn Fn(&str) -> bool) -> String {
    let bare = key.strip_prefix(project).and_then(|rest| rest.strip_prefix('-'));
    bare.filter(|bare| !known(key) && known(bare)).unwrap_or(key).to_owned()
}

fn there_and_back(tree: &quadlet::Tree, rootful: bool, compose: Option<&Path>, generator: Option<&Path>) -> Fate {
    let mut sources = SourceMap::default();
    let words = if rootful { "podman@5.8.6,rootful" } else { "podman@5.8.6,rootless" };
    let units = platform(words, Deploy::Quadlet);
    let composed = platform(words, Deploy::Compose);
    let parsed = quadlet::parse(&mut sources, &Disk, tree);
    let read = quadlet::lower(&parsed, &sources, units.version);
    let Some(first) = read.stack.filter(|stack| !stack.services.is_empty()) else { return Fate::Empty };
    let rendered = match to_compose(&first, words) {
        Ok(rendered) => rendered,
        Err(refused) => return Fate::Refused(refused.into_iter().map(|found| found.message).collect()),
    };
    let text = rendered.files[0].text.clone();
    let env_files: Vec<String> =
        first.services.values().flat_map(|service| &service.env_files).map(|file| file.path.value.clone()).collect();
    let (second, said) = read_compose(&mut sources, &text, &env_files);
    let mut errors = said.iter().filter(|found| found.severity == quadgen::diagnostic::Level::Error);
    let (Some(second), None) = (second, errors.next()) else {
        return Fate::Broken(format!("{:?}", said.iter().map(|found| &found.message).collect::<Vec<_>>()));
    };
    if let Some(docker_compose) = compose {
        // Env files of the host are not there.
        let without: String = text.lines().filter(|line| !line.trim_start().starts_with("env_file:")).map(|line| format!("{line}\n")).collect();
        let without = without.replace("    - path: ", "    #").replace("      required: true\n", "");
        let here = folder(&[("compose.yaml", &without)]);
        let (config, said) = compose_config(docker_compose, &here.path().join("compose.yaml"));
        if !config.is_object() {
            return Fate::Broken(said);
        }
    }
    let again = render(&second, &units, Target::Quadlet, "compose.yaml");
    let again = match again {
        Ok(again) => again,
        Err(refused) => return Fate::Broken(format!("{:?}", refused.iter().map(|it| &it.message).collect::<Vec<_>>())),
    };
    if let Some(generator) = generator {
        let here = folder(&again.files.iter().map(|file| (&file.name, &file.text)).collect::<Vec<_>>());
        let made = generate(generator, here.path(), !rootful);
        if !made.status.success() || !made.complaints().is_empty() {
            return Fate::Broken(made.stderr);
        }
    }
    let memory = Memory::new(again.files.iter().map(|file| (file.name.clone(), file.text.clone())));
    let parsed = quadlet::parse(&mut sources, &memory, &memory.tree());
    let third = quadlet::lower(&parsed, &sources, units.version).stack.unwrap();
    let plain = |name: &str| name.replace('@', "-");
    let known = |name: &str| second.services.contains_key(name);
    let project = second.name.value.clone();
    let (old, mid, new) = (
        answers(&first, &units, &plain),
        answers(&second, &composed, &|name| name.to_owned()),
        answers(&third, &units, &|name| back(name, &project, &known)),
    );
    let mut found = differences(&old, &mid, &known);
    found.extend(differences(&old, &new, &known).into_iter().map(|line| format!("back: {line}")));
    // What differs is said if each service that it is about has a word at its unit.
    let told = |service: &Service| {
        let unit = first.units.get(&service.unit_file());
        rendered.findings.iter().any(|found| unit.is_some_and(|unit| unit.holds(found.span())))
    };
    let said = found.iter().all(|line| {
        let line = line.trim_start_matches("back: ");
        let subject = line.split(' ').next().unwrap_or("");
        let object = line.split(' ').nth(2).unwrap_or("").trim_end_matches(':');
        first.services.values().filter(|it| [subject, object].contains(&plain(&it.name.value).as_str())).any(told)
    });
    Fate::Back { differences: found, said }
}

#[test]
fn real_trees_keep_their_verdicts_through_compose_and_back() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return missing("units through Compose and back (no corpus beside the repository)");
    }
    let corpus = corpus.canonicalize().unwrap();
    let docker_compose = tool("docker-compose");
    let generator = quadlet_generators().pop().map(|(_, path)| path);
    if docker_compose.is_none() || generator.is_none() {
        missing("what docker-compose and the generator say of units that went through Compose");
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let (mut trees, mut same, mut reported, mut silent, mut broken) = (0, 0, 0, Vec::new(), Vec::new());
    for repository in folders {
        for found in discover::find(&Disk, &repository, &Options::default()) {
            let Found::Quadlet { tree, rootful } = found else { continue };
            let root = tree.root.strip_prefix(&corpus).unwrap().display().to_string();
            match there_and_back(&tree, rootful == Some(true), docker_compose.as_deref(), generator.as_deref()) {
                Fate::Empty => {}
                Fate::Refused(why) => say(&format!("{root}: refused: {why:?}")),
                Fate::Broken(why) => broken.push(format!("{root}: {why}")),
                Fate::Back { differences, said } => {
                    trees += 1;
                    if differences.is_empty() {
                        same += 1;
                        continue;
                    }
                    say(&format!("{root}: {} differ, said: {said}: {:?}", differences.len(), &differences[..differences.len().min(4)]));
                    if said { reported += 1 } else { silent.push(root) }
                }
            }
        }
    }
    say(&format!("units through Compose and back: {trees} trees, {same} with the same verdicts, {reported} others reported"));
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(trees > 150 && same * 100 >= trees * 95, "{same} of {trees}");
    assert_eq!(silent, [""; 0], "differ, and nobody says so");
}
