//! The reasons of a row. They name no service but one that all pairs have in common that are alike.

use super::side::Side;
use crate::network::{Cause, Home, Reach, Resolution, Step, Verdict};
use crate::platform::Known;

/// Why a name resolves or does not.
pub(super) fn name(from: &Side<'_>, resolution: &Resolution) -> String {
    match &resolution.cause {
        Cause::Found { networks } => format!("the DNS of {} knows the name", quoted(networks)),
        Cause::HostsFile => "the client's hosts file gives the name this address".to_owned(),
        Cause::SharedHostsFile if resolution.verdict == Verdict::Unpredictable => {
            "the hosts file of the network that they share has the name in another case, which glibc takes and musl does \
             not"
                .to_owned()
        }
        Cause::SharedHostsFile => "the hosts file of the network that they share gives the name".to_owned(),
        Cause::NotAName { known } => known.fact.why.to_string(),
        Cause::NoNames { networks, known } => format!("{} has no names: {}", quoted(networks), known.fact.why),
        Cause::Unknown { why } => why.clone(),
        Cause::NotOnNetworks { service, home } => {
            let who = if *service == from.service.name.value { "the client" } else { "the target" };
            match home {
                Home::Host => format!("{who} is in the host's own network, and the DNS of networks is not for it"),
                Home::Nowhere => format!("{who} has no network"),
                Home::Default => format!("{who} is on the runtime's default network, which knows no names"),
                Home::Networks | Home::Elsewhere => format!("{who} is in a network outside of the stack"),
            }
        }
        Cause::Ambiguous { other, networks } => format!("`{other}` has the name, too, on {}", quoted(networks)),
        Cause::OnAnotherNetwork { other, networks, known } => {
            format!("`{other}` has the name on {}: {}", quoted(networks), known.fact.why)
        }
        Cause::NoSharedNetwork => "they share no network".to_owned(),
        Cause::OtherName { .. } => "the target has other names on the network that they share".to_owned(),
        Cause::NoDns { networks, known, .. } => {
            let why = known.as_ref().map_or("it is switched off", |known| known.fact.why.as_ref());
            format!("{} has no DNS: {why}", quoted(networks))
        }
        Cause::SeveralServers { answers, known, .. } => format!(
            "{} knows the name, and the DNS of another network of the client does not: {}",
            quoted(answers),
            known.fact.why
        ),
    }
}

/// Why packets get there or do not. Nothing where the network that both are on says it.
pub(super) fn way(from: &Side<'_>, to: &Side<'_>, reach: &Reach) -> String {
    let fact = |known: &[Known]| known.first().map(|known| known.fact.why.to_string());
    match (reach.verdict, reach.path.as_slice()) {
        (Verdict::Yes, [Step::Network(_)]) => String::new(),
        (Verdict::Yes, []) if reach.known.is_empty() => {
            "they share one network namespace, in which `localhost` is both".to_owned()
        }
        (Verdict::Yes, path) => fact(&reach.known).unwrap_or_else(|| match path.last() {
            Some(Step::Host) => "packets get there through the host's own network".to_owned(),
            _ => "packets get there".to_owned(),
        }),
        (Verdict::Unknown, _) => opaque(from, to)
            .or_else(|| fact(&reach.known))
            .unwrap_or_else(|| "nobody knows whether packets get there".to_owned()),
        (Verdict::No | Verdict::Unpredictable, _) => {
            fact(&reach.known).unwrap_or_else(|| "no packet gets there".to_owned())
        }
    }
}

/// Why the network of one of the two cannot be known.
fn opaque(from: &Side<'_>, to: &Side<'_>) -> Option<String> {
    let sides = [&from.opaque, &to.opaque].into_iter().flatten();
    let networks = [&from.opaque_network, &to.opaque_network].into_iter().flatten().map(|(_, why)| why);
    sides.chain(networks).next().cloned()
}

fn quoted(networks: &[String]) -> String {
    let quoted: Vec<String> = networks.iter().map(|network| format!("`{network}`")).collect();
    quoted.join(" and ")
}
