//! The stack, free of any file format: plain data, and values that parse themselves.
//!
//! Every leaf knows where it came from ([`Origin`]); equality ignores that, so that a stack read from a topology and
//! the same stack read from Compose are equal.

mod duration;
mod health;
mod image;
mod intent;
mod interpolated;
mod mount;
mod name;
mod platform;
mod port;
mod template;
mod unit;
mod value;
mod version;

pub use duration::Duration;
pub use health::{Health, HealthTest};
pub use image::Image;
pub use intent::{Connection, Deny, Endpoint, Party, Target, Witness};
pub use interpolated::Interpolated;
pub use mount::{Mount, MountKind};
pub use name::{is_name, is_reserved};
pub use platform::{Backend, Deploy, HostOs, PlatformSpec, RootlessNetwork, Runtime, SpecError};
pub use port::{Port, PortRange, Protocol};
pub use template::{AT_START, HOME, HostPart, HostTemplate, VARIABLE, host_templates, is_mark};
pub use unit::{
    INSTALLED, INTENTS, Keys, MAKES_FILE, MAKES_FOLDER, STANDING_FOR, Unit, UnitEntry, UnitKind, UnitText, standing,
};
pub use value::{Data, Value};
pub use version::Version;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::ops::{Deref, DerefMut};

use ipnet::IpNet;

use crate::maps::IndexMap;
use crate::source::Span;

/// Where a value came from.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// Written in a file, here.
    Written(Span),
    /// Not written: it follows from something else, whose place this is.
    Implied(Span),
    /// Written with variables in it; the value is what came of them. The text at the place is another one.
    Interpolated(Span),
}

/// A value and where it came from; equal to another by the value alone.
#[derive(Clone, Copy, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub origin: Origin,
}

impl<T> Spanned<T> {
    /// A value that stands in a file.
    pub fn written(value: T, span: Span) -> Self {
        Spanned { value, origin: Origin::Written(span) }
    }

    /// A value that follows from something written at `span`.
    pub fn implied(value: T, span: Span) -> Self {
        Spanned { value, origin: Origin::Implied(span) }
    }

    /// Whether it is not written anywhere.
    pub fn is_implied(&self) -> bool {
        matches!(self.origin, Origin::Implied(_))
    }

    /// The place to show for it: its own, or that of what it follows from.
    pub fn span(&self) -> Span {
        match self.origin {
            Origin::Written(span) | Origin::Implied(span) | Origin::Interpolated(span) => span,
        }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

/// A text with its place.
pub type Text = Spanned<String>;

/// The format a stack was read from. It decides what a name means and how the stack is deployed by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// quadgen's own; names are literal, and what is deployed is what quadgen renders.
    Topology,
    /// A Compose project; what it makes carries the project's name, and services have their own names in DNS.
    Compose,
    /// A tree of Quadlet units; what nobody names is called `systemd-` and the unit's name.
    Quadlet,
}

/// Objects by their names, in the order of the file. Rules look them up so often that it counts how long a hash takes.
pub type Named<T> = IndexMap<String, T>;

/// Services that are deployed together, with everything that belongs to them.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Its name.
    pub name: Text,
    /// What it was read from.
    pub format: Format,
    /// Whether everything that was asked for could be read; rules that need the whole stack are silent otherwise.
    pub complete: bool,
    /// By name, in the order of the file.
    pub services: Named<Service>,
    /// By name, in the order of the file.
    pub networks: Named<Network>,
    /// By name, in the order of the file.
    pub volumes: Named<Volume>,
    /// Secrets, by name.
    pub secrets: Named<FileObject>,
    /// Configs, by name.
    pub configs: Named<FileObject>,
    /// Where it is deployed, by the platform's name: the words, also those that make no platform.
    pub platforms: IndexMap<String, Text>,
    /// Programs outside that services talk to.
    pub host_services: IndexMap<String, HostService>,
    /// Connections that must not be possible; also those stated on a service.
    pub deny: Vec<Deny>,
    /// Services that the chosen profiles leave out, by name.
    pub disabled: Named<Service>,
    /// Source layer: what stands at the top of a Compose file and the core does not use.
    pub attributes: IndexMap<String, (Span, Value)>,
    /// Source layer: texts that held variables, by their places, with what came of which.
    pub interpolated: BTreeMap<Span, Interpolated>,
    /// Source layer: the units and their drop-ins by their files' names, where the stack was read from some.
    pub units: Named<Unit>,
    /// Source layer: services, without `.service`, that plain units of systemd beside those units start.
    pub activated: BTreeSet<String>,
}

