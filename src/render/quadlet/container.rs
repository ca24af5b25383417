//! A service → its `.container` unit.

use super::quote::Specifiers;
use super::unit::Unit;
use super::{Context, attributes, copies, deny, environment, finish, hooks, life, mounts};
use crate::model::{ContainerName, Format, Health, HealthTest, NetworkMode, Party, Service, Text};
use crate::platform::Feature;
use crate::platform::keys::Repeat;
use crate::render::host::start_step;
use crate::render::{refuse, words};

/// The unit of a service; `built` is what its `Image=` refers to where the image is built.
pub(super) fn unit(context: &mut Context<'_>, service: &Service, built: Option<&str>) -> Unit {
    let mut unit = Unit::new("Container", context.platform.version);
    unit.text("Unit", "Description", &format!("{} of {}", service.name.value, context.stack.name.value));
    life::dependencies(context, service, &mut unit);
    image(context, service, built, &mut unit);
    if !matches!(service.container_name, ContainerName::ByRuntime(_)) {
        unit.own_with("ContainerName", &context.container_name(service), Specifiers::Meant);
    }
    if let Some(name) = &service.hostname {
        unit.own("HostName", &name.value);
    }
    networks(context, service, &mut unit);
    ports(context, service, &mut unit);
    environment::environment(context, service, &mut unit);
    mounts::mounts(context, service, &mut unit);
    command(context, service, &mut unit);
    health(context, service, &mut unit);
    attributes::attributes(context, service, &mut unit);
    life::life(context, service, &mut unit);
    host(context, service, &mut unit);
    hooks::hooks(context, service, &mut unit);
    unit.entries(&service.quadlet);
    intents(context, service, &mut unit);
    finish(context, &mut unit, service.span());
    unit
}

fn image(context: &mut Context<'_>, service: &Service, built: Option<&str>, unit: &mut Unit) {
    if let Some(built) = built {
        unit.own("Image", built);
        if !built.ends_with(".build") {
            unit.own("Pull", "never");
        }
        return;
    }
    match &service.image {
        Some(image) => {
            // Podman asks wherever the host is configured for a name without its registry; Docker means Docker Hub.
            unit.own("Image", &image.value.full());
            if image.value.is_local() && !service.attributes.contains_key("pull_policy") {
                unit.own("Pull", "never");
            }
        }
        None => context
            .refused
            .push(refuse(service.span(), format!("`{}` has neither `image` nor `build`", service.name.value))),
    }
}

fn networks(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    if let Some(mode) = &service.network_mode {
        match &mode.value {
            NetworkMode::Host => unit.own("Network", "host"),
            NetworkMode::None => unit.own("Network", "none"),
            NetworkMode::Bridge => unit.own("Network", "bridge"),
            NetworkMode::Service(name) => namespace_of(context, name, unit),
            NetworkMode::Container(name) => {
                // A container of the stack has a unit, which has to be started before.
                let is_it =
                    |other: &&Service| matches!(&other.container_name, ContainerName::Named(own) if own.value == *name);
                match context.stack.services.values().find(is_it) {
                    Some(other) => namespace_of(context, &other.name.value, unit),
                    None => unit.own("Network", &format!("container:{name}")),
                }
            }
            NetworkMode::Other(text) => unit.own("Network", text),
        }
    }
    for attachment in &service.networks {
        let Some(network) = context.stack.networks.get(&attachment.network.value) else { continue };
        let mut line = match network.external {
            true => network.object().to_owned(),
            false => format!("{}.network", context.unit(&network.name.value)),
        };
        // One form of alias only: NetworkAlias= beside it would drop these in silence.
        // In a Compose project a service is found by its own name, whatever its container is called.
        let own = (context.stack.format == Format::Compose).then_some(&service.name.value);
        let aliases = own.into_iter().chain(attachment.aliases.iter().map(|alias| &alias.value));
        let mut options: Vec<String> = aliases.map(|alias| format!("alias={alias}")).collect();
        options.extend(attachment.ipv4.as_ref().map(|address| format!("ip={}", address.value)));
        options.extend(attachment.ipv6.as_ref().map(|address| format!("ip6={}", address.value)));
        for (attribute, (span, value)) in &attachment.attributes {
            match (attribute.as_str(), value.scalar()) {
                ("mac_address" | "interface_name", Some(text)) if text.contains([',', ' ']) => {
                    context.refused.push(refuse(*span, format!("`{attribute}` cannot hold a comma or a blank")));
                }
                ("mac_address", Some(mac)) => options.push(format!("mac={mac}")),
                ("interface_name", Some(name)) => options.push(format!("interface_name={name}")),
                _ => {
                    let message = format!("a unit cannot say `{attribute}` for a network of `{}`", service.name.value);
                    context.lose(*span, message);
                }
            }
        }
        if !options.is_empty() {
            line = format!("{line}:{}", options.join(","));
        }
        unit.own("Network", &line);
    }
}

/// The network namespace of another service's container.
fn namespace_of(context: &Context<'_>, name: &str, unit: &mut Unit) {
    if context.has(Feature::ContainerNetwork) && copies_of(context, name) <= 1 {
        return unit.own("Network", &format!("{}.container", context.unit(name)));
    }
    let Some(other) = context.stack.services.get(name) else { return };
    // Of several containers it is the first.
    let container = context.container_name(other).replace("-%i", "-1");
    unit.own_with("Network", &format!("container:{container}"), Specifiers::Meant);
    for key in ["Requires", "After"] {
        context.services(name).first().into_iter().for_each(|service| unit.text("Unit", key, service));
    }
}

