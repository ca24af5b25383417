//! QG301: a name of the host that leads to another machine than the one where the program is.

use super::context::{Context, View, seen, why};
use super::host::{self, HostNeed, HostUse};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{Address, HostCause, Verdict};
use crate::platform::Leads;

pub static RULE: Rule = Rule {
    code: "QG301",
    name: "unroutable-host-alias",
    summary: "a name of the host that leads to another machine than the one where the program is",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("unroutable_host_alias.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for need in &view.host_needs {
            let finding = match need.way.cause {
                HostCause::Elsewhere(leads) => elsewhere(context, view, need, leads),
                // Stated or templated, mirrored networking is QG308's.
                HostCause::Mirrored if matches!(need.used, HostUse::Alias(_)) => elsewhere(
                    context,
                    view,
                    need,
                    need.way.known.iter().find_map(|known| known.fact.leads).unwrap_or(Leads::Linux),
                ),
                HostCause::NoSuchMachine => absent(view, need),
                // A name that is there and carries nothing.
                HostCause::NoName if need.way.known.iter().any(|known| known.fact.broken) => {
                    broken(context, view, need)
                }
                _ => continue,
            };
            view.report(sink, finding);
        }
    }
}

fn elsewhere(context: &Context<'_>, view: &View<'_>, need: &HostNeed<'_>, leads: Leads) -> Diagnostic {
    let platform = view.wiring.platform;
    let (client, name) = (&need.client.name.value, &need.way.name);
    let (there, place) = (host::whose(leads, platform), host::place(view, &need.host));
    let by_chance = match (need.way.verdict, need.way.address) {
        (Verdict::Unpredictable, Some(Address::Fixed(_))) => ", unless it is a second address of the host",
        (Verdict::Unpredictable, _) => " or nowhere",
        _ => "",
    };
    let message = if need.declared {
        format!(
            "`{client}` does not reach {} by `{name}`: it leads to {there}{by_chance}, and {} runs on {place}",
            need.target(),
            need.target(),
        )
    } else {
        format!("`{name}` in `{client}` leads to {there}{by_chance}, not to {place}")
    };
    let mut finding = Diagnostic::new(&RULE, need.span, message).severity(need.level()).here(need.label());
    finding = need.label_host(finding, format!("runs on {place}"));
    for known in &need.way.known {
        finding = finding.help(why(known)).assuming(&known.assumed);
    }
    let symptom = need.way.known.iter().find(|known| !known.fact.symptom.is_empty());
    finding = match symptom {
        Some(known) => finding.help(seen(known, Some(name))),
        None if leads == Leads::Linux => {
            finding.help("What you see: `Connection refused`, because nothing listens on that port there.")
        }
        None => finding.help("What you see: a time-out or `Connection refused`, whatever that machine answers."),
    };
    need.helped(context, view, finding, view.wiring.platform.spec.host_address.is_some())
}

fn absent(view: &View<'_>, need: &HostNeed<'_>) -> Diagnostic {
    let platform = view.wiring.platform;
    let place = host::place(view, &need.host);
    let leads = need.way.known.iter().find_map(|known| known.fact.leads).unwrap_or(Leads::Linux);
    let on = need.host.on.as_ref().map_or_else(|| need.host.name.span(), |on| on.span());
    Diagnostic::new(
        &RULE,
        need.span,
        format!(
            "{} runs on {place}, which this platform does not have: `{}` leads to {}",
            need.target(),
            need.way.name,
            host::whose(leads, platform)
        ),
    )
    .severity(if need.is_stated() { Level::Error } else { Level::Warning })
    .here(need.label())
    .label(on, "says where it runs")
    .help("What helps: leave `on` out if the program runs on each platform's own host.")
}

fn broken(context: &Context<'_>, view: &View<'_>, need: &HostNeed<'_>) -> Diagnostic {
    let (client, name) = (&need.client.name.value, &need.way.name);
    let message = if need.declared {
        format!("`{client}` does not reach {} by `{name}`: it leads nowhere", need.target())
    } else {
        format!("`{name}` in `{client}` leads nowhere")
    };
    let mut finding = Diagnostic::new(&RULE, need.span, message).severity(need.level()).here(need.label());
    for known in &need.way.known {
        finding = finding.help(why(known)).assuming(&known.assumed);
    }
    need.helped(context, view, finding, view.wiring.platform.spec.host_address.is_some())
}
