//! The rules: one file each beside its page, and here the one list of them.
//!
//! To add one, copy `duplicate_host_port.rs` and its page, and add a line to [`RULES`]. The page's examples are its test.

mod address_outside_subnet;
mod alias_without_effect;
mod ambiguous_name;
mod auto_update_mismatch;
mod bridging_service;
mod client_address_hidden;
mod conflicting_network_mode;
mod context;
mod dangling_dependency;
mod dead_published_port;
mod default_network_without_dns;
mod denied_connection;
mod dependency_cycle;
mod deprecated_key;
mod dns_leak_on_internal_network;
mod dns_override_without_effect;
mod dns_port_conflict;
mod docker_desktop_only_name;
mod duplicate_address;
mod duplicate_container_name;
mod duplicate_host_port;
mod duplicate_key;
mod env_file_syntax;
mod exposed_datastore;
mod external_name_on_internal_network;
mod gateway_without_subnet;
mod hard_coded_user_path;
mod health_without_check;
mod host;
mod host_network_isolation;
mod host_reachable_from_internal;
mod host_service_on_loopback;
mod host_unreachable;
mod ignored_port;
mod internal_network_without_dns;
mod internet_access;
mod invalid_dns_name;
mod invalid_restart;
mod invalid_value;
mod ipv6_without_network;
mod isolation_lost_to_backend;
mod joined_networks;
mod localhost_in_container;
mod loopback_port_used_inside;
mod mend;
mod misplaced_key;
mod missing_container_name;
mod missing_host_alias;
mod missing_install;
mod multi_homed_dns;
mod one_sided_isolate;
mod overlapping_subnets;
mod pod_member_network;
mod pod_member_port;
mod privileged_port;
mod refused_service_setting;
mod replicated_host_port;
mod restart_gives_up;
mod rootless_driver;
mod runtime_socket_mounted;
mod selinux_label;
mod shadowed_unit;
mod short_image_name;
mod start_timeout;
mod together;
mod undecided_default_route;
mod undecided_host_address;
mod undefined_reference;
mod unexpanded_variable;
mod unisolated_networks;
mod unit_lines;
mod unknown_key;
mod unmanaged_network;
mod unmapped_user;
mod unreachable_connection;
mod unresolvable_name;
mod unroutable_host_alias;
mod unset_variable;
mod unsupported_host_gateway;
mod unused_definition;
mod volatile_data;
mod volatile_host_address;
mod works_elsewhere_only;
mod wrong_install_target;

pub use context::{Context, Need, View};
pub use host::{HostNeed, HostUse};

use crate::diagnostic::{Rule, Sink, input, own, units};
use crate::threads::{self, MANY};

pub use together::{Member, check_together};
pub use undefined_reference::RULE as UNDEFINED_REFERENCE;

