//! Intents: `internet`, `host`, `connects` and `deny`, wherever they are written.

use super::reader::{Reader, part, scalar};
use crate::maps::IndexMap;
use crate::model::{Connection, Deny, Named, Network, Party, Service, Spanned, Target, Text, Witness, is_reserved};
use crate::source::Span;
use crate::syntax::yaml::{Entry, Node};

impl Reader {
    /// Takes `internet`, `host` and `connects` of a service; `false` for every other key.
    pub fn service_intent(&mut self, service: &mut Service, entry: &Entry) -> bool {
        match entry.key.as_str() {
            "internet" => service.internet_denied = self.denied(&entry.value, "internet"),
            "host" => service.host_denied = self.denied(&entry.value, "host"),
            "connects" => {
                for item in self.items_or_one(&entry.value, "connects") {
                    let connection = self.connection(item);
                    service.connections.extend(connection);
                }
            }
            _ => return false,
        }
        true
    }

    /// `deny`, or `allow`, which says nothing.
    fn denied(&mut self, node: &Node, what: &str) -> Option<Span> {
        self.denied_text(scalar(node).map_or("", |(text, _)| text), node.span, what)
    }

    /// The same for a text.
    pub fn denied_text(&mut self, text: &str, span: Span, what: &str) -> Option<Span> {
        match text {
            "deny" => Some(span),
            "allow" => None,
            _ => {
                self.invalid(span, format!("`{what}` must be deny, or allow, which is the same as nothing"));
                None
            }
        }
    }

    fn connection(&mut self, node: &Node) -> Option<Connection> {
        let text = self.text(node, "connects")?;
        self.connection_text(&text)
    }

    /// `NAME`, `NAME:PORT` or `host.NAME`.
    pub fn connection_text(&mut self, text: &Text) -> Option<Connection> {
        let span = text.span();
        let stated =
            |to, name: &str, port| Connection { to, name: name.to_owned(), port, witness: Witness::Stated, span };
        if let Some(name) = text.value.strip_prefix("host.") {
            return Some(stated(Target::Host(name.to_owned()), &text.value, None));
        }
        if text.value.contains("://") {
            self.invalid(span, "`connects` takes NAME, NAME:PORT or host.NAME, not a URL");
            return None;
        }
        let (name, port) = match text.value.rsplit_once(':') {
            None => (text.value.as_str(), None),
            Some((name, port)) => match port.parse::<u16>() {
                Ok(port) if port > 0 => (name, Some(port)),
                _ => {
                    let at = part(text, name.len() + 1, text.value.len());
                    self.invalid(at, "what follows the colon is not a port from 1 to 65535");
                    return None;
                }
            },
        };
        Some(stated(Target::Service(name.to_owned()), name, port))
    }

    /// `deny` of a service: what it must not reach.
    pub fn service_deny(&mut self, service: &Text, node: &Node, names: &Names) -> Vec<Deny> {
        let items = self.items_or_one(node, "deny");
        let denied = items.iter().filter_map(|item| {
            let text = self.text(item, "deny")?;
            let to = self.parties(&text, 0, text.value.len(), names)?;
            Some(Deny { from: vec![Party::Service(service.value.clone())], to, text })
        });
        denied.collect()
    }

    /// `deny` at the top: `A -> B` and `A <-> B`.
    pub fn top_deny(&mut self, node: &Node, names: &Names) -> Vec<Deny> {
        let mut found = Vec::new();
        for item in self.items_or_one(node, "deny") {
            let Some(text) = self.text(item, "deny") else { continue };
            let Some(at) = text.value.find("->") else {
                self.invalid(item.span, "a denied connection reads `A -> B` or `A <-> B`");
                continue;
            };
            let both = text.value.get(..at).is_some_and(|left| left.ends_with('<'));
            let left = self.parties(&text, 0, if both { at - 1 } else { at }, names);
            let right = self.parties(&text, at + 2, text.value.len(), names);
            let (Some(left), Some(right)) = (left, right) else { continue };
            let outside = |side: &[Party]| side.iter().any(|party| matches!(party, Party::Internet | Party::Host));
            if outside(&left) || (both && outside(&right)) {
                self.invalid(
                    item.span,
                    "quadgen judges connections that containers open: `internet` and `host` stand on the right",
                );
                continue;
            }
            if both {
                found.push(Deny { from: right.clone(), to: left.clone(), text: text.clone() });
            }
            found.push(Deny { from: left, to: right, text });
        }
        found
    }

    /// One side: names with commas between them, with or without brackets around.
    pub(super) fn parties(&mut self, text: &Text, from: usize, to: usize, names: &Names) -> Option<Vec<Party>> {
        let side = text.value.get(from..to).unwrap_or("");
        let mut parties = Vec::new();
        let mut at = from;
        for piece in side.split(',') {
            let name = piece.trim_matches(|c: char| c.is_whitespace() || c == '[' || c == ']');
            let start = at + piece.find(name).unwrap_or(0);
            at += piece.len() + 1;
            parties.push(self.party(name, part(text, start, start + name.len()), names)?);
        }
        Some(parties)
    }

    fn party(&mut self, name: &str, span: Span, names: &Names) -> Option<Party> {
        match name {
            "internet" => return Some(Party::Internet),
            "host" => return Some(Party::Host),
            _ => {}
        }
        if let Some(service) = name.strip_prefix("service:") {
            return Some(Party::Service(service.to_owned()));
        }
        if let Some(network) = name.strip_prefix("network:") {
            return Some(Party::Network(network.to_owned()));
        }
        match (names.services.contains_key(name), names.networks.contains_key(name)) {
            (true, true) => {
                self.invalid(
                    span,
                    format!("`{name}` is a service and a network: write `service:{name}` or `network:{name}`"),
                );
                None
            }
            (false, true) => Some(Party::Network(name.to_owned())),
            // A name that is nothing counts as a service: the rule about references reports it.
            _ => Some(Party::Service(name.to_owned())),
        }
    }
}

/// What a name in an intent can mean.
pub(super) struct Names<'a> {
    pub services: &'a IndexMap<String, Span>,
    pub networks: &'a Named<Network>,
}

/// Reports a name that an intent could not tell from `internet`, `host` or `host.NAME`.
pub(super) fn check_reserved(reader: &mut Reader, name: &Spanned<String>, what: &str) -> bool {
    if is_reserved(&name.value) {
        reader.partial = true;
        reader.invalid(
            name.span(),
            format!(
                "the {what} `{}` needs another name: `internet`, `host` and names with dots mean something else",
                name.value
            ),
        );
        return false;
    }
    true
}
