//! The answer in sentences.

use quadgen::model::{Connection, Deploy, HostService, Service, Target as Goal, Witness};
use quadgen::network::{Address, Cause, HostWay, NameKind, Reach, Setup, State, Step, Verdict, Wiring};
use quadgen::platform::{Is, Known, Question};
use quadgen::source::Span;

use super::Session;

/// Sentences for people, collected.
pub(super) struct Says<'a> {
    pub session: &'a Session,
    pub wiring: &'a Wiring<'a>,
    pub lines: Vec<String>,
}

impl Says<'_> {
    pub(super) fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    fn because(&mut self, known: &Known) {
        let words =
            if known.assumed.is_empty() { String::new() } else { format!(" (assuming {})", known.assumed.join(", ")) };
        self.say(format!("Why: {}{words}.", known.fact.why));
    }

    pub(super) fn at(&self, span: Span) -> String {
        self.session.sources.place(span)
    }

    /// Where services stand on a network.
    fn on(&self, services: &[&Service], network: &str) -> String {
        let places = services.iter().filter_map(|service| {
            let attachment = self.wiring.attachments(service).find(|a| a.network.value == network)?;
            Some(self.at(attachment.network.span()))
        });
        places.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn service(&mut self, from: &Service, to: &Service, name: &str, port: Option<u16>) -> Verdict {
        let connection = Connection {
            to: Goal::Service(to.name.value.clone()),
            name: name.to_owned(),
            port,
            witness: Witness::Asked,
            span: Span::default(),
        };
        let resolution = self.wiring.resolves(from, to, name);
        let reach = self.wiring.reaches(from, to, None);
        match &resolution.cause {
            Cause::Found { networks } => {
                let known = self.wiring.names(to).iter().find(|known| known.text.eq_ignore_ascii_case(name));
                let kind = match known.map(|known| known.kind) {
                    Some(NameKind::Container) | None => "the container's name",
                    Some(NameKind::Service) => "the service's name",
                    Some(NameKind::Alias) => "an alias",
                    Some(NameKind::Host) => "its host name",
                };
                for network in networks {
                    let places = self.on(&[from, to], network);
                    self.say(format!(
                        "Name: `{name}` is {kind} of `{}`, and the DNS of `{network}` answers for it. Both are on that network \
                         ({places}).",
                        to.name.value
                    ));
                }
                let known = self.wiring.ask(Question::HostServersBesideThoseOfNetworks);
                if known.fact.is == Is::Yes {
                    self.say(format!("Note: {}. What you see: {}.", known.fact.why, known.fact.symptom));
                }
            }
            Cause::SharedHostsFile => {
                self.say(format!(
                    "Name: `{name}` stands in the hosts file of the network of `{}`, in which both live.",
                    self.wiring.owner(to).name.value
                ));
                if resolution.verdict == Verdict::Unpredictable {
                    self.say("Why: it stands there in another case: glibc finds it, and musl, as in Alpine, does not.");
                }
            }
            Cause::HostsFile => self.say(format!("Name: `extra_hosts` gives `{name}` its address.")),
            Cause::OnAnotherNetwork { other, .. } if resolution.verdict == Verdict::No => {
                self.say(format!("Name: `{name}` leads to `{other}` in `{}`.", from.name.value));
            }
            _ if resolution.verdict == Verdict::No => {
                self.say(format!("Name: `{name}` does not resolve in `{}`.", from.name.value));
            }
            Cause::Ambiguous { other, .. } | Cause::OnAnotherNetwork { other, .. } => {
                self.say(format!("Name: `{name}` is a name of `{other}`, too, and leads to one or the other."));
            }
            _ if resolution.verdict == Verdict::Unpredictable => {
                self.say(format!(
                    "Name: `{name}` resolves in `{}` after some starts, and not after others.",
                    from.name.value
                ));
            }
            _ => {}
        }
        if reach.verdict == Verdict::Yes {
            self.way(from, to, &reach, port);
        }
        match self.wiring.judge_connection(from, &connection) {
            State::Proven => Verdict::Yes,
            State::Unknown => {
                let opaque = self.wiring.opaque(&[from, to]);
                for opaque in opaque.into_iter().chain(self.wiring.opaque_names(from, name)) {
                    let place = self.at(opaque.span);
                    self.say(format!("quadgen cannot look into it: {} ({place}).", opaque.why));
                }
                Verdict::Unknown
            }
            State::Broken if resolution.verdict == Verdict::Unpredictable && reach.verdict == Verdict::Yes => {
                Verdict::Unpredictable
            }
            State::Broken => Verdict::No,
        }
    }

    fn way(&mut self, from: &Service, to: &Service, reach: &Reach, port: Option<u16>) {
        let port = port.map(|port| format!(" on port {port}")).unwrap_or_default();
        let (client, target) = (&from.name.value, &to.name.value);
        let steps: Vec<String> = reach
            .path
            .iter()
            .map(|step| match step {
                Step::Network(network) => format!("over `{network}`"),
                Step::Routed(network) => format!("then to `{network}`, which the host routes to"),
                Step::Host => "through the host's own network".to_owned(),
            })
            .collect();
        if steps.is_empty() {
            self.say(format!("Way: `{client}` and `{target}` share one network namespace: `localhost` is both{port}."));
        } else {
            self.say(format!("Way: packets of `{client}` get to `{target}`{port} {}.", steps.join(", ")));
        }
        for known in &reach.known {
            self.because(known);
        }
    }

    pub(super) fn internet(&mut self, from: &Service) -> Verdict {
        let reach = self.wiring.internet(from);
        let client = &from.name.value;
        match reach.verdict {
            Verdict::Yes => {
                let network = reach.path.iter().find_map(|step| match step {
                    Step::Network(network) => Some(network.clone()),
                    _ => None,
                });
                match network {
                    Some(network) => {
                        let place = self.on(&[from], &network);
                        self.say(format!("Way: packets of `{client}` leave over `{network}` ({place})."));
                    }
                    None => self
                        .say(format!("Way: `{client}` is not on a network of the stack, but on one that leads out.")),
                }
            }
            Verdict::No => {
                for attachment in self.wiring.attachments(from) {
                    if let Some(network) = self.wiring.stack.networks.get(&attachment.network.value) {
                        let (name, place) = (&network.name.value, self.at(network.internal_span()));
                        self.lines.push(format!("Blocked: `{client}` is on `{name}`, which is internal ({place})."));
                    }
                }
            }
            Verdict::Unknown | Verdict::Unpredictable => {
                for opaque in self.wiring.opaque(&[from]) {
                    let place = self.at(opaque.span);
                    self.say(format!("quadgen cannot look into it: {} ({place}).", opaque.why));
                }
            }
        }
        for known in &reach.known {
            self.because(known);
        }
        let (names, known) = self.wiring.outside_names(from);
        match names {
            Verdict::Yes if reach.verdict != Verdict::Yes => {
                self.say("Names of the internet resolve all the same, and data can leave in names.");
            }
            Verdict::No if reach.verdict == Verdict::Yes => self.say("Names of the internet do not resolve."),
            _ => return reach.verdict,
        }
        known.iter().for_each(|known| self.because(known));
        reach.verdict
    }

    pub(super) fn host(&mut self, from: &Service, way: &HostWay, host: &HostService) -> Verdict {
        let program = &host.name.value;
        if way.verdict == Verdict::Yes {
            let address = match way.address {
                Some(Address::Fixed(address)) if address.to_string() != way.name => format!(" ({address})"),
                Some(Address::Gateway) => " (the gateway of its network)".to_owned(),
                Some(Address::Own) => " (the host's own address)".to_owned(),
                Some(Address::Route) => " (the gateway of the default route, at the time of the start)".to_owned(),
                _ => String::new(),
            };
            self.say(format!("Name: `{}`{address}. The URL is {}.", way.name, way.url(host)));
            match way.setup {
                Setup::Nothing => {}
                Setup::Entry(address) => {
                    self.say(format!(
                        "Written by `quadgen render`: an entry for {address} in the container's hosts file."
                    ));
                }
                Setup::HostGateway => {
                    self.say("Written by `quadgen render`: `extra_hosts` with `host-gateway`.");
                }
                Setup::StartStep if self.wiring.platform.deploy == Deploy::Quadlet => {
                    self.say("Written by `quadgen render`: a step that looks the address up at each start.");
                }
                Setup::StartStep => {
                    self.say("Written by `quadgen render`: an entry for QUADGEN_HOST, which the head of the file says how to set.");
                }
            }
        }
        if way.verdict == Verdict::Unknown {
            let opaque = self.wiring.host_unknown(from, host);
            let place = self.at(opaque.span);
            self.say(format!("quadgen cannot say it: {} ({place}).", opaque.why));
            return way.verdict;
        }
        if way.verdict == Verdict::Yes {
            way.known.iter().chain(&way.undecided).for_each(|known| self.because(known));
            let listens = host.listens.map(|listens| listens.value);
            let anywhere = matches!(way.address, Some(Address::Proxy)) || listens.is_some_and(|it| it.is_unspecified());
            let loopback = matches!(way.address, Some(Address::Fixed(address)) if address.is_loopback());
            if !anywhere && !loopback && listens.is_none() {
                let place = self.at(host.name.span());
                self.say(format!(
                    "On the condition that `{program}` listens where containers get to; `listens` does not say it ({place})."
                ));
            }
        }
        way.verdict
    }
}
