//! `.container`, `.pod` and `.kube` → services.

use super::life;
use super::network::networks;
use super::stack::{Names, key};
use super::unit::Unit;
use super::values::{Given, Values, written};
use super::{attributes, build, env_file, health, mount, security};
use crate::model::{
    ContainerName, Data, FileObject, FileUse, NetworkMode, Service, ServiceKind, Spanned, Stack, Text, UnitKind, Value,
};
use crate::platform::Feature;
use crate::syntax::unit::Entry;

pub(super) fn service(unit: &Unit, names: &mut Names<'_>, stack: &str) -> Service {
    let name = Spanned::written(key(unit).unwrap_or_default().to_owned(), unit.head);
    let mut service = super::super::service::empty(name);
    let mut values = Values::of(unit);
    service.kind = match unit.kind {
        UnitKind::Pod => ServiceKind::Pod,
        UnitKind::Kube => ServiceKind::Kube,
        _ => ServiceKind::Container,
    };
    match service.kind {
        ServiceKind::Container => container(&mut values, &mut service, names, stack),
        ServiceKind::Pod => {
            values.take("PodName");
            service.container_name = ContainerName::Named(unit.object.clone());
            service.hostname = values.take_last("HostName").map(Given::into_text);
            service.mounts = mount::mounts(&mut values, names);
        }
        // Its containers are called as its YAML says.
        ServiceKind::Kube => {}
    }
    let pod = values.take_last("Pod");
    let apart = unit.entry(unit.own(), "Network").is_some_and(|entry| !entry.value.text.is_empty());
    networks(&mut values, &mut service, names);
    if let Some(pod) = pod
        && !apart
    {
        // One that is not there was reported.
        let pod = pod.into_text();
        let found = names.loaded.by_file.contains_key(&pod.value);
        let mode = if found { NetworkMode::Service(pod.value) } else { NetworkMode::Other(pod.value) };
        service.network_mode = Some(Spanned { value: mode, origin: pod.origin });
    }
    let ports = values.take("PublishPort");
    service.ports.reserve_exact(ports.len());
    for given in ports {
        match given.word.text.trim().parse() {
            Ok(port) => service.ports.push(Spanned::written(port, given.span())),
            Err(_) => values.leave("PublishPort", &given),
        }
    }
    security::options(&mut values, &mut service);
    attributes::attributes(&mut values, &mut service);
    // What the unit of its image says and the model has no place for stands there already.
    values.rest(&mut service.quadlet);
    life::life(unit, &mut service, names);
    service
}

fn container(values: &mut Values<'_>, service: &mut Service, names: &mut Names<'_>, stack: &str) {
    let unit = values.unit;
    image(values, service, names, stack);
    values.take("ContainerName");
    service.container_name = ContainerName::Named(unit.object.clone());
    service.hostname = values.take_last("HostName").map(Given::into_text);
    let variables = values.take("Environment");
    service.environment.reserve(variables.len());
    for given in variables {
        let text = &*given.word.text;
        match text.split_once('=') {
            Some((name, value)) => {
                let span = given.word.part(name.len() + 1, text.len());
                service.environment.insert(name.to_owned(), Spanned::written(Some(value.to_owned()), span));
            }
            None if given.by_argument || Feature::BareEnvironment.is_in_podman(unit.release) => {
                service.environment.insert(text.to_owned(), Spanned::written(None, given.span()));
            }
            // The generator drops it.
            None => {}
        }
    }
    for given in values.take("EnvironmentFile") {
        service.env_files.push(env_file::env_file(unit, given.into_text(), names));
    }
    service.mounts = mount::mounts(values, names);
    let words: Vec<Text> = values.take("Exec").into_iter().map(Given::into_text).collect();
    service.command = (!words.is_empty()).then_some(words);
    service.entrypoint =
        values.take_last("Entrypoint").map(|given| match serde_json::from_str::<Vec<String>>(&given.word.text) {
            Ok(words) => words.into_iter().map(|word| Spanned::written(word, given.span())).collect(),
            Err(_) => vec![given.into_text()],
        });
    service.health = health::health(values);
    if let Some(given) = values.take_last("StopTimeout") {
        match life::grace(&given.word.text) {
            Some(grace) => service.stop_grace_period = Some(Spanned::written(grace, given.span())),
            None => values.leave("StopTimeout", &given),
        }
    }
    for given in values.take("Secret") {
        match secret(&given) {
            Some(used) => service.secrets.push(used),
            None => values.leave("Secret", &given),
        }
    }
}

fn image(values: &mut Values<'_>, service: &mut Service, names: &Names<'_>, stack: &str) {
    let Some(given) = values.take_last("Image") else { return };
    let release = values.unit.release;
    let text = &*given.word.text;
    let other = names.loaded.find(text);
    match other.map(|other| (other, other.kind)) {
        Some((other, UnitKind::Build)) if Feature::BuildUnit.is_in_podman(release) => {
            build::build(other, service, stack);
        }
        Some((other, UnitKind::Image)) => {
            let is_left = |entry: &&Entry| entry.section == "Image" && !matches!(&*entry.key, "Image" | "ImageTag");
            service.quadlet.extend(other.entries.iter().filter(is_left).map(written));
            let name = other.text("Image", "ImageTag").or_else(|| other.text("Image", "Image"));
            service.image =
                name.and_then(|name| Some(Spanned { value: name.value.parse().ok()?, origin: name.origin }));
        }
        _ => match text.parse() {
            Ok(image) => service.image = Some(Spanned::written(image, given.span())),
            Err(_) => values.leave("Image", &given),
        },
    }
    // Written beside an image that lies on the machine only; it says nothing more.
    let is_local = |service: &Service| service.image.as_ref().is_some_and(|image| image.value.is_local());
    if let Some(pull) = values.take_last("Pull")
        && !(pull.word.text == "never" && is_local(service))
    {
        match &*pull.word.text {
            "always" | "missing" | "never" => {
                service.attributes.insert("pull_policy".to_owned(), (pull.span(), pull.into_value()));
            }
            _ => values.leave("Pull", &pull),
        }
    }
}

/// `NAME[,target=PATH][,uid=…]`; nothing for a secret that becomes a variable.
fn secret(given: &Given<'_>) -> Option<FileUse> {
    let (mut parts, span) = (given.word.text.split(','), given.span());
    let name = parts.next().filter(|name| !name.is_empty())?;
    let source = Spanned::written(name.to_owned(), span);
    let mut used = FileUse { source, target: None, labelled: false, extra: Vec::new() };
    for part in parts {
        match part.split_once('=')? {
            ("target", target) => used.target = Some(target.to_owned()),
            (key @ ("uid" | "gid" | "mode"), value) => {
                let value = Value { span, data: Data::Text(value.to_owned()) };
                used.extra.push((key.to_owned(), span, value));
            }
            ("type", "mount") => {}
            _ => return None,
        }
    }
    Some(used)
}

/// Secrets are made outside of the units.
pub(super) fn secrets(stack: &mut Stack) {
    for used in stack.services.values().flat_map(|service| &service.secrets) {
        let span = used.source.span();
        stack.secrets.entry(used.source.value.clone()).or_insert_with(|| FileObject {
            name: used.source.clone(),
            file: None,
            external: true,
            written: Value {
                span,
                data: Data::Map(vec![("external".to_owned(), Value { span, data: Data::Bool(true) })]),
            },
        });
    }
}
