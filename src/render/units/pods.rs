//! Pods → Compose: a service that holds the network, and its containers in it.
//!
//! A container of the pod could hold it, too, as in a topology. But then the others lose their network whenever that
//! one is restarted, and two containers that wait for each other's service would be a ring. What holds a pod's network
//! in Podman is a program of its own that does nothing; in Compose it needs an image.

use crate::diagnostic::Diagnostic;
use crate::model::{NetworkMode, Restart, ServiceKind, Spanned, Stack};
use crate::render::lost;

/// What Kubernetes holds the network of its pods with: a program that waits for the end.
const PAUSE: &str = "registry.k8s.io/pause:3.10";

pub(super) fn pods(stack: &mut Stack, found: &mut Vec<Diagnostic>) {
    let pods = stack.services.values().filter(|service| service.kind == ServiceKind::Pod);
    let pods: Vec<_> = pods.cloned().collect();
    for pod in pods {
        let name = &pod.name.value;
        let inside = NetworkMode::Service(name.clone());
        let mut members = Vec::new();
        let mut always = None;
        for service in stack.services.values_mut() {
            if service.network_mode.as_ref().is_none_or(|mode| mode.value != inside) {
                continue;
            }
            members.push(service.name.value.clone());
            service.mounts.extend(pod.mounts.iter().cloned());
            let is_kept = |restart: &Spanned<Restart>| matches!(restart.value, Restart::Always);
            always = always.or(service.restart.filter(is_kept));
        }
        let message = format!(
            "Compose has no pods: `{name}` is a service of {PAUSE} that holds the network{}",
            if members.is_empty() { String::new() } else { format!(" of {}", members.join(", ")) }
        );
        let help = "What stays: names, ports, networks, and 127.0.0.1 among them. What goes: one IPC namespace and one \
                    host name for all, and that the containers start and stop as one.";
        found.push(lost(pod.span(), message).help(help));
        let Some(holder) = stack.services.get_mut(name) else { continue };
        holder.kind = ServiceKind::Container;
        holder.image = PAUSE.parse().ok().map(|image| Spanned::implied(image, pod.span()));
        // Each container has them now.
        holder.mounts.clear();
        holder.restart = holder.restart.or(always);
    }
}
