//! Networks and volumes of units, and what `Network=` of a container says.

use super::stack::Names;
use super::unit::Unit;
use super::values::{Given, Values, written};
use crate::maps::IndexMap;
use crate::model::{Attachment, Data, Network, NetworkMode, Service, Spanned, Subnet, Text, UnitEntry, Value, Volume};
use crate::platform::generator::Habit;
use crate::source::Span;
use crate::syntax::unit::Entry;

/// Every entry of the sections that kinds of units share: they stay with what the unit makes.
pub(super) fn shared(unit: &Unit) -> impl Iterator<Item = &Entry> {
    unit.entries.iter().filter(|entry| matches!(&*entry.section, "Unit" | "Service" | "Install" | "Quadlet"))
}

/// What nobody took of a network or a volume, and what it shares with other kinds.
fn rest(values: Values<'_>) -> Vec<UnitEntry> {
    let (unit, mut rest) = (values.unit, Vec::new());
    values.rest(&mut rest);
    rest.extend(shared(unit).map(written));
    rest
}

/// The name of the object in the runtime, where it differs from the file's.
fn object_name(unit: &Unit) -> Option<Text> {
    let name = unit.object.clone();
    (name.value != unit.stem).then_some(name)
}

fn labels(values: &mut Values<'_>) -> Option<(Span, Value)> {
    let found = values.take("Label");
    let span = found.first()?.span();
    let pairs: IndexMap<String, Value> = found.iter().map(pair).collect();
    Some((span, Value { span, data: Data::Map(pairs.into_iter().collect()) }))
}

/// `NAME=VALUE`.
fn pair(given: &Given<'_>) -> (String, Value) {
    let (name, value) = given.word.text.split_once('=').unwrap_or((&given.word.text, ""));
    (name.to_owned(), Value { span: given.span(), data: Data::Text(value.to_owned()) })
}

pub(super) fn network(unit: &Unit) -> Network {
    let mut values = Values::of(unit);
    values.take("NetworkName");
    let name = Spanned::written(unit.stem.clone(), unit.head);
    let mut network = Network::new(name);
    network.object_name = object_name(unit);
    network.internal = values.take_switch("Internal").filter(|internal| internal.value);
    network.driver = values.take_last("Driver").map(Given::into_text);
    network.ipv6 = values.take_switch("IPv6").is_some_and(|ipv6| ipv6.value);
    for given in values.take("Options") {
        let (name, value) = given.word.text.split_once('=').unwrap_or((&given.word.text, ""));
        let span = given.word.part(given.word.text.len() - value.len(), given.word.text.len());
        network.options.insert(name.to_owned(), Spanned::written(value.to_owned(), span));
    }
    subnets(&mut values, &mut network);
    if let Some(labels) = labels(&mut values) {
        network.attributes.insert("labels".to_owned(), labels);
    }
    if let Some(driver) = values.take_last("IPAMDriver") {
        network.attributes.insert("ipam.driver".to_owned(), (driver.span(), driver.into_value()));
    }
    network.dns_disabled = unit.switch("Network", "DisableDNS").filter(|off| off.value).map(|off| off.span());
    network.quadlet = rest(values);
    network
}

/// Each subnet with the gateway and the range that stand at its place. What is out of form stays as it is.
fn subnets(values: &mut Values<'_>, network: &mut Network) {
    let (subnets, gateways, ranges) = (values.take("Subnet"), values.take("Gateway"), values.take("IPRange"));
    for (at, given) in subnets.iter().enumerate() {
        let (gateway, range) = (gateways.get(at), ranges.get(at));
        let parsed = Subnet {
            subnet: simple(given),
            gateway: gateway.and_then(simple),
            range: range.and_then(simple),
            aux: None,
        };
        let whole = parsed.subnet.is_some()
            && parsed.gateway.is_some() == gateway.is_some()
            && parsed.range.is_some() == range.is_some();
        if whole {
            network.subnets.push(parsed);
            continue;
        }
        for (key, given) in [("Subnet", Some(given)), ("Gateway", gateway), ("IPRange", range)] {
            given.into_iter().for_each(|given| values.leave(key, given));
        }
    }
}

fn simple<T: std::str::FromStr>(given: &Given<'_>) -> Option<Spanned<T>> {
    given.word.text.parse().ok().map(|value| Spanned::written(value, given.span()))
}

pub(super) fn volume(unit: &Unit) -> Volume {
    let mut values = Values::of(unit);
    values.take("VolumeName");
    let mut attributes = IndexMap::default();
    attributes.extend(labels(&mut values).map(|labels| ("labels".to_owned(), labels)));
    if let Some(given) = values.take_last("Driver") {
        attributes.insert("driver".to_owned(), (given.span(), given.into_value()));
    }
    let mut options: Vec<(String, Value)> = Vec::new();
    for (key, option) in [("Type", "type"), ("Device", "device"), ("Options", "o")] {
        options.extend(values.take_last(key).map(|given| (option.to_owned(), given.into_value())));
    }
    options.extend(values.take("--opt").iter().map(pair));
    if let Some(span) = options.first().map(|(_, value)| value.span) {
        attributes.insert("driver_opts".to_owned(), (span, Value { span, data: Data::Map(options) }));
    }
    Volume {
        name: Spanned::written(unit.stem.clone(), unit.head),
        object_name: object_name(unit),
        external: false,
        attributes,
        quadlet: rest(values),
    }
}

