//! `[Unit]` and `[Service]` → what a service waits for, and when it is started again: the way back of what is rendered.

use super::stack::Names;
use super::unit::Unit;
use crate::maps::{HashSet, IndexMap};
use crate::model::{
    Condition, Dependency, Duration, INSTALLED, MAKES_FILE, MAKES_FOLDER, Mount, MountKind, NetworkMode, Restart,
    STANDING_FOR, Service, ServiceKind, Spanned, Stack, UnitEntry, UnitKind,
};
use crate::platform::Feature;
use crate::platform::generator::Habit;
use crate::source::Span;
use crate::syntax::unit::{Escapes, split};

/// How long quadgen lets a unit start, in seconds, beside what its health check takes.
const START_LIMIT: u64 = 900;
/// How long a container may take to stop where nothing is said, in seconds.
const GRACE: u64 = 10;

/// What `[Unit]` says about another unit.
#[derive(Default)]
struct Said {
    after: bool,
    wants: bool,
    requires: bool,
    part_of: bool,
    span: Span,
}

pub(super) fn life(unit: &Unit, service: &mut Service, names: &Names<'_>) {
    let socket = socket(unit, service);
    dependencies(unit, service, names, socket);
    restart(unit, service);
    steps(unit, service);
}

/// `socket` says that Podman's socket is wanted for a mount, and for nothing else.
fn dependencies(unit: &Unit, service: &mut Service, names: &Names<'_>, socket: bool) {
    let files_too = Habit::DependenciesTranslated.of(unit.release);
    let mut said: IndexMap<String, Said> = IndexMap::default();
    let mut targets: IndexMap<String, &Unit> = IndexMap::default();
    for key in ["Wants", "Upholds", "Requires", "Requisite", "BindsTo", "After", "PartOf"] {
        for word in unit.words("Unit", key, Escapes::Keep) {
            let Some((target, name)) = names.service(&word.text, files_too) else { continue };
            if name == service.name.value {
                continue;
            }
            targets.insert(name.clone(), target);
            let other = said.entry(name).or_insert_with(|| Said { span: word.span, ..Said::default() });
            match key {
                "After" => other.after = true,
                "Wants" | "Upholds" => other.wants = true,
                "PartOf" => other.part_of = true,
                _ => other.requires = true,
            }
        }
    }
    // To be restarted with another, and no more than that, is nothing that a dependency says.
    said.retain(|_, said| said.after || said.wants || said.requires);
    // In the order in which they stand.
    said.sort_by(|_, a, _, b| a.span.cmp(&b.span));
    if said.is_empty() && !socket {
        return;
    }
    for key in ["Wants", "Upholds", "Requires", "Requisite", "BindsTo", "After", "PartOf"] {
        without(unit, service, key, |word| {
            let known = names.service(word, files_too).is_some_and(|(_, name)| said.contains_key(&name));
            known || (socket && word == "podman.socket")
        });
    }
    for (name, said) in said {
        let joined = matches!(&service.network_mode, Some(mode) if mode.value == NetworkMode::Service(name.clone()));
        if joined && said.requires && said.after && !Habit::UnitsMustExist.of(unit.release) {
            // Written beside `Network=container:NAME`, where that cannot name a unit.
            continue;
        }
        let condition = match targets.get(&name) {
            Some(target) if said.requires => awaited(target),
            _ => Condition::Started,
        };
        service.depends_on.push(Dependency {
            service: Spanned::written(name, said.span),
            condition: Spanned::implied(condition, said.span),
            restart: said.part_of,
            required: said.wants || said.requires,
        });
    }
}

/// When a unit counts as started.
fn awaited(target: &Unit) -> Condition {
    let is = |section: &str, key: &str, wanted: &str| {
        target.last(section, key).is_some_and(|text| text.value.eq_ignore_ascii_case(wanted))
    };
    if target.kind != UnitKind::Container {
        Condition::Started
    } else if is("Service", "Type", "oneshot") {
        Condition::Completed
    } else if Feature::HealthWait.is_in_podman(target.release) && is("Container", "Notify", "healthy") {
        Condition::Healthy
    } else {
        Condition::Started
    }
}

