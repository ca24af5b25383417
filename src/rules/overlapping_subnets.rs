//! QG501: two networks of one host that want the same addresses.

use super::context::{Context, View, seen, why};
use super::together::Member;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Deploy, Network, Spanned};
use crate::network::Verdict;
use crate::platform::Question;
use ipnet::IpNet;

pub static RULE: Rule = Rule {
    code: "QG501",
    name: "overlapping-subnets",
    summary: "two networks of one host whose subnets overlap",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("overlapping_subnets.md"),
};

/// A network with a subnet that it states.
type Stated<'a> = (&'a Network, &'a Spanned<IpNet>);

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let all = stated(view);
        for (at, later) in all.iter().enumerate() {
            // One finding for each network that comes too late, against the first that has the addresses.
            let taken = all.iter().take(at).find(|earlier| overlap(earlier, later));
            if let Some(earlier) = taken {
                let both = format!("`{}` and `{}`", earlier.0.name.value, later.0.name.value);
                view.report(sink, finding(view, earlier, later, &both));
            }
        }
    }
}

/// The same between two stacks of a host.
pub(super) fn between(a: &Member<'_>, first_view: &View<'_>, b: &Member<'_>, view: &View<'_>, sink: &mut Sink) {
    let all = stated(first_view);
    for later in &stated(view) {
        let Some(earlier) = all.iter().find(|earlier| overlap(earlier, later)) else { continue };
        let both = format!("`{}` of {} and `{}` of {}", earlier.0.name.value, a.label, later.0.name.value, b.label);
        b.report(view, sink, finding(view, earlier, later, &both));
    }
}

/// The subnets that the runtime is to make bridges for.
fn stated<'a>(view: &View<'a>) -> Vec<Stated<'a>> {
    // Networks that go past the host have the addresses of the LAN, which several may share.
    let networks = view.wiring.stack.networks.values();
    let made = networks.filter(|network| !network.external && network.driver() == "bridge" && is_used(view, network));
    let subnets = |network: &'a Network| {
        network.subnets.iter().filter_map(move |subnet| Some((network, subnet.subnet.as_ref()?)))
    };
    made.filter(|network| !network.attributes.contains_key("ipam.driver")).flat_map(subnets).collect()
}

/// Whether a network is made: Compose makes those alone that a service uses which is not left out by its profiles.
fn is_used(view: &View<'_>, network: &Network) -> bool {
    let stack = view.wiring.stack;
    if view.wiring.platform.deploy == Deploy::Quadlet {
        return true;
    }
    let mut attachments = stack.services.values().flat_map(|service| &service.networks);
    attachments.any(|attachment| attachment.network.value == network.name.value)
}

fn overlap(a: &Stated<'_>, b: &Stated<'_>) -> bool {
    let meet = a.1.value.contains(&b.1.value) || b.1.value.contains(&a.1.value);
    // Two of one name are one network, which is made once.
    meet && a.0.object() != b.0.object()
}

fn finding(view: &View<'_>, earlier: &Stated<'_>, later: &Stated<'_>, both: &str) -> Diagnostic {
    let known = view.wiring.ask(Question::SubnetTakenTwice);
    let (first, second) = (earlier.1.value, later.1.value);
    let subnets = if first == second { first.to_string() } else { format!("{first} and {second}") };
    let message = format!("{both} want the same addresses ({subnets}): only one of the two networks can be made");
    let mut finding = Diagnostic::new(&RULE, later.1.span(), message)
        .here(format!("`{}` is to have {second}", later.0.name.value))
        .label(earlier.1.span(), format!("`{}` is to have {first}", earlier.0.name.value));
    if Verdict::from(known.fact.is) != Verdict::No {
        finding = finding.severity(Level::Warning);
    }
    finding
        .help(why(&known))
        .help(seen(&known, None).replace("SUBNET", &second.to_string()))
        .help("What helps: a subnet of its own for one of them, or none at all: then the runtime picks a free one.")
        .assuming(&known.assumed)
}
