//! What of units nothing carries to Compose: every entry that the reader left, and that is not idle there, at its line.

use crate::diagnostic::Diagnostic;
use crate::maps::HashSet;
use crate::model::{Restart, Service, Stack, Unit, UnitEntry, UnitKind};
use crate::platform::{attributes, keys};
use crate::render::lost;

/// What an entry belongs to.
struct Owner<'s> {
    /// Its name, for people.
    name: &'s str,
    unit: Option<&'s Unit>,
    kind: UnitKind,
    /// Whether Docker starts it again after the host was restarted.
    comes_back: bool,
}

/// Targets that the runtime itself waits for.
const WAITED: [&str; 3] = ["network-online.target", "network.target", "podman-user-wait-network-online.service"];

/// Reports all of it. `original` holds the units as they were read.
pub(super) fn left(stack: &Stack, original: &Stack, found: &mut Vec<Diagnostic>) {
    let made: HashSet<String> = original.units.values().filter(|unit| !runs(unit.kind)).flat_map(names).collect();
    let mut tell = |entries: &[UnitEntry], owner: &Owner<'_>| {
        let told = entries.iter().filter_map(|entry| said(entry, owner, &made));
        found.extend(told);
    };
    for service in stack.services.values() {
        let kind = if service.unit_file().ends_with(".pod") { UnitKind::Pod } else { UnitKind::Container };
        let unit = original.units.get(&service.unit_file());
        // A target that quadgen writes by itself is none to the reader.
        let of_install = |entry: &&UnitEntry| entry.section == "Install";
        let targets = unit.into_iter().flat_map(|unit| unit.entries.iter().filter(of_install));
        let entries = service.quadlet.iter().filter(|entry| unit.is_none() || !of_install(entry)).chain(targets);
        let entries: Vec<UnitEntry> = entries.cloned().collect();
        tell(&entries, &Owner { name: &service.name.value, unit, kind, comes_back: comes_back(service) });
    }
    for network in stack.networks.values() {
        let off = |entry: &&UnitEntry| network.dns_disabled.is_some() && entry.key.value == "DisableDNS";
        let entries: Vec<UnitEntry> = network.quadlet.iter().filter(|entry| !off(entry)).cloned().collect();
        tell(&entries, &Owner { name: &network.name.value, unit: None, kind: UnitKind::Network, comes_back: true });
    }
    for volume in stack.volumes.values() {
        tell(
            &volume.quadlet,
            &Owner { name: &volume.name.value, unit: None, kind: UnitKind::Volume, comes_back: true },
        );
    }
    for unit in original.units.values().filter(|unit| !runs(unit.kind)) {
        let owner = Owner { name: &unit.file, unit: Some(unit), kind: unit.kind, comes_back: true };
        if matches!(unit.kind, UnitKind::Image | UnitKind::Build) {
            // Their own keys are left with the container that runs the image.
            let shared: Vec<UnitEntry> = unit.entries.iter().filter(|it| is_shared(&it.section)).cloned().collect();
            tell(&shared, &owner);
        }
    }
    for unit in original.units.values() {
        foreign(unit, found);
        options(unit, found);
        unused(unit, original, found);
    }
}

/// Whether a container, or several, comes of it.
fn runs(kind: UnitKind) -> bool {
    matches!(kind, UnitKind::Container | UnitKind::Pod | UnitKind::Kube)
}

/// The names by which other units order themselves behind one.
fn names(unit: &Unit) -> [String; 2] {
    [unit.file.clone(), format!("{}.service", unit.service)]
}

fn is_shared(section: &str) -> bool {
    matches!(section, "Unit" | "Service" | "Install" | "Quadlet")
}

fn comes_back(service: &Service) -> bool {
    matches!(service.restart.map(|restart| restart.value), Some(Restart::Always | Restart::UnlessStopped))
}

/// Sections that the generator hands on to systemd as they are. Those that begin with `X-` say nothing to anybody.
fn foreign(unit: &Unit, found: &mut Vec<Diagnostic>) {
    let own = unit.kind.section();
    let other = |entry: &&UnitEntry| entry.section != own && !is_shared(&entry.section);
    for entry in unit.entries.iter().filter(other).filter(|entry| !entry.section.starts_with("X-")) {
        let message = format!("Compose has nothing like [{}]: `{}=` is left out", entry.section, entry.key.value);
        found.push(lost(entry.key.span(), message));
    }
}

