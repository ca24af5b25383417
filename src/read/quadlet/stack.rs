//! The units of a release → the stack.

use std::sync::Arc;

use super::load::Loaded;
use super::unit::Unit;
use super::{Parsed, container, env_file, intent, life, network};
use crate::diagnostic::Diagnostic;
use crate::maps::{HashMap, IndexMap};
use crate::model::{self, Format, Network, Service, Spanned, Stack, Text, UnitEntry, UnitKind, Volume};
use crate::source::{SourceMap, Span};
use crate::syntax::unit::{Entry, Escapes};
use crate::threads::{self, MANY};

/// What names mean in a tree, and what they are found to mean outside of it.
pub(super) struct Names<'a> {
    pub parsed: &'a Parsed,
    pub sources: &'a SourceMap,
    pub loaded: &'a Loaded,
    known: &'a Known<'a>,
    /// Networks that no unit makes.
    pub other_networks: IndexMap<String, Network>,
    /// Volumes that no unit makes.
    pub other_volumes: IndexMap<String, Volume>,
}

/// What names mean in a tree.
struct Known<'a> {
    /// Keys of networks, volumes and containers, by the names of their objects.
    networks: HashMap<&'a str, &'a str>,
    volumes: HashMap<&'a str, &'a str>,
    containers: HashMap<&'a str, &'a str>,
    /// Units by their services.
    services: HashMap<&'a str, &'a Unit>,
}

impl<'a> Known<'a> {
    fn of(loaded: &'a Loaded) -> Known<'a> {
        let objects = |kind| {
            let units = || loaded.units.iter().filter(move |unit| unit.kind == kind);
            let mut objects: HashMap<&str, &str> = HashMap::default();
            objects.reserve(units().count());
            objects.extend(units().map(|unit| (unit.object.value.as_str(), unit.stem.as_str())));
            objects
        };
        Known {
            networks: objects(UnitKind::Network),
            volumes: objects(UnitKind::Volume),
            containers: objects(UnitKind::Container),
            services: loaded.units.iter().map(|unit| (unit.service.as_str(), unit)).collect(),
        }
    }
}

/// What a unit becomes, with the networks and volumes that it names and no unit makes.
pub(super) struct Outcome {
    made: Made,
    networks: IndexMap<String, Network>,
    volumes: IndexMap<String, Volume>,
}

/// What it is in the stack.
enum Made {
    Service(Service),
    Network(Box<Network>),
    Volume(Box<Volume>),
    Nothing,
}

impl<'a> Names<'a> {
    /// The key of the network with an object's name; one that no unit makes is taken in.
    pub fn network(&mut self, name: &str, span: Span) -> String {
        if let Some(key) = self.known.networks.get(name) {
            return (*key).to_owned();
        }
        let (key, object_name) = self.outside(name, "network", span);
        let network = self.other_networks.entry(key.clone());
        network.or_insert_with(|| Network {
            external: true,
            object_name,
            ..Network::new(Spanned::written(key.clone(), span))
        });
        key
    }

    /// The key of the volume with an object's name; one that no unit makes is taken in.
    pub fn volume(&mut self, name: &str, span: Span) -> String {
        if let Some(key) = self.known.volumes.get(name) {
            return (*key).to_owned();
        }
        let (key, object_name) = self.outside(name, "volume", span);
        let volume = self.other_volumes.entry(key.clone());
        volume.or_insert_with(|| Volume {
            name: Spanned::written(key.clone(), span),
            object_name,
            external: true,
            attributes: IndexMap::default(),
            quadlet: Vec::new(),
        });
        key
    }

    /// The key for an object that no unit makes, and its name where a unit's file has that key already.
    fn outside(&self, name: &str, kind: &str, span: Span) -> (String, Option<Text>) {
        if self.loaded.by_file.contains_key(&format!("{name}.{kind}")) {
            (format!("{name}-external"), Some(Spanned::written(name.to_owned(), span)))
        } else {
            (name.to_owned(), None)
        }
    }

    /// The key of the service whose container has a name.
    pub fn container(&self, name: &str) -> Option<String> {
        self.known.containers.get(name).map(|key| (*key).to_owned())
    }

