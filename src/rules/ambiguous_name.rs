//! QG106: a name that two containers answer to.

use super::context::{Context, list};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::network::Cause;

pub static RULE: Rule = Rule {
    code: "QG106",
    name: "ambiguous-name",
    summary: "two containers that answer to one name on one network",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("ambiguous_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for need in view.needs.iter().filter(|need| need.looks_up()) {
            let Cause::Ambiguous { other, networks } = &need.resolution.cause else { continue };
            let (client, name) = (&need.client.name.value, &need.connection.name);
            let message = format!(
                "`{name}` means `{}` and `{other}` in `{client}`: both have the name on {}",
                need.target.name.value,
                list(networks)
            );
            let mut finding = Diagnostic::new(&RULE, need.connection.span, message)
                .severity(need.level())
                .here(need.label())
                .label(need.target.span(), format!("known as `{name}`"));
            if let Some(other) = context.stack.services.get(other) {
                finding = finding.label(other.span(), format!("known as `{name}`, too"));
            }
            let finding = finding
                .help("What you see: the name has two addresses, and connections go to one or the other.")
                .help("What helps: another alias, host name or container name for one of the two.");
            view.report(sink, finding);
        }
    }
}
