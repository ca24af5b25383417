//! Values are put where they belong, rendered, and read by the real generators.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Diagnostic, Level};
use quadgen::model::{Format, Version};
use quadgen::platform::{Platform, keys, parse_spec};
use quadgen::prove::prove;
use quadgen::read::{Read, compose, topology};
use quadgen::render::{Layout, Options, Rendered, Target, lay_out, render};
use quadgen::source::SourceMap;

use super::file::{OUTSIDE, project, text};
use super::support::{Generated, generate, quadlet_generators};
use super::table::Row;
use super::tree::Memory;
use super::words::{Command, clean, command, keys as keys_of, unreadable};

/// What a value is put into, and which release it is rendered for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Where {
    pub topology: bool,
    pub podman: &'static str,
}

impl Where {
    pub const ALL: [Where; 6] = [
        Where { topology: false, podman: "5.4.2" },
        Where { topology: false, podman: "5.8.6" },
        Where { topology: true, podman: "5.4.2" },
        Where { topology: true, podman: "5.8.6" },
        Where { topology: false, podman: "4.9.4" },
        Where { topology: false, podman: "4.6.2" },
    ];

    fn platform(self) -> Platform {
        let words = format!("podman@{},netavark@1.14,rootless", self.podman);
        Platform::resolve("here", parse_spec(&words).unwrap(), Format::Topology)
    }
}

/// A value at the place of a row.
pub struct Case {
    pub row: usize,
    pub value: String,
    pub place: Where,
}

/// What came of a file.
enum Outcome {
    Refused(Vec<(Range<usize>, String)>),
    Written { rendered: Rendered, told: Vec<(Range<usize>, String)>, unproven: Vec<String> },
}

/// What a harmless value gives.
#[derive(Default)]
struct Plain {
    files: BTreeSet<String>,
    keys: BTreeMap<String, BTreeMap<String, usize>>,
    told: BTreeSet<String>,
    /// Whether the proof takes it.
    proven: bool,
    services: Services,
}

/// Services by their names: their commands, each with its key, and how often each entry stands there.
type Services = BTreeMap<String, (Vec<(String, Command)>, BTreeMap<String, usize>)>;

/// The rows with what harmless values give, and the generators.
pub struct Bench<'a> {
    rows: &'a [Row],
    generators: HashMap<String, PathBuf>,
    plain: HashMap<(usize, Where), Option<Plain>>,
    next: usize,
    counts: [usize; 4],
    /// What the proof does not even take with a harmless value.
    pub unproven: Vec<String>,
}

