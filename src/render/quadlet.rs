//! Quadlet units: `.container`, `.network`, `.volume` and `.build`.

mod attributes;
mod build;
mod container;
mod copies;
mod environment;
mod fit;
mod gpu;
mod hooks;
mod kept;
mod life;
mod links;
mod mounts;
mod pod;
mod quote;
mod security;
mod shared;
mod template;
mod unit;

pub(crate) use copies::{container_name, count, is_template, services};
pub(crate) use fit::fitted;
pub(crate) use hooks::lines as hook_lines;
pub(crate) use life::{own_profiles, profile_target, pull};
pub(crate) use mounts::{content_step, is_folder};
pub(crate) use quote::one_of_list;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::host::Filled;
use super::{File, Options, Rendered, lost, refuse};
use crate::diagnostic::Diagnostic;
use crate::maps::HashSet;
use crate::model::{
    Condition, Data, Format, HOME, HostOs, INSTALLED, INTENTS, Network, Party, Spanned, Stack, Subnet, Volume, is_name,
};
use crate::network::{Isolation, isolations};
use crate::platform::{Feature, Platform, is_bridge_option};
use crate::source::Span;
use kept::Kept;
use template::Templates;
use unit::Unit;

/// A word of `PodmanArgs=` whose specifiers and variables are those of systemd, as they stood in a unit.
pub(super) fn word(text: &str) -> String {
    quote::word(text, quote::Specifiers::Meant).replace("$$", "$")
}

/// What every unit of a render needs.
struct Context<'a> {
    stack: &'a Stack,
    /// What stands before the names of units: systemd knows no projects, and every second one has a `db`.
    project: String,
    /// The services that look an address up when they start.
    at_start: &'a BTreeSet<String>,
    platform: &'a Platform,
    /// What others wait for: services, and until when.
    awaited: HashSet<(&'a str, Condition)>,
    findings: Vec<Diagnostic>,
    refused: Vec<Diagnostic>,
    notes: Vec<String>,
    /// Volumes that had no name, by the name they got.
    named_volumes: BTreeMap<String, crate::source::Span>,
    /// Folders that must exist beside the units.
    folders: Vec<String>,
    /// Files that are no units.
    files: Vec<File>,
    options: &'a Options,
    /// Texts that keep their variables.
    kept: Rc<Kept>,
}

pub(super) fn render(filled: &Filled, platform: &Platform, options: &Options) -> Result<Rendered, Vec<Diagnostic>> {
    let stack = &filled.stack;
    let project = prefix(stack);
    let awaited = stack.services.values().flat_map(|service| &service.depends_on);
    let mut context = Context {
        stack,
        project,
        at_start: &filled.at_start,
        platform,
        awaited: awaited.map(|it| (it.service.value.as_str(), it.condition.value)).collect(),
        findings: Vec::new(),
        refused: Vec::new(),
        notes: Vec::new(),
        named_volumes: BTreeMap::new(),
        folders: Vec::new(),
        files: Vec::new(),
        options,
        kept: Rc::new(if options.keep_variables { Kept::new(stack) } else { Kept::default() }),
    };
    let networks_of = stack.networks.values().filter_map(|network| network.object_name.as_ref());
    networks_of.for_each(|name| context.named_network(name));
    let volumes_of = stack.volumes.values().filter_map(|volume| volume.object_name.as_ref());
    volumes_of.for_each(|name| context.named("volume", name));
    let mut units: Vec<(String, Unit)> = Vec::new();
    for service in stack.services.values() {
        let built = build::build(&mut context, service);
        let (image, build) = built.map_or((None, None), |(image, unit)| (Some(image), unit));
        let unit = container::unit(&mut context, service, image.as_deref());
        units.extend(build.map(|unit| (format!("{}.build", context.unit(&service.name.value)), unit)));
        units.push((format!("{}.container", context.container(service)), unit));
    }
    if options.pod {
        pod::pod(&mut context, &mut units);
    }
    life::profiles(&context, &mut units);
    networks(&mut context, &mut units);
    volumes(&mut context, &mut units);
    one_service_each(&mut context, &units);
    if options.keep_variables {
        kept::values(&mut context, &mut units);
    }
    let mut files = std::mem::take(&mut context.files);
    let templates = Templates::new(&options.templates)?;
    for (name, unit) in &units {
        match templates.write(name, &stack.name.value, unit) {
            Ok(text) => files.push(File { name: name.clone(), text }),
            Err(found) if found.span() == Span::default() => {
                context.refused.push(refuse(stack.name.span(), format!("{name} cannot be written: {}", found.message)));
            }
            Err(found) => context.refused.push(*found),
        }
    }
    if !context.refused.is_empty() {
        return Err(context.refused);
    }
    if matches!(platform.host_os, HostOs::PodmanMachine | HostOs::PodmanMachineWsl) {
        context.notes.push(
            "The units run inside the podman machine: the steps are taken there (podman machine ssh).".to_owned(),
        );
    }
    if !context.folders.is_empty() {
        context.notes.push(format!(
            "Paths are relative to the folder of the units; these must be there: {}.",
            context.folders.join(", ")
        ));
    }
    Ok(Rendered { files, findings: context.findings, notes: context.notes, steps: Vec::new() })
}

