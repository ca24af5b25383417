//! `[Unit]` and `[Service]` → what a service waits for, and when it is started again: the way back of what is rendered.

use std::borrow::Cow;

use super::network::shared;
use super::stack::Names;
use super::unit::Unit;
use crate::maps::IndexMap;
use crate::model::{
    Condition, Dependency, Duration, INSTALLED, MAKES_FILE, MAKES_FOLDER, Mount, MountKind, NetworkMode, Restart,
    STANDING_FOR, Service, ServiceBody, ServiceKind, Spanned, Stack, UnitEntry, UnitKind,
};
use crate::platform::Feature;
use crate::platform::generator::Habit;
use crate::source::Span;
use crate::syntax::unit::{Entry, Escapes, Word, Words, split};

/// How long quadgen lets a unit start, in seconds, beside what its health check takes.
const START_LIMIT: u64 = 900;
/// How long a container may take to stop where nothing is said, in seconds.
const GRACE: u64 = 10;

/// What `[Unit]` says about another unit.
struct Wait<'u> {
    target: &'u Unit,
    after: bool,
    wants: bool,
    requires: bool,
    part_of: bool,
    span: Span,
}

/// Keys of `[Unit]` that say what a service waits for.
const WAITS: [&str; 7] = ["Wants", "Upholds", "Requires", "Requisite", "BindsTo", "After", "PartOf"];

/// An entry that stays with the service, with what is left of its value.
struct Kept<'u> {
    entry: &'u Entry,
    value: Cow<'u, str>,
}

impl Kept<'_> {
    fn is(&self, section: &str, key: &str) -> bool {
        self.entry.key == key && self.entry.section == section
    }
}

pub(super) fn life(unit: &Unit, service: &mut Service, names: &Names<'_>) {
    let mut kept: Vec<Kept<'_>> =
        shared(unit).map(|entry| Kept { entry, value: Cow::Borrowed(&entry.value.text) }).collect();
    let socket = socket(unit, service);
    dependencies(unit, service, &mut kept, names, socket);
    restart(unit, service, &mut kept);
    steps(unit, service, &mut kept);
    service.quadlet.extend(kept.into_iter().map(|Kept { entry, value }| UnitEntry {
        section: entry.section.clone(),
        key: Spanned::written(entry.key.clone(), entry.key_span),
        value: Spanned::written(value.into_owned().into(), entry.value.span),
    }));
}

