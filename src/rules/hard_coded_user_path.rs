//! QG709: a path of one user in a unit of a user.

use std::collections::BTreeSet;

use super::context::Context;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Keys, Unit, UnitEntry};
use crate::platform::Aspect;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG709",
    name: "hard-coded-user-path",
    summary: "`/home/NAME` or `/run/user/UID` in a unit of a user, where `%h` or `%t` belongs",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("hard_coded_user_path.md"),
};

/// Keys of a unit's own section whose value begins with a path of the host.
const PATHS: [&str; 13] = [
    "Volume",
    "EnvironmentFile",
    "AuthFile",
    "CertDir",
    "ConfigMap",
    "DecryptionKey",
    "File",
    "IgnoreFile",
    "Rootfs",
    "SeccompProfile",
    "SetWorkingDirectory",
    "AddDevice",
    "Yaml",
];

/// A path of a user in a value.
struct Found<'a> {
    entry: &'a UnitEntry,
    /// By bytes: what a specifier can take the place of.
    from: usize,
    to: usize,
}

impl Found<'_> {
    fn text(&self) -> &str {
        self.entry.value.value.get(self.from..self.to).unwrap_or("")
    }

    fn specifier(&self) -> &'static str {
        if self.text().starts_with("/home/") { "%h" } else { "%t" }
    }

    /// Its place; nothing where the value goes over several lines.
    fn place(&self) -> Option<Span> {
        let span = self.entry.value.span();
        ((span.end - span.start) as usize == self.entry.value.value.len()).then(|| span.part(self.from, self.to))
    }
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let views = context.views.iter().filter(|view| view.wiring.stack.format == Format::Quadlet);
    // Root's units may well use what lies in somebody's home.
    for view in views.filter(|view| view.wiring.platform.rootless) {
        let units = &view.wiring.stack.units;
        let keys: Keys = PATHS.into_iter().chain(["Mount", "WorkingDirectory"]).collect();
        let found = units.values().map(|unit| (unit, of_unit(unit, keys))).filter(|(_, found)| !found.is_empty());
        let found: Vec<(&Unit, Vec<Found<'_>>)> = found.collect();
        // Where there are several, not all of them are the home of the one user.
        let users: BTreeSet<&str> = found.iter().flat_map(|(_, found)| found.iter().map(Found::text)).collect();
        let one = |path: &str| users.iter().filter(|user| user.starts_with(path)).count() <= 1;
        let one = one("/home/") && one("/run/user/");
        let stated = !view.wiring.platform.assumed.contains_key(&Aspect::Rootless);
        for (unit, found) in &found {
            for specifier in ["%h", "%t"] {
                let found: Vec<&Found<'_>> = found.iter().filter(|found| found.specifier() == specifier).collect();
                if let Some(finding) = finding(unit, &found, stated, one) {
                    view.report(sink, finding);
                }
            }
        }
    }
}

fn finding(unit: &Unit, found: &[&Found<'_>], stated: bool, one: bool) -> Option<Diagnostic> {
    let (first, more) = found.split_first()?;
    let (path, specifier) = (first.text(), first.specifier());
    let home = specifier == "%h";
    let what = if home { "the home" } else { "the runtime folder" };
    let message = if home {
        let name = path.strip_prefix("/home/").unwrap_or(path);
        format!("{} holds `{path}`, which looks like the home of `{name}`: then it works for that user only", unit.file)
    } else {
        format!("{} holds `{path}`: the unit works for that user only", unit.file)
    };
    let place = |found: &Found<'_>| found.place().unwrap_or_else(|| found.entry.value.span());
    let mut finding = Diagnostic::new(&RULE, place(first), message)
        .severity(if stated { Level::Warning } else { Level::Info })
        .here(format!("`{specifier}` of that user"));
    for found in more {
        finding = finding.label(place(found), "here, too");
    }
    finding = finding
        .help(format!("Why: a user's systemd puts {what} of its own user in place of `{specifier}`."))
        .help(
            "What you see: for another user, `Error: statfs PATH: no such file or directory`, or `permission denied`.",
        )
        .help(format!("What helps: `{specifier}` in place of `{path}`."));
    let change = |found: &&Found<'_>| Some(Change::Replace { span: found.place()?, text: specifier.to_owned() });
    let changes: Option<Vec<Change>> = found.iter().map(change).collect();
    Some(match changes {
        Some(changes) if one && stated => {
            // A folder of that name may be nobody's home, or that of another user than the unit's.
            finding.fix(format!("write `{specifier}`"), !home, changes)
        }
        _ => finding,
    })
}

/// Paths of the host in a unit; those in the container say nothing about a user of the host.
fn of_unit(unit: &Unit, keys: Keys) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    if !unit.may_say("/home/") && !unit.may_say("/run/user/") {
        return found;
    }
    for entry in &unit.entries {
        let (key, text) = (entry.key.value.as_str(), entry.value.value.as_str());
        if !keys.may_hold(key) && !key.starts_with("Exec") {
            continue;
        }
        let own = entry.section == unit.kind.section();
        let in_service = entry.section == "Service";
        let starts: Vec<usize> = match key {
            _ if own && PATHS.contains(&key) => vec![text.len() - text.trim_start_matches(['"', '\'', '-']).len()],
            "Mount" if own => {
                ["source=", "src="].iter().filter_map(|name| Some(text.find(name)? + name.len())).collect()
            }
            "EnvironmentFile" | "WorkingDirectory" if in_service => {
                vec![text.len() - text.trim_start_matches('-').len()]
            }
            _ if in_service && key.starts_with("Exec") => {
                let words = text.match_indices("/home/").chain(text.match_indices("/run/user/"));
                let begins = |at: usize| {
                    text.get(..at)
                        .is_some_and(|before| before.is_empty() || before.ends_with([' ', '"', '\'', '=', '@', '-']))
                };
                words.map(|(at, _)| at).filter(|at| begins(*at)).collect()
            }
            _ => continue,
        };
        for from in starts {
            if let Some(length) = text.get(from..).and_then(of_a_user) {
                found.push(Found { entry, from, to: from + length });
            }
        }
    }
    found.sort_by_key(|found| (found.entry.value.span(), found.from));
    found
}

/// How long the part of a path is that a specifier stands for.
fn of_a_user(path: &str) -> Option<usize> {
    let (above, rest) = ["/home/", "/run/user/"].iter().find_map(|above| Some((*above, path.strip_prefix(above)?)))?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len());
    let name = rest.get(..end).filter(|name| !name.is_empty())?;
    let behind = rest.get(end..).and_then(|rest| rest.chars().next());
    let whole = behind.is_none_or(|c| matches!(c, '/' | ':' | ',' | '"' | '\'') || c.is_whitespace());
    let number = above == "/home/" || name.bytes().all(|byte| byte.is_ascii_digit());
    (whole && number).then_some(above.len() + end)
}