impl Stack {
    /// A stack that holds nothing yet.
    pub fn new(name: Text, format: Format) -> Self {
        Stack {
            name,
            format,
            complete: true,
            services: Named::default(),
            networks: Named::default(),
            volumes: Named::default(),
            secrets: Named::default(),
            configs: Named::default(),
            platforms: IndexMap::default(),
            host_services: IndexMap::default(),
            deny: Vec::new(),
            disabled: Named::default(),
            attributes: IndexMap::default(),
            interpolated: BTreeMap::new(),
            units: Named::default(),
            activated: BTreeSet::new(),
        }
    }
}

/// What a service is at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ServiceKind {
    /// One container.
    #[default]
    Container,
    /// A pod: it owns the network, and its containers live in it (`network_mode: service:…`).
    Pod,
    /// What `podman kube play` makes of a file that quadgen does not look into.
    Kube,
}

/// One container of the stack. What is said of it lies in a place of its own: services are made on several threads and
/// put into one list, and only where each lies is moved.
#[derive(Clone, PartialEq, Debug)]
pub struct Service(Box<ServiceBody>);

impl From<ServiceBody> for Service {
    fn from(body: ServiceBody) -> Self {
        Service(Box::new(body))
    }
}

impl Deref for Service {
    type Target = ServiceBody;

    fn deref(&self) -> &ServiceBody {
        &self.0
    }
}

impl DerefMut for Service {
    fn deref_mut(&mut self) -> &mut ServiceBody {
        &mut self.0
    }
}

/// What is said of a service. Whoever changes several of its fields at once takes this.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceBody {
    /// Its key in the file.
    pub name: Text,
    /// What it is at run time.
    pub kind: ServiceKind,
    /// The image; a service that is built may have none.
    pub image: Option<Spanned<Image>>,
    /// The container's name.
    pub container_name: ContainerName,
    /// The host name inside the container.
    pub hostname: Option<Text>,
    /// A mode that takes the place of networks.
    pub network_mode: Option<Spanned<NetworkMode>>,
    /// The networks it is on, in the order of the file.
    pub networks: Vec<Attachment>,
    /// Published ports.
    pub ports: Vec<Spanned<Port>>,
    /// Environment variables; one without a value is taken from where the stack is started.
    pub environment: IndexMap<String, Spanned<Option<String>>>,
    /// Files with environment variables.
    pub env_files: Vec<EnvFile>,
    /// The command, word by word.
    pub command: Option<Vec<Text>>,
    /// The entry point, word by word.
    pub entrypoint: Option<Vec<Text>>,
    /// Volumes, binds and temporary file systems.
    pub mounts: Vec<Spanned<Mount>>,
    /// Whether it has more of them, which could not be read.
    pub unread_mounts: bool,
    /// What must be up before it.
    pub depends_on: Vec<Dependency>,
    /// The health check.
    pub health: Option<Spanned<Health>>,
    /// When it is started again.
    pub restart: Option<Spanned<Restart>>,
    /// How long it may take to stop.
    pub stop_grace_period: Option<Spanned<Duration>>,
    /// Secrets it gets, each under `/run/secrets/`.
    pub secrets: Vec<FileUse>,
    /// Configs it gets.
    pub configs: Vec<FileUse>,
    /// The intent `internet: deny`, with its place.
    pub internet_denied: Option<Span>,
    /// The intent `host: deny`, with its place.
    pub host_denied: Option<Span>,
    /// What it talks to, stated or inferred.
    pub connections: Vec<Connection>,
    /// Every `host:port` and URL in its environment and command, whatever it leads to.
    pub endpoints: Vec<Endpoint>,
    /// Source layer: Compose's attributes that the core does not use, in the order of the file.
    pub attributes: IndexMap<String, (Span, Value)>,
    /// Source layer: entries for the unit, by section (`quadlet:` in a topology).
    pub quadlet: Vec<UnitEntry>,
}

impl Service {
    /// The place to show for the service itself.
    pub fn span(&self) -> Span {
        self.name.span()
    }

    /// The name of the file that it is a unit of, in a tree of units.
    pub fn unit_file(&self) -> String {
        match self.kind {
            ServiceKind::Container => [&self.name.value, ".container"].concat(),
            ServiceKind::Pod | ServiceKind::Kube => self.name.value.clone(),
        }
    }

