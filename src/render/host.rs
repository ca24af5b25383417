//! Programs outside of the stack: templates get what works on the platform, and containers the entries it takes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::refuse;
use crate::diagnostic::Diagnostic;
use crate::model::{
    AT_START, Data, Deploy, Format, HostOs, HostPart, HostService, Runtime, Service, Spanned, Stack, Value,
    host_templates,
};
use crate::network::{Address, HostWay, Machine, Setup, Wiring};
use crate::platform::{Platform, wsl2_networks};
use crate::source::Span;

/// The variable that holds an address which is only known when the container starts.
pub(crate) const VARIABLE: &str = "QUADGEN_HOST";

/// A stack whose templates are filled in.
pub(crate) struct Filled {
    pub stack: Stack,
    /// The services that need [`VARIABLE`] when they start.
    pub at_start: BTreeSet<String>,
    /// What a person has to do where the programs run.
    pub steps: Vec<String>,
}

/// Fills every template in, and gives each container the entries of its hosts file.
pub(crate) fn fill(stack: Cow<'_, Stack>, platform: &Platform) -> Result<Filled, Vec<Diagnostic>> {
    let mut refused = own_marks(&stack, |c| c == AT_START);
    let mut changed = Vec::new();
    let mut at_start = BTreeSet::new();
    let mut steps = Vec::new();
    // In Compose files and units braces are text, and they say themselves what a hosts file needs.
    let is_topology = stack.format == Format::Topology;
    if is_topology || !stack.host_services.is_empty() {
        let wiring = Wiring::new(&stack, platform);
        for (name, original) in stack.services.iter().filter(|_| is_topology) {
            let mut service = original.clone();
            service.fill(|text, span| text_of(&wiring, original, text, span, &mut refused));
            entries(&wiring, original, &mut service);
            if waits(&service) {
                at_start.insert(service.name.value.clone());
            }
            changed.push((name.clone(), service));
        }
        steps = self::steps(&wiring, &at_start);
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut stack = stack.into_owned();
    stack.services.extend(changed);
    Ok(Filled { stack, at_start, steps })
}

/// Whether a service needs an address that is only known when it starts.
fn waits(service: &Service) -> bool {
    let hosts = service.attributes.get("extra_hosts").map(|(_, hosts)| hosts.texts()).unwrap_or_default();
    let texts = service.templated();
    hosts.iter().map(String::as_str).chain(texts.iter().map(|(text, ..)| *text)).any(|text| text.contains(AT_START))
}

/// Texts that hold what the renderer puts in place of something else. The reader refuses it in every text that it
/// looks into; the source layer it takes as it stands.
pub(super) fn own_marks(stack: &Stack, is_mark: fn(char) -> bool) -> Vec<Diagnostic> {
    let services = stack.services.values().flat_map(|service| service.attributes.values());
    let networks = stack.networks.values().flat_map(|network| network.attributes.values());
    let volumes = stack.volumes.values().flat_map(|volume| volume.attributes.values());
    let marked = |text: &str| text.contains(is_mark);
    let attributes = services.chain(networks).chain(volumes).filter(|(_, value)| value.any_text(&marked));
    // Those of env files, which become the service's own where Podman would read a file otherwise.
    let variables = stack.services.values().flat_map(|service| service.environment.values());
    let variables = variables.filter(|variable| variable.value.as_deref().is_some_and(marked));
    let entries = stack.units.values().flat_map(|unit| &unit.entries).filter(|entry| marked(&entry.value.value));
    attributes
        .map(|(span, _)| *span)
        .chain(variables.map(Spanned::span))
        .chain(entries.map(|entry| entry.value.span()))
        .map(|span| refuse(span, "this holds one of U+FDD0 to U+FDD3, which are no characters"))
        .collect()
}

fn text_of(wiring: &Wiring<'_>, service: &Service, text: &str, span: Span, refused: &mut Vec<Diagnostic>) -> String {
    let mut out = String::new();
    let mut at = 0;
    for template in host_templates(text) {
        out.push_str(text.get(at..template.range.start).unwrap_or(""));
        at = template.range.end;
        // What is unknown was reported when it was read, and keeps the stack from being rendered.
        let (Some(host), Ok(part)) = (wiring.stack.host_services.get(&template.name), template.part) else { continue };
        match value(wiring, service, host, part) {
            Ok(value) => out.push_str(&value),
            Err(message) => {
                let finding = refuse(span, message);
                refused.push(finding.help(format!("What helps: `{{{{ host.{}.host }}}}`, the name.", template.name)));
            }
        }
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

fn value(wiring: &Wiring<'_>, service: &Service, host: &HostService, part: HostPart) -> Result<String, String> {
    let way = wiring.host_way(service, host);
    let port = host.port.map(|port| port.value.to_string());
    Ok(match part {
        HostPart::Host => way.name,
        HostPart::Port => port.unwrap_or_default(),
        HostPart::Url => way.url(host),
        HostPart::Address => address(wiring, service, &way).ok_or_else(|| {
            format!(
                "the address of `{}` is known only inside the running container on {}",
                host.name.value,
                wiring.platform.describe()
            )
        })?,
    })
}

/// The address as a number, where it is known before the container runs.
fn address(wiring: &Wiring<'_>, service: &Service, way: &HostWay) -> Option<String> {
    match (way.address?, way.setup) {
        (Address::Fixed(address), _) => Some(address.to_string()),
        (Address::Route, Setup::StartStep) => Some(AT_START.to_string()),
        (Address::Gateway, _) => {
            let mut networks = wiring.attachments(service);
            let (Some(only), None) = (networks.next(), networks.next()) else { return None };
            let subnet = wiring.stack.networks.get(&only.network.value)?.subnets.first()?;
            let first = || subnet.subnet.as_ref().and_then(|subnet| subnet.value.hosts().next());
            subnet.gateway.map(|gateway| gateway.value).or_else(first).map(|gateway: IpAddr| gateway.to_string())
        }
        (Address::Own | Address::Route | Address::Proxy, _) => None,
    }
}

/// Writes what the names of the host stand for into `extra_hosts`, which every target has.
fn entries(wiring: &Wiring<'_>, original: &Service, service: &mut Service) {
    // Who lives in another's network has the other's hosts file.
    if wiring.owner(original).name != original.name {
        return;
    }
    let entries = wiring.host_entries(original);
    if entries.is_empty() {
        return;
    }
    let at = original.span();
    let text = |text: String| Value { span: at, data: Data::Text(text) };
    let (_, hosts) = service.attributes.entry("extra_hosts".to_owned()).or_insert_with(|| (at, text(String::new())));
    // What somebody wrote for the same name means the same host, and would go first.
    let mut items: Vec<Value> = crate::network::host_entries(hosts)
        .into_iter()
        .filter(|(name, _)| entries.iter().all(|(own, _)| !own.eq_ignore_ascii_case(name)))
        .map(|(name, address)| text(format!("{name}:{address}")))
        .collect();
    for (name, setup) in entries {
        let address = match setup {
            Setup::Nothing => continue,
            Setup::Entry(address) => address.to_string(),
            Setup::HostGateway => "host-gateway".to_owned(),
            Setup::StartStep => AT_START.to_string(),
        };
        items.push(text(format!("{name}:{address}")));
    }
    *hosts = Value { span: at, data: Data::List(items) };
}

/// What has to be so where the programs run: who listens where, and whom the firewall lets in.
fn steps(wiring: &Wiring<'_>, at_start: &BTreeSet<String>) -> Vec<String> {
    let mut steps = Vec::new();
    if wiring.platform.deploy != Deploy::Quadlet && !at_start.is_empty() {
        steps.push(format!("set {VARIABLE} as the head of compose.yaml says, before each start"));
    }
    for host in wiring.stack.host_services.values() {
        let users = wiring
            .stack
            .services
            .values()
            .filter(|service| wiring.host_uses(wiring.owner(service)).iter().any(|used| used.name == host.name));
        let ways: Vec<HostWay> = users.map(|service| wiring.host_way(service, host)).collect();
        let name = &host.name.value;
        let port = host.port.map(|port| port.value.to_string());
        let is_wsl = wiring.platform.machine_of(host) == Machine::Outside
            && ways.iter().any(|way| way.address == Some(Address::Route));
        let on_linux = wiring.platform.machine_of(host) == Machine::Linux
            && ways.iter().any(|way| !matches!(way.address, Some(Address::Fixed(address)) if address.is_loopback()));
        let Some(port) = port else { continue };
        if is_wsl {
            let networks: Vec<String> = wsl2_networks().iter().map(|pool| pool.from.to_string()).collect();
            let networks = networks.join(",");
            steps.push(format!(
                "On Windows, let `{name}` listen on 0.0.0.0:{port}, not on 127.0.0.1. See it: netstat -an | findstr :{port}"
            ));
            steps.push(format!(
                "On Windows, let it through the firewall, once, in PowerShell as administrator: New-NetFirewallRule \
                 -DisplayName \"{name} for containers\" -Direction Inbound -Protocol TCP -LocalPort {port} -RemoteAddress \
                 {networks} -Action Allow    # the networks of WSL2, not the whole LAN"
            ));
        } else if on_linux && !ways.is_empty() {
            let address = ways.iter().find_map(|way| match way.address {
                Some(Address::Fixed(address)) if wiring.platform.runtime == Runtime::DockerEngine => Some(address),
                _ => None,
            });
            let or = address.map(|address| format!(" or {address}")).unwrap_or_default();
            steps.push(format!(
                "On the host, let `{name}` listen on 0.0.0.0{or}, not on 127.0.0.1, and let the firewall take in the \
                 containers' networks. See it: ss -ltn sport = :{port}"
            ));
        }
    }
    steps
}

/// What keeps a start from failing without a word: the lines of a unit that look the address up.
///
/// The first default route is the one with the lowest metric. The file is written aside and moved, so that nobody reads
/// half of it.
pub(crate) fn start_step(service: &str) -> (String, String) {
    let script = format!(
        "set -- $$(ip -4 route show default | sed -n \"s/^default via //p\"); test -n \"$$1\" || {{ echo \"no default \
         route with a gateway, so nobody knows the address of Windows that {service} needs\" >&2; exit 1; }}; echo \
         \"{VARIABLE}=$$1\" >\"$$0.new\" && mv \"$$0.new\" \"$$0\""
    );
    (format!("/bin/sh -c '{script}' %t/%N.host.env"), "-%t/%N.host.env".to_owned())
}

/// The head of a Compose file that needs the address.
pub(super) fn head(stack: &Stack, platform: &Platform) -> String {
    let outside = stack.host_services.values().filter(|host| platform.machine_of(host) == Machine::Outside);
    let names: Vec<&str> = outside.map(|host| host.name.value.as_str()).collect();
    let (verb, place) = match (names.len(), platform.host_os) {
        (1, HostOs::PodmanMachineWsl) => ("listens", "in the podman machine (podman machine ssh)"),
        (_, HostOs::PodmanMachineWsl) => ("listen", "in the podman machine (podman machine ssh)"),
        (1, _) => ("listens", "in the WSL2 distribution"),
        _ => ("listen", "in the WSL2 distribution"),
    };
    format!(
        "# {VARIABLE} must hold the address of Windows, where {} {verb}. It changes at each restart of WSL, so set it\n\
         # before each start, {place}:\n\
         #   export {VARIABLE}=$(ip -4 route show default | sed -n 's/^default via \\([^ ]*\\).*/\\1/p' | head -n 1)\n",
        names.join(", "),
    )
}
