//! What `$NAME` stands for: the environment of the process, then files with variables.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::maps::IndexMap;
use crate::model::Interpolated;
use crate::source::{Span, is_secret_name};
use crate::syntax::dotenv::fault_found;
use crate::syntax::interpolation::{self, Expanded, replace};
use crate::syntax::yaml::{Kind, Node};

/// The variables of a project, or of what it includes.
#[derive(Clone, Default)]
pub(super) struct Variables {
    /// What nothing goes over: the process's, and for what is included those of the project.
    first: BTreeMap<String, String>,
    /// Those of files, of which the last counts.
    files: BTreeMap<String, String>,
}

impl Variables {
    pub fn new(values: BTreeMap<String, String>) -> Self {
        Variables { first: values, files: BTreeMap::new() }
    }

    /// The same for what is included, whose own files go behind all of these.
    pub fn for_included(&self) -> Self {
        let mut first = self.files.clone();
        first.extend(self.first.clone());
        Variables { first, files: BTreeMap::new() }
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.first.get(name).or_else(|| self.files.get(name)).map(String::as_str)
    }

    /// Takes the values of variables that look like secrets out of what findings say: a value that is out of form is
    /// shown, and it may have come from one of these.
    pub fn hide_secrets(&self, found: &mut [Diagnostic]) {
        // Shorter ones are `on` and `no`, or stand in any word.
        let secret = |(name, value): &(&String, &String)| is_secret_name(name) && value.chars().count() >= 4;
        let secrets: Vec<&String> =
            self.first.iter().chain(&self.files).filter(secret).map(|(_, value)| value).collect();
        for finding in found {
            let labels = finding.labels.iter_mut().map(|label| &mut label.message);
            let helps = finding.help.iter_mut().map(|help| &mut help.text);
            for text in std::iter::once(&mut finding.message).chain(labels).chain(helps) {
                for secret in secrets.iter().filter(|secret| text.contains(secret.as_str())).collect::<Vec<_>>() {
                    *text = text.replace(secret.as_str(), "****");
                }
            }
        }
    }

    /// Sets a variable of a file.
    pub fn add(&mut self, name: &str, value: String) {
        self.files.insert(name.to_owned(), value);
    }
}

/// What came up while a tree's variables were replaced.
#[derive(Default)]
pub(super) struct Replaced {
    /// Expressions that cannot be replaced.
    pub faults: Vec<Diagnostic>,
    /// Variables without value and default, each with its places.
    pub unset: IndexMap<String, Vec<Unset>>,
    /// The texts that held variables, by their places.
    pub texts: BTreeMap<Span, Interpolated>,
    /// Whether one that has to have a value may go without: where nothing is made of what is read.
    pub lenient: bool,
}

/// Where a variable stands that has no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unset {
    /// The expression.
    pub span: Span,
    /// The value that it is a part of.
    pub whole: Span,
    /// Whether that makes or breaks a container: an image, a port, a volume or a network.
    pub vital: bool,
    /// What `${X:?…}` says of a variable that has to have a value: without one docker-compose does not start.
    pub required: Option<String>,
}

impl Replaced {
    fn unset(&mut self, name: String, unset: Unset) {
        let places = self.unset.entry(name).or_default();
        // A file may be read several times, and an anchor stand in several places.
        if !places.contains(&unset) {
            places.push(unset);
        }
    }
}

/// Where in a Compose file a value stands.
#[derive(Clone, Copy)]
enum At {
    Top,
    Services,
    Service,
    Below { vital: bool, stand_in: StandIn },
}

/// What a variable that has to have a value may stand for.
#[derive(Clone, Copy)]
enum StandIn {
    Image,
    Port,
    Path,
    Any,
}

impl At {
    fn below(self, key: &str) -> At {
        match self {
            At::Top if key == "services" => At::Services,
            At::Top => At::Below { vital: matches!(key, "networks" | "volumes"), stand_in: StandIn::Any },
            At::Services => At::Service,
            At::Service => {
                let stand_in = match key {
                    "image" => StandIn::Image,
                    "ports" => StandIn::Port,
                    "volumes" => StandIn::Path,
                    _ => StandIn::Any,
                };
                let vital = matches!(key, "image" | "ports" | "volumes" | "networks" | "network_mode");
                At::Below { vital, stand_in }
            }
            below @ At::Below { .. } => below,
        }
    }
}

