//! What is rendered says what its source says: `prove` finds nothing in what was rendered of real stacks, and names each
//! line that was spoilt.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::discover::{self, Found};
use quadgen::model::{Format, Stack, Version};
use quadgen::platform::{Platform, parse_spec};
use quadgen::prove::prove;
use quadgen::read::{Read, compose, quadlet};
use quadgen::render::{Layout, Target, lay_out, render};
use quadgen::rules::{self, Context};
use quadgen::source::{Files, SourceMap};
use support::disk::Disk;
use support::{missing, say};

/// Platforms and what is rendered for them.
const PLATFORMS: [(&str, Target); 6] = [
    ("podman@5.4.2,rootless", Target::Quadlet),
    ("podman@5.8.6,netavark@1.17,rootful,systemd@257", Target::Quadlet),
    ("podman@4.9.4,rootless", Target::Quadlet),
    ("podman@4.4,rootless", Target::Quadlet),
    ("docker@28.5", Target::Compose),
    ("podman@5.4.2,rootless", Target::Compose),
];

fn platform(words: &str, target: Target, format: Format) -> Platform {
    let platform = Platform::resolve("here", parse_spec(words).unwrap(), format);
    Platform { deploy: target.deploy().unwrap_or(platform.deploy), ..platform }
}

/// A stack that can be rendered: whole, and without errors.
fn whole(read: Read) -> Option<Stack> {
    let faults = read.diagnostics.iter().any(|found| found.severity == Level::Error);
    let stack = read.stack.filter(|stack| stack.complete && !faults && !stack.services.is_empty())?;
    Some(stack)
}

/// What is wrong with what was rendered of a stack; nothing where it cannot be rendered.
fn proof(stack: &Stack, words: &str, target: Target) -> Option<Vec<Diagnostic>> {
    let platform = platform(words, target, stack.format);
    let wirings = [quadgen::network::Wiring::new(stack, &platform)];
    let mut found = quadgen::diagnostic::Sink::default();
    rules::check(&Context::new(stack, &wirings), &mut found);
    let nowhere = |found: &Diagnostic| found.rule.code == rules::UNDEFINED_REFERENCE.code;
    if found.finish(&SourceMap::default()).iter().any(nowhere) {
        return None;
    }
    let stack = lay_out(stack, &platform, &Layout::default()).ok()?;
    let rendered = render(&stack, &platform, target, "x").ok()?;
    Some(prove(&stack, &platform, target, &rendered))
}

/// Every Compose file and tree of units of the corpus.
fn real(release: Version) -> Option<Vec<(String, Stack)>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let corpus = fs::canonicalize(corpus).ok()?;
    let mut stacks = Vec::new();
    let mut repositories: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    repositories.sort();
    for repository in repositories.iter().filter(|path| path.is_dir()) {
        for found in discover::find(&Disk, repository, &discover::Options::default()) {
            let name = found.files()[0].strip_prefix(&corpus).unwrap().display().to_string();
            let mut sources = SourceMap::default();
            if let Found::Quadlet { tree, .. } = found {
                let parsed = quadlet::parse(&mut sources, &Disk, &tree);
                let read = quadlet::lower(&parsed, &sources, release);
                stacks.extend(whole(read).map(|stack| (name, stack)));
            }
        }
        let is_compose = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.contains("compose") && (name.ends_with(".yaml") || name.ends_with(".yml"))
        };
        for file in Disk.walk(repository).into_iter().filter(is_compose) {
            let mut sources = SourceMap::default();
            let name = file.strip_prefix(&corpus).unwrap().display().to_string();
            let request = compose::Request { files: vec![file], samples: true, ..Default::default() };
            stacks.extend(whole(compose::read(&mut sources, &Disk, &request)).map(|stack| (name, stack)));
        }
    }
    Some(stacks)
}

#[test]
fn real_stacks_are_proven() {
    let mut failed = Vec::new();
    for (words, target) in PLATFORMS {
        // Units are read for the release that they are rendered for; for Docker, for the newest.
        let release = platform(words, target, Format::Quadlet);
        let release = if release.is_podman() { release.version } else { Version::new(5, 8) };
        let Some(stacks) = real(release) else {
            return missing("the proof of what is rendered of real stacks (no corpus beside the repository)");
        };
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (name, stack) in &stacks {
            let Some(found) = proof(stack, words, target) else { continue };
            let count = counts.entry(format!("{:?}", stack.format)).or_default();
            count.0 += 1;
            count.1 += usize::from(found.is_empty());
            failed.extend(found.iter().map(|found| format!("{words} {target:?} {name}: {}", found.message)));
        }
        for (format, (rendered, proven)) in counts {
            say(&format!("proof: {proven} of {rendered} stacks in {format} as {target:?} on {words}"));
        }
    }
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}
