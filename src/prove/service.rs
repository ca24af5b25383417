//! What is said of a service: everything that changes what its container does.

use std::borrow::Cow;

use super::attributes;
use super::facts::{Kind, Object};
use super::mounts;
use super::side::Side;
use crate::model::{
    Condition, EnvFile, Health, HealthTest, NetworkMode, Restart, Service, Target as Goal, Text, UnitEntry,
};
use crate::platform::Feature;
use crate::platform::keys::{self, Key};
use crate::read::quadlet::DEPENDENCIES;
use crate::render::{
    container_name, count, hook_lines, is_template, own_profiles, profile_target, pull, services, start_step, words,
};
use crate::syntax::unit::{Escapes, Value, split};

/// What quadgen writes for a service that others wait for; that they wait is said of them.
const WAITED: [&str; 6] = ["Notify", "RestartMode", "TimeoutStartSec", "TimeoutStopSec", "Type", "RemainAfterExit"];

pub(super) fn service<'a>(side: &Side<'a>, service: &'a Service) -> Object<'a> {
    let mut out = Object::new(Kind::Service, &service.name.value, service.span());
    image(side, service, &mut out);
    out.say("container name", "", side.container_name(service), service.span());
    if let Some(name) = &service.hostname {
        out.say("host name", "", name.value.as_str(), name.span());
    }
    networks(side, service, &mut out);
    for port in &service.ports {
        let mut value = String::new();
        if !side.is_units() {
            // For swarms and for other programs: a unit's ports are what they are without it.
            let extra = port.value.extra.iter().map(|(name, _, value)| format!("{name}: {}", side.value(value)));
            value = extra.collect::<Vec<_>>().join(", ");
        }
        out.say("published port", port.value.to_string(), value, port.span());
    }
    environment(side, service, &mut out);
    for (what, words) in [("command", &service.command), ("entry point", &service.entrypoint)] {
        if let Some(words) = words {
            let at = words.iter().map(|word| word.span()).reduce(|a, b| a.to(b)).unwrap_or(service.span());
            out.say(what, "", self::words(side, words), at);
        }
    }
    mounts::mounts(side, service, &mut out);
    dependencies(side, service, &mut out);
    if let Some(health) = &service.health {
        self::health(side, &health.value, health.span(), &mut out);
    }
    life(side, service, &mut out);
    attributes::attributes(side, service, &mut out);
    entries(side, service, &mut out);
    hooks(side, service, &mut out);
    intents(side, service, &mut out);
    out
}

fn words<'a>(side: &Side<'a>, words: &'a [Text]) -> String {
    let words: Vec<Cow<'_, str>> = words.iter().map(|word| side.text(&word.value)).collect();
    format!("{words:?}")
}

fn image<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    let name = service.name.value.as_str();
    let image = match &service.image {
        Some(image) => image.value.full(),
        // What is built has the name that Compose gives it.
        None if side.is_units() && side.is_built(service) => {
            format!("localhost/{}-{name}:latest", side.source().name.value.to_lowercase())
        }
        None => return,
    };
    out.say("image", "", image, service.image.as_ref().map_or(service.span(), |image| image.span()));
}

