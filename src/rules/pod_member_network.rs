//! QG711: a container of a pod with networks of its own.

use super::context::Context;
use super::joined_networks;
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Unit, UnitKind};
use crate::platform::generator::Habit;

pub static RULE: Rule = Rule {
    code: "QG711",
    name: "pod-member-network",
    summary: "Network= in a container of a pod, which takes it out of the pod's network",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("pod_member_network.md"),
};

/// Keys that Podman refuses in a container that shares its pod's network.
const REFUSED: [&str; 5] = ["PublishPort", "IP", "IP6", "AddHost", "HostName"];

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if !context.views.iter().any(|view| Habit::PodUnits.of(view.wiring.platform.version)) {
        return;
    }
    let stack = context.stack;
    for unit in stack.units.values().filter(|unit| unit.kind == UnitKind::Container) {
        let pod = unit.last("Container", "Pod").filter(|pod| !pod.value.value.trim().is_empty());
        let Some(pod) = pod else { continue };
        let joined = joined_networks::of(unit);
        let Some((first, more)) = joined.split_first() else { continue };
        let (name, pod_name) = (unit.file_of(first.span), pod.value.value.trim());
        let message = format!("{name} says `Network=` and `Pod={pod_name}`: it leaves the pod's network");
        let mut finding = Diagnostic::new(&RULE, first.span, message).here("a network of its own");
        for other in more {
            finding = finding.label(other.span, "another one");
        }
        finding = finding.label(pod.value.span(), "in this pod");
        let of_pod = stack.units.values().find(|other| other.file == pod_name);
        for joined in of_pod.iter().flat_map(|pod| joined_networks::of(pod)) {
            finding = finding.label(joined.span, "where the pod is");
        }
        finding = finding
            .help("Why: the containers of a pod share one network namespace, and `Network=` gives this one another.")
            .help("What you see: nothing at the start. The others do not reach it on `localhost`, and the pod's ports do not lead to it.");
        let refused = REFUSED.iter().find_map(|key| unit.last("Container", key));
        let finding = match refused {
            None => finding.help("What helps: `Network=` in the pod, for all of its containers."),
            Some(key) => {
                let finding = finding.label(key.key.span(), "refused without `Network=`");
                finding.help("What helps: `Network=` in the pod, for all of its containers, and these keys with it.")
            }
        };
        let plain = joined.iter().all(|joined| !joined.argument && unit.holds(joined.span));
        let finding = if refused.is_none() && plain {
            // Whoever else is on these networks may call it by its name, which has no address in a pod's network.
            let is_here = |other: &Unit| {
                other.file != unit.file
                    && joined_networks::of(other).iter().any(|it| joined.iter().any(|own| own.name == it.name))
            };
            let alone = !stack.units.values().any(is_here);
            let changes = joined.iter().map(|joined| Change::Remove { span: joined.entry.key.span() }).collect();
            finding.fix("take `Network=` away, so that it stays in the pod", alone, changes)
        } else {
            finding
        };
        context.report(sink, finding);
    }
}
