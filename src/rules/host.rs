//! What the rules about the host share: every use of a program outside, and where it leads.

use std::borrow::Cow;

use super::context::{Context, View};
use super::mend;
use crate::diagnostic::{Diagnostic, Level};
use crate::model::{Endpoint, Format, HostOs, HostService, RootlessNetwork, Runtime, Service, Spanned, Target};
use crate::network::{Address, DOCKER_NAME, HostCause, HostWay, Machine, PODMAN_NAME, Verdict, Wiring};
use crate::platform::{Feature, Leads, Platform};
use crate::source::Span;

/// How a service names a program outside.
#[derive(Clone, Copy)]
pub enum HostUse<'a> {
    /// `connects: host.NAME`, or a template.
    Declared {
        /// Whether it was stated as an intent.
        stated: bool,
    },
    /// A name of the host that stands in a value.
    Alias(&'a Endpoint),
}

/// A use of a program outside, and what becomes of it.
pub struct HostNeed<'a> {
    /// Who uses it.
    pub client: &'a Service,
    /// The program; one about which nothing is said where the file does not declare it.
    pub host: Cow<'a, HostService>,
    /// Whether the file declares it.
    pub declared: bool,
    /// How it is named.
    pub used: HostUse<'a>,
    /// Where that stands.
    pub span: Span,
    /// Where it leads.
    pub way: HostWay,
}

/// Every use of a program outside. One that is declared goes before names in values that mean the same.
pub(super) fn needs<'a>(wiring: &'a Wiring<'a>) -> Vec<HostNeed<'a>> {
    let mut found: Vec<HostNeed<'a>> = Vec::new();
    for client in wiring.stack.services.values() {
        let first = found.len();
        for connection in &client.connections {
            let Target::Host(name) = &connection.to else { continue };
            let Some(host) = wiring.stack.host_services.get(name) else { continue };
            // A service that says it at several places has one need.
            if found.iter().skip(first).any(|need| need.host.name == host.name) {
                continue;
            }
            found.push(HostNeed {
                client,
                host: Cow::Borrowed(host),
                declared: true,
                used: HostUse::Declared { stated: connection.is_stated() },
                span: connection.span,
                way: wiring.host_way(client, host),
            });
        }
        for endpoint in client.endpoints.iter().filter(|endpoint| is_alias(&endpoint.host)) {
            let declared = meant(wiring, endpoint);
            let host = declared.map_or_else(|| Cow::Owned(undeclared(endpoint)), Cow::Borrowed);
            let way = wiring.alias_way(client, &endpoint.host, &host);
            // A port that the stack publishes answers on each machine that the name may mean.
            let answers = way.known.iter().any(|known| matches!(known.fact.leads, Some(Leads::Linux | Leads::Outside)));
            let elsewhere = matches!(way.cause, HostCause::Elsewhere(_) | HostCause::Mirrored);
            if declared.is_none() && elsewhere && answers && is_published(wiring, endpoint) {
                continue;
            }
            // What blocks the program itself is said at its statement; each name in a value is a place to mend.
            let same = |need: &HostNeed<'_>| {
                matches!(need.used, HostUse::Declared { .. })
                    && need.host.name == host.name
                    && need.way.verdict != Verdict::Yes
            };
            if !found.iter().skip(first).any(same) {
                let declared = declared.is_some();
                let span = endpoint.host_span;
                found.push(HostNeed { client, host, declared, used: HostUse::Alias(endpoint), span, way });
            }
        }
    }
    found
}

/// Whether a name is one that runtimes give the host.
pub(super) fn is_alias(host: &str) -> bool {
    host.eq_ignore_ascii_case(DOCKER_NAME) || host.eq_ignore_ascii_case(PODMAN_NAME)
}

/// The host service that an address in a value means: the one with its port.
pub(super) fn meant<'a>(wiring: &Wiring<'a>, endpoint: &Endpoint) -> Option<&'a HostService> {
    let port = endpoint.port?;
    wiring.stack.host_services.values().find(|host| host.port.is_some_and(|own| own.value == port))
}

/// Whether the stack publishes the port of an address on the host.
pub(super) fn is_published(wiring: &Wiring<'_>, endpoint: &Endpoint) -> bool {
    let mut ports = wiring.stack.services.values().flat_map(|service| &service.ports);
    endpoint.port.is_some_and(|port| ports.any(|own| own.value.behind(port).is_some()))
}

