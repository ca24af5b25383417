//! Small projects, each with the files it is made of.
//!
//! A text below `cases/` holds many. `== name` begins one, `== ! name` one that both have to refuse. `-- path` begins
//! a file of it; what stands before the first is `compose.yaml`. A path may be followed by `crlf`, `bom` or `open` (no
//! line break at the end). The file `options` holds docker-compose's options, one a line (`-f`, `-p`, `--env-file`,
//! `--profile`), variables of the environment as `NAME=value`, and `folder NAME`, what the project's folder is called.

use std::fs;
use std::path::PathBuf;

use crate::{Outcome, Project, compare, folder_of, fresh_folder, in_parallel, support, texts};

/// Cases that both read in another way, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "merge: nothing over something and something over nothing",
        "docker-compose looks at the first file before the second fills in what it leaves empty",
    ),
    ("found: a check with more words than a line", "quadgen holds what Docker makes of them: `sh -c` and the words"),
];

struct Case {
    name: String,
    refused: bool,
    project: Project,
}

/// The cases of a text, unpacked.
fn unpacked(topic: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (at, part) in text.split("\n== ").enumerate().skip(1) {
        let (name, body) = part.split_once('\n').unwrap();
        let refused = name.starts_with('!');
        let name = format!("{topic}: {}", name.trim_start_matches('!').trim());
        let mut files: Vec<(Vec<&str>, String)> = vec![(vec!["compose.yaml"], String::new())];
        for line in body.split_inclusive('\n') {
            match line.strip_prefix("-- ") {
                Some(head) => files.push((head.split_whitespace().collect(), String::new())),
                None => files.last_mut().unwrap().1.push_str(line),
            }
        }
        files.retain(|(_, text)| !text.trim_matches('\n').is_empty() || files_may_be_empty(text));
        let options = files.iter().position(|(head, _)| head[0] == "options").map(|at| files.remove(at).1);
        cases.push(Case {
            name,
            refused,
            project: project(&format!("{topic}-{at}"), &files, &options.unwrap_or_default()),
        });
    }
    cases
}

/// A text of line breaks alone is a file's; nothing at all is the unused first one.
fn files_may_be_empty(text: &str) -> bool {
    !text.is_empty()
}

fn project(name: &str, files: &[(Vec<&str>, String)], options: &str) -> Project {
    let (mut named, mut folder) = (Vec::new(), "project");
    let mut project = Project::of_files(&PathBuf::new(), Vec::new());
    for line in options.lines().filter(|line| !line.is_empty()) {
        match (line.split_once('='), line.split_once(' ')) {
            (_, Some(("-f", value))) => named.push(PathBuf::from(value)),
            (_, Some(("-p", value))) => project.name = Some(value.to_owned()),
            (_, Some(("--env-file", value))) => project.env_files.push(PathBuf::from(value)),
            (_, Some(("--profile", value))) => project.profiles.push(value.to_owned()),
            (_, Some(("folder", value))) => folder = value,
            (Some((name, value)), _) => drop(project.environment.insert(name.to_owned(), value.to_owned())),
            _ => panic!("{name}: {line}"),
        }
    }
    project.folder = fresh_folder(name).join(folder);
    for (head, text) in files {
        let mut text = text.clone();
        for word in &head[1..] {
            match *word {
                "crlf" => text = text.replace('\n', "\r\n"),
                "bom" => text.insert(0, '\u{feff}'),
                "open" => text.truncate(text.trim_end_matches('\n').len()),
                _ => panic!("{name}: {head:?}"),
            }
        }
        let path = project.folder.join(head[0]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    if named.is_empty() {
        let usual = ["compose.yaml", "compose.override.yaml"].map(PathBuf::from);
        named.extend(usual.into_iter().filter(|path| project.folder.join(path).is_file()));
    }
    project.files = named;
    project
}

#[test]
fn cases_are_read_as_docker_compose_reads_them() {
    let Some(program) = support::tool("docker-compose") else { return support::missing("docker-compose") };
    let cases: Vec<Case> = texts(&folder_of("cases")).iter().flat_map(|(topic, text)| unpacked(topic, text)).collect();
    let outcomes = in_parallel(&cases, |case| compare(&program, &case.project));
    let (mut wrong, mut equal, mut refused) = (Vec::new(), 0, 0);
    for (case, outcome) in cases.iter().zip(outcomes) {
        let name = &case.name;
        let excused = DIFFERENT.iter().any(|(known, _)| known == name);
        match outcome {
            Outcome::Equal if !case.refused && !excused => equal += 1,
            Outcome::Refused if case.refused && !excused => refused += 1,
            Outcome::Equal | Outcome::Refused if excused => wrong.push(format!("{name}: is read alike by now")),
            _ if excused => {}
            Outcome::Equal => wrong.push(format!("{name}: taken by both")),
            Outcome::Refused => wrong.push(format!("{name}: refused by both")),
            Outcome::RefusedByThem(theirs) => wrong.push(format!("{name}: docker-compose refuses: {theirs}")),
            Outcome::RefusedByUs(ours) => wrong.push(format!("{name}: refused: {ours}")),
            Outcome::Different(lines) => wrong.extend(lines.iter().map(|line| format!("{name}: {line}"))),
        }
    }
    support::say(&format!("cases: {equal} equal, {refused} refused by both, {} read in another way", DIFFERENT.len()));
    assert!(wrong.is_empty(), "{} lines, {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
