//! QG503: one address twice on a network.

use std::net::IpAddr;

use super::address_outside_subnet::fixed;
use super::context::{Context, View, seen, why};
use super::replicated_host_port::replicas;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashMap;
use crate::model::{Condition, Service, Spanned};
use crate::platform::Question;

pub static RULE: Rule = Rule {
    code: "QG503",
    name: "duplicate-address",
    summary: "one fixed address twice on a network",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("duplicate_address.md"),
};

/// A service with an address that it is to have.
type Fixed<'a> = (&'a Service, &'a Spanned<IpAddr>);

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let mut met: HashMap<(&str, IpAddr), Fixed<'_>> = HashMap::default();
        for service in context.stack.services.values() {
            for attachment in &service.networks {
                let network = context.stack.networks.get(&attachment.network.value);
                let network = network.map_or(attachment.network.value.as_str(), |network| network.object());
                for address in fixed(attachment) {
                    if let Some(replicas) = replicas(view, service) {
                        view.report(sink, of_replicas(view, (service, address), &replicas));
                    }
                    let first = *met.entry((network, address.value)).or_insert((service, address));
                    if first.0.name != service.name && !after_each_other(first.0, service) {
                        view.report(sink, finding(view, first, (service, address), &attachment.network.value));
                    }
                }
            }
        }
    }
}

/// Whether one of two services has ended before the other starts.
fn after_each_other(a: &Service, b: &Service) -> bool {
    let waits = |one: &Service, other: &Service| {
        let done = |on: &&crate::model::Dependency| on.condition.value == Condition::Completed;
        one.depends_on.iter().filter(done).any(|on| on.service.value == other.name.value)
    };
    waits(a, b) || waits(b, a)
}

fn finding(view: &View<'_>, first: Fixed<'_>, second: Fixed<'_>, network: &str) -> Diagnostic {
    let (one, other, address) = (&first.0.name.value, &second.0.name.value, second.1.value);
    let message =
        format!("`{one}` and `{other}` are both to have {address} on `{network}`: whichever starts second fails");
    let finding = Diagnostic::new(&RULE, second.1.span(), message)
        .here(format!("`{other}` is to have it"))
        .label(first.1.span(), format!("`{one}` is to have it"));
    explained(
        view,
        finding,
        address,
        "What helps: another address for one of them, or none: a name leads to a service as well.",
    )
}

fn of_replicas(view: &View<'_>, fixed: Fixed<'_>, replicas: &Spanned<u64>) -> Diagnostic {
    let (name, address) = (&fixed.0.name.value, fixed.1.value);
    let message =
        format!("each of the {} containers of `{name}` is to have {address}: one of them gets it", replicas.value);
    let finding = Diagnostic::new(&RULE, fixed.1.span(), message)
        .here("one address")
        .label(replicas.span(), format!("{} containers", replicas.value));
    explained(
        view,
        finding,
        address,
        "What helps: no fixed address: the service's name leads to all of its containers.",
    )
}

fn explained(view: &View<'_>, finding: Diagnostic, address: IpAddr, helps: &str) -> Diagnostic {
    let known = view.wiring.ask(Question::OneAddressTwice);
    let finding = finding.help(why(&known)).help(seen(&known, None).replace("ADDRESS", &address.to_string()));
    finding.help(helps).assuming(&known.assumed)
}