/// Takes words out of a key of `[Unit]`; what is left stays one line.
fn without(unit: &Unit, service: &mut Service, key: &str, gone: impl Fn(&str) -> bool) {
    let words = unit.words("Unit", key, Escapes::Keep);
    let kept: Vec<&str> = words.iter().map(|word| word.text.as_str()).filter(|word| !gone(word)).collect();
    if kept.len() == words.len() {
        return;
    }
    let of_key = |entry: &UnitEntry| entry.section == "Unit" && entry.key.value == key;
    let first = service.quadlet.iter().position(of_key);
    let old = first.and_then(|at| service.quadlet.get(at).cloned());
    service.quadlet.retain(|entry| !of_key(entry));
    if let (Some(at), Some(mut entry), false) = (first, old, kept.is_empty()) {
        entry.value.value = kept.join(" ");
        service.quadlet.insert(at.min(service.quadlet.len()), entry);
    }
}

/// Podman's socket in the place of Docker's, where the unit that makes it is asked for.
fn socket(unit: &Unit, service: &mut Service) -> bool {
    let has = |key| unit.words("Unit", key, Escapes::Keep).iter().any(|word| word.text == "podman.socket");
    let sockets = ["%t/podman/podman.sock", "/run/podman/podman.sock"];
    let mut found = false;
    for mount in service.mounts.iter_mut().filter(|mount| sockets.contains(&mount.value.source.as_str())) {
        if has("Requires") && has("After") {
            mount.value.source = "/var/run/docker.sock".to_owned();
            mount.value.create = true;
            found = true;
        }
    }
    found
}

fn restart(unit: &Unit, service: &mut Service) {
    // Podman writes another one over it.
    if unit.kind == UnitKind::Pod && !Habit::PodRestart.of(unit.release) {
        return;
    }
    let Some(text) = unit.last("Service", "Restart") else { return };
    let restart = match text.value.as_str() {
        "no" => Restart::No,
        "always" => Restart::Always,
        "on-failure" => Restart::OnFailure(None),
        // systemd knows more ways than Compose, and takes no notice of what it does not know.
        _ => return,
    };
    service.restart = Some(Spanned::written(restart, text.span()));
    remove(service, "Service", "Restart", None);
    remove(service, "Service", "RestartSec", Some("5"));
    if restart == Restart::OnFailure(None)
        && unit.last("Unit", "StartLimitIntervalSec").is_some_and(|text| text.value == "1d")
        && let Some(starts) = unit.last("Unit", "StartLimitBurst")
        && let Some(limit) = starts.value.parse::<u32>().ok().and_then(|starts| starts.checked_sub(1))
    {
        // The first start counts, too.
        service.restart = Some(Spanned::written(Restart::OnFailure(Some(limit)), text.span()));
        remove(service, "Unit", "StartLimitIntervalSec", None);
        remove(service, "Unit", "StartLimitBurst", None);
    }
}

/// Steps that make the folder of a bind, or an env file, before the start.
fn steps(unit: &Unit, service: &mut Service) {
    let Service { quadlet, mounts, env_files, .. } = service;
    quadlet.retain(|entry| {
        if entry.section != "Service" || entry.key.value != "ExecStartPre" {
            return true;
        }
        let step = entry.value.value.as_str();
        let (folder, file) = (step.strip_prefix(MAKES_FOLDER), step.strip_prefix(MAKES_FILE));
        let Some(path) = folder.or(file) else { return true };
        let line = unit.lines("Service", "ExecStartPre").into_iter().find(|line| line.text == entry.value.value);
        let words = line.and_then(|line| split(line, Escapes::Apply).ok()).unwrap_or_default();
        let path = unit.specifiers(words.last().map_or(path, |word| word.text.as_str()));
        let path = path.strip_prefix("%h").map(|rest| format!("~{rest}")).unwrap_or(path);
        let mut is_other = true;
        let of_it =
            |mount: &&mut Spanned<Mount>| mount.value.kind == MountKind::Bind && is_at(&mount.value.source, &path);
        for mount in mounts.iter_mut().filter(of_it).filter(|_| folder.is_some()) {
            mount.value.create = true;
            is_other = false;
        }
        for env_file in env_files.iter_mut().filter(|it| file.is_some() && is_at(&it.path.value, &path)) {
            env_file.required = false;
            is_other = false;
        }
        is_other
    });
}

