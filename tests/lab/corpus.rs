//! The same real stacks as units under systemd with Podman, and as Compose files under Docker Engine: all start, what is
//! predicted for each platform holds, containers see the same on both, and systemd keeps order and starts again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use quadgen::model::{Format, UnitKind};
use quadgen::network::{Matrix, SHORT_ID, Verdict, Wiring};
use quadgen::read::{Read, compose, quadlet};
use quadgen::source::SourceMap;
use serde_json::Value as Json;

use crate::asked::inspect;
use crate::engine::{DOCKER, Deployment, Lab, PODMAN_5_4};
use crate::look::{page, serves};
use crate::machine::Machine;
use crate::real::{self, CHANGES, Real};
use crate::support::disk::Disk;
use crate::support::{missing, say, tool};
use crate::tree::Memory;
use crate::trial::{self, Counts};

/// How many stacks and services stand on a machine at a time.
const AT_A_TIME: (usize, usize) = (10, 40);
/// Variables that a runtime sets by itself.
const BY_RUNTIME: [&str; 5] = ["HOME", "HOSTNAME", "PATH", "TERM", "container"];

/// What was seen of all stacks.
#[derive(Default)]
struct Sum {
    stacks: usize,
    services: usize,
    podman: Counts,
    docker: Counts,
    /// Names by which services find each other on both, and those that only one knows.
    names: (usize, BTreeMap<String, usize>),
    /// Attributes of containers that are equal on both.
    equal: usize,
    /// Pairs of units in order, and units that were killed.
    order: usize,
    killed: usize,
    wrong: Vec<String>,
}

/// Tries so many stacks.
pub fn run(most: usize) {
    let began = Instant::now();
    let Some(docker_compose) = tool("docker-compose") else {
        return missing("real stacks in the lab (docker-compose)");
    };
    let Some(found) = real::all(&docker_compose) else {
        return missing("real stacks in the lab (no corpus beside the repository)");
    };
    let wanted = std::env::var("QUADGEN_LAB_CASE").unwrap_or_default();
    let is_long = std::env::var_os("QUADGEN_LAB_REAL").is_some();
    // The sample of every day takes small ones.
    let is_small = |stack: &Real| stack.config["services"].as_object().unwrap().len() <= 4;
    let mut stacks = Vec::new();
    let mut left_out = Vec::new();
    for one in found {
        match one {
            Ok(stack) if stack.from.contains(&wanted) && (is_long || is_small(&stack)) => stacks.push(stack),
            Ok(_) => {}
            Err(why) => left_out.push(why),
        }
        if stacks.len() == most {
            break;
        }
    }
    if is_long {
        left_out.iter().for_each(|why| say(&format!("lab: left out: {why}")));
    }
    let mut sum = Sum::default();
    for batch in batches(stacks) {
        let (at, known) = (Instant::now(), sum.wrong.len());
        if let Err(why) = sum.try_batch(&batch, &docker_compose) {
            return missing(&format!("real stacks in the lab ({why})"));
        }
        if is_long {
            let names: Vec<&str> = batch.iter().map(|stack| stack.name.as_str()).collect();
            say(&format!("lab: {} s for {}", at.elapsed().as_secs(), names.join(" ")));
            sum.wrong[known..].iter().for_each(|wrong| say(wrong));
        }
    }
    let Sum { stacks, services, podman, docker, names, equal, order, killed, .. } = &sum;
    say(&format!(
        "lab: {stacks} real stacks of {services} services in {} s ({} left out)\n  {PODMAN_5_4}: {podman}\n  {DOCKER}: {docker}\n  {} names are the same on both, {:?} are not; {equal} attributes of containers are equal; {order} pairs of units are in order; {killed} units did after a kill what their Restart= says",
        began.elapsed().as_secs(),
        left_out.len(),
        names.0,
        names.1,
    ));
    assert!(sum.wrong.is_empty(), "{} wrong:\n{}", sum.wrong.len(), sum.wrong.join("\n\n"));
    podman.check_kinds();
    docker.check_kinds();
}

