//! `links` with a name of their own → aliases of the other service: Podman has none for one container alone.

use crate::diagnostic::Diagnostic;
use crate::model::{Service, Spanned, Stack};
use crate::render::lost;
use crate::source::Span;

/// A link: who links whom, by which name.
struct Link {
    from: String,
    to: String,
    alias: String,
    at: Span,
}

/// Gives services the names that others link them by, on the networks that both are on. Everybody there sees them, so a
/// name that somebody else has already is given up.
pub(super) fn aliases(stack: &mut Stack, lost_here: &mut Vec<Diagnostic>) {
    for link in links(stack) {
        let Some(from) = stack.services.get(&link.from) else { continue };
        let networks: Vec<String> = from.networks.iter().map(|on| on.network.value.clone()).collect();
        let taken = stack.services.values().find(|other| {
            other.name.value != link.to && networks.iter().any(|network| has(other, network, &link.alias))
        });
        if let Some(taken) = taken {
            let Link { from, to, alias, at } = &link;
            let message = format!(
                "Podman has no link for one container alone, and `{alias}` is a name of `{}` there: `{from}` finds \
                 `{to}` by its own name only",
                taken.name.value
            );
            lost_here.push(lost(*at, message));
            continue;
        }
        let Some(to) = stack.services.get_mut(&link.to) else { continue };
        for attachment in to.networks.iter_mut().filter(|on| networks.contains(&on.network.value)) {
            if attachment.aliases.iter().all(|alias| alias.value != link.alias) {
                attachment.aliases.push(Spanned::implied(link.alias.clone(), link.at));
            }
        }
    }
    for service in stack.services.values_mut() {
        service.attributes.shift_remove("links");
    }
}

fn links(stack: &Stack) -> Vec<Link> {
    let mut found = Vec::new();
    for service in stack.services.values() {
        let Some((at, links)) = service.attributes.get("links") else { continue };
        for link in links.texts() {
            let Some((to, alias)) = link.split_once(':').filter(|(to, alias)| to != alias) else { continue };
            found.push(Link { from: service.name.value.clone(), to: to.to_owned(), alias: alias.to_owned(), at: *at });
        }
    }
    found
}

/// Whether a service is known by a name on a network.
fn has(service: &Service, network: &str, name: &str) -> bool {
    let on = service.networks.iter().find(|on| on.network.value == network);
    on.is_some_and(|on| service.name.value == name || on.aliases.iter().any(|alias| alias.value == name))
}