/// Options behind a network's name that a container of Compose does not have there.
fn options(unit: &Unit, found: &mut Vec<Diagnostic>) {
    let known = ["alias", "ip", "ip6", "mac", "interface_name"];
    for entry in unit.lines(unit.kind.section(), "Network") {
        let Some((name, options)) = entry.value.value.trim().split_once(':') else { continue };
        if !runs(unit.kind) || matches!(name, "container" | "ns" | "pasta" | "slirp4netns") {
            continue;
        }
        // The runtime's own network is a mode, and takes no settings there.
        let is_mode = matches!(name, "bridge" | "default" | "private" | "host" | "none");
        let lost_options = options.split(',').filter_map(|option| option.split('=').next());
        let lost_options = lost_options.filter(|option| !option.is_empty() && (is_mode || !known.contains(option)));
        for option in lost_options {
            let message =
                format!("Compose has no `{option}` for the network `{name}` of `{}`: it is left out", unit.file);
            found.push(lost(entry.value.span(), message));
        }
    }
}

/// Units that make something that no container has.
fn unused(unit: &Unit, stack: &Stack, found: &mut Vec<Diagnostic>) {
    let what = match unit.kind {
        UnitKind::Image => "pulls an image",
        UnitKind::Build => "builds an image",
        UnitKind::Artifact => "pulls an artifact",
        _ => return,
    };
    let entries = stack.units.values().filter(|other| other.kind == UnitKind::Container);
    let mut images = entries.filter_map(|other| other.last("Container", "Image"));
    if images.any(|image| image.value.value.trim() == unit.file) {
        return;
    }
    let message = format!("`{}` {what} that no container runs: Compose has no place for it", unit.file);
    found.push(lost(unit.head, message));
}

/// Whether a switch is off that Compose has, too, and that is off where nothing is said.
fn is_off(section: &str, key: &str, value: &str) -> bool {
    let is_switch = keys::find(section, key).is_some_and(|known| known.repeat == keys::Repeat::Bool);
    let of_key = |name: &&str| {
        let attribute = attributes::find(&format!("services.*.{name}"));
        attribute.is_some_and(|attribute| attribute.key.as_deref() == Some(key))
    };
    let off = ["0", "no", "false", "off"].iter().any(|word| value.eq_ignore_ascii_case(word));
    is_switch && off && (key == "DisableDNS" || attributes::below("services.*").iter().any(of_key))
}

/// Whether the unit's own section takes a variable of `NAME=VALUE …`.
fn is_used(unit: &Unit, value: &str) -> bool {
    let names = value.split([' ', '"', '\'']).filter_map(|word| word.split_once('=')).map(|(name, _)| name);
    let taken: Vec<String> = names.map(|name| format!("${{{name}}}")).collect();
    let own = unit.entries.iter().filter(|entry| entry.section == unit.kind.section());
    let texts: Vec<&str> = own.map(|entry| entry.value.value.as_str()).collect();
    !taken.is_empty() && taken.iter().all(|name| texts.iter().any(|text| text.contains(name)))
}

/// The names of arguments, without values, which may be secret.
fn flags(key: &str, value: &str) -> String {
    let flags = value.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let flags = flags.filter(|word| word.starts_with('-')).map(|word| word.split('=').next().unwrap_or(word));
    let flags: Vec<String> = flags.map(|flag| format!("`{flag}`")).collect();
    if flags.is_empty() { format!("`{key}=`") } else { flags.join(", ") }
}

