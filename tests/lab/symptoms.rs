//! What findings say will happen, seen to happen: each folder of `tests/symptoms` holds a stack with a fault and the
//! same without it. Both are deployed, all of a lab together, and `expect.toml` says what is to be seen. quadgen must
//! find the one's fault, and nothing in the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use quadgen::model::{Format, UnitKind};
use quadgen::rules;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::commands;
use crate::engine::{CNI, DOCKER, How, Lab, NETAVARK, PODMAN_5_4, PODMAN_5_8};
use crate::machine::Machine;
use crate::support::{missing, say, service_of};

/// The labs, as `expect.toml` calls them.
const LABS: [(&str, Lab); 5] = [
    ("podman-4.3-cni", CNI),
    ("podman-4.3-netavark", NETAVARK),
    ("podman-5.4", PODMAN_5_4),
    ("podman-5.8", PODMAN_5_8),
    ("docker", DOCKER),
];

/// `QUADGEN_LAB_CASE=QG401` tries some only, and tells what is seen.
const SOME: &str = "QUADGEN_LAB_CASE";

/// An `expect.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// The labs that it is tried in.
    on: BTreeSet<String>,
    /// More words of the platform, which the lab makes true.
    #[serde(default)]
    words: String,
    symptom: Vec<Symptom>,
}

/// Something to be seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Symptom {
    /// The labs where it is; all of the case if left out.
    on: Option<BTreeSet<String>>,
    /// Containers and units of which not all start.
    fails: Option<Vec<String>>,
    /// A text that stands in the journal or in what the start said; with `fails`.
    says: Option<String>,
    /// A question for `ask` that is put in a container: `page NAME PORT`, `name NAME` or `url URL`. The container's
    /// shell replaces `$NAME`, and `{NAME}` is the address of that container.
    ask: Option<String>,
    /// The container in which `ask` is put.
    r#in: Option<String>,
    /// Lines of bash on the machine, again and again for some seconds: the first time `$try` is 1.
    run: Option<String>,
    /// What comes of `ask` or `run` with the fault, and without it.
    wrong: Option<String>,
    right: Option<String>,
}

/// A folder of `tests/symptoms`.
struct Case {
    /// `QG401`.
    code: String,
    /// `QG401-one-port`.
    name: String,
    folder: PathBuf,
    expect: Expect,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Wrong,
    Right,
}

impl Side {
    fn word(self) -> &'static str {
        if self == Side::Wrong { "wrong" } else { "right" }
    }
}

fn cases(lab: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/symptoms");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let cases = folders.into_iter().map(|folder| {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join("expect.toml")).unwrap();
        let expect: Expect = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for on in expect.on.iter().chain(expect.symptom.iter().flat_map(|symptom| symptom.on.iter().flatten())) {
            assert!(LABS.iter().any(|(known, _)| known == on), "{name}: there is no lab {on}");
        }
        for on in &expect.on {
            let here = |symptom: &Symptom| symptom.on.as_ref().is_none_or(|some| some.contains(on));
            assert!(expect.symptom.iter().any(here), "{name} shows nothing on {on}");
        }
        Case { code: name.split('-').next().unwrap().to_owned(), name, folder, expect }
    });
    let wanted = std::env::var(SOME).unwrap_or_default();
    cases.filter(|case| case.expect.on.contains(lab) && case.name.contains(&wanted)).collect()
}

