//! Moving a stack that runs under Docker Compose: what has to be done so that its data survives, and what is called
//! otherwise from then on.
//!
//! The names of containers, networks and volumes stay. Data does not come along, because Podman keeps volumes of its own.

use super::Next;
use crate::model::{Format, Stack};
use crate::render::{Change, prefix};

/// A project that becomes units for the first time.
pub(super) struct Moving<'a> {
    stack: &'a Stack,
    systemctl: &'static str,
    journal: &'static str,
    /// The project's own volumes: what they are called, and the services of their units.
    volumes: Vec<(&'a str, String)>,
}

impl<'a> Moving<'a> {
    /// Nothing where a stack was no Compose project, or was rendered before.
    pub fn new(stack: &'a Stack, rootless: bool, changes: &[Change]) -> Option<Self> {
        if stack.format != Format::Compose || changes.iter().any(|change| change.old.is_some()) {
            return None;
        }
        let own = stack.volumes.values().filter(|volume| !volume.external);
        let volumes = own.filter_map(|volume| {
            let unit = format!("{}{}", prefix(stack), volume.name.value);
            let is_written = changes.iter().any(|change| change.name == format!("{unit}.volume"));
            is_written.then(|| (volume.object(), format!("{unit}-volume.service")))
        });
        let (systemctl, journal) = match rootless {
            true => ("systemctl --user", "journalctl --user"),
            false => ("systemctl", "journalctl"),
        };
        Some(Moving { stack, systemctl, journal, volumes: volumes.collect() })
    }

    /// What has to be done while Docker still has the data, and what is called otherwise later.
    pub fn before(&self, next: &mut Next) {
        let (project, unit) = (&self.stack.name.value, prefix(self.stack));
        next.before.push(format!("docker compose -p {project} down    # without -v: the volumes stay"));
        for (volume, _) in &self.volumes {
            next.before.push(format!(
                "docker run --rm -v {volume}:/from:ro -v \"$PWD\":/to docker.io/library/busybox tar -C /from -cf /to/{volume}.tar ."
            ));
        }
        let Some(service) = self.stack.services.keys().next() else { return };
        next.notes.push(format!(
            "Containers, networks and volumes keep the names that Docker Compose gave them. Scripts have to say it \
             otherwise: `docker compose logs {service}` is `{} -u {unit}{service}`, `docker compose restart \
             {service}` is `{} restart {unit}{service}`, `docker exec` is `podman exec`. The labels \
             com.docker.compose.* are gone.",
            self.journal, self.systemctl
        ));
    }

    /// How the data comes in, once systemd knows the units and before anything starts.
    pub fn import(&self) -> Vec<String> {
        let lines = self.volumes.iter().map(|(volume, service)| {
            format!(
                "{} start {service} && podman volume import {volume} {volume}.tar    # if Docker had data in it",
                self.systemctl
            )
        });
        lines.collect()
    }
}