/// What is to be said of an entry; nothing where nothing is lost.
fn said(entry: &UnitEntry, owner: &Owner<'_>, made: &HashSet<String>) -> Option<Diagnostic> {
    let (section, key, value) = (&*entry.section, entry.key.value.as_str(), entry.value.value.trim());
    // An empty value takes back what stood before it.
    if value.is_empty() || section.starts_with("X-") {
        return None;
    }
    if is_off(section, key, value) {
        return None;
    }
    let name = owner.name;
    let (message, help): (String, Option<&str>) = match (section, key) {
        ("Unit", "Description" | "Documentation") | ("Quadlet", "DefaultDependencies") => return None,
        // Compose makes what its services need, and before them.
        ("Install", _) | ("Unit", "Before") if !runs(owner.kind) => return None,
        // Whatever the limit is, Compose has none.
        ("Service", "TimeoutStartSec") => return None,
        ("Install", "DefaultInstance") => return None,
        ("Install", "WantedBy" | "RequiredBy" | "UpheldBy") if owner.comes_back => return None,
        ("Install", "WantedBy" | "RequiredBy" | "UpheldBy") => (
            format!("Compose starts nothing with the host: `{name}` is not there after a boot"),
            Some("What helps: `Restart=always`, with which the runtime starts it again."),
        ),
        ("Unit", "After" | "Wants" | "Requires" | "BindsTo" | "PartOf" | "Upholds" | "Requisite") => {
            let is_lost = |word: &&str| !WAITED.contains(word) && !made.contains(*word);
            let lost: Vec<&str> = value.split_whitespace().filter(is_lost).collect();
            if lost.is_empty() {
                return None;
            }
            let message = format!(
                "Compose knows its own services only: `{name}` does not wait for {}, and does not start or stop with it",
                lost.join(", ")
            );
            (message, Some("What helps: to see to it before `docker-compose up`."))
        }
        ("Unit", key) if key.starts_with("Condition") || key.starts_with("Assert") => {
            (format!("Compose has no conditions: `{name}` starts whether or not `{key}={value}` holds"), None)
        }
        ("Unit", "StartLimitIntervalSec" | "StartLimitBurst" | "StartLimitInterval") => (
            format!("Compose has no `{key}=`: `{name}` is started again without a limit"),
            Some("What helps: `Restart=on-failure` with `StartLimitIntervalSec=1d`, which is `on-failure:N` there."),
        ),
        ("Unit", _) => (format!("Compose has no `{key}=` for `{name}`: it is left out"), None),
        ("Service", "Restart") => (
            format!("Compose has no `Restart={value}`: `{name}` is not started again by itself"),
            Some("What helps: `Restart=always` or `Restart=on-failure`."),
        ),
        ("Service", "RestartSec" | "RestartSteps" | "RestartMaxDelaySec") => {
            (format!("Compose has no pause before a restart: `{name}` is started again as the runtime does it"), None)
        }
        ("Service", "TimeoutStopSec" | "TimeoutSec") => (
            format!("Compose has one limit for a stop: `{name}` has that of `StopTimeout=`, or 10 s"),
            Some("What helps: `StopTimeout=` in [Container]."),
        ),
        ("Service", "Type") if value == "oneshot" => (
            format!("`{name}` runs and ends, and nobody waits for it: Compose takes it for a service as any other"),
            Some("What helps: `Requires=` and `After=` of what needs it, which wait there until it has ended."),
        ),
        ("Service", key) if key.starts_with("Exec") => (
            format!("Compose runs nothing on the host: `{name}` goes without `{key}=`"),
            Some(
                "What helps: a service that does it and that `depends_on` waits for (service_completed_successfully), \
                 or a step of its own before `up`.",
            ),
        ),
        // What the unit's own values took from it was filled in.
        ("Service", "Environment") if owner.unit.is_some_and(|unit| is_used(unit, value)) => return None,
        ("Service", "Environment" | "EnvironmentFile" | "PassEnvironment") => (
            format!("`{key}=` of [Service] is for podman itself, which Compose does not run: it is left out"),
            Some("What helps: `Environment=` in [Container], if the container is meant."),
        ),
        ("Service", _) => (format!("Compose is no systemd: `{name}` goes without `{key}=` of [Service]"), None),
        ("Container", "Secret") => (
            format!("Compose gives secrets as files only: `{name}` has no variable of it"),
            Some(
                "What helps: the program's variable for a file (`…_FILE=/run/secrets/NAME`), or an env file that is \
                 not committed.",
            ),
        ),
        ("Container", "Notify") => (
            format!("Compose looks at no message of `{name}`: it counts as started once it runs"),
            Some("What helps: `HealthCmd=` and `Notify=healthy`, for which others wait there."),
        ),
        ("Container", "HealthOnFailure") => (
            format!("Compose does nothing about a container that is unhealthy: `{name}` goes on as it is"),
            Some("What helps: a check inside of the container that ends its program."),
        ),
        ("Container", "Timezone") => (
            format!("Compose has no `Timezone=`: `{name}` has the time zone of its image"),
            Some("What helps: `Environment=TZ=…`, or `/etc/localtime` as a bind."),
        ),
        (_, "PodmanArgs" | "GlobalArgs" | "ContainersConfModule") => {
            (format!("Compose does not run podman: `{name}` goes without {}", flags(key, value)), None)
        }
        (section, "ServiceName") if section != "Service" => {
            (format!("Compose calls services after their files: `{name}` is no `{value}.service`"), None)
        }
        ("Build" | "Image", _) => (format!("Compose has no `{key}=` for the image of `{name}`: it is left out"), None),
        _ => (format!("Compose has no `{key}=`: `{name}` goes without it"), None),
    };
    let finding = lost(entry.key.span(), message);
    Some(match help {
        Some(help) => finding.help(help),
        None => finding,
    })
}
