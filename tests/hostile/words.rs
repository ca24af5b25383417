//! What podman makes of the words of a command: options with the parts that podman takes their values apart into, and
//! the words behind them. Source: Podman, `cmd/podman/common/create.go` and what it calls.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use quadgen::model::{STANDING_FOR, Version};
use quadgen::platform::options::is_list;

use super::support::split;

/// One command of a service: its options, sorted, and the rest in order, each as the parts that podman sees.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    pub options: Vec<Vec<String>>,
    pub rest: Vec<Vec<String>>,
}

impl Command {
    /// Puts what an env file says in the place of its name, where it lies among the units. Podman takes lines as they are.
    pub fn env_files(&mut self, folder: &Path) {
        let options = std::mem::take(&mut self.options);
        for option in options {
            let text = match option.as_slice() {
                [flag, path] if flag == "--env-file" && Path::new(path).starts_with(folder) => {
                    fs::read_to_string(path).ok()
                }
                _ => None,
            };
            let Some(text) = text else {
                self.options.push(option);
                continue;
            };
            let lines = text.split('\n').map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
            let line = |line: &str| {
                let (name, value) = line.split_once('=').unwrap_or((line, "<nothing>"));
                vec!["--env".to_owned(), name.to_owned(), value.trim_end_matches('\r').to_owned()]
            };
            self.options.extend(lines.map(line));
        }
        self.options.sort();
    }

    /// Changes each text.
    pub fn each(&mut self, change: impl Fn(&str) -> String) {
        for part in self.options.iter_mut().chain(&mut self.rest).flatten() {
            *part = change(part);
        }
        self.options.sort();
    }

    /// The same with another text in place of one.
    pub fn with(&self, old: &str, new: &str) -> Command {
        let parts = |all: &[Vec<String>]| -> Vec<Vec<String>> {
            let is_small = |parts: &[String]| parts.first().is_some_and(|flag| flag.starts_with("--cap-"));
            let part = |part: &str, small| {
                let part = part.replace(old, new);
                if small { part.to_lowercase() } else { part }
            };
            let mut all: Vec<Vec<String>> =
                all.iter().map(|parts| parts.iter().map(|it| clean(&part(it, is_small(parts)))).collect()).collect();
            // An option of nothing is none.
            let volumes = all.iter_mut().filter(|parts| parts[0] == "--volume");
            volumes.for_each(|parts| parts.retain(|part| !part.is_empty()));
            // No port of the host is any.
            let ports = all.iter_mut().filter(|parts| parts[0] == "--publish");
            ports.for_each(|parts| parts[1] = parts[1].trim_start_matches(':').to_owned());
            all
        };
        let mut options = parts(&self.options);
        options.sort();
        Command { options, rest: parts(&self.rest) }
    }
}

/// A path below the folder of the units without what leads nowhere: so the generator writes it.
pub fn clean(text: &str) -> String {
    let Some(at) = text.find("TOP/") else { return text.to_owned() };
    let (before, path) = text.split_at(at);
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("{before}{}", parts.join("/"))
}

/// Options without a value, of all commands that Quadlet makes.
const SWITCHES: [&str; 18] = [
    "--replace",
    "--rm",
    "-d",
    "--init",
    "--privileged",
    "--interactive",
    "--tty",
    "--oom-kill-disable",
    "--no-cache",
    "--ignore",
    "--internal",
    "--ipv6",
    "--read-only",
    "-v",
    "-f",
    "-i",
    "--force",
    "--detach",
];
const PAIRS: [&str; 9] =
    ["--env", "--label", "--annotation", "--sysctl", "--opt", "--log-opt", "--build-arg", "--ulimit", "--security-opt"];

