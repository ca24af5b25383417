//! One of the two sides: a stack on its platform, and what is known of what it is rendered to.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::back::{START, given};
use super::facts::Kind;
use super::units::Units;
use crate::maps::{HashMap, HashSet};
use crate::model::{
    AT_START, Condition, ContainerName, Data, Format, HOME, MountKind, Service, Stack, VARIABLE, Value,
};
use crate::network::{Name, Wiring};
use crate::platform::{Feature, Platform};
use crate::render::{Target, count, is_replicated, prefix};

/// Stands for the name that Compose makes, whatever it is: it is made again of the same words.
const MADE: &str = "a name of Compose's";
/// Stands for a volume that a service has for itself.
pub(super) const OWN_VOLUME: &str = "a volume of its own";

pub(super) struct Side<'a> {
    pub wiring: &'a Wiring<'a>,
    pub stack: &'a Stack,
    pub platform: &'a Platform,
    pub target: Target,
    /// The other side.
    pub other: &'a Stack,
    /// Whether this is what was meant.
    pub is_source: bool,
    /// The services that others wait for until they have ended.
    pub completed: HashSet<&'a str>,
    /// The services that others wait for in any way.
    pub awaited: HashSet<&'a str>,
    /// What only the rendered units say.
    pub units: &'a Units,
    /// Services that look an address up when they start.
    pub at_start: &'a BTreeSet<String>,
    /// How many mounts each volume has.
    pub mounted: HashMap<&'a str, usize>,
}

impl<'a> Side<'a> {
    pub fn new(
        wiring: &'a Wiring<'a>,
        target: Target,
        other: &'a Stack,
        is_source: bool,
        at_start: &'a BTreeSet<String>,
        units: &'a Units,
    ) -> Self {
        let (stack, platform) = (wiring.stack, wiring.platform);
        let dependencies = stack.services.values().flat_map(|service| &service.depends_on);
        // By the source: who only wants another waits for nothing in its unit.
        let source = if is_source { stack } else { other };
        let awaited = source
            .services
            .values()
            .flat_map(|service| &service.depends_on)
            .filter(|other| other.condition.value != Condition::Started);
        let awaited = awaited.map(|other| other.service.value.as_str()).collect();
        let completed = dependencies.filter(|other| other.condition.value == Condition::Completed);
        let completed = completed.map(|other| other.service.value.as_str()).collect();
        let mut mounted: HashMap<&str, usize> = HashMap::default();
        for mount in stack.services.values().flat_map(|service| &service.mounts) {
            if mount.value.kind == MountKind::Volume {
                *mounted.entry(mount.value.source.as_str()).or_default() += 1;
            }
        }
        Side { wiring, stack, platform, target, other, is_source, completed, awaited, units, at_start, mounted }
    }

