//! What several stacks on one host take away from each other.

use super::context::{Context, View};
use super::{duplicate_container_name, duplicate_host_port, overlapping_subnets, shadowed_unit};
use crate::diagnostic::{Diagnostic, Sink};

/// A stack of a host.
pub struct Member<'a> {
    /// Its name where there are several.
    pub label: &'a str,
    /// The stack on its platforms.
    pub context: &'a Context<'a>,
}

impl Member<'_> {
    /// Reports a finding that holds for this stack on a platform.
    pub(super) fn report(&self, view: &View<'_>, sink: &mut Sink, finding: Diagnostic) {
        let finding = finding.on(&view.wiring.platform.name);
        sink.report(Diagnostic { stack: self.label.to_owned(), ..finding });
    }
}

/// Compares the stacks of one host, each with those before it.
pub fn check_together(members: &[Member<'_>], sink: &mut Sink) {
    for (at, second) in members.iter().enumerate() {
        for first in members.iter().take(at) {
            if !(first.context.stack.complete && second.context.stack.complete) {
                continue;
            }
            for view in &second.context.views {
                // On the same platform; where they name different ones, it is still one machine.
                let name = |view: &View<'_>| view.wiring.platform.name.clone();
                let same = first.context.views.iter().find(|other| name(other) == name(view));
                let Some(other) = same.or(first.context.views.first()) else { continue };
                duplicate_container_name::between(first, other, second, view, sink);
                shadowed_unit::between(first, other, second, view, sink);
                duplicate_host_port::between(first, other, second, view, sink);
                overlapping_subnets::between(first, other, second, view, sink);
            }
        }
    }
}
