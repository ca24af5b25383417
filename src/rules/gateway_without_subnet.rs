//! QG505: a gateway or a range that lies in no subnet.

use std::fmt::Display;

use super::context::{Context, View, seen, why};
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Network, Spanned};
use crate::network::Verdict;
use crate::platform::Question;
use crate::source::Span;

/// QG505. The reader of units reports what their generator refuses.
pub use crate::diagnostic::units::GATEWAY_WITHOUT_SUBNET as RULE;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for network in context.stack.networks.values().filter(|network| !network.external) {
            for item in &network.subnets {
                let subnet = item.subnet.as_ref();
                let of = subnet.map(|subnet| (subnet.value.to_string(), subnet.span()));
                if let Some(gateway) = &item.gateway
                    && !subnet.is_some_and(|subnet| subnet.value.contains(&gateway.value))
                {
                    report(view, sink, network, ("gateway", gateway), of.as_ref());
                }
                if let Some(range) = &item.range
                    && !subnet.is_some_and(|subnet| subnet.value.contains(&range.value))
                {
                    report(view, sink, network, ("range", range), of.as_ref());
                }
            }
        }
    }
}

fn report<T: Display>(
    view: &View<'_>,
    sink: &mut Sink,
    network: &Network,
    (what, value): (&str, &Spanned<T>),
    subnet: Option<&(String, Span)>,
) {
    let known = view.wiring.ask(Question::GatewayOutsideSubnet);
    if Verdict::from(known.fact.is) != Verdict::No {
        return;
    }
    let (name, shown) = (&network.name.value, value.value.to_string());
    let message = match subnet {
        Some((subnet, _)) => format!("`{name}` is not made: its {what} {shown} is not in its subnet {subnet}"),
        None => format!("`{name}` is not made: its {what} {shown} stands without a subnet"),
    };
    let mut finding = Diagnostic::new(&RULE, value.span(), message);
    finding = match subnet {
        Some((_, span)) => finding.here("outside of the subnet").label(*span, "the subnet"),
        None => finding.here("of which subnet?"),
    };
    let helps = match subnet {
        Some(_) => format!("What helps: a {what} in the subnet, or none: then the runtime takes one."),
        None => format!("What helps: the subnet that the {what} lies in, beside it; or no {what}."),
    };
    let finding = finding.help(why(&known)).help(seen(&known, None).replace("ADDRESS", &shown)).help(helps);
    view.report(sink, finding.assuming(&known.assumed));
}