/// `Network=`, `NetworkAlias=`, `IP=` and `IP6=` of a container, a pod or a kube unit.
pub(super) fn networks(values: &mut Values<'_>, service: &mut Service, names: &mut Names<'_>) {
    let unit = values.unit;
    let given = values.take("Network");
    service.networks.reserve_exact(given.len());
    for given in given {
        one_network(unit, &given, service, names);
    }
    let given = values.take("NetworkAlias");
    let mut aliases: Vec<Text> = Vec::with_capacity(given.len());
    aliases.extend(given.into_iter().map(Given::into_text));
    let (ipv4, ipv6) = (values.take_last("IP"), values.take_last("IP6"));
    if !aliases.is_empty()
        && let Some((last, others)) = service.networks.split_last_mut()
    {
        // Podman then takes no other form of alias.
        others.iter_mut().for_each(|attachment| attachment.aliases = aliases.clone());
        last.aliases = aliases;
    }
    if let Some(first) = service.networks.first_mut() {
        for (given, place) in [(ipv4, &mut first.ipv4), (ipv6, &mut first.ipv6)] {
            *place = given.as_ref().and_then(simple).or(*place);
        }
    }
    if service.networks.is_empty() && service.network_mode.is_none() {
        // Nothing said: the runtime's default network.
        service.network_mode = Some(Spanned::implied(NetworkMode::Bridge, unit.head));
    }
}

fn one_network(unit: &Unit, given: &Given<'_>, service: &mut Service, names: &mut Names<'_>) {
    let text = &*given.word.text;
    let (name, options) = text.split_once(':').unwrap_or((text, ""));
    let span = given.word.part(0, name.len());
    if let Some(stem) = name.strip_suffix(".container") {
        let mode = match (Habit::UnitsMustExist.of(unit.release), names.loaded.by_file.contains_key(name)) {
            (true, true) => Some(NetworkMode::Service(stem.to_owned())),
            (true, false) => Some(NetworkMode::Other(text.to_owned())),
            // Older releases take it for the name of a network.
            (false, _) => None,
        };
        match mode {
            Some(mode) => service.network_mode = Some(Spanned::written(mode, span)),
            None => service.networks.push(super::super::service::attachment(given.clone().into_text())),
        }
        return;
    }
    let mode = match name {
        "" => return,
        "host" => Some(NetworkMode::Host),
        "none" => Some(NetworkMode::None),
        "bridge" | "default" => Some(NetworkMode::Bridge),
        "container" => Some(match names.container(options) {
            Some(key) => NetworkMode::Service(key),
            None => NetworkMode::Container(options.to_owned()),
        }),
        "pasta" | "slirp4netns" | "private" | "ns" => Some(NetworkMode::Other(text.to_owned())),
        _ => None,
    };
    if let Some(mode) = mode {
        service.network_mode = Some(Spanned::written(mode, given.span()));
        return;
    }
    let key = match name.strip_suffix(".network") {
        Some(stem) if names.loaded.by_file.contains_key(name) => stem.to_owned(),
        // Reported; what the service is on then is anybody's guess.
        Some(_) if Habit::UnitsMustExist.of(unit.release) => {
            service.network_mode.get_or_insert(Spanned::written(NetworkMode::Other(text.to_owned()), span));
            return;
        }
        Some(stem) => stem.to_owned(),
        None => names.network(name, span),
    };
    let mut attachment = super::super::service::attachment(Spanned::written(key, span));
    let mut at = name.len() + 1;
    for option in options.split(',') {
        let here = (at, at + option.len());
        at = here.1 + 1;
        let Some((option, value)) = option.split_once('=') else { continue };
        let span = given.word.part(here.1 - value.len(), here.1);
        attachment_option(&mut attachment, option, value, span);
    }
    service.networks.push(attachment);
}

fn attachment_option(attachment: &mut Attachment, option: &str, value: &str, span: Span) {
    let text = || (span, Value { span, data: Data::Text(value.to_owned()) });
    match option {
        "alias" => attachment.aliases.push(Spanned::written(value.to_owned(), span)),
        "ip" => attachment.ipv4 = value.parse().ok().map(|ip| Spanned::written(ip, span)),
        "ip6" => attachment.ipv6 = value.parse().ok().map(|ip| Spanned::written(ip, span)),
        "mac" => {
            attachment.attributes.insert("mac_address".to_owned(), text());
        }
        "interface_name" => {
            attachment.attributes.insert("interface_name".to_owned(), text());
        }
        _ => {}
    }
}
