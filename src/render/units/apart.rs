//! Networks that packets cross between under Quadlet, and that Compose's runtime keeps apart.

use crate::diagnostic::Diagnostic;
use crate::model::{Deploy, Format, PlatformSpec, Stack};
use crate::network::{Verdict, Wiring};
use crate::platform::Platform;
use crate::render::lost;

/// Reports each network whose services lose the way to those of others. `stack` is the one that the units are.
pub(super) fn apart(stack: &Stack, platform: &Platform, found: &mut Vec<Diagnostic>) {
    let units = if platform.is_podman() {
        Platform { deploy: Deploy::Quadlet, ..platform.clone() }
    } else {
        Platform::resolve("units", PlatformSpec::default(), Format::Quadlet)
    };
    let (old, new) = (Wiring::new(stack, &units), Wiring::new(stack, platform));
    for network in stack.networks.values() {
        let name = &network.name.value;
        let lost_way = |other: &&String| {
            let crossed = old.crossing(name, other).verdict == Verdict::Yes;
            *other != name && crossed && new.crossing(name, other).verdict != Verdict::Yes
        };
        let others: Vec<&str> = stack.networks.keys().filter(lost_way).map(String::as_str).collect();
        if others.is_empty() {
            continue;
        }
        let message = format!(
            "under Compose {} keeps networks apart: by address, services on `{name}` no longer reach those on {}",
            platform.describe(),
            others.join(", ")
        );
        let help = "What helps where they need each other: one network that both are on.";
        found.push(lost(network.name.span(), message).help(help));
    }
}
