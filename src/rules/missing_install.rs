//! QG604: a unit that nothing starts.

use std::cell::LazyCell;

use super::context::{Context, View};
use super::unit_lines::{Started, is_installed, pod, units};
use super::unknown_key;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Deploy, Unit, UnitKind};
use crate::platform::Aspect;

pub static RULE: Rule = Rule {
    code: "QG604",
    name: "missing-install",
    summary: "a unit without [Install] that no other unit starts: it is not there after a reboot",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("missing_install.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        let started = LazyCell::new(|| Started::of(view));
        for unit in units(context.stack).filter(|unit| !is_installed(unit) && runs(unit)) {
            // A slip in [Install] is QG002, which mends it.
            let mut entries = unit.entries.iter().filter(|entry| entry.section == "Install");
            let slips = entries.any(|entry| unknown_key::slip(unit.kind, entry).is_some());
            if !slips && !started.contains(unit) {
                view.report(sink, finding(view, unit));
            }
        }
    }
}

/// Whether a unit is one that keeps running, by itself.
fn runs(unit: &Unit) -> bool {
    let kind = matches!(unit.kind, UnitKind::Container | UnitKind::Pod | UnitKind::Kube);
    let once = unit.last("Service", "Type").is_some_and(|entry| entry.value.value.trim() == "oneshot");
    // Who wants an instance of a template names it.
    // Who put a comment sign before it starts the unit by hand.
    let switched_off = unit.install_commented_out && unit.section("Install").is_none();
    kind && !once && !switched_off && !unit.file.contains('@') && pod(unit).is_none()
}

fn finding(view: &View<'_>, unit: &Unit) -> Diagnostic {
    let (file, service) = (&unit.file, &unit.service);
    let platform = view.wiring.platform;
    // The system has `default.target`, too; which of the two runs is not said.
    let rootful = !platform.rootless && !platform.assumed.contains_key(&Aspect::Rootless);
    let target = if rootful { "multi-user.target" } else { "default.target" };
    let header = unit.section("Install");
    let here = if header.is_some() { "no `WantedBy=`" } else { "no section [Install]" };
    let line = format!("WantedBy={target}");
    let (title, change) = match header {
        Some(section) => (format!("add `{line}`"), Change::AddLine { section, line: line.clone() }),
        None => (
            format!("add [Install] with `{line}`"),
            Change::AddSection { file: unit.head, text: format!("[Install]\n{line}") },
        ),
    };
    let message = format!("`{file}` is not started at boot: it is in no target, and no other unit starts it");
    let place = header.unwrap_or(unit.head);
    Diagnostic::new(&RULE, place, message).here(here).help(format!(
        "Why: `systemctl enable` does not work on units that a generator makes; what `[Install]` says is done by the \
         generator itself. What you see: after a reboot `{service}.service` is inactive (dead), and starts by hand."
    ))
    .help(format!("What helps: `{line}` in a section [Install]."))
    .fix(title, false, vec![change])
}
