//! QG003 in units: values that the generator hands on and that Podman refuses, or takes for something else.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use super::context::Context;
use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Deploy, Duration, Keys, Port, Unit, UnitEntry};
use crate::platform::generator::Habit;
use crate::platform::keys::{self, Repeat, SectionKeys};

/// QG003. Readers report most of it.
pub use crate::diagnostic::input::INVALID_VALUE as RULE;

/// What a value has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Port,
    Subnet,
    Address,
    Duration,
    Number,
}

/// The keys whose values have a form; switches have one, too.
const FORMS: [(&str, Form); 13] = [
    ("PublishPort", Form::Port),
    ("Subnet", Form::Subnet),
    ("Gateway", Form::Address),
    ("IP", Form::Address),
    ("IP6", Form::Address),
    ("HealthInterval", Form::Duration),
    ("HealthTimeout", Form::Duration),
    ("HealthStartPeriod", Form::Duration),
    ("HealthStartupInterval", Form::Duration),
    ("HealthStartupTimeout", Form::Duration),
    ("HealthRetries", Form::Number),
    ("HealthStartupRetries", Form::Number),
    ("HealthStartupSuccess", Form::Number),
];

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    // Most keys take any value.
    let formed: Keys = FORMS.iter().map(|(key, _)| *key).chain(keys::switches()).collect();
    for view in context.views.iter().filter(|view| view.wiring.platform.deploy == Deploy::Quadlet) {
        let version = view.wiring.platform.version;
        for unit in context.stack.units.values() {
            let own = unit.kind.section();
            let keys = SectionKeys::of(own);
            let entries = unit.entries.iter().filter(|entry| formed.may_hold(&entry.key.value));
            for entry in entries.filter(|entry| entry.section == own) {
                let known = keys.get(&entry.key.value).filter(|key| key.since() <= version);
                // The generator of some releases refuses a port itself, which its reader says.
                let refused = entry.key.value == "PublishPort" && Habit::PortsChecked.of(version);
                let Some(key) = known.filter(|_| !refused) else { continue };
                // Whether it counts is asked last: it takes longer, and few are at fault.
                if let Some(fault) = fault(entry, key.repeat).filter(|_| counts(unit, entry, key.repeat)) {
                    let Fault { message, what_helps } = fault;
                    let finding = Diagnostic::new(&RULE, entry.value.span(), message);
                    view.report(sink, finding.help(format!("What helps: {what_helps}.")));
                }
            }
        }
    }
}

struct Fault {
    message: String,
    what_helps: &'static str,
}

/// Whether an entry says anything: a later one of a key that has one value takes its place, an empty one takes back.
fn counts(unit: &Unit, entry: &UnitEntry, kind: Repeat) -> bool {
    let value = entry.value.value.trim();
    let single = matches!(kind, Repeat::Last | Repeat::Bool | Repeat::Uint);
    let last = unit.last(&entry.section, &entry.key.value).is_some_and(|last| last.key.span() == entry.key.span());
    // What systemd puts in is known only where it runs, and a comment behind the value is QG706.
    !value.is_empty() && !value.contains(['%', '$', '#']) && (!single || last) && !is_placeholder(value)
}

/// Whether a value is there to be replaced before anybody starts it: `YOURPORT`, `xxx.xxx.xxx.x/xx`, `<port>`.
fn is_placeholder(value: &str) -> bool {
    let upper = value.to_ascii_uppercase();
    let marked = [("<", ">"), ("{{", "}}"), ("__", "__")];
    let marked = marked.iter().any(|(open, close)| {
        value.split_once(open).is_some_and(|(_, rest)| rest.contains(close) && rest.contains(char::is_alphabetic))
    });
    let word = |word: &str| {
        let rest = word.trim_start_matches(['X', 'x']);
        (rest.is_empty() && word.len() > 1) || word.to_ascii_uppercase().starts_with("YOUR")
    };
    let words = value.split(|c: char| !c.is_alphanumeric() && c != '_');
    // Capitals that say what is to stand there.
    let named = |word: &str| {
        let capitals = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        capitals && ["PORT", "ADDRESS", "SUBNET", "GATEWAY", "HOST_IP"].iter().any(|name| word.contains(name))
    };
    let asked = ["CHANGEME", "CHANGE_ME", "CHANGE-ME", "PLACEHOLDER", "REPLACEME", "REPLACE_ME", "TODO"];
    marked || asked.iter().any(|sign| upper.contains(sign)) || words.into_iter().any(|it| word(it) || named(it))
}

fn fault(entry: &UnitEntry, kind: Repeat) -> Option<Fault> {
    let key = entry.key.value.as_str();
    let value = entry.value.value.trim();
    let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let refused = |why: String, what_helps| {
        Some(Fault {
            message: format!("`{key}={}`: {why}; Podman refuses it at the start", value.escape_debug()),
            what_helps,
        })
    };
    if kind == Repeat::Bool {
        let words = ["1", "yes", "true", "on", "0", "no", "false", "off"];
        if words.iter().any(|word| bare.eq_ignore_ascii_case(word)) {
            return None;
        }
        let message = format!("`{key}={}` counts as no: it is none of Quadlet's words for yes", value.escape_debug());
        return Some(Fault { message, what_helps: "true, or false" });
    }
    let (_, form) = FORMS.iter().find(|(formed, _)| *formed == key)?;
    match form {
        Form::Port => match with_small_protocol(bare).parse::<Port>() {
            Ok(_) => None,
            Err(why) => refused(why, "[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL], such as 8080:80 or 127.0.0.1:5353:53/udp"),
        },
        Form::Subnet if bare.parse::<IpNet>().is_err() => {
            refused("it is no subnet".to_owned(), "an address with the length of its prefix, such as 10.89.7.0/24")
        }
        Form::Address if bare.parse::<IpAddr>().is_err() => {
            refused("it is no address".to_owned(), "an address, such as 10.89.7.1")
        }
        Form::Duration if bare != "disable" => {
            let why = bare.parse::<Duration>().err()?;
            refused(why, "a number with a unit, such as 30s or 1m30s")
        }
        Form::Number if bare.parse::<u32>().is_err() => refused("it is no whole number".to_owned(), "a whole number"),
        _ => None,
    }
}

/// A port with its protocol as the model knows it; what is wrong with the rest is said as written.
fn with_small_protocol(port: &str) -> Cow<'_, str> {
    match port.rsplit_once('/') {
        Some((ports, protocol)) => format!("{ports}/{}", protocol.to_ascii_lowercase()).into(),
        None => port.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::FORMS;
    use crate::model::UnitKind;
    use crate::platform::keys;

    #[test]
    fn every_form_is_that_of_a_key() {
        let is_known = |key: &str| UnitKind::ALL.iter().any(|kind| keys::find(kind.section(), key).is_some());
        assert!(FORMS.iter().all(|(key, _)| is_known(key)));
    }
}
