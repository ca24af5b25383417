//! `[X-Quadgen]`: what is meant, in a section that systemd and the generator pass over.

use super::super::intent::Names;
use super::super::reader::Reader;
use super::load::Loaded;
use super::stack::key;
use super::unit::Unit;
use crate::diagnostic::{Diagnostic, input};
use crate::model::{Deny, INTENTS, Party, Spanned, Stack, Text, UnitKind};
use crate::suggest;
use crate::syntax::unit::{Escapes, Word};

const KEYS: [&str; 4] = ["Internet", "Host", "Connects", "Deny"];

pub(super) fn intents(loaded: &Loaded, stack: &mut Stack) -> Vec<Diagnostic> {
    let mut reader = Reader::default();
    // An entry of it has its section's header above.
    let speaks = |unit: &&Unit| unit.sections.iter().any(|(name, _)| name == INTENTS);
    for unit in loaded.units.iter().filter(speaks) {
        for entry in unit.entries.iter().filter(|entry| entry.section == INTENTS) {
            if KEYS.contains(&entry.key.as_str()) {
                continue;
            }
            let message = format!("[{INTENTS}] has no key `{}`", entry.key.escape_debug());
            let found = Diagnostic::new(&input::UNKNOWN_KEY, entry.key_span, message);
            reader.diagnostics.push(match suggest::nearest(&entry.key, KEYS) {
                Some(near) => found.here(format!("did you mean `{near}`?")),
                None => found.help(format!("It has: {}.", KEYS.join(", "))),
            });
        }
        let texts =
            |key: &str| -> Vec<Text> { unit.words(INTENTS, key, Escapes::Keep).into_iter().map(text).collect() };
        if let Some(service) = key(unit).and_then(|key| stack.services.get_mut(key)) {
            let mut denied = |what: &str, key: &str| {
                let text = unit.text(INTENTS, key)?;
                reader.denied_text(text.value, text.span(), what)
            };
            service.internet_denied = denied("Internet=", "Internet");
            service.host_denied = denied("Host=", "Host");
            for text in texts("Connects") {
                let text = Spanned { value: text.value.replace(".container", ""), origin: text.origin };
                service.connections.extend(reader.connection_text(&text));
            }
        }
        let Some(from) = party(unit) else { continue };
        for text in texts("Deny") {
            let to = match text.value.rsplit_once('.').and_then(|_| UnitKind::of_file(&text.value)) {
                Some((stem, UnitKind::Network)) => Some(vec![Party::Network(stem.to_owned())]),
                Some((stem, UnitKind::Container)) => Some(vec![Party::Service(stem.to_owned())]),
                Some(_) => Some(vec![Party::Service(text.value.clone())]),
                None => {
                    let services =
                        stack.services.iter().map(|(name, service)| (name.clone(), service.span())).collect();
                    let names = Names { services: &services, networks: &stack.networks };
                    reader.parties(&text, 0, text.value.len(), &names)
                }
            };
            stack.deny.extend(to.map(|to| Deny { from: vec![from.clone()], to, text }));
        }
    }
    reader.diagnostics
}

/// Whom the section of a unit is about.
fn party(unit: &Unit) -> Option<Party> {
    match unit.kind {
        UnitKind::Network => Some(Party::Network(unit.stem.clone())),
        _ => key(unit).map(|key| Party::Service(key.to_owned())),
    }
}

fn text(word: Word<'_>) -> Text {
    Spanned::written(word.text.replace("%%", "%"), word.span)
}
