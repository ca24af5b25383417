//! What SELinux labels are for, and what they must not be written on.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{HOME, Mount, Service};

/// The label of a mount: `z`, which all containers share, or `Z`, of this container alone.
pub(crate) fn label(mount: &Mount) -> Option<&str> {
    mount.options.iter().map(String::as_str).find(|option| matches!(*option, "z" | "Z"))
}

/// `data/selinux.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paths {
    refused: Vec<String>,
    of_programs: Vec<String>,
    below: Vec<String>,
}

static PATHS: LazyLock<Paths> = LazyLock::new(|| table!("selinux"));

/// Whether a runtime refuses to label a path, without a `/` at its end.
pub(crate) fn is_refused(path: &str) -> bool {
    PATHS.refused.iter().any(|refused| refused == path)
}

/// Whether a path belongs to the system: to others than a container.
pub(crate) fn is_of_the_system(path: &str) -> bool {
    let path = path.replace(HOME, "%h");
    let path = path.trim_end_matches('/');
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    is_refused(path)
        || PATHS.of_programs.iter().any(|own| path == own || below(own))
        || PATHS.below.iter().any(|folder| below(folder))
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

#[cfg(test)]
mod tests {
    use super::{is_of_the_system, is_refused};

    #[test]
    fn paths_of_the_system_get_no_label() {
        for path in ["/etc/localtime", "/etc/ssl/certs", "/proc", "/dev/dri", "/run/podman/podman.sock", "~"] {
            assert!(is_of_the_system(path), "{path}");
        }
        for path in ["/srv/data", "/home/me/app", "/etc/sslx", "./data"] {
            assert!(!is_of_the_system(path), "{path}");
        }
        assert!(is_refused("/usr") && is_refused("") && !is_refused("/usr/share/x"));
    }
}
