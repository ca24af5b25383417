//! A service → its `.container` unit.

use super::quote::{Specifiers, unfit};
use super::unit::{Unit, is_unit};
use super::{Context, attributes, copies, deny, environment, finish, hooks, life, mounts};
use crate::model::{
    ContainerName, Format, Health, HealthTest, INTENTS, NetworkMode, Party, STANDING_FOR, Service, Text,
};
use crate::platform::Feature;
use crate::platform::keys::Repeat;
use crate::render::host::start_step;
use crate::render::{refuse, words};

/// The unit of a service; `built` is what its `Image=` refers to where the image is built.
pub(super) fn unit(context: &mut Context<'_>, service: &Service, built: Option<&str>) -> Unit {
    let mut unit = Unit::new("Container", context.platform.version).keeping(&context.kept);
    unit.text("Unit", "Description", &format!("{} of {}", service.name.value, context.stack.name.value));
    life::dependencies(context, service, &mut unit);
    image(context, service, built, &mut unit);
    if !matches!(service.container_name, ContainerName::ByRuntime(_)) {
        if let ContainerName::Named(name) = &service.container_name {
            context.named("container", name);
        }
        unit.own_with("ContainerName", &context.container_name(service), Specifiers::Meant);
    }
    if let Some(name) = &service.hostname {
        if let Some(why) = unfit(&name.value) {
            let message = format!("a unit cannot hold the host name of `{}`: {why}", service.name.value);
            context.refused.push(refuse(name.span(), message));
        }
        unit.at(Some(name.span()));
        unit.own("HostName", &name.value);
        unit.at(None);
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
            let name = image.value.full();
            if [".image", ".build"].iter().any(|kind| name.ends_with(kind)) {
                let message = format!("Podman takes `{name}` for the name of a unit: no image can be called so in one");
                context.refused.push(refuse(image.span(), message));
            }
            unit.at(Some(image.span()));
            unit.own("Image", &name);
            unit.at(None);
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
        unit.at(Some(mode.span()));
        match &mode.value {
            NetworkMode::Host => unit.own("Network", "host"),
            NetworkMode::None => unit.own("Network", "none"),
            NetworkMode::Bridge => unit.own("Network", "bridge"),
            NetworkMode::Service(name) => namespace_of(context, name, unit),
            NetworkMode::Container(name) => unit.own("Network", &format!("container:{name}")),
            NetworkMode::Other(text) if is_unit(text.split(':').next().unwrap_or(text)) => {
                unit.lose(format!("Podman takes the network mode `{}` for a unit", text.escape_debug()));
            }
            NetworkMode::Other(text) if text.is_empty() => {
                unit.lose(format!(
                    "an empty network mode is none: `{}` is on Podman's default network",
                    service.name.value
                ));
            }
            NetworkMode::Other(text) => unit.own("Network", text),
        }
    }
    for attachment in &service.networks {
        let Some(network) = context.stack.networks.get(&attachment.network.value) else { continue };
        unit.at(Some(attachment.network.span()));
        let mut line = match network.external {
            true => network.object().to_owned(),
            false => format!("{}.network", context.unit(&network.name.value)),
        };
        // One form of alias only: NetworkAlias= beside it would drop these in silence.
        // In a Compose project a service is found by its own name, whatever its container is called.
        let own = (context.stack.format == Format::Compose).then_some(&service.name.value);
        for alias in attachment.aliases.iter().filter(|alias| !is_option(&alias.value)) {
            let message = format!("an alias of `{}` cannot be said in a unit: it is left out", service.name.value);
            context.lose(alias.span(), message);
        }
        let aliases = own.into_iter().chain(attachment.aliases.iter().map(|alias| &alias.value));
        let aliases = aliases.filter(|alias| is_option(alias));
        let mut options: Vec<String> = aliases.map(|alias| format!("alias={alias}")).collect();
        options.extend(attachment.ipv4.as_ref().map(|address| format!("ip={}", address.value)));
        options.extend(attachment.ipv6.as_ref().map(|address| format!("ip6={}", address.value)));
        for (attribute, (span, value)) in &attachment.attributes {
            match (attribute.as_str(), value.scalar()) {
                ("mac_address" | "interface_name", Some(text)) if !is_option(&text) => {
                    let message = format!("`{attribute}` cannot hold a comma, a blank or the like");
                    context.refused.push(refuse(*span, message));
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
    unit.at(None);
}

/// Whether a text can stand among the options of a network, between commas at the end of a line.
fn is_option(text: &str) -> bool {
    !text.is_empty()
        && unfit(text).is_none()
        && !text.ends_with('\\')
        && !text.contains([',', '"', '\''])
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
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
            _ => {
                unit.at(Some(port.span()));
                unit.own("PublishPort", &port.value.to_string());
            }
        }
    }
}

fn command(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    if let Some(words) = &service.entrypoint {
        unit.at(words.first().map(Text::span));
        unit.own("Entrypoint", &json(words));
        unit.at(None);
    }
    for word in service.command.iter().flatten() {
        if let Some(why) = unfit(&word.value) {
            let message = format!("a unit cannot hold a word of the command of `{}`: {why}", service.name.value);
            return context.refused.push(refuse(word.span(), message));
        }
    }
    if service.command.as_ref().is_some_and(Vec::is_empty) {
        let message = format!("a unit cannot take the image's command away: `{}` runs it", service.name.value);
        context.lose(service.span(), message);
    }
    if let Some(words) = service.command.as_ref().filter(|words| !words.is_empty()) {
        unit.words("Exec", words);
        let exec = unit.value("Exec").unwrap_or_default();
        for (name, word) in STANDING_FOR.iter().filter(|(name, _)| exec.contains(&format!("${{{name}}}"))) {
            unit.raw("Service", "Environment", format!("\"{name}={word}\""));
        }
    }
}

fn health(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    let Some(health) = service.health.as_ref().map(|health| &health.value) else { return };
    unit.at(match &health.test {
        Some(HealthTest::Exec(words)) => words.first().map(Text::span),
        Some(HealthTest::Shell(line)) => Some(line.span()),
        _ => None,
    });
    match &health.test {
        Some(HealthTest::Disabled) => return unit.own("HealthCmd", "none"),
        Some(HealthTest::Exec(words)) => match check(words) {
            Some(check) => unit.own("HealthCmd", &check),
            None => {
                let (name, at) = (&service.name.value, words.first().map_or(service.span(), Text::span));
                let message = format!(
                    "Podman runs a check of one word with blanks in a shell, and reads one that begins with `none` or \
                     `CMD` otherwise: `{name}` goes without its check"
                );
                context.lose(at, message);
            }
        },
        Some(HealthTest::Shell(line)) => {
            // What a line cannot hold, or Podman takes for another thing, a word of a list can.
            let plain = super::quote::value(Repeat::Last, &line.value, Specifiers::Literal).is_some()
                && !is_word_of_checks(line.value.split(' ').next().unwrap_or(""))
                && serde_json::from_str::<Vec<String>>(&line.value).is_err();
            let listed = || json(&[Text::implied("CMD-SHELL".to_owned(), line.span()), line.clone()]);
            unit.own("HealthCmd", &if plain { line.value.clone() } else { listed() });
        }
        None => {}
    }
    unit.at(None);
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

/// A check without a shell, as Podman takes it. A list of one word would be run by a shell, and a list that begins with a
/// word of checks is split at its blanks, as JSON; behind `CMD` neither happens. Source: Podman, `makeHealthCheckFromCli`.
fn check(words: &[Text]) -> Option<String> {
    let is_list = words.len() > 1 && words.first().is_some_and(|first| !is_word_of_checks(&first.value));
    if is_list {
        return Some(json(words));
    }
    let plain = |word: &Text| !word.value.is_empty() && !word.value.contains(char::is_whitespace);
    let line: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    words.iter().all(plain).then(|| format!("CMD {}", line.join(" ")))
}

/// What means something as the first word of a check.
fn is_word_of_checks(word: &str) -> bool {
    ["NONE", "CMD", "CMD-SHELL"].contains(&word.to_uppercase().as_str())
}

/// Podman has another check for the start: the same command, at its own pace, until it succeeds once. Its results do not
/// count, so nothing is unhealthy before that.
fn start_interval(context: &mut Context<'_>, health: &Health, service: &Service, unit: &mut Unit) {
    let Some(interval) = health.start_interval else { return };
    let name = &service.name.value;
    match unit.value("HealthCmd") {
        Some(command) if unit.has("HealthStartupCmd") => {
            unit.raw("Container", "HealthStartupCmd", command);
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
        unit.raw("Service", "ExecStartPre", step);
        unit.raw("Service", "EnvironmentFile", file);
    }
}

/// What was meant travels with the unit, in a section that systemd and the generator ignore.
fn intents(context: &Context<'_>, service: &Service, unit: &mut Unit) {
    if service.internet_denied.is_some() {
        unit.text(INTENTS, "Internet", "deny");
    }
    if service.host_denied.is_some() {
        unit.text(INTENTS, "Host", "deny");
    }
    let connects: Vec<String> =
        service.connections.iter().filter(|connection| connection.is_stated()).map(words::connection).collect();
    if !connects.is_empty() {
        unit.at(service.connections.iter().find(|connection| connection.is_stated()).map(|connection| connection.span));
        unit.text(INTENTS, "Connects", &connects.join(" "));
        unit.at(None);
    }
    deny(context, &Party::Service(service.name.value.clone()), unit);
}