impl<'a> Bench<'a> {
    pub fn new(rows: &'a [Row]) -> Self {
        let generators = quadlet_generators().into_iter().collect();
        let mut bench =
            Bench { rows, generators, plain: HashMap::new(), next: 0, counts: [0; 4], unproven: Vec::new() };
        let mut wrong = Vec::new();
        for place in Where::ALL {
            bench.learn(place, &mut wrong);
        }
        assert!(
            wrong.is_empty(),
            "{} rows that do not even work with a harmless value:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        bench
    }

    pub fn summary(&self) -> String {
        let [arrived, told, refused, unlearned] = self.counts;
        format!(
            "hostile values: {arrived} arrived, {told} reported, {refused} refused, {unlearned} not for that release or format"
        )
    }

    fn id(&mut self) -> String {
        self.next += 1;
        // Letters only: harmless values are numbers, too.
        format!("q{:06}", self.next)
            .chars()
            .map(|c| c.to_digit(10).map_or(c, |digit| (b'a' + digit as u8) as char))
            .collect()
    }

    /// What harmless values give in one place.
    fn learn(&mut self, place: Where, wrong: &mut Vec<String>) {
        let top = tempfile::tempdir().unwrap();
        let folder = units(top.path());
        let mut written = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            // A topology has no variables.
            if place.topology && row.file.to_string().contains(OUTSIDE) {
                self.plain.insert((at, place), None);
                continue;
            }
            let id = self.id();
            let name = || format!("{} {} {place:?}", row.path, row.file);
            match attempt(row, &id, row.plain, place).0 {
                // Not everything can be said everywhere; in a Compose file for a newer release all can.
                Outcome::Refused(why) => {
                    if place == Where::ALL[1] {
                        wrong.push(format!("{}: {why:?}", name()));
                    }
                    self.plain.insert((at, place), None);
                }
                Outcome::Written { rendered, told, unproven } => {
                    if !unproven.is_empty() && place == Where::ALL[1] {
                        self.unproven.push(row.path.clone());
                    }
                    save(&rendered, &folder);
                    let mut plain = Plain::default();
                    for file in &rendered.files {
                        let name = file.name.replace(&id, "ID");
                        plain.files.insert(name.clone());
                        plain.keys.insert(name, keys_of(&file.text));
                    }
                    plain.proven = unproven.is_empty();
                    plain.told = told.into_iter().map(|(_, message)| message.replace(&id, "ID")).collect();
                    written.push((at, id, plain));
                }
            }
        }
        let made = self.generators.get(place.podman).map(|generator| generate(generator, &folder, true));
        if let Some(made) = &made
            && !made.complaints().is_empty()
        {
            wrong.push(format!("{place:?}: {:#?}", made.complaints()));
        }
        for (at, id, mut plain) in written {
            let row = &self.rows[at];
            if let Some(made) = &made {
                plain.services = services(made, &id, &folder, place.podman.parse().unwrap());
                let shown = row.shows.is_empty()
                    || plain
                        .services
                        .values()
                        .flat_map(|(commands, _)| commands)
                        .any(|(_, command)| shows(command, &row.shows));
                if !shown && plain.told.is_empty() {
                    wrong.push(format!(
                        "{} {} {place:?}: no {:?} in {:?}",
                        row.path,
                        row.file,
                        row.shows,
                        plain
                            .services
                            .values()
                            .flat_map(|(commands, _)| commands)
                            .map(|(_, command)| command)
                            .collect::<Vec<_>>()
                    ));
                }
                if place == Where::ALL[1] && !plain.told.is_empty() {
                    wrong.push(format!("{} {} {place:?}: told {:?}", row.path, row.file, plain.told));
                }
            }
            self.plain.insert((at, place), Some(plain));
        }
    }

    /// Tries a value that no word of a command can hold: it has to be refused, or reported where it stands.
    pub fn too_long(&mut self, row: usize, value: &str, place: Where) -> Option<String> {
        let id = self.id();
        self.plain.get(&(row, place))?.as_ref().filter(|_| !self.rows[row].names)?;
        let (outcome, places) = attempt(&self.rows[row], &id, value, place);
        let all = match &outcome {
            Outcome::Refused(all) | Outcome::Written { told: all, .. } => all,
        };
        let told =
            all.iter().any(|(range, _)| places.iter().any(|place| range.start < place.end && place.start <= range.end));
        if let (false, Outcome::Written { rendered, .. }) = (told, &outcome) {
            // What stands nowhere does no harm.
            let stands = rendered.files.iter().any(|file| file.text.len() > value.len());
            return stands.then(|| format!("{} {}: written", self.rows[row].path, self.rows[row].file));
        }
        (!told).then(|| format!("{} {}: not told there", self.rows[row].path, self.rows[row].file))
    }