fn networks<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    // A name that is no mode is that of a network, from outside.
    let by_name = |service: &Service| match service.network_mode.as_ref().map(|mode| &mode.value) {
        Some(NetworkMode::Other(name)) if side.is_units() && !name.contains(':') => Some(name.clone()),
        _ => None,
    };
    if let Some(name) = by_name(service) {
        let at = service.network_mode.as_ref().map_or(service.span(), |mode| mode.span());
        return out.say("network", name, "", at);
    }
    if side.other.services.get(&service.name.value).is_some_and(|other| by_name(other).is_some()) {
        let networks = service.networks.iter().map(|attachment| &attachment.network);
        return networks.for_each(|network| out.say("network", network.value.as_str(), "", network.span()));
    }
    if let Some(mode) = &service.network_mode {
        out.say("network mode", "", words::network_mode(&mode.value), mode.span());
    }
    if service.networks.is_empty() {
        return;
    }
    let names = side.names(service);
    for attachment in &service.networks {
        let network = attachment.network.value.as_str();
        let at = attachment.network.span();
        out.say("network", network, "", at);
        for (what, address) in [("IPv4 address", attachment.ipv4), ("IPv6 address", attachment.ipv6)] {
            if let Some(address) = address {
                out.say(what, network, address.value.to_string(), address.span());
            }
        }
        for (name, (span, value)) in &attachment.attributes {
            out.say(format!("{name} on a network"), network, side.value(value), span.to(value.span));
        }
        let mut here: Vec<&str> = names
            .iter()
            .filter(|name| name.network.is_none_or(|only| only == network))
            .map(|name| &*name.text)
            .collect();
        here.sort_unstable();
        here.dedup();
        for name in here {
            let place = attachment.aliases.iter().find(|alias| alias.value == name).map(Text::span);
            out.say("name on the network", format!("{network}: {name}"), "", place.unwrap_or(at));
        }
    }
}

fn environment<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    for (name, variable) in &service.environment {
        let value = variable.value.as_deref();
        // A line break cannot stand in a value and tell it from what the host gives.
        let value = value.map_or("\nfrom the host".into(), |value| side.text(value));
        out.say("variable", name.as_str(), value, variable.span());
    }
    // A file that was rendered, too: what it says are variables of the service. It comes behind all others.
    let (own, files): (Vec<&EnvFile>, Vec<&EnvFile>) =
        service.env_files.iter().partition(|file| side.are_made() && !side.is_source && file.variables.is_some());
    for (name, variable) in own.iter().filter_map(|file| file.variables.as_ref()).flatten() {
        if !service.environment.contains_key(name) {
            let value = variable.value.as_deref().map_or("\nfrom the host".into(), |value| side.text(value));
            out.say("variable", name.as_str(), value, variable.span());
        }
    }
    for (at, file) in files.into_iter().enumerate() {
        let EnvFile { path, required, format, .. } = file;
        // Of two files that set a variable the later one counts.
        out.say("env file", side.path(&path.value), at.to_string(), path.span());
        if !required {
            out.say("env file that may be missing", side.path(&path.value), "", path.span());
        }
        if let Some(format) = format {
            out.say("form of the env file", side.path(&path.value), format.value.as_str(), format.span());
        }
    }
}

/// A unit counts as started in one way, whoever waits for it; and who need not wait only wants it.
fn dependencies<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    for dependency in &service.depends_on {
        let name = dependency.service.value.as_str();
        // Who shares a network starts behind whose that is, whether anybody says it or not; and nothing waits for itself.
        let is_owner = matches!(&service.network_mode, Some(mode)
            if matches!(&mode.value, NetworkMode::Service(owner) if owner == name));
        // What docker-compose waits for by itself follows from attributes, which are compared.
        let known = side.other.services.get(&service.name.value);
        let is_known = known.is_some_and(|known| known.depends_on.iter().any(|other| other.service.value == name));
        if !side.is_source && dependency.service.is_implied() && !is_known {
            continue;
        }
        let only_starts = dependency.condition.value == Condition::Started || (side.is_units() && !dependency.required);
        if (is_owner && only_starts) || *name == service.name.value {
            continue;
        }
        let at = dependency.service.span().to(dependency.condition.span());
        if side.is_source && side.is_units() && side.stack.services.get(name).is_some_and(is_template) {
            // Each of its containers is a unit, and no file has the name of one.
            let restart = dependency.restart.then_some("PartOf");
            for key in [pull(dependency, side.has(Feature::HealthWait)), "After"].into_iter().chain(restart) {
                let units = services(side.stack, name);
                units.into_iter().for_each(|unit| out.say(format!("line [Unit] {key}="), unit, "", at));
            }
            continue;
        }
        let condition = match dependency.condition.value {
            _ if side.is_units() && !dependency.required => Condition::Started,
            Condition::Healthy if side.is_units() && side.completed.contains(name) => Condition::Completed,
            condition => condition,
        };
        out.say("dependency", name, words::condition(condition), at);
        // What units say may be less: to be pulled in and not waited for, or the other way round.
        if side.is_units() && !side.is_source {
            if side.units.unordered.contains(&(service.name.value.clone(), name.to_owned())) {
                out.say("start without waiting for", name, "", at);
            }
            if !dependency.required {
                out.say("start without", name, "", at);
            }
        }
        if dependency.restart {
            out.say("restart together with", name, "", at);
        }
        if !dependency.required && !side.is_units() {
            out.say("dependency that may be missing", name, "", at);
        }
    }
}