/// `socket` says that Podman's socket is wanted for a mount, and for nothing else.
fn dependencies(unit: &Unit, service: &mut Service, kept: &mut Vec<Kept<'_>>, names: &Names<'_>, socket: bool) {
    let files_too = Habit::DependenciesTranslated.of(unit.release);
    let keys = WAITS.into_iter().filter(|key| unit.keys.may_hold(key));
    let lines: Vec<(&str, Words<'_>)> = keys.map(|key| (key, unit.words("Unit", key, Escapes::Keep))).collect();
    let mut said: IndexMap<&str, Wait<'_>> = IndexMap::default();
    for (key, word) in lines.iter().flat_map(|(key, words)| words.iter().map(|word| (*key, word))) {
        let Some((target, name)) = names.service(&word.text, files_too) else { continue };
        if name == service.name.value {
            continue;
        }
        let other = said.entry(name).or_insert(Wait {
            target,
            after: false,
            wants: false,
            requires: false,
            part_of: false,
            span: word.span,
        });
        match key {
            "After" => other.after = true,
            "Wants" | "Upholds" => other.wants = true,
            "PartOf" => other.part_of = true,
            _ => other.requires = true,
        }
    }
    // To be restarted with another, and no more than that, is nothing that a dependency says.
    said.retain(|_, said| said.after || said.wants || said.requires);
    // In the order in which they stand.
    said.sort_by(|_, a, _, b| a.span.cmp(&b.span));
    if said.is_empty() && !socket {
        return;
    }
    for (key, words) in &lines {
        without(kept, key, words, |word| {
            let known = names.service(word, files_too).is_some_and(|(_, name)| said.contains_key(name));
            known || (socket && word == "podman.socket")
        });
    }
    service.depends_on.reserve_exact(said.len());
    for (name, said) in said {
        let mode = service.network_mode.as_ref().map(|mode| &mode.value);
        let joined = matches!(mode, Some(NetworkMode::Service(other)) if other == name);
        if joined && said.requires && said.after && !Habit::UnitsMustExist.of(unit.release) {
            // Written beside `Network=container:NAME`, where that cannot name a unit.
            continue;
        }
        let condition = if said.requires { awaited(said.target) } else { Condition::Started };
        service.depends_on.push(Dependency {
            service: Spanned::written(name.to_owned(), said.span),
            condition: Spanned::implied(condition, said.span),
            restart: said.part_of,
            required: said.wants || said.requires,
        });
    }
}

/// When a unit counts as started.
fn awaited(target: &Unit) -> Condition {
    if target.kind != UnitKind::Container {
        Condition::Started
    } else if target.says("Service", "Type", "oneshot") {
        Condition::Completed
    } else if Feature::HealthWait.is_in_podman(target.release) && target.says("Container", "Notify", "healthy") {
        Condition::Healthy
    } else {
        Condition::Started
    }
}

/// Takes words out of a key of `[Unit]`; what is left stays one line.
fn without(kept: &mut Vec<Kept<'_>>, key: &str, words: &[Word<'_>], gone: impl Fn(&str) -> bool) {
    let left: Vec<&str> = words.iter().map(|word| &*word.text).filter(|word| !gone(word)).collect();
    if left.len() == words.len() {
        return;
    }
    // The first line says it all.
    let mut value = Some(left.join(" ")).filter(|_| !left.is_empty());
    kept.retain_mut(|line| {
        if !line.is("Unit", key) {
            return true;
        }
        let Some(value) = value.take() else { return false };
        line.value = Cow::Owned(value);
        true
    });
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

fn restart(unit: &Unit, service: &mut Service, kept: &mut Vec<Kept<'_>>) {
    // Podman writes another one over it.
    if unit.kind == UnitKind::Pod && !Habit::PodRestart.of(unit.release) {
        return;
    }
    let Some(text) = unit.last("Service", "Restart") else { return };
    let restart = match text.value {
        "no" => Restart::No,
        "always" => Restart::Always,
        "on-failure" => Restart::OnFailure(None),
        // systemd knows more ways than Compose, and takes no notice of what it does not know.
        _ => return,
    };
    service.restart = Some(Spanned::written(restart, text.span()));
    kept.retain(|line| {
        let is_pause = line.is("Service", "RestartSec") && line.entry.value.text == "5";
        !is_pause && !line.is("Service", "Restart")
    });
    if restart == Restart::OnFailure(None)
        && unit.last("Unit", "StartLimitIntervalSec").is_some_and(|text| text.value == "1d")
        && let Some(starts) = unit.last("Unit", "StartLimitBurst")
        && let Some(limit) = starts.value.parse::<u32>().ok().and_then(|starts| starts.checked_sub(1))
    {
        // The first start counts, too.
        service.restart = Some(Spanned::written(Restart::OnFailure(Some(limit)), text.span()));
        kept.retain(|line| !line.is("Unit", "StartLimitIntervalSec") && !line.is("Unit", "StartLimitBurst"));
    }
}

/// Steps that make the folder of a bind, or an env file, before the start.
fn steps(unit: &Unit, service: &mut Service, kept: &mut Vec<Kept<'_>>) {
    let ServiceBody { mounts, env_files, .. } = &mut **service;
    kept.retain(|line| {
        if !line.is("Service", "ExecStartPre") {
            return true;
        }
        let step = line.entry.value.text.as_str();
        let (folder, file) = (step.strip_prefix(MAKES_FOLDER), step.strip_prefix(MAKES_FILE));
        let Some(path) = folder.or(file) else { return true };
        let line = unit.lines("Service", "ExecStartPre").into_iter().find(|line| line.text == step);
        let words = line.and_then(|line| split(line, Escapes::Apply).ok()).unwrap_or_default();
        let path = unit.specifiers(words.last().map_or(path, |word| &word.text));
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

/// `StopTimeout=`, in seconds.
pub(super) fn grace(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::seconds)
}

/// Takes away what quadgen writes by itself wherever it renders such a stack: it would stand there twice.
pub(super) fn without_implied(stack: &mut Stack) {
    // Whether others wait until a service is healthy, or has ended.
    let mut waited = vec![(false, false); stack.services.len()];
    for other in stack.services.values().flat_map(|service| &service.depends_on) {
        let at = stack.services.get_index_of(&other.service.value);
        if let Some((healthy, completed)) = at.and_then(|at| waited.get_mut(at)) {
            *healthy |= other.condition.value == Condition::Healthy;
            *completed |= other.condition.value == Condition::Completed;
        }
    }
    let of_stack = format!(" of {}", stack.name.value.replace('%', "%%"));
    let standing = STANDING_FOR.map(|(name, word)| format!("\"{name}={word}\""));
    for (service, (healthy, completed)) in stack.services.values_mut().zip(waited) {
        if service.kind != ServiceKind::Container {
            continue;
        }
        let ServiceBody { name, health, stop_grace_period, quadlet, .. } = &mut **service;
        let limit = || {
            let wait = health.as_ref().filter(|_| healthy).map_or(0, |health| health.value.longest_wait());
            START_LIMIT.saturating_add(wait).to_string()
        };
        let stop_limit = || {
            let grace = stop_grace_period.map_or(GRACE, |grace| grace.value.as_seconds());
            grace.saturating_add(20).to_string()
        };
        quadlet.retain(|entry| {
            let value = entry.value.value.as_str();
            let implied = match (&*entry.section, entry.key.value.as_str()) {
                ("Unit", "Description") => is_description(value, "", &name.value, &of_stack),
                ("Container", "Notify") => healthy && value == "healthy",
                ("Service", "Environment") => standing.iter().any(|line| line == value),
                ("Service", "RestartMode") => healthy && value == "direct",
                ("Service", "Type") => completed && value == "oneshot",
                ("Service", "RemainAfterExit") => completed && value == "yes",
                ("Service", "TimeoutStartSec") => value == limit(),
                ("Service", "TimeoutStopSec") => (healthy || stop_grace_period.is_some()) && value == stop_limit(),
                ("Install", "WantedBy") => !completed && matches!(value, "default.target" | "multi-user.target"),
                _ => false,
            };
            !implied
        });
    }
    let described = |entry: &UnitEntry, kind: &str, key: &str| {
        entry.key.value == "Description" && is_description(&entry.value.value, kind, key, &of_stack)
    };
    for (key, network) in &mut stack.networks {
        network.quadlet.retain(|entry| !described(entry, "Network ", key));
    }
    for (key, volume) in &mut stack.volumes {
        volume.quadlet.retain(|entry| !described(entry, "Volume ", key));
    }
}

/// Whether a description is the one that quadgen writes.
fn is_description(text: &str, kind: &str, key: &str, of_stack: &str) -> bool {
    let named = text.strip_prefix(kind).and_then(|text| text.strip_suffix(of_stack));
    named.is_some_and(|named| named == key.replace('%', "%%"))
}
