//! Witnesses for errors: what quadgen calls an error, something real refuses, drops or shows.
//!
//! Units: a file that a generator refuses has an error of its own, and a file with an error of the rules about units
//! (`UNITS`) is refused, or loses what the finding is about. `tests/units.rs` holds whole trees against the generators;
//! here it is each file by its name. All other rules: `tests/symptoms/README.md` names the folder that shows one, which
//! `tests/lab.rs` deploys, or says why it cannot be shown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quadgen::diagnostic::{Level, Sink};
use quadgen::model::{Format, UnitKind};
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::quadlet::{self, Tree};
use quadgen::rules::{self, Context, RULES};
use quadgen::source::{Files, SourceMap};
use serde_json::Value as Json;
use support::disk::Disk;
use support::page::{fences, section};
use support::{generate, missing, quadlet_generators, say, tool, verify};
use tree::{Memory, tree};

/// The rules of what the generator refuses or systemd drops.
const UNITS: [&str; 4] = ["QG701", "QG703", "QG706", "QG713"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shared(path: &str) -> Option<PathBuf> {
    let path = root().join("../shared").join(path);
    path.canonicalize().ok()
}

/// An error, by where its first label is.
#[derive(Debug)]
struct Found {
    code: &'static str,
    /// The file's name, and the line from 1.
    file: PathBuf,
    line: usize,
    message: String,
}

/// The errors of a tree on a release, and the names of all units that one of them is about.
fn errors(files: &dyn Files, tree: &Tree, release: &str) -> (Vec<Found>, BTreeSet<String>) {
    let platform = Platform::resolve("host", parse_spec(&format!("podman@{release}")).unwrap(), Format::Quadlet);
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, files, tree.clone());
    let read = quadlet::lower(&parsed, &sources, platform.version);
    let mut sink = Sink::default();
    sink.extend(read.diagnostics);
    if let Some(stack) = &read.stack {
        let wirings = [Wiring::new(stack, &platform)];
        rules::check(&Context::new(stack, &wirings), &mut sink);
    }
    let (mut all, mut units) = (Vec::new(), BTreeSet::new());
    for found in sink.finish(&sources).iter().filter(|found| found.severity == Level::Error) {
        let file = sources.file_of(found.span()).unwrap();
        all.push(Found {
            code: found.rule.code,
            file: PathBuf::from(&file.name),
            line: file.position(found.span().start).line,
            message: found.message.clone(),
        });
        units.extend(found.labels.iter().map(|label| unit_of(Path::new(&sources.file_of(label.span).unwrap().name))));
    }
    (all, units)
}

/// The name of the unit that a file is, or is a drop-in of.
fn unit_of(file: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let own = name(file);
    match file.parent().map(name) {
        Some(folder) if UnitKind::of_file(&own).is_none() && folder.ends_with(".d") => {
            folder.trim_end_matches(".d").to_owned()
        }
        _ => own,
    }
}

/// The units that a generator refuses, by what it says: all releases name the file, or its path.
fn refused<'m>(messages: impl Iterator<Item = &'m str>) -> BTreeMap<String, String> {
    let starts = ["converting \"", "error loading \"", "Error converting '", "Error loading '"];
    let named = messages.filter_map(|message| {
        let rest = starts.iter().find_map(|start| message.strip_prefix(start))?;
        let path = rest.split(['"', '\'']).next()?;
        Some((unit_of(Path::new(path)), message.to_owned()))
    });
    named.collect()
}

/// What was compared.
#[derive(Default)]
struct Counts {
    refused: usize,
    errors: usize,
    dropped: usize,
    altered: usize,
    wrong: Vec<String>,
}

/// Compares the units of a folder with what a generator says of each.
fn compare(counts: &mut Counts, version: &str, generator: &Path, tree: &Tree) {
    let made = generate(generator, &tree.root, true);
    let refused = refused(made.complaints().into_iter());
    let (found, units) = errors(&Disk, tree, version);
    let shown = tree.root.display();
    for (unit, message) in &refused {
        counts.refused += 1;
        if !units.contains(unit) {
            counts.wrong.push(format!("{shown} on {version}: no error about {unit}: {message}"));
        }
    }
    for one in found.iter().filter(|one| UNITS.contains(&one.code)) {
        counts.errors += 1;
        let unit = unit_of(&one.file);
        // An unknown kind is passed over without a word, and so are the units that refer to it.
        let unread = !made.stderr.contains(&format!("/{unit}\n"));
        if refused.contains_key(&unit) || unread {
            continue;
        }
        if is_dropped(one, generator, tree, &made) {
            counts.dropped += 1;
        } else if is_another_value(one, generator, tree, &made) {
            counts.altered += 1;
        } else {
            counts.wrong.push(format!("{shown} on {version}: {unit} is taken: {} {}", one.code, one.message));
        }
    }
}

