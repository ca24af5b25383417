//! QG007: a network, volume, secret or config that nobody uses.

use super::context::Context;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashSet;
use crate::model::{Format, MountKind, Origin, Party, Service, ServiceKind, Stack, Text, Unit, UnitKind};
use crate::suggest;

pub static RULE: Rule = Rule {
    code: "QG007",
    name: "unused-definition",
    summary: "a network, volume, secret or config that nobody uses",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("unused_definition.md"),
};

/// Names that somebody uses.
#[derive(Default)]
struct Used<'a> {
    networks: HashSet<&'a str>,
    volumes: HashSet<&'a str>,
    secrets: HashSet<&'a str>,
    configs: HashSet<&'a str>,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.lowest > RULE.level {
        return;
    }
    let stack = context.stack;
    // Those whose profiles are off use what they name.
    let services: Vec<&Service> = stack.services.values().chain(stack.disabled.values()).collect();
    let used = used(stack, &services);
    // What stands in attributes that the core does not use may name anything: secrets of a build, say.
    let is_named = |name: &str| {
        let names = |text: &str| text.split([':', ',', '=']).any(|part| part == name);
        services.iter().any(|service| service.attributes.values().any(|(_, value)| value.any_text(&names)))
    };
    if stack.format == Format::Quadlet {
        return units(context, &used, sink);
    }
    let networks = stack.networks.values().map(|network| &network.name).collect();
    let volumes = stack.volumes.values().map(|volume| &volume.name).collect();
    let secrets = stack.secrets.values().map(|secret| &secret.name).collect();
    let configs = stack.configs.values().map(|config| &config.name).collect();
    let kinds: [(&str, Vec<&Text>, &HashSet<&str>); 4] = [
        ("network", networks, &used.networks),
        ("volume", volumes, &used.volumes),
        ("secret", secrets, &used.secrets),
        ("config", configs, &used.configs),
    ];
    for (what, names, used) in kinds {
        let meant = meant(&names, used);
        for name in names {
            let is_used = used.contains(name.value.as_str()) || meant.contains(name.value.as_str());
            if !is_used && !is_named(&name.value) {
                context.report(sink, finding(what, name));
            }
        }
    }
}

/// Names that others are near to which are nowhere: QG006 says what is wrong with those.
fn meant<'a>(names: &[&'a Text], used: &HashSet<&str>) -> HashSet<&'a str> {
    let known: HashSet<&str> = names.iter().map(|name| name.value.as_str()).collect();
    let undefined = used.iter().filter(|used| !known.contains(*used));
    undefined.filter_map(|used| suggest::nearest(used, names.iter().map(|name| name.value.as_str()))).collect()
}

fn used<'a>(stack: &'a Stack, services: &[&'a Service]) -> Used<'a> {
    let mut used = Used::default();
    for service in services {
        used.networks.extend(service.networks.iter().map(|attachment| attachment.network.value.as_str()));
        let volumes = service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Volume);
        used.volumes.extend(volumes.map(|mount| mount.value.source.as_str()));
        used.secrets.extend(service.secrets.iter().map(|secret| secret.source.value.as_str()));
        used.configs.extend(service.configs.iter().map(|config| config.source.value.as_str()));
    }
    for party in stack.deny.iter().flat_map(|deny| deny.from.iter().chain(&deny.to)) {
        if let Party::Network(name) = party {
            used.networks.insert(name);
        }
    }
    used
}

fn finding(what: &str, name: &Text) -> Diagnostic {
    let shown = &name.value;
    let finding = Diagnostic::new(&RULE, name.span(), format!("nobody uses the {what} `{shown}`"))
        .here("not used")
        .help("Why: what no service names is not made.")
        .help(format!("What helps: take it away, or use it: a service names it under `{what}s`."));
    match name.origin {
        Origin::Written(span) => finding.fix(format!("take `{shown}` away"), true, vec![Change::Remove { span }]),
        Origin::Implied(_) | Origin::Interpolated(_) => finding,
    }
}

/// Of units, a file that no other one names. What a YAML of Kubernetes names nobody looks at.
fn units(context: &Context<'_>, used: &Used<'_>, sink: &mut Sink) {
    let stack = context.stack;
    // Networks by themselves are there for others, which quadgen may not have read.
    if stack.services.is_empty() {
        return;
    }
    let kube = stack.services.values().any(|service| service.kind == ServiceKind::Kube);
    for unit in stack.units.values() {
        let (what, used, stem) = match (unit.kind, unit.file.rsplit_once('.')) {
            (UnitKind::Network, Some((stem, _))) => ("network", &used.networks, stem),
            (UnitKind::Volume, Some((stem, _))) if !kube => ("volume", &used.volumes, stem),
            _ => continue,
        };
        // An instance's name may make a name of another one.
        let is_template = stem.contains('@');
        // What is started at boot is meant to be there.
        let is_started = ["WantedBy", "RequiredBy", "UpheldBy"].iter().any(|key| unit.last("Install", key).is_some());
        if is_template || is_started || used.contains(stem) || stack.units.values().any(|other| names(other, unit)) {
            continue;
        }
        let message = format!("no unit uses the {what} of {}", unit.file);
        let finding = Diagnostic::new(&RULE, unit.head, message)
            .here("not used")
            .help("Why: Podman makes it when its service is started, and nothing here starts that.")
            .help(format!("What helps: take the file away, or name {} where it is meant.", unit.file));
        context.report(sink, finding);
    }
}

/// Whether a line of a unit names another unit: its file, its service, or something that is only known at run time.
fn names(unit: &Unit, other: &Unit) -> bool {
    let service = format!("{}.service", other.service);
    let extension = format!(".{}", other.kind.extension());
    let named = |text: &str| {
        text.contains(&other.file) || text.contains(&service) || (text.contains('%') && text.contains(&extension))
    };
    unit.file != other.file && unit.entries.iter().any(|entry| named(&entry.value.value))
}