    /// The container's own ports that the file speaks of: published or exposed.
    pub fn container_ports(&self) -> Vec<PortRange> {
        let exposed = self.attributes.get("expose").map(|(_, value)| value.texts()).unwrap_or_default();
        let exposed = exposed.iter().filter_map(|port| port.split('/').next()?.parse().ok());
        self.ports.iter().map(|port| port.value.container).chain(exposed).collect()
    }

    /// Every variable with the value that the container gets: those of env files, over which go those of the file.
    pub fn variables(&self) -> IndexMap<&str, &Spanned<Option<String>>> {
        let files = self.env_files.iter().filter_map(|file| file.variables.as_ref()).flatten();
        files.chain(&self.environment).map(|(name, variable)| (name.as_str(), variable)).collect()
    }

    /// What an attribute of the source layer says, if it is a plain `true`.
    pub fn flag(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|(_, value)| value.data == Data::Bool(true))
    }
}

/// How a container comes to its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ContainerName {
    /// Nothing is said: a topology uses the service's name.
    ByService,
    /// As written.
    Named(Text),
    /// `container_name: null`: the runtime makes one. The place is that of the key.
    ByRuntime(Spanned<()>),
}

/// What Compose calls `network_mode`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NetworkMode {
    /// The host's own network.
    Host,
    /// No network.
    None,
    /// The runtime's default network.
    Bridge,
    /// The network of another service.
    Service(String),
    /// The network of a container that is not part of the stack.
    Container(String),
    /// What a runtime understands beside these (`pasta:…`, `slirp4netns:…`).
    Other(String),
}

/// A service on a network.
#[derive(Clone, PartialEq, Debug)]
pub struct Attachment {
    /// Which network.
    pub network: Text,
    /// More names of the service on this network only.
    pub aliases: Vec<Text>,
    /// A fixed IPv4 address.
    pub ipv4: Option<Spanned<IpAddr>>,
    /// A fixed IPv6 address.
    pub ipv6: Option<Spanned<IpAddr>>,
    /// Source layer: Compose's attributes that the core does not use.
    pub attributes: IndexMap<String, (Span, Value)>,
}

/// A file with environment variables.
#[derive(Clone, PartialEq, Debug)]
pub struct EnvFile {
    /// As written.
    pub path: Text,
    /// Whether the stack cannot start without it.
    pub required: bool,
    /// `raw`, if the file is not read by Compose's own rules.
    pub format: Option<Text>,
    /// What it says, in its order; nothing where it was not read, as in a topology, or is not there.
    pub variables: Option<IndexMap<String, Spanned<Option<String>>>>,
    /// Whether Podman, which reads every such file literally, would take other values from it.
    pub reads_otherwise: bool,
}

/// What another service must have done before a service starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Condition {
    /// Been started.
    Started,
    /// Become healthy.
    Healthy,
    /// Ended without an error.
    Completed,
}

/// One entry of `depends_on`.
#[derive(Clone, PartialEq, Debug)]
pub struct Dependency {
    /// On which service.
    pub service: Text,
    /// What it must have done, and where that stands.
    pub condition: Spanned<Condition>,
    /// Whether the dependant is restarted with it.
    pub restart: bool,
    /// Whether the dependant needs it at all.
    pub required: bool,
}

/// When a container is started again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restart {
    /// Never.
    No,
    /// Always.
    Always,
    /// Always, unless somebody stopped it.
    UnlessStopped,
    /// When it ends with an error, so often at most.
    OnFailure(Option<u32>),
}

impl fmt::Display for Restart {
    /// As Compose writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Restart::No => f.write_str("no"),
            Restart::Always => f.write_str("always"),
            Restart::UnlessStopped => f.write_str("unless-stopped"),
            Restart::OnFailure(None) => f.write_str("on-failure"),
            Restart::OnFailure(Some(limit)) => write!(f, "on-failure:{limit}"),
        }
    }
}

/// A secret or config of a service.
#[derive(Clone, PartialEq, Debug)]
pub struct FileUse {
    /// Its name at the top.
    pub source: Text,
    /// Where it is seen in the container, if not at the default place.
    pub target: Option<String>,
    /// Whether a file of the host gets a label for SELinux that lets containers in.
    pub labelled: bool,
    /// Source layer: its owner and mode, which the core does not use.
    pub extra: Vec<(String, Span, Value)>,
}

/// A secret or config of the stack.
#[derive(Clone, PartialEq, Debug)]
pub struct FileObject {
    /// Where its name stands.
    pub name: Text,
    /// The file it comes from.
    pub file: Option<Text>,
    /// Whether it exists outside of the stack.
    pub external: bool,
    /// Everything as written, for a target that has the same form.
    pub written: Value,
}

