//! What the rules' fixes share: whose a place is, how a setting is written in each format, and what a change costs.

use super::context::Context;
use super::unit_lines::unit_of;
use crate::diagnostic::Change;
use crate::model::{Attachment, Data, Endpoint, Format, Network, Service, Spanned, Stack, Unit, UnitKind, Value};
use crate::network::{Caller, DOCKER_NAME, HostCause, PODMAN_NAME, Verdict, Wiring};
use crate::platform::{Is, Question, keys};
use crate::source::Span;

/// Another text in place of one that stands at a place, alone or in front.
pub(super) fn swap(span: Span, old: impl Into<String>, text: impl Into<String>) -> Change {
    Change::Swap { span, old: old.into(), text: text.into() }
}

/// Another host in an address, where only one service has that address: what stands behind an anchor, in a base that others
/// extend or in a shared env file is theirs, too.
pub(super) fn host_in(stack: &Stack, service: &Service, endpoint: &Endpoint, text: &str) -> Option<Change> {
    // A place that quotes or escapes hide is the whole value; with its port a host is easier to find there.
    let exact = (endpoint.host_span.end - endpoint.host_span.start) as usize == endpoint.host.len();
    let change = match endpoint.port {
        _ if exact => swap(endpoint.host_span, &endpoint.host, text),
        Some(port) => swap(endpoint.span, format!("{}:{port}", endpoint.host), format!("{text}:{port}")),
        None => swap(endpoint.host_span, &endpoint.host, text),
    };
    is_own(stack, service, endpoint.host_span).then_some(change)
}

/// Whether a place holds an address of this service only.
pub(super) fn is_own(stack: &Stack, service: &Service, place: Span) -> bool {
    let others = stack.services.values().filter(|other| other.name != service.name);
    others.flat_map(|other| &other.endpoints).all(|other| other.host_span != place && other.span != place)
}

/// A line in a unit's own section: the key, where every Podman that is looked at has it, else the argument.
pub(super) fn line(context: &Context<'_>, unit: &Unit, key: &str, flag: &str, value: &str) -> Option<Change> {
    let known = keys::find(unit.kind.section(), key);
    let podmans = || context.views.iter().map(|view| view.wiring.platform).filter(|platform| platform.is_podman());
    let has_key = known.is_some_and(|known| podmans().all(|platform| known.since() <= platform.version));
    line_of(unit, if has_key { format!("{key}={value}") } else { format!("PodmanArgs={flag}={value}") })
}

/// A line in a unit's own section. `[Kube]` has none for the containers of its pods, which stand in another file.
pub(super) fn line_of(unit: &Unit, line: String) -> Option<Change> {
    if unit.kind == UnitKind::Kube {
        return None;
    }
    Some(Change::AddLine { section: own_section(unit)?, line })
}

/// The name in the header of a unit's own section.
fn own_section(unit: &Unit) -> Option<Span> {
    // A unit without that section has its first line there.
    let span = unit.head;
    ((span.end - span.start) as usize == unit.kind.section().len()).then_some(span)
}

/// A setting of a network that the stack makes: a key of its unit, or keys in YAML with a value.
pub(super) fn on_network(stack: &Stack, network: &Network, key: &str, path: &[&str], value: &str) -> Option<Change> {
    // What nobody wrote down has no place, and what exists outside is made elsewhere.
    if network.external || network.name.is_implied() {
        return None;
    }
    if stack.format == Format::Quadlet {
        let is_own = |unit: &&Unit| unit.kind == UnitKind::Network && unit.head == network.name.span();
        let section = own_section(stack.units.values().find(is_own)?)?;
        return Some(Change::AddLine { section, line: key.to_owned() });
    }
    let path = path.iter().map(|key| (*key).to_owned()).collect();
    Some(Change::Set { owner: network.name.span(), path, value: value.to_owned() })
}

/// An option of a network's driver.
pub(super) fn option(stack: &Stack, network: &Network, name: &str, value: &str) -> Option<Change> {
    let known = network.options.contains_key(name);
    let key = format!("Options={name}={value}");
    (!known).then(|| on_network(stack, network, &key, &["driver_opts", name], &format!("\"{value}\"")))?
}

/// An entry in the hosts file of a service's container.
pub(super) fn hosts_entry(context: &Context<'_>, service: &Service, name: &str, address: &str) -> Option<Change> {
    let entry = format!("{name}:{address}");
    // Who lives in another's network has its hosts file.
    if service.network_mode.as_ref().is_some_and(|mode| !mode.is_implied()) {
        return None;
    }
    if context.stack.format == Format::Quadlet {
        return line(context, unit_of(context.stack, service)?, "AddHost", "--add-host", &entry);
    }
    let item = format!("\"{entry}\"");
    Some(Change::AddItem { owner: service.span(), path: vec!["extra_hosts".to_owned()], item })
}