    /// Tries cases, all in one run of each generator; those that fail, and how.
    pub fn try_all(&mut self, cases: &[Case]) -> Vec<(usize, String)> {
        let mut failed = Vec::new();
        let mut folders: HashMap<&str, tempfile::TempDir> = HashMap::new();
        let mut written = Vec::new();
        for (at, case) in cases.iter().enumerate() {
            let id = self.id();
            let row = &self.rows[case.row];
            let plain = self.plain.get(&(case.row, case.place)).and_then(Option::as_ref);
            let Some(plain) = plain.filter(|_| !case.value.contains(|c| row.apart.contains(c))) else {
                self.counts[3] += 1;
                continue;
            };
            let (outcome, places) = attempt(row, &id, &case.value, case.place);
            let in_place = |range: &Range<usize>| {
                places.iter().any(|place| range.start < place.end && place.start < range.end.max(range.start + 1))
            };
            match outcome {
                Outcome::Refused(why) => {
                    self.counts[2] += 1;
                    if !why.iter().any(|(range, _)| in_place(range)) {
                        failed.push((at, format!("refused elsewhere: {why:?}")));
                    }
                }
                Outcome::Written { rendered, told, unproven } => {
                    let told: Vec<_> =
                        told.into_iter().filter(|(_, said)| !plain.told.contains(&said.replace(&id, "ID"))).collect();
                    self.counts[usize::from(!told.is_empty())] += 1;
                    let mut faults = Vec::new();
                    if !told.is_empty() && !told.iter().any(|(range, _)| in_place(range)) {
                        faults.push(format!("told elsewhere: {told:?}"));
                    }
                    if plain.proven && !unproven.is_empty() {
                        faults.push(format!("the proof: {unproven:?}"));
                    }
                    let swapped = |text: &str| text.replace("ID", &id).replace(row.plain, &case.value);
                    // Of what is made from the value, only the characters are known.
                    let told = if row.names { vec![(0..0, String::new())] } else { told };
                    faults.extend(gained(plain, &rendered, &swapped, told.is_empty(), row.names));
                    faults
                        .extend(rendered.files.iter().filter_map(|file| bad_keys(&file.name, &file.text, case.place)));
                    if faults.is_empty() && self.generators.contains_key(case.place.podman) {
                        let folder = folders.entry(case.place.podman).or_insert_with(|| tempfile::tempdir().unwrap());
                        save(&rendered, &units(folder.path()));
                        written.push((at, id, told.is_empty()));
                    }
                    failed.extend(faults.into_iter().map(|fault| (at, fault)));
                }
            }
        }
        for (podman, folder) in &folders {
            let made = generate(&self.generators[*podman], &units(folder.path()), true);
            let complaints = made.complaints();
            let mut blamed = 0;
            for (at, id, whole) in written.iter().filter(|(at, ..)| cases[*at].place.podman == *podman) {
                let case = &cases[*at];
                let own: Vec<&&str> = complaints.iter().filter(|line| line.contains(id.as_str())).collect();
                blamed += own.len();
                if !own.is_empty() {
                    failed.push((*at, format!("the generator says: {own:?}")));
                    continue;
                }
                let Some(Some(plain)) = self.plain.get(&(case.row, case.place)) else { continue };
                if let Some(fault) = differs(
                    plain,
                    &services(&made, id, &units(folder.path()), podman.parse().unwrap()),
                    &self.rows[case.row],
                    &case.value,
                    *whole,
                ) {
                    failed.push((*at, fault));
                }
            }
            assert!(blamed >= complaints.len() || !failed.is_empty(), "{complaints:#?}");
        }
        failed
    }
}