/// What looks for a rule's findings.
#[derive(Clone, Copy)]
pub enum Check {
    /// Readers, the renderer or the command line report it while they work.
    Elsewhere,
    /// A look at the whole stack, on every platform.
    Stack(fn(&Context<'_>, &mut Sink)),
    /// The same, which asks what the others found.
    Behind(fn(&Context<'_>, &mut Sink)),
}

/// Every rule, by code.
pub static RULES: &[(&Rule, Check)] = &[
    (&input::COULD_NOT_RUN, Check::Elsewhere),
    (&input::SYNTAX_ERROR, Check::Elsewhere),
    (&input::UNKNOWN_KEY, Check::Stack(unknown_key::check)),
    (&invalid_value::RULE, Check::Stack(invalid_value::check)),
    (&input::DUPLICATE_KEY, Check::Stack(duplicate_key::check)),
    (&unset_variable::RULE, Check::Stack(unset_variable::check)),
    (&undefined_reference::RULE, Check::Stack(undefined_reference::check)),
    (&unused_definition::RULE, Check::Stack(unused_definition::check)),
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
    (&pod_member_port::RULE, Check::Stack(pod_member_port::check)),
    (&loopback_port_used_inside::RULE, Check::Stack(loopback_port_used_inside::check)),
    (&replicated_host_port::RULE, Check::Stack(replicated_host_port::check)),
    (&dns_port_conflict::RULE, Check::Stack(dns_port_conflict::check)),
    (&client_address_hidden::RULE, Check::Stack(client_address_hidden::check)),
    (&rootless_driver::RULE, Check::Stack(rootless_driver::check)),
    (&overlapping_subnets::RULE, Check::Stack(overlapping_subnets::check)),
    (&address_outside_subnet::RULE, Check::Stack(address_outside_subnet::check)),
    (&duplicate_address::RULE, Check::Stack(duplicate_address::check)),
    (&ipv6_without_network::RULE, Check::Stack(ipv6_without_network::check)),
    (&gateway_without_subnet::RULE, Check::Stack(gateway_without_subnet::check)),
    (&undecided_default_route::RULE, Check::Stack(undecided_default_route::check)),
    (&dependency_cycle::RULE, Check::Stack(dependency_cycle::check)),
    (&dangling_dependency::RULE, Check::Stack(dangling_dependency::check)),
    (&health_without_check::RULE, Check::Stack(health_without_check::check)),
    (&missing_install::RULE, Check::Stack(missing_install::check)),
    (&wrong_install_target::RULE, Check::Stack(wrong_install_target::check)),
    (&invalid_restart::RULE, Check::Stack(invalid_restart::check)),
    (&start_timeout::RULE, Check::Stack(start_timeout::check)),
    (&auto_update_mismatch::RULE, Check::Stack(auto_update_mismatch::check)),
    (&selinux_label::RULE, Check::Stack(selinux_label::check)),
    (&unmapped_user::RULE, Check::Stack(unmapped_user::check)),
    (&restart_gives_up::RULE, Check::Stack(restart_gives_up::check)),
    (&units::KEY_TOO_NEW, Check::Elsewhere),
    (&deprecated_key::RULE, Check::Stack(deprecated_key::check)),
    (&units::MISSING_IMAGE, Check::Elsewhere),
    (&short_image_name::RULE, Check::Stack(short_image_name::check)),
    (&unexpanded_variable::RULE, Check::Stack(unexpanded_variable::check)),
    (&units::BROKEN_QUOTING, Check::Elsewhere),
    (&shadowed_unit::RULE, Check::Stack(shadowed_unit::check)),
    (&unmanaged_network::RULE, Check::Stack(unmanaged_network::check)),
    (&hard_coded_user_path::RULE, Check::Stack(hard_coded_user_path::check)),
    (&conflicting_network_mode::RULE, Check::Stack(conflicting_network_mode::check)),
    (&pod_member_network::RULE, Check::Stack(pod_member_network::check)),
    (&units::ARGUMENT_WITH_A_KEY, Check::Elsewhere),
    (&refused_service_setting::RULE, Check::Stack(refused_service_setting::check)),
    (&misplaced_key::RULE, Check::Stack(misplaced_key::check)),
    (&env_file_syntax::RULE, Check::Stack(env_file_syntax::check)),
    (&input::LOST_ON_TARGET, Check::Elsewhere),
    (&input::OBSOLETE_ATTRIBUTE, Check::Elsewhere),
    // Behind the others about connections: it speaks of what no other rule says.
    (&works_elsewhere_only::RULE, Check::Behind(works_elsewhere_only::check)),
    (&volatile_data::RULE, Check::Stack(volatile_data::check)),
    (&own::UNUSED_SUPPRESSION, Check::Elsewhere),
    (&own::UNKNOWN_RULE, Check::Elsewhere),
];

/// The descriptions alone, for rooms that know no rules.
pub fn list() -> Vec<&'static Rule> {
    RULES.iter().map(|(rule, _)| *rule).collect()
}

/// Whether `quadgen lint` looks for a rule's findings; some are found by `render` only.
pub fn is_of_lint(rule: &Rule) -> bool {
    rule.code != input::LOST_ON_TARGET.code
}

/// Whether a rule also compares the stacks of one host.
pub fn compares(rule: &Rule) -> bool {
    [
        duplicate_container_name::RULE.code,
        duplicate_host_port::RULE.code,
        shadowed_unit::RULE.code,
        overlapping_subnets::RULE.code,
    ]
    .contains(&rule.code)
}

/// Runs every rule. A stack that could not be read whole is left alone: what looks missing may stand in the rest.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    if !context.stack.complete {
        return;
    }
    let found = threads::map(context.stack.services.len() > MANY, RULES, |(_, check)| {
        let mut own = Sink::default();
        if let Check::Stack(look) = check {
            look(context, &mut own);
        }
        own.into_found()
    });
    for ((_, check), found) in RULES.iter().zip(found) {
        sink.extend(found);
        if let Check::Behind(look) = check {
            look(context, sink);
        }
    }
}

/// The rule with a code or a name, in any case.
pub fn find(wanted: &str) -> Option<&'static Rule> {
    let same = |rule: &&Rule| rule.code.eq_ignore_ascii_case(wanted) || rule.name.eq_ignore_ascii_case(wanted);
    RULES.iter().map(|(rule, _)| *rule).find(same)
}
