//! QG209: a service that holds the runtime's socket, or looks for it where it is not.

use super::context::{Context, View, label_intents, seen, why};
use super::mend;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Format, Service};
use crate::network::{Judgement, Socket};
use crate::platform::{Aspect, Is, Known, proxy};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG209",
    name: "runtime-socket-mounted",
    summary: "the runtime's socket in a service, which no wall then holds, or a socket's path that is not there",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("runtime_socket_mounted.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            let sockets = view.wiring.sockets(service);
            if sockets.is_empty() {
                continue;
            }
            let intents: Vec<&Judgement<'_>> =
                view.judgements.iter().filter(|judgement| judgement.keeps_in(service)).collect();
            for socket in &sockets {
                let finding = match absent(view, socket) {
                    Some(known) => missing(context, view, service, socket, known),
                    None => mounted(service, socket, &intents),
                };
                view.report(sink, label_intents(finding, &intents));
            }
        }
    }
}

/// Why the runtime does not listen at a socket's path. Where nobody says whether it is root's, the path itself may.
fn absent<'s>(view: &View<'_>, socket: &'s Socket) -> Option<&'s Known> {
    let known = socket.known.as_ref().filter(|known| known.fact.is == Is::No)?;
    let rootless = view.wiring.platform.assumed.get(&Aspect::Rootless);
    rootless.is_none_or(|word| !known.assumed.contains(word)).then_some(known)
}

/// Where the socket stands that is why an intent cannot be judged for a service; QG201 and QG210 then step back.
pub(super) fn place(view: &View<'_>, judgement: &Judgement<'_>, service: &Service) -> Option<Span> {
    if !judgement.keeps_in(service) || judgement.breaches_of(service).next().is_some() {
        return None;
    }
    let span = view.wiring.powers(service)?.span;
    view.wiring.sockets(service).iter().any(|socket| socket.span == span).then_some(span)
}

fn mounted(service: &Service, socket: &Socket, intents: &[&Judgement<'_>]) -> Diagnostic {
    let name = &service.name.value;
    let (level, message) = if intents.is_empty() {
        (Level::Info, format!("`{name}` holds the runtime's socket: it can start any container, on any network"))
    } else {
        let message = format!(
            "`{name}` must be kept in and holds the runtime's socket: through a container that it starts it reaches \
             everything"
        );
        (Level::Warning, message)
    };
    let is_guard = service.image.as_ref().is_some_and(|image| proxy::guards_socket(&image.value));
    let what_helps = if is_guard {
        // It is the proxy that others are told to have.
        format!(
            "What helps: let `{name}` take only the requests that its clients need, and share an internal network with \
             them and nobody else."
        )
    } else {
        format!(
            "What helps: a proxy of its own that has the socket, takes only the requests that `{name}` needs, and shares \
             an internal network with it."
        )
    };
    Diagnostic::new(&RULE, socket.span, message)
        .severity(level)
        .here("the runtime's socket")
        .help(
            "Why: whoever writes to the socket may start a container in the host's network, privileged, and with the \
             host's files. `:ro` keeps the file from being replaced, not from being written to.",
        )
        .help(what_helps)
}

/// Somebody wrote a path at which this platform's runtime does not listen.
fn missing(context: &Context<'_>, view: &View<'_>, service: &Service, socket: &Socket, known: &Known) -> Diagnostic {
    let (name, path) = (&service.name.value, &socket.path);
    let platform = view.wiring.platform;
    let runtime = match (platform.is_podman(), platform.rootless) {
        (true, true) => "rootless Podman",
        (true, false) => "Podman",
        (false, _) => "Docker",
    };
    let message = format!("`{path}` in `{name}` is not the socket of {runtime}");
    let mut finding = Diagnostic::new(&RULE, socket.span, message)
        .severity(Level::Warning)
        .here("another socket, or none")
        .help(why(known))
        .help(seen(known, None).replace("PATH", path));
    let is_unit = view.wiring.stack.format == Format::Quadlet;
    let own = match (platform.is_podman(), is_unit) {
        (true, true) => "%t/podman/podman.sock",
        (true, false) if platform.rootless => "${XDG_RUNTIME_DIR}/podman/podman.sock",
        (true, false) => "/run/podman/podman.sock",
        (false, _) => "/var/run/docker.sock",
    };
    finding = finding.help(if platform.is_podman() {
        let as_user = if platform.rootless { "systemctl --user" } else { "systemctl" };
        format!("What helps: `{own}`, once `{as_user} enable --now podman.socket` has been run.")
    } else {
        format!("What helps: `{own}`.")
    });
    // Another path must not be wrong where this one is right, and a topology takes no variables.
    let everywhere = context.views.iter().all(|other| {
        let same = (other.wiring.platform.is_podman(), other.wiring.platform.rootless)
            == (platform.is_podman(), platform.rootless);
        let sockets = other.wiring.sockets(service);
        same && sockets.iter().any(|own| own.span == socket.span && absent(other, own).is_some())
    });
    let mounts = |other: &&Service| other.mounts.iter().any(|mount| mount.span() == socket.span);
    let alone = context.stack.services.values().filter(mounts).count() == 1;
    if everywhere && alone && context.stack.format != Format::Topology {
        // A long form does not begin with the path, and this change is given up.
        let change = mend::swap(socket.path_span.unwrap_or(socket.span), path, own);
        finding = finding.fix(format!("mount `{own}`"), false, vec![change]);
    }
    finding.assuming(&known.assumed)
}
