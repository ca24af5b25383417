//! What units say that quadgen cannot carry into files of its own yet: pods, templates, and what systemd fills in.

use super::{Target, lost, refuse};
use crate::diagnostic::Diagnostic;
use crate::model::{Format, ServiceKind, Stack};

/// What keeps a stack that was read from units from being rendered to units or to Compose.
pub(super) fn refused(stack: &Stack, target: Target) -> Vec<Diagnostic> {
    if stack.format != Format::Quadlet || target == Target::Topology {
        return Vec::new();
    }
    let mut found = Vec::new();
    for service in stack.services.values() {
        let name = &service.name.value;
        let what = match service.kind {
            ServiceKind::Pod => "a pod",
            ServiceKind::Kube => "a kube unit",
            ServiceKind::Container if name.contains('@') => "a template or made of one",
            ServiceKind::Container => continue,
        };
        let message = format!("`{name}` is {what}, which quadgen renders to a topology only");
        found.push(refuse(service.span(), message).help("`--target topology` says what becomes of it."));
    }
    let image = |unit: &&crate::model::Unit| unit.file.ends_with(".container");
    for unit in stack.units.values().filter(image) {
        let images = unit.entries.iter().filter(|entry| entry.section == "Container" && entry.key.value == "Image");
        for entry in images.filter(|entry| is_filled_in(&entry.value.value)) {
            let message =
                format!("systemd fills `{}` in when the unit starts: quadgen cannot carry that", entry.value.value);
            found.push(refuse(entry.value.span(), message));
        }
    }
    found
}

/// Values that systemd fills in, which arrive as plain text.
pub(super) fn losses(stack: &Stack, target: Target) -> Vec<Diagnostic> {
    if stack.format != Format::Quadlet {
        return Vec::new();
    }
    let sections = ["Container", "Network", "Volume", "Build"];
    let entries = stack.units.values().flat_map(|unit| &unit.entries);
    let own = entries.filter(|entry| sections.contains(&entry.section.as_str()) && is_filled_in(&entry.value.value));
    let message = |key: &str| {
        format!(
            "systemd fills the value of `{key}=` in when the unit starts: it arrives as plain text, and is not filled in"
        )
    };
    let mut found: Vec<Diagnostic> = own.map(|entry| lost(entry.value.span(), message(&entry.key.value))).collect();
    if target == Target::Compose {
        found.extend(lines(stack));
    }
    found
}

/// Lines that nothing of the model says, which Compose has no place for.
fn lines(stack: &Stack) -> Vec<Diagnostic> {
    let services = stack.services.values().map(|service| (&service.name, &service.quadlet));
    let networks = stack.networks.values().map(|network| (&network.name, &network.quadlet));
    let volumes = stack.volumes.values().map(|volume| (&volume.name, &volume.quadlet));
    let all = services.chain(networks).chain(volumes);
    let lines = all.flat_map(|(name, entries)| entries.iter().map(move |entry| (name, entry)));
    let kept = lines.filter(|(_, entry)| {
        let is_text = matches!(entry.key.value.as_str(), "Description" | "Documentation");
        !(entry.section == "Unit" && is_text)
    });
    kept.map(|(name, entry)| {
        let at = entry.key.span().to(entry.value.span());
        let (section, key, name) = (&entry.section, &entry.key.value, &name.value);
        lost(at, format!("Compose cannot say `{key}=` of [{section}]: `{name}` goes without it"))
    })
    .collect()
}

/// Whether a value holds a variable, or a specifier that only systemd knows. A home (`%h`) has a form everywhere, and
/// what a unit is called was filled in when it was read.
fn is_filled_in(value: &str) -> bool {
    let doubled = value.replace("%%", "").replace("$$", "");
    let specifier = doubled.match_indices('%').any(|(at, _)| {
        let letter = doubled.get(at + 1..).and_then(|rest| rest.chars().next());
        letter.is_some_and(|c| c.is_ascii_alphabetic() && !"hnNpPij".contains(c))
    });
    let variable = doubled.match_indices('$').any(|(at, _)| {
        let next = doubled.get(at + 1..).and_then(|rest| rest.chars().next());
        next.is_some_and(|c| c == '{' || c == '_' || c.is_ascii_alphabetic())
    });
    specifier || variable
}

#[cfg(test)]
mod tests {
    use super::is_filled_in;

    #[test]
    fn specifiers_and_variables_are_told_from_text() {
        for filled in ["%t/podman.sock", "x:${TAG}", "$HOME/x", "a %H"] {
            assert!(is_filled_in(filled), "{filled}");
        }
        for text in ["%h/x", "100%", "50%%t", "$$HOME", "cost: 5$", "web-%i"] {
            assert!(!is_filled_in(text), "{text}");
        }
    }
}
