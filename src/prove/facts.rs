//! What one side says, one thing after another, and two sides next to each other.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::source::Span;

/// What an object is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Stack,
    Service,
    Network,
    Volume,
}

/// One thing that is said of an object: `what` it is about, `of` which part, and the value.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Fact<'a> {
    pub what: Cow<'a, str>,
    pub of: Cow<'a, str>,
    pub value: Cow<'a, str>,
    /// Where it stands; a finding of the renderer there speaks of it.
    pub at: Span,
}

/// An object with everything that is said of it.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub kind: Kind,
    pub name: &'a str,
    pub at: Span,
    pub facts: Vec<Fact<'a>>,
}

impl<'a> Object<'a> {
    pub fn new(kind: Kind, name: &'a str, at: Span) -> Self {
        Object { kind, name, at, facts: Vec::new() }
    }

    /// Says something that has parts, with a value each.
    pub fn say(
        &mut self,
        what: impl Into<Cow<'a, str>>,
        of: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
        at: Span,
    ) {
        self.facts.push(Fact { what: what.into(), of: of.into(), value: value.into(), at });
    }

    /// Says something that one line says, of which the last one counts.
    pub fn say_last(&mut self, what: &'a str, value: impl Into<Cow<'a, str>>, at: Span) {
        self.facts.retain(|fact| fact.what != what);
        self.say(what, "", value, at);
    }

    /// Puts what is said into the order in which it is compared.
    pub fn sort(&mut self) {
        self.facts.sort_by(|a, b| (&a.what, &a.of, &a.value).cmp(&(&b.what, &b.of, &b.value)));
    }
}

/// Something that one side says and the other does not, or otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Difference {
    pub kind: Kind,
    /// The object's name.
    pub name: String,
    /// What it is about; empty where the object as a whole is not there, or is too much.
    pub what: String,
    pub of: String,
    /// What the source says.
    pub meant: Option<String>,
    /// What the rendered files say.
    pub does: Option<String>,
    /// The place in the source.
    pub at: Span,
}

/// The order in which objects are compared.
pub(super) fn order(a: &Object<'_>, b: &Object<'_>) -> Ordering {
    (a.kind, a.name).cmp(&(b.kind, b.name))
}

/// Compares two sides, object by object; both are in order, and so is what is said of each object.
pub(super) fn differences(meant: Vec<Object<'_>>, does: Vec<Object<'_>>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut does = does.into_iter().peekable();
    let whole = |object: &Object<'_>, at: Span| Difference {
        kind: object.kind,
        name: object.name.to_owned(),
        what: String::new(),
        of: String::new(),
        meant: None,
        does: None,
        at,
    };
    // What is too much has no place in the source but that of the stack itself.
    let top = meant.first().map(|object| object.at).unwrap_or_default();
    for here in meant {
        while let Some(extra) = does.next_if(|there| order(there, &here).is_lt()) {
            found.push(Difference { does: Some(String::new()), ..whole(&extra, top) });
        }
        match does.next_if(|there| order(there, &here).is_eq()) {
            Some(there) => object(&here, &there, &mut found),
            None => found.push(Difference { meant: Some(String::new()), ..whole(&here, here.at) }),
        }
    }
    found.extend(does.map(|extra| Difference { does: Some(String::new()), ..whole(&extra, top) }));
    found
}

fn object(meant: &Object<'_>, does: &Object<'_>, found: &mut Vec<Difference>) {
    let (kind, name, at) = (meant.kind, meant.name, meant.at);
    let difference = |fact: &Fact<'_>, meant: Option<&Fact<'_>>, does: Option<&Fact<'_>>| Difference {
        kind,
        name: name.to_owned(),
        what: fact.what.to_string(),
        of: fact.of.to_string(),
        meant: meant.map(|fact| fact.value.to_string()),
        does: does.map(|fact| fact.value.to_string()),
        at: meant.map_or(at, |fact| fact.at),
    };
    let key = |fact: &Fact<'_>| (fact.what.to_string(), fact.of.to_string());
    let (mut ours, mut theirs) = (meant.facts.iter().peekable(), does.facts.iter().peekable());
    loop {
        let (here, there) = match (ours.peek().copied(), theirs.peek().copied()) {
            (None, None) => return,
            (Some(here), Some(there)) if (&here.what, &here.of) == (&there.what, &there.of) => {
                (Some(here), Some(there))
            }
            (Some(here), Some(there)) if key(here) < key(there) => (Some(here), None),
            (Some(here), None) => (Some(here), None),
            (_, there) => (None, there),
        };
        if here.is_some() {
            ours.next();
        }
        if there.is_some() {
            theirs.next();
        }
        if let (Some(here), Some(there)) = (here, there)
            && here.value == there.value
        {
            continue;
        }
        found.extend(here.or(there).map(|fact| difference(fact, here, there)));
    }
}
