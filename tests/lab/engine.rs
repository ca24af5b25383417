//! The runtimes of the lab, and the ways in which a stack is deployed on them: units under Podman and systemd, a Compose
//! file under Docker, `podman` commands where Podman is older than Quadlet.

use quadgen::model::{Deploy, Format, Service, ServiceKind, Stack};
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::render::{Options, Target, render};

use crate::commands;
use crate::machine::Machine;
use crate::support::service_of;

/// A runtime of the lab.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lab {
    /// The Debian whose packages it has.
    debian: &'static str,
    /// How stacks are deployed.
    pub how: How,
    /// Lines for Podman's `containers.conf`.
    settings: &'static str,
}

/// How a stack is deployed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// As units, by systemd.
    Units,
    /// As a Compose file, by docker compose with Docker Engine, or with Podman behind its socket.
    Compose { podman: bool },
    /// By commands of Podman, before Quadlet; with CNI or with netavark.
    Commands { cni: bool },
}

/// Computers with mixed control groups lack controllers, so the limits of Podman and of its runtime would be refused.
const PODMAN_4_3_CNI: &str = "[containers]\ncgroups=\"disabled\"\n[network]\nnetwork_backend=\"cni\"\n";
const PODMAN_4_3_NETAVARK: &str = "[containers]\ncgroups=\"disabled\"\n[network]\nnetwork_backend=\"netavark\"\n";
const PODMAN_5: &str = "[containers]\npids_limit=0\n";

/// Podman 4.3.1 with CNI.
pub const CNI: Lab = Lab { debian: "bookworm", how: How::Commands { cni: true }, settings: PODMAN_4_3_CNI };
/// Podman 4.3.1 with netavark 1.4.
pub const NETAVARK: Lab = Lab { debian: "bookworm", how: How::Commands { cni: false }, settings: PODMAN_4_3_NETAVARK };
/// Podman 5.4.2 with netavark 1.14.
pub const PODMAN_5_4: Lab = Lab { debian: "trixie", how: How::Units, settings: PODMAN_5 };
/// Podman 5.8.6 with netavark 1.17.
pub const PODMAN_5_8: Lab = Lab { debian: "forky", how: How::Units, settings: PODMAN_5 };
/// Docker Engine 26.1.5.
pub const DOCKER: Lab = Lab { debian: "trixie", how: How::Compose { podman: false }, settings: "" };
/// Podman 5.4.2, told by docker compose.
pub const PODMAN_COMPOSE: Lab = Lab { debian: "trixie", how: How::Compose { podman: true }, settings: PODMAN_5 };

/// A stack to deploy, with the platform that it is deployed on.
pub struct Deployment {
    /// The stack.
    pub stack: Stack,
    /// Its platform.
    pub platform: Platform,
    /// Its files as they were written; rendered ones where that is a topology.
    pub files: Vec<(String, String)>,
}

impl Lab {
    /// Starts a machine with the runtime and its image.
    ///
    /// # Errors
    /// Why machines cannot run here.
    pub fn start(self) -> Result<Machine, String> {
        let machine = Machine::start(self.debian, self.settings)?;
        machine.must(match self.how {
            How::Compose { podman: false } => {
                "systemctl start docker && docker import --change 'CMD [\"sh\"]' /run/image.tar localhost/quadgen-lab:1"
            }
            How::Compose { podman: true } => {
                "systemctl start podman.socket && podman import --quiet /run/image.tar localhost/quadgen-lab:1"
            }
            How::Units | How::Commands { .. } => "podman import --quiet /run/image.tar localhost/quadgen-lab:1",
        });
        Ok(machine)
    }

