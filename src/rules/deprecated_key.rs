//! QG702: a key of a unit that has a successor.

use super::context::{Context, View};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Unit, UnitEntry};
use crate::platform::keys;

pub static RULE: Rule = Rule {
    code: "QG702",
    name: "deprecated-key",
    summary: "a key of a unit that Podman calls deprecated, and its successor",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("deprecated_key.md"),
};

/// Keys that say together how users are mapped.
const MAPPING: [&str; 4] = ["RemapUsers", "RemapUid", "RemapGid", "RemapUidSize"];

/// Their successors, beside which Podman refuses the old ones.
const NEWER: [&str; 5] = ["UserNS", "UIDMap", "GIDMap", "SubUIDMap", "SubGIDMap"];

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.stack.format == Format::Quadlet) {
        for unit in view.wiring.stack.units.values() {
            mapping(view, unit, sink);
            others(view, unit, sink);
        }
    }
}

/// Whether the platform's Podman has a key.
fn has(view: &View<'_>, unit: &Unit, key: &str) -> bool {
    keys::find(unit.kind.section(), key).is_some_and(|known| known.since() <= view.wiring.platform.version)
}

fn entries(unit: &Unit) -> impl Iterator<Item = &UnitEntry> {
    let own = unit.kind.section();
    unit.entries.iter().filter(move |entry| entry.section == own)
}

fn help(finding: Diagnostic, what: &str) -> Diagnostic {
    finding
        .help("Why: Podman's manual does not name the key any more; the generator still takes it.")
        .help(format!("What helps: {what}."))
}

/// The keys that map users are one thing.
fn mapping(view: &View<'_>, unit: &Unit, sink: &mut Sink) {
    // Without this one there is nothing to say in other words.
    if unit.last(unit.kind.section(), "RemapUsers").is_none() {
        return;
    }
    let old: Vec<&UnitEntry> = entries(unit).filter(|entry| MAPPING.contains(&entry.key.value.as_str())).collect();
    let newer = entries(unit).any(|entry| NEWER.contains(&entry.key.value.as_str()));
    let Some((first, more)) = old.split_first() else { return };
    if newer || !old.iter().all(|entry| has(view, unit, &entry.key.value)) {
        return;
    }
    let Some(lines) = successors(unit) else { return };
    let keys: Vec<&str> = lines.iter().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    if !keys.iter().all(|key| has(view, unit, key)) {
        return;
    }
    let message = format!("{} maps users with `{}=`, which is deprecated", unit.file, first.key.value);
    let mut finding = Diagnostic::new(&RULE, first.key.span(), message).here("deprecated");
    for entry in more {
        finding = finding.label(entry.key.span(), "a part of it");
    }
    let shown: Vec<String> = lines.iter().map(|line| format!("`{line}`")).collect();
    finding = help(finding, &shown.join(", "));
    let written = first.key.span().to(first.value.span());
    // A drop-in of several units is not one unit's to change.
    if old.iter().all(|entry| is_in_file(unit, entry)) {
        let mut changes = vec![Change::Replace { span: written, text: lines.join("\n") }];
        changes.extend(more.iter().map(|entry| Change::Remove { span: entry.key.span() }));
        finding = finding.fix("write it with the newer keys", true, changes);
    }
    view.report(sink, finding);
}

fn is_in_file(unit: &Unit, entry: &UnitEntry) -> bool {
    unit.span.start <= entry.key.span().start && entry.value.span().end <= unit.span.end
}

/// The lines that say the same; nothing where the generator refuses what is there.
fn successors(unit: &Unit) -> Option<Vec<String>> {
    let text = |key: &str| unit.last(unit.kind.section(), key).map(|entry| entry.value.value.trim().to_owned());
    let words = |key: &str| -> Vec<String> {
        let lines = unit.all(unit.kind.section(), key);
        lines.flat_map(|entry| entry.value.value.split_whitespace().map(str::to_owned)).collect()
    };
    let users = text("RemapUsers")?;
    let (uids, gids) = (words("RemapUid"), words("RemapGid"));
    let plain = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit() || b":@+".contains(&byte));
    if !uids.iter().chain(&gids).all(plain) {
        return None;
    }
    let options = |options: Vec<String>| {
        let behind = if options.is_empty() { String::new() } else { format!(":{}", options.join(",")) };
        Some(vec![format!("UserNS={users}{behind}")])
    };
    match users.as_str() {
        "manual" => {
            let mut lines: Vec<String> = uids.iter().map(|uid| format!("UIDMap={uid}")).collect();
            lines.extend(gids.iter().map(|gid| format!("GIDMap={gid}")));
            (!lines.is_empty()).then_some(lines)
        }
        "auto" => {
            let mut all: Vec<String> = uids.iter().map(|uid| format!("uidmapping={uid}")).collect();
            all.extend(gids.iter().map(|gid| format!("gidmapping={gid}")));
            let size = text("RemapUidSize").and_then(|size| size.parse::<u32>().ok());
            all.extend(size.filter(|size| *size > 0).map(|size| format!("size={size}")));
            options(all)
        }
        "keep-id" if uids.len() <= 1 && gids.len() <= 1 => {
            let mut all: Vec<String> = uids.iter().map(|uid| format!("uid={uid}")).collect();
            all.extend(gids.iter().map(|gid| format!("gid={gid}")));
            options(all)
        }
        _ => None,
    }
}

/// Keys that stand for themselves.
fn others(view: &View<'_>, unit: &Unit, sink: &mut Sink) {
    let section = unit.kind.section();
    let old: Vec<&str> = keys::deprecated(section).filter(|key| unit.last(section, key).is_some()).collect();
    if old.is_empty() {
        return;
    }
    for entry in entries(unit).filter(|entry| old.contains(&entry.key.value.as_str())) {
        let (key, value) = (entry.key.value.as_str(), entry.value.value.trim());
        let Some(known) = keys::find(unit.kind.section(), key).filter(|known| known.is_deprecated()) else { continue };
        if MAPPING.contains(&key) {
            continue;
        }
        let Some(instead) = known.replaced_by().filter(|_| has(view, unit, key)) else { continue };
        if !has(view, unit, instead.split('=').next().unwrap_or("")) {
            continue;
        }
        let message = format!("`{key}=` of {} is deprecated", unit.file);
        let mut finding = Diagnostic::new(&RULE, entry.key.span(), message).here("deprecated");
        let on = |text: &str| ["1", "yes", "true", "on"].iter().any(|word| text.eq_ignore_ascii_case(word));
        // On a read-only container Podman has a temporary /tmp anyhow, and the key does nothing.
        let read_only = unit.last(unit.kind.section(), "ReadOnly").is_some_and(|entry| on(&entry.value.value));
        finding = if key != "VolatileTmp" {
            help(finding, &format!("`{instead}`"))
        } else if !on(value) || read_only {
            let change = Change::Remove { span: entry.key.span() };
            help(finding, "the line away: it does nothing").fix("take the line away", true, vec![change])
        } else {
            let span = entry.key.span().to(entry.value.span());
            let text = "Tmpfs=/tmp:rw,size=512M,mode=1777".to_owned();
            let finding = help(finding, &format!("`{text}`, which is what it stands for"));
            finding.fix("write it as Tmpfs", true, vec![Change::Replace { span, text }])
        };
        view.report(sink, finding);
    }
}