    /// What both are about.
    pub fn source(&self) -> &'a Stack {
        if self.is_source { self.stack } else { self.other }
    }

    /// Whether somebody wrote lines for the units that are made of a topology. They stand there as written, and are read
    /// as whatever they say.
    pub fn has_lines(&self, kind: Kind, name: &str) -> bool {
        let stack = self.source();
        // What was units before is compared line by line.
        if self.is_units() && !self.are_made() {
            return false;
        }
        let entries = match kind {
            Kind::Service => stack.services.get(name).map(|service| &service.quadlet),
            Kind::Network => stack.networks.get(name).map(|network| &network.quadlet),
            Kind::Volume => stack.volumes.get(name).map(|volume| &volume.quadlet),
            Kind::Stack => None,
        };
        entries.is_some_and(|entries| !entries.is_empty())
    }

    /// What `%N` is in the unit of a service.
    pub fn full_name(&self, service: &Service) -> String {
        let at = if count(service) > 1 { "@" } else { "" };
        format!("{}{at}", self.unit(&service.name.value))
    }

    /// What the unit of a service is called, without its ending.
    pub fn unit(&self, name: &str) -> String {
        format!("{}{name}", prefix(self.source()))
    }

    /// Whether units are written.
    pub fn is_units(&self) -> bool {
        self.target == Target::Quadlet
    }

    /// Whether units are made of something else, and not edited.
    pub fn are_made(&self) -> bool {
        self.is_units() && self.source().format != Format::Quadlet
    }

    /// A unit of systemd's, by its service where it is named by its file: older releases want it to be called so.
    pub fn service_of(&self, unit: &'a str) -> Cow<'a, str> {
        match self.stack.units.get(unit).filter(|_| self.is_units() && !self.are_made()) {
            Some(unit) => format!("{}.service", unit.service).into(),
            None => self.text(unit),
        }
    }

    /// Whether the platform has a feature for certain.
    pub fn has(&self, feature: Feature) -> bool {
        self.platform.has(feature) == Some(true)
    }

    /// Whether an image is built for a service, by either side: units may say so, and before them nothing does.
    pub fn is_built(&self, service: &Service) -> bool {
        let built = |service: &Service| service.attributes.contains_key("build");
        built(service) || self.other.services.get(&service.name.value).is_some_and(built)
    }

    /// A text with what is only known where it runs, as it comes back.
    pub fn text(&self, text: &'a str) -> Cow<'a, str> {
        let [open, close] = VARIABLE;
        if !text.contains([AT_START, HOME, open]) {
            return text.into();
        }
        let start = if self.is_units() { "${QUADGEN_HOST}" } else { START };
        let text = text.replace(AT_START, start).replace(HOME, "%h");
        // Units that become a Compose file leave variables to whoever starts it.
        let mut parts = text.split(open);
        let mut out = parts.next().unwrap_or("").to_owned();
        for part in parts {
            let (name, rest) = part.split_once(close).unwrap_or((part, ""));
            out.push_str(&given(name));
            out.push_str(rest);
        }
        out.into()
    }

    /// A path of the host: a home has two forms, and in a folder of units `x` is `./x`.
    pub fn path(&self, path: &'a str) -> Cow<'a, str> {
        if let Some(rest) = path.strip_prefix(HOME).or_else(|| path.strip_prefix("%h")) {
            return format!("~{rest}").into();
        }
        if self.is_units() && !path.starts_with(['/', '.', '~', '%', '$']) && !path.is_empty() {
            return format!("./{path}").into();
        }
        self.text(path)
    }

    /// Whether the name of a container is one that Compose makes.
    fn is_made(&self, service: &Service) -> bool {
        self.target == Target::Compose
            && match &service.container_name {
                ContainerName::ByRuntime(_) => true,
                ContainerName::Named(name) => name.is_implied() && self.stack.format == Format::Compose,
                ContainerName::ByService => is_replicated(service),
            }
    }

    /// The container's name.
    pub fn container_name(&self, service: &'a Service) -> Cow<'a, str> {
        match &service.container_name {
            _ if self.is_made(service) => MADE.into(),
            ContainerName::Named(name) => self.text(&name.value),
            ContainerName::ByService => service.name.value.as_str().into(),
            ContainerName::ByRuntime(_) => self.wiring.container_name(service),
        }
    }

    /// The names by which a service is found on its networks.
    pub fn names(&self, service: &'a Service) -> Vec<Name<'_>> {
        let mut names = self.wiring.names(service).to_vec();
        if self.is_made(service)
            && let Some(first) = names.first_mut()
        {
            first.text = MADE.into();
        }
        names
    }

    /// A value of the source layer in one form, whatever its writing.
    pub fn value(&self, value: &'a Value) -> Cow<'a, str> {
        match &value.data {
            Data::Text(text) => self.text(text),
            Data::Number(number) => number.as_str().into(),
            Data::Bool(true) => "true".into(),
            Data::Bool(false) => "false".into(),
            Data::Null => "".into(),
            Data::List(items) => {
                let items: Vec<Cow<'_, str>> = items.iter().map(|item| self.value(item)).collect();
                format!("[{}]", items.join(", ")).into()
            }
            Data::Map(entries) => {
                let mut parts: Vec<String> =
                    entries.iter().map(|(name, value)| format!("{name}: {}", self.value(value))).collect();
                parts.sort();
                format!("{{{}}}", parts.join(", ")).into()
            }
        }
    }

    /// A map, or a list of `NAME=VALUE`: each name with its value and its place.
    pub fn pairs(&self, value: &'a Value) -> Vec<(Cow<'a, str>, Cow<'a, str>, crate::source::Span)> {
        match &value.data {
            Data::Map(entries) => {
                entries.iter().map(|(name, value)| (name.as_str().into(), self.value(value), value.span)).collect()
            }
            Data::List(items) => items
                .iter()
                .map(|item| match self.value(item) {
                    Cow::Borrowed(text) => {
                        let (name, value) = text.split_once('=').unwrap_or((text, ""));
                        (name.into(), value.into(), item.span)
                    }
                    Cow::Owned(text) => {
                        let (name, value) = text.split_once('=').unwrap_or((&text, ""));
                        (name.to_owned().into(), value.to_owned().into(), item.span)
                    }
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}
