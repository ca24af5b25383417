//! The real programs that the tests hold quadgen's output against: Quadlet's generators, `systemd-analyze` and
//! docker-compose. `tests/tools.sh` fetches them; a test that finds one missing says so with [`missing`] and passes.

// Every test binary compiles this file and uses a part of it; a test may stop at anything unexpected.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

pub mod disk;
pub mod page;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A folder that goes when it is done with.
pub struct Folder {
    folder: tempfile::TempDir,
    /// It lies alone in another: what others keep among the temporary files is no neighbour of its units.
    _around: tempfile::TempDir,
}

impl Folder {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A folder with some files in it, each by its name and its text, below folders of their own where their names say so.
pub fn folder(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Folder {
    let around = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir_in(around.path()).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name.as_ref());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_ref()).unwrap();
    }
    Folder { folder, _around: around }
}

/// The folder that `tests/tools.sh` fills: `QUADGEN_TOOLS`, else `tools` in cargo's target folder if it is there.
pub fn tools() -> Option<PathBuf> {
    let folder = match std::env::var_os("QUADGEN_TOOLS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).parent()?.join("tools"),
    };
    folder.is_dir().then_some(folder)
}

/// A program by name. The machine's own `systemd-analyze` goes before a fetched one, since it fits the machine; the
/// others are only taken from [`tools`], where their version is known.
pub fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").filter(|_| name == "systemd-analyze").unwrap_or_default();
    std::env::split_paths(&path).chain(tools()).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The Quadlet generators and their versions, oldest first.
pub fn quadlet_generators() -> Vec<(String, PathBuf)> {
    let Some(folder) = tools() else { return Vec::new() };
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let version = path.file_name()?.to_str()?.strip_prefix("quadlet-")?.to_owned();
            Some((version, path))
        })
        .collect();
    found.sort_by_key(|(version, _)| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>());
    found
}

/// Says on the terminal that a check did not run, and for want of what.
pub fn missing(what: &str) {
    say(&format!("not run: {what}"));
}

/// Says something on the terminal. Not eprintln!, which cargo keeps back for tests that pass.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// What a Quadlet generator makes of a folder.
#[derive(Debug)]
pub struct Generated {
    /// Failed if a file could not be converted.
    pub status: ExitStatus,
    /// What it said, without the program's name and process number before each line.
    pub stderr: String,
    /// The services by file name, such as `web.service`.
    pub services: BTreeMap<String, Unit>,
    /// For a user's systemd.
    pub rootless: bool,
}

impl Generated {
    /// What the generator had to say beyond which files it read.
    pub fn complaints(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| !line.starts_with("Loading source unit file ")).collect()
    }
}

/// A systemd unit file.
#[derive(Debug)]
pub struct Unit {
    /// As generated.
    pub text: String,
    /// The sections in order, each with its keys and values in order; a continued line is joined as systemd joins it.
    pub sections: Vec<(String, Vec<(String, String)>)>,
}

impl Unit {
    /// Reads a unit file.
    pub fn parse(text: &str) -> Unit {
        let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
        let mut joined = String::new();
        for line in text.lines() {
            // Comments are skipped between the parts of a continued line, too.
            if line.trim_start().starts_with(['#', ';']) {
                continue;
            }
            if let Some(part) = line.strip_suffix('\\') {
                joined += part;
                joined.push(' ');
                continue;
            }
            let line = std::mem::take(&mut joined) + line;
            // What systemd takes for blanks, and no others.
            let line = line.trim_matches([' ', '\t', '\r']);
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                sections.push((name.to_owned(), Vec::new()));
            } else if let (Some((key, value)), Some((_, entries))) = (line.split_once('='), sections.last_mut()) {
                entries.push((key.trim_end().to_owned(), value.trim_start_matches([' ', '\t']).to_owned()));
            }
        }
        Unit { text: text.to_owned(), sections }
    }

    /// The values of a key in order, from every section of that name.
    pub fn values(&self, section: &str, key: &str) -> Vec<&str> {
        let entries = self.sections.iter().filter(|(name, _)| name == section).flat_map(|(_, entries)| entries);
        entries.filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }

    /// The words of the service's only `ExecStart=`.
    pub fn command(&self) -> Vec<String> {
        let lines = self.values("Service", "ExecStart");
        assert_eq!(lines.len(), 1, "not one ExecStart= in:\n{}", self.text);
        unquote(lines[0])
    }
}

