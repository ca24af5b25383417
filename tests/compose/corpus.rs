//! Every YAML file of the corpus.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, Project, compare, in_parallel, support};

/// Files that docker-compose refuses and quadgen reads, and why.
const READ_ANYWAY: [(&str, &str); 5] = [
    ("cli/testdata/env-file/compose-with-env-file.yaml", MISSING_ENV_FILE),
    ("cli/testdata/env-file/compose-with-env-files.yaml", MISSING_ENV_FILE),
    ("loader/testdata/include/dir/compose.yaml", MISSING_ENV_FILE),
    ("loader/testdata/remote/compose.yaml", MISSING_ENV_FILE),
    ("tests/integration/build_ssh/docker-compose.yml", "docker-compose fails while it prints, not while it reads"),
];
const MISSING_ENV_FILE: &str = "an env_file that is not there is normal in a repository, and a note";

/// Every YAML file below a folder, sorted.
fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn files_of_the_corpus_are_read_as_docker_compose_reads_them() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        support::say("not run: there is no corpus at ../shared/corpus");
        return;
    }
    let Some(program) = support::tool("docker-compose") else { return support::missing("docker-compose") };
    let files = yaml_files(&corpus);
    let outcomes = in_parallel(&files, |path| {
        let name = PathBuf::from(path.file_name().unwrap());
        compare(&program, &Project::of_files(path.parent().unwrap(), vec![name]))
    });
    let (mut wrong, mut taken, mut refused, mut read_anyway) = (Vec::new(), 0, 0, 0);
    for (path, outcome) in files.iter().zip(outcomes) {
        let name = path.display().to_string();
        match outcome {
            Outcome::Equal => taken += 1,
            Outcome::Refused => refused += 1,
            Outcome::RefusedByThem(_) if READ_ANYWAY.iter().any(|(known, _)| name.ends_with(known)) => read_anyway += 1,
            Outcome::RefusedByThem(theirs) => wrong.push(format!("{name}: docker-compose refuses: {theirs}")),
            Outcome::RefusedByUs(ours) => wrong.push(format!("{name}: refused: {ours}")),
            Outcome::Different(lines) => wrong.extend(lines.iter().map(|line| format!("{name}: {line}"))),
        }
    }
    support::say(&format!(
        "Compose files: {taken} taken by both and equal, {refused} refused by both, {read_anyway} read anyway"
    ));
    assert!(wrong.is_empty(), "{} of {} files:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}
