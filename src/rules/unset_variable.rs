//! QG005 for units: `${X}` that systemd is to replace, and nothing gives it a value. Of Compose files the reader says it.

use std::collections::BTreeMap;

use super::context::{Context, list, some};
use crate::diagnostic::{Diagnostic, Level, Sink};
use crate::maps::IndexMap;
use crate::model::{Keys, Service, Unit, UnitEntry};
use crate::platform::systemd;
use crate::source::Span;
use crate::syntax::interpolation::{Variables, replace};

/// QG005. The reader of Compose files reports it.
pub use crate::diagnostic::input::UNSET_VARIABLE as RULE;

/// The keys whose value makes or breaks a container.
pub(super) const KEYS: [&str; 7] = ["Image", "Rootfs", "PublishPort", "Volume", "Mount", "Network", "Subnet"];

/// Where a variable stands, and the file that gives it to the container only.
struct Use<'a> {
    unit: &'a Unit,
    span: Span,
    in_container: Option<Span>,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let mut unset: IndexMap<String, Vec<Use<'_>>> = IndexMap::default();
    const USED: Keys = Keys::of(&KEYS);
    for unit in context.stack.units.values().filter(|unit| unit.may_say("$")) {
        // A file of systemd's may say anything.
        if unit.all("Service", "EnvironmentFile").any(|entry| !entry.value.value.is_empty()) {
            continue;
        }
        let lines = unit.entries.iter().filter(|line| USED.may_hold(&line.key.value) && line.value.value.contains('$'));
        let lines = lines.filter(|line| line.section == unit.kind.section());
        for line in lines.filter(|line| KEYS.contains(&line.key.value.as_str())) {
            for (name, span) in variables(line) {
                if !is_set(unit, &name) {
                    let service = unit.file.strip_suffix(".container");
                    let service = service.and_then(|stem| context.stack.services.get(stem));
                    let in_container = service.and_then(|service| in_file(service, &name));
                    unset.entry(name).or_default().push(Use { unit, span, in_container });
                }
            }
        }
    }
    let (mixed_up, open): (IndexMap<_, _>, IndexMap<_, _>) =
        unset.into_iter().partition(|(_, uses)| uses.iter().any(|one| one.in_container.is_some()));
    for (name, uses) in &mixed_up {
        if let Some(finding) = of_container(name, uses) {
            context.report(sink, finding);
        }
    }
    if let Some(finding) = unknown(&open) {
        context.report(sink, finding);
    }
}

/// `${X}` in a value, with its place. `$X` counts only where it is a word of its own, which it hardly is here.
fn variables(line: &UnitEntry) -> Vec<(String, Span)> {
    struct Found(Vec<(String, std::ops::Range<usize>)>);
    impl Variables for Found {
        fn value(&mut self, _: &str) -> Option<String> {
            None
        }
        fn unset(&mut self, name: &str, range: std::ops::Range<usize>) {
            self.0.push((name.to_owned(), range));
        }
    }
    let text = &line.value.value;
    let mut found = Found(Vec::new());
    // What is no expression here is none of systemd's either.
    if replace(text, &mut found).is_err() {
        return Vec::new();
    }
    let span = line.value.span();
    let as_read = (span.end - span.start) as usize == text.len();
    let braced =
        found.0.into_iter().filter(|(_, range)| text.get(range.start + 1..).is_some_and(|rest| rest.starts_with('{')));
    braced.map(|(name, range)| (name, if as_read { span.part(range.start, range.end) } else { span })).collect()
}

/// Whether the unit gives a variable to the commands of its service.
fn is_set(unit: &Unit, name: &str) -> bool {
    let entries = |key| unit.all("Service", key).map(|entry| entry.value.value.as_str());
    let words = |key| entries(key).flat_map(str::split_whitespace);
    let set = words("Environment").map(|word| word.trim_start_matches(['"', '\'']));
    systemd::sets(name)
        || set.filter_map(|word| word.split_once('=')).any(|(known, _)| known == name)
        || words("PassEnvironment").any(|word| word == name)
}

/// Where an env file of the container has a variable.
fn in_file(service: &Service, name: &str) -> Option<Span> {
    let files = service.env_files.iter().filter_map(|file| file.variables.as_ref());
    files.filter_map(|variables| variables.get(name)).map(|variable| variable.span()).next()
}

fn of_container(name: &str, uses: &[Use<'_>]) -> Option<Diagnostic> {
    let first = uses.first()?;
    let message = format!("`${{{name}}}` in {} becomes nothing: only the container gets it", first.unit.file);
    let mut finding = Diagnostic::new(&RULE, first.span, message).here("empty");
    for one in uses {
        finding = finding.label(one.span, "here, too");
        if let Some(file) = one.in_container {
            finding = finding.label(file, "for programs inside the container");
        }
    }
    Some(
        finding
            .help(
                "Why: systemd replaces variables before it starts Podman, out of `Environment=` and `EnvironmentFile=` of \
                 [Service]; those of [Container] are handed to the container.",
            )
            .help(format!(
                "What you see: `Referenced but unset environment variable evaluates to an empty string: {name}` in the \
                 journal, and a container that does not start."
            ))
            .help("What helps: the same `EnvironmentFile=` in a section [Service], with a whole path (`%h/…`)."),
    )
}

fn unknown(open: &IndexMap<String, Vec<Use<'_>>>) -> Option<Diagnostic> {
    let first = open.values().flatten().next()?;
    let names = some(open.keys().map(|name| format!("`${{{name}}}`")));
    let message = format!("nothing here gives {names} a value, so it has to come from the environment of systemd");
    let mut finding = Diagnostic::new(&RULE, first.span, message).severity(Level::Info).here("from where?");
    // One place for each variable is enough.
    for one in open.values().filter_map(|uses| uses.first()) {
        finding = finding.label(one.span, "and this");
    }
    let files: BTreeMap<&str, ()> = open.values().flatten().map(|one| (one.unit.file.as_str(), ())).collect();
    Some(
        finding
            .help("Why: systemd replaces variables before it starts Podman; one that nobody set becomes nothing.")
            .help(format!(
                "What helps: `Environment=` or `EnvironmentFile=` in [Service] of {}; or a file in \
                 `~/.config/environment.d/`, which the user's systemd reads.",
                if files.len() > 3 { "these units".to_owned() } else { list(files.keys()) }
            )),
    )
}
