//! Attributes that name a service whose name spaces or mounts are taken: Podman knows containers only. The network is
//! the exception: there a unit says the other unit, so a container of the stack's own is its service.

use super::copies::container_name;
use crate::maps::HashMap;
use crate::model::{NetworkMode, Stack, Value};
use crate::render::layout::each_text;

/// Puts the names of containers in place of those of services.
pub(super) fn containers(stack: &mut Stack) {
    let prefix = super::prefix(stack);
    let names: HashMap<String, String> = stack
        .services
        .values()
        .map(|service| {
            let name = &service.name.value;
            (name.clone(), container_name(service, &format!("{prefix}{name}")).replace("%%", "%"))
        })
        .collect();
    let services: HashMap<&str, &String> = names.iter().map(|(name, container)| (container.as_str(), name)).collect();
    for service in stack.services.values_mut() {
        if let Some(mode) = &mut service.network_mode
            && let NetworkMode::Container(container) = &mode.value
            && let Some(name) = services.get(container.as_str())
        {
            mode.value = NetworkMode::Service((*name).clone());
        }
        for (attribute, (_, value)) in &mut service.attributes {
            match attribute.as_str() {
                // `SERVICE`, `SERVICE:ro` or `container:NAME`.
                "volumes_from" => replaced(value, &|text| match text.strip_prefix("container:") {
                    Some(name) => Some(name.to_owned()),
                    None => {
                        let (name, options) = text.split_at(text.find(':').unwrap_or(text.len()));
                        Some(format!("{}{options}", names.get(name)?))
                    }
                }),
                "ipc" | "pid" | "uts" | "cgroup" => replaced(value, &|text| {
                    let name = text.strip_prefix("service:")?;
                    Some(format!("container:{}", names.get(name).map_or(name, String::as_str)))
                }),
                _ => {}
            }
        }
    }
}

fn replaced(value: &mut Value, other: &dyn Fn(&str) -> Option<String>) {
    each_text(value, &mut |_, text| {
        if let Some(other) = other(text) {
            *text = other;
        }
    });
}