/// Whether the value of a finding of QG706 is another one than what stands before its comment, or between its quotes: the
/// lab shows what comes of that (`tests/symptoms/QG706-comment-in-a-value`).
fn is_another_value(one: &Found, generator: &Path, tree: &Tree, made: &support::Generated) -> bool {
    let meant = |line: &str| {
        let (key, value) = line.split_once('=').unwrap_or_default();
        let bare = value.split(" #").next().unwrap().replace(['"', '\''], "");
        format!("{key}={}", bare.trim())
    };
    one.code == "QG706" && says(made, one) != says(&other(one, generator, tree, &|line| Some(meant(line))), one)
}

/// Whether the line of a finding counts for nothing: systemd complains of its service, or the generator makes the same
/// without that line.
fn is_dropped(one: &Found, generator: &Path, tree: &Tree, made: &support::Generated) -> bool {
    let service = support::service_of(&unit_of(&one.file));
    let text = fs::read_to_string(&one.file).unwrap();
    let (key, value) = text.lines().nth(one.line - 1).unwrap().split_once('=').unwrap_or_default();
    let about =
        |line: &String| line.starts_with(&format!("{service}:")) && [key, value].iter().any(|it| line.contains(it));
    if !key.is_empty() && tool("systemd-analyze").is_some() && verify(made, &tree.root).iter().any(about) {
        return true;
    }
    let without = other(one, generator, tree, &|_| None);
    says(made, one).is_some() && says(made, one) == says(&without, one)
}

/// What the generator makes of a tree in which the line of a finding is another one, or none.
fn other(one: &Found, generator: &Path, tree: &Tree, instead: &dyn Fn(&str) -> Option<String>) -> support::Generated {
    let folder = tempfile::tempdir().unwrap();
    for file in tree.units.iter().chain(&tree.drop_ins) {
        let to = folder.path().join(file.strip_prefix(&tree.root).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read_to_string(file).unwrap();
        let lines = (1..).zip(text.lines()).filter_map(|(at, line)| {
            if *file == one.file && at == one.line { instead(line) } else { Some(line.to_owned()) }
        });
        fs::write(to, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }
    generate(generator, folder.path(), true)
}

/// Sections with their lines.
type Sections = Vec<(String, Vec<(String, String)>)>;

/// The service of a finding's unit, as far as systemd reads it.
fn says(made: &support::Generated, one: &Found) -> Option<Sections> {
    let sections = made.services.get(&support::service_of(&unit_of(&one.file)))?.sections.iter();
    // The unit itself stands in the service once more, as `[X-Container]`.
    let sections = sections.filter(|(name, _)| !name.starts_with("X-")).cloned().map(|(name, mut lines)| {
        lines.retain(|(key, _)| key != "SourcePath");
        (name, lines)
    });
    Some(sections.collect())
}

#[test]
fn a_line_that_is_dropped_is_told_from_one_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        "[Container]",
        "Image=localhost/web:1",
        "Environment=A=\\d",
        "Environment=B=1",
        "[Service]",
        "Restart=unless-stopped",
    ];
    fs::write(folder.path().join("web.container"), lines.join("\n")).unwrap();
    let tree = tree(folder.path(), Disk.walk(folder.path()));
    for (_, generator) in quadlet_generators() {
        let made = generate(&generator, folder.path(), true);
        let dropped = |line: usize| {
            let file = folder.path().join("web.container");
            is_dropped(&Found { code: "QG706", file, line, message: String::new() }, &generator, &tree, &made)
        };
        assert!(dropped(3) && !dropped(4));
        assert!(dropped(6) || tool("systemd-analyze").is_none());
    }
}

fn check(what: &str, trees: &[Tree], at_least: usize) {
    let generators = quadlet_generators();
    if generators.is_empty() {
        return missing(&format!("{what} through the generators, file by file (none fetched)"));
    }
    for (version, generator) in generators {
        let mut counts = Counts::default();
        trees.iter().for_each(|tree| compare(&mut counts, &version, &generator, tree));
        say(&format!(
            "{what}: the generator {version} refuses {} units, each with an error; {} errors of {}, {} of them about lines that are dropped, {} about values that are others",
            counts.refused,
            counts.errors,
            UNITS.join(", "),
            counts.dropped,
            counts.altered
        ));
        assert_eq!(counts.wrong, Vec::<String>::new());
        assert!(counts.refused >= at_least, "{}", counts.refused);
    }
}

