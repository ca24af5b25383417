//! QG406: what belongs to the pod, at a container in it.

use super::context::{Context, View, list, seen, why};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{NetworkMode, Service, ServiceKind, Spanned, Unit, UnitEntry, UnitKind};
use crate::network::Verdict;
use crate::platform::{Question, keys};

pub static RULE: Rule = Rule {
    code: "QG406",
    name: "pod-member-port",
    summary: "PublishPort=, IP=, IP6=, AddHost= or HostName= of a container in a pod, which then does not start",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("pod_member_port.md"),
};

/// The keys, each with the question about it.
const KEYS: [(&str, Question); 5] = [
    ("PublishPort", Question::PortOfPodMember),
    ("IP", Question::AddressOfPodMember),
    ("IP6", Question::AddressOfPodMember),
    ("AddHost", Question::HostsOfPodMember),
    ("HostName", Question::HostNameOfPodMember),
];

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for unit in context.stack.units.values().filter(|unit| unit.kind == UnitKind::Container) {
            let service = unit.file.strip_suffix(".container").and_then(|stem| context.stack.services.get(stem));
            let Some(pod) = service.and_then(|service| pod_of(view, service)) else { continue };
            let found: Vec<(&UnitEntry, Question)> = KEYS
                .iter()
                .flat_map(|(key, question)| lines(unit, key).into_iter().map(|line| (line, *question)))
                .collect();
            if let Some(finding) = finding(view, unit, pod, &found) {
                view.report(sink, finding);
            }
        }
    }
}

/// The pod whose network a container is in.
pub(super) fn pod_of<'a>(view: &View<'a>, service: &Service) -> Option<&'a Service> {
    let Some(Spanned { value: NetworkMode::Service(name), .. }) = &service.network_mode else { return None };
    view.wiring.stack.services.get(name).filter(|pod| pod.kind == ServiceKind::Pod)
}

/// The lines of a key that count: an empty one takes back those before it.
fn lines<'a>(unit: &'a Unit, key: &'a str) -> Vec<&'a UnitEntry> {
    let mut lines = Vec::new();
    for entry in unit.all(unit.kind.section(), key) {
        if entry.value.value.trim().is_empty() {
            lines.clear();
        } else {
            lines.push(entry);
        }
    }
    lines
}

fn finding(view: &View<'_>, unit: &Unit, pod: &Service, found: &[(&UnitEntry, Question)]) -> Option<Diagnostic> {
    let (first, question) = found.first()?;
    let pod_name = &pod.name.value;
    let keys = list(found.iter().map(|(line, _)| format!("{}=", line.key.value)));
    let message = format!("{} does not start: it is in {pod_name}, and {keys} belong to the pod", unit.file);
    let message = if keys.contains(" and ") { message } else { message.replace(" belong to", " belongs to") };
    let mut finding =
        Diagnostic::new(&RULE, first.key.span().to(first.value.span()), message).here("the pod's business");
    let known = view.wiring.ask(*question);
    if Verdict::from(known.fact.is) != Verdict::No {
        return None;
    }
    for (line, _) in found.iter().skip(1) {
        finding = finding.label(line.key.span().to(line.value.span()), "this one, too");
    }
    let mut assumed = Vec::new();
    for (_, question) in found {
        let known = view.wiring.ask(*question);
        finding = finding.help(why(&known)).help(seen(&known, None));
        assumed.extend_from_slice(&known.assumed);
    }
    finding = finding.label(pod.span(), "the pod").help(format!(
        "What helps: the same lines in the section [Pod] of {pod_name}; of a host name there is one for all."
    ));
    let changes: Vec<Change> = found.iter().flat_map(|(line, _)| moved(view, pod, line)).collect();
    Some(finding.fix(format!("leave {keys} to {pod_name}"), true, changes).assuming(&assumed))
}

/// Takes a line to the pod, unless that says the same, something else, or has no key for it.
fn moved(view: &View<'_>, pod: &Service, line: &UnitEntry) -> Vec<Change> {
    let mut changes = vec![Change::Remove { span: line.key.span() }];
    let (key, value) = (line.key.value.as_str(), line.value.value.trim());
    let unit = view.wiring.stack.units.get(&pod.name.value);
    let Some((unit, section)) = unit.and_then(|unit| Some((unit, unit.section("Pod")?))) else { return changes };
    let several = matches!(key, "PublishPort" | "AddHost");
    let mut said = unit.all("Pod", key).map(|entry| entry.value.value.trim());
    let is_said = if several { said.any(|other| other == value) } else { said.next().is_some() };
    let is_there = keys::find("Pod", key).is_some_and(|known| known.since() <= view.wiring.platform.version);
    // One of the pod's containers gives all of them its name or address only where somebody says so.
    if several && !is_said && is_there {
        changes.push(Change::AddLine { section, line: format!("{key}={value}") });
    }
    changes
}
