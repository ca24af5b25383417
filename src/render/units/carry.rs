//! Entries of units for which Compose has words that the reader does not look for.

use crate::diagnostic::Diagnostic;
use crate::model::{Data, Deploy, Service, ServiceBody, Stack, Unit, UnitEntry, Value};
use crate::platform::Platform;
use crate::render::lost;
use crate::source::Span;

/// Keys that become options of `security_opt`, with what stands before their value; a switch is the option alone.
/// Source: podman-systemd.unit(5), which names the argument of each.
const SECURITY: [(&str, &str); 7] = [
    ("NoNewPrivileges", "no-new-privileges:true"),
    ("SecurityLabelDisable", "label:disable"),
    ("SeccompProfile", "seccomp="),
    ("AppArmor", "apparmor="),
    ("SecurityLabelType", "label:type:"),
    ("SecurityLabelLevel", "label:level:"),
    ("SecurityLabelFileType", "label:filetype:"),
];

pub(super) fn carry(service: &mut Service, stack: &Stack, platform: &Platform, found: &mut Vec<Diagnostic>) {
    security(service);
    hosts(service);
    auto_update(service, found);
    secrets(service, platform, found);
    variables(service, found);
    restarts(service, stack);
}

fn is_on(text: &str) -> bool {
    ["1", "yes", "true", "on"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Takes the entry that counts of a key of the container.
fn take(service: &mut Service, key: &str) -> Option<UnitEntry> {
    let of_key = |entry: &UnitEntry| entry.section == "Container" && entry.key.value == key;
    let last = service.quadlet.iter().rfind(|entry| of_key(entry)).cloned();
    service.quadlet.retain(|entry| !of_key(entry));
    last
}

fn text(span: Span, text: String) -> Value {
    Value { span, data: Data::Text(text) }
}

fn security(service: &mut Service) {
    for (key, option) in SECURITY {
        let Some(entry) = take(service, key) else { continue };
        let (span, value) = (entry.value.span(), entry.value.value.trim().trim_matches('"').to_owned());
        let is_switch = !option.ends_with(['=', ':']);
        // Off is what nothing says, too.
        if value.is_empty() || (is_switch && !is_on(&value)) {
            continue;
        }
        let item = text(span, if is_switch { option.to_owned() } else { format!("{option}{value}") });
        let options = service.attributes.entry("security_opt".to_owned());
        let (_, options) = options.or_insert_with(|| (span, Value { span, data: Data::List(Vec::new()) }));
        if let Data::List(items) = &mut options.data {
            items.push(item);
        }
    }
}

/// `a;b:ADDRESS` is an entry of Podman's for two names, and one for each in Compose.
fn hosts(service: &mut Service) {
    let Some((_, hosts)) = service.attributes.get_mut("extra_hosts") else { return };
    let Data::List(items) = &mut hosts.data else { return };
    let split = |item: &Value| -> Vec<Value> {
        let Data::Text(line) = &item.data else { return vec![item.clone()] };
        let Some((names, address)) = line.split_once(':').filter(|(names, _)| names.contains(';')) else {
            return vec![item.clone()];
        };
        names.split(';').map(|name| text(item.span, format!("{name}:{address}"))).collect()
    };
    *items = items.iter().flat_map(split).collect();
}

/// A label is all that `AutoUpdate=` is.
fn auto_update(service: &mut Service, found: &mut Vec<Diagnostic>) {
    let Some(entry) = take(service, "AutoUpdate") else { return };
    let span = entry.value.span();
    let labels = service.attributes.entry("labels".to_owned());
    let (_, labels) = labels.or_insert_with(|| (span, Value { span, data: Data::Map(Vec::new()) }));
    if let Data::Map(entries) = &mut labels.data {
        let value = entry.value.value.trim().trim_matches('"').to_owned();
        entries.push(("io.containers.autoupdate".to_owned(), text(span, value)));
    }
    let message = format!(
        "`podman auto-update` updates containers of systemd's units only: `{}` keeps its label, and nobody updates it",
        service.name.value
    );
    found.push(lost(entry.key.span(), message).help("What helps: `docker-compose pull` and `up` from time to time."));
}

/// Podman takes any name for a variable.
fn variables(service: &mut ServiceBody, found: &mut Vec<Diagnostic>) {
    let name = &service.name.value;
    service.environment.retain(|variable, value| {
        let is_good = !variable.is_empty() && !variable.contains(char::is_whitespace);
        if !is_good {
            let message = format!("Compose has no variable `{}`: `{name}` goes without it", variable.escape_debug());
            found.push(lost(value.span(), message));
        }
        is_good
    });
}

/// docker-compose gives containers no secrets from outside but in a swarm; podman-compose hands them on to Podman.
fn secrets(service: &Service, platform: &Platform, found: &mut Vec<Diagnostic>) {
    if platform.deploy == Deploy::PodmanCompose {
        return;
    }
    for used in &service.secrets {
        let (name, secret) = (&service.name.value, &used.source.value);
        let message = format!(
            "the secret `{secret}` is one of Podman's own, which docker-compose has in a swarm only: it does not start \
             `{name}` with it"
        );
        let help = format!("What helps: `secrets: {{{secret}: {{file: PATH}}}}` in place of `external: true`.");
        found.push(lost(used.source.span(), message).help(help));
    }
}

/// What is required is restarted with, in systemd; in Compose only if it says so.
fn restarts(service: &mut Service, stack: &Stack) {
    let file = service.unit_file();
    let template = || stack.units.get(&format!("{}@.container", service.name.value.split('@').next().unwrap_or("")));
    let Some(unit) = stack.units.get(&file).or_else(template) else { return };
    for dependency in &mut service.depends_on {
        let other = stack.services.get(&dependency.service.value).map(Service::unit_file);
        let Some(other) = other.and_then(|file| stack.units.get(&file)) else { continue };
        let wanted = |entry: &&UnitEntry| ["Requires", "BindsTo", "PartOf"].contains(&entry.key.value.as_str());
        let entries = unit.entries.iter().filter(|entry| entry.section == "Unit").filter(wanted);
        let mut words = entries.flat_map(|entry| entry.value.value.split_whitespace());
        dependency.restart |= words.any(|word| names(word, other));
    }
}

/// Whether a word of a dependency names a unit.
fn names(word: &str, unit: &Unit) -> bool {
    word == unit.file || word.strip_suffix(".service") == Some(&unit.service)
}
