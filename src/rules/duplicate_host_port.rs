//! QG401: a published port that is taken on the host, by another one or by a program.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::context::{Context, View, seen, some};
use super::together::Member;
use super::unit_lines;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashMap;
use crate::model::{Deploy, Format, HostService, Port, Protocol, Runtime, Service, Spanned, Unit};
use crate::network::{Machine, Verdict};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG401",
    name: "duplicate-host-port",
    summary: "a published port that another one, or a program of the host, has already",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("duplicate_host_port.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let ports = taken_ports(view);
        let mut met = Met::default();
        let mut pairs = Pairs::default();
        for (at, (second, later)) in ports.iter().enumerate() {
            // Each port that comes too late, against the first that has it.
            let before = met.before(&later.value);
            met.add(at, &later.value);
            let taken = before.iter().filter_map(|at| ports.get(*at)).find_map(|(first, earlier)| {
                // Compose drops a mapping that stands twice in one service.
                let repeated = first.name == second.name && earlier.value == later.value;
                if repeated && view.wiring.platform.deploy != Deploy::Quadlet {
                    return None;
                }
                Some((*first, *earlier, collision(&earlier.value, &later.value)?))
            });
            let Some((first, earlier, port)) = taken else { continue };
            pairs.add(first, second, Taken { earlier, later, port });
        }
        for (first, second, taken) in pairs.0 {
            // Two of one name never run together, which QG107 says.
            let name = |service| view.wiring.container_name(service);
            let replaced = first.name != second.name && name(first) == name(second);
            if replaced || are_alternatives(view, first, second) {
                continue;
            }
            let both = if first.name == second.name {
                format!("`{}` publishes PORTS twice", first.name.value)
            } else {
                format!("`{}` and `{}` both publish PORTS", first.name.value, second.name.value)
            };
            if let Some(finding) = finding(view, (first, second), &taken, &both) {
                view.report(sink, finding);
            }
        }
        for (service, port) in &ports {
            for host in context.stack.host_services.values() {
                if let Some(taken) = taken_by_program(view, &port.value, host) {
                    view.report(sink, of_program(view, service, port, host, taken));
                }
            }
        }
    }
}

/// The port that a program has on the machine on which ports are published.
fn taken_by_program(view: &View<'_>, published: &Port, host: &HostService) -> Option<u16> {
    let platform = view.wiring.platform;
    // Docker Desktop publishes on another machine than the Linux that runs the containers.
    let same_machine = platform.runtime != Runtime::DockerDesktop && platform.machine_of(host) == Machine::Linux;
    let port = host.port?.value;
    let range = published.host.filter(|range| range.len() == published.container.len())?;
    let listens = host.listens.map(|listens| listens.value);
    let meet = published.protocol == Protocol::Tcp && range.contains(port) && meet(published.address, listens);
    (same_machine && meet).then_some(port)
}

fn of_program(view: &View<'_>, service: &Service, port: &Spanned<Port>, host: &HostService, taken: u16) -> Diagnostic {
    let known = view.wiring.platform.ask(Question::PortOfHostProgram);
    let (name, program) = (&service.name.value, &host.name.value);
    let message = format!("host port {taken} is taken: `{name}` publishes it, and `{program}` listens on it");
    Diagnostic::new(&RULE, port.span(), message)
        .here(format!("`{name}` publishes {taken} here"))
        .label(host.port.as_ref().map_or(host.name.span(), Spanned::span), format!("the port of `{program}`"))
        .help(seen(&known, None).replace("PORT", &taken.to_string()))
        .help("What helps: another host port for the service, or addresses that differ.")
}

/// Ports that were met, by number, so that each is compared only with those it can collide with.
#[derive(Default)]
struct Met {
    all: Vec<usize>,
    /// Nearly all are met once.
    narrow: HashMap<u16, SmallVec<[usize; 1]>>,
    wide: Vec<usize>,
}

impl Met {
    /// How many ports a range may hold to be kept by number.
    const WIDE: u32 = 64;

    fn add(&mut self, at: usize, port: &Port) {
        self.all.push(at);
        match port.host {
            Some(host) if host.len() <= Self::WIDE => {
                (host.first..=host.last).for_each(|port| self.narrow.entry(port).or_default().push(at));
            }
            Some(_) => self.wide.push(at),
            None => {}
        }
    }