/// What the names of a stack's units begin with.
pub(crate) fn prefix(stack: &Stack) -> String {
    match stack.format {
        Format::Compose => format!("{}-", stack.name.value),
        Format::Topology | Format::Quadlet => String::new(),
    }
}

impl Context<'_> {
    fn lose(&mut self, span: crate::source::Span, message: impl Into<String>) {
        self.findings.push(lost(span, message));
    }

    /// Refuses a name that Podman gives to nothing. Source: Podman, `NameRegex`.
    fn named(&mut self, what: &str, name: &Spanned<String>) {
        if !is_name(&name.value) {
            let message = format!(
                "Podman calls no {what} `{}`: a letter or digit, then letters, digits, `_`, `.`, `-`",
                name.value.escape_debug()
            );
            self.refused.push(refuse(name.span(), message));
        } else if what != "container" && unit::is_unit(&name.value) {
            let message = format!("Podman takes `{}` for a unit: a {what} of that name cannot be said", name.value);
            self.refused.push(refuse(name.span(), message));
        }
    }

    /// The same for a network, which has names that are modes beside.
    fn named_network(&mut self, name: &Spanned<String>) {
        let modes = ["none", "host", "bridge", "private", "pasta", "slirp4netns", "ns", "container"];
        if modes.contains(&name.value.as_str()) {
            let message = format!("Podman takes `{}` for a network mode: no network can be called so", name.value);
            let finding = refuse(name.span(), message).help("What helps: `network_mode`.");
            return self.refused.push(finding);
        }
        self.named("network", name);
    }

    /// What the unit of something is called, without its ending.
    fn unit(&self, name: &str) -> String {
        format!("{}{name}", self.project)
    }

    /// A name for a file of quadgen's own with variables, beside those that the stack brings.
    fn own_env_file(&self, name: &str) -> String {
        let theirs = self.stack.services.values().flat_map(|service| &service.env_files);
        let theirs: HashSet<&str> = theirs.map(|file| file.path.value.trim_start_matches("./")).collect();
        let names = ["env", "quadgen.env"].map(|ending| format!("{name}.{ending}"));
        let [usual, other] = names;
        if theirs.contains(usual.as_str()) { other } else { usual }
    }

    /// Where a path of the host is, as a word of a command: what is relative to the units lies where they are installed.
    fn place(&self, path: &str) -> String {
        if path.starts_with(['/', HOME]) {
            return quote::word(path, quote::Specifiers::Literal);
        }
        quote::word(&self.installed(path.strip_prefix("./").unwrap_or(path)), quote::Specifiers::Meant)
    }

    /// Where a file beside the units lies once they are installed, for systemd to fill in.
    fn installed(&self, name: &str) -> String {
        format!("{INSTALLED}{}", format!("{}{name}", self.options.below).replace('%', "%%"))
    }

    /// Whether the platform has a feature for certain.
    fn has(&self, feature: Feature) -> bool {
        self.platform.has(feature) == Some(true)
    }

    fn has_named_objects(&self) -> bool {
        self.has(Feature::NamedObjects)
    }
}