#[test]
fn real_units_that_are_refused_have_errors_of_their_own() {
    let Some(corpus) = shared("corpus") else { return missing("real units (no corpus beside the repository)") };
    let files = Disk.walk(&corpus);
    let folders: BTreeSet<PathBuf> =
        tree(&corpus, files.clone()).units.iter().map(|path| path.parent().unwrap().to_path_buf()).collect();
    let of = |folder: &PathBuf| tree(folder, files.iter().filter(|file| file.starts_with(folder)).cloned().collect());
    check("real units", &folders.iter().map(of).collect::<Vec<_>>(), 10);
}

#[test]
fn podmans_own_units_that_are_refused_have_errors_of_their_own() {
    let folders: Vec<PathBuf> =
        ["v5.4.2", "v5.8.2"].iter().filter_map(|tag| shared(&format!("quadlet-upstream/{tag}"))).collect();
    if folders.is_empty() {
        return missing("Podman's own units, file by file (none beside the repository)");
    }
    let trees: Vec<Tree> = folders.iter().map(|folder| tree(folder, Disk.walk(folder))).collect();
    check("Podman's own units", &trees, 30);
}

/// The examples of units on all pages, each with its platform: a fence `ini NAME PLATFORM` begins one.
fn examples(heading: &str) -> Vec<Vec<(String, String)>> {
    let mut all: Vec<Vec<(String, String)>> = Vec::new();
    for (rule, _) in RULES {
        for fence in fences(&section(rule.page, heading)) {
            let Some(words) = fence.info.strip_prefix("ini ") else { continue };
            let mut words = words.split(' ');
            let file = (words.next().unwrap().to_owned(), fence.text.clone());
            match words.next() {
                Some(_) => all.push(vec![file]),
                None => all.last_mut().unwrap().push(file),
            }
        }
    }
    all
}

#[test]
fn units_of_the_pages_that_are_refused_have_errors_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let all = ["Wrong", "Right"].into_iter().flat_map(examples);
    let trees = all.enumerate().map(|(at, files)| {
        let root = folder.path().join(at.to_string());
        for (name, text) in &files {
            let file = root.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        tree(&root, Disk.walk(&root))
    });
    check("units of the pages", &trees.collect::<Vec<_>>(), 3);
}

/// Whether a recorded service shows what a finding says of a line, its key and its value, that the generator takes.
fn is_bad(code: &str, service: &Json, (key, value): (&str, &str)) -> bool {
    let text: Vec<&str> = service.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let commands = text.iter().filter(|line| line.starts_with("ExecStart=")).count();
    let text = text.join("\n");
    let has = |word: &str| [" ", "\""].iter().any(|before| text.contains(&format!("{before}{word}")));
    let quotes = text.matches("\\\"").count();
    match (code, key) {
        // systemd refuses a service with two commands that is no oneshot.
        ("QG713", "ExecStart") => commands > 1,
        // The comment stands in the service: what comes of that shows in the lab.
        ("QG706", _) if value.contains(" #") => text.contains('#'),
        ("QG706", "Environment" | "Label" | "Annotation") => {
            let name = value.trim_start_matches(['"', '\'']).split_once('=').unwrap().0;
            !has(&format!("{name}="))
        }
        ("QG706", "Exec") => !has(value.split_whitespace().next().unwrap()),
        // Around the whole they should go, and in it they should stay.
        ("QG706", "HealthCmd") if value.starts_with('"') => quotes == value.matches('"').count(),
        ("QG706", "HealthCmd") => quotes != value.matches('"').count(),
        _ => false,
    }
}