fn health<'a>(side: &Side<'a>, health: &'a Health, at: crate::source::Span, out: &mut Object<'a>) {
    match &health.test {
        Some(HealthTest::Disabled) => return out.say("health check", "", "none", at),
        Some(HealthTest::Exec(test)) => {
            let place = test.iter().map(|word| word.span()).reduce(|a, b| a.to(b)).unwrap_or(at);
            out.say("health check", "", words(side, test), place);
        }
        Some(HealthTest::Shell(line)) => {
            let text = side.text(&line.value);
            let text = if side.is_units() { text.trim().to_owned() } else { text.into_owned() };
            out.say("health check", "", format!("in a shell: {text}"), line.span());
        }
        None => {}
    }
    for (what, time) in [
        ("interval of the health check", health.interval),
        ("limit of the health check", health.timeout),
        ("start period of the health check", health.start_period),
        ("start interval of the health check", health.start_interval),
    ] {
        if let Some(time) = time {
            out.say(what, "", time.value.to_string(), time.span());
        }
    }
    if let Some(retries) = health.retries {
        out.say("retries of the health check", "", retries.value.to_string(), retries.span());
    }
}

fn life<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    // What somebody wrote for this unit goes before it.
    let own = |key: &str| service.quadlet.iter().any(|entry| entry.section == "Service" && entry.key.value == key);
    if let Some(restart) = service.restart.filter(|_| !own("Restart")) {
        let value = match restart.value {
            Restart::No => None,
            // systemd starts nothing again that somebody stopped, whatever is written.
            Restart::UnlessStopped if side.is_units() => Some(Restart::Always),
            value => Some(value),
        };
        if let Some(value) = value {
            out.say("restart", "", value.to_string(), restart.span());
        }
    }
    // Docker starts what it had running; systemd what is installed. Units know it by themselves.
    if side.is_units() {
        let name = service.name.value.as_str();
        let installs = |entry: &UnitEntry| entry.section == "Install" && entry.key.value != "DefaultInstance";
        let installed = service.quadlet.iter().any(installs);
        let by_itself = count(service) > 0
            && !side.completed.contains(name)
            && own_profiles(side.source(), service).is_none()
            && !installed;
        if if side.is_source { by_itself } else { side.units.at_boot.contains(name) && !installed } {
            out.say("start with the machine", "", "", service.span());
        }
    }
    if let Some(grace) = service.stop_grace_period {
        let value = if side.is_units() { format!("{}s", grace.value.as_seconds()) } else { grace.value.to_string() };
        out.say("time to stop", "", value, grace.span());
    }
}

/// Lines for the unit that nothing else of the model says.
fn entries<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    lines(side, &service.quadlet, out);
    for profile in own_profiles(side.stack, service).iter().flatten().filter(|_| side.is_source && side.is_units()) {
        for what in ["line [Unit] PartOf=", "line [Install] WantedBy="] {
            out.say(what, profile_target(side.stack, profile), "", service.span());
        }
    }
    if side.is_source && side.is_units() && is_template(service) {
        out.say("line [Install] DefaultInstance=", "1", "", service.span());
        let others = services(side.stack, &service.name.value).into_iter().skip(1);
        others.for_each(|other| out.say("line [Unit] Wants=", other, "", service.span()));
    }
    if side.is_source && side.is_units() && side.at_start.contains(&service.name.value) {
        let (step, file) = start_step(&service.name.value);
        for (key, value) in [("ExecStartPre", step), ("EnvironmentFile", file)] {
            out.say(format!("line [Service] {key}="), value, "", service.span());
        }
    }
}

