//! QG605: a user's unit in a target that only the system has.

use std::cell::LazyCell;

use super::context::{Context, seen, why};
use super::unit_lines::{Started, installs, units};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::Deploy;
use crate::platform::{Aspect, Is, Question, systemd};

pub static RULE: Rule = Rule {
    code: "QG605",
    name: "wrong-install-target",
    summary: "a rootless unit in `multi-user.target` alone, which a user's systemd does not have",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("wrong_install_target.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        let known = view.wiring.ask(Question::MultiUserTarget);
        // Nearly every tree could be meant for either.
        if known.fact.is != Is::No || view.wiring.platform.assumed.contains_key(&Aspect::Rootless) {
            continue;
        }
        let started = LazyCell::new(|| Started::of(view));
        for unit in units(context.stack) {
            if installs(unit).any(|(target, ..)| !systemd::is_of_the_system(target)) {
                continue;
            }
            let targets: Vec<_> = installs(unit).collect();
            let Some((first, place, entry)) = targets.first() else { continue };
            let message = if started.contains(unit) {
                format!(
                    "`{first}` does not start `{}`, only what needs it does: a user's systemd has no such target",
                    unit.file
                )
            } else {
                format!("`{}` is not started at boot: a user's systemd has no `{first}`", unit.file)
            };
            let mut finding = Diagnostic::new(&RULE, place.unwrap_or(entry.value.span()), message)
                .here("the system's, not a user's")
                .help(why(&known))
                .help(seen(&known, None))
                .help("What helps: `WantedBy=default.target`.");
            // With several it is not clear which is to become what.
            if let ([_], Some(span)) = (targets.as_slice(), *place) {
                let change = Change::Replace { span, text: "default.target".to_owned() };
                finding = finding.fix("start it with `default.target`", true, vec![change]);
            }
            view.report(sink, finding.assuming(&known.assumed));
        }
    }
}
