//! Whether rendered files say what their source says: they are read back, and both sides are asked the same questions.
//!
//! **What is proven.** Everything of the model that changes what a container does is said by both sides, one [`Fact`]
//! after another (networks and addresses, the names on each network, isolation, ports, what waits for what and until
//! when, mounts, variables, commands, health checks, restarts, limits, lines for units). The answers to "who resolves
//! and reaches whom" follow from those facts and the platform alone, so equal facts give equal answers, for however many
//! pairs, in one pass. Up to [`PAIRS`] services every pair is asked as well, with the questions of `quadgen diff`.
//!
//! **What is forgiven.** A difference is forgiven if a finding of this render (QG801) stands at the place that the
//! difference is about, and only then: what was lost was told. So nothing is dropped in silence.
//!
//! **Which platform.** Both sides are asked on the platform that the files are for, deployed as they will be: what was
//! meant has to hold there. For the source, isolation is what [`crate::network::isolations`] says it should be there:
//! that is the one place which decides where quadgen writes `isolate=true`, for whoever renders and for whoever judges.
//! So a network that the source's own runtime keeps apart by itself is meant to be apart here, too, as soon as it is
//! planned, and a unit without the line is a difference. The opposite direction is none: a runtime that isolates by
//! itself cannot do otherwise.
//!
//! Pure, like the renderer: texts in, findings out.

mod attributes;
mod back;
mod facts;
mod mounts;
mod names;
mod objects;
mod service;
mod side;
mod units;
mod verdicts;

use std::borrow::Cow;

use facts::{Difference, Kind, Object, differences, order};
use side::Side;
use units::Units;

use crate::diagnostic::{Diagnostic, Level, input};
use crate::model::{Connection, Format, INSTALLED, Stack, UnitEntry};
use crate::network::Wiring;
use crate::platform::Platform;
use crate::render::{File, Filled, Rendered, Target, fill, fitted, for_compose};
use crate::source::Span;
use crate::threads::{MANY, both};

/// Up to how many services every pair is asked.
const PAIRS: usize = 50;
/// How many differences are told: they mostly have one cause.
const TOLD: usize = 10;

/// Reads rendered files back and compares them with the stack that was given to the renderer, on the platform that was
/// given to it. Nothing is what it should be: the files say what the stack says, or a finding of the render says what
/// they do not. Units that become a Compose file are compared as they are in Compose's terms; units that become units are
/// read as they were before. A topology is not looked at.
pub fn prove(stack: &Stack, platform: &Platform, target: Target, rendered: &Rendered) -> Vec<Diagnostic> {
    if target == Target::Topology {
        return Vec::new();
    }
    let fitted = || {
        Some(match target {
            Target::Compose if stack.format == Format::Quadlet => Cow::Owned(for_compose(stack, platform).ok()?.0),
            Target::Quadlet if is_edited(stack, target) => Cow::Owned(without_env_files(stack)?),
            Target::Quadlet => fitted(stack).stack,
            _ => Cow::Borrowed(stack),
        })
    };
    // Edited units are read as they were before: what their release does not take was reported.
    let release = if is_edited(stack, target) { Platform::newest_podman() } else { platform.version };
    let (filled, (read, sources)) = both(
        stack.services.len() > MANY,
        || fill(fitted()?, platform).ok(),
        || back::read(&rendered.files, release, target, profiles(stack)),
    );
    let Some(filled) = filled else { return Vec::new() };
    let stack = &filled.stack;
    let refused = read.diagnostics.iter().filter(|found| found.severity == Level::Error);
    let mut found: Vec<Diagnostic> = refused
        .map(|refused| {
            let file = sources.file_of(refused.span()).map_or("", |file| file.name.as_str());
            let file = file.rsplit('/').next().unwrap_or(file);
            let message = format!("{file} cannot be used as it was rendered: {}", refused.message);
            let line = sources.file_of(refused.span()).map_or("", |file| {
                let line = file.position(refused.span().start).line;
                file.text.lines().nth(line.saturating_sub(1)).unwrap_or("")
            });
            let key = line.split('=').next().unwrap_or(line).trim();
            fault(owner(stack, file), message, platform).help(format!("The line: {key}"))
        })
        .collect();
    match read.stack {
        Some(mut back) if found.is_empty() => {
            without_values(&mut back, &rendered.files);
            let units = match is_edited(stack, target) {
                true => Units::of(&back, false),
                false => names::as_in_source(&mut back, stack, &rendered.files),
            };
            found = compare(&filled, back, &units, platform, target, rendered);
        }
        // A stack of nothing has no files.
        None if found.is_empty() && !rendered.files.is_empty() => {
            found.push(fault(stack.name.span(), "nothing can be read of what was rendered".to_owned(), platform));
        }
        _ => {}
    }
    let more = found.len().saturating_sub(TOLD);
    found.truncate(TOLD);
    if more > 0 {
        let message = format!("and {more} more differences between the source and what was rendered");
        found.push(fault(stack.name.span(), message, platform));
    }
    found
}