    /// The key of the service that a unit becomes, by its file's name or that of its service.
    pub fn service(&self, name: &str, files_too: bool) -> Option<(&'a Unit, &'a str)> {
        let by_service = || self.known.services.get(name.strip_suffix(".service")?).copied();
        let unit = self.loaded.find(name).filter(|_| files_too).or_else(by_service)?;
        Some((unit, key(unit)?))
    }
}

/// The key of the service that a unit becomes; none for what runs nothing.
pub(super) fn key(unit: &Unit) -> Option<&str> {
    match unit.kind {
        UnitKind::Container => Some(&unit.stem),
        UnitKind::Pod | UnitKind::Kube => Some(&unit.file),
        _ => None,
    }
}

/// What each unit becomes, in their order; `stack` is the name of all together.
pub(super) fn make(parsed: &Parsed, sources: &SourceMap, loaded: &Loaded, stack: &str) -> Vec<Outcome> {
    let known = Known::of(loaded);
    threads::map(loaded.units.len() > MANY, &loaded.units, |unit| {
        let (other_networks, other_volumes) = (IndexMap::default(), IndexMap::default());
        let mut names = Names { parsed, sources, loaded, known: &known, other_networks, other_volumes };
        let made = match unit.kind {
            UnitKind::Container | UnitKind::Pod | UnitKind::Kube => {
                Made::Service(container::service(unit, &mut names, stack))
            }
            UnitKind::Network => Made::Network(Box::new(network::network(unit))),
            UnitKind::Volume => Made::Volume(Box::new(network::volume(unit))),
            UnitKind::Image | UnitKind::Build | UnitKind::Artifact => Made::Nothing,
        };
        Outcome { made, networks: names.other_networks, volumes: names.other_volumes }
    })
}

/// The stack of what the units became, without its source layer, and what is wrong with its intents.
pub(super) fn stack(
    parsed: &Parsed,
    loaded: &Loaded,
    name: String,
    made: Vec<Outcome>,
) -> Option<(Stack, Vec<Diagnostic>)> {
    let first = loaded.units.first()?;
    let top = Span::new(first.span.start, first.span.start);
    let mut stack = Stack::new(Spanned::implied(name, top), Format::Quadlet);
    let count = |kind| loaded.units.iter().filter(|unit| unit.kind == kind).count();
    stack.services.reserve(count(UnitKind::Container));
    stack.networks.reserve(count(UnitKind::Network));
    stack.volumes.reserve(count(UnitKind::Volume));
    let mut others = (Vec::new(), Vec::new());
    for (unit, outcome) in loaded.units.iter().zip(made) {
        match outcome.made {
            Made::Service(service) => drop(stack.services.insert(service.name.value.clone(), service)),
            Made::Network(network) => drop(stack.networks.insert(unit.stem.clone(), *network)),
            Made::Volume(volume) => drop(stack.volumes.insert(unit.stem.clone(), *volume)),
            Made::Nothing => {}
        }
        others.0.extend(outcome.networks);
        others.1.extend(outcome.volumes);
    }
    for (key, network) in others.0 {
        stack.networks.entry(key).or_insert(network);
    }
    for (key, volume) in others.1 {
        stack.volumes.entry(key).or_insert(volume);
    }
    container::secrets(&mut stack);
    let found = intent::intents(loaded, &mut stack);
    life::without_implied(&mut stack);
    stack.activated.clone_from(&parsed.activated);
    Some((stack, found))
}

/// A sentence for each env file that should lie beside its unit and does not.
pub(super) fn missing_env_files(parsed: &Parsed, loaded: &Loaded) -> Vec<String> {
    let mut notes = Vec::new();
    for unit in loaded.units.iter().filter(|unit| unit.kind == UnitKind::Container) {
        for word in unit.words("Container", "EnvironmentFile", Escapes::Apply) {
            let path = env_file::inside(&unit.folder, &word.text);
            if let Some(path) = path.filter(|path| !parsed.env_files.contains_key(path)) {
                notes.push(format!("{}: its env file {path} is not there, so its variables are unknown.", unit.file));
            }
        }
    }
    notes
}

/// The unit as its files say it.
pub(super) fn source_layer(unit: Unit, sources: &SourceMap) -> model::Unit {
    let entry = |entry: Entry| UnitEntry {
        section: entry.section,
        key: Spanned::written(entry.key, entry.key_span),
        value: Spanned::written(entry.value.text, entry.value.span),
    };
    model::Unit {
        service: unit.service,
        file: unit.file,
        kind: unit.kind,
        folder: unit.folder.clone(),
        text: sources.file_of(unit.span).map(|file| Arc::clone(&file.text)).unwrap_or_default(),
        span: unit.span,
        head: unit.head,
        sections: unit.sections,
        keys: unit.keys,
        entries: unit.entries.into_iter().map(entry).collect(),
        shadowed: unit.shadowed,
        install_commented_out: unit.install_commented_out,
    }
}

/// The stack's name: what quadgen wrote into all descriptions, else the folder's, else that of its only unit.
pub(super) fn name(parsed: &Parsed, loaded: &Loaded) -> String {
    let mut names = loaded.units.iter().map(|unit| {
        let text = unit.last("Unit", "Description")?.value.replace("%%", "%");
        text.strip_prefix(&described(unit)).map(str::to_owned)
    });
    if let Some(Some(name)) = names.next()
        && names.all(|other| other.as_ref() == Some(&name))
        && !name.is_empty()
    {
        return name;
    }
    let only = loaded.units.first().filter(|_| loaded.units.len() == 1).map(|unit| unit.stem.as_str());
    let name = if parsed.name.is_empty() { only.unwrap_or("units") } else { &parsed.name };
    let good = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
    let name: String = name.chars().map(good).collect();
    let name = name.trim_matches(['-', '_']);
    if name.is_empty() { "units".to_owned() } else { name.to_owned() }
}

/// How the description begins that quadgen writes; the stack's name follows.
fn described(unit: &Unit) -> String {
    let stem = &unit.stem;
    match unit.kind {
        UnitKind::Network => format!("Network {stem} of "),
        UnitKind::Volume => format!("Volume {stem} of "),
        UnitKind::Build => format!("Image of {stem} of "),
        _ => format!("{stem} of "),
    }
}