/// Stacks that can stand beside each other, in order.
fn batches(stacks: Vec<Real>) -> Vec<Vec<Real>> {
    struct Batch {
        stacks: Vec<Real>,
        ports: BTreeSet<u16>,
        claims: BTreeSet<String>,
        services: usize,
    }
    let mut all: Vec<Batch> = Vec::new();
    for stack in stacks {
        let (ports, mut claims) = (real::published(&stack.config), real::claims(&stack.config));
        if real::has_subnets(&stack.config) {
            claims.insert("subnets of its own".to_owned());
        }
        let services = stack.config["services"].as_object().unwrap().len();
        let fits = |batch: &&mut Batch| {
            batch.stacks.len() < AT_A_TIME.0
                && batch.services + services <= AT_A_TIME.1
                && batch.ports.is_disjoint(&ports)
                && batch.claims.is_disjoint(&claims)
        };
        match all.iter_mut().find(fits) {
            Some(batch) => {
                batch.ports.extend(ports);
                batch.claims.extend(claims);
                batch.services += services;
                batch.stacks.push(stack);
            }
            None => all.push(Batch { stacks: vec![stack], ports, claims, services }),
        }
    }
    all.into_iter().map(|batch| batch.stacks).collect()
}

/// A stack that runs, with everything of it that is compared.
struct Running<'r> {
    real: &'r Real,
    deployment: Deployment,
    /// By service and attribute.
    seen: BTreeMap<(String, String), String>,
}

impl Running<'_> {
    /// The container of each service of the Compose file.
    fn containers(&self) -> BTreeMap<String, String> {
        let wiring = Wiring::new(&self.deployment.stack, &self.deployment.platform);
        let services = self.deployment.stack.services.values().filter(|service| serves(service));
        services.map(|service| (page(service).0.to_owned(), wiring.container_name(service).into_owned())).collect()
    }
}

impl Sum {
    fn try_batch(&mut self, batch: &[Real], docker_compose: &Path) -> Result<(), String> {
        let podman = self.podman(batch)?;
        let docker = self.docker(batch, docker_compose)?;
        for stack in &podman {
            self.stacks += 1;
            self.services += stack.real.config["services"].as_object().unwrap().len();
            if let Some(other) = docker.iter().find(|other| other.real.name == stack.real.name) {
                self.compare(stack, other);
            }
        }
        Ok(())
    }