/// The value of a command line of a service.
pub fn command(line: &str, release: Version) -> Command {
    let mut words: Vec<String> = split(line).into_iter().map(|word| literal(&word)).collect();
    let program = words.first().map_or("", |word| word.trim_start_matches(['-', '@'])).to_owned();
    if program != "/usr/bin/podman" {
        return Command { options: Vec::new(), rest: words.into_iter().map(|word| vec![word]).collect() };
    }
    // `podman run`, `podman volume create`.
    let verbs = 2 + usize::from(matches!(words.get(1).map(String::as_str), Some("network" | "volume")));
    let behind = words.split_off(verbs.min(words.len()));
    let run = words.get(1).is_some_and(|verb| verb == "run");
    let mut rest: Vec<Vec<String>> = words.into_iter().map(|word| vec![word]).collect();
    let mut options = Vec::new();
    let mut behind = behind.into_iter();
    while let Some(word) = behind.next() {
        if !word.starts_with('-') || word == "-" {
            rest.push(vec![word]);
            // `run` and `exec` take no options behind the first word that is none.
            if verbs == 2 {
                rest.extend(behind.by_ref().map(|word| vec![word]));
            }
        } else if let Some((flag, value)) = word.split_once('=').filter(|(flag, _)| flag.starts_with("--")) {
            options.extend(option(flag, value, release));
        } else if SWITCHES.contains(&word.as_str()) && !(run && word == "-v") {
            options.push(vec![word]);
        } else {
            let value = behind.next().unwrap_or_else(|| "<nothing>".to_owned());
            options.extend(option(&word, &value, release));
        }
    }
    options.sort();
    Command { options, rest }
}

/// A word with `%` and `$` as systemd reads them; what it would put something else in place of is marked.
fn literal(word: &[u8]) -> String {
    let word = String::from_utf8(word.to_vec()).unwrap_or_else(|_| "<no UTF-8>".to_owned());
    let marked = |text: &str, mark: char, name: &str| {
        let mut out = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (c == mark, chars.peek()) {
                (false, _) => out.push(c),
                (true, Some(next)) if *next == mark => {
                    chars.next();
                    out.push(mark);
                }
                (true, _) => out.push_str(&format!("<{name}>")),
            }
        }
        out
    };
    if let Some((_, text)) = STANDING_FOR.iter().find(|(name, _)| word == format!("${{{name}}}")) {
        return (*text).to_owned();
    }
    // A NUL ends a word of a command.
    marked(&marked(&word, '%', "specifier"), '$', "variable").replace('\0', "<NUL>")
}

/// An option as podman takes it apart; several where its value is a list.
fn option(flag: &str, value: &str, release: Version) -> Vec<Vec<String>> {
    let flag = match flag {
        "-v" => "--volume",
        "-p" => "--publish",
        "-e" => "--env",
        "-t" => "--tag",
        "--health-startup-cmd" | "--network" | "--volume" | "--mount" => flag,
        flag => flag,
    };
    if flag == "--mount"
        && let Some(volume) = volume(&csv(value))
    {
        return vec![volume];
    }
    let values = if is_list(flag, release) { csv(value) } else { vec![value.to_owned()] };
    values.into_iter().map(|value| [vec![flag.to_owned()], parts(flag, &value)].concat()).collect()
}

/// A mount in the form that `--volume` or `--tmpfs` has for it.
fn volume(fields: &[String]) -> Option<Vec<String>> {
    let get = |names: &[&str]| {
        let of = fields.iter().filter_map(|field| field.split_once('='));
        of.into_iter().find(|(name, _)| names.contains(name)).map(|(_, value)| value.to_owned())
    };
    let kind = get(&["type"]).filter(|kind| ["bind", "volume", "tmpfs"].contains(&kind.as_str()))?;
    let mut parts = vec![if kind == "tmpfs" { "--tmpfs" } else { "--volume" }.to_owned()];
    parts.extend(get(&["source", "src"]));
    parts.push(get(&["destination", "target", "dst"])?);
    for field in fields {
        match field.split_once('=').unwrap_or((field, "")) {
            ("type" | "source" | "src" | "destination" | "target" | "dst", _) => {}
            ("ro", "true") => parts.push("ro".to_owned()),
            ("relabel", "shared") => parts.push("z".to_owned()),
            ("bind-propagation", how) => parts.push(how.to_owned()),
            _ => return None,
        }
    }
    Some(parts)
}

