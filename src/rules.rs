//! The rules: one file each beside its page, and here the one list of them.
//!
//! To add one, copy `duplicate_host_port.rs` and its page, and add a line to [`RULES`]. The page's examples are its test.

mod alias_without_effect;
mod ambiguous_name;
mod bridging_service;
mod client_address_hidden;
mod context;
mod dead_published_port;
mod default_network_without_dns;
mod denied_connection;
mod dependency_cycle;
mod dns_leak_on_internal_network;
mod dns_override_without_effect;
mod dns_port_conflict;
mod docker_desktop_only_name;
mod duplicate_container_name;
mod duplicate_host_port;
mod exposed_datastore;
mod external_name_on_internal_network;
mod host;
mod host_network_isolation;
mod host_reachable_from_internal;
mod host_service_on_loopback;
mod host_unreachable;
mod ignored_port;
mod internal_network_without_dns;
mod internet_access;
mod invalid_dns_name;
mod isolation_lost_to_backend;
mod localhost_in_container;
mod loopback_port_used_inside;
mod mend;
mod missing_container_name;
mod missing_host_alias;
mod multi_homed_dns;
mod one_sided_isolate;
mod privileged_port;
mod rootless_driver;
mod runtime_socket_mounted;
mod together;
mod undecided_default_route;
mod undecided_host_address;
mod undefined_reference;
mod unisolated_networks;
mod unreachable_connection;
mod unresolvable_name;
mod unroutable_host_alias;
mod unsupported_host_gateway;
mod volatile_host_address;
mod works_elsewhere_only;

pub use context::{Context, Need, View};
pub use host::{HostNeed, HostUse};

use crate::diagnostic::{Rule, Sink, input, units};

pub use together::{Member, check_together};
pub use undefined_reference::RULE as UNDEFINED_REFERENCE;

/// What looks for a rule's findings.
#[derive(Clone, Copy)]
pub enum Check {
    /// Readers, the renderer or the command line report it while they work.
    Elsewhere,
    /// A look at the whole stack, on every platform.
    Stack(fn(&Context<'_>, &mut Sink)),
}

/// Every rule, by code.
pub static RULES: &[(&Rule, Check)] = &[
    (&input::COULD_NOT_RUN, Check::Elsewhere),
    (&input::SYNTAX_ERROR, Check::Elsewhere),
    (&input::UNKNOWN_KEY, Check::Elsewhere),
    (&input::INVALID_VALUE, Check::Elsewhere),
    (&input::DUPLICATE_KEY, Check::Elsewhere),
    (&undefined_reference::RULE, Check::Stack(undefined_reference::check)),
    (&multi_homed_dns::RULE, Check::Stack(multi_homed_dns::check)),
    (&internal_network_without_dns::RULE, Check::Stack(internal_network_without_dns::check)),
    (&missing_container_name::RULE, Check::Stack(missing_container_name::check)),
    (&unresolvable_name::RULE, Check::Stack(unresolvable_name::check)),
    (&default_network_without_dns::RULE, Check::Stack(default_network_without_dns::check)),
    (&ambiguous_name::RULE, Check::Stack(ambiguous_name::check)),
    (&duplicate_container_name::RULE, Check::Stack(duplicate_container_name::check)),
    (&invalid_dns_name::RULE, Check::Stack(invalid_dns_name::check)),
    (&alias_without_effect::RULE, Check::Stack(alias_without_effect::check)),
    (&dns_override_without_effect::RULE, Check::Stack(dns_override_without_effect::check)),
    (&external_name_on_internal_network::RULE, Check::Stack(external_name_on_internal_network::check)),
    (&dns_leak_on_internal_network::RULE, Check::Stack(dns_leak_on_internal_network::check)),
    (&internet_access::RULE, Check::Stack(internet_access::check)),
    (&isolation_lost_to_backend::RULE, Check::Stack(isolation_lost_to_backend::check)),
    (&unisolated_networks::RULE, Check::Stack(unisolated_networks::check)),
    (&one_sided_isolate::RULE, Check::Stack(one_sided_isolate::check)),
    (&bridging_service::RULE, Check::Stack(bridging_service::check)),
    (&host_reachable_from_internal::RULE, Check::Stack(host_reachable_from_internal::check)),
    (&host_network_isolation::RULE, Check::Stack(host_network_isolation::check)),
    (&unreachable_connection::RULE, Check::Stack(unreachable_connection::check)),
    (&runtime_socket_mounted::RULE, Check::Stack(runtime_socket_mounted::check)),
    (&denied_connection::RULE, Check::Stack(denied_connection::check)),
    (&unroutable_host_alias::RULE, Check::Stack(unroutable_host_alias::check)),
    (&missing_host_alias::RULE, Check::Stack(missing_host_alias::check)),
    (&docker_desktop_only_name::RULE, Check::Stack(docker_desktop_only_name::check)),
    (&localhost_in_container::RULE, Check::Stack(localhost_in_container::check)),
    (&host_service_on_loopback::RULE, Check::Stack(host_service_on_loopback::check)),
    (&volatile_host_address::RULE, Check::Stack(volatile_host_address::check)),
    (&unsupported_host_gateway::RULE, Check::Stack(unsupported_host_gateway::check)),
    (&host_unreachable::RULE, Check::Stack(host_unreachable::check)),
    (&undecided_host_address::RULE, Check::Stack(undecided_host_address::check)),
    (&duplicate_host_port::RULE, Check::Stack(duplicate_host_port::check)),
    (&dead_published_port::RULE, Check::Stack(dead_published_port::check)),
    (&ignored_port::RULE, Check::Stack(ignored_port::check)),
    (&privileged_port::RULE, Check::Stack(privileged_port::check)),
    (&exposed_datastore::RULE, Check::Stack(exposed_datastore::check)),
    (&loopback_port_used_inside::RULE, Check::Stack(loopback_port_used_inside::check)),
    (&dns_port_conflict::RULE, Check::Stack(dns_port_conflict::check)),
    (&client_address_hidden::RULE, Check::Stack(client_address_hidden::check)),
    (&rootless_driver::RULE, Check::Stack(rootless_driver::check)),
    (&undecided_default_route::RULE, Check::Stack(undecided_default_route::check)),
    (&dependency_cycle::RULE, Check::Stack(dependency_cycle::check)),
    (&units::KEY_TOO_NEW, Check::Elsewhere),
    (&units::MISSING_IMAGE, Check::Elsewhere),
    (&units::REFUSED_SERVICE_SETTING, Check::Elsewhere),
    (&input::LOST_ON_TARGET, Check::Elsewhere),
    // The last one: it speaks of what no other rule says.
    (&works_elsewhere_only::RULE, Check::Stack(works_elsewhere_only::check)),
];

/// Runs every rule. A stack that could not be read whole is left alone: what looks missing may stand in the rest.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if !context.stack.complete {
        return;
    }
    for (_, check) in RULES {
        if let Check::Stack(check) = check {
            check(context, sink);
        }
    }
}

/// The rule with a code or a name, in any case.
pub fn find(wanted: &str) -> Option<&'static Rule> {
    let same = |rule: &&Rule| rule.code.eq_ignore_ascii_case(wanted) || rule.name.eq_ignore_ascii_case(wanted);
    RULES.iter().map(|(rule, _)| *rule).find(same)
}