pub(super) fn undeclared(endpoint: &Endpoint) -> HostService {
    let name = endpoint.port.map_or_else(|| endpoint.host.clone(), |port| format!("port {port} of the host"));
    HostService {
        name: Spanned::written(name, endpoint.span),
        port: endpoint.port.map(|port| Spanned::written(port, endpoint.span)),
        on: None,
        listens: None,
        scheme: None,
    }
}

impl HostNeed<'_> {
    /// An error where it was stated, or where the name in a value certainly fails; else a warning.
    pub fn level(&self) -> Level {
        match self.used {
            HostUse::Declared { stated: true } => Level::Error,
            HostUse::Alias(_) if self.declared || self.way.cause == HostCause::NoName => Level::Error,
            // What was rendered for it does not work, whoever asked for it.
            HostUse::Declared { stated: false } => Level::Error,
            HostUse::Alias(_) => Level::Warning,
        }
    }

    /// Whether somebody stated it as an intent.
    pub fn is_stated(&self) -> bool {
        matches!(self.used, HostUse::Declared { stated: true })
    }

    /// How a label calls it.
    pub fn label(&self) -> String {
        match self.used {
            HostUse::Declared { stated: true } => format!("needs `{}`: stated here", self.host.name.value),
            HostUse::Declared { stated: false } => format!("needs `{}`", self.host.name.value),
            HostUse::Alias(_) if self.declared => format!("this is `{}`", self.host.name.value),
            HostUse::Alias(_) => "a name of the host".to_owned(),
        }
    }

    /// What it is called in a sentence.
    pub fn target(&self) -> String {
        if self.declared { format!("`{}`", self.host.name.value) } else { self.host.name.value.clone() }
    }

    /// A label at the host service, where the file declares it.
    pub fn label_host(&self, finding: Diagnostic, text: impl Into<String>) -> Diagnostic {
        if self.declared { finding.label(self.host.name.span(), text) } else { finding }
    }

    /// Says what helps: a template in place of the name in a value, or what is missing where no name leads there.
    pub fn helped(&self, context: &Context<'_>, view: &View<'_>, finding: Diagnostic, safe: bool) -> Diagnostic {
        // Templates are a topology's.
        let finding = match self.used {
            HostUse::Alias(endpoint) if !self.declared => {
                match other_way(context, finding, (self.client, &self.host), endpoint, safe) {
                    Ok(finding) => return finding,
                    Err(finding) => *finding,
                }
            }
            _ => finding,
        };
        if let Some(help) = missing_way(view, self.client, &self.host) {
            return finding.help(help);
        }
        match self.used {
            HostUse::Alias(endpoint) if self.declared => use_template(view, finding, (self.client, &self.host), endpoint, true),
            HostUse::Alias(endpoint) => finding.help(format!(
                "What helps: declare the program under `host_services` and write `{{{{ host.NAME.host }}}}` in place of \
                 `{}`: quadgen then writes what works on each platform.",
                endpoint.host
            )),
            HostUse::Declared { .. } => finding,
        }
    }
}

/// Offers the template of a host service in place of a host in a value, or says what is missing for it.
pub(super) fn template_fix(
    view: &View<'_>,
    finding: Diagnostic,
    (client, host): (&Service, &HostService),
    endpoint: &Endpoint,
    safe: bool,
) -> Diagnostic {
    match missing_way(view, client, host) {
        Some(help) => finding.help(help),
        None => use_template(view, finding, (client, host), endpoint, safe),
    }
}

/// Offers another name or an entry in the hosts file for a program that no file declares, where that works on every
/// platform. Gives the finding back as it was where there is none.
pub(super) fn other_way(
    context: &Context<'_>,
    finding: Diagnostic,
    (client, host): (&Service, &HostService),
    endpoint: &Endpoint,
    safe: bool,
) -> Result<Diagnostic, Box<Diagnostic>> {
    match mend::way_to_host(context, client, endpoint, host) {
        Some((what, changes)) => {
            let declare = match context.stack.format {
                Format::Topology => {
                    "; or declare the program under `host_services` and write `{{ host.NAME.host }}`, for which quadgen \
                     writes what works on each platform"
                }
                Format::Compose | Format::Quadlet => "",
            };
            Ok(finding.help(format!("What helps: {what}{declare}.")).fix(what, safe, changes))
        }
        None => Err(Box::new(finding)),
    }
}

fn use_template(
    view: &View<'_>,
    finding: Diagnostic,
    (client, host): (&Service, &HostService),
    endpoint: &Endpoint,
    safe: bool,
) -> Diagnostic {
    let template = format!("{{{{ host.{}.host }}}}", host.name.value);
    let finding = finding.help(format!(
        "What helps: write `{template}` in place of `{}`: quadgen then writes what works on each platform.",
        endpoint.host
    ));
    replace_host(view, finding, client, endpoint, &template, safe)
}

