//! QG305: a program on the host that listens where no container gets to.

use std::net::IpAddr;

use super::context::{Context, View, list, why};
use super::host::{self, HostNeed};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::Spanned;
use crate::network::{Address, HostCause, Verdict};

pub static RULE: Rule = Rule {
    code: "QG305",
    name: "host-service-on-loopback",
    summary: "a program on the host that listens where no container gets to",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("host_service_on_loopback.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let stopped: Vec<&HostNeed<'_>> = view.host_needs.iter().filter(|need| is_stopped(need)).collect();
        for (at, first) in stopped.iter().enumerate() {
            // One line of the file is one cause, whoever needs the program.
            let same = |need: &&HostNeed<'_>| need.host.name == first.host.name && need.way.cause == first.way.cause;
            if stopped.iter().take(at).any(same) {
                continue;
            }
            if let Some(listens) = first.host.listens {
                let needs: Vec<&HostNeed<'_>> = stopped.iter().copied().filter(same).collect();
                view.report(sink, finding(view, &needs, first, listens));
            }
        }
    }
}

fn is_stopped(need: &HostNeed<'_>) -> bool {
    match need.way.cause {
        HostCause::Loopback => true,
        HostCause::OtherAddress => need.way.verdict == Verdict::No,
        _ => false,
    }
}

fn finding(view: &View<'_>, needs: &[&HostNeed<'_>], first: &HostNeed<'_>, listens: Spanned<IpAddr>) -> Diagnostic {
    let place = host::place(view, &first.host);
    let mut clients: Vec<&str> = needs.iter().map(|need| need.client.name.value.as_str()).collect();
    clients.dedup();
    let mut finding = Diagnostic::new(
        &RULE,
        listens.span(),
        format!(
            "{} listens on {} of {place} only, where {} cannot reach it",
            first.target(),
            listens.value,
            list(clients)
        ),
    )
    .here("listens here only");
    for need in needs {
        finding = finding.label(need.span, need.label());
    }
    for known in &first.way.known {
        finding = finding.assuming(&known.assumed);
    }
    if first.way.cause == HostCause::OtherAddress {
        let address = match first.way.address {
            Some(Address::Fixed(address)) => format!(" ({address})"),
            _ => String::new(),
        };
        finding = finding.help(format!("Why: `{}` stands for another address{address}.", first.way.name));
    } else if let Some(known) = first.way.known.last() {
        finding = finding.help(why(known));
    }
    let finding = finding.help("What you see: `Connection refused`.");
    finding.help(format!(
        "What helps: let {} listen on 0.0.0.0 (and say so under `listens`), and let the firewall of {place} decide who \
         may come in.",
        first.target()
    ))
}
