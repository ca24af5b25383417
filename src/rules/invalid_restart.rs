//! QG606: a `Restart=` that systemd throws away, or for which it refuses the unit.

use super::context::{Context, View};
use super::unit_lines::{Lines, all};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{UnitEntry, UnitKind};
use crate::platform::Aspect;
use crate::platform::generator::Habit;
use crate::suggest;

pub static RULE: Rule = Rule {
    code: "QG606",
    name: "invalid-restart",
    summary: "a `Restart=` that systemd does not know, or that it refuses for what runs once",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("invalid_restart.md"),
};

/// What systemd takes, in its own spelling: systemd.service(5).
const VALUES: [&str; 7] = ["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"];

/// What people write instead, and what they mean.
const MEANT: [(&str, &str); 8] = [
    ("unless-stopped", "always"),
    ("never", "no"),
    ("none", "no"),
    ("false", "no"),
    ("true", "always"),
    ("yes", "always"),
    ("on_failure", "on-failure"),
    ("onfailure", "on-failure"),
];

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for lines in all(view).iter().filter(|lines| counts(view, lines)) {
            let found = dropped(lines).map(|entry| not_taken(lines, entry)).chain(refused(lines));
            for finding in found {
                view.report(sink, finding.assuming(&assumed(view, lines)));
            }
        }
    }
}

/// Whether `Restart=` of a unit reaches systemd.
pub(super) fn counts(view: &View<'_>, lines: &Lines<'_>) -> bool {
    let pod = lines.unit.is_some_and(|unit| unit.kind == UnitKind::Pod);
    !pod || Habit::PodRestart.of(view.wiring.platform.version)
}

/// The words on which it rests that `Restart=` counts.
fn assumed(view: &View<'_>, lines: &Lines<'_>) -> Vec<String> {
    let pod = lines.unit.is_some_and(|unit| unit.kind == UnitKind::Pod);
    let version = view.wiring.platform.assumed.get(&Aspect::Version).filter(|_| pod);
    version.cloned().into_iter().collect()
}

/// The `Restart=` that counts: systemd keeps the last one that it knows.
pub(super) fn effective<'a>(lines: &Lines<'a>) -> Option<&'a UnitEntry> {
    lines.all("Service", "Restart").rfind(|entry| is_known(entry))
}

/// Whether systemd knows the value of a `Restart=`.
pub(super) fn is_known(entry: &UnitEntry) -> bool {
    VALUES.contains(&entry.value.value.trim())
}

fn dropped<'a>(lines: &Lines<'a>) -> impl Iterator<Item = &'a UnitEntry> {
    let entries = lines.all("Service", "Restart").filter(|entry| !is_known(entry));
    // A comment at the end of a line is another fault, with the same symptom.
    entries.filter(|entry| !entry.value.value.contains(" #"))
}

fn not_taken(lines: &Lines<'_>, entry: &UnitEntry) -> Diagnostic {
    let written = entry.value.value.trim();
    let shown = written.escape_debug();
    let outcome = match effective(lines) {
        Some(entry) => format!("`Restart={}` counts", entry.value.value.trim()),
        None => "it is not restarted at all".to_owned(),
    };
    let message = format!("systemd does not know `Restart={shown}` of `{}`: {outcome}", lines.name);
    let mut finding = Diagnostic::new(&RULE, entry.value.span(), message)
        .here("thrown away")
        .help(
            "Why: Quadlet hands the line on as it is, and systemd knows other words than Compose. What you see: `Failed to \
             parse service restart specifier, ignoring` in the journal, and a container that stays down after it ended."
                .to_owned(),
        );
    let bare = written.trim_matches(['"', '\'']);
    let lower = bare.to_lowercase();
    let lower = lower.split(':').next().unwrap_or("");
    let meant = MEANT.iter().find(|(word, _)| *word == lower).map(|(_, meant)| *meant);
    let meant = meant.or_else(|| VALUES.into_iter().find(|value| *value == lower));
    match meant.or_else(|| suggest::nearest(lower, VALUES)) {
        Some(meant) => {
            finding = finding.help(if written == "unless-stopped" {
                "What helps: `Restart=always`. `systemctl stop` ends that, too, and nothing starts the unit again before the \
                 next boot."
                    .to_owned()
            } else {
                format!("What helps: `Restart={meant}`.")
            });
            let (text, span) = (&entry.value.value, entry.value.span());
            if (span.end - span.start) as usize == text.len() {
                let change = Change::Replace { span, text: meant.to_owned() };
                finding = finding.fix(format!("write `Restart={meant}`"), true, vec![change]);
            }
            finding
        }
        None => finding.help(format!("What helps: one of {}.", VALUES.join(", "))),
    }
}

/// A unit that runs once and is to be restarted always.
fn refused(lines: &Lines<'_>) -> Option<Diagnostic> {
    let restart = effective(lines)?;
    let value = restart.value.value.trim();
    if !matches!(value, "always" | "on-success") {
        return None;
    }
    let own = lines.last("Service", "Type").filter(|entry| entry.value.value.trim() == "oneshot");
    let made = lines.unit.map(|unit| unit.kind).filter(|kind| {
        // The generator writes Type=oneshot for them.
        matches!(kind, UnitKind::Network | UnitKind::Volume | UnitKind::Image | UnitKind::Build | UnitKind::Artifact)
    });
    if own.is_none() && made.is_none() {
        return None;
    }
    let message = format!("systemd refuses the unit of `{}`: what runs once cannot have `Restart={value}`", lines.name);
    let mut finding = Diagnostic::new(&RULE, restart.value.span(), message).here("refused");
    if let Some(entry) = own {
        finding = finding.label(entry.value.span(), "runs once");
    }
    finding = finding.help(match made {
        Some(kind) if own.is_none() => format!(
            "Why: the generator writes `Type=oneshot` for a `.{}` unit, and such a unit would start again as soon as it is \
             done.",
            kind.extension()
        ),
        _ => "Why: with `Type=oneshot` a unit would start again as soon as it is done.".to_owned(),
    });
    finding = finding
        .help(
            "What you see: `Service has Restart= set to either always or on-success, which isn't allowed for Type=oneshot \
             services. Refusing.`, and every unit that needs it fails, too.",
        )
        .help("What helps: `Restart=on-failure`, which tries again until it succeeded once.");
    let (text, span) = (&restart.value.value, restart.value.span());
    if (span.end - span.start) as usize == text.len() {
        let change = Change::Replace { span, text: "on-failure".to_owned() };
        finding = finding.fix("write `Restart=on-failure`", true, vec![change]);
    }
    Some(finding)
}