/// The files of a side, by name.
fn files(case: &Case, side: Side) -> Vec<(String, String)> {
    let folder = case.folder.join(side.word());
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// What a side's files are on a lab: a topology is rendered.
fn deployed(lab: Lab, words: &str, case: &Case, side: Side) -> Vec<(String, String)> {
    let files = files(case, side);
    match files.as_slice() {
        [(name, _)] if name == "topology.yaml" => {
            let stack = crate::read(&format!("tests/symptoms/{}/{}/topology.yaml", case.name, side.word()));
            let words = format!("{words}{}", case.expect.words);
            match lab.how {
                How::Commands { .. } => {
                    let lines = commands::of(&stack, &lab.platform(&words, Format::Topology));
                    // What fails is what is looked for.
                    vec![("commands".to_owned(), lines.trim_start_matches("set -e\n").to_owned())]
                }
                _ => lab.deployment(stack, &words, Vec::new()).files,
            }
        }
        _ => files,
    }
}

/// Starts a side of all cases; what each start said is in `/run/said.CASE`, and its services in `/run/services.CASE`.
fn start(lab: Lab, machine: &Machine, words: &str, cases: &[Case], side: Side) {
    let mut lines = String::new();
    let mut met: BTreeMap<String, &str> = BTreeMap::new();
    for case in cases {
        let mut services = BTreeSet::new();
        let folder = match lab.how {
            How::Units => format!("/etc/containers/systemd/{}", case.name),
            _ => format!("/root/{}", case.name),
        };
        for (file, text) in deployed(lab, words, case, side) {
            machine.write(&format!("{folder}/{file}"), &text);
            if UnitKind::of_file(&file).is_some() {
                if let Some(other) = met.insert(file.clone(), &case.name) {
                    panic!("{file} is in {} and in {other}", case.name);
                }
                let named = text.lines().find_map(|line| line.strip_prefix("ServiceName="));
                services.insert(named.map_or_else(|| service_of(&file), str::to_owned));
            }
        }
        let services = Vec::from_iter(services).join(" ");
        machine.write(&format!("/run/services.{}", case.name), &services);
        // Nobody waits for what does not come.
        let start = match lab.how {
            // One by one, as at boot: what one lacks keeps none of the others from starting.
            How::Units => format!("timeout 60 xargs -n 1 -P 9 systemctl start <<<'{services}'"),
            How::Compose { .. } => "timeout 60 docker compose up --detach --quiet-pull".to_owned(),
            How::Commands { .. } => "timeout 60 bash commands".to_owned(),
        };
        let _ =
            writeln!(lines, "( ( cd {folder}; {start} ) >/run/said.{0} 2>&1; echo $? >/run/status.{0}; ) &", case.name);
    }
    let reload = if lab.how == How::Units { "systemctl daemon-reload\n" } else { "" };
    machine.must(&format!("{reload}{lines}wait\n{}", ready(lab)));
}

/// Lines that wait until everything that runs listens.
fn ready(lab: Lab) -> String {
    format!(
        r#"{program} ps --quiet | xargs -r {program} inspect --format '{{{{.State.Pid}}}} {{{{.Path}}}}' >/run/running
while read -r pid path; do
    [ "$path" = serve ] || continue
    for _ in {{1..100}}; do
        # One that was stopped meanwhile is not waited for.
        [ -e /proc/$pid ] && ! grep -q ' 0A ' /proc/$pid/net/tcp /proc/$pid/net/tcp6 || break
        sleep 0.1
    done
done </run/running
true"#,
        program = lab.program()
    )
}

/// Lines that print `seen` once the symptom is as it has to be, and what there is instead if that does not come.
fn look(lab: Lab, case: &Case, symptom: &Symptom, side: Side) -> String {
    let program = lab.program();
    let (look, wanted) = match symptom {
        Symptom { fails: Some(names), says, .. } => {
            let names = names.join(" ");
            let up = match lab.how {
                How::Units => format!(
                    "for unit in {names}; do systemctl is-active --quiet $unit || down=$unit; done
                    journalctl --no-pager --output cat $(printf -- '--unit %s ' $(cat /run/services.{}))",
                    case.name
                ),
                _ => format!(
                    "for name in {names}; do
                        [ \"$({program} inspect --type container --format '{{{{.State.Running}}}}' $name 2>&1)\" = true ] ||
                            down=$name
                    done"
                ),
            };
            let says = says.as_deref().unwrap_or_default();
            let lines =
                format!("down=\n{up}\ncat /run/said.{}\n[ -z \"$down\" ] && echo ALL UP || echo DOWN", case.name);
            (lines, if side == Side::Wrong { vec!["DOWN", says] } else { vec!["ALL UP"] })
        }
        Symptom { ask: Some(question), r#in: Some(name), .. } => {
            let mut line = String::new();
            for (at, part) in question.split(['{', '}']).enumerate() {
                let _ = if at % 2 == 0 { write!(line, "{part}") } else { write!(line, "'$(address {part})'") };
            }
            let url = "url() { at=${1#*://}; at=${at%%/*}; echo page ${at%:*} ${at##*:}; }
                page() { echo page $*; }
                name() { echo name $*; }";
            let wanted = if side == Side::Wrong { &symptom.wrong } else { &symptom.right };
            let lines = format!("{program} exec {name} sh -c '{url}\n{line} | ask-glibc || echo -'");
            return retried(&lines, &format!("[ \"$said\" = {} ]", quoted(wanted.as_deref().unwrap())));
        }
        Symptom { run: Some(lines), .. } => {
            let wanted = if side == Side::Wrong { &symptom.wrong } else { &symptom.right };
            return retried(lines, &format!("[ \"$said\" = {} ]", quoted(wanted.as_deref().unwrap())));
        }
        _ => panic!("{}: nothing to look at", case.name),
    };
    let all: Vec<String> = wanted.iter().filter(|text| !text.is_empty()).map(|text| holds(text)).collect();
    retried(&look, &all.join(" && "))
}

/// A condition of bash: what was said holds a text.
fn holds(text: &str) -> String {
    format!("grep -qF -- {} <<<\"$said\"", quoted(text))
}

/// A word of bash.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Lines that look again for some seconds until a condition holds for what was said.
pub fn retried(look: &str, condition: &str) -> String {
    format!(
        "for try in {{1..25}}; do
            said=$( ( {look} ) 2>&1 )
            if {condition}; then echo seen; break; fi
            sleep 0.3
        done
        printf '%s\\n' \"$said\""
    )
}

/// The errors that quadgen finds in a side, by code, with the lines that it says.
fn errors(words: &str, case: &Case, side: Side) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["lint", "--format", "json", "--no-env", "--on", &format!("{words}{}", case.expect.words), side.word()])
        .current_dir(&case.folder)
        .output()
        .unwrap();
    let said: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}: {}", case.name, String::from_utf8_lossy(&output.stderr)));
    let findings = said["findings"].as_array().unwrap().iter().filter(|found| found["severity"] == "error");
    findings.map(|found| (found["code"].as_str().unwrap().to_owned(), found["message"].to_string())).collect()
}