/// Takes the names of rendered files out that systemd reads: their values were filled in where the units have variables.
fn without_values(back: &mut Stack, files: &[File]) {
    let is_rendered = |path: &str| files.iter().any(|file| path.rsplit('/').next() == Some(&file.name));
    let names_one = |entry: &UnitEntry| {
        entry.section == "Service"
            && entry.key.value == "EnvironmentFile"
            && entry.value.value.starts_with(INSTALLED)
            && is_rendered(&entry.value.value)
    };
    back.services.values_mut().for_each(|service| service.quadlet.retain(|entry| !names_one(entry)));
}

/// Whether units were edited, not made.
fn is_edited(stack: &Stack, target: Target) -> bool {
    stack.format == Format::Quadlet && target == Target::Quadlet
}

/// The stack of units without what their env files say, which are not among the files that are written. Nothing where
/// systemd reads one that is there: its values stand in the lines.
fn without_env_files(stack: &Stack) -> Option<Stack> {
    let is_read = |entry: &UnitEntry| {
        let is_file = entry.section == "Service" && entry.key.value == "EnvironmentFile";
        is_file && entry.value.value.trim_start_matches('-').starts_with(INSTALLED)
    };
    if stack.units.values().flat_map(|unit| &unit.entries).any(is_read) {
        return None;
    }
    let mut stack = stack.clone();
    let files = stack.services.values_mut().flat_map(|service| &mut service.env_files);
    files.for_each(|file| file.variables = None);
    Some(stack)
}

/// The profiles that were on when the source was read.
fn profiles(stack: &Stack) -> Vec<String> {
    let services = stack.services.values();
    services.filter_map(|service| service.attributes.get("profiles")).flat_map(|(_, names)| names.texts()).collect()
}

fn compare(
    filled: &Filled,
    mut back: Stack,
    units: &Units,
    platform: &Platform,
    target: Target,
    rendered: &Rendered,
) -> Vec<Diagnostic> {
    let stack = &filled.stack;
    // A profile may bring others with it.
    for name in stack.disabled.keys().filter(|_| target == Target::Compose) {
        if let Some(service) = back.services.shift_remove(name) {
            back.disabled.insert(name.clone(), service);
        }
    }
    // What lines of somebody's own do to answers is for those to judge.
    let asks_pairs = stack.services.len() <= PAIRS && !names::has_lines(stack);
    if asks_pairs {
        same_wishes(&mut back, stack);
    }
    let much = stack.services.len() > MANY;
    let (meant, does) = both(much, || Wiring::new(stack, platform), || Wiring::new(&back, platform));
    // Units on both sides say the same things in the same way.
    let own = is_edited(stack, target).then(|| Units::of(stack, false));
    let sides = (
        match &own {
            Some(own) => Side::new(&meant, target, &back, false, &filled.at_start, own),
            None => Side::new(&meant, target, &back, true, &filled.at_start, units),
        },
        Side::new(&does, target, stack, false, &filled.at_start, units),
    );
    let mut lost: Vec<Span> = rendered
        .findings
        .iter()
        .filter(|it| it.rule.code == input::LOST_ON_TARGET.code)
        .map(Diagnostic::span)
        .collect();
    lost.sort_unstable();
    let (said, found) = both(much, || account(&sides.0), || account(&sides.1));
    let (forgiven, left): (Vec<_>, Vec<_>) =
        differences(said, found).into_iter().partition(|it| is_told(it, &lost) || is_by_lines(it, &sides.0));
    let mut found: Vec<Diagnostic> = left.iter().map(|difference| tell(difference, platform)).collect();
    // Answers follow from facts: where one of those was lost, and told, they may differ.
    if asks_pairs && !forgiven.iter().any(is_wiring) {
        let answers = verdicts::differences(&meant, &does);
        found.extend(answers.into_iter().map(|(at, message)| fault(at, message, platform)));
    }
    found
}

/// Whom services look for follows from variables and commands, which are compared: of both sides it is the same.
fn same_wishes(back: &mut Stack, stack: &Stack) {
    for (name, service) in &mut back.services {
        let Some(meant) = stack.services.get(name) else { continue };
        service.endpoints.clone_from(&meant.endpoints);
        service.connections.retain(Connection::is_stated);
        service.connections.extend(meant.connections.iter().filter(|it| !it.is_stated()).cloned());
    }
}

