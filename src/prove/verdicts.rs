//! Every pair's answers on both sides, by the comparison behind `quadgen diff`.

use crate::network::{Comparison, Link, Verdict, Wiring, compare};
use crate::source::Span;

/// What is answered otherwise, each with the place of whom it concerns.
pub(super) fn differences(meant: &Wiring<'_>, does: &Wiring<'_>) -> Vec<(Span, String)> {
    let Comparison { pairs, internet, ports, .. } = compare(meant, does);
    let place = |name: &str| {
        let service = meant.stack.services.get(name);
        service.map_or_else(|| meant.stack.name.span(), crate::model::Service::span)
    };
    let mut found = Vec::new();
    for pair in pairs {
        let (from, to) = (&pair.from, &pair.to);
        if let Some(verbs) = verbs(pair.reaches, "reaches") {
            found.push((
                place(from),
                format!("by the source `{from}` {} `{to}`, and from what was rendered it {}", verbs.0, verbs.1),
            ));
        }
        for (name, link) in &pair.names {
            if let Some(verbs) = verbs(*link, "finds") {
                let message = format!(
                    "by the source `{from}` {} `{to}` by the name `{name}`, and from what was rendered it {}",
                    verbs.0, verbs.1
                );
                found.push((place(from), message));
            }
        }
    }
    for way in internet {
        for (link, how) in [(way.by_address, "by address"), (way.by_name, "by name")] {
            if let Some(verbs) = verbs(link, "reaches") {
                let message = format!(
                    "by the source `{}` {} the internet {how}, and from what was rendered it {}",
                    way.service, verbs.0, verbs.1
                );
                found.push((place(&way.service), message));
            }
        }
    }
    for port in ports {
        if let Some(verbs) = verbs(port.answers, "answers") {
            let message = format!(
                "by the source the published port {} of `{}` {}, and from what was rendered it {}",
                port.port, port.service, verbs.0, verbs.1
            );
            found.push((place(&port.service), message));
        }
    }
    found
}

/// The two answers in words, if they differ. What nobody knows rests on something that cannot be looked into: there only
/// the facts are compared.
fn verbs(link: Link, verb: &str) -> Option<(String, String)> {
    let word = |verdict: Verdict| match verdict {
        Verdict::Yes => Some(verb.to_owned()),
        Verdict::No => Some(format!("never {verb}")),
        Verdict::Unpredictable => Some(format!("sometimes {verb}")),
        Verdict::Unknown => None,
    };
    link.change()?;
    Some((word(link.old)?, word(link.new)?))
}
