//! Published ports.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::Value;
use crate::source::Span;

/// Transport protocols that can be published.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Protocol::Tcp),
            "udp" => Ok(Protocol::Udp),
            "sctp" => Ok(Protocol::Sctp),
            _ => Err(format!("`{text}` is not a protocol: tcp, udp or sctp")),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        })
    }
}

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PortRange {
    /// The first port, from 1.
    pub first: u16,
    /// The last port.
    pub last: u16,
}

impl PortRange {
    /// How many ports it holds.
    pub fn len(self) -> u32 {
        u32::from(self.last - self.first) + 1
    }

    /// Never: a range holds its first port.
    pub fn is_empty(self) -> bool {
        false
    }

    /// Whether it holds a port.
    pub fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }

    /// The ports that both hold, if any.
    pub fn overlap(self, other: PortRange) -> Option<PortRange> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(PortRange { first, last })
    }
}

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Of what is a number for Rust, only `+80` is no port.
        let port = |text: &str| match text.parse::<u16>() {
            Ok(port) if port > 0 && !text.starts_with('+') => Ok(port),
            _ => Err(format!("`{text}` is not a port from 1 to 65535")),
        };
        let Some((first, last)) = split_once(text, b'-') else {
            let only = port(text)?;
            return Ok(PortRange { first: only, last: only });
        };
        let range = PortRange { first: port(first)?, last: port(last)? };
        if range.first > range.last { Err(format!("the range `{text}` runs backwards")) } else { Ok(range) }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// As [`str::split_once`] and [`str::rsplit_once`]: ports are so short that to look at each byte is the quickest way.
fn split_once(text: &str, sign: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == sign)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn rsplit_once(text: &str, sign: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|byte| byte == sign)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A port of a container that is published on the host: `[[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL]`.
#[derive(Clone, PartialEq, Debug)]
pub struct Port {
    /// The host's address; every address where nothing is said.
    pub address: Option<IpAddr>,
    /// The host's ports; the runtime picks one where nothing is said.
    pub host: Option<PortRange>,
    /// The container's ports.
    pub container: PortRange,
    /// The protocol.
    pub protocol: Protocol,
    /// Source layer: Compose's settings that the core does not use (`name`, `mode`, `app_protocol`).
    pub extra: Vec<(String, Span, Value)>,
}

impl Port {
    /// The container's port behind one of the host's, if this mapping has it.
    pub fn behind(&self, host_port: u16) -> Option<u16> {
        let host = self.host.filter(|host| host.contains(host_port))?;
        Some(self.container.first.saturating_add(host_port - host.first).min(self.container.last))
    }

    /// Whether only the host itself can use it.
    pub fn is_loopback(&self) -> bool {
        self.address.is_some_and(|address| address.is_loopback())
    }
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (ports, protocol) = match split_once(text, b'/') {
            Some((ports, protocol)) => (ports, protocol.parse()?),
            None => (text, Protocol::Tcp),
        };
        let (rest, container) = match rsplit_once(ports, b':') {
            Some((rest, container)) => (Some(rest), container),
            None => (None, ports),
        };
        let (address, host) = match rest {
            None => (None, None),
            Some(rest) => match rsplit_once(rest, b':') {
                Some((address, host)) => (Some(address), Some(host)),
                // `127.0.0.1::80` has an address and an empty host port; `[::1]:80` is left to the check below.
                None => (None, Some(rest)),
            },
        };
        let address = match address {
            None | Some("") => None,
            Some(address) => {
                let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
                // Without brackets nobody can tell where an IPv6 address ends.
                if bare.is_none() && address.contains(':') {
                    return Err(format!("`{address}` is not an address; IPv6 stands in brackets: [::1]:8080:80"));
                }
                let bare = bare.unwrap_or(address);
                Some(bare.parse().map_err(|_| format!("`{address}` is not an address"))?)
            }
        };
        let host = host.filter(|host| !host.is_empty()).map(str::parse::<PortRange>).transpose()?;
        let container = container.parse::<PortRange>()?;
        if let Some(host) = host {
            // A container port may have a range of host ports to choose from, in Compose.
            if host.len() != container.len() && container.len() != 1 {
                return Err(format!("`{host}` and `{container}` are ranges of different length"));
            }
        }
        Ok(Port { address, host, container, protocol, extra: Vec::new() })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]:")?,
            Some(address) => write!(f, "{address}:")?,
            None => {}
        }
        match self.host {
            Some(host) => write!(f, "{host}:")?,
            None if self.address.is_some() => f.write_str(":")?,
            None => {}
        }
        write!(f, "{}", self.container)?;
        if self.protocol == Protocol::Tcp { Ok(()) } else { write!(f, "/{}", self.protocol) }
    }
}

#[cfg(test)]
mod tests {
    use super::Port;

    #[test]
    fn reads_every_short_form_and_writes_it_back() {
        for text in [
            "80",
            "8080:80",
            "127.0.0.1:8080:80",
            "127.0.0.1::80",
            "[::1]:8080:80",
            "6060:6060/udp",
            "3000-3005:3000-3005",
            "9090-9091:80",
        ] {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), text);
        }
        for bad in
            ["", "banana", "0:80", "80:0", "65536", "80:", "1-2:3-5", "5-1", "x:80:80", "80/foo", "+80", "[::1]:80"]
        {
            assert!(bad.parse::<Port>().is_err(), "{bad}");
        }
    }
}