/// Everything that a side says, in the order in which it is compared.
fn account<'a>(side: &Side<'a>) -> Vec<Object<'a>> {
    let stack = side.stack;
    let mut objects = vec![objects::stack(side)];
    objects.extend(stack.services.values().map(|service| service::service(side, service)));
    if target_has_profiles(side) {
        objects.extend(stack.disabled.values().map(|service| service::service(side, service)));
    }
    let networks = stack.networks.values().filter(|network| !network.external);
    objects.extend(networks.map(|network| objects::network(side, network)));
    if mounts::have_units(side) {
        // Volumes that quadgen gave a name to are said with their mounts.
        let known = |name: &str| side.is_source || !side.is_units() || side.other.volumes.contains_key(name);
        let volumes = stack.volumes.values().filter(|volume| !volume.external && known(&volume.name.value));
        objects.extend(volumes.map(|volume| objects::volume(side, volume)));
    }
    objects.iter_mut().for_each(Object::sort);
    objects.sort_by(order);
    objects
}

/// Whether services that nobody asked for are in the files, too.
fn target_has_profiles(side: &Side<'_>) -> bool {
    side.target == Target::Compose
}

/// Whether a finding of the render stands at the place of a difference: there, in a part of it, or around it. `lost` is
/// sorted.
fn is_told(difference: &Difference, lost: &[Span]) -> bool {
    // What is mounted can be lost, with its place: it never becomes another thing.
    if difference.what == "mount" && difference.meant.is_some() && difference.does.is_some() {
        return false;
    }
    let at = difference.at;
    let holds = |outer: Span, inner: Span| outer.start <= inner.start && inner.end <= outer.end;
    let candidates = lost.iter().take_while(|span| span.start <= at.end);
    candidates.into_iter().any(|span| holds(at, *span) || holds(*span, at))
}

/// Whether something comes from lines that somebody wrote for the unit.
fn is_by_lines(difference: &Difference, side: &Side<'_>) -> bool {
    let extra = difference.meant.is_none() && !difference.what.is_empty();
    extra && side.is_units() && side.has_lines(difference.kind, &difference.name)
}

/// Whether a difference can change who reaches whom.
fn is_wiring(difference: &Difference) -> bool {
    let what = difference.what.as_str();
    difference.kind == Kind::Network
        || what.contains("network")
        || what.contains("address")
        || what.starts_with("line ")
        || ["published port", "container name", "host name", "extra_hosts", "links", "dns"].contains(&what)
}

/// What may be shown of a value: secrets stand in the others.
fn shown(difference: &Difference) -> bool {
    let secret = ["variable", "command", "entry point", "health check", "labels", "build", "label", "secret", "config"];
    !secret.contains(&difference.what.as_str()) && !difference.what.starts_with("line ")
}

fn tell(difference: &Difference, platform: &Platform) -> Diagnostic {
    let object = match difference.kind {
        Kind::Stack => "the stack".to_owned(),
        Kind::Service => format!("`{}`", difference.name),
        Kind::Network => format!("the network `{}`", difference.name),
        Kind::Volume => format!("the volume `{}`", difference.name),
    };
    let what = &difference.what;
    let of = if difference.of.is_empty() || what.starts_with("line ") {
        String::new()
    } else {
        format!(" `{}`", difference.of)
    };
    let message = match (&difference.meant, &difference.does) {
        (Some(_), None) if what.is_empty() => format!("{object} would be missing in what was rendered"),
        (None, Some(_)) if what.is_empty() => format!("{object} is in what was rendered, and not in the source"),
        (Some(meant), Some(does)) if shown(difference) && !(meant.is_empty() || does.is_empty()) => {
            format!("{object}: {what}{of} is `{meant}` in the source and `{does}` in what was rendered")
        }
        (Some(_), Some(_)) => format!("{object}: {what}{of} is another one in what was rendered than in the source"),
        (Some(meant), None) if shown(difference) && !meant.is_empty() => {
            format!("{object}: {what}{of} `{meant}` of the source is not in what was rendered")
        }
        (Some(_), None) => format!("{object}: {what}{of} of the source is not in what was rendered"),
        (None, Some(does)) if shown(difference) && !does.is_empty() => {
            format!("{object}: {what}{of} `{does}` is in what was rendered, and not in the source")
        }
        (None, _) => format!("{object}: {what}{of} is in what was rendered, and not in the source"),
    };
    fault(difference.at, message, platform)
}

fn fault(at: Span, message: String, platform: &Platform) -> Diagnostic {
    let help = "Why: quadgen read what it rendered back, and that does not say what the source says. This is a fault of \
                quadgen, or something that it cannot carry yet; nothing was written.";
    let way = "What helps: `--no-verify` writes it as it is. Please report it, with the part of the source that this is \
               about.";
    Diagnostic::new(&input::COULD_NOT_RUN, at, message).help(help).help(way).on(&platform.name)
}

/// The place of what a rendered file is made of.
fn owner(stack: &Stack, file: &str) -> Span {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let own = stem.strip_prefix(&format!("{}-", stack.name.value)).unwrap_or(stem);
    let named = |name: &str| {
        let service = stack.services.get(name).map(crate::model::Service::span);
        let network = || stack.networks.get(name).map(|network| network.name.span());
        service.or_else(network)
    };
    named(stem).or_else(|| named(own)).unwrap_or_else(|| stack.name.span())
}
