//! `links` with a name of their own → aliases of the other service: Podman has none for one container alone.

use super::Context;
use crate::model::{Attachment, Service};

/// The names that others link a service by, on one of its networks. Everybody there sees them, so a name that somebody
/// else has already is given up.
pub(super) fn aliases(context: &mut Context<'_>, service: &Service, attachment: &Attachment) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    let mut lost = Vec::new();
    for other in context.stack.services.values() {
        let Some((span, links)) = other.attributes.get("links") else { continue };
        let is_there =
            |service: &Service| service.networks.iter().any(|on| on.network.value == attachment.network.value);
        for link in links.texts() {
            let Some((name, alias)) = link.split_once(':') else { continue };
            if name != service.name.value || alias == name || !is_there(other) {
                continue;
            }
            let has = |one: &Service| {
                let on = one.networks.iter().find(|on| on.network.value == attachment.network.value);
                on.is_some_and(|on| on.aliases.iter().any(|own| own.value == alias)) || one.name.value == alias
            };
            if let Some(taken) =
                context.stack.services.values().find(|one| one.name != service.name && is_there(one) && has(one))
            {
                let (other, taken) = (&other.name.value, &taken.name.value);
                lost.push((*span, format!(
                    "Podman has no link for one container alone, and `{alias}` is the name of `{taken}` on that network: `{other}` finds `{name}` by its own name only"
                )));
            } else if !aliases.iter().any(|known| known == alias)
                && !attachment.aliases.iter().any(|own| own.value == alias)
            {
                aliases.push(alias.to_owned());
            }
        }
    }
    for (span, message) in lost {
        context.lose(span, message);
    }
    aliases
}