fn parts(flag: &str, value: &str) -> Vec<String> {
    let owned = |parts: std::str::Split<'_, char>| parts.map(str::to_owned).collect::<Vec<_>>();
    match flag {
        "--volume" => owned(value.split(':')),
        "--tmpfs" => owned(value.split(':'))
            .into_iter()
            .take(1)
            .chain(value.split_once(':').map(|(_, options)| options.to_owned()))
            .collect(),
        "--add-host" => {
            let (names, address) = value.split_once(':').unwrap_or((value, "<nothing>"));
            owned(names.split(';')).into_iter().chain([address.to_owned()]).collect()
        }
        "--network" => {
            let (name, options) = value.split_once(':').unwrap_or((value, ""));
            // Behind a mode stands one text.
            if ["container", "pasta", "slirp4netns", "ns"].contains(&name) {
                return vec![name.to_owned(), options.to_owned()];
            }
            [name.to_owned()].into_iter().chain(owned(options.split(','))).collect()
        }
        "--secret" => owned(value.split(',')),
        "--mount" => {
            let mut fields = csv(value);
            fields.sort();
            fields
        }
        // The generator writes them small, and podman large.
        "--publish" => vec![value.trim_start_matches(':').to_owned()],
        "--cap-add" | "--cap-drop" => vec![value.to_lowercase()],
        "--health-cmd" | "--health-startup-cmd" => health(value),
        "--entrypoint" => serde_json::from_str(value).unwrap_or_else(|_| vec![value.to_owned()]),
        _ if PAIRS.contains(&flag) => match value.split_once('=') {
            Some((name, value)) => vec![name.to_owned(), value.to_owned()],
            None => vec![value.to_owned()],
        },
        _ => vec![value.to_owned()],
    }
}

/// A health check as podman runs it. Source: `makeHealthCheckFromCli`.
fn health(value: &str) -> Vec<String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let list: Option<Vec<String>> = serde_json::from_str(value).ok();
    let is_list = list.is_some();
    let words = list.unwrap_or_else(|| owned(&value.splitn(2, ' ').collect::<Vec<_>>()));
    match words.first().map(|word| word.to_uppercase()).as_deref() {
        None => owned(&["<no command>"]),
        Some("NONE") => owned(&["NONE"]),
        Some("CMD") => owned(&value.split_whitespace().collect::<Vec<_>>()),
        Some("CMD-SHELL") => words,
        Some(_) if is_list && words.len() > 1 => [owned(&["CMD"]), words].concat(),
        Some(_) => owned(&["CMD-SHELL", &words.join(" ")]),
    }
}

/// The fields of one line of CSV as Go reads it; what it refuses is marked.
pub fn csv(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = text.chars().peekable();
    let mut start = true;
    while let Some(c) = chars.next() {
        let last = fields.last_mut().expect("there is one");
        match c {
            '"' if start => loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        last.push('"');
                    }
                    Some('"') => break,
                    Some('\r') if chars.peek() == Some(&'\n') => {}
                    Some(c) => last.push(c),
                    None => return vec!["<bad CSV>".to_owned()],
                }
            },
            '"' => return vec!["<bad CSV>".to_owned()],
            ',' => {
                fields.push(String::new());
                start = true;
                continue;
            }
            '\n' => break,
            c => last.push(c),
        }
        start = false;
        let more = chars.peek().is_some_and(|next| !matches!(next, ',' | '\n'));
        if c == '"' && more {
            return vec!["<bad CSV>".to_owned()];
        }
    }
    if text.is_empty() { Vec::new() } else { fields }
}

/// What is wrong with a line of a unit in the eyes of systemd, whatever it says. Source: `unichar_is_valid` and
/// `LONG_LINE_MAX` in systemd's code, `MAX_ARG_STRLEN` in Linux's.
pub fn unreadable(line: &str) -> Option<&'static str> {
    let no_character = |c: char| ('\u{fdd0}'..='\u{fdef}').contains(&c) || u32::from(c) & 0xfffe == 0xfffe;
    if line.contains(no_character) {
        return Some("a noncharacter, for which systemd ignores the line");
    }
    if line.len() >= 1 << 20 {
        return Some("a line of 1 MiB, which systemd does not read");
    }
    let is_command = line.starts_with("Exec");
    (is_command && line.len() > 0x20000 && split(line).iter().any(|word| word.len() >= 0x20000))
        .then_some("a word of 128 KiB, which Linux starts no program with")
}

/// How often each entry stands in a unit: `[Section] Key`.
pub fn keys(text: &str) -> BTreeMap<String, usize> {
    let mut section = String::new();
    let mut keys = BTreeMap::new();
    // What stands for words that no line can hold is seen where the words are.
    let counts =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("Environment=\"QUADGEN_");
    for line in text.split('\n').filter(counts) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name.to_owned(),
            None => *keys.entry(format!("[{section}] {}", line.split('=').next().unwrap_or(line))).or_default() += 1,
        }
    }
    keys
}
