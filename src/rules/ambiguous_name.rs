//! QG106: a name that two containers answer to.

use super::context::{Context, View, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::{HashMap, HashSet};
use crate::model::{Network, Service, Spanned};
use crate::network::{Cause, Verdict};

pub static RULE: Rule = Rule {
    code: "QG106",
    name: "ambiguous-name",
    summary: "two containers that answer to one name on one network, or on the networks of one client",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("ambiguous_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let mut told = HashSet::default();
        for need in view.needs.iter().filter(|need| need.looks_up()) {
            let (client, target) = (&need.client.name.value, &need.target.name.value);
            let name = &need.connection.name;
            let (other, message, reason) = match &need.resolution.cause {
                Cause::Ambiguous { other, networks } => (
                    other,
                    format!(
                        "`{name}` means `{target}` and `{other}` in `{client}`: both have the name on {}",
                        list(networks)
                    ),
                    vec![
                        "What you see: the name has two addresses, and connections go to one or the other.".to_owned(),
                    ],
                ),
                Cause::OnAnotherNetwork { other, networks, known } => {
                    let means = match need.resolution.verdict {
                        Verdict::No => format!("`{other}`, not `{target}`,"),
                        _ => format!("`{target}` or `{other}`"),
                    };
                    let networks = list(networks);
                    let message = format!(
                        "`{name}` means {means} in `{client}`, which is on {networks} as well, where `{other}` has the name"
                    );
                    (other, message, vec![seen(known, Some(name)), why(known)])
                }
                _ => continue,
            };
            told.insert(name.to_ascii_lowercase());
            let mut finding = Diagnostic::new(&RULE, need.connection.span, message)
                .severity(need.level())
                .here(need.label())
                .label(need.target.span(), format!("known as `{name}`"));
            if let Some(other) = context.stack.services.get(other) {
                finding = finding.label(other.span(), format!("known as `{name}`, too"));
            }
            let finding = reason.into_iter().fold(finding, Diagnostic::help);
            view.report(
                sink,
                finding.help("What helps: another alias, host name or container name for one of the two."),
            );
        }
        if !view.wiring.shares_names() {
            continue;
        }
        for network in context.stack.networks.values() {
            shared(view, network, &mut told, sink);
        }
    }
}

/// Aliases that another service on a network answers to as well, whoever looks them up.
fn shared(view: &View<'_>, network: &Network, told: &mut HashSet<String>, sink: &mut Sink) {
    let wiring = view.wiring;
    let network = &network.name.value;
    if wiring.has_dns(network).is_err() {
        return;
    }
    let mut known: HashMap<String, &Service> = HashMap::default();
    let mut members: Vec<&Service> = wiring.members(network).collect();
    // The names that a service has anyway come before those that somebody gave it.
    let aliases = |service: &Service| service.networks.iter().any(|attachment| !attachment.aliases.is_empty());
    members.sort_by_key(|service| aliases(service));
    for service in members {
        let on = service.networks.iter().find(|attachment| attachment.network.value == *network);
        for name in wiring.names(service).iter().filter(|name| name.network.as_ref().is_none_or(|on| on == network)) {
            let lower = name.text.to_ascii_lowercase();
            let Some(other) = known.get(&lower) else {
                known.insert(lower, service);
                continue;
            };
            let alias = on.and_then(|on| on.aliases.iter().find(|alias| alias.value == name.text));
            let (Some(alias), true) = (alias, wiring.owner(other).name != wiring.owner(service).name) else { continue };
            if !told.insert(lower) {
                continue;
            }
            let (first, second) = (&other.name.value, &service.name.value);
            let theirs = other.networks.iter().flat_map(|on| &on.aliases).find(|alias| alias.value == name.text);
            let finding = Diagnostic::new(
                &RULE,
                alias.span(),
                format!("`{}` means `{first}` and `{second}` on `{network}`: both have the name", name.text),
            )
            .here(format!("a name of `{second}`"))
            .label(theirs.map_or(other.span(), Spanned::span), format!("a name of `{first}`, too"))
            .help("What you see: the name has two addresses, and connections go to one or the other.")
            .help(
                "What helps: another alias for one of the two. Where they stand in for each other on purpose, an \
                 ignore says so.",
            );
            view.report(sink, finding);
        }
    }
}