    /// Where the ports stand that a later one may collide with, in their order.
    fn before(&self, port: &Port) -> Vec<usize> {
        let mut found = match port.host {
            Some(host) if host.len() <= Self::WIDE => {
                let same = (host.first..=host.last).filter_map(|port| self.narrow.get(&port)).flatten();
                same.chain(&self.wide).copied().collect()
            }
            Some(_) => self.all.clone(),
            None => Vec::new(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The same between two stacks of a host.
pub(super) fn between(a: &Member<'_>, first_view: &View<'_>, b: &Member<'_>, view: &View<'_>, sink: &mut Sink) {
    let ports = taken_ports(first_view);
    let mut pairs = Pairs::default();
    for (second, later) in taken_ports(view) {
        let taken = ports
            .iter()
            .find_map(|(first, earlier)| Some((*first, *earlier, collision(&earlier.value, &later.value)?)));
        let Some((first, earlier, port)) = taken else { continue };
        pairs.add(first, second, Taken { earlier, later, port });
    }
    for (first, second, taken) in pairs.0 {
        let (one, other) = (&first.name.value, &second.name.value);
        let both = format!("`{one}` of {} and `{other}` of {} both publish PORTS", a.label, b.label);
        if let Some(finding) = finding(view, (first, second), &taken, &both) {
            b.report(view, sink, finding);
        }
    }
}

/// A service with a port that it publishes.
type Published<'a> = (&'a Service, &'a Spanned<Port>);

/// A port of the host that two services want.
struct Taken<'a> {
    earlier: &'a Spanned<Port>,
    later: &'a Spanned<Port>,
    port: String,
}

/// What two services both want, pair by pair.
#[derive(Default)]
struct Pairs<'a>(Vec<(&'a Service, &'a Service, Vec<Taken<'a>>)>);

impl<'a> Pairs<'a> {
    fn add(&mut self, first: &'a Service, second: &'a Service, taken: Taken<'a>) {
        let same =
            |pair: &&mut (&Service, &Service, Vec<Taken<'_>>)| pair.0.name == first.name && pair.1.name == second.name;
        match self.0.iter_mut().find(same) {
            Some(pair) => pair.2.push(taken),
            None => self.0.push((first, second, vec![taken])),
        }
    }
}

/// Whether systemd never runs both.
fn are_alternatives(view: &View<'_>, first: &Service, second: &Service) -> bool {
    let unit = |service| unit_lines::unit_of(view.wiring.stack, service);
    let (Some(first), Some(second)) = (unit(first), unit(second)) else { return false };
    let excludes = |one: &Unit, other: &Unit| {
        let mut named = one.all("Unit", "Conflicts").flat_map(unit_lines::words);
        named.any(|(word, _)| word == other.file || word.strip_suffix(".service") == Some(other.service.as_str()))
    };
    excludes(first, second) || excludes(second, first)
}

/// One finding for all ports that two services both want.
fn finding(
    view: &View<'_>,
    (first, second): (&Service, &Service),
    taken: &[Taken<'_>],
    both: &str,
) -> Option<Diagnostic> {
    let start = taken.first()?;
    let known = view.wiring.platform.ask(Question::TwoContainersOnOnePort);
    let numbers: Vec<&String> = taken.iter().map(|taken| &taken.port).collect();
    let one = numbers.iter().all(|number| *number == &start.port);
    let ports = some(numbers.iter().map(|number| (*number).clone()));
    let what = if one { "host port PORTS is taken twice" } else { "host ports PORTS are taken twice" };
    let pronoun = if one { "it" } else { "them" };
    let message = format!("{}: {}", what.replace("PORTS", &ports), both.replace("PORTS", pronoun));
    let mut finding = Diagnostic::new(&RULE, start.later.span(), message);
    let shared = taken.iter().any(|taken| taken.earlier.span() == taken.later.span());
    for (at, Taken { earlier, later, port }) in taken.iter().enumerate() {
        let label = if earlier.span() == later.span() {
            format!("`{}` and `{}` both get {port} from here", first.name.value, second.name.value)
        } else {
            format!("`{}` publishes {port} here", second.name.value)
        };
        finding = if at == 0 { finding.here(label) } else { finding.label(later.span(), label) };
        finding = finding.label(earlier.span(), format!("`{}` publishes {port} here", first.name.value));
    }
    let stack = view.wiring.stack;
    if shared {
        for service in [first, second] {
            finding = finding.label(service.name.span(), format!("`{}` publishes it", service.name.value));
        }
        finding = finding.help(if stack.format == Format::Compose {
            "Why: both services have their ports from one place, by `extends` or by an anchor."
        } else {
            "Why: both services have their ports from one place, by an anchor."
        });
    }
    finding = finding.help(seen(&known, None).replace("PORT", &start.port));
    Some(finding.help(match stack.format {
        Format::Compose if shared => {
            "What helps: in one of the two `ports: !override [\"HOST:CONTAINER\"]`, or `ports: !reset []` for none. With \
             `extends`, another port by itself is only added; in place of an anchor, it is enough."
        }
        Format::Topology if shared => "What helps: in one of the two `ports` of its own in place of the anchor.",
        Format::Quadlet => {
            "What helps: another host port in `PublishPort=` of one of them, or addresses that differ; where only one is \
             ever to run, `Conflicts=` in [Unit] with the other one's service."
        }
        _ => "What helps: another host port for one of them, or addresses that differ.",
    }))
}

/// The ports that services of a stack take on the host.
fn taken_ports<'a>(view: &View<'a>) -> Vec<Published<'a>> {
    let services = view.wiring.stack.services.values().filter(|service| !service.ports.is_empty());
    let services = services.filter(|service| takes_ports(view, service));
    services.flat_map(|service| service.ports.iter().map(move |port| (service, port))).collect()
}

/// Whether a service's ports are taken on the host: QG402 and QG403 say where they are not.
pub(super) fn takes_ports(view: &View<'_>, service: &Service) -> bool {
    let ignored = view.wiring.ignored_ports(service);
    ignored.is_none_or(|ignored| !ignored.leaves_port_free(view.wiring))
        // Podman holds also a port open that never answers.
        && (view.wiring.platform.is_podman() || view.wiring.published(service).verdict != Verdict::No)
}

/// The ports that both want, as text.
fn collision(a: &Port, b: &Port) -> Option<String> {
    // A range for one container port is a choice: the runtime takes a free one.
    let fixed = |port: &Port| port.host.filter(|host| host.len() == port.container.len());
    let shared = fixed(a)?.overlap(fixed(b)?)?;
    (meet(a.address, b.address) && a.protocol == b.protocol).then(|| shared.to_string())
}

/// Whether two addresses of the host have one in common; where none is said, it is all of them.
fn meet(a: Option<IpAddr>, b: Option<IpAddr>) -> bool {
    match (a, b) {
        (None, _) | (_, None) => true,
        (Some(a), Some(b)) => a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified())),
    }
}
