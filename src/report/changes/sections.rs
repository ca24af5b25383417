//! What people read about a change, the strongest first: new ways out, then new ways in, then what nobody knows any
//! more, then what no longer works.

use crate::network::{Caller, Change, Comparison, Link, Pairing, PortChange, Verdict, WayOut};

/// A title and its lines.
pub(super) struct Section {
    pub title: &'static str,
    pub lines: Vec<Line>,
}

/// Who, and what about them.
pub(super) struct Line {
    pub from: Vec<String>,
    /// Whom it is about besides; empty for ports and the internet.
    pub to: Vec<String>,
    /// A port, where it is about one.
    pub port: Option<String>,
    pub what: String,
}

pub(super) fn sections(comparison: &Comparison) -> Vec<Section> {
    let between = |change: Change, both_stay: bool| {
        let pairs = comparison.pairs.iter().filter(|pair| pair.change() == change && pair.both_stay == both_stay);
        pairs.collect::<Vec<_>>()
    };
    let everywhere = |change: Change| [between(change, true), between(change, false)].concat();
    let sections = [
        ("Internet access gained", outside(comparison, Change::Gained)),
        ("Ports opened", ports(comparison, Change::Gained)),
        ("Connections gained", pairs(&between(Change::Gained, true), Change::Gained)),
        ("Services added", services(&comparison.added)),
        ("Connections of new services", pairs(&between(Change::Gained, false), Change::Gained)),
        ("Internet access not known now", outside(comparison, Change::Clouded)),
        ("Ports not known to answer now", ports(comparison, Change::Clouded)),
        ("Connections not known now", pairs(&everywhere(Change::Clouded), Change::Clouded)),
        ("Internet access changed", outside(comparison, Change::Changed)),
        ("Ports changed", ports(comparison, Change::Changed)),
        ("Connections changed", pairs(&everywhere(Change::Changed), Change::Changed)),
        ("Internet access known now", outside(comparison, Change::Cleared)),
        ("Ports known now", ports(comparison, Change::Cleared)),
        ("Connections known now", pairs(&between(Change::Cleared, true), Change::Cleared)),
        ("Connections lost", pairs(&between(Change::Lost, true), Change::Lost)),
        ("Ports closed", ports(comparison, Change::Lost)),
        ("Internet access lost", outside(comparison, Change::Lost)),
        ("Services removed", services(&comparison.removed)),
        ("Connections of removed services", pairs(&between(Change::Lost, false), Change::Lost)),
    ];
    let sections = sections.into_iter().map(|(title, lines)| Section { title, lines });
    sections.filter(|section| !section.lines.is_empty()).collect()
}

fn services(names: &[String]) -> Vec<Line> {
    if names.is_empty() {
        return Vec::new();
    }
    vec![Line { from: names.to_vec(), to: Vec::new(), port: None, what: String::new() }]
}

/// Who gets out, together with others for whom the same changed.
fn outside(comparison: &Comparison, change: Change) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    // Who is gone needs no way out.
    let gone =
        |way: &WayOut| matches!(change, Change::Lost | Change::Cleared) && comparison.removed.contains(&way.service);
    for way in comparison.internet.iter().filter(|way| of(way) == Some(change) && !gone(way)) {
        let mut what = Vec::new();
        for (link, by) in [(way.by_address, "by address"), (way.by_name, "by name")] {
            what.extend(said(link, by, change));
        }
        let what = what.join(", ");
        match lines.iter_mut().find(|line| line.what == what) {
            Some(line) => line.from.push(way.service.clone()),
            None => lines.push(Line { from: vec![way.service.clone()], to: Vec::new(), port: None, what }),
        }
    }
    lines
}

/// What became of a way out; packets go before names.
fn of(way: &WayOut) -> Option<Change> {
    way.by_address.change().or(way.by_name.change())
}

