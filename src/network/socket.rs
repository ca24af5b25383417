//! The question `sockets`: does a service hold the socket of the runtime, and is there one where it looks for it?

use super::Wiring;
use crate::model::{Deploy, Format, Mount, MountKind, Service, Spanned};
use crate::platform::{Known, Question};
use crate::source::Span;

/// A runtime's socket in a service.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Where it is mounted.
    pub span: Span,
    /// The path on the host, as written.
    pub path: String,
    /// Where the path stands, if it stands there as it is.
    pub path_span: Option<Span>,
    /// Whether the runtime listens there; nothing where quadgen does not know the path.
    pub known: Option<Known>,
}

impl Wiring<'_> {
    /// The sockets of a runtime that a service mounts by their names, in the order of the file.
    pub fn sockets(&self, service: &Service) -> Vec<Socket> {
        let binds = service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Bind);
        let mounted = binds.filter_map(|mount| {
            let name = mount.value.source.rsplit('/').next()?;
            if !matches!(name, "docker.sock" | "podman.sock") {
                return None;
            }
            let (path, path_span) = self.written_source(mount);
            let known = self.listens(&path).map(|question| self.ask(question));
            Some(Socket { span: mount.span(), path, path_span, known })
        });
        let granted = service.attributes.get("use_api_socket");
        let granted = granted.map(|(span, _)| Socket {
            span: *span,
            path: "use_api_socket".to_owned(),
            path_span: None,
            known: None,
        });
        mounted.chain(granted).collect()
    }

    /// The path of the host that a mount says. For a unit that is what stands in it: the reader takes Podman's socket for
    /// Docker's, which is what the renderer makes Podman's.
    fn written_source(&self, mount: &Spanned<Mount>) -> (String, Option<Span>) {
        let span = mount.span();
        let holds = |own: Span| own.start <= span.start && span.end <= own.end;
        let mut entries = self.stack.units.values().flat_map(|unit| &unit.entries);
        let entry = entries.find(|entry| entry.key.value == "Volume" && holds(entry.value.span()));
        let Some(entry) = entry else { return (mount.value.source.clone(), None) };
        let (text, place) = (&entry.value.value, entry.value.span());
        match text.split(':').next() {
            Some(source) if source.ends_with(".sock") => {
                // Behind quotes or escapes the places are others.
                let exact = place.start == span.start && (place.end - place.start) as usize == text.len();
                (source.to_owned(), exact.then(|| place.part(0, source.len())))
            }
            _ => (mount.value.source.clone(), None),
        }
    }

    /// What to ask about a path; nothing where that is not known, or where quadgen writes the right one.
    fn listens(&self, path: &str) -> Option<Question> {
        // Both `/%t` and `//run` are written, and mean the same.
        let path = path.trim_start_matches('/');
        let below = path.strip_prefix("var/run/").or_else(|| path.strip_prefix("run/"));
        let rendered = self.stack.format != Format::Quadlet && self.platform.deploy == Deploy::Quadlet;
        // Docker runs no units: what it would make of their paths is nobody's question.
        if self.stack.format == Format::Quadlet && !self.platform.is_podman() {
            return None;
        }
        match (path, below) {
            (_, Some("docker.sock")) if rendered => None,
            (_, Some("docker.sock")) => Some(Question::DockerSocket),
            (_, Some("podman/podman.sock")) => Some(Question::RootPodmanSocket),
            ("%t/podman/podman.sock", _) if self.platform.rootless => Some(Question::UserPodmanSocket),
            ("%t/podman/podman.sock", _) => Some(Question::RootPodmanSocket),
            (_, Some(rest)) => {
                let own = rest.strip_prefix("user/").and_then(|rest| rest.split_once('/'));
                matches!(own, Some((_, "podman/podman.sock"))).then_some(Question::UserPodmanSocket)
            }
            _ => None,
        }
    }
}