fn networks(context: &mut Context<'_>, units: &mut Vec<(String, Unit)>) {
    let isolations = isolations(context.stack, context.platform);
    let mut renamed = Vec::new();
    for network in context.stack.networks.values().filter(|network| !network.external) {
        let name = &network.name.value;
        let mut unit = Unit::new("Network", context.platform.version);
        unit.text("Unit", "Description", &format!("Network {name} of {}", context.stack.name.value));
        if context.has_named_objects() {
            unit.own("NetworkName", network.object());
        } else {
            renamed.push(format!("systemd-{}", context.unit(name)));
        }
        if let Some(driver) = &network.driver {
            unit.at(Some(driver.span()));
            unit.own("Driver", &driver.value);
            unit.at(None);
        }
        if network.is_internal() {
            unit.own("Internal", "true");
        }
        subnets(context, network, &mut unit);
        if network.ipv6 {
            unit.own("IPv6", "true");
        }
        for (option, value) in &network.options {
            if network.driver() == "bridge" && !is_bridge_option(option) {
                context.lose(
                    value.span(),
                    format!("Podman's bridge has no option `{option}`: `{name}` is made without it"),
                );
            } else {
                unit.at(Some(value.span()));
                unit.pair("Options", option, &value.value);
                unit.at(None);
            }
        }
        // fact: isolate-both
        if isolations.get(name.as_str()) == Some(&Isolation::True) && !network.options.contains_key("isolate") {
            unit.own("Options", "isolate=true");
        }
        for (attribute, (span, value)) in &network.attributes {
            unit.at(Some(*span));
            match attribute.as_str() {
                "labels" => unit.pairs("Label", value),
                "attachable" => {}
                "ipam.driver" if value.data == Data::Text("default".to_owned()) => {}
                "ipam.driver" => unit.own("IPAMDriver", &value.scalar().unwrap_or_default()),
                _ => context
                    .lose(*span, format!("a .network unit cannot say `{attribute}`: `{name}` is made without it")),
            }
        }
        unit.at(None);
        unit.entries(&network.quadlet);
        deny(context, &Party::Network(name.clone()), &mut unit);
        finish(context, &mut unit, network.name.span());
        units.push((format!("{}.network", context.unit(name)), unit));
    }
    if !renamed.is_empty() {
        context.notes.push(format!(
            "Podman {} cannot name networks in units: they are called {}.",
            context.platform.version,
            renamed.join(", ")
        ));
    }
}

/// The generator pairs gateways and ranges with subnets by their order, so those without one stand behind the others.
/// Source: Podman, `ConvertNetwork`.
fn subnets(context: &mut Context<'_>, network: &Network, unit: &mut Unit) {
    let name = &network.name.value;
    let mut subnets: Vec<&Subnet> = network.subnets.iter().collect();
    subnets.sort_by_key(|subnet| (subnet.subnet.is_none(), subnet.gateway.is_none(), subnet.range.is_none()));
    let mut gap = false;
    for subnet in subnets {
        if let Some((span, _)) = &subnet.aux {
            context.lose(*span, format!("a .network unit cannot say `aux_addresses`: `{name}` is made without it"));
        }
        let Some(own) = &subnet.subnet else {
            let span = subnet.gateway.as_ref().map(Spanned::span).or(subnet.range.as_ref().map(Spanned::span));
            if let Some(span) = span {
                context.lose(span, format!("a .network unit has no gateway or range without its subnet: `{name}`"));
            }
            continue;
        };
        unit.own("Subnet", &own.value.to_string());
        if let Some(gateway) = &subnet.gateway {
            unit.own("Gateway", &gateway.value.to_string());
        }
        match &subnet.range {
            Some(range) if gap => {
                let message =
                    format!("a .network unit cannot say the range of {}: `{name}` takes all of it", own.value);
                context.lose(range.span(), message);
            }
            Some(range) => unit.own("IPRange", &range.value.to_string()),
            None => gap = true,
        }
    }
}

fn volumes(context: &mut Context<'_>, units: &mut Vec<(String, Unit)>) {
    if !context.has_named_objects() {
        // `Volume=NAME:/path` makes the volume by that name; a unit would call it systemd-NAME.
        let settings = context.stack.volumes.values().flat_map(|volume| &volume.attributes);
        let lost: Vec<_> = settings.map(|(attribute, (span, _))| (*span, attribute.clone())).collect();
        for (span, attribute) in lost {
            let version = context.platform.version;
            context.lose(
                span,
                format!("Podman {version} cannot name volumes in units, so the volume has no `{attribute}`"),
            );
        }
        return;
    }
    let unit = |name: &str, object: &str, stack: &str, version| {
        let mut unit = Unit::new("Volume", version);
        unit.text("Unit", "Description", &format!("Volume {name} of {stack}"));
        unit.own("VolumeName", object);
        unit
    };
    let (stack, version) = (context.stack, context.platform.version);
    for volume in stack.volumes.values().filter(|volume| !volume.external) {
        let name = &volume.name.value;
        let mut unit = unit(name, volume.object(), &stack.name.value, version);
        driver(context, volume, &mut unit);
        unit.at(None);
        unit.entries(&volume.quadlet);
        finish(context, &mut unit, volume.name.span());
        units.push((format!("{}.volume", context.unit(name)), unit));
    }
    for name in context.named_volumes.keys() {
        let object = match stack.format {
            Format::Compose => format!("{}_{name}", stack.name.value),
            Format::Topology | Format::Quadlet => name.clone(),
        };
        units.push((format!("{}.volume", context.unit(name)), unit(name, &object, &stack.name.value, version)));
    }
}