/// The service that Quadlet makes of a file.
pub fn service_of(file: &str) -> String {
    match file.rsplit_once('.').unwrap() {
        (name, "container") => format!("{name}.service"),
        (name, kind) => format!("{name}-{kind}.service"),
    }
}

/// Runs a Quadlet generator on the units in `dir`, and only those.
pub fn generate(generator: &Path, dir: &Path, rootless: bool) -> Generated {
    let mut command = Command::new(generator);
    command.arg("-dryrun").env("QUADLET_UNIT_DIRS", dir);
    if rootless {
        command.arg("-user");
    }
    let output = command.output().unwrap();
    let mut texts: Vec<(String, String)> = Vec::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        if let Some(name) = line.strip_prefix("---").and_then(|line| line.strip_suffix("---")) {
            texts.push((name.to_owned(), String::new()));
        } else if let Some((_, text)) = texts.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    let stderr = String::from_utf8(output.stderr).unwrap();
    let without_process = |line: &str| {
        let message = line.strip_prefix("quadlet-generator[").and_then(|line| line.split_once("]: "));
        message.map_or(line, |(_, message)| message).to_owned() + "\n"
    };
    Generated {
        status: output.status,
        stderr: stderr.lines().map(without_process).collect(),
        services: texts.into_iter().map(|(name, text)| (name, Unit::parse(&text))).collect(),
        rootless,
    }
}

/// What `systemd-analyze verify` has to say against the generated services, one line each, with file names instead of
/// paths. `dir` is the folder that they were generated from: plain systemd units in it, which Quadlet leaves alone, are
/// seen as well. Needs [`tool`]`("systemd-analyze")`.
///
/// What the services merely want (`network-online.target`, `podman-user-wait-network-online.service`) may be absent; a
/// unit that they require may not.
pub fn verify(units: &Generated, dir: &Path) -> Vec<String> {
    let manager = if units.rootless { "user" } else { "system" };
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("units");
    std::fs::create_dir(&written).unwrap();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if matches!(kind, Some("service" | "target" | "socket" | "timer" | "path" | "slice" | "mount")) {
            std::fs::copy(&path, written.join(path.file_name().unwrap())).unwrap();
        }
    }
    for (name, unit) in &units.services {
        std::fs::write(written.join(name), &unit.text).unwrap();
    }
    // Only these and systemd's own units; a machine without systemd has the latter beside the fetched program.
    let root = tools().map(|folder| folder.join("systemd")).filter(|folder| folder.is_dir()).unwrap_or("/".into());
    let own = ["lib/systemd", "usr/lib/systemd"].map(|folder| root.join(folder).join(manager));
    let seen = std::env::join_paths(std::iter::once(&written).chain(&own)).unwrap();
    let output = Command::new(tool("systemd-analyze").expect("systemd-analyze"))
        .args([&format!("--{manager}"), "verify", "--man=no"])
        .args(units.services.keys().map(|name| written.join(name)))
        .env("SYSTEMD_UNIT_PATH", seen)
        // A user's manager does not start without a runtime folder.
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("LC_ALL", "C")
        .env("SYSTEMD_COLORS", "0")
        .env_remove("SYSTEMD_LOG_LEVEL")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let prefix = format!("{}/", written.display());
    // Podman need not be installed for its services to be right.
    let no_podman = ": Command /usr/bin/podman is not executable: No such file or directory";
    // systemd's own units need not be without blame, which it reports with their path.
    let about_own = |line: &str| own.iter().any(|folder| line.starts_with(&*folder.to_string_lossy()));
    let left = stderr.lines().filter(|line| !line.ends_with(no_podman) && !about_own(line));
    let mut complaints: Vec<_> = left.map(|line| line.replace(&prefix, "")).collect();
    if complaints.is_empty() && stderr.is_empty() && !output.status.success() {
        complaints.push(format!("systemd-analyze failed without a word: {}", output.status));
    }
    complaints
}

