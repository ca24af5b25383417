//! What Compose says in ways of its own, in the ways that units have: links are aliases, graphics cards are devices, and
//! so on. The renderer writes the stack as it comes out of here, and the proof compares what was written with it.

use std::borrow::Cow;

use super::copies::{count, is_template};
use super::{gpu, links, security, shared};
use crate::diagnostic::Diagnostic;
use crate::maps::HashSet;
use crate::model::{
    ContainerName, Data, Duration, Format, HOME, Origin, Restart, Service, Spanned, Stack, Value, is_name,
};
use crate::render::lost;

/// A stack in the words of units.
pub(crate) struct Fitted<'a> {
    /// The stack.
    pub stack: Cow<'a, Stack>,
    /// What units have no words for.
    pub lost: Vec<Diagnostic>,
    /// What is worth knowing, a sentence each.
    pub notes: Vec<String>,
}

/// A stack in the words of units, with the services that profiles leave out: units can hold them without starting them.
pub(crate) fn fitted(stack: &Stack) -> Fitted<'_> {
    let mut fitted = Fitted { stack: Cow::Borrowed(stack), lost: Vec::new(), notes: Vec::new() };
    if stack.format == Format::Quadlet {
        return fitted;
    }
    let mut out = stack.clone();
    out.services.extend(stack.disabled.clone());
    links::aliases(&mut out, &mut fitted.lost);
    shared::containers(&mut out);
    secrets(&mut out);
    for service in out.services.values_mut() {
        env_files(service, &mut fitted.notes);
        domain(service, &mut fitted.lost);
        copies(service);
        checks(service, &mut fitted.lost);
        policy(service);
        gpu::devices(service, &mut fitted);
        security::normal(service);
        block_devices(service);
    }
    providers(&mut out, &mut fitted.lost);
    idle(&mut out);
    built(&mut out);
    fitted.stack = Cow::Owned(out);
    fitted
}

/// Files that Podman would read otherwise: it takes every line literally, with its quotes, comments and `${…}`. What
/// they say becomes variables of the service; of two files that say one the later one counts, and the service before all.
fn env_files(service: &mut Service, notes: &mut Vec<String>) {
    let (otherwise, literally) = std::mem::take(&mut service.env_files)
        .into_iter()
        .enumerate()
        .partition::<Vec<_>, _>(|(_, file)| file.reads_otherwise);
    let later = |name: &String, at: usize| {
        literally.iter().any(|(other, file)| {
            *other > at && file.variables.as_ref().is_some_and(|variables| variables.contains_key(name))
        })
    };
    let mut taken = Vec::new();
    for (at, file) in &otherwise {
        for (name, variable) in file.variables.iter().flatten() {
            let own = service.environment.contains_key(name) && !taken.contains(name);
            if !own && !later(name, *at) {
                let origin = Origin::Interpolated(variable.span());
                service.environment.insert(name.clone(), Spanned { value: variable.value.clone(), origin });
                taken.push(name.clone());
            }
        }
        let note = format!(
            "Podman would read `{}` otherwise than Compose, with quotes, comments and ${{…}} as text, so its values \
             are written for Podman.",
            file.path.value
        );
        notes.push(note);
    }
    service.env_files = literally.into_iter().map(|(_, file)| file).collect();
    for file in &mut service.env_files {
        // `raw`, the only one there is, is how Podman reads every file.
        file.format = None;
        // One that is there is there when its unit starts, if it is copied along.
        file.required |= file.variables.is_some() && !file.path.value.starts_with(['/', '~', HOME]);
    }
}

/// What Compose takes from where the stack is started, Podman keeps by a name.
fn secrets(stack: &mut Stack) {
    for secret in stack.secrets.values_mut().filter(|secret| secret.file.is_none() && !secret.external) {
        secret.external = true;
        let (name, at) = (format!("{}_{}", stack.name.value, secret.name.value), secret.name.span());
        take(&mut secret.written, "name");
        if let Data::Map(entries) = &mut secret.written.data {
            entries.push(("name".to_owned(), Value { span: at, data: Data::Text(name) }));
        }
    }
}

/// Weights and limits of block devices, each an option of its own.
fn block_devices(service: &mut Service) {
    let Some((at, config)) = service.attributes.shift_remove("blkio_config") else { return };
    let Data::Map(entries) = config.data else { return };
    for (name, mut value) in entries {
        if let Data::List(items) = &mut value.data {
            for item in items {
                let limit = item.get("rate").or(item.get("weight")).and_then(Value::scalar);
                if let (Some(path), Some(limit)) = (item.get("path").and_then(Value::scalar), limit) {
                    item.data = Data::Text(format!("{path}:{limit}"));
                }
            }
        }
        service.attributes.insert(format!("blkio_config.{name}"), (at, value));
    }
}

/// A domain is a part of the host name.
fn domain(service: &mut Service, lost_here: &mut Vec<Diagnostic>) {
    let Some((span, domain)) = service.attributes.shift_remove("domainname") else { return };
    match (&mut service.hostname, domain.scalar()) {
        (_, Some(domain)) if !is_name(&domain) => {
            let message = format!("`{}` is no domain: `{}` goes without it", domain.escape_debug(), service.name.value);
            lost_here.push(lost(span, message));
        }
        (Some(name), Some(domain)) => name.value = format!("{}.{domain}", name.value),
        _ => {
            let message = format!("a unit says a domain behind `hostname`, which `{}` has not", service.name.value);
            lost_here.push(lost(span, message));
        }
    }
}

