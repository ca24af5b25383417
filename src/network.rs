//! Stack × platform → who resolves and reaches whom, and why.
//!
//! [`Wiring`] is a stack on a platform. The questions are methods on it, a file each.

mod compare;
mod host;
mod hosts_file;
mod intents;
mod isolation;
mod matrix;
mod names;
mod namesakes;
mod opaque;
mod ports;
mod published;
mod reach;
mod route;
mod socket;
mod through_host;
mod wiring;

pub use compare::{Change, Comparison, Link, Pairing, PortChange, WayOut, compare};
pub use host::{Address, DOCKER_NAME, HostCause, HostWay, Machine, PODMAN_NAME, Setup};
pub use intents::{Breach, Intent, Judgement, State, judge};
pub use isolation::{Isolation, isolations};
pub use matrix::{HostRow, Matrix, Pair, PortRow};
pub use names::{Cause, Name, NameKind, Resolution, SHORT_ID, is_host_name};
pub use opaque::Opaque;
pub(crate) use opaque::host_entries;
pub use ports::{Because, Ignored};
pub use published::{Answers, Caller};
pub use reach::{Reach, Step};
pub use route::{Routes, Unheeded};
pub use socket::Socket;
pub use through_host::ThroughHost;
pub use wiring::{Crossing, Home, Wiring};

/// The answer to a question about the network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// It works.
    Yes,
    /// It does not work.
    No,
    /// It depends on the order of a start, or resolvers disagree.
    Unpredictable,
    /// quadgen does not know: the stack uses something that is not modelled.
    Unknown,
}

impl Verdict {
    /// The word for it in every output for programs.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Yes => "yes",
            Verdict::No => "no",
            Verdict::Unpredictable => "unpredictable",
            Verdict::Unknown => "unknown",
        }
    }
}

impl From<crate::platform::Is> for Verdict {
    fn from(is: crate::platform::Is) -> Self {
        match is {
            crate::platform::Is::Yes => Verdict::Yes,
            crate::platform::Is::No => Verdict::No,
            crate::platform::Is::Unpredictable => Verdict::Unpredictable,
            crate::platform::Is::Unknown => Verdict::Unknown,
        }
    }
}
