//! What SELinux labels are for, and what they must not be written on.

use crate::model::{HOME, Mount, Service};

/// The label of a mount: `z`, which all containers share, or `Z`, of this container alone.
pub(crate) fn label(mount: &Mount) -> Option<&str> {
    mount.options.iter().map(String::as_str).find(|option| matches!(*option, "z" | "Z"))
}

/// Folders that a runtime refuses to label, because the host would stop working: `Relabel` of go-selinux.
pub(crate) const REFUSED: [&str; 23] = [
    "", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/opt", "/proc", "/root", "/run",
    "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib", "/var/log", "%h", "~",
];

/// Files and folders of the host that its own programs read, and folders with nothing else in them.
const OF_THE_SYSTEM: [&str; 12] = [
    "/etc/localtime",
    "/etc/timezone",
    "/etc/passwd",
    "/etc/group",
    "/etc/shadow",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/pki",
    "/etc/ssl",
    "/var/log/journal",
];

/// Whether a path belongs to the system: to others than a container.
pub(crate) fn is_of_the_system(path: &str) -> bool {
    let path = path.replace(HOME, "%h");
    let path = path.trim_end_matches('/');
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    REFUSED.contains(&path)
        || OF_THE_SYSTEM.iter().any(|own| path == *own || below(own))
        || [
            "/dev",
            "/proc",
            "/sys",
            "/run/dbus",
            "/run/systemd",
            "/run/udev",
            "/boot",
            "/lib/modules",
            "/usr/share",
            "/usr/lib",
        ]
        .into_iter()
        .any(below)
        || path.ends_with(".sock")
}

/// Whether a container has no label of its own, so that none is written on what it mounts.
pub(crate) fn is_open(service: &Service) -> bool {
    let disables = |text: &String| text.starts_with("label") && (text.contains("disable") || text.contains("type"));
    service.flag("privileged")
        || service.attributes.get("security_opt").is_some_and(|(_, value)| value.texts().iter().any(disables))
        || service
            .quadlet
            .iter()
            .any(|entry| matches!(entry.key.value.as_str(), "SecurityLabelDisable" | "SecurityLabelType"))
}