/// Replaces the variables in every value of a tree.
pub(super) fn interpolate(node: &mut Node, variables: &Variables, replaced: &mut Replaced) {
    below(node, At::Top, variables, replaced);
}

fn below(node: &mut Node, at: At, variables: &Variables, replaced: &mut Replaced) {
    let span = node.span;
    match &mut node.kind {
        Kind::Scalar { text, plain } => {
            if !text.contains('$') {
                return;
            }
            let mut scope = Scope { variables, unset: Vec::new() };
            let result = replace(text, &mut scope);
            let width = (span.end - span.start) as usize;
            let place = |range: Range<usize>| match width.checked_sub(text.len()) {
                Some(0) => span.part(range.start, range.end),
                Some(2) => span.part(range.start + 1, range.end + 1),
                _ => span,
            };
            let (vital, stand_in) = match at {
                At::Below { vital, stand_in } => (vital, stand_in),
                At::Top | At::Services | At::Service => (false, StandIn::Any),
            };
            let unset = |range| Unset { span: place(range), whole: span, vital, required: None };
            for (name, range) in scope.unset {
                replaced.unset(name, unset(range));
            }
            match result {
                Ok(Some(expanded)) => {
                    text.clone_from(&expanded.text);
                    let Expanded { text, variables } = expanded;
                    replaced.texts.insert(span, Interpolated { text, variables });
                    *plain = false;
                    node.interpolated = true;
                }
                Ok(None) => {}
                // Whoever starts it gives the value. What it would be part of is there all the same.
                Err(interpolation::Fault::Required { name, message, range }) if replaced.lenient => {
                    replaced.unset(name, Unset { required: Some(message), ..unset(range) });
                    *text = stand_in.put_in(text, variables);
                    *plain = false;
                    node.interpolated = true;
                }
                Err(fault) => {
                    let range = match &fault {
                        interpolation::Fault::Invalid(range) | interpolation::Fault::TooLarge(range) => range.clone(),
                        interpolation::Fault::Required { range, .. } => range.clone(),
                    };
                    replaced.faults.push(fault_found(&fault, place(range)));
                }
            }
        }
        Kind::Sequence(items) => items.iter_mut().for_each(|item| below(item, at, variables, replaced)),
        Kind::Mapping(entries) => {
            entries.iter_mut().for_each(|entry| below(&mut entry.value, at.below(&entry.key), variables, replaced));
        }
    }
}

impl StandIn {
    /// A text whose expressions all have some value, of which nothing must follow that depends on it.
    fn put_in(self, text: &str, variables: &Variables) -> String {
        struct Given<'a>(&'a dyn Fn(&str) -> String);
        impl interpolation::Variables for Given<'_> {
            fn value(&mut self, name: &str) -> Option<String> {
                Some((self.0)(name))
            }
            fn unset(&mut self, _: &str, _: Range<usize>) {}
        }
        let leads = text.starts_with('$');
        let value = |name: &str| {
            let known = variables.get(name).filter(|value| !value.is_empty());
            known.map_or_else(|| self.value(name, leads), str::to_owned)
        };
        replace(text, &mut Given(&value)).ok().flatten().map_or_else(|| text.to_owned(), |it| it.text)
    }

    fn value(self, name: &str, leads: bool) -> String {
        match self {
            // No short name, which would have to be looked for.
            StandIn::Image if leads => "registry.invalid/x".to_owned(),
            // Each variable its own port, so that no two meet.
            StandIn::Port => {
                let sum = name.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 10_000);
                (20_000 + sum).to_string()
            }
            // No volume, which would have to be defined.
            StandIn::Path if leads => format!("/{name}"),
            StandIn::Image | StandIn::Path | StandIn::Any => "1".to_owned(),
        }
    }
}

struct Scope<'a> {
    variables: &'a Variables,
    unset: Vec<(String, Range<usize>)>,
}

impl interpolation::Variables for Scope<'_> {
    fn value(&mut self, name: &str) -> Option<String> {
        self.variables.get(name).map(str::to_owned)
    }

    fn unset(&mut self, name: &str, range: Range<usize>) {
        self.unset.push((name.to_owned(), range));
    }
}
