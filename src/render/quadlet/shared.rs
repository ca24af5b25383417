//! Attributes that name a service whose name spaces or mounts are taken: Podman knows containers only.

use std::collections::HashMap;

use super::copies::container_name;
use crate::model::{Data, Stack, Value};

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
    for service in stack.services.values_mut() {
        for (attribute, (_, value)) in &mut service.attributes {
            match attribute.as_str() {
                // `SERVICE`, `SERVICE:ro` or `container:NAME`.
                "volumes_from" => each_text(value, &|text| match text.strip_prefix("container:") {
                    Some(name) => Some(name.to_owned()),
                    None => {
                        let (name, options) = text.split_at(text.find(':').unwrap_or(text.len()));
                        Some(format!("{}{options}", names.get(name)?))
                    }
                }),
                "ipc" | "pid" | "uts" | "cgroup" => each_text(value, &|text| {
                    let name = text.strip_prefix("service:")?;
                    Some(format!("container:{}", names.get(name).map_or(name, String::as_str)))
                }),
                _ => {}
            }
        }
    }
}

fn each_text(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    match &mut value.data {
        Data::Text(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Data::List(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        _ => {}
    }
}