/// One answer among others that changed in one direction: its own direction is said where it is another one.
fn said(link: Link, by: &str, whole: Change) -> Option<String> {
    let change = link.change()?;
    Some(match change {
        Change::Gained | Change::Lost if change == whole => by.to_owned(),
        Change::Gained => format!("now {by}"),
        Change::Lost => format!("no longer {by}"),
        Change::Changed | Change::Clouded | Change::Cleared => {
            format!("{by}: {} instead of {}", words(link.new), words(link.old))
        }
    })
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::Unpredictable => "changing from start to start",
        Verdict::Unknown => "unknown",
    }
}

/// Ports, those that other machines reach first.
fn ports(comparison: &Comparison, change: Change) -> Vec<Line> {
    let mut lines: Vec<(bool, Line)> = Vec::new();
    let gone = |port: &PortChange| change == Change::Cleared && comparison.removed.contains(&port.service);
    for port in comparison.ports.iter().filter(|port| port.answers.change() == Some(change) && !gone(port)) {
        let lan = port.caller == Caller::Lan;
        let to = if lan { "other machines" } else { "the host" };
        let what = match change {
            Change::Gained | Change::Lost => format!("to {to}"),
            Change::Changed | Change::Clouded | Change::Cleared => {
                format!("to {to}: {} instead of {}", words(port.answers.new), words(port.answers.old))
            }
        };
        let same = |line: &Line| line.from.first() == Some(&port.service) && line.port.as_ref() == Some(&port.port);
        match lines.iter_mut().find(|(_, line)| same(line)) {
            Some((open, line)) => {
                *open |= lan;
                line.what = format!("{} and {what}", line.what);
            }
            None => {
                let (from, port) = (vec![port.service.clone()], Some(port.port.clone()));
                lines.push((lan, Line { from, to: Vec::new(), port, what }));
            }
        }
    }
    lines.sort_by_key(|(open, _)| !open);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Pairs; those of one service with others, or of others with one, stand together where the same changed.
fn pairs(pairs: &[&Pairing], change: Change) -> Vec<Line> {
    // Packets that get there now or no longer go before names.
    let (packets, names): (Vec<&Pairing>, Vec<&Pairing>) =
        pairs.iter().copied().partition(|pair| pair.reaches.change().is_some());
    let mut lines = Vec::new();
    for pairs in [packets, names] {
        let mut by_opener: Vec<Line> = Vec::new();
        for pair in pairs {
            let what = about(pair, change);
            match by_opener.iter_mut().rev().find(|line| line.what == what && line.from.first() == Some(&pair.from)) {
                Some(line) => line.to.push(pair.to.clone()),
                None => {
                    let (from, to) = (vec![pair.from.clone()], vec![pair.to.clone()]);
                    by_opener.push(Line { from, to, port: None, what });
                }
            }
        }
        let mut grouped: Vec<Line> = Vec::new();
        for line in by_opener {
            match grouped.iter_mut().find(|known| known.what == line.what && known.to == line.to) {
                Some(known) => known.from.extend(line.from),
                None => grouped.push(line),
            }
        }
        lines.extend(grouped);
    }
    lines
}

/// What changed between two services, all names in one clause.
fn about(pair: &Pairing, change: Change) -> String {
    let mut parts: Vec<String> = said(pair.reaches, "by address", change).into_iter().collect();
    if !pair.both_stay {
        // Of a service that comes or goes the names say nothing more, nor what was before.
        if change == Change::Clouded {
            parts.iter_mut().for_each(|part| *part = "by address".to_owned());
        }
        if pair.names.iter().any(|(_, link)| link.change() == Some(change)) {
            parts.push("by name".to_owned());
        } else if pair.names.iter().any(|(_, link)| link.change() == Some(Change::Clouded)) {
            parts.push("whether by name nobody knows".to_owned());
        }
        return parts.join(", ");
    }
    // The own name goes without saying it, so that lines about several services can stand together.
    let own = |name: &str| if name == pair.to { "by its name".to_owned() } else { format!("as `{name}`") };
    let (first, others): (Vec<_>, Vec<_>) = pair.names.iter().partition(|(name, _)| *name == pair.to);
    for (name, link) in first.into_iter().chain(others) {
        parts.extend(said(*link, &own(name), change));
    }
    parts.join(", ")
}