/// What is wrong with what quadgen says of a case.
fn lint(words: &str, case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let errors = [Side::Wrong, Side::Right].map(|side| errors(words, case, side));
    let [found, none] = errors;
    if found.keys().ne([&case.code]) {
        wrong.push(format!("{}: quadgen finds in wrong: {found:?}", case.name));
    }
    if !none.is_empty() {
        wrong.push(format!("{}: quadgen finds in right: {none:?}", case.name));
    }
    wrong
}

/// Deploys a side of all cases on a machine, and looks: how many symptoms are as they have to be, and what is not.
fn see(lab: Lab, machine: &Machine, words: &str, name: &str, cases: &[Case], side: Side) -> (usize, Vec<String>) {
    start(lab, machine, words, cases, side);
    let mut lines = format!(
        "mkdir /run/looked
        address() {{ {} inspect --format '{{{{range .NetworkSettings.Networks}}}}{{{{.IPAddress}}}} {{{{end}}}}' $1 | cut -d ' ' -f 1; }}\n",
        lab.program()
    );
    let here = |symptom: &&Symptom| symptom.on.as_ref().is_none_or(|on| on.contains(name));
    let looks: Vec<(&Case, &Symptom)> = cases
        .iter()
        .flat_map(|case| case.expect.symptom.iter().filter(here).map(move |symptom| (case, symptom)))
        .collect();
    for (at, (case, symptom)) in looks.iter().enumerate() {
        let _ = writeln!(lines, "( {} ) >/run/looked/{at} 2>&1 &", look(lab, case, symptom, side));
        // Some at a time.
        if at % 24 == 23 {
            lines += "wait\n";
        }
    }
    machine.must(&format!("{lines}wait"));
    let (mut shown, mut wrong) = (0, Vec::new());
    for (at, (case, symptom)) in looks.iter().enumerate() {
        let said = machine.read(&format!("/run/looked/{at}"));
        let (first, rest) = said.split_once('\n').unwrap_or((&said, ""));
        if std::env::var_os(SOME).is_some() {
            say(&format!("{} {}: {rest}", case.name, side.word()));
        }
        // Who does not start does not answer either.
        let whole = symptom.ask.is_none() || machine.read(&format!("/run/status.{}", case.name)).trim() == "0";
        if first == "seen" && whole {
            shown += 1;
        } else {
            let what = symptom.ask.as_ref().or(symptom.run.as_ref()).map_or("its start", String::as_str);
            let started = machine.read(&format!("/run/said.{}", case.name));
            wrong.push(format!("{} {}: {what}: {said}\nits start said: {started}", case.name, side.word()));
        }
    }
    (shown, wrong)
}

/// Tries every case of a lab: those with their fault on one machine, those without on another, which costs less than to
/// take the first ones away again.
pub fn show(name: &str) {
    let (_, lab) = LABS.into_iter().find(|(known, _)| *known == name).unwrap();
    let cases = cases(name);
    let (mut shown, mut wrong, mut words) = (0, Vec::new(), String::new());
    for side in [Side::Wrong, Side::Right] {
        let machine = match lab.start() {
            Ok(machine) => machine,
            Err(why) => return missing(&format!("symptoms on {name} in the lab ({why})")),
        };
        words = lab.words(&machine, "");
        let seen = see(lab, &machine, &words, name, &cases, side);
        shown += seen.0;
        wrong.extend(seen.1);
    }
    let (known, unknown): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| rules::find(&case.code).is_some());
    known.iter().for_each(|case| wrong.extend(lint(&words, case)));
    for case in unknown {
        missing(&format!("what quadgen says of {} (there is no rule {} yet)", case.name, case.code));
    }
    say(&format!("lab: {name}: {shown} symptoms of {} cases as expected", cases.len()));
    assert!(wrong.is_empty(), "on {name}:\n{}", wrong.join("\n\n"));
}
