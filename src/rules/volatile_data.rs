//! QG804: data that goes with its container.

use super::context::{Context, View, list, seen, why};
use super::unit_lines::unit_of;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Condition, Format, Mount, MountKind, Service, ServiceKind, Spanned, Stack};
use crate::platform::datastore::{self, Datastore};
use crate::platform::{Is, Known, Question};

pub static RULE: Rule = Rule {
    code: "QG804",
    name: "volatile-data",
    summary: "a volume without a name, or a database without a volume: the data goes with the container",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("volatile_data.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let known = view.wiring.ask(Question::AnonymousVolume);
        for service in context.stack.services.values().filter(|service| service.kind == ServiceKind::Container) {
            let store = service.image.as_ref().and_then(|image| datastore::find(&image.value));
            let found = match store.filter(|store| !store.data.is_empty()) {
                Some(store) if serves(context.stack, service) => database(view, service, store, &known),
                _ => None,
            };
            match found {
                Some(finding) => view.report(sink, finding),
                // Where quadgen writes the unit, it gives such a volume a name.
                None if known.fact.is == Is::No && context.stack.format == Format::Quadlet => {
                    for finding in anonymous(context.stack, service, &known) {
                        view.report(sink, finding);
                    }
                }
                None => {}
            }
        }
    }
}

/// A database without a mount where its data lies.
fn database(view: &View<'_>, service: &Service, store: &Datastore, known: &Known) -> Option<Diagnostic> {
    let name = &service.name.value;
    let mut lost = None;
    let is_unit = view.wiring.stack.format == Format::Quadlet;
    for mount in &service.mounts {
        let target = mount.value.target.trim_end_matches('/');
        let near = |path: &&&str| is_below(target, path) || is_below(path, target);
        let holds = store.data.iter().find(near).is_some();
        match mount.value.kind {
            MountKind::Anonymous if holds && is_unit => lost = Some(mount.span()),
            // In memory on purpose, or kept: a stopped container of Compose keeps a volume without a name, and what is
            // rendered has one with a name.
            _ if holds => return None,
            // A file of settings may have moved its data there.
            MountKind::Volume if has_settings(service) || is_unit => return None,
            MountKind::Bind if !looks_like_a_file(target) && !mount.value.read_only && !is_setup(target) => {
                return None;
            }
            _ => {}
        }
    }
    let place = lost.or_else(|| service.image.as_ref().map(|image| image.span()))?;
    // The same on all platforms, so that it is one finding; when that is, stands in the reasons.
    let message = format!(
        "`{name}` starts empty once its container is removed: {} has no volume with a name for its data",
        store.name
    );
    let finding = Diagnostic::new(&RULE, place, message)
        .here(if lost.is_some() { "a volume without a name" } else { "no volume for its data" })
        .help(why(known))
        .help(seen(known, None))
        .help(way_out(service, store, is_unit));
    Some(finding.assuming(&known.assumed))
}

/// The volume that keeps the data, and where it has to be written.
fn way_out(service: &Service, store: &Datastore, is_unit: bool) -> String {
    let name = &service.name.value;
    let known = service.image.as_ref().and_then(|image| store.volume_for(&image.value));
    let volume = format!("{name}-data:{}", known.unwrap_or("PATH"));
    let place = if is_unit {
        format!("`Volume={volume}`")
    } else {
        format!("`{volume}` under `volumes:` of `{name}`, and `{name}-data:` under `volumes:` at the top level")
    };
    match known {
        Some(_) => format!("What helps: {place}."),
        None => format!(
            "What helps: {place}, with the path that the page of this image names: {}.",
            list(&store.data).replace(" and ", " or ")
        ),
    }
}

/// Whether it gets files that may say where its data lies.
fn has_settings(service: &Service) -> bool {
    let binds = service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Bind);
    !service.configs.is_empty() || binds.count() > 0 || service.attributes.contains_key("build")
}

/// Volumes without a name.
fn anonymous(stack: &Stack, service: &Service, known: &Known) -> Vec<Diagnostic> {
    let name = &service.name.value;
    let volumes = service.mounts.iter().filter(|mount| mount.value.kind == MountKind::Anonymous);
    let finding = |mount: &Spanned<Mount>| {
        let (target, span) = (&mount.value.target, mount.span());
        let message = format!("what `{name}` writes to `{target}` is gone with its container: the volume has no name");
        let named = format!("{name}-{}:{target}", target.trim_matches('/').replace('/', "-"));
        let finding = Diagnostic::new(&RULE, span, message)
            .here("a volume without a name")
            .help(why(known))
            .help(seen(known, None))
            .help(format!("What helps: a name, such as `{named}`; or a tmpfs, if it is meant to go."));
        // Elsewhere a name has to be defined, too.
        let alone = unit_of(stack, service).is_some() && (span.end - span.start) as usize == target.len();
        let plain = target.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
        let finding = if alone && plain {
            let change = Change::Replace { span, text: named.clone() };
            finding.fix(format!("name it: `{named}`"), false, vec![change])
        } else {
            finding
        };
        finding.assuming(&known.assumed)
    };
    volumes.map(finding).collect()
}

/// Whether a path is another one, or lies below it.
fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || above.is_empty())
}

/// Whether a path is that of a file, as far as its name says.
fn looks_like_a_file(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.trim_start_matches('.').contains('.') && !name.ends_with(".d"))
}

/// Where images look for what they do at their first start, and for their settings.
fn is_setup(path: &str) -> bool {
    ["initdb", "/etc/", "/certs", "/ssl", "/tls", "/run/", "/tmp", "/scripts", "/backup", "/config"]
        .iter()
        .any(|part| path.contains(part))
}

/// Whether the service runs the database itself, where the image puts its data: no client, no job, no other place.
fn serves(stack: &Stack, service: &Service) -> bool {
    let flag = |word: &str| word.starts_with('-');
    let servers = ["postgres", "mysqld", "mariadbd", "mongod", "influxd", "clickhouse-server", "cassandra", "start"];
    let command = service.command.as_deref().unwrap_or_default();
    let first = command.first().map(|word| word.value.as_str());
    let server = first.is_none_or(|word| flag(word) || servers.contains(&word.rsplit('/').next().unwrap_or(word)));
    let moved = command.iter().any(|word| {
        let lower = word.value.to_lowercase();
        lower.contains("dir") || lower.contains("path") || lower == "-d"
    });
    let moved = moved
        || service.variables().keys().any(|name| {
            let name = name.to_uppercase();
            name == "PGDATA" || name.contains("DATA_DIR") || name.contains("DATADIR") || name.contains("DB_PATH")
        });
    let once = stack
        .services
        .values()
        .flat_map(|other| &other.depends_on)
        .any(|other| other.condition.value == Condition::Completed && other.service.value == service.name.value);
    let oneshot =
        service.quadlet.iter().any(|entry| entry.key.value == "Type" && entry.value.value.trim() == "oneshot");
    // What nobody could read may be the mount.
    let unread = service.unread_mounts
        || service.quadlet.iter().any(|entry| matches!(entry.key.value.as_str(), "Volume" | "Mount" | "PodmanArgs"))
        || ["volumes_from", "tmpfs"].iter().any(|key| service.attributes.contains_key(*key));
    server && !moved && !once && !oneshot && !unread && service.entrypoint.is_none()
}
