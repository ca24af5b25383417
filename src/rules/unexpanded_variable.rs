//! QG705: a variable that systemd should fill in and does not know.

use std::collections::BTreeMap;

use super::context::{Context, View};
use super::unset_variable;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashMap, HashSet};
use crate::model::{Format, Service, Unit, UnitEntry, UnitKind};
use crate::platform::systemd;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG705",
    name: "unexpanded-variable",
    summary: "`${NAME}` in a unit where only the container has that variable",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("unexpanded_variable.md"),
};

/// A variable in a value.
struct Use<'a> {
    entry: &'a UnitEntry,
    name: &'a str,
    /// By bytes, with the sign.
    from: usize,
    to: usize,
    /// Whether systemd puts something in its place.
    expanded: bool,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.stack.format == Format::Quadlet) {
        for unit in view.wiring.stack.units.values().filter(|unit| unit.kind == UnitKind::Container) {
            if !unit.may_say("$") {
                continue;
            }
            let name = unit.file.strip_suffix(".container").unwrap_or(&unit.file);
            if let Some(service) = view.wiring.stack.services.get(name) {
                of_unit(view, unit, service, sink);
            }
        }
    }
}

fn of_unit(view: &View<'_>, unit: &Unit, service: &Service, sink: &mut Sink) {
    // What these hold is known where the service runs only.
    if unit.all("Service", "EnvironmentFile").chain(unit.all("Service", "PassEnvironment")).next().is_some() {
        return;
    }
    let of_service: HashSet<&str> = unit.all("Service", "Environment").flat_map(assigned).collect();
    let of_container = service.variables();
    let known = |used: &Use<'_>| {
        !of_service.contains(used.name) && !systemd::sets(used.name) && of_container.contains_key(used.name)
    };
    let mut uses: BTreeMap<(bool, &str), Vec<Use<'_>>> = BTreeMap::new();
    // In an image, a port or a mount it is QG005, which also sees where nobody has the variable.
    let own =
        |entry: &&UnitEntry| entry.section == "Container" && !unset_variable::KEYS.contains(&entry.key.value.as_str());
    for entry in unit.entries.iter().filter(own) {
        for used in variables(entry).into_iter().filter(known) {
            // Its own value means another variable of the same name.
            if entry.key.value == "Environment" && assigned(entry).any(|own| own == used.name) {
                continue;
            }
            // What systemd leaves alone, a shell in the container may fill in.
            if used.expanded || entry.key.value == "Environment" {
                uses.entry((used.expanded, used.name)).or_default().push(used);
            }
        }
    }
    let places: HashMap<&str, Span> =
        of_container.into_iter().map(|(name, variable)| (name, variable.span())).collect();
    for ((expanded, name), uses) in uses {
        if let Some(finding) = finding(unit, name, expanded, &uses, places.get(name).copied()) {
            view.report(sink, finding);
        }
    }
}