/// Splits the value of an `ExecStart=` into words as systemd does, and turns `%%` into `%` and `$$` into `$`: the words
/// that podman gets. Other specifiers (`%t`), variables (`$HOME`) and the marks before the program (`-`, `@`) stay as
/// they are. Source: systemd.service(5), "Command lines", and `extract_first_word` in systemd's code.
pub fn unquote(exec: &str) -> Vec<String> {
    let literal = |word: Vec<u8>| String::from_utf8_lossy(&word).replace("%%", "%").replace("$$", "$");
    split(exec).into_iter().map(literal).collect()
}

/// Splits the value of an `ExecStart=` into words as systemd does, before `%` and `$` are looked at. A lone `;` without
/// quotes, which begins another command, is a word with a NUL before it.
pub fn split(exec: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut rest = exec;
    while let Some(char) = rest.chars().next() {
        if char == '\\' && quote.is_none() && word.is_none() && is_separate(&rest[1..]) {
            // `\;` on its own is a word; a bare `;` would begin another command.
            word = Some(b";".to_vec());
            rest = &rest[2..];
            continue;
        }
        if quote.is_none() && word.is_none() && is_separate(rest) {
            word = Some(b"\0;".to_vec());
            rest = &rest[1..];
            continue;
        }
        if char == '\\' {
            let (bytes, length) = escape(&rest[1..]);
            word.get_or_insert_default().extend(bytes);
            rest = &rest[1 + length..];
            continue;
        }
        rest = &rest[char.len_utf8()..];
        match quote {
            Some(open) if open == char => quote = None,
            None if matches!(char, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            None if matches!(char, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            _ => word.get_or_insert_default().extend(char.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    assert!(quote.is_none(), "a quotation mark is not closed: {exec}");
    words.extend(word);
    words
}

fn is_separate(rest: &str) -> bool {
    rest.strip_prefix(';').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// The bytes that an escape stands for, and its length, both without the backslash. One that systemd does not know
/// stays as it is, backslash included.
fn escape(rest: &str) -> (Vec<u8>, usize) {
    let digits = |from: usize, count: usize, radix: u32| {
        let digits = rest.get(from..from + count)?;
        let valid = digits.chars().all(|digit| digit.is_digit(radix));
        u32::from_str_radix(digits, radix).ok().filter(|value| valid && *value != 0)
    };
    let char = |value: u32| Some(char::from_u32(value)?.to_string().into_bytes());
    let byte = |value: u32| Some(vec![u8::try_from(value).ok()?]);
    let known = match rest.bytes().next() {
        Some(b'a') => Some((vec![7], 1)),
        Some(b'b') => Some((vec![8], 1)),
        Some(b'f') => Some((vec![12], 1)),
        Some(b'n') => Some((vec![b'\n'], 1)),
        Some(b'r') => Some((vec![b'\r'], 1)),
        Some(b't') => Some((vec![b'\t'], 1)),
        Some(b'v') => Some((vec![11], 1)),
        Some(b's') => Some((vec![b' '], 1)),
        Some(mark @ (b'\\' | b'"' | b'\'')) => Some((vec![mark], 1)),
        Some(b'x') => digits(1, 2, 16).and_then(byte).map(|bytes| (bytes, 3)),
        Some(b'u') => digits(1, 4, 16).and_then(char).map(|bytes| (bytes, 5)),
        Some(b'U') => digits(1, 8, 16).and_then(char).map(|bytes| (bytes, 9)),
        Some(b'0'..=b'7') => digits(0, 3, 8).and_then(byte).map(|bytes| (bytes, 3)),
        _ => None,
    };
    known.unwrap_or((vec![b'\\'], 0))
}

/// What docker-compose reads in a file, and what it says about it; the former is null if it refuses the file.
pub fn compose_config(docker_compose: &Path, file: &Path) -> (serde_json::Value, String) {
    let mut command = Command::new(docker_compose);
    // COMPOSE_FILE, COMPOSE_PROFILES and the like would change what it reads.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COMPOSE_")) {
        command.env_remove(name);
    }
    // What the head of a file tells people to set.
    command.env("QUADGEN_HOST", "192.0.2.1");
    let output = command.arg("-f").arg(file).args(["config", "--format", "json"]).output().unwrap();
    let config = match output.status.success() {
        true => serde_json::from_slice(&output.stdout).unwrap(),
        false => serde_json::Value::Null,
    };
    (config, String::from_utf8(output.stderr).unwrap())
}
