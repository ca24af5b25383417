//! The reader of Quadlet trees against Podman's generators: what they take and what they refuse, by release.
//!
//! Two sets of recorded answers lie beside this repository: Podman's own test units with the answers of 5.4.2 and 5.8.6,
//! and 146 small trees with those of 17 generators from 4.4.4 on. A tree counts as refused if the generator ends with
//! an error, or says "Error …" (4.4 and 4.5 do, and end well), or makes fewer services than there are units (4.6 to 4.9
//! drop a file that they cannot read without a word, and every release passes over kinds that it does not know). Two
//! files that make one service are counted once. Exactly the refused ones must have an error finding, and the services
//! must be the same.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::model::{UnitKind, Version};
use quadgen::read::quadlet::{self, Tree};
use quadgen::source::{Files, SourceMap};
use serde_json::Value as Json;
use support::disk::Disk;
use support::{generate, missing, quadlet_generators, say};
use tree::{Memory, tree};

/// What quadgen says of a tree on a release: the errors, and the services.
fn answer(files: &dyn Files, tree: &Tree, release: Version) -> (Vec<String>, BTreeSet<String>) {
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, files, tree.clone());
    let read = quadlet::lower(&parsed, &sources, release);
    for found in &read.diagnostics {
        for label in &found.labels {
            let file = sources.file_of(label.span).unwrap().span();
            assert!(file.start <= label.span.start && label.span.end <= file.end, "{}", found.message);
        }
    }
    // A value that is not what it looks like is no error for a generator.
    let refused = |found: &&Diagnostic| found.severity == Level::Error && found.rule.code != "QG706";
    let errors = read.diagnostics.iter().filter(refused);
    let errors = errors.map(|found| format!("{} {}", found.rule.code, found.message)).collect();
    (errors, quadlet::services(&parsed, &sources, release).into_iter().collect())
}

/// What a generator said of a tree.
struct Real {
    rc: i64,
    services: BTreeSet<String>,
    messages: Vec<String>,
}

impl Real {
    fn of(json: &Json) -> Real {
        let texts = |value: &Json| -> Vec<String> {
            match value {
                Json::Object(map) => map.keys().cloned().collect(),
                value => value.as_array().into_iter().flatten().map(|t| t.as_str().unwrap().to_owned()).collect(),
            }
        };
        Real {
            rc: json["rc"].as_i64().unwrap(),
            services: texts(&json["services"]).into_iter().collect(),
            messages: texts(&json["messages"]),
        }
    }

    /// Whether it refused something of a tree with these units.
    fn refused(&self, tree: &Tree) -> bool {
        let services: BTreeSet<String> = tree
            .units
            .iter()
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let (stem, kind) = UnitKind::of_file(&name).unwrap();
                match kind {
                    UnitKind::Container | UnitKind::Kube => stem.to_owned(),
                    kind => format!("{stem}.{}", kind.extension()),
                }
            })
            .collect();
        let said = self.messages.iter().any(|message| message.starts_with("Error "));
        self.rc != 0 || said || self.services.len() < services.len()
    }

    /// Where quadgen says something else.
    fn differs(&self, tree: &Tree, errors: &[String], services: &BTreeSet<String>) -> Option<String> {
        let crashed = self.messages.iter().any(|message| message.contains("panic:"));
        if self.refused(tree) == errors.is_empty() {
            return Some(format!("rc {}, {:?}; quadgen: {errors:?}", self.rc, self.messages));
        }
        // A generator that crashed made what came before.
        (!crashed && self.services != *services).then(|| format!("made {:?}; quadgen: {services:?}", self.services))
    }
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    path.exists().then_some(path)
}

