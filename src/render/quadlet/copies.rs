//! How many containers a service has, and what their units are called.
//!
//! More than one become a template, `web@.container`, whose first instance starts at boot and wants the others: a folder
//! of files cannot hold the links that systemd enables instances by.

use super::Context;
use crate::model::{ContainerName, Service, Stack};

/// How many containers a service has: `scale`, else `deploy.replicas`, which Compose wants to be the same.
pub(crate) fn count(service: &Service) -> u64 {
    let of = |attribute: &str| service.attributes.get(attribute).map(|(_, value)| value);
    let count = of("scale").or_else(|| of("deploy")?.get("replicas"));
    count.and_then(|count| count.scalar()?.parse().ok()).unwrap_or(1)
}

/// Whether a service's unit is a template.
pub(crate) fn is_template(service: &Service) -> bool {
    count(service) > 1
}

impl Context<'_> {
    /// What the `.container` unit of a service is called, without its ending.
    pub(super) fn container(&self, service: &Service) -> String {
        let at = if is_template(service) { "@" } else { "" };
        format!("{}{at}", self.unit(&service.name.value))
    }

    /// What its container is called, as its unit writes it.
    pub(super) fn container_name(&self, service: &Service) -> String {
        container_name(service, &self.unit(&service.name.value))
    }

    /// The units of systemd that run a service.
    pub(super) fn services(&self, name: &str) -> Vec<String> {
        services(self.stack, name)
    }
}

/// The units of systemd that run a service.
pub(crate) fn services(stack: &Stack, name: &str) -> Vec<String> {
    let unit = format!("{}{name}", super::prefix(stack));
    match stack.services.get(name).filter(|service| is_template(service)) {
        Some(service) => (1..=count(service)).map(|instance| format!("{unit}@{instance}.service")).collect(),
        None => vec![format!("{unit}.service")],
    }
}

/// What a container is called, as its unit writes it: a template's has the number of the instance. `unit` is the name of
/// the unit's file without its ending.
pub(crate) fn container_name(service: &Service, unit: &str) -> String {
    let name = match &service.container_name {
        ContainerName::Named(name) => name.value.as_str(),
        ContainerName::ByService => service.name.value.as_str(),
        ContainerName::ByRuntime(_) => return format!("systemd-{unit}"),
    };
    let text = name.replace('%', "%%");
    match is_template(service) {
        true => format!("{}-%i", text.strip_suffix("-1").unwrap_or(&text)),
        false => text,
    }
}