fn finding(unit: &Unit, name: &str, expanded: bool, uses: &[Use<'_>], set: Option<Span>) -> Option<Diagnostic> {
    let (first, more) = uses.split_first()?;
    let (key, file) = (&first.entry.key.value, &unit.file);
    let written = text_of(first);
    let message = if expanded {
        format!("`{written}` in `{key}=` of {file} becomes nothing: only the container has `{name}`")
    } else {
        format!("`{written}` in `{key}=` of {file} stays as it is: the variable gets this text")
    };
    let here = if expanded { "empty" } else { "stays text" };
    let mut finding = Diagnostic::new(&RULE, place(first), message).here(here);
    for other in more {
        finding = finding.label(place(other), here);
    }
    if let Some(set) = set {
        finding = finding.label(set, format!("`{name}` of the container"));
    }
    if !expanded {
        return Some(
            finding
                .help("Why: systemd fills in `$NAME` only where it is a whole word, and Podman fills in nothing.")
                .help("What you see: `podman exec … env` shows the name with its `$`.")
                .help("What helps: the value itself."),
        );
    }
    finding = finding
        .help(
            "Why: systemd fills variables in when it starts Podman, from the service's own environment; `Environment=` \
             and `EnvironmentFile=` of [Container] are for the container.",
        )
        .help(format!(
            "What you see: the journal says `Referenced but unset environment variable evaluates to an empty string: \
             {name}`."
        ));
    if uses.iter().all(|used| is_for_a_shell(used.entry)) {
        let finding = finding.help(format!("What helps: `${written}`, which the shell in the container fills in."));
        let changes: Option<Vec<Change>> = uses.iter().map(double).collect();
        return Some(match changes {
            Some(changes) => finding.fix("leave it to the shell in the container", true, changes),
            None => finding,
        });
    }
    Some(finding.help(format!(
        "What helps: `Environment={name}=…` or an `EnvironmentFile=` in [Service], too; or the value itself."
    )))
}

/// Whether a shell in the container reads the value.
fn is_for_a_shell(entry: &UnitEntry) -> bool {
    let text = entry.value.value.trim_start();
    match entry.key.value.as_str() {
        "HealthCmd" | "HealthStartupCmd" => !text.starts_with('['),
        "Exec" => {
            let mut words = text.split_whitespace();
            let shell = words.next().and_then(|program| program.rsplit('/').next());
            matches!(shell, Some("sh" | "bash" | "ash" | "dash" | "zsh"))
                && words.next().is_some_and(|option| option.starts_with('-') && option.ends_with('c'))
        }
        _ => false,
    }
}

/// The sign once more, so that systemd leaves it alone.
fn double(used: &Use<'_>) -> Option<Change> {
    let at = part(used.entry, used.from, used.from + 1)?;
    Some(Change::Replace { span: at, text: "$$".to_owned() })
}

fn text_of<'a>(used: &Use<'a>) -> &'a str {
    used.entry.value.value.get(used.from..used.to).unwrap_or("")
}

fn place(used: &Use<'_>) -> Span {
    part(used.entry, used.from, used.to).unwrap_or_else(|| used.entry.value.span())
}

/// The place of a part of a value; nothing where it goes over several lines.
fn part(entry: &UnitEntry, from: usize, to: usize) -> Option<Span> {
    let span = entry.value.span();
    ((span.end - span.start) as usize == entry.value.value.len()).then(|| span.part(from, to))
}

/// The names that an `Environment=` gives values to.
fn assigned(entry: &UnitEntry) -> impl Iterator<Item = &str> {
    let words = entry.value.value.split_whitespace();
    words.filter_map(|word| Some(word.trim_start_matches(['"', '\'']).split_once('=')?.0))
}

/// Every variable of a value, as systemd looks for them in what the generator makes of it.
fn variables(entry: &UnitEntry) -> Vec<Use<'_>> {
    let text = entry.value.value.as_str();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = matches!(
        entry.key.value.as_str(),
        "Exec" | "PodmanArgs" | "GlobalArgs" | "Environment" | "Label" | "Annotation"
    );
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('$')) {
        let from = at + next;
        let rest = text.get(from + 1..).unwrap_or("");
        at = from + 1;
        if rest.starts_with('$') {
            at += 1;
            continue;
        }
        let braces = rest.starts_with('{');
        let inner = rest.get(usize::from(braces)..).unwrap_or("");
        let name = inner.split(|c| !is_name(c)).next().unwrap_or("");
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let behind = inner.get(name.len()..).and_then(|rest| rest.chars().next());
        if braces && behind != Some('}') {
            continue;
        }
        let to = from + 1 + name.len() + 2 * usize::from(braces);
        let whole = if words { word_at(text, from) } else { text.trim() };
        let alone = whole.trim_matches(['"', '\'']).len() == to - from;
        found.push(Use { entry, name, from, to, expanded: braces || alone });
        at = to;
    }
    found
}

/// The word with its quotes that an offset lies in.
fn word_at(text: &str, offset: usize) -> &str {
    let (mut start, mut quote, mut escaped) = (0, None, false);
    for (at, c) in text.char_indices() {
        if escaped || c == '\\' {
            escaped = !escaped;
            continue;
        }
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() && at < offset => start = at + c.len_utf8(),
            None if c.is_whitespace() => return text.get(start..at).unwrap_or(""),
            _ => {}
        }
    }
    text.get(start..).unwrap_or("")
}
