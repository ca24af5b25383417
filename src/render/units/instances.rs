//! Templates → Compose: a service for each instance that is known.

use std::collections::BTreeSet;

use super::fill::each_text;
use crate::diagnostic::Diagnostic;
use crate::model::{ServiceKind, Stack};
use crate::render::lost;

pub(super) fn instances(stack: &mut Stack, found: &mut Vec<Diagnostic>) {
    let templates = stack.services.values().filter(|service| service.kind == ServiceKind::Container);
    let templates: Vec<_> = templates.filter(|service| service.name.value.ends_with('@')).cloned().collect();
    for template in templates {
        let key = &template.name.value;
        let unit = stack.units.get(&template.unit_file());
        let default = unit.and_then(|unit| unit.last("Install", "DefaultInstance"));
        let mut names = BTreeSet::new();
        names.extend(default.map(|entry| entry.value.value.trim().to_owned()).filter(|name| !name.is_empty()));
        names.extend(asked_for(stack, key));
        // An instance with a file of its own was read from it.
        let (own, new): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| stack.services.contains_key(&format!("{key}{name}")));
        let of_template = |name: &String| name.starts_with(key.as_str()) && name != key;
        let is_known = !own.is_empty() || !new.is_empty() || stack.services.keys().any(of_template);
        if !is_known {
            let message = format!(
                "`{key}` is a template, and nothing says of which instances: Compose has none, so it is left out"
            );
            let help = "What helps: `DefaultInstance=` in its [Install], a link such as `NAME@1.container` to it, or a \
                        unit that wants `NAME@1.service`.";
            found.push(lost(template.span(), message).help(help));
        }
        for instance in new {
            let mut service = template.clone();
            service.name.value = format!("{key}{instance}");
            each_text(&mut service, &mut |_, text| *text = text.replace("%i", &instance).replace("%I", &instance));
            for entry in &mut service.quadlet {
                entry.value.value = entry.value.value.replace("%i", &instance).replace("%I", &instance);
            }
            stack.services.insert(service.name.value.clone(), service);
        }
        super::leave_out(stack, key, found);
    }
}

/// The instances of a template that other units want.
fn asked_for(stack: &Stack, template: &str) -> Vec<String> {
    let wants = ["Wants", "Upholds", "Requires", "BindsTo"];
    let entries = stack.units.values().flat_map(|unit| &unit.entries);
    let entries = entries.filter(|entry| entry.section == "Unit" && wants.contains(&entry.key.value.as_str()));
    let words = entries.flat_map(|entry| entry.value.value.split_whitespace());
    let instance = |word: &str| Some(word.strip_suffix(".service")?.strip_prefix(template)?.to_owned());
    words.filter_map(instance).filter(|name| !name.is_empty() && !name.contains('%')).collect()
}
