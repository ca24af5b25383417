//! What is meant: who talks to whom, and who must not.

use super::Text;
use crate::source::Span;

/// Why a connection is believed to be needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Witness {
    /// `connects` says so: an intent.
    Stated,
    /// A URL or `host:port` in an environment value or a command names the service, or a template the host service.
    Url,
    /// Somebody asks about it on the command line; nothing in the stack says so.
    Asked,
    /// `depends_on` names the service. That is about order, so it is the weakest.
    DependsOn,
}

/// What a connection leads to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A service of the stack.
    Service(String),
    /// A program outside, by its name under `host_services`.
    Host(String),
}

/// A connection that a service opens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connection {
    /// What it leads to.
    pub to: Target,
    /// The name that is looked up, as written.
    pub name: String,
    /// The port, where one is said.
    pub port: Option<u16>,
    /// How it is known.
    pub witness: Witness,
    /// Where it stands.
    pub span: Span,
}

impl Connection {
    /// Whether it was stated as an intent.
    pub fn is_stated(&self) -> bool {
        self.witness == Witness::Stated
    }
}

/// A `host:port` or URL in a value of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The host, as written.
    pub host: String,
    /// The port, where one is said.
    pub port: Option<u16>,
    /// The variable whose value it stands in; none in a command.
    pub variable: Option<String>,
    /// The whole value.
    pub value: String,
    /// Where `host:port` stands, or the value that holds it.
    pub span: Span,
    /// Where the host alone stands.
    pub host_span: Span,
}

/// One side of a denied connection.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Party {
    /// A service.
    Service(String),
    /// A network: its members, or as a target their addresses on it.
    Network(String),
    /// Everything but the stack's networks and the host.
    Internet,
    /// The machine that the containers run on.
    Host,
}

/// Connections from each of `from` to each of `to` that must not be possible.
#[derive(Clone, PartialEq, Debug)]
pub struct Deny {
    /// Who opens them.
    pub from: Vec<Party>,
    /// Whom they lead to.
    pub to: Vec<Party>,
    /// The intent as written.
    pub text: Text,
}