/// Whether a path of a unit leads to a place: one that is relative to the unit lies where it is installed, in whatever
/// sub-folder.
fn is_at(path: &str, place: &str) -> bool {
    let Some(below) = place.strip_prefix(INSTALLED) else { return path == place };
    let path = path.strip_prefix("./").unwrap_or(path);
    !path.starts_with(['/', '~', '%'])
        && below.strip_suffix(path).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// Takes entries away; only those with a value, if one is given.
fn remove(service: &mut Service, section: &str, key: &str, value: Option<&str>) -> bool {
    let before = service.quadlet.len();
    service.quadlet.retain(|entry| {
        let same = entry.section == section && entry.key.value == key;
        !(same && value.is_none_or(|value| entry.value.value == value))
    });
    service.quadlet.len() < before
}

/// `StopTimeout=`, in seconds.
pub(super) fn grace(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::seconds)
}

/// Takes away what quadgen writes by itself wherever it renders such a stack: it would stand there twice.
pub(super) fn without_implied(stack: &mut Stack) {
    let waited = |condition: Condition| -> HashSet<String> {
        let all = stack.services.values().flat_map(|service| &service.depends_on);
        all.filter(|other| other.condition.value == condition).map(|other| other.service.value.clone()).collect()
    };
    let (healthy, completed) = (waited(Condition::Healthy), waited(Condition::Completed));
    let name = stack.name.value.replace('%', "%%");
    for service in stack.services.values_mut().filter(|service| service.kind == ServiceKind::Container) {
        let key = service.name.value.clone();
        remove(service, "Unit", "Description", Some(&format!("{} of {name}", key.replace('%', "%%"))));
        for (name, word) in STANDING_FOR {
            remove(service, "Service", "Environment", Some(&format!("\"{name}={word}\"")));
        }
        let (healthy, completed) = (healthy.contains(&key), completed.contains(&key));
        if healthy {
            remove(service, "Container", "Notify", Some("healthy"));
            remove(service, "Service", "RestartMode", Some("direct"));
        }
        if completed {
            remove(service, "Service", "Type", Some("oneshot"));
            remove(service, "Service", "RemainAfterExit", Some("yes"));
        } else {
            for target in ["default.target", "multi-user.target"] {
                remove(service, "Install", "WantedBy", Some(target));
            }
        }
        let wait = service.health.as_ref().filter(|_| healthy).map_or(0, |health| health.value.longest_wait());
        let limit = START_LIMIT.saturating_add(wait).to_string();
        remove(service, "Service", "TimeoutStartSec", Some(&limit));
        if healthy || service.stop_grace_period.is_some() {
            let grace = service.stop_grace_period.map_or(GRACE, |grace| grace.value.as_seconds());
            remove(service, "Service", "TimeoutStopSec", Some(&grace.saturating_add(20).to_string()));
        }
    }
    let described = |kind: &str, key: &str| format!("{kind} {} of {name}", key.replace('%', "%%"));
    let mut entries: Vec<(String, &mut Vec<UnitEntry>)> = Vec::new();
    entries.extend(stack.networks.iter_mut().map(|(key, network)| (described("Network", key), &mut network.quadlet)));
    entries.extend(stack.volumes.iter_mut().map(|(key, volume)| (described("Volume", key), &mut volume.quadlet)));
    for (description, entries) in entries {
        let own = |entry: &UnitEntry| entry.key.value == "Description" && entry.value.value == description;
        entries.retain(|entry| !own(entry));
    }
}