/// The folder of units in a folder of a run's own, so deep that some `..` stay in that.
fn units(top: &Path) -> PathBuf {
    let folder = top.join("a/b/c/units");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn top(units: &Path) -> &Path {
    units.ancestors().nth(4).unwrap()
}

fn save(rendered: &Rendered, folder: &Path) {
    for file in &rendered.files {
        std::fs::write(folder.join(&file.name), &file.text).unwrap();
    }
}

/// Reads a file with a value, and renders it. Also where the value stands.
fn attempt(row: &Row, id: &str, value: &str, place: Where) -> (Outcome, Vec<Range<usize>>) {
    let platform = place.platform();
    let outside = row.file.to_string().contains(OUTSIDE);
    let dollar = if place.topology { "$" } else { "$$" };
    let (text, places) = text(&project(&row.file), id, value, dollar);
    let mut sources = SourceMap::default();
    let Read { stack, diagnostics, .. } = match place.topology {
        false => {
            let environment = BTreeMap::from([("OUT".to_owned(), value.to_owned())]);
            let environment = if outside { environment } else { BTreeMap::new() };
            let files = vec!["/units/compose.yaml".into()];
            let request = compose::Request { files, environment, ..Default::default() };
            compose::read(&mut sources, &Memory::new([("compose.yaml", text)]), &request)
        }
        true => {
            let file = sources.add("topology.yaml", text);
            topology::read(sources.file(file))
        }
    };
    let range = |found: &Diagnostic| {
        let (span, file) = (found.span(), sources.file_of(found.span()));
        let range = file.map_or(0..0, |file| file.local(span.start)..file.local(span.end));
        (range, found.message.clone())
    };
    let errors: Vec<_> = diagnostics.iter().filter(|found| found.severity == Level::Error).map(range).collect();
    let Some(stack) = stack.filter(|stack| stack.complete && errors.is_empty()) else {
        return (Outcome::Refused(errors), places);
    };
    let laid_out = match lay_out(&stack, &platform, &Layout::new("", None).unwrap()) {
        Ok(stack) => stack,
        Err(refused) => return (Outcome::Refused(refused.iter().map(range).collect()), places),
    };
    let outcome = match render(&laid_out, &platform, Target::Quadlet, &Options::default(), "x") {
        Err(refused) => Outcome::Refused(refused.iter().map(range).collect()),
        Ok(rendered) => {
            let told = rendered.findings.iter().map(range).collect();
            let unproven = prove(&laid_out, &platform, Target::Quadlet, &rendered);
            let unproven = unproven.into_iter().map(|found| found.message).collect();
            Outcome::Written { rendered, told, unproven }
        }
    };
    (outcome, places)
}

/// What the files have that those of a harmless value have not.
fn gained(
    plain: &Plain,
    rendered: &Rendered,
    swapped: &dyn Fn(&str) -> String,
    whole: bool,
    names: bool,
) -> Vec<String> {
    let mut faults = Vec::new();
    let expected: BTreeSet<String> = plain.files.iter().map(|name| swapped(name)).collect();
    for file in &rendered.files {
        if file.name.ends_with(".env") {
            if let Some(line) = file.text.split('\n').find(|line| line.len() >= 0x10000) {
                faults.push(format!("{}: a line of {} bytes, which Podman does not read", file.name, line.len()));
            }
            continue;
        }
        let raw = file.text.split('\n').any(|line| line.contains(char::is_control));
        if names {
            if raw || file.name.contains(char::is_control) {
                faults.push(format!("{:?}: a control character", file.name));
            }
            continue;
        }
        let Some((name, _)) =
            plain.files.iter().map(|name| (name, swapped(name))).find(|(_, swapped)| *swapped == file.name)
        else {
            faults.push(format!("a file more: {:?}, {expected:?}", file.name));
            continue;
        };
        if raw {
            faults.push(format!("{}: a control character", file.name));
        }
        if let Some(why) = file.text.split('\n').find_map(unreadable) {
            faults.push(format!("{}: {why}", file.name));
        }
        let (before, after) = (&plain.keys[name], keys_of(&file.text));
        let more: Vec<_> = after.iter().filter(|(key, count)| before.get(*key).unwrap_or(&0) < count).collect();
        let total = |keys: &BTreeMap<String, usize>| keys.values().sum::<usize>();
        // An argument may stand for a key.
        let only_arguments = more
            .iter()
            .all(|(key, _)| key.ends_with("PodmanArgs") || key.ends_with("Mount") || key.contains("] Environment"));
        // Whether a folder is made goes by what its path looks like.
        let made = "[Service] ExecStartPre";
        let folder = usize::from(!after.contains_key(made) && before.contains_key(made));
        if !only_arguments || total(&after) > total(before) || (whole && total(&after) + folder < total(before)) {
            faults.push(format!("{}: other entries: {after:?} in place of {before:?}", file.name));
        }
    }
    let units = rendered.files.iter().filter(|file| !file.name.ends_with(".env")).count();
    if whole && units < expected.iter().filter(|name| !name.ends_with(".env")).count() {
        faults.push("a file is missing".to_owned());
    }
    faults
}

/// A key that the release does not have.
fn bad_keys(name: &str, text: &str, place: Where) -> Option<String> {
    let version: Version = place.podman.parse().unwrap();
    if name.ends_with(".env") || name.ends_with(".target") {
        return None;
    }
    let all = keys_of(text);
    let own = ["Container", "Network", "Volume", "Build"];
    let bad = all.keys().find(|entry| {
        let (section, key) = entry.trim_start_matches('[').split_once("] ").unwrap();
        own.contains(&section) && keys::find(section, key).is_none_or(|key| key.since() > version)
    })?;
    Some(format!("{name}: Podman {version} has no {bad}"))
}

/// What a generator made of the units of an id.
fn services(made: &Generated, id: &str, folder: &Path, release: Version) -> Services {
    let of = made.services.iter().filter(|(name, _)| name.contains(id));
    of.map(|(name, unit)| {
        let entries =
            unit.sections.iter().flat_map(|(section, entries)| entries.iter().map(move |entry| (section, entry)));
        let mut commands = Vec::new();
        let mut keys = BTreeMap::new();
        for (section, (key, value)) in entries {
            // The generator says what a path needs as it thinks fit.
            let stands_for_a_word = key == "Environment" && value.starts_with("\"QUADGEN_");
            if section.starts_with("X-") || key == "RequiresMountsFor" || stands_for_a_word {
                continue;
            }
            *keys.entry(format!("[{section}] {key}")).or_default() += 1;
            if key.starts_with("Exec") {
                let mut command = command(value, release);
                command.env_files(folder);
                command.each(|text| clean(&text.replace(id, "ID").replace(&*top(folder).to_string_lossy(), "TOP")));
                commands.push((key.clone(), command));
            }
        }
        if let Some(why) = unit.text.split('\n').find_map(unreadable) {
            keys.insert(format!("{why}: {name}"), 1);
        }
        (name.replace(id, "ID"), (commands, keys))
    })
    .collect()
}

/// How services differ from those of a harmless value.
fn differs(plain: &Plain, found: &Services, row: &Row, value: &str, whole: bool) -> Option<String> {
    let names: BTreeSet<String> = plain.services.keys().map(|name| name.replace(row.plain, value)).collect();
    if whole && names != found.keys().cloned().collect() {
        return Some(format!("services {:?} in place of {names:?}", found.keys()));
    }
    for (name, (commands, keys)) in &plain.services {
        let Some((now, keys_now)) = found.get(&name.replace(row.plain, value)) else { continue };
        let is_made = |command: &Command| command.rest.first().is_some_and(|words| words[0].ends_with("/mkdir"));
        let made = |commands: &[(String, Command)]| commands.iter().filter(|(_, command)| is_made(command)).count();
        let unmade = made(commands) > made(now);
        let mut keys = keys.clone();
        if unmade {
            keys.remove("[Service] ExecStartPre");
        }
        if keys_now.iter().any(|(key, count)| keys.get(key).unwrap_or(&0) < count) || (whole && keys != *keys_now) {
            return Some(format!("{name}: {keys_now:?} in place of {keys:?}"));
        }
        if !whole {
            continue;
        }
        let wanted: Vec<_> = commands
            .iter()
            .filter(|(_, command)| !unmade || !is_made(command))
            .map(|(key, command)| (key, command.with(row.plain, value)))
            .collect();
        for ((key, wanted), (_, now)) in wanted.iter().zip(now) {
            if wanted != now {
                return Some(format!("{name} {key}: {}", difference(wanted, now)));
            }
        }
    }
    None
}

/// Where two commands differ.
fn difference(wanted: &Command, now: &Command) -> String {
    let only = |a: &[Vec<String>], b: &[Vec<String>]| -> Vec<Vec<String>> {
        a.iter()
            .filter(|option| !b.contains(option))
            .map(|parts| parts.iter().map(|part| part.chars().take(200).collect()).collect())
            .collect()
    };
    format!(
        "{:?} {:?} in place of {:?} {:?}",
        only(&now.options, &wanted.options),
        only(&now.rest, &wanted.rest),
        only(&wanted.options, &now.options),
        only(&wanted.rest, &now.rest)
    )
}

/// Whether a command has some words: an option with parts of its value, or words behind.
fn shows(command: &Command, words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let all = command.options.iter().chain(&command.rest);
    all.into_iter().any(|parts| {
        let mut parts = parts.iter();
        words.iter().all(|word| parts.any(|part| part == word || (!word.starts_with('-') && part.contains(word))))
    })
}
