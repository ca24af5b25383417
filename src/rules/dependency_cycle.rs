//! QG601: services that wait for each other.

use std::collections::VecDeque;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::context::Context;
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashMap;
use crate::model::{Dependency, Deploy, Format, Service};

/// QG601.
pub static RULE: Rule = Rule {
    code: "QG601",
    name: "dependency-cycle",
    summary: "services that wait for each other: `depends_on`, links, shared namespaces",
    level: Level::Error,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("dependency_cycle.md"),
};

type Graph<'a> = DiGraph<&'a Service, &'a Dependency>;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let stack = context.stack;
    // docker-compose looks at services behind profiles, too. Who waits for nobody is in no ring.
    let all = || stack.services.values().chain(stack.disabled.values()).filter(|it| !it.depends_on.is_empty());
    let mut graph: Graph<'_> = DiGraph::new();
    let mut nodes: HashMap<&str, NodeIndex> = HashMap::default();
    for service in all() {
        nodes.insert(&service.name.value, graph.add_node(service));
    }
    for service in all() {
        for dependency in &service.depends_on {
            let ends = (nodes.get(service.name.value.as_str()), nodes.get(dependency.service.value.as_str()));
            if let (Some(from), Some(to)) = ends {
                graph.add_edge(*from, *to, dependency);
            }
        }
    }
    let is_ring = |part: &Vec<NodeIndex>| part.len() > 1 || part.iter().any(|node| graph.contains_edge(*node, *node));
    let rings = kosaraju_scc(&graph).into_iter().filter(is_ring);
    let mut starts: Vec<NodeIndex> = rings.filter_map(|part| part.into_iter().min()).collect();
    starts.sort();
    for start in starts {
        if let Some(dependencies) = cycle(&graph, start) {
            report(context, sink, &finding(&graph, start, &dependencies), &dependencies);
        }
    }
}

/// The shortest way from a service back to it.
fn cycle<'a>(graph: &Graph<'a>, start: NodeIndex) -> Option<Vec<&'a Dependency>> {
    let mut came: HashMap<NodeIndex, (NodeIndex, &'a Dependency)> = HashMap::default();
    let mut next = VecDeque::from([start]);
    while let Some(at) = next.pop_front() {
        let mut edges: Vec<_> =
            graph.edges(at).map(|edge| (petgraph::visit::EdgeRef::target(&edge), *edge.weight())).collect();
        edges.sort_by_key(|(to, _)| *to);
        for (to, dependency) in edges {
            if to == start {
                let mut way = vec![dependency];
                let mut back = at;
                while back != start {
                    let (before, dependency) = came.get(&back)?;
                    way.push(dependency);
                    back = *before;
                }
                way.reverse();
                return Some(way);
            }
            if let std::collections::hash_map::Entry::Vacant(free) = came.entry(to) {
                free.insert((at, dependency));
                next.push_back(to);
            }
        }
    }
    None
}

fn finding(graph: &Graph<'_>, start: NodeIndex, dependencies: &[&Dependency]) -> Diagnostic {
    let first = graph.node_weight(start).map_or("", |service| service.name.value.as_str());
    let names: Vec<&str> =
        std::iter::once(first).chain(dependencies.iter().map(|it| it.service.value.as_str())).collect();
    let span = dependencies.first().map(|it| it.service.span()).unwrap_or_default();
    if let [_] = dependencies {
        return Diagnostic::new(&RULE, span, format!("`{first}` depends on itself")).here("its own name");
    }
    let mut found = Diagnostic::new(&RULE, span, format!("services wait for each other: {}", names.join(" → ")))
        .here(format!("`{first}` waits for `{}`", names.get(1).unwrap_or(&first)));
    for (at, dependency) in dependencies.iter().enumerate().skip(1).take(10) {
        let waiting = names.get(at).copied().unwrap_or(first);
        found = found.label(dependency.service.span(), format!("`{waiting}` waits for `{}`", dependency.service.value));
    }
    found
}

/// Reports a ring for each platform in the words of what starts services there.
fn report(context: &Context<'_>, sink: &mut Sink, finding: &Diagnostic, dependencies: &[&Dependency]) {
    let alone = dependencies.len() == 1;
    let helps = if alone {
        "What helps: take it away."
    } else {
        "What helps: take one of the dependencies out, and let that program try again until the other answers."
    };
    let said = |quadlet: bool| {
        let seen = match (quadlet, alone) {
            (false, _) => "What you see: docker-compose refuses the file, `dependency cycle detected`.",
            (true, true) => "What you see: systemd leaves the dependency out, and the unit starts.",
            (true, false) => {
                "What you see: systemd leaves one of the units out at boot, and says so in the journal only, so who has \
                 `Requires=` on it does not start either; by hand it says `Transaction order is cyclic`."
            }
        };
        let level = if quadlet && alone { Level::Warning } else { Level::Error };
        finding.clone().severity(level).help(seen).help(helps)
    };
    if context.views.is_empty() {
        return context.report(sink, said(context.stack.format == Format::Quadlet));
    }
    for view in &context.views {
        view.report(sink, said(view.wiring.platform.deploy == Deploy::Quadlet));
    }
}