fn driver(context: &mut Context<'_>, volume: &Volume, unit: &mut Unit) {
    for (attribute, (span, value)) in &volume.attributes {
        unit.at(Some(*span));
        match attribute.as_str() {
            "labels" => unit.pairs("Label", value),
            "driver" => unit.own("Driver", &value.scalar().unwrap_or_default()),
            "driver_opts" => {
                for (option, value, at) in super::pairs_at(value) {
                    unit.at(Some(at));
                    match option.as_str() {
                        "type" => unit.own("Type", &value),
                        "device" => {
                            unit.own("Device", &value);
                            if value.starts_with('.') {
                                let name = &volume.name.value;
                                let message = format!(
                                    "a unit cannot say where `{value}` of the volume `{name}` begins: it is none, and the volume \
                                     cannot be mounted (with `--base` it is absolute)"
                                );
                                context.lose(at, message);
                            }
                        }
                        "o" => unit.own("Options", &value),
                        name if name.contains('=') => {
                            context.lose(at, format!("Podman ends the name of an option at `=`: `{name}` is left out"));
                        }
                        _ => unit.option("--opt", &format!("{option}={value}")),
                    }
                }
            }
            _ => context.lose(*span, format!("a .volume unit cannot say `{attribute}`")),
        }
    }
}

/// Reports what the unit could not take.
fn finish(context: &mut Context<'_>, unit: &mut Unit, span: crate::source::Span) {
    for (at, message) in unit.take_lost() {
        context.lose(at.unwrap_or(span), message);
    }
}

/// Writes the denials that begin at a service or network, so that the intent travels with the units.
fn deny(context: &Context<'_>, party: &Party, unit: &mut Unit) {
    let stack = context.stack;
    let mut denied: Vec<String> = Vec::new();
    for deny in &stack.deny {
        let from_here = |from: &&Party| *from == party || stands_for(stack, from, party, &deny.to);
        if deny.from.iter().any(|from| from_here(&from)) {
            for to in deny.to.iter().map(|to| denied_name(context, to)) {
                if !denied.contains(&to) {
                    denied.push(to);
                }
            }
        }
    }
    if !denied.is_empty() {
        unit.at(stack.deny.first().map(|deny| deny.text.span()));
        unit.text(INTENTS, "Deny", &denied.join(" "));
        unit.at(None);
    }
}

/// Whether a denial of a network is said by its member: where the network comes from outside, it has no unit. Who is on
/// both sides belongs to neither.
fn stands_for(stack: &Stack, network: &Party, member: &Party, to: &[Party]) -> bool {
    let (Party::Network(network), Party::Service(member)) = (network, member) else { return false };
    let is_foreign = stack.networks.get(network).is_some_and(|network| network.external);
    let is_on = |network: &String| {
        let service = stack.services.get(member);
        service.is_some_and(|service| service.networks.iter().any(|attachment| attachment.network.value == *network))
    };
    let on_both = to.iter().any(|to| matches!(to, Party::Network(other) if is_on(other)));
    is_foreign && is_on(network) && !on_both
}

/// The file of a unit, or what stands for something that has none.
fn denied_name(context: &Context<'_>, party: &Party) -> String {
    match party {
        Party::Service(name) => format!("{}.container", context.unit(name)),
        Party::Network(name) => match context.stack.networks.get(name).filter(|network| network.external) {
            Some(network) => format!("network:{}", network.object()),
            None => format!("{}.network", context.unit(name)),
        },
        Party::Internet => "internet".to_owned(),
        Party::Host => "host".to_owned(),
    }
}

/// Refuses units that would make one and the same service: the generator would overwrite one in silence.
fn one_service_each(context: &mut Context<'_>, units: &[(String, Unit)]) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for (file, _) in units {
        let service = match file.rsplit_once('.') {
            Some((name, "container")) => name.to_owned(),
            Some((name, kind)) => format!("{name}-{kind}"),
            None => continue,
        };
        if let Some(other) = seen.insert(service.clone(), file) {
            let span =
                context.stack.services.values().find(|s| context.unit(&s.name.value) == service).map(|s| s.span());
            context.refused.push(refuse(
                span.unwrap_or_else(|| context.stack.name.span()),
                format!("{other} and {file} would both become {service}.service: one needs another name"),
            ));
        }
    }
}