/// A network of the stack.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// Its key in the file.
    pub name: Text,
    /// The name of the object in the runtime, where it differs.
    pub object_name: Option<Text>,
    /// Whether it exists outside of the stack.
    pub external: bool,
    /// `internal: true`, and where that stands.
    pub internal: Option<Spanned<bool>>,
    /// `bridge` where nothing is said.
    pub driver: Option<Text>,
    /// Options of the driver (`isolate`, `mtu`, …).
    pub options: IndexMap<String, Text>,
    /// Subnets, each with its gateway and range.
    pub subnets: Vec<Subnet>,
    /// Whether it has IPv6.
    pub ipv6: bool,
    /// Whether its DNS is switched off, and where.
    pub dns_disabled: Option<Span>,
    /// Source layer: Compose's attributes that the core does not use.
    pub attributes: IndexMap<String, (Span, Value)>,
    /// Source layer: entries for the unit.
    pub quadlet: Vec<UnitEntry>,
}

impl Network {
    /// A network about which nothing is said yet.
    pub fn new(name: Text) -> Self {
        Network {
            name,
            object_name: None,
            external: false,
            internal: None,
            driver: None,
            options: IndexMap::default(),
            subnets: Vec::new(),
            ipv6: false,
            dns_disabled: None,
            attributes: IndexMap::default(),
            quadlet: Vec::new(),
        }
    }

    /// Whether it is internal.
    pub fn is_internal(&self) -> bool {
        self.internal.as_ref().is_some_and(|internal| internal.value)
    }

    /// The place to show for what makes it internal, else for the network itself.
    pub fn internal_span(&self) -> Span {
        self.internal.as_ref().map_or_else(|| self.name.span(), Spanned::span)
    }

    /// The driver's name.
    pub fn driver(&self) -> &str {
        self.driver.as_ref().map_or("bridge", |driver| driver.value.as_str())
    }

    /// Whether its driver ties it to an interface of the host, past the host's own network.
    pub fn goes_past_the_host(&self) -> bool {
        matches!(self.driver(), "macvlan" | "ipvlan")
    }

    /// The name of the object in the runtime.
    pub fn object(&self) -> &str {
        self.object_name.as_ref().map_or(self.name.value.as_str(), |name| name.value.as_str())
    }
}

/// A subnet of a network.
#[derive(Clone, PartialEq, Debug)]
pub struct Subnet {
    /// The addresses.
    pub subnet: Option<Spanned<IpNet>>,
    /// The gateway's address.
    pub gateway: Option<Spanned<IpAddr>>,
    /// From which addresses containers get theirs.
    pub range: Option<Spanned<IpNet>>,
    /// Source layer: addresses that are kept free.
    pub aux: Option<(Span, Value)>,
}

/// A named volume of the stack.
#[derive(Clone, PartialEq, Debug)]
pub struct Volume {
    /// Its key in the file.
    pub name: Text,
    /// The name of the object in the runtime, where it differs.
    pub object_name: Option<Text>,
    /// Whether it exists outside of the stack.
    pub external: bool,
    /// Source layer: Compose's attributes that the core does not use.
    pub attributes: IndexMap<String, (Span, Value)>,
    /// Source layer: entries for the unit.
    pub quadlet: Vec<UnitEntry>,
}

impl Volume {
    /// The name of the object in the runtime.
    pub fn object(&self) -> &str {
        self.object_name.as_ref().map_or(self.name.value.as_str(), |name| name.value.as_str())
    }
}

/// A program outside of the stack that services talk to.
#[derive(Clone, PartialEq, Debug)]
pub struct HostService {
    /// Its key in the file.
    pub name: Text,
    /// The port it listens on.
    pub port: Option<Spanned<u16>>,
    /// Where it runs: `windows`, `linux` or `mac`; else on the platform's host, which is Windows on WSL2.
    pub on: Option<Text>,
    /// The address it listens on.
    pub listens: Option<Spanned<IpAddr>>,
    /// The scheme of its URL.
    pub scheme: Option<Text>,
}

impl HostService {
    /// The scheme of its URL; `http` where nothing is said.
    pub fn scheme(&self) -> &str {
        self.scheme.as_ref().map_or("http", |scheme| scheme.value.as_str())
    }

    /// Whether it listens on the loopback address only.
    pub fn is_on_loopback(&self) -> bool {
        self.listens.is_some_and(|listens| listens.value.is_loopback())
    }
}
