//! QG106: a name that two containers answer to.

use super::context::{Context, list, seen, why};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::{Cause, Verdict};

pub static RULE: Rule = Rule {
    code: "QG106",
    name: "ambiguous-name",
    summary: "two containers that answer to one name on the networks of one client",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("ambiguous_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
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
    }
}
