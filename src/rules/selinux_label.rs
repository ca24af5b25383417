//! QG610: SELinux labels that shut others out, that stand on what belongs to the system, or that are missing.

use std::borrow::Cow;

use super::context::{Context, View, list};
use super::unit_lines::unit_of;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashSet, IndexMap};
use crate::model::{Condition, HostOs, Mount, MountKind, Origin, Runtime, Service, ServiceKind, Spanned, Stack, Unit};
use crate::platform::selinux::{is_of_the_system, is_open, is_refused, label};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG610",
    name: "selinux-label",
    summary: "one source with `:Z` in two containers, a label on a system path or socket, or a bind without a label",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("selinux_label.md"),
};

type Use<'a> = (&'a Service, &'a Spanned<Mount>);

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| may_label(view)) {
        let mut uses: IndexMap<(MountKindKey, &str), Vec<Use<'_>>> = IndexMap::default();
        let services = context.stack.services.values();
        for service in services.filter(|service| service.kind == ServiceKind::Container && !is_open(service)) {
            for mount in &service.mounts {
                let kind = match mount.value.kind {
                    MountKind::Volume => MountKindKey::Volume,
                    MountKind::Bind => MountKindKey::Bind,
                    _ => continue,
                };
                if label(&mount.value).is_some() && kind == MountKindKey::Bind && is_of_the_system(&mount.value.source)
                {
                    view.report(sink, of_the_system(context.stack, service, mount));
                    continue;
                }
                uses.entry((kind, mount.value.source.trim_end_matches('/'))).or_default().push((service, mount));
            }
            if view.wiring.platform.spec.selinux
                && let Some(finding) = unlabelled(context.stack, service)
            {
                view.report(sink, finding);
            }
        }
        let done = awaited_ends(context.stack);
        for ((_, source), uses) in &uses {
            if let Some(finding) = shut_out(view, source, uses, &done) {
                view.report(sink, finding);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum MountKindKey {
    Volume,
    Bind,
}

/// Whether labels may count on a platform: WSL2's kernel and Docker Desktop have no SELinux.
fn may_label(view: &View<'_>) -> bool {
    let platform = view.wiring.platform;
    platform.spec.selinux
        || !(platform.runtime == Runtime::DockerDesktop
            || matches!(platform.host_os, HostOs::Wsl2 | HostOs::PodmanMachineWsl))
}

fn of_the_system(stack: &Stack, service: &Service, mount: &Spanned<Mount>) -> Diagnostic {
    let (name, source) = (&service.name.value, mount.value.source.as_str());
    let option = label(&mount.value).unwrap_or("z");
    let socket = source.ends_with(".sock");
    // As it stands in the file: the reader takes Podman's socket for Docker's.
    let unit = unit_of(stack, service);
    let text = written(unit, &mount.value, mount.span()).map(|(text, _)| text);
    let shown = text.as_deref().and_then(|text| text.split(':').next()).unwrap_or(source);
    let message = if socket {
        format!("`:{option}` on the socket `{shown}` of `{name}` does not open it, and changes it for the host")
    } else {
        format!("`:{option}` on `{shown}` of `{name}` changes what belongs to the system")
    };
    let refused = is_refused(source.trim_end_matches('/'));
    let (why, helps) = if socket {
        (
            "Why: SELinux asks who may connect to the program behind a socket, not what the socket's file is called. What you \
             see: `Permission denied` from the client, and `avc: denied { connectto }` in the host's journal",
            "What helps: no label, and `SecurityLabelDisable=true` (`--security-opt label=disable`) for this container",
        )
    } else if refused {
        (
            "Why: the label would go on everything below it, so the runtime refuses it where SELinux is on. What you see: \
             `SELinux relabeling of … is not allowed`, and the container does not start",
            "What helps: no label; mount the folder that is needed, or `SecurityLabelDisable=true` (`--security-opt \
             label=disable`) for a container that has to see all of it",
        )
    } else {
        (
            "Why: the label takes the place of the one that the host's own programs may read. What you see: nothing in the \
             container, and services of the host that fail with `avc: denied` in its journal, until `restorecon` has run",
            "What helps: no label: containers may read most of these files as they are",
        )
    };
    let finding = Diagnostic::new(&RULE, mount.span(), message).here("labelled");
    let finding = finding.help(format!("{why}.")).help(format!("{helps}."));
    match relabelled(unit, mount, None) {
        Some(change) => finding.fix("take the label away", false, vec![change]),
        None => finding,
    }
}

/// A source that one container keeps for itself and another one uses, too.
fn shut_out(view: &View<'_>, source: &str, uses: &[Use<'_>], done: &HashSet<&str>) -> Option<Diagnostic> {
    if uses.len() < 2 {
        return None;
    }
    let stack = view.wiring.stack;
    let private = uses.iter().filter(|(_, mount)| label(&mount.value) == Some("Z"));
    let private = private.map(|(service, mount)| (*service, *mount, unit_of(stack, service)));
    let runs_once = |service: &Service, unit| done.contains(service.name.value.as_str()) || is_oneshot(unit);
    let private: Vec<_> = private.filter(|(service, _, unit)| !runs_once(service, *unit)).collect();
    let (last, earlier) = private.split_last()?;
    let first = earlier.first()?;
    // Containers of a pod share their label.
    let home = |service: &Service| {
        let owner = view.wiring.owner(service);
        (owner.kind == ServiceKind::Pod).then(|| owner.name.value.clone())
    };
    if home(last.0).is_some() && private.iter().all(|(service, ..)| home(service) == home(last.0)) {
        return None;
    }
    if private.iter().all(|(service, ..)| service.name == first.0.name) {
        return None;
    }
    let names = list(private.iter().map(|(service, ..)| &service.name.value));
    let message = format!("`{source}` has `:Z` in {names}: only the one that started last can use it");
    let mut finding = Diagnostic::new(&RULE, last.1.span(), message).here("private to this container");
    for (service, mount, _) in earlier {
        finding = finding.label(mount.span(), format!("private to `{}`", service.name.value));
    }
    finding = finding
        .help(
            "Why: `Z` gives everything below the source a label that only this container may use, at each of its starts. What \
             you see: with SELinux on, `Permission denied` in the other one, and `avc: denied` in the host's journal.",
        )
        .help("What helps: `z` in all of them, a label that all containers may use.");
    let changes: Option<Vec<Change>> =
        private.iter().map(|(_, mount, unit)| relabelled(*unit, mount, Some("z"))).collect();
    Some(match changes {
        Some(changes) => finding.fix("write `z` in all of them", false, changes),
        None => finding,
    })
}

/// The services that are done when others run, so that their labels are gone by then.
fn awaited_ends(stack: &Stack) -> HashSet<&str> {
    let awaited = stack.services.values().flat_map(|other| &other.depends_on);
    let ends = awaited.filter(|other| other.condition.value == Condition::Completed);
    ends.map(|other| other.service.value.as_str()).collect()
}

/// Whether a unit says of itself that it is done at some time.
fn is_oneshot(unit: Option<&Unit>) -> bool {
    let entry = unit.and_then(|unit| unit.last("Service", "Type"));
    entry.is_some_and(|entry| entry.value.value.trim() == "oneshot")
}

/// Binds without a label, where SELinux is on.
fn unlabelled(stack: &Stack, service: &Service) -> Option<Diagnostic> {
    let bare = |mount: &&Spanned<Mount>| {
        let options = &mount.value.options;
        mount.value.kind == MountKind::Bind
            && label(&mount.value).is_none()
            && !options.iter().any(|option| option == "O")
            && !is_of_the_system(&mount.value.source)
    };
    let binds: Vec<&Spanned<Mount>> = service.mounts.iter().filter(bare).collect();
    let (first, more) = binds.split_first()?;
    let name = &service.name.value;
    let shown = list(binds.iter().map(|mount| &mount.value.target));
    let message = format!("SELinux keeps `{name}` from {shown}: the bind has no label");
    let mut finding = Diagnostic::new(&RULE, first.span(), message).here("no `:z` or `:Z`");
    for mount in more {
        finding = finding.label(mount.span(), "nor this one");
    }
    finding = finding
        .help(
            "Why: a container may only use what is labelled for containers, and a bind keeps the label of the host. What you \
             see: `Permission denied` in the container, also for root, and `avc: denied` in the host's journal.",
        )
        .help(
            "What helps: `:Z` where one container uses the folder, `:z` where several do; neither on a home or a folder of the \
             system.",
        );
    let unit = unit_of(stack, service);
    let changes: Option<Vec<Change>> = binds.iter().map(|mount| relabelled(unit, mount, Some("z"))).collect();
    Some(match changes {
        Some(changes) => finding.fix("label it for containers: `:z`", false, changes),
        None => finding,
    })
}

/// The mount with another label or with none, where it stands in one piece.
fn relabelled(unit: Option<&Unit>, mount: &Spanned<Mount>, new: Option<&str>) -> Option<Change> {
    let Origin::Written(place) = mount.origin else { return None };
    let (text, span) = written(unit, &mount.value, place)?;
    let mut parts = text.split(':');
    let (source, target, options) = (parts.next()?, parts.next()?, parts.next().unwrap_or(""));
    if parts.next().is_some() {
        return None;
    }
    let kept = options.split(',').filter(|option| !matches!(*option, "" | "z" | "Z"));
    let mut changed = String::with_capacity(text.len() + 2);
    changed.extend([source, ":", target]);
    for (at, option) in kept.chain(new).enumerate() {
        changed.extend([if at == 0 { ":" } else { "," }, option]);
    }
    Some(Change::Replace { span, text: changed })
}

/// The short form of a mount as it stands in its file, without quotes, and where.
fn written<'a>(unit: Option<&'a Unit>, mount: &Mount, place: Span) -> Option<(Cow<'a, str>, Span)> {
    let width = (place.end - place.start) as usize;
    if let Some(unit) = unit {
        let holds = |own: Span| own.start <= place.start && place.end <= own.end;
        let entry = unit.all("Container", "Volume").find(|entry| holds(entry.value.span()))?;
        let span = entry.value.span();
        return ((span.end - span.start) as usize == entry.value.value.len())
            .then_some((entry.value.value.as_str().into(), span));
    }
    let mut options: Vec<&str> = if mount.read_only { vec!["ro"] } else { Vec::new() };
    options.extend(mount.options.iter().map(String::as_str));
    let mut text = format!("{}:{}", mount.source, mount.target);
    if !options.is_empty() {
        text = format!("{text}:{}", options.join(","));
    }
    match width.checked_sub(text.len()) {
        Some(0) => Some((text.into(), place)),
        Some(2) => {
            let inside = place.part(1, 1 + text.len());
            Some((text.into(), inside))
        }
        _ => None,
    }
}
