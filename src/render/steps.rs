//! What to do after files were written, in order: data in, lines out.

mod compose;
mod moving;
mod units;

use super::{Change, Rendered, Target};
use crate::model::{Deploy, Stack};
use crate::platform::Platform;

/// What a write did, as far as the steps depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// Files whose own text is another one than before.
    pub changes: &'a [Change],
    /// Whether Quadlet reads the units right where they were written.
    pub installed: bool,
}

/// What is left to do by hand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Next {
    /// What is worth knowing about what changed, a sentence each.
    pub notes: Vec<String>,
    /// What to do before, where the stack runs by other means now, a line each.
    pub before: Vec<String>,
    /// What to do, a line each, in order; none if nothing changed.
    pub steps: Vec<String>,
}

/// What is left to do after files were written.
pub fn next(stack: &Stack, platform: &Platform, target: Target, rendered: &Rendered, written: &Written<'_>) -> Next {
    let mut next = Next::default();
    if written.changes.is_empty() {
        return next;
    }
    let host = &rendered.steps;
    // Where the target is another one than before, one kind goes and the other comes.
    let (units, composed) = by_target(written);
    match target {
        Target::Quadlet => {
            compose::gone(&composed, tool(platform), &mut next);
            let all = units::Units::new(stack, platform.rootless, &rendered.files, &units);
            let moves = moving::Moving::new(stack, platform.rootless, written.changes);
            moves.iter().for_each(|moves| moves.before(&mut next));
            let data = moves.iter().flat_map(moving::Moving::import).collect::<Vec<_>>();
            all.steps(written.installed, host, &data, &mut next);
        }
        // A topology runs nothing.
        Target::Topology => {}
        Target::Compose => {
            let all = units::Units::new(stack, platform.rootless, &[], &units);
            all.gone(written.installed, &mut next);
            next.steps.extend(host.iter().cloned());
            compose::steps(&composed, tool(platform), &mut next);
        }
    }
    next
}

/// What is left to do after the whole folder of a platform was removed that the source does not have any more.
pub fn gone(stack: &Stack, platform: &str, written: &Written<'_>) -> Next {
    let mut next = Next::default();
    let (units, composed) = by_target(written);
    let old = || written.changes.iter().filter_map(|change| change.old.as_deref());
    // Nothing but the files says what the platform was.
    let rootful = old().any(|text| text.lines().any(|line| line == "WantedBy=multi-user.target"));
    units::Units::new(stack, !rootful, &[], &units).gone(written.installed, &mut next);
    let platform = old().find_map(|text| compose::platform(text, platform));
    compose::gone(&composed, platform.as_ref().map_or("docker compose", tool), &mut next);
    next
}

/// The changes of files that belong to units, and those of Compose files.
fn by_target<'c>(written: &Written<'c>) -> (Vec<&'c Change>, Vec<&'c Change>) {
    written.changes.iter().partition(|change| !change.name.ends_with(".yaml"))
}

/// The program that runs a Compose file.
fn tool(platform: &Platform) -> &'static str {
    match platform.deploy {
        Deploy::PodmanCompose => "podman-compose",
        _ if platform.is_podman() => "podman compose",
        _ => "docker compose",
    }
}

/// A unit's name without its ending, and what it is a unit of.
fn unit_kind(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.').filter(|(_, kind)| ["container", "network", "volume", "build"].contains(kind))
}
