//! Stacks that were read from units, on their way to another target.
//!
//! To units they are edited, not rendered: nothing of a unit is lost by taking it for what the model holds of it
//! ([`edit`]). To Compose they go through the model, and whatever of a unit neither the reader took nor this room
//! carries is reported at its line ([`left`]): the reader leaves each entry that it does not take with the service,
//! network or volume, so nothing has to be remembered here.

mod apart;
mod carry;
mod edit;
mod fill;
mod instances;
mod left;
mod pods;

pub(super) use edit::edit;

use super::topology::{forget, rename_objects, rename_services};
use super::{lost, refuse};
use crate::diagnostic::Diagnostic;
use crate::maps::HashSet;
use crate::model::{ContainerName, NetworkMode, Service, ServiceBody, ServiceKind, Spanned, Stack};
use crate::platform::Platform;

/// The stack in Compose's terms, and what of its units Compose cannot say.
///
/// # Errors
/// Nothing of it is a service there, or an image is not known before systemd fills it in.
pub(crate) fn for_compose(stack: &Stack, platform: &Platform) -> Result<(Stack, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut out = stack.clone();
    let mut found = Vec::new();
    instances::instances(&mut out, &mut found);
    kube(&mut out, &mut found);
    if out.services.is_empty() {
        let message = format!("nothing of `{}` is a service that Compose could run", stack.name.value);
        let help = "Compose runs containers and pods. A template needs an instance that is known, and quadgen does not \
                    look into the YAML of a kube unit.";
        return Err(vec![refuse(stack.name.span(), message).help(help)]);
    }
    let refused = missing(&out);
    if !refused.is_empty() {
        return Err(refused);
    }
    fill::fill(&mut out, platform, &mut found);
    rename_objects(&mut out, fits);
    pods::pods(&mut out, &mut found);
    one_name_each(&mut out, &mut found);
    apart::apart(stack, platform, &mut found);
    for service in out.services.values_mut() {
        conflicts(service, platform, &mut found);
        carry::carry(service, stack, platform, &mut found);
    }
    left::left(&out, stack, &mut found);
    let renamed = rename_services(&mut out, fits);
    for (old, new) in renamed {
        if let Some(service) = out.services.get(&new) {
            found.push(lost(service.span(), format!("Compose cannot call a service `{old}`: it is `{new}` here")));
        }
    }
    // One unit may count for several services, and one line say two things that are lost together.
    let mut seen = HashSet::default();
    found.retain(|finding| seen.insert((finding.span().start, finding.message.clone())));
    Ok((out, found))
}

/// Whether Compose takes a name for a service, a network or a volume.
fn fits(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.chars().all(good)
}

/// References to units that are not there.
fn missing(stack: &Stack) -> Vec<Diagnostic> {
    let modes = stack.services.values().filter_map(|service| service.network_mode.as_ref());
    let missing = modes.filter(|mode| match &mode.value {
        NetworkMode::Other(text) => {
            [".network", ".container", ".pod"].iter().any(|kind| text.split(':').next().unwrap_or("").ends_with(kind))
        }
        _ => false,
    });
    let refused = missing.map(|mode| refuse(mode.span(), "the unit that this names is not there"));
    refused.collect()
}

/// Compose refuses two containers of one name, also where one was a pod. Who lives in another's network is not known by
/// its own name, so it goes without.
fn one_name_each(stack: &mut Stack, found: &mut Vec<Diagnostic>) {
    let mut taken = HashSet::default();
    let is_guest = |service: &Service| {
        matches!(service.network_mode.as_ref().map(|mode| &mode.value), Some(NetworkMode::Service(_)))
    };
    let (guests, hosts): (Vec<_>, Vec<_>) = stack.services.values_mut().partition(|service| is_guest(service));
    for service in hosts.into_iter().chain(guests) {
        let ContainerName::Named(name) = &service.container_name else { continue };
        if !taken.insert(name.value.clone()) {
            let message = format!(
                "another container is called `{}`, too: that of `{}` gets a name of Compose's",
                name.value, service.name.value
            );
            found.push(lost(name.span(), message));
            service.container_name = ContainerName::ByRuntime(Spanned::implied((), service.span()));
        }
    }
}

/// Kube units, into whose YAML quadgen does not look.
fn kube(stack: &mut Stack, found: &mut Vec<Diagnostic>) {
    let kube = stack.services.values().filter(|service| service.kind == ServiceKind::Kube);
    let names: Vec<String> = kube.map(|service| service.name.value.clone()).collect();
    for name in names {
        if let Some(service) = stack.services.get(&name) {
            let message = format!("`{name}` is a kube unit, and Compose has none: what its YAML describes is left out");
            found.push(lost(service.span(), message).help("What helps: containers, each in a unit of its own."));
        }
        leave_out(stack, &name, found);
    }
}

/// Takes a service out, and says who does not wait for it then.
fn leave_out(stack: &mut Stack, name: &str, found: &mut Vec<Diagnostic>) {
    for service in stack.services.values() {
        for dependency in service.depends_on.iter().filter(|dependency| dependency.service.value == name) {
            let own = &service.name.value;
            let message = format!("`{name}` is left out: `{own}` does not wait for it, and does not need it");
            found.push(lost(dependency.service.span(), message));
        }
    }
    forget(stack, name);
}

/// What a container cannot have in the network of another.
fn conflicts(service: &mut ServiceBody, platform: &Platform, found: &mut Vec<Diagnostic>) {
    let name = &service.name.value;
    let Some(mode) = &service.network_mode else { return };
    if let NetworkMode::Other(text) = &mode.value
        && !platform.is_podman()
    {
        let message = format!("Docker has no `Network={text}`: `{name}` is on Docker's default network");
        found.push(lost(mode.span(), message));
        service.network_mode = Some(Spanned::implied(NetworkMode::Bridge, mode.span()));
    }
    let Some(mode) = &service.network_mode else { return };
    for attachment in std::mem::take(&mut service.networks) {
        let message = format!(
            "Compose takes no networks beside `network_mode`: `{name}` is not on `{}`",
            attachment.network.value
        );
        found.push(lost(attachment.network.span(), message));
    }
    if !matches!(mode.value, NetworkMode::Service(_) | NetworkMode::Container(_)) {
        return;
    }
    // Measured on Docker 20.10 to 28.5: the engine refuses to start such a container.
    for port in std::mem::take(&mut service.ports) {
        let message = format!("`{name}` has no ports of its own in another's network: {} is left out", port.value);
        found.push(lost(port.span(), message).help("What helps: publish it where the network is."));
    }
    if platform.is_podman() {
        return;
    }
    if let Some(hostname) = service.hostname.take() {
        let message =
            format!("Docker takes no host name for a container in another's network: `{name}` has that one's");
        found.push(lost(hostname.span(), message));
    }
    for attribute in ["extra_hosts", "dns", "dns_search", "dns_opt"] {
        if let Some((span, _)) = service.attributes.shift_remove(attribute) {
            let message = format!(
                "Docker takes no `{attribute}` for a container in another's network: `{name}` has what that one has"
            );
            found.push(lost(span, message).help("What helps: write it where the network is."));
        }
    }
}