#[test]
fn what_17_generators_refused_has_errors_of_its_own() {
    let Some(file) = shared("facts/quadlet-behaviour.json") else {
        return missing("recorded answers of 17 generators, file by file (none beside the repository)");
    };
    let recorded: Json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let versions: Vec<&str> = recorded["versions"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let position = |version: &str| versions.iter().position(|known| *known == version).unwrap();
    let (mut count, mut errors_of_units, mut wrong) = (0, 0, Vec::new());
    for case in recorded["cases"].as_array().unwrap() {
        let files = case["files"].as_object().unwrap().iter();
        let memory = Memory::new(files.map(|(name, text)| (name.clone(), text.as_str().unwrap())));
        let tree = memory.tree();
        for result in case["results"].as_array().unwrap() {
            let messages: Vec<&str> = result["result"]["messages"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|text| text.as_str().unwrap())
                .collect();
            let services = &result["result"]["services"];
            let refused = refused(messages.iter().copied());
            let range = result["versions"].as_str().unwrap();
            let (first, last) = range.split_once("..").unwrap_or((range, range));
            for version in &versions[position(first)..=position(last)] {
                let (found, units) = errors(&memory, &tree, version);
                count += refused.len();
                let missed = refused.iter().filter(|(unit, _)| !units.contains(*unit));
                wrong.extend(missed.map(|(_, message)| format!("{} on {version}: {message}", case["case"])));
                for one in found.iter().filter(|one| UNITS.contains(&one.code)) {
                    errors_of_units += 1;
                    let unit = unit_of(&one.file);
                    // What has no service was refused, be it without a word.
                    let service = services.get(support::service_of(&unit));
                    let file = case["files"][one.file.to_str().unwrap()].as_str().unwrap_or("");
                    let line = file.lines().nth(one.line - 1).and_then(|line| line.split_once('='));
                    let bad = service.zip(line).is_some_and(|(service, line)| is_bad(one.code, service, line));
                    if service.is_some() && !bad && !refused.contains_key(&unit) {
                        wrong.push(format!(
                            "{} on {version}: {unit} is taken: {} {}",
                            case["case"], one.code, one.message
                        ));
                    }
                }
            }
        }
    }
    say(&format!(
        "small trees: {count} units refused, each with an error; {errors_of_units} errors of {}",
        UNITS.join(", ")
    ));
    assert!(count > 300 && errors_of_units > 100, "{count} {errors_of_units}");
    assert_eq!(wrong, Vec::<String>::new());
}

/// The rows of a table in `tests/symptoms/README.md`: a rule's code, and what shows it.
fn table() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("tests/symptoms/README.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| QG"));
    let rows = rows.map(|row| row.trim_end_matches('|').split_once('|').unwrap());
    rows.map(|(rule, shown)| (format!("QG{}", rule.split(' ').next().unwrap()), shown.trim().to_owned())).collect()
}

/// The rules that can be an error: by their level, or by an example of their page.
fn can_be_errors() -> BTreeSet<String> {
    let mut all: BTreeSet<String> =
        RULES.iter().filter(|(rule, _)| rule.level == Level::Error).map(|(rule, _)| rule.code.to_owned()).collect();
    for files in examples("Wrong") {
        let memory = Memory::new(files);
        all.extend(errors(&memory, &memory.tree(), "5.4.2").0.into_iter().map(|found| found.code.to_owned()));
    }
    for (rule, _) in RULES {
        for fence in fences(&section(rule.page, "Wrong")).iter().filter(|fence| fence.info == "yaml") {
            let mut quadgen = Command::new(env!("CARGO_BIN_EXE_quadgen"))
                .args(["lint", "--as", "topology", "--format", "json", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            quadgen.stdin.take().unwrap().write_all(fence.text.as_bytes()).unwrap();
            let said: Json = serde_json::from_slice(&quadgen.wait_with_output().unwrap().stdout).unwrap();
            let found = said["findings"].as_array().unwrap().iter().filter(|found| found["severity"] == "error");
            all.extend(found.map(|found| found["code"].as_str().unwrap().to_owned()));
        }
    }
    all
}

#[test]
fn every_error_has_a_witness_or_a_reason_why_not() {
    let table = table();
    let lacking: Vec<String> = can_be_errors().into_iter().filter(|code| !table.contains_key(code)).collect();
    assert_eq!(lacking, Vec::<String>::new(), "without a row in tests/symptoms/README.md");
    let folders = fs::read_dir(root().join("tests/symptoms")).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.path().is_dir());
    let folders: BTreeSet<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let mut named = BTreeSet::new();
    for (code, shown) in &table {
        // Links: `[QG401-one-port](QG401-one-port)`, `[tests/witness.rs](../witness.rs)`.
        let links: Vec<&str> = shown.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
        let reason = shown.split_once("Not here: ").is_some_and(|(_, reason)| reason.len() > 20);
        assert!(reason || !links.is_empty(), "{code}: neither a witness nor a reason");
        for link in links {
            assert!(root().join("tests/symptoms").join(link).exists(), "{code}: there is no {link}");
            assert!(
                link.starts_with("../") || link.starts_with(&format!("{code}-")),
                "{code}: {link} shows another rule"
            );
            named.insert(link.to_owned());
        }
    }
    let unnamed: Vec<&String> = folders.iter().filter(|folder| !named.contains(*folder)).collect();
    assert!(unnamed.is_empty(), "not in tests/symptoms/README.md: {unnamed:?}");
}