/// Offers another text in place of a host in a value.
pub(super) fn replace_host(
    view: &View<'_>,
    finding: Diagnostic,
    client: &Service,
    endpoint: &Endpoint,
    text: &str,
    safe: bool,
) -> Diagnostic {
    match mend::host_in(view.wiring.stack, client, endpoint, text) {
        Some(change) => finding.fix(format!("use `{text}`"), safe, vec![change]),
        None => finding,
    }
}

const OWN_ENTRY: &str = "What helps: take the entry out of `extra_hosts`; quadgen then writes the one that works, if the \
                         platform has one.";

/// What helps where no name leads from a service to a program, and a template would not either.
fn missing_way(view: &View<'_>, client: &Service, host: &HostService) -> Option<String> {
    let platform = view.wiring.platform;
    let way = view.wiring.host_way(client, host);
    match way.cause {
        HostCause::Mirrored => Some(mirrored_help(platform, client, host)),
        HostCause::Elsewhere(Leads::Container) if platform.spec.host_address.is_some() => {
            Some("What helps: leave `host=` out of the words of the platform, which knows the host itself.".to_owned())
        }
        HostCause::Elsewhere(Leads::Container) if matches!(way.address, Some(Address::Fixed(_))) => {
            Some(OWN_ENTRY.to_owned())
        }
        HostCause::Elsewhere(Leads::Namespace) => Some(OWN_ENTRY.to_owned()),
        HostCause::Elsewhere(Leads::Container) => Some(format!(
            "What helps: Podman {} or newer; or slirp4netns in place of pasta (`default_rootless_network_cmd` in \
             containers.conf).",
            Feature::PastaGuestAddress.first_podman()
        )),
        HostCause::Elsewhere(_) => Some(format!(
            "What helps: `host=ADDRESS` among the words of the platform, if {} has an address that stays.",
            place(view, host)
        )),
        HostCause::NoName if platform.is_podman() => {
            Some("What helps: a release without that fault, or a machine without user-mode networking.".to_owned())
        }
        HostCause::NoName => Some("What helps: a newer Docker Engine.".to_owned()),
        _ => None,
    }
}

/// What helps under mirrored networking.
pub(super) fn mirrored_help(platform: &Platform, client: &Service, host: &HostService) -> String {
    let port = host.port.map_or_else(|| "PORT".to_owned(), |port| port.value.to_string());
    let client = &client.name.value;
    if platform.rootless && platform.rootless_network == Some(RootlessNetwork::Pasta) {
        format!(
            "What helps: `network_mode: host`; or `network_mode: \"pasta:-T,{port}\"`, which carries that one port to \
             127.0.0.1 of Windows. Either takes `{client}` off the stack's networks."
        )
    } else {
        format!(
            "What helps: `network_mode: host`, which takes `{client}` off the stack's networks; or NAT in place of \
             mirrored networking."
        )
    }
}

/// What the machine around the containers' Linux is called.
pub(super) fn outside(platform: &Platform) -> &'static str {
    match (platform.runtime, platform.host_os) {
        (Runtime::DockerDesktop, _) | (_, HostOs::PodmanMachine) => "the host",
        _ => "Windows",
    }
}

/// What the Linux that runs the containers is called.
pub(super) fn linux(platform: &Platform) -> &'static str {
    match (platform.runtime, platform.host_os) {
        (Runtime::DockerDesktop, _) => "the virtual machine",
        (_, HostOs::Linux) => "the host",
        (_, HostOs::Wsl2) => "the WSL2 distribution",
        (_, HostOs::PodmanMachine | HostOs::PodmanMachineWsl) => "the podman machine",
    }
}

/// Whose address a name has.
pub(super) fn whose(leads: Leads, platform: &Platform) -> &'static str {
    match leads {
        Leads::Linux => linux(platform),
        Leads::Outside => outside(platform),
        Leads::Container => "the container itself",
        Leads::Router => "the router of the LAN",
        Leads::Namespace => "the namespace of rootless networks, where nothing listens",
    }
}

/// Where a program runs.
pub(super) fn place(view: &View<'_>, host: &HostService) -> &'static str {
    let platform = view.wiring.platform;
    match platform.machine_of(host) {
        Machine::Linux => linux(platform),
        Machine::Outside => outside(platform),
        Machine::Absent if host.on.as_ref().is_some_and(|on| on.value == "mac") => "a Mac",
        Machine::Absent => "Windows",
    }
}
