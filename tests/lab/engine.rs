//! The two ways in which a stack is deployed in the lab: units under Podman and systemd, a Compose file under Docker.

use quadgen::model::{Format, Stack};
use quadgen::platform::{Platform, parse_spec};
use quadgen::render::{Target, render};

use crate::machine::Machine;
use crate::support::service_of;

/// What runs containers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Podman, told by systemd.
    Podman,
    /// Docker Engine, told by docker compose.
    Docker,
}

impl Engine {
    /// Starts it and gives it the image.
    pub fn start(self, machine: &Machine) {
        machine.must(match self {
            Engine::Podman => "podman import --quiet /run/image.tar localhost/quadgen-lab:1",
            Engine::Docker => "systemctl start docker && docker import /run/image.tar localhost/quadgen-lab:1",
        });
    }

    /// Its program.
    pub fn program(self) -> &'static str {
        match self {
            Engine::Podman => "podman",
            Engine::Docker => "docker",
        }
    }

    /// Where `network inspect` says which address leads out of a network; to the host, that is.
    pub fn gateway(self) -> &'static str {
        match self {
            Engine::Podman => "{{(index .Subnets 0).Gateway}}",
            Engine::Docker => "{{(index .IPAM.Config 0).Gateway}}",
        }
    }

    /// The platform that it is, as the machine itself says, with more words that the lab makes true.
    pub fn platform(self, machine: &Machine, more: &str) -> Platform {
        let words = machine.must(match self {
            Engine::Podman => {
                "podman version --format '{{.Client.Version}}'
                /usr/lib/podman/netavark --version
                systemctl --version"
            }
            Engine::Docker => "docker version --format '{{.Server.Version}}'",
        });
        // `5.4.2`, `netavark 1.14.0` and `systemd 257 (…)`, each the beginning of a line.
        let mut versions =
            words.lines().filter_map(|line| line.split(' ').find(|word| word.starts_with(char::is_numeric)));
        let mut version = || versions.next().unwrap_or_else(|| panic!("no version in:\n{words}"));
        let words = match self {
            Engine::Podman => {
                format!("podman@{},netavark@{},rootful,systemd@{}", version(), version(), version())
            }
            Engine::Docker => format!("docker@{}", version()),
        } + more;
        let spec = parse_spec(&words).unwrap_or_else(|error| panic!("{words}: {error:?}"));
        Platform::resolve(words, spec, Format::Topology)
    }

    /// Renders a stack and starts all of it; says how many units, or containers, run.
    pub fn deploy(self, machine: &Machine, stack: &Stack, platform: &Platform) -> String {
        let target = if self == Engine::Podman { Target::Quadlet } else { Target::Compose };
        let rendered = render(stack, platform, target, "topology.yaml").unwrap();
        let folder = if self == Engine::Podman { "/etc/containers/systemd" } else { "/root/stack" };
        for file in &rendered.files {
            machine.write(&format!("{folder}/{}", file.name), &file.text);
        }
        match self {
            Engine::Podman => {
                let units: Vec<String> = rendered.files.iter().map(|file| service_of(&file.name)).collect();
                let all = units.join(" ");
                let (started, said) = machine.bash(&format!("systemctl daemon-reload && systemctl start {all}"));
                let (active, states) = machine.bash(&format!("systemctl is-active {all}"));
                if !started || !active {
                    let journal = machine.bash("journalctl --no-pager --lines=100").1;
                    panic!("not all of {all} started:\n{said}\n{states}\n{journal}");
                }
                format!("{} units active", units.len())
            }
            Engine::Docker => {
                // What the head of the file says about QUADGEN_HOST is done as it stands there.
                let head = rendered.files[0].text.lines().filter_map(|line| line.strip_prefix("#   "));
                let head: Vec<&str> = head.collect();
                let up = format!("{}\ncd /root/stack && docker compose up --detach", head.join("\n"));
                machine.must(&up);
                let running =
                    machine.must("cd /root/stack && QUADGEN_HOST=- docker compose ps --quiet --status running");
                let (running, all) = (running.lines().count(), stack.services.len());
                assert_eq!(running, all, "{}", machine.bash("docker ps --all; docker compose logs").1);
                format!("{running} containers running")
            }
        }
    }
}