/// `deploy.replicas` is `scale`.
fn copies(service: &mut Service) {
    // The one mode that docker-compose has.
    if let Some(mode) = of_deploy(service, "mode").filter(|mode| mode.scalar().as_deref() != Some("replicated"))
        && let Some((_, Value { data: Data::Map(entries), .. })) = service.attributes.get_mut("deploy")
    {
        entries.push(("mode".to_owned(), mode));
    }
    if let Some(replicas) = of_deploy(service, "replicas") {
        service.attributes.entry("scale".to_owned()).or_insert((replicas.span, replicas));
    }
    // Containers that are called after their service have a number each; the service's name finds all.
    if is_template(service) && matches!(service.container_name, ContainerName::ByService) {
        let name = Spanned::implied(service.name.value.clone(), service.name.span());
        service.container_name = ContainerName::Named(Spanned { value: format!("{}-1", name.value), ..name.clone() });
        for attachment in &mut service.networks {
            if attachment.aliases.iter().all(|alias| alias.value != name.value) {
                attachment.aliases.push(name.clone());
            }
        }
    }
}

/// An image that another service builds is that one: a registry has none, or a stranger's.
fn built(stack: &mut Stack) {
    let builds: Vec<_> = stack
        .services
        .values()
        .filter_map(|service| Some((service.image.as_ref()?.value.full(), service.attributes.get("build")?.clone())))
        .collect();
    for service in stack.services.values_mut().filter(|service| !service.attributes.contains_key("build")) {
        let image = service.image.as_ref().map(|image| image.value.full());
        if let Some((_, build)) = builds.iter().find(|(built, _)| Some(built) == image.as_ref()) {
            service.attributes.insert("build".to_owned(), build.clone());
        }
    }
}

/// What a program runs that docker-compose calls has no container.
fn providers(stack: &mut Stack, lost_here: &mut Vec<Diagnostic>) {
    let is_called = |service: &Service| service.image.is_none() && !service.attributes.contains_key("build");
    let all: HashSet<String> = stack
        .services
        .values()
        .filter(|service| is_called(service) && service.attributes.contains_key("provider"))
        .map(|service| service.name.value.clone())
        .collect();
    for name in &all {
        let Some(service) = stack.services.shift_remove(name) else { continue };
        let message =
            format!("`{name}` is run by a program that docker-compose calls: it has no unit, and nobody waits for it");
        lost_here.push(lost(service.span(), message));
    }
    for service in stack.services.values_mut() {
        service.depends_on.retain(|dependency| !all.contains(&dependency.service.value));
    }
}

/// Nobody starts a service with no containers, whoever depends on it.
fn idle(stack: &mut Stack) {
    let idle: HashSet<String> = stack
        .services
        .values()
        .filter(|service| count(service) == 0)
        .map(|service| service.name.value.clone())
        .collect();
    for service in stack.services.values_mut() {
        service.depends_on.retain(|dependency| !idle.contains(&dependency.service.value));
    }
}

/// Without a command of their own the times of a check count for nothing. Source: Podman, `FillOutSpecGen`.
///
/// Zero is Docker's default, which is Podman's, too; Podman itself refuses it, or never checks.
fn checks(service: &mut Service, lost_here: &mut Vec<Diagnostic>) {
    if let Some(own) = service.health.take_if(|health| health.value.test.is_none()) {
        let name = &service.name.value;
        let message = format!("a unit cannot change the times of a check that the image has: `{name}` keeps them");
        lost_here.push(lost(own.span(), message).help("What helps: the image's command as `test`."));
    }
    let Some(health) = service.health.as_mut().map(|health| &mut health.value) else { return };
    health.interval.take_if(|time| time.value == Duration::default());
    health.timeout.take_if(|time| time.value == Duration::default());
    health.retries.take_if(|retries| retries.value == 0);
}

/// The restart policy below `deploy` goes before `restart`. Source: docker-compose, `getRestartPolicy`.
fn policy(service: &mut Service) {
    let Some(policy) = of_deploy(service, "restart_policy") else { return };
    let get = |key: &str| policy.get(key).and_then(Value::scalar);
    let restart = match get("condition").as_deref() {
        Some("none") => Restart::No,
        Some("on-failure") => Restart::OnFailure(get("max_attempts").and_then(|limit| limit.parse().ok())),
        _ => Restart::Always,
    };
    service.restart = Some(Spanned::implied(restart, policy.span));
}

/// Takes a setting out of `deploy`.
fn of_deploy(service: &mut Service, key: &str) -> Option<Value> {
    let (_, deploy) = service.attributes.get_mut("deploy")?;
    take(deploy, key)
}

/// Takes the value under a key out of a map.
pub(super) fn take(map: &mut Value, key: &str) -> Option<Value> {
    let Data::Map(entries) = &mut map.data else { return None };
    let at = entries.iter().position(|(name, _)| name == key)?;
    Some(entries.remove(at).1)
}
