//! QG612: `Restart=always` that ends after five quick starts.

use super::context::Context;
use super::invalid_restart::{counts, effective};
use super::unit_lines::{Lines, all};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Duration, UnitKind};

pub static RULE: Rule = Rule {
    code: "QG612",
    name: "restart-gives-up",
    summary: "`Restart=always` without `RestartSec=`: after five quick starts systemd gives up",
    level: Level::Info,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("restart_gives_up.md"),
};

/// The shortest pause with which five starts last longer than the ten seconds in which systemd counts them.
const ENOUGH: Duration = Duration::seconds(2);

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if context.lowest > RULE.level {
        return;
    }
    for view in &context.views {
        for lines in all(view).iter().filter(|lines| counts(view, lines)) {
            // What is rendered has a pause.
            let Some(unit) = lines.unit else { continue };
            let runs = matches!(unit.kind, UnitKind::Container | UnitKind::Pod | UnitKind::Kube);
            let restart = effective(lines).filter(|entry| entry.value.value.trim() == "always");
            let Some(restart) = restart.filter(|_| runs && !decided(lines)) else { continue };
            let pause = lines.last("Service", "RestartSec");
            if pause.is_some_and(|entry| Duration::from_systemd(&entry.value.value).is_none_or(|it| it >= ENOUGH)) {
                continue;
            }
            let message = format!("`{}` stays down if its container ends five times within ten seconds", unit.file);
            let mut finding = Diagnostic::new(&RULE, restart.value.span(), message)
                .here("not for ever")
                .help(
                    "Why: systemd waits 100 ms before it starts a unit again, and gives it up after five starts in ten \
                     seconds. What you see: `Start request repeated too quickly.` in the journal, and a unit that has \
                     failed, for instance because a database was not up yet.",
                )
                .help("What helps: `RestartSec=5`, with which it never gives up.");
            let change = match pause {
                Some(entry) => {
                    finding = finding.label(entry.value.span(), "too short");
                    Some(Change::Replace { span: entry.value.span(), text: "5".to_owned() })
                }
                None => {
                    unit.section("Service").map(|section| Change::AddLine { section, line: "RestartSec=5".to_owned() })
                }
            };
            if let Some(change) = change {
                finding = finding.fix("wait five seconds: `RestartSec=5`", true, vec![change]);
            }
            view.report(sink, finding);
        }
    }
}

/// Whether somebody set the limit, or lets the pause grow.
fn decided(lines: &Lines<'_>) -> bool {
    let limits = ["StartLimitIntervalSec", "StartLimitBurst", "StartLimitInterval"];
    limits.into_iter().any(|key| lines.last("Unit", key).or(lines.last("Service", key)).is_some())
        || lines.last("Service", "RestartSteps").is_some()
}
