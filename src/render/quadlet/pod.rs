//! `--pod`: all containers of a stack in one pod, which owns their network.
//!
//! They then reach each other at `localhost`, and share their ports. So this is for stacks that keep nothing apart; what
//! a stack means to be apart, no pod holds.

use std::collections::BTreeSet;

use super::Context;
use super::unit::Unit;
use crate::model::{Service, Stack};
use crate::platform::keys;
use crate::render::refuse;
use crate::source::Span;

/// What a container in a pod cannot say, because the pod's network is not its own.
const OF_NETWORK: [&str; 5] = ["PublishPort", "AddHost", "DNS", "DNSOption", "DNSSearch"];

/// The pod's unit, to which the containers' units give what concerns the network.
pub(super) fn pod(context: &mut Context<'_>, units: &mut Vec<(String, Unit)>) {
    if let Some((span, why)) = apart(context.stack) {
        return context.refused.push(refuse(span, why).help("What helps: leave `--pod` out."));
    }
    let mut pod = Unit::new("Pod", context.platform.version);
    if !pod.has("PodName") {
        let first = keys::find("Pod", "PodName").map(|key| key.since().to_string()).unwrap_or_default();
        let message = format!("Podman {} has no pods in units: they came with {first}", context.platform.version);
        return context.refused.push(refuse(context.stack.name.span(), message));
    }
    let name = context.stack.name.value.clone();
    let file = format!("{name}.pod");
    pod.text("Unit", "Description", &format!("Pod of {name}"));
    pod.own("PodName", &name);
    let mut networks: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest: Vec<(&str, String)> = Vec::new();
    for (_, unit) in units.iter_mut().filter(|(file, _)| file.ends_with(".container")) {
        for line in unit.take("Network") {
            let (network, options) = line.split_once(':').unwrap_or((&line, ""));
            let options = options.split(',').filter(|option| !option.is_empty()).map(str::to_owned);
            match networks.iter_mut().find(|(known, _)| known == network) {
                Some((_, known)) => known.extend(options),
                None => networks.push((network.to_owned(), options.collect())),
            }
        }
        for key in OF_NETWORK {
            for value in unit.take(key) {
                if !rest.contains(&(key, value.clone())) {
                    rest.push((key, value));
                }
            }
        }
        for name in unit.take("HostName") {
            let message = format!("containers of a pod have its host name: {name} is left out");
            context.lose(context.stack.name.span(), message);
        }
        unit.own("Pod", &file);
    }
    for (network, mut options) in networks {
        options.sort();
        options.dedup();
        let separator = if options.is_empty() { "" } else { ":" };
        pod.raw("Pod", "Network", format!("{network}{separator}{}", options.join(",")));
    }
    for (key, value) in rest {
        match pod.has(key) {
            true => pod.raw("Pod", key, value),
            false => {
                let message =
                    format!("Podman {} has no {key}= in a .pod unit: it is left out", context.platform.version);
                context.lose(context.stack.name.span(), message);
            }
        }
    }
    super::finish(context, &mut pod, context.stack.name.span());
    units.push((file, pod));
}

/// What keeps services of a stack apart, if something does.
fn apart(stack: &Stack) -> Option<(Span, String)> {
    let networks = |service: &Service| -> BTreeSet<String> {
        let mode = service.network_mode.as_ref().map(|mode| format!("{:?}", mode.value));
        service.networks.iter().map(|on| on.network.value.clone()).chain(mode).collect()
    };
    let first = stack.services.values().next()?;
    if let Some(other) = stack.services.values().find(|other| networks(other) != networks(first)) {
        let (name, first) = (&other.name.value, &first.name.value);
        let why = format!("one pod has one network for all, and `{name}` is on other networks than `{first}`");
        return Some((other.span(), why));
    }
    if let Some(service) = stack.services.values().find(|service| super::copies::is_template(service)) {
        return Some((
            service.span(),
            format!("`{}` has several containers, and a pod has one network for all", service.name.value),
        ));
    }
    let denied = stack.services.values().find_map(|service| service.internet_denied.or(service.host_denied));
    let denied = denied.or_else(|| stack.deny.first().map(|deny| deny.text.span()));
    Some((
        denied?,
        "one pod has one network for all, so nothing that one of them must not reach can be kept from it".to_owned(),
    ))
}
