//! What the `Network=` lines of a unit, and `--network` in its arguments, say.

use crate::model::{Unit, UnitEntry};
use crate::source::Span;

/// One network, or a mode in place of networks.
pub(super) struct Joined<'a> {
    /// Up to the first `:`.
    pub name: &'a str,
    /// Where the name stands.
    pub span: Span,
    /// The line.
    pub entry: &'a UnitEntry,
    /// Whether it stands in `PodmanArgs=`.
    pub argument: bool,
}

/// Words that are no network's name, other than `bridge`.
const MODES: [&str; 9] = ["host", "none", "container", "ns", "pasta", "slirp4netns", "private", "default", "pod"];

impl Joined<'_> {
    /// The mode that it says; `x.container` is another container's network.
    pub fn mode(&self) -> Option<&str> {
        let container = self.name.ends_with(".container").then_some("container");
        container.or_else(|| (MODES.contains(&self.name) || self.name == "bridge").then_some(self.name))
    }
}

/// Everything that a unit says about its networks, in the order in which Podman gets it.
pub(super) fn of(unit: &Unit) -> Vec<Joined<'_>> {
    let own = unit.kind.section();
    let lines = unit.lines(own, "Network").into_iter();
    let mut all: Vec<Joined<'_>> = lines.map(|entry| joined(entry, &entry.value.value, 0, false)).collect();
    all.extend(unit.lines(own, "PodmanArgs").into_iter().flat_map(arguments));
    all
}

/// Whether all that a unit says about its networks is which units make them, so that neither a mode nor a network from
/// outside is among them: most say no more.
pub(super) fn are_units_only(unit: &Unit) -> bool {
    let own = unit.kind.section();
    let is_unit = |entry: &UnitEntry| entry.value.value.ends_with(".network") && !entry.value.value.contains(':');
    unit.all(own, "Network").all(is_unit) && unit.last(own, "PodmanArgs").is_none()
}

fn joined<'a>(entry: &'a UnitEntry, text: &'a str, at: usize, argument: bool) -> Joined<'a> {
    let name = text.split_once(':').map_or(text, |(name, _)| name).trim_end();
    // The place is exact on a line of its own; a value over several lines is shown as a whole.
    let whole = entry.value.span();
    let plain = (whole.end - whole.start) as usize == entry.value.value.len();
    let span = if plain { whole.part(at, at + name.len()) } else { whole };
    Joined { name, span, entry, argument }
}

/// `--network=x`, `--network x`, and the same with `--net`. Arguments in quotes are left alone.
fn arguments(entry: &UnitEntry) -> Vec<Joined<'_>> {
    let text = entry.value.value.as_str();
    if text.contains(['"', '\'', '\\']) {
        return Vec::new();
    }
    let place = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let mut found = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let value = match word.split_once('=') {
            Some(("--network" | "--net", value)) => Some(value),
            None if matches!(word, "--network" | "--net") => words.next(),
            _ => None,
        };
        found.extend(value.map(|value| joined(entry, value, place(value), true)));
    }
    found
}
