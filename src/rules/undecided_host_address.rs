//! QG309: a container on several networks, whose name for the host gets one gateway or another.

use super::context::{Context, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::Verdict;
use crate::platform::Is;

pub static RULE: Rule = Rule {
    code: "QG309",
    name: "undecided-host-address",
    summary: "a container on several networks, whose name for the host gets one gateway or another",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("undecided_host_address.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for need in view.host_needs.iter().filter(|need| need.way.verdict != Verdict::No) {
            let Some(known) = need.way.undecided.as_ref().filter(|known| known.fact.is == Is::Unpredictable) else {
                continue;
            };
            let client = &need.client.name.value;
            let everywhere = need.host.listens.is_some_and(|listens| listens.value.is_unspecified());
            // One of the gateways is no way to the host.
            let lost = need.way.verdict == Verdict::Unpredictable;
            // A program that listens everywhere answers on each gateway.
            let level = match (lost, everywhere) {
                (true, _) => need.level(),
                (false, true) => Level::Info,
                (false, false) => Level::Warning,
            };
            let mut finding = Diagnostic::new(
                &RULE,
                need.span,
                format!(
                    "`{}` in `{client}` means one gateway or another, and which one changes at each start",
                    need.way.name
                ),
            )
            .severity(level)
            .here(need.label())
            .help(why(known))
            .assuming(&known.assumed);
            for attachment in view.wiring.attachments(need.client) {
                let internal = view.wiring.stack.networks.get(&attachment.network.value).filter(|n| n.is_internal());
                finding = match internal.filter(|_| lost) {
                    Some(network) => finding.label(network.internal_span(), "internal: its gateway leads nowhere"),
                    None => finding.label(attachment.network.span(), "its gateway may be the host's address"),
                };
            }
            let pinned = "or `host=ADDRESS` among the words of the platform, if the host has an address that stays";
            let finding = if lost {
                need.label_host(finding, "is reached by the other gateways")
                    .help("What you see: the connection works, until a start after which it times out.")
                    .help(format!("What helps: take `{client}` off the internal network; {pinned}."))
            } else if everywhere {
                need.label_host(finding, "listens on each of them")
                    .help("What you see: nothing, as long as the firewall treats all bridges alike; else a time-out.")
                    .help(format!("What helps: let the firewall take in every bridge; {pinned}."))
            } else {
                need.label_host(finding, "must listen on each of them")
                    .help("What you see: the connection works, until a start after which it is refused or times out.")
                    .help(format!(
                        "What helps: let {} listen on every address (`listens: 0.0.0.0`) and let the firewall take in \
                         every bridge; {pinned}.",
                        need.target()
                    ))
            };
            view.report(sink, finding);
        }
    }
}
