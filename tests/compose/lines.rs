//! Attributes one by one: what a service or a file of one line may say.
//!
//! A line of a text below `lines/` is what stands between the braces of a service (`ports: [80]`), or of a whole file
//! behind `/ `. In front stands `+` where both have to take it and `-` where both have to refuse it; `?` asks only that
//! they agree. Taken services are read together, all others by themselves.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Outcome, Project, compare, folder_of, fresh_folder, in_parallel, support, texts};

/// Lines that both read in another way, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("volumes: [\"data:x\"]", NOT_AT_RUN_TIME),
    ("volumes: [\"::\"]", NOT_AT_RUN_TIME),
    ("healthcheck: {retries: 1.5}", NOT_AT_RUN_TIME),
    ("restart: on_failure", NOT_AT_RUN_TIME),
    ("/ services: {a: {image: x}}, networks: {n: {ipam: {config: [{subnet: bad}]}}}", NOT_AT_RUN_TIME),
    ("/ services: {a: {image: x, networks: [n]}}, networks: {n: {ipam: {config: [{subnet: bad}]}}}", NOT_AT_RUN_TIME),
];
const NOT_AT_RUN_TIME: &str = "docker-compose hands it on, and Docker refuses it when the stack starts";

/// What the services of lines may refer to.
const AROUND: &str = "
  other: {image: x}
networks: {net: {}, net2: {}}
volumes: {data: {}, data2: {}}
secrets: {sec: {file: ./sec}, sec2: {file: ./sec2}}
configs: {conf: {file: ./conf}, conf2: {file: ./conf2}}
models: {mod: {model: x}}
";

fn service(line: &str) -> String {
    let says = |key: &str| line.starts_with(key) || line.contains(&format!(", {key}"));
    let image =
        if says("image:") || says("build:") || says("provider:") || says("extends:") { "" } else { "image: x, " };
    format!("{{{image}{line}}}")
}

fn write(folder: &Path, text: &str) -> Project {
    fs::write(folder.join("compose.yaml"), text).unwrap();
    Project::of_files(folder, vec![PathBuf::from("compose.yaml")])
}

/// A project of one line.
fn alone(number: usize, line: &str) -> Project {
    let folder = fresh_folder(&format!("line-{number}"));
    match line.strip_prefix("/ ") {
        Some(file) => write(&folder, &format!("{{{file}}}\n")),
        None => write(&folder, &format!("services:\n  web: {}{AROUND}", service(line))),
    }
}

#[test]
fn attributes_are_read_as_docker_compose_reads_them() {
    let Some(program) = support::tool("docker-compose") else { return support::missing("docker-compose") };
    let texts = texts(&folder_of("lines"));
    let lines: Vec<(char, &str)> = texts
        .iter()
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| Some((line.chars().next()?, line.get(2..)?)))
        .filter(|(sign, _)| *sign != '#')
        .collect();
    let mut together = "services:\n".to_owned();
    for (number, (_, line)) in
        lines.iter().enumerate().filter(|(_, (sign, line))| *sign == '+' && !line.starts_with('/'))
    {
        writeln!(together, "  s{number}: {}", service(line)).unwrap();
    }
    let together = write(&fresh_folder("lines"), &format!("{}{AROUND}", together.trim_end()));
    let agree = matches!(compare(&program, &together), Outcome::Equal);
    let lines: Vec<(usize, char, &str)> = lines
        .iter()
        .enumerate()
        .filter(|(_, (sign, line))| !agree || *sign != '+' || line.starts_with('/'))
        .map(|(number, (sign, line))| (number, *sign, *line))
        .collect();
    let outcomes = in_parallel(&lines, |(number, _, line)| compare(&program, &alone(*number, line)));
    let mut wrong = Vec::new();
    for ((_, sign, line), outcome) in lines.iter().zip(outcomes) {
        let excused = DIFFERENT.iter().any(|(known, _)| known == line);
        match (outcome, sign) {
            (Outcome::Equal, '+' | '?') | (Outcome::Refused, '-' | '?') if !excused => {}
            (Outcome::Equal | Outcome::Refused, _) if excused => wrong.push(format!("{line}: is read alike by now")),
            _ if excused => {}
            (Outcome::Equal, _) => wrong.push(format!("{line}: taken by both")),
            (Outcome::Refused, _) => wrong.push(format!("{line}: refused by both")),
            (Outcome::RefusedByThem(theirs), _) => wrong.push(format!("{line}: docker-compose refuses: {theirs}")),
            (Outcome::RefusedByUs(ours), _) => wrong.push(format!("{line}: refused: {ours}")),
            (Outcome::Different(found), _) => wrong.extend(found.iter().map(|it| format!("{line}: {it}"))),
        }
    }
    assert!(wrong.is_empty() && (agree || !lines.is_empty()), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agree, "the lines are read alike one by one, and differently together");
}
