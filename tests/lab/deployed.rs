//! What units have to do that no matrix tells: each folder of `tests/deployed` is a Compose project that quadgen renders
//! in the machine, whose printed steps are followed, and `look.toml` says what is to be seen then.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::corpus::start_step;
use crate::engine::PODMAN_5_4;
use crate::support::{missing, say};
use crate::symptoms::{quoted, retried};

/// A `look.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is shown.
    about: String,
    /// More arguments of `quadgen render`.
    #[serde(default)]
    options: Vec<String>,
    /// Lines of bash in the project's folder, before anything else.
    #[serde(default)]
    before: String,
    /// Lines of bash before the stack is started.
    #[serde(default)]
    ready: String,
    /// One after the other.
    look: Vec<Look>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Look {
    /// Lines of bash, again and again for some seconds.
    run: String,
    /// What they print.
    says: String,
}

/// Starts all cases on one machine.
pub fn show() {
    let machine = match PODMAN_5_4.start() {
        Ok(machine) => machine,
        Err(why) => return missing(&format!("tests/deployed in the lab ({why})")),
    };
    let words = PODMAN_5_4.words(&machine, "");
    machine.copy(Path::new(env!("CARGO_BIN_EXE_quadgen")), "/run/quadgen");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deployed");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let wanted = std::env::var("QUADGEN_LAB_CASE").unwrap_or_default();
    let mut cases = Vec::new();
    let (mut render, mut wrong) = ("mkdir /run/said\n".to_owned(), Vec::new());
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if !name.contains(&wanted) {
            continue;
        }
        let text = std::fs::read_to_string(folder.join("look.toml")).unwrap();
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        machine.copy(&folder, &format!("/etc/containers/systemd/{name}"));
        let _ = writeln!(
            render,
            "( cd /etc/containers/systemd/{name}\n{}\n/run/quadgen render --target quadlet --on {words} {} -o . \
             >/run/said/{name} 2>&1; echo $? >/run/said/{name}.status )",
            case.before,
            case.options.join(" "),
        );
        cases.push((name, case));
    }
    machine.must(&render);
    let (mut start, mut looks) = (String::new(), String::new());
    for (name, case) in &cases {
        let said = machine.read(&format!("/run/said/{name}"));
        if machine.read(&format!("/run/said/{name}.status")).trim() != "0" {
            wrong.push(format!("{name} is not rendered:\n{said}"));
            continue;
        }
        let _ = writeln!(start, "( {}\n{} ) >/run/said/{name} 2>&1 &", case.ready, start_step(&said));
        let _ = writeln!(looks, "(");
        for (at, look) in case.look.iter().enumerate() {
            let condition = format!("[ \"$said\" = {} ]", quoted(&look.says));
            let _ = writeln!(looks, "( {} ) >/run/said/{name}.{at} 2>&1", retried(&look.run, &condition));
        }
        looks += ") &\n";
    }
    machine.must(&format!(
        "cp /etc/containers/systemd/*/*.target /etc/systemd/system/ 2>/dev/null\nsystemctl daemon-reload\n{start}wait\n{looks}wait"
    ));
    let mut seen = 0;
    for (name, case) in &cases {
        for (at, look) in case.look.iter().enumerate() {
            let file = format!("/run/said/{name}.{at}");
            if !machine.bash(&format!("[ -e {file} ]")).0 {
                continue;
            }
            let said = machine.read(&file);
            match said.strip_prefix("seen\n") {
                Some(_) => seen += 1,
                None => {
                    let started = machine.read(&format!("/run/said/{name}"));
                    let journal =
                        machine.bash(&format!("journalctl --no-pager --output cat --lines 25 --unit '{name}-*'")).1;
                    wrong.push(format!(
                        "{name} ({}):\n{}\nprints {said}\nand not {}\nits start said: {started}\n{journal}",
                        case.about, look.run, look.says
                    ));
                }
            }
        }
    }
    say(&format!("lab: {seen} things are seen of {} projects as units", cases.len()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
