//! What to do with rendered files, in order.

use super::Target;
use crate::model::Stack;
use crate::platform::Platform;

pub(super) fn steps(stack: &Stack, platform: &Platform, target: Target) -> Vec<String> {
    if target == Target::Compose {
        return vec!["docker compose up -d".to_owned()];
    }
    let (folder, systemctl) = if platform.rootless {
        ("~/.config/containers/systemd/", "systemctl --user")
    } else {
        ("/etc/containers/systemd/", "systemctl")
    };
    let services: Vec<&str> = stack.services.keys().map(String::as_str).collect();
    let mut steps = vec![
        format!("copy the files to {folder}"),
        format!("{systemctl} daemon-reload"),
        format!("{systemctl} start {}", services.join(" ")),
    ];
    if platform.rootless {
        steps.push("loginctl enable-linger    # so that they start at boot and stay when you log out".to_owned());
    }
    steps.push(
        "A changed network is not changed by a restart: stop what uses it, `podman network rm` it, then start again."
            .to_owned(),
    );
    steps
}
