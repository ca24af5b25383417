//! QG112: a service without a way out whose DNS still answers for the internet.

use super::context::{Context, View, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::Service;
use crate::network::Verdict;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG112",
    name: "dns-leak-on-internal-network",
    summary: "a service with `internet: deny` whose DNS still answers for names of the internet",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("dns_leak_on_internal_network.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for service in context.stack.services.values() {
            let Some(intent) = service.internet_denied else { continue };
            if let Some(finding) = look(view, service, intent) {
                view.report(sink, finding);
            }
        }
    }
}

fn look(view: &View<'_>, service: &Service, intent: Span) -> Option<Diagnostic> {
    // With a way out by address QG201 speaks, and names are the lesser part.
    if view.wiring.internet(service).verdict != Verdict::No {
        return None;
    }
    let (verdict, Some(known)) = view.wiring.outside_names(service) else { return None };
    let how = match verdict {
        Verdict::Yes => "resolve",
        Verdict::Unpredictable => "may resolve",
        Verdict::No | Verdict::Unknown => return None,
    };
    let name = &service.name.value;
    let mut finding =
        Diagnostic::new(&RULE, intent, format!("names of the internet {how} in `{name}`, which must not reach it"))
            .here("must not reach the internet");
    for attachment in view.wiring.attachments(service) {
        finding = finding.label(attachment.network.span(), "its DNS asks the host's");
    }
    Some(
        finding
            .help(why(&known))
            .help("What you see: `getent hosts example.org` prints an address, and no connection to it succeeds.")
            .help("What helps: a newer release; or a network without DNS, with the names that are needed in `extra_hosts`.")
            .assuming(&known.assumed),
    )
}
