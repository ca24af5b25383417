//! QG006: a name that nothing in the stack has.

use std::cell::LazyCell;

use super::context::Context;
use super::mend;
use crate::diagnostic::{Diagnostic, Help, Sink};
use crate::maps::HashSet;
use crate::model::{Format, MountKind, Named, NetworkMode, Party, Service, Spanned, Stack, Target, Witness};
use crate::source::Span;
use crate::suggest;

/// QG006. Readers report it, too.
pub use crate::diagnostic::input::UNDEFINED_REFERENCE as RULE;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let stack = context.stack;
    // Networks, volumes and whom it waits for.
    let mut wanted: Vec<(&str, &str, Span)> = Vec::with_capacity(4 * stack.services.len());
    for service in stack.services.values() {
        for attachment in &service.networks {
            wanted.push(("network", &attachment.network.value, attachment.network.span()));
        }
        for mount in service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Volume) {
            wanted.push(("volume", &mount.value.source, mount.span()));
        }
        for dependency in service.depends_on.iter().filter(|dependency| dependency.required) {
            wanted.push(("service", &dependency.service.value, dependency.service.span()));
        }
        for (what, uses) in [("secret", &service.secrets), ("config", &service.configs)] {
            wanted.extend(uses.iter().map(|used| (what, used.source.value.as_str(), used.source.span())));
        }
        if let Some(Spanned { value: NetworkMode::Service(name), .. }) = &service.network_mode {
            let span = service.network_mode.as_ref().map(Spanned::span).unwrap_or_default();
            wanted.push(("service", name, span));
        }
        for connection in &service.connections {
            match &connection.to {
                // An inferred connection names a service that is there.
                Target::Service(name) if connection.witness == Witness::Stated => {
                    wanted.push(("service", name, connection.span));
                }
                Target::Service(_) => {}
                // Units have no place for what the host service is like.
                Target::Host(_) if stack.format == Format::Quadlet => {}
                Target::Host(name) => wanted.push(("host service", name, connection.span)),
            }
        }
    }
    for deny in &stack.deny {
        for party in deny.from.iter().chain(&deny.to) {
            match party {
                Party::Service(name) => wanted.push(("service", name, deny.text.span())),
                Party::Network(name) => wanted.push(("network", name, deny.text.span())),
                Party::Internet | Party::Host => {}
            }
        }
    }
    // Intents are quadgen's own; docker-compose does not read them.
    let intents: LazyCell<HashSet<Span>, _> = LazyCell::new(|| {
        let stated = stack.services.values().flat_map(|service| &service.connections);
        let stated = stated.filter(|connection| connection.witness == Witness::Stated);
        stack.deny.iter().map(|deny| deny.text.span()).chain(stated.map(|connection| connection.span)).collect()
    });
    let is_intent = |span: Span| intents.contains(&span);
    for (what, name, span) in wanted {
        let defined = match what {
            "service" => stack.services.contains_key(name),
            "network" => stack.networks.contains_key(name),
            "volume" => stack.volumes.contains_key(name),
            "secret" => stack.secrets.contains_key(name),
            "config" => stack.configs.contains_key(name),
            _ => stack.host_services.contains_key(name),
        };
        if defined {
            continue;
        }
        match stack.disabled.get(name).filter(|_| what == "service") {
            Some(service) => context.report(sink, disabled(service, span)),
            None => {
                let found = finding(stack, what, name, span);
                let refused = stack.format == Format::Compose && what != "host service" && !is_intent(span);
                context.report(sink, if refused { refused_by_compose(found) } else { found });
            }
        }
    }
}

/// Says what follows in a Compose file, before what helps.
fn refused_by_compose(mut finding: Diagnostic) -> Diagnostic {
    let text = "What you see: docker-compose refuses the file.".to_owned();
    finding.help.insert(0, Help { text, platforms: Vec::new() });
    finding
}

/// docker-compose takes a service whose profile is off for one that is not there.
fn disabled(service: &Service, span: Span) -> Diagnostic {
    let name = &service.name.value;
    Diagnostic::new(&RULE, span, format!("the service `{name}` stands behind a profile that is off"))
        .label(service.attributes.get("profiles").map_or(service.span(), |(key, _)| *key), "its profiles")
        .help("What helps: `required: false` on the dependency, the same profile here, or `--profile NAME`.")
}

/// The names of a kind of things.
fn names<'a>(stack: &'a Stack, what: &str) -> Vec<&'a str> {
    fn all<T>(things: &Named<T>) -> Vec<&str> {
        things.keys().map(String::as_str).collect()
    }
    match what {
        "service" => all(&stack.services),
        "network" => all(&stack.networks),
        "volume" => all(&stack.volumes),
        "secret" => all(&stack.secrets),
        "config" => all(&stack.configs),
        _ => all(&stack.host_services),
    }
}

fn finding(stack: &Stack, what: &str, name: &str, span: Span) -> Diagnostic {
    let section = match what {
        "host service" => "host_services".to_owned(),
        what => format!("{what}s"),
    };
    let finding = Diagnostic::new(&RULE, span, format!("there is no {what} `{name}`"));
    match suggest::nearest(name, names(stack, what)) {
        Some(near) => {
            // An intent of several words names it somewhere inside, and this change is given up.
            let change = mend::swap(span, name, near);
            finding.here(format!("did you mean `{near}`?")).fix(format!("refer to `{near}`"), true, vec![change])
        }
        None => finding.here(format!("nothing under `{section}` is called so")),
    }
    .help(format!("What helps: define it under `{section}`, or take the reference away."))
}