    /// Its program.
    pub fn program(self) -> &'static str {
        if self.how == (How::Compose { podman: false }) { "docker" } else { "podman" }
    }

    /// The words of the platform that it is, as the machine itself says, with more words that the lab makes true.
    pub fn words(self, machine: &Machine, more: &str) -> String {
        let said = machine.must(match self.how {
            How::Compose { podman: false } => "docker version --format '{{.Server.Version}}'",
            _ => {
                "podman version --format '{{.Client.Version}}'
                /usr/lib/podman/netavark --version
                systemctl --version"
            }
        });
        // `5.4.2`, `netavark 1.14.0` and `systemd 257 (…)`, each the beginning of a line.
        let mut versions =
            said.lines().filter_map(|line| line.split(' ').find(|word| word.starts_with(char::is_numeric)));
        let mut version = || versions.next().unwrap_or_else(|| panic!("no version in:\n{said}"));
        let runtime = match self.how {
            How::Compose { podman: false } => format!("docker@{}", version()),
            How::Compose { podman: true } => {
                format!("podman@{},netavark@{},rootful,compose", version(), version())
            }
            How::Commands { cni: true } => format!("podman@{},cni,rootful", version()),
            How::Commands { cni: false } => format!("podman@{},netavark@{},rootful", version(), version()),
            How::Units => format!("podman@{},netavark@{},rootful,systemd@{}", version(), version(), version()),
        };
        runtime + more
    }

    /// The platform of those words.
    pub fn platform(self, words: &str, format: Format) -> Platform {
        let spec = parse_spec(words).unwrap_or_else(|error| panic!("{words}: {error:?}"));
        let mut platform = Platform::resolve(words, spec, format);
        if matches!(self.how, How::Commands { .. }) {
            // What `podman` is told is what Quadlet would tell it.
            platform.deploy = Deploy::Quadlet;
        }
        platform
    }

    /// A stack on that platform, with the files that deploy it: as they were written, or as quadgen renders them.
    pub fn deployment(self, stack: Stack, words: &str, written: Vec<(String, String)>) -> Deployment {
        let platform = self.platform(words, stack.format);
        let compose = matches!(self.how, How::Compose { .. });
        let target = if compose { Target::Compose } else { Target::Quadlet };
        let files = match stack.format {
            Format::Topology if compose || self.how == How::Units => {
                let rendered = render(&stack, &platform, target, &Options::default(), "topology.yaml").unwrap();
                rendered.files.into_iter().map(|file| (file.name, file.text)).collect()
            }
            _ => written,
        };
        Deployment { stack, platform, files }
    }

    /// Starts everything of some stacks.
    pub fn deploy(self, machine: &Machine, all: &[Deployment]) {
        let name = |one: &Deployment| one.stack.name.value.clone();
        match self.how {
            How::Units => {
                let mut units = Vec::new();
                for one in all {
                    for (file, text) in &one.files {
                        machine.write(&format!("/etc/containers/systemd/{}/{file}", name(one)), text);
                        units.push(service_of(file));
                    }
                }
                let units = units.join(" ");
                let (started, said) = machine.bash(&format!("systemctl daemon-reload && systemctl start {units}"));
                let (active, states) = machine.bash(&format!("systemctl is-active {units}"));
                if !started || !active {
                    let journal = machine.bash("journalctl --no-pager --lines=100").1;
                    panic!("not all of {units} started:\n{said}\n{states}\n{journal}");
                }
            }
            How::Compose { podman } => {
                let socket = if podman { "export DOCKER_HOST=unix:///run/podman/podman.sock\n" } else { "" };
                let mut lines = socket.to_owned();
                for one in all {
                    let [(file, text)] = one.files.as_slice() else { panic!("one file is a project") };
                    let folder = format!("/root/{}", name(one));
                    machine.write(&format!("{folder}/{file}"), text);
                    // What the head of the file says about QUADGEN_HOST is done as it stands there.
                    let head: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#   ")).collect();
                    let up = format!("{}\ndocker compose --file {file} up --detach --quiet-pull", head.join("\n"));
                    lines += &format!("( cd {folder}; {up} ) >{folder}/said 2>&1 || cat {folder}/said &\n");
                }
                let said = machine.must(&format!("{lines}wait"));
                let count: usize = all.iter().map(|one| one.stack.services.len()).sum();
                let program = self.program();
                let running = machine.must(&format!("{program} ps --quiet | wc -l"));
                let states = || machine.bash(&format!("{program} ps --all; journalctl --no-pager --lines=50")).1;
                assert_eq!(running, count.to_string(), "{said}\n{}", states());
            }
            How::Commands { .. } => {
                let lines: String = all
                    .iter()
                    .map(|one| {
                        format!(
                            "(\n{}) >/run/said.{name} 2>&1 || {{ cat /run/said.{name}; false; }} &\n",
                            commands::of(&one.stack, &one.platform),
                            name = name(one)
                        )
                    })
                    .collect();
                machine.must(&format!("set -e\n{lines}wait\n"));
                let count: usize = all.iter().map(|one| commands::containers(&one.stack)).sum();
                let running = machine.must("podman ps --quiet | wc -l");
                assert_eq!(running, count.to_string(), "{}", machine.bash("cat /run/said.*; podman ps --all").1);
            }
        }
    }

    /// Starts containers again: each that owns a network with those that live in it.
    pub fn restart<'w>(self, machine: &Machine, owners: impl Iterator<Item = (&'w Wiring<'w>, &'w str)>) {
        let mut lines = String::new();
        for (wiring, owner) in owners {
            let all = wiring.stack.services.values().filter(|service| wiring.owner(service).name.value == owner);
            let all: Vec<&Service> = all.collect();
            let names: Vec<String> = all.iter().map(|service| wiring.container_name(service).into_owned()).collect();
            let is_pod = wiring.stack.services[owner].kind == ServiceKind::Pod;
            lines += &match self.how {
                How::Units => {
                    let unit = |service: &&Service| match service.kind {
                        ServiceKind::Pod => format!("{}-pod", service.name.value.trim_end_matches(".pod")),
                        _ => service.name.value.clone(),
                    };
                    let units = all.iter().map(unit).collect::<Vec<_>>().join(" ");
                    format!("( systemctl reset-failed {units}; systemctl restart {units} ) &\n")
                }
                How::Commands { .. } if is_pod => {
                    let pod = wiring.container_name(&wiring.stack.services[owner]);
                    format!("podman pod restart {pod} &\n")
                }
                How::Compose { .. } | How::Commands { .. } => {
                    let own = wiring.container_name(&wiring.stack.services[owner]);
                    let others: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != own).collect();
                    let program = self.program();
                    let each = [&*own].into_iter().chain(others);
                    let each: Vec<String> = each.map(|name| format!("{program} restart --time 2 {name}")).collect();
                    format!("( {} ) &\n", each.join(" && "))
                }
            };
        }
        machine.must(&format!("{lines}wait"));
    }
}

impl std::fmt::Display for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match *self {
            CNI => "Podman 4.3.1 with CNI",
            NETAVARK => "Podman 4.3.1 with netavark 1.4",
            PODMAN_5_4 => "Podman 5.4",
            PODMAN_5_8 => "Podman 5.8",
            PODMAN_COMPOSE => "Podman 5.4 behind its socket",
            _ => "Docker Engine",
        })
    }
}