    /// Looks at stacks that run.
    fn look<'r>(&mut self, lab: Lab, machine: &Machine, all: Vec<(&'r Real, Deployment)>) -> Vec<Running<'r>> {
        let (reals, deployments): (Vec<&Real>, Vec<Deployment>) = all.into_iter().unzip();
        if deployments.is_empty() {
            return Vec::new();
        }
        let mut counts = trial::look(lab, machine, &deployments, &|at| reals[at].from.clone());
        self.wrong.extend(counts.take_wrong());
        *(if lab == DOCKER { &mut self.docker } else { &mut self.podman }) += counts;
        let mut running: Vec<Running<'_>> = reals
            .into_iter()
            .zip(deployments)
            .map(|(real, deployment)| Running { real, deployment, seen: BTreeMap::new() })
            .collect();
        attributes(lab, machine, &mut running);
        running
    }

    fn podman<'r>(&mut self, batch: &'r [Real]) -> Result<Vec<Running<'r>>, String> {
        let lab = PODMAN_5_4;
        let machine = lab.start()?;
        let words = lab.words(&machine, "");
        machine.copy(Path::new(env!("CARGO_BIN_EXE_quadgen")), "/run/quadgen");
        let mut lines = "mkdir /run/said\n".to_owned();
        for real in batch {
            let folder = format!("/etc/containers/systemd/{}", real.name);
            machine.copy(real.folder.path(), &folder);
            lines += &outside(real, "podman");
            let _ = writeln!(
                lines,
                "( cd {folder}; /run/quadgen render --target quadlet --on {words} -p {name} -f '{}' -f {CHANGES} -o . \
                 >/run/said/{name} 2>&1; echo $? >/run/said/{name}.status )",
                real.file,
                name = real.name,
            );
        }
        machine.must(&lines);
        let mut start = String::new();
        let mut rendered = Vec::new();
        for real in batch {
            let name = &real.name;
            let said = machine.read(&format!("/run/said/{name}"));
            if machine.read(&format!("/run/said/{name}.status")).trim() != "0" {
                self.wrong.push(format!("{}: quadgen does not render it:\n{said}", real.from));
                continue;
            }
            let _ = writeln!(
                start,
                "( cd /etc/containers/systemd/{name}; for target in {name}-*.target; do [ -e $target ] && systemctl start $target; done; {}; ) >>/run/said/{name} 2>&1 &",
                start_step(&said)
            );
            rendered.push(real);
        }
        machine.must(&format!(
            "cp /etc/containers/systemd/*/*.target /etc/systemd/system/ 2>/dev/null\nsystemctl daemon-reload\n{start}wait"
        ));
        let mut running = Vec::new();
        for real in rendered {
            let files = units(&machine, &real.name);
            let down = down(&machine, &files, real);
            if down.is_empty() {
                let read = read_units(&files);
                let platform = lab.platform(&words, Format::Quadlet);
                let mut stack = read.stack.unwrap();
                stack.name.value.clone_from(&real.name);
                running.push((real, Deployment { stack, platform, files }));
            } else {
                let journal =
                    machine.bash(&format!("journalctl --no-pager --output cat --lines 60 --unit '{}-*'", real.name));
                let said = machine.read(&format!("/run/said/{}", real.name));
                let said =
                    said.lines().rev().take(20).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
                self.wrong.push(format!("{}: {down} not up under systemd:\n{said}\n{}", real.from, journal.1));
            }
        }
        let running = self.look(lab, &machine, running);
        self.order(&machine, &running);
        self.kill(&machine, &running);
        Ok(running)
    }

    fn docker<'r>(&mut self, batch: &'r [Real], docker_compose: &Path) -> Result<Vec<Running<'r>>, String> {
        let lab = DOCKER;
        let machine = lab.start()?;
        let words = lab.words(&machine, "");
        machine.copy(docker_compose, "/run/docker-compose");
        let mut lines = "mkdir /run/said\n".to_owned();
        for real in batch {
            machine.copy(real.folder.path(), &format!("/srv/{}", real.name));
            lines += &outside(real, "docker");
            let _ = writeln!(
                lines,
                "( cd /srv/{name}; /run/docker-compose -p {name} -f '{}' -f {CHANGES} --profile '*' up --detach --quiet-pull \
                 >/run/said/{name} 2>&1; echo $? >/run/said/{name}.status ) &",
                real.file,
                name = real.name,
            );
        }
        machine.must(&format!("{lines}wait"));
        let mut running = Vec::new();
        for real in batch {
            if machine.read(&format!("/run/said/{}.status", real.name)).trim() != "0" {
                let said = machine.read(&format!("/run/said/{}", real.name));
                let said =
                    said.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
                self.wrong.push(format!("{}: docker-compose does not start it:\n{said}", real.from));
                continue;
            }
            let mut sources = SourceMap::default();
            let request = compose::Request {
                files: [&real.file, CHANGES].map(|file| real.folder.path().join(file)).into(),
                project: Some(real.name.clone()),
                environment: BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]),
                profiles: vec!["*".to_owned()],
                ..Default::default()
            };
            let stack = compose::read(&mut sources, &Disk, &request).stack.unwrap();
            let platform = lab.platform(&words, Format::Compose);
            running.push((real, Deployment { stack, platform, files: Vec::new() }));
        }
        Ok(self.look(lab, &machine, running))
    }

    /// What a stack is on both.
    fn compare(&mut self, podman: &Running<'_>, docker: &Running<'_>) {
        let from = &podman.real.from;
        let (here, there) = (verdicts(&podman.deployment), verdicts(&docker.deployment));
        for (key, verdict) in &there {
            let (asks, asked, name) = key;
            // What is only in one of them is as if it were never found.
            let ours = here.get(key).copied().unwrap_or((Verdict::No, Verdict::No));
            if ours == *verdict {
                self.names.0 += 1;
            } else {
                *self.names.1.entry(format!("{:?} under Podman, {verdict:?} under Docker", ours)).or_default() += 1;
                if verdict.0 == Verdict::Yes {
                    self.wrong.push(format!(
                        "{from}: `{asks}` finds `{asked}` as {name:?}: {verdict:?} with Docker, {ours:?} with Podman"
                    ));
                }
            }
        }
        let keys: BTreeSet<&(String, String)> = podman.seen.keys().chain(docker.seen.keys()).collect();
        for key in keys {
            let (ours, theirs) = (podman.seen.get(key), docker.seen.get(key));
            if ours == theirs {
                self.equal += 1;
            } else {
                let [service, what] = [&key.0, &key.1];
                self.wrong.push(format!(
                    "{from}: {what} of `{service}` is with Podman\n  {ours:?}\nand with Docker\n  {theirs:?}"
                ));
            }
        }
    }

    /// Whether units began after those that they wait for were as far as they have to be.
    fn order(&mut self, machine: &Machine, running: &[Running<'_>]) {
        for stack in running {
            let containers = stack.containers();
            let unit = |service: &str| format!("{}-{service}.service", stack.real.name);
            let services = stack.real.config["services"].as_object().unwrap();
            let time = |service: &str, what: &str| -> u64 {
                let line = format!("systemctl show --value --property {what}TimestampMonotonic {}", unit(service));
                machine.must(&line).trim().parse().unwrap_or(0)
            };
            for (name, service) in services {
                for (other, condition) in real::dependencies(service) {
                    let began = time(name, "InactiveExit");
                    let far = match condition.as_str() {
                        "service_completed_successfully" => time(&other, "ExecMainExit"),
                        "service_healthy" => {
                            let pid = machine
                                .must(&format!("podman inspect --format '{{{{.State.Pid}}}}' {}", containers[&other]));
                            let up = machine.bash(&format!("cat /proc/{pid}/root/dev/shm/{other}.healthy")).1;
                            up.trim().parse::<f64>().map_or(u64::MAX, |seconds| (seconds * 1e6) as u64)
                        }
                        _ => time(&other, "ActiveEnter"),
                    };
                    if far > 0 && far < began {
                        self.order += 1;
                    } else {
                        self.wrong.push(format!(
                            "{}: `{name}` began at {began}, and `{other}`, for which it waits ({condition}), was so far at {far}",
                            stack.real.from
                        ));
                    }
                }
            }
        }
    }

    /// Kills a container of each `Restart=` of each stack: whether systemd starts it again, as its unit says.
    fn kill(&mut self, machine: &Machine, running: &[Running<'_>]) {
        let mut chosen = Vec::new();
        let mut lines = "mkdir -p /run/killed\n".to_owned();
        for stack in running {
            let mut met = BTreeSet::new();
            for (service, container) in stack.containers().into_iter().collect::<Vec<_>>().into_iter().rev() {
                let unit = format!("{}-{service}.service", stack.real.name);
                let restart = machine.must(&format!("systemctl show --value --property Restart {unit}"));
                if met.insert(restart.clone()) {
                    let _ = writeln!(
                        lines,
                        "( pid=$(podman inspect --format '{{{{.State.Pid}}}}' {container}); kill -9 $pid
                        for _ in {{1..40}}; do
                            sleep 0.5
                            now=$(podman inspect --format '{{{{.State.Pid}}}}' {container} 2>/dev/null)
                            [ \"${{now:-0}}\" = 0 ] || [ $now = $pid ] || {{ echo again; exit; }}
                            [ {restart} != no ] || [ $(systemctl is-active {unit}) != failed ] || break
                        done; echo down ) >/run/killed/{unit} 2>&1 &"
                    );
                    chosen.push((stack, unit, restart));
                }
            }
        }
        machine.must(&format!("{lines}wait"));
        for (stack, unit, restart) in chosen {
            let seen = machine.read(&format!("/run/killed/{unit}"));
            let declared = if restart == "no" { "down" } else { "again" };
            if seen.trim() == declared {
                self.killed += 1;
            } else {
                self.wrong.push(format!("{}: {unit} with Restart={restart} was killed: {seen}", stack.real.from));
            }
        }
    }
}

/// The step that starts a stack, as quadgen prints it.
pub fn start_step(said: &str) -> &str {
    let mut steps = said.lines().filter_map(|line| line.trim_start().split_once(". ")).map(|(_, step)| step);
    let starts = |step: &&str| step.starts_with("systemctl start ") && !step.contains(" && ");
    steps.rfind(starts).unwrap_or("echo no step starts anything; false")
}

/// Lines that create what a stack expects of its host.
fn outside(real: &Real, program: &str) -> String {
    let mut lines = String::new();
    for path in real::sources(&real.config).iter().filter(|path| !path.starts_with(real.folder.path())) {
        let how = if real::is_file(path) { "touch" } else { "mkdir -p" };
        let (path, parent) = (path.display(), path.parent().unwrap_or(Path::new("/")).display());
        let _ = writeln!(lines, "[ -e '{path}' ] || {{ mkdir -p '{parent}'; {how} '{path}'; }}");
    }
    for (kind, word) in [("networks", "network"), ("volumes", "volume")] {
        for one in real.config[kind].as_object().into_iter().flatten().map(|(_, one)| one) {
            if one["external"] == Json::Bool(true) {
                let _ = writeln!(lines, "{program} {word} create '{}' >/dev/null", one["name"].as_str().unwrap());
            }
        }
    }
    lines
}

/// The units that quadgen rendered for a stack.
fn units(machine: &Machine, name: &str) -> Vec<(String, String)> {
    let folder = format!("/etc/containers/systemd/{name}");
    let names = machine.must(&format!("cd {folder}; grep -l -d skip '^# quadgen: ' -- *"));
    names.lines().map(|file| (file.to_owned(), machine.read(&format!("{folder}/{file}")))).collect()
}

fn read_units(files: &[(String, String)]) -> Read {
    let units = files.iter().filter(|(name, _)| UnitKind::of_file(name).is_some());
    let memory = Memory::new(units.map(|(name, text)| (name.as_str(), text.as_str())));
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    quadlet::lower(&parsed, &sources, "5.4".parse().unwrap())
}

/// The services of a stack that are not as they have to be.
fn down(machine: &Machine, files: &[(String, String)], real: &Real) -> String {
    let mut down = Vec::new();
    for name in files.iter().filter_map(|(name, _)| name.strip_suffix(".container")) {
        let one_shot = real.one_shots.iter().any(|one| *name == format!("{}-{one}", real.name));
        let state = machine.bash(&format!("systemctl show --property ActiveState,Result {name}")).1;
        let state: Vec<&str> = state.lines().collect();
        let well = state.contains(&if one_shot { "Result=success" } else { "ActiveState=active" });
        if !well {
            down.push(format!("{name} ({})", state.join(", ")));
        }
    }
    down.join(", ")
}

/// The verdicts of a stack's matrix by who asks, who is asked for, and the name.
fn verdicts(one: &Deployment) -> BTreeMap<(String, String, String), (Verdict, Verdict)> {
    let wiring = Wiring::new(&one.stack, &one.platform);
    let mut all = BTreeMap::new();
    let done = Matrix::new(&wiring).pairs(|row| -> Result<(), ()> {
        if serves(row.from) && serves(row.to) && row.name != SHORT_ID {
            let key = (page(row.from).0.to_owned(), page(row.to).0.to_owned(), row.name.to_owned());
            all.insert(key, (row.resolves, row.reaches));
        }
        Ok(())
    });
    done.unwrap();
    all
}

/// Notes what containers see: variables, mounts, the folder that they run in, labels, files of secrets and configs.
fn attributes(lab: Lab, machine: &Machine, running: &mut [Running<'_>]) {
    let inspected = inspect(lab, machine);
    let mut lines = String::new();
    for (at, stack) in running.iter().enumerate() {
        for (service, container) in stack.containers() {
            let pid = inspected.pid(&container);
            let config = &stack.real.config["services"][&service];
            let _ = writeln!(lines, "echo '## {at} {service} variables'; tr '\\0\\n' '\\n\\r' </proc/{pid}/environ");
            let _ = writeln!(lines, "echo '## {at} {service} folder'; readlink /proc/{pid}/cwd");
            for kind in ["secrets", "configs"] {
                for one in config[kind].as_array().into_iter().flatten() {
                    let source = one["source"].as_str().unwrap_or_default();
                    let target = one["target"].as_str().unwrap_or(source);
                    let (path, slash) = if target.starts_with('/') {
                        (target, "")
                    } else if kind == "secrets" {
                        (target, "/run/secrets/")
                    } else {
                        (target, "/")
                    };
                    let _ = writeln!(
                        lines,
                        "echo '## {at} {service} {slash}{path}'; sha256sum </proc/{pid}/root{slash}{path} 2>&1"
                    );
                }
            }
        }
    }
    let said = machine.must(&lines);
    for part in said.split("## ").filter(|part| !part.is_empty()) {
        let (head, text) = part.split_once('\n').unwrap_or((part, ""));
        let [at, service, what] = head.splitn(3, ' ').collect::<Vec<_>>()[..] else { continue };
        let stack = &mut running[at.parse::<usize>().unwrap()];
        let config = &stack.real.config["services"][service];
        let mut own: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        if what == "variables" {
            own.retain(|line| {
                let name = line.split('=').next().unwrap_or_default();
                !BY_RUNTIME.contains(&name) || !config["environment"][name].is_null()
            });
            own.sort_unstable();
        }
        stack.seen.insert((service.to_owned(), what.to_owned()), own.join("\n"));
    }
    for stack in running {
        let folders = [format!("/etc/containers/systemd/{}", stack.real.name), format!("/srv/{}", stack.real.name)];
        let named = stack.real.config["volumes"].as_object().into_iter().flatten();
        let named: BTreeSet<&str> = named.filter_map(|(_, volume)| volume["name"].as_str()).collect();
        for (service, container) in stack.containers() {
            let one = inspected.of(&container);
            let mut mounts = BTreeSet::new();
            for mount in one["Mounts"].as_array().into_iter().flatten().filter(|mount| mount["Type"] != "tmpfs") {
                let source = mount["Name"].as_str().or(mount["Source"].as_str()).unwrap_or_default();
                let source = folders.iter().fold(source.to_owned(), |text, folder| text.replace(folder, "."));
                let source = match source.as_str() {
                    "/var/run/docker.sock" | "/run/podman/podman.sock" => "the socket of the runtime",
                    // Docker gives it a name by chance, and quadgen one that stays, which a note tells.
                    name if mount["Type"] == "volume" && !named.contains(&name) => "a volume without a name",
                    name => name,
                };
                mounts.insert(format!(
                    "{source}:{}:{}",
                    mount["Destination"].as_str().unwrap_or_default().trim_end_matches('/'),
                    mount["RW"]
                ));
            }
            let labels = one["Config"]["Labels"].as_object().into_iter().flatten();
            let own = |name: &str| !name.starts_with("com.docker.compose.") && name != "PODMAN_SYSTEMD_UNIT";
            let labels: BTreeMap<&String, &Json> = labels.filter(|(name, _)| own(name)).collect();
            let mut note = |what: &str, value: String| stack.seen.insert((service.clone(), what.to_owned()), value);
            note("mounts", format!("{mounts:?}"));
            note("labels", format!("{labels:?}"));
            note("read-only root", one["HostConfig"]["ReadonlyRootfs"].to_string());
        }
    }
}