#[test]
fn podmans_own_units_are_taken_and_refused_as_by_its_generators() {
    let Some(folder) = shared("quadlet-upstream") else {
        return missing("Podman's own units (none beside the repository)");
    };
    for (tag, release) in [("v5.4.2", "5.4.2"), ("v5.8.2", "5.8.6")] {
        let manifest = fs::read_to_string(folder.join(format!("manifest-{tag}.json"))).unwrap();
        let manifest: Json = serde_json::from_str(&manifest).unwrap();
        let (mut same, mut promised, mut wrong) = (0, 0, Vec::new());
        for (name, entry) in manifest["files"].as_object().unwrap() {
            if entry["real"].is_null() {
                continue;
            }
            let needs = entry["needs"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
            let mut files: BTreeMap<String, String> = BTreeMap::new();
            for file in needs.chain([name.clone()]) {
                files.insert(file.clone(), fs::read_to_string(folder.join(tag).join(&file)).unwrap());
            }
            for drop_in in fs::read_dir(folder.join(tag).join(format!("{name}.d"))).into_iter().flatten() {
                let path = drop_in.unwrap().path();
                let file = format!("{name}.d/{}", path.file_name().unwrap().to_string_lossy());
                files.insert(file, fs::read_to_string(path).unwrap());
            }
            let memory = Memory::new(files);
            let tree = memory.tree();
            let (errors, services) = answer(&memory, &tree, release.parse().unwrap());
            match Real::of(&entry["real"][release]).differs(&tree, &errors, &services) {
                Some(difference) => wrong.push(format!("{name}: {difference}")),
                None => same += 1,
            }
            // What Podman's tests expect of the release that they belong to.
            let (errors, _) = answer(&memory, &tree, tag.parse().unwrap());
            match entry["expected"].as_str().unwrap() {
                "ok" | "warning" if errors.is_empty() => promised += 1,
                "error" if !errors.is_empty() => promised += 1,
                "ok" | "warning" | "error" => wrong.push(format!("{name}: tests of {tag}; quadgen: {errors:?}")),
                _ => {}
            }
        }
        say(&format!("Podman's units at {tag}: {same} as by the generator {release}, {promised} as its tests expect"));
        assert!(same > 200, "{same}");
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[test]
fn small_trees_are_taken_and_refused_as_by_each_of_the_generators() {
    let Some(file) = shared("facts/quadlet-behaviour.json") else {
        return missing("recorded answers of 17 generators (none beside the repository)");
    };
    let recorded: Json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let versions: Vec<&str> = recorded["versions"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let position = |version: &str| versions.iter().position(|known| *known == version).unwrap();
    let (mut same, mut wrong) = (0, Vec::new());
    for case in recorded["cases"].as_array().unwrap() {
        let files = case["files"].as_object().unwrap().iter();
        let memory = Memory::new(files.map(|(name, text)| (name.clone(), text.as_str().unwrap())));
        let tree = memory.tree();
        for result in case["results"].as_array().unwrap() {
            let range = result["versions"].as_str().unwrap();
            let (first, last) = range.split_once("..").unwrap_or((range, range));
            for version in &versions[position(first)..=position(last)] {
                let (errors, services) = answer(&memory, &tree, version.parse().unwrap());
                match Real::of(&result["result"]).differs(&tree, &errors, &services) {
                    Some(difference) => wrong.push(format!("{} {version}: {difference}", case["case"])),
                    None => same += 1,
                }
            }
        }
    }
    say(&format!("small trees: {same} answers as by the generators, {} others", wrong.len()));
    assert!(same > 2000);
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn real_units_are_taken_and_refused_as_by_the_generators() {
    let Some(corpus) = shared("corpus") else { return missing("real units (no corpus beside the repository)") };
    // Every folder with units, each as a root of its own, and the repositories as wholes.
    let corpus = corpus.canonicalize().unwrap();
    let files = Disk.walk(&corpus);
    let units = tree(&corpus, files.clone()).units;
    let mut roots: BTreeSet<PathBuf> = units.iter().map(|path| path.parent().unwrap().to_path_buf()).collect();
    roots.extend(units.iter().map(|path| corpus.join(path.strip_prefix(&corpus).unwrap().iter().next().unwrap())));
    let trees: Vec<Tree> = roots
        .iter()
        .map(|root| tree(root, files.iter().filter(|file| file.starts_with(root)).cloned().collect()))
        .collect();
    say(&format!("real units: {} files in {} folders", units.len(), trees.len()));
    assert!(units.len() > 500);
    for release in ["4.4", "4.6", "5.0", "5.3", "6.0"] {
        for tree in &trees {
            answer(&Disk, tree, release.parse().unwrap());
        }
    }
    let generators = quadlet_generators();
    if generators.is_empty() {
        return missing("real units through the generators (none fetched)");
    }
    for (version, generator) in generators {
        let (mut same, mut refused, mut wrong) = (0, 0, Vec::new());
        for tree in &trees {
            let made = generate(&generator, &tree.root, true);
            let real = Real {
                rc: i64::from(made.status.code().unwrap()),
                services: made.services.keys().cloned().collect(),
                messages: made.complaints().into_iter().map(str::to_owned).collect(),
            };
            let (errors, services) = answer(&Disk, tree, version.parse().unwrap());
            refused += usize::from(real.rc != 0);
            let differs = match (real.rc != 0) == errors.is_empty() {
                true => Some(format!("rc {}, {:?}; quadgen: {errors:?}", real.rc, real.messages)),
                false if real.services != services => Some(format!("made {:?}; {services:?}", real.services)),
                false => None,
            };
            match differs {
                Some(difference) => wrong.push(format!("{}: {difference}", tree.root.display())),
                None => same += 1,
            }
        }
        say(&format!("real units: {same} folders as by the generator {version}, {refused} of them refused"));
        assert_eq!(wrong, Vec::<String>::new());
    }
}