/// The commands that hooks become.
fn hooks<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    if !side.is_source || !side.is_units() {
        return;
    }
    let unit = side.unit(&service.name.value);
    for (key, line, at) in hook_lines(service, &container_name(service, &unit)) {
        match line {
            Ok(line) => out.say(format!("line [Service] {key}="), line, "", at),
            Err(()) => out.say("hook", key, "", at),
        }
    }
}

/// What is for people, and starts and changes nothing.
fn is_idle(entry: &UnitEntry) -> bool {
    entry.section == "Unit" && matches!(entry.key.value.as_str(), "Description" | "Documentation")
}

/// Lines for the unit of an object.
pub(super) fn lines<'a>(side: &Side<'a>, entries: &'a [UnitEntry], out: &mut Object<'a>) {
    let (kind, name) = (out.kind, out.name);
    if side.has_lines(kind, name) {
        // In units those that somebody wrote are looked for as they stand; Compose has none.
        let missing = entries.iter().filter(|entry| side.is_source && side.is_units() && !side.units.holds(entry));
        return missing.for_each(|entry| line(side, entry, out));
    }
    let by_waiting = side.is_units() && kind == Kind::Service && side.awaited.contains(name);
    let waited = |entry: &UnitEntry| by_waiting && WAITED.contains(&entry.key.value.as_str());
    entries.iter().filter(|entry| !is_idle(entry) && !waited(entry)).for_each(|entry| line(side, entry, out));
}

/// Whether a line lists units.
fn is_list_of_units(entry: &UnitEntry) -> bool {
    let key = entry.key.value.as_str();
    (entry.section == "Unit" && DEPENDENCIES.contains(&key)) || entry.section == "Install"
}

/// A line for a unit. Arguments may stand in one line or in several.
fn line<'a>(side: &Side<'a>, entry: &'a UnitEntry, out: &mut Object<'a>) {
    let what = format!("line [{}] {}=", entry.section, entry.key.value);
    let at = entry.key.span().to(entry.value.span());
    if matches!(entry.key.value.as_str(), "PodmanArgs" | "GlobalArgs") {
        let line = Value::without_place(&entry.value.value);
        let words = split(&line, Escapes::Apply).unwrap_or_default();
        for word in words {
            // As Podman gets it, behind systemd.
            let text = word.text.replace("%%", "%").replace("$$", "$");
            out.say(what.clone(), text, "", at);
        }
    } else if let Some(argument) = keys::find(&entry.section, &entry.key.value).and_then(Key::argument)
        && side.is_units()
        && !side.are_made()
    {
        // An older release takes it as an argument.
        let argument = format!("{argument}{}", entry.value.value);
        match argument.strip_prefix("--label=").and_then(|label| label.split_once('=')) {
            Some((name, value)) => out.say("labels", name.to_owned(), value.to_owned(), at),
            None => out.say(format!("line [{}] PodmanArgs=", entry.section), argument, "", at),
        }
    } else if is_list_of_units(entry) {
        // Units may stand in one line or in several.
        entry.value.value.split_whitespace().for_each(|unit| out.say(what.clone(), side.service_of(unit), "", at));
    } else {
        out.say(what, side.text(&entry.value.value), "", at);
    }
}

fn intents<'a>(side: &Side<'a>, service: &'a Service, out: &mut Object<'a>) {
    for (what, denied) in [("internet: deny", service.internet_denied), ("host: deny", service.host_denied)] {
        if let Some(at) = denied {
            out.say("intent", what, "", at);
        }
    }
    for connection in service.connections.iter().filter(|connection| connection.is_stated()) {
        let known = match &connection.to {
            Goal::Service(name) => side.stack.services.contains_key(name),
            Goal::Host(_) => true,
        };
        if known {
            out.say("intent", format!("connects: {}", words::connection(connection)), "", service.span());
        }
    }
}