fn copies_of(context: &Context<'_>, name: &str) -> u64 {
    context.stack.services.get(name).map_or(1, copies::count)
}

fn ports(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for port in &service.ports {
        match port.value.host {
            Some(host) if host.len() != port.value.container.len() => context.lose(
                port.span(),
                format!("Podman has no choice of host ports: `{}` does not publish {}", service.name.value, port.value),
            ),
            _ => unit.own("PublishPort", &port.value.to_string()),
        }
    }
}

fn command(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    if let Some(words) = &service.entrypoint {
        unit.own("Entrypoint", &json(words));
    }
    // Tried with the generators of 5.4.2 and 5.8.6. Both drop an empty word and, in silence, all words behind it; and
    // both unquote a lone `;`, which for systemd begins another command, on the host.
    if let Some(word) = service.command.iter().flatten().find(|word| matches!(word.value.as_str(), "" | ";")) {
        let what = if word.value.is_empty() { "an empty word" } else { "a `;` as a word" };
        let message = format!("a unit cannot hold {what}, and the command of `{}` has one", service.name.value);
        let finding = refuse(word.span(), message).help("What helps: `sh -c` with the whole line as one word.");
        return context.refused.push(finding);
    }
    if service.command.as_ref().is_some_and(Vec::is_empty) {
        let message = format!("a unit cannot take the image's command away: `{}` runs it", service.name.value);
        context.lose(service.span(), message);
    }
    if let Some(words) = service.command.as_ref().filter(|words| !words.is_empty()) {
        unit.words("Exec", words.iter().map(|word| word.value.as_str()));
    }
}

fn health(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    let Some(health) = service.health.as_ref().map(|health| &health.value) else { return };
    match &health.test {
        Some(HealthTest::Disabled) => return unit.own("HealthCmd", "none"),
        // A list of one word would be run by a shell; after CMD it is not. Source: Podman, `makeHealthCheckFromCli`.
        Some(HealthTest::Exec(words)) => match words.as_slice() {
            [only] if !only.value.contains(char::is_whitespace) => {
                unit.own("HealthCmd", &format!("CMD {}", only.value))
            }
            words => {
                if let [only] = words {
                    let name = &service.name.value;
                    let message = format!("Podman runs a check of one word with blanks in a shell: that of `{name}`");
                    context.lose(only.span(), message);
                }
                unit.own("HealthCmd", &json(words));
            }
        },
        Some(HealthTest::Shell(line)) => {
            // What a line cannot hold, a word of a list can: a line break, a quotation mark at the end.
            let plain = super::quote::value(Repeat::Last, &line.value, Specifiers::Literal).is_some();
            let listed = || json(&[Text::implied("CMD-SHELL".to_owned(), line.span()), line.clone()]);
            unit.own("HealthCmd", &if plain { line.value.clone() } else { listed() });
        }
        None => {}
    }
    for (key, value) in [
        ("HealthInterval", health.interval.map(|interval| interval.value.to_string())),
        ("HealthTimeout", health.timeout.map(|timeout| timeout.value.to_string())),
        ("HealthRetries", health.retries.map(|retries| retries.value.to_string())),
        ("HealthStartPeriod", health.start_period.map(|period| period.value.to_string())),
    ] {
        value.iter().for_each(|value| unit.own(key, value));
    }
    start_interval(context, health, service, unit);
}

/// Podman has another check for the start: the same command, at its own pace, until it succeeds once. Its results do not
/// count, so nothing is unhealthy before that.
fn start_interval(context: &mut Context<'_>, health: &Health, service: &Service, unit: &mut Unit) {
    let Some(interval) = health.start_interval else { return };
    let name = &service.name.value;
    match unit.value("HealthCmd") {
        Some(command) if unit.has("HealthStartupCmd") => {
            unit.raw("Container", "HealthStartupCmd", &command);
            unit.own("HealthStartupInterval", &interval.value.to_string());
            if let Some(timeout) = health.timeout {
                unit.own("HealthStartupTimeout", &timeout.value.to_string());
            }
        }
        _ => context.lose(
            interval.span(),
            format!("a unit says a check of its own for the start beside its health check: `{name}` is checked at its usual pace"),
        ),
    }
}

/// Words as a JSON array, which Podman takes for an entry point and a health check without a shell.
fn json(words: &[Text]) -> String {
    let words: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    // Texts only: they can always be written.
    serde_json::to_string(&words).unwrap_or_default()
}

/// Looks the address of Windows up at each start, because it changes with each restart of WSL. systemd reads
/// `EnvironmentFile=` before each command anew, so what the step wrote is there when the container starts.
fn host(context: &Context<'_>, service: &Service, unit: &mut Unit) {
    if context.at_start.contains(&service.name.value) {
        let (step, file) = start_step(&service.name.value);
        unit.raw("Service", "ExecStartPre", &step);
        unit.raw("Service", "EnvironmentFile", &file);
    }
}

/// What was meant travels with the unit, in a section that systemd and the generator ignore.
fn intents(context: &Context<'_>, service: &Service, unit: &mut Unit) {
    if service.internet_denied.is_some() {
        unit.text("X-Quadgen", "Internet", "deny");
    }
    if service.host_denied.is_some() {
        unit.text("X-Quadgen", "Host", "deny");
    }
    let connects: Vec<String> =
        service.connections.iter().filter(|connection| connection.is_stated()).map(words::connection).collect();
    if !connects.is_empty() {
        unit.text("X-Quadgen", "Connects", &connects.join(" "));
    }
    deny(context, &Party::Service(service.name.value.clone()), unit);
}