/// The service with one more entry in its hosts file.
pub(super) fn with_entry(service: &Service, name: &str, address: &str) -> Service {
    let mut service = service.clone();
    let span = service.span();
    let text = |text: String| Value { span, data: Data::Text(text) };
    let mut entries = match service.attributes.get("extra_hosts") {
        Some((_, Value { data: Data::List(items), .. })) => items.clone(),
        Some((_, hosts)) => {
            crate::network::host_entries(hosts).into_iter().map(|(name, own)| text(format!("{name}:{own}"))).collect()
        }
        None => Vec::new(),
    };
    entries.push(text(format!("{name}:{address}")));
    service.attributes.insert("extra_hosts".to_owned(), (span, Value { span, data: Data::List(entries) }));
    service
}

/// A way to the host that works on every platform, in place of a name or address in a value: what to say of it, and the
/// changes.
pub(super) fn way_to_host(
    context: &Context<'_>,
    service: &Service,
    endpoint: &Endpoint,
    host: &crate::model::HostService,
) -> Option<(String, Vec<Change>)> {
    let own = endpoint.host.as_str();
    let gateway = "host-gateway";
    // The name that stands there goes first, and fewer changes before more.
    let mut ways: Vec<(&str, Option<String>)> = Vec::new();
    if super::host::is_alias(own) {
        ways.push((own, Some(gateway.to_owned())));
    }
    ways.extend([DOCKER_NAME, PODMAN_NAME].into_iter().filter(|name| *name != own).map(|name| (name, None)));
    if own != DOCKER_NAME {
        ways.push((DOCKER_NAME, Some(gateway.to_owned())));
    }
    let pinned = context.views.iter().map(|view| view.wiring.platform.spec.host_address).collect::<Vec<_>>();
    if let Some(Some(address)) = pinned.first()
        && pinned.iter().all(|other| *other == Some(*address))
        && super::host::is_alias(own)
    {
        ways.push((own, Some(address.to_string())));
    }
    let works = |(name, entry): &&(&str, Option<String>)| {
        let edited = entry.as_ref().map_or_else(|| service.clone(), |entry| with_entry(service, name, entry));
        context.views.iter().all(|view| {
            let wiring = view.wiring;
            let refused = entry.as_deref() == Some(gateway) && wiring.ask(Question::HostGatewayWord).fact.is == Is::No;
            let twice = entry.is_some() && wiring.has_host_entry(service, name);
            let way = wiring.alias_way(&edited, name, host);
            !refused && !twice && way.verdict == Verdict::Yes && way.cause == HostCause::Leads
        })
    };
    let (name, entry) = ways.iter().find(works)?;
    let mut changes = Vec::new();
    let mut said = Vec::new();
    if *name != own {
        changes.push(host_in(context.stack, service, endpoint, name)?);
        said.push(format!("write `{name}` in place of `{own}`"));
    }
    if let Some(entry) = entry {
        changes.push(hosts_entry(context, service, name, entry)?);
        said.push(match context.stack.format {
            Format::Quadlet => format!("add `AddHost={name}:{entry}`"),
            _ => format!("add `{name}:{entry}` to `extra_hosts`"),
        });
    }
    Some((said.join(" and "), changes))
}

/// A service on a network with nothing said about how.
pub(super) fn attachment(network: &str, span: Span) -> Attachment {
    Attachment {
        network: Spanned::implied(network.to_owned(), span),
        aliases: Vec::new(),
        ipv4: None,
        ipv6: None,
        attributes: crate::maps::IndexMap::default(),
    }
}

/// A trial asks about everything once more, which in a larger stack costs more than all rules together.
const TRIED: usize = 200;

/// Whether a change of the stack takes nothing away on any platform: no connection that is needed, no way to the host, no
/// port; and whether it does what it is for.
pub(super) fn keeps(
    context: &Context<'_>,
    edit: impl FnOnce(&mut Stack),
    effect: impl Fn(&Wiring<'_>) -> bool,
) -> bool {
    if context.stack.services.len() > TRIED {
        return false;
    }
    let mut stack = context.stack.clone();
    edit(&mut stack);
    let less = |old: Verdict, new: Verdict| old != new && old != Verdict::No && new != Verdict::Yes;
    context.views.iter().all(|view| {
        let edited = Wiring::new(&stack, view.wiring.platform);
        let lost = view.needs.iter().any(|need| {
            let of = |service: &Service| stack.services.get(&service.name.value);
            let (Some(client), Some(target)) = (of(need.client), of(need.target)) else { return true };
            less(need.resolution.verdict, edited.resolves(client, target, &need.connection.name).verdict)
                || less(need.reach.verdict, edited.reaches(client, target, None).verdict)
        });
        let cut_off = view.host_needs.iter().any(|need| {
            let Some(client) = stack.services.get(&need.client.name.value) else { return true };
            less(need.way.verdict, edited.alias_way(client, &need.way.name, &need.host).verdict)
        });
        let closed = stack.services.iter().any(|(name, service)| {
            let Some(before) = context.stack.services.get(name) else { return true };
            service.ports.iter().any(|port| {
                Caller::ALL.into_iter().any(|caller| {
                    let old = view.wiring.port_answers(before, &port.value, caller).verdict;
                    less(old, edited.port_answers(service, &port.value, caller).verdict)
                })
            })
        });
        !lost && !cut_off && !closed && effect(&edited)
    })
}
