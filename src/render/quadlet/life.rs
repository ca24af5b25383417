//! Life cycle: dependencies, restarts, health waits, time limits, boot. Every line rests on a measurement under a real
//! systemd.

use std::collections::BTreeSet;

use super::unit::Unit;
use super::{Context, copies, finish};
use crate::model::{Condition, Dependency, Restart, Service, Stack, is_name};
use crate::platform::Feature;
use crate::render::refuse;

/// Long enough for a pull on a slow line, in seconds.
const START_LIMIT: u64 = 900;
/// How long a container may take to stop where nothing is said, in seconds: Compose's and Podman's default.
const GRACE: u64 = 10;

/// `After=` and what pulls the other in.
pub(super) fn dependencies(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    let can_wait = context.has(Feature::HealthWait);
    for dependency in &service.depends_on {
        let name = &dependency.service.value;
        // Nothing waits for itself.
        if !context.stack.services.contains_key(name) || *name == service.name.value {
            continue;
        }
        let pull = pull(dependency, can_wait);
        for other in context.services(name) {
            unit.text("Unit", pull, &other);
            unit.text("Unit", "After", &other);
            if dependency.restart {
                unit.text("Unit", "PartOf", &other);
            }
        }
        if dependency.condition.value == Condition::Healthy && !can_wait {
            context.lose(
                dependency.service.span(),
                format!(
                    "Podman {} cannot wait for health: `{}` starts as soon as `{name}` has started (from Podman {} it waits)",
                    context.platform.version,
                    service.name.value,
                    Feature::HealthWait.first_podman()
                ),
            );
        }
    }
}

/// The key by which a unit brings one that it depends on.
pub(crate) fn pull(dependency: &Dependency, can_wait: bool) -> &'static str {
    match dependency.condition.value {
        _ if !dependency.required => "Wants",
        // Requires= would restart this unit with every restart of the other.
        Condition::Started => "Wants",
        Condition::Healthy if !can_wait => "Wants",
        Condition::Healthy | Condition::Completed => "Requires",
    }
}

/// `[Service]` and `[Install]`, and when the unit counts as started.
pub(super) fn life(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    let awaited = |condition| context.awaited.contains(&(service.name.value.as_str(), condition));
    let (healthy, completed) = (awaited(Condition::Healthy), awaited(Condition::Completed));
    let waits = healthy && context.has(Feature::HealthWait);
    if waits {
        unit.own("Notify", "healthy");
    }
    if let Some(grace) = &service.stop_grace_period {
        unit.own("StopTimeout", &grace.value.as_seconds().to_string());
    }
    if completed {
        unit.text("Service", "Type", "oneshot");
        unit.text("Service", "RemainAfterExit", "yes");
    }
    restart(context, service, completed, unit);
    if waits && restarts(service) && !completed {
        match context.platform.has(Feature::RestartMode) {
            // Without it one failed first start leaves those that wait down for good.
            Some(true) => unit.text("Service", "RestartMode", "direct"),
            Some(false) => {}
            None => {
                let note = "The platform does not say its systemd. From systemd@254 on quadgen writes RestartMode=direct, \
                            with which units that wait for a healthy one also come up when its first start fails.";
                context.notes.push(note.to_owned());
            }
        }
    }
    // Failed retries do not end a start, only the limit does; so it holds the pull and the longest wait.
    let wait = service.health.as_ref().filter(|_| waits).map_or(0, |health| health.value.longest_wait());
    unit.text("Service", "TimeoutStartSec", &(START_LIMIT.saturating_add(wait)).to_string());
    if waits || service.stop_grace_period.is_some() {
        // Podman's own limit comes first, or systemd would kill it while it stops the container.
        let grace = service.stop_grace_period.map_or(GRACE, |grace| grace.value.as_seconds());
        unit.text("Service", "TimeoutStopSec", &(grace.saturating_add(20)).to_string());
    }
    if copies::is_template(service) {
        // The first one starts at boot and brings the others.
        unit.text("Install", "DefaultInstance", "1");
        context.services(&service.name.value).iter().skip(1).for_each(|other| unit.text("Unit", "Wants", other));
    }
    match own_profiles(context.stack, service) {
        Some(profiles) => {
            for profile in profiles {
                if !is_name(&profile) {
                    let message = format!("no target can be called like the profile `{}`", profile.escape_debug());
                    let at = service.attributes.get("profiles").map_or(service.span(), |(at, _)| *at);
                    context.refused.push(refuse(at, message));
                }
                let target = profile_target(context.stack, &profile);
                unit.text("Unit", "PartOf", &target);
                unit.text("Install", "WantedBy", &target);
            }
        }
        None if completed || copies::count(service) == 0 => {}
        None => {
            let target = if context.platform.rootless { "default.target" } else { "multi-user.target" };
            unit.text("Install", "WantedBy", target);
        }
    }
    finish(context, unit, service.span());
}

/// The profiles of a service that they leave out: it starts with one of them, and not at boot.
pub(crate) fn own_profiles(stack: &Stack, service: &Service) -> Option<Vec<String>> {
    let (_, profiles) = stack.disabled.get(&service.name.value)?.attributes.get("profiles")?;
    Some(profiles.texts())
}

/// A target for each profile that is off: `systemctl start` of it starts what the profile holds.
pub(super) fn profiles(context: &Context<'_>, units: &mut Vec<(String, Unit)>) {
    let off = context.stack.disabled.values().filter_map(|service| own_profiles(context.stack, service));
    for profile in off.flatten().collect::<BTreeSet<String>>() {
        let mut unit = Unit::new("Unit", context.platform.version);
        unit.text("Unit", "Description", &format!("Profile {profile} of {}", context.stack.name.value));
        units.push((profile_target(context.stack, &profile), unit));
    }
}

/// The target that starts what a profile holds.
pub(crate) fn profile_target(stack: &Stack, profile: &str) -> String {
    format!("{}{profile}.target", super::prefix(stack))
}

fn restart(context: &mut Context<'_>, service: &Service, oneshot: bool, unit: &mut Unit) {
    let Some(restart) = service.restart else { return };
    let value = match restart.value {
        Restart::No => return,
        // systemd refuses Type=oneshot with always.
        Restart::Always | Restart::UnlessStopped if oneshot => {
            return context.lose(
                restart.span(),
                format!("others wait until `{}` has ended, so it cannot be restarted always", service.name.value),
            );
        }
        Restart::Always | Restart::UnlessStopped => "always",
        Restart::OnFailure(limit) => {
            if let Some(limit) = limit {
                // The first start counts, too.
                unit.text("Unit", "StartLimitIntervalSec", "1d");
                unit.text("Unit", "StartLimitBurst", &(u64::from(limit) + 1).to_string());
            }
            "on-failure"
        }
    };
    unit.text("Service", "Restart", value);
    // Without a pause systemd gives up after five quick starts; Docker never does.
    unit.text("Service", "RestartSec", "5");
}

/// Whether a service is started again by itself.
fn restarts(service: &Service) -> bool {
    !matches!(service.restart.map(|restart| restart.value), None | Some(Restart::No))
}
