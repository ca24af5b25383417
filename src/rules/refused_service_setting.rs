//! QG713: settings of `[Service]` that Podman warns of, overwrites, or cannot work with. The reader reports those that the
//! generator refuses.

use super::context::{Context, list};
use super::unit_lines::{self, Lines};
use crate::diagnostic::{Change, Diagnostic, Level, Sink};
use crate::model::{UnitEntry, UnitKind, Version, standing};
use crate::platform::generator::Habit;

pub use crate::diagnostic::units::REFUSED_SERVICE_SETTING as RULE;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for lines in unit_lines::of_stack(context.stack) {
        for look in [users, commands, kind] {
            if let Some(finding) = look(&lines) {
                unit_lines::report(context, sink, finding);
            }
        }
        for view in &context.views {
            if let Some(finding) = restart(&lines, view.wiring.platform.version) {
                view.report(sink, finding);
            }
        }
    }
}

/// `Restart=` of a pod, which older generators overwrite.
fn restart(lines: &Lines<'_>, release: Version) -> Option<Diagnostic> {
    if lines.kind != UnitKind::Pod || !Habit::PodUnits.of(release) || Habit::PodRestart.of(release) {
        return None;
    }
    let entry = lines.last("Service", "Restart")?;
    let value = entry.value.value.trim();
    if value.is_empty() || value == "on-failure" {
        return None;
    }
    let (name, since) = (lines.name_at(entry.key.span()), Habit::PodRestart.since());
    let message = format!("`Restart={value}` of {name} has no effect: Podman writes `Restart=on-failure` in its place");
    let finding = Diagnostic::new(&RULE, entry.key.span(), message).severity(Level::Info);
    Some(
        finding
            .help(format!("Why: Podman takes `Restart=` of a pod from {since} on."))
            .help("What helps: nothing to do if on-failure is enough; `Restart=` of its containers counts."),
    )
}

fn line(entry: &UnitEntry) -> String {
    format!("{}={}", entry.key.value, entry.value.value.trim())
}

/// Another user than the one whose systemd it is.
fn users(lines: &Lines<'_>) -> Option<Diagnostic> {
    let off = ["", "0", "no", "n", "false", "f", "off"];
    let set = |key| {
        let entry = lines.last("Service", key)?;
        let value = entry.value.value.trim().to_lowercase();
        let says = if key == "DynamicUser" { !off.contains(&value.as_str()) } else { !value.is_empty() };
        says.then_some(entry)
    };
    let found: Vec<&UnitEntry> = ["User", "Group", "DynamicUser"].into_iter().filter_map(set).collect();
    let (first, more) = found.split_first()?;
    let name = lines.name_at(first.key.span());
    let message =
        format!("{name} says {} in [Service], which Podman does not support", list(found.iter().map(|it| line(it))));
    let mut finding = Diagnostic::new(&RULE, first.key.span(), message).severity(Level::Warning);
    for entry in more {
        finding = finding.label(entry.key.span(), "and this");
    }
    let instead = match lines.kind {
        UnitKind::Container => "; `User=` in [Container] is the user inside of the container",
        _ => "",
    };
    let changes = found.iter().map(|entry| Change::Remove { span: entry.key.span() }).collect();
    let title = if more.is_empty() { "take the line away" } else { "take the lines away" };
    Some(
        finding
            .help("Why: Podman has to run as the owner of the systemd that starts it: containers, networks and the session belong to a user.")
            .help(format!(
                "What you see: from Podman {} on, `using key User in the Service group is not supported - use at your \
                 own risk` in the journal; the other releases say nothing.",
                Habit::UsersWarned.since()
            ))
            .help(format!("What helps: the unit in that user's `~/.config/containers/systemd`{instead}."))
            // Who runs it changes.
            .fix(title, false, changes),
    )
}

/// A command beside Podman's own.
fn commands(lines: &Lines<'_>) -> Option<Diagnostic> {
    let runs = matches!(lines.kind, UnitKind::Container | UnitKind::Kube | UnitKind::Pod);
    let oneshot = lines.last("Service", "Type").is_some_and(|kind| kind.value.value.trim() == "oneshot");
    // A pod's type is Podman's own, whatever stands there.
    if !runs || (oneshot && lines.kind != UnitKind::Pod) {
        return None;
    }
    let commands = standing(lines.all("Service", "ExecStart"));
    let (first, more) = commands.split_first()?;
    let name = lines.name_at(first.key.span());
    let message =
        format!("{name} has an `ExecStart=` of its own: with Podman's there are two, and systemd refuses the service");
    let mut finding = Diagnostic::new(&RULE, first.key.span(), message);
    for entry in more {
        finding = finding.label(entry.key.span(), "another one");
    }
    let changes = commands.iter().map(|entry| Change::Remove { span: entry.key.span() }).collect();
    Some(
        finding
            .help("Why: Podman writes the `ExecStart=` that starts the container behind the lines of [Service].")
            .help(
                "What you see: `Service has more than one ExecStart= setting, which is only allowed for Type=oneshot \
                 services. Refusing.`",
            )
            .help("What helps: `Exec=` in [Container] for the container's command; `ExecStartPre=` for one that runs before.")
            .fix(if more.is_empty() { "take the line away" } else { "take the lines away" }, false, changes),
    )
}

/// `Type=` where the generator does not look at it.
fn kind(lines: &Lines<'_>) -> Option<Diagnostic> {
    let entry = lines.last("Service", "Type")?;
    let value = entry.value.value.trim();
    let name = lines.name_at(entry.key.span());
    let (message, why) = match lines.kind {
        UnitKind::Pod if !value.is_empty() && value != "forking" => (
            format!("`Type={value}` of {name} has no effect: Podman writes `Type=forking` in its place"),
            "Why: the service of a pod is its infra container, which Podman starts in the background.",
        ),
        UnitKind::Network | UnitKind::Volume | UnitKind::Image | UnitKind::Build | UnitKind::Artifact
            if ["simple", "exec", "idle"].contains(&value) =>
        {
            let (kind, object) = (lines.kind.extension(), object(lines.kind));
            (
                format!(
                    "with `Type={value}` the service of {name} counts as started before {object} is there, so what \
                     needs the .{kind} unit may start too early"
                ),
                "Why: systemd waits for the end of the command only with `Type=oneshot`, which Podman writes where nothing is said.",
            )
        }
        _ => return None,
    };
    let change = Change::Remove { span: entry.key.span() };
    Some(
        Diagnostic::new(&RULE, entry.key.span(), message)
            .severity(Level::Warning)
            .help(why)
            .help("What helps: take the line away.")
            .fix("take the line away", true, vec![change]),
    )
}

fn object(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::Network => "the network",
        UnitKind::Volume => "the volume",
        UnitKind::Artifact => "the artifact",
        _ => "the image",
    }
}
