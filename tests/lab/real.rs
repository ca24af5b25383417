//! Real stacks: Compose files of the corpus beside this repository, made startable in the lab. The files stay as they
//! are; what the lab cannot have is said by a second Compose file beside each, which every tool merges: the image of the
//! lab, its program and a health check that it passes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::look::IMAGE;

/// The name of the second Compose file.
pub const CHANGES: &str = "lab.yaml";
/// The repositories of stacks that people run, and of test cases of tools.
const REPOSITORIES: [&str; 7] = [
    "docker__awesome-compose",
    "Haxxnet__Compose-Examples",
    "vintagedon__docker-compose-cookbook",
    "zammad__zammad-docker-compose",
    "searxng__searxng-docker",
    "containers__podman-compose",
    "compose-spec__compose-go",
];
/// What a service's attributes ask of the kernel that a machine in namespaces does not have, of an image, or of
/// controllers of control groups.
const DROPPED: [&str; 27] = [
    "build",
    "entrypoint",
    "user",
    "pull_policy",
    "platform",
    "runtime",
    "devices",
    "device_cgroup_rules",
    "gpus",
    "privileged",
    "sysctls",
    "cgroup",
    "cgroup_parent",
    "blkio_config",
    "mem_limit",
    "mem_reservation",
    "memswap_limit",
    "mem_swappiness",
    "oom_kill_disable",
    "oom_score_adj",
    "cpus",
    "cpu_count",
    "cpu_shares",
    "cpu_quota",
    "cpuset",
    "pids_limit",
    "userns_mode",
];
/// What the machines may not have.
const NO_CAPABILITIES: [&str; 4] = ["SYS_MODULE", "SYS_TIME", "SYS_RAWIO", "ALL"];
/// Folders of the image that its programs are in, and those of the kernel.
const OWN: [&str; 9] = ["/", "/bin", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", "/dev/shm"];
/// Ports of programs on the host.
const TAKEN: [u16; 2] = [11434, 11435];
/// A stack that publishes more is left out: a program for each port is started.
const MOST_PORTS: usize = 60;
/// Says when the check was passed first, in seconds since the machine's start; for which it takes one.
const PROBE: &str =
    "[ -e /dev/shm/SERVICE.healthy ] || { sleep 1; read up _ </proc/uptime; echo $$up >/dev/shm/SERVICE.healthy; }";

/// A stack to start.
pub struct Real {
    /// The name of its project.
    pub name: String,
    /// Where it is from, below the corpus.
    pub from: String,
    /// Its folder, with everything that it refers to.
    pub folder: TempDir,
    /// The name of its Compose file.
    pub file: String,
    /// What docker-compose resolves it to, before it was changed.
    pub config: Json,
    /// Services that end well: others wait for that.
    pub one_shots: BTreeSet<String>,
}

/// Those of the corpus that have several services, one of each repository after the other: each as a stack, or the
/// reason why it is left out. None without a corpus.
pub fn all(docker_compose: &Path) -> Option<impl Iterator<Item = Result<Real, String>>> {
    let corpus = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus")).ok()?;
    let mut each: Vec<std::vec::IntoIter<PathBuf>> = Vec::new();
    for repository in REPOSITORIES {
        let mut found = Vec::new();
        compose_files(&corpus.join(repository), &mut found);
        found.sort();
        each.push(found.into_iter());
    }
    let mut order = Vec::new();
    loop {
        let turn: Vec<PathBuf> = each.iter_mut().filter_map(Iterator::next).collect();
        if turn.is_empty() {
            break;
        }
        order.extend(turn);
    }
    let docker_compose = docker_compose.to_owned();
    let candidates = order.into_iter().enumerate().filter_map(move |(number, file)| {
        let from = file.strip_prefix(&corpus).unwrap().display().to_string();
        match real(&docker_compose, &file, number) {
            Ok(found) => found.map(|(name, folder, config)| {
                prepare(Real {
                    name,
                    file: file.file_name().unwrap().to_string_lossy().into_owned(),
                    folder,
                    one_shots: one_shots(&config),
                    config,
                    from: from.clone(),
                })
                .map_err(|why| format!("{from}: {why}"))
            }),
            Err(why) => Some(Err(format!("{from}: {why}"))),
        }
    });
    Some(candidates)
}

fn compose_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            compose_files(&path, found);
        } else if name.contains("compose")
            && (name.ends_with(".yaml") || name.ends_with(".yml"))
            && !name.contains("override")
        {
            found.push(path);
        }
    }
}

/// A file's project in a folder of its own, and what docker-compose makes of it; none if it has one service only.
fn real(docker_compose: &Path, file: &Path, number: usize) -> Result<Option<(String, TempDir, Json)>, String> {
    let from = file.parent().unwrap();
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let plain: serde_yaml::Value = serde_yaml::from_str(&text).unwrap_or_default();
    let services = plain.get("services").and_then(|all| all.as_mapping());
    if services.is_some_and(|all| all.len() < 2) {
        return Ok(None);
    }
    let folder = tempfile::tempdir().unwrap();
    copy(from, folder.path(), 0);
    let folder_name = from.file_name().unwrap().to_string_lossy().to_lowercase();
    let slug: String = folder_name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(20).collect();
    let name = format!("s{number}-{}", slug.trim_matches('-'));
    for _ in 0..10 {
        let output = Command::new(docker_compose)
            .args(["-p", &name, "-f"])
            .arg(folder.path().join(file.file_name().unwrap()))
            .args(["--profile", "*", "config", "--format", "json"])
            .env_clear()
            .env("HOME", "/root")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            let config: Json = serde_json::from_slice(&output.stdout).unwrap();
            let count = config["services"].as_object().map_or(0, serde_json::Map::len);
            return Ok((count > 1).then_some((name, folder, config)));
        }
        // `env file /tmp/x/.env not found: stat …`
        let file = said.split_once("env file ").and_then(|(_, rest)| rest.split_once(" not found"));
        let Some((file, _)) = file.filter(|(file, _)| Path::new(file).starts_with(folder.path())) else {
            let line = said.lines().rfind(|line| !line.contains("level=warning")).unwrap_or_default();
            return Err(format!(
                "docker-compose refuses it: {}",
                line.replace(&folder.path().display().to_string(), ".")
            ));
        };
        fs::create_dir_all(Path::new(file).parent().unwrap()).unwrap();
        fs::write(file, "FROM_THE_LAB=\"a b\"\n").map_err(|error| error.to_string())?;
    }
    Err("too many files with variables are missing".to_owned())
}

/// What a project's folder holds, without what is large or hidden by Git.
fn copy(from: &Path, to: &Path, depth: usize) {
    const LARGE: u64 = 200_000;
    for entry in fs::read_dir(from).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_dir() && depth < 5 && name != ".git" && name != "node_modules" {
            fs::create_dir_all(to.join(name)).unwrap();
            copy(&path, &to.join(name), depth + 1);
        } else if path.is_file() && path.metadata().is_ok_and(|file| file.len() < LARGE) {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn one_shots(config: &Json) -> BTreeSet<String> {
    let waits = config["services"].as_object().unwrap().values().flat_map(dependencies);
    waits.filter(|(_, condition)| condition == "service_completed_successfully").map(|(name, _)| name).collect()
}

/// Whom a service waits for, and for what.
pub fn dependencies(service: &Json) -> Vec<(String, String)> {
    let all = service["depends_on"].as_object().into_iter().flatten();
    all.map(|(name, how)| (name.clone(), how["condition"].as_str().unwrap_or_default().to_owned())).collect()
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn entries(map: &Json) -> impl Iterator<Item = (&String, &Json)> {
    map.as_object().into_iter().flatten()
}

/// Why a stack cannot be started in the lab.
fn reason(config: &Json) -> Option<String> {
    for (name, service) in entries(&config["services"]) {
        let mode = service["network_mode"].as_str().unwrap_or_default();
        if mode.starts_with("container:") {
            return Some(format!("`{name}` lives in the network of a container of another stack"));
        }
        for volume in service["volumes"]
            .as_array()
            .into_iter()
            .flatten()
            .chain(service["configs"].as_array().into_iter().flatten())
        {
            let at = volume["target"].as_str().unwrap_or_default().trim_end_matches('/');
            if OWN.contains(&if at.is_empty() { "/" } else { at }) {
                return Some(format!("`{name}` mounts something over `{at}`, where the lab's image has its programs"));
            }
        }
        for at in texts(&service["tmpfs"]) {
            if OWN.contains(&at.split(':').next().unwrap_or_default()) {
                return Some(format!("`{name}` mounts something over `{at}`, where the lab's image has its programs"));
            }
        }
        let replicas = [&service["scale"], &service["deploy"]["replicas"]].into_iter().find_map(Json::as_u64);
        if replicas.is_some_and(|count| count != 1) {
            return Some(format!("`{name}` has another number of containers than one, which tests/lab/cases shows"));
        }
        if service["ports"].as_array().map_or(0, Vec::len) > MOST_PORTS {
            return Some(format!("`{name}` publishes more than {MOST_PORTS} ports"));
        }
    }
    if let Some(port) = published(config).iter().find(|port| TAKEN.contains(port)) {
        return Some(format!("port {port} of the host is that of a program of the lab"));
    }
    if published(config).contains(&53) {
        return Some("it publishes port 53, which QG409 says cannot be beside the name server of Podman".to_owned());
    }
    for (name, network) in entries(&config["networks"]) {
        match network["driver"].as_str().unwrap_or("bridge") {
            "bridge" | "default" => {}
            driver => return Some(format!("network `{name}` has the driver {driver}")),
        }
        if network["external"] == json!(true) && ["host", "none"].iter().any(|word| network["name"] == *word) {
            return Some(format!("network `{name}` is the host's by name"));
        }
    }
    for (name, volume) in entries(&config["volumes"]) {
        if volume["driver"].as_str().unwrap_or("local") != "local" || !volume["driver_opts"].is_null() {
            return Some(format!("volume `{name}` is on something that the lab does not have"));
        }
    }
    for kind in ["secrets", "configs"] {
        if let Some((name, _)) = entries(&config[kind]).find(|(_, one)| one["external"] == json!(true)) {
            return Some(format!("`{name}` of its {kind} is external, which Docker Compose refuses"));
        }
    }
    None
}

/// The ports of the host that a stack takes.
pub fn published(config: &Json) -> BTreeSet<u16> {
    let ports = entries(&config["services"]).flat_map(|(_, service)| service["ports"].as_array().into_iter().flatten());
    let mut all = BTreeSet::new();
    for port in ports.filter_map(|port| port["published"].as_str()) {
        let (first, last) = port.split_once('-').unwrap_or((port, port));
        if let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>()) {
            all.extend(first..=last);
        }
    }
    all
}

/// Other names that no two stacks on a machine may have, and the host's network.
pub fn claims(config: &Json) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (_, service) in entries(&config["services"]) {
        all.extend(service["container_name"].as_str().map(|name| format!("container {name}")));
    }
    let project = format!("{}_", config["name"].as_str().unwrap_or_default());
    for kind in ["networks", "volumes"] {
        for (_, one) in entries(&config[kind]) {
            let name = one["name"].as_str().unwrap_or_default();
            if !name.starts_with(&project) {
                all.insert(format!("{kind} {name}"));
            }
        }
    }
    all
}

/// Whether a stack asks for addresses that the runtime may have given to another one's network.
pub fn has_subnets(config: &Json) -> bool {
    entries(&config["networks"]).any(|(_, network)| !network["ipam"]["config"].is_null())
}

/// Writes the second Compose file, and creates what the stack refers to in its folder.
fn prepare(real: Real) -> Result<Real, String> {
    if let Some(why) = reason(&real.config) {
        return Err(why);
    }
    let here = real.folder.path();
    for path in sources(&real.config).iter().filter(|path| path.starts_with(here)) {
        create(path);
    }
    let mut text = "services:\n".to_owned();
    for (index, (name, service)) in entries(&real.config["services"]).enumerate() {
        let mut ports = BTreeSet::new();
        for port in service["ports"].as_array().into_iter().flatten().filter(|port| port["protocol"] != "udp") {
            ports.extend(port["target"].as_u64());
        }
        let mut command =
            vec!["serve".to_owned(), name.clone(), (29_000 + number(&real.name) * 40 + index).to_string()];
        command.extend(ports.iter().map(u64::to_string));
        if real.one_shots.contains(name) {
            command = vec!["sleep".to_owned(), "1".to_owned()];
        }
        let _ = writeln!(text, "  {}:\n    image: {IMAGE}\n    command: !override {}", json!(name), json!(command));
        for word in DROPPED.iter().filter(|word| !service[**word].is_null()) {
            let _ = writeln!(text, "    {word}: !reset null");
        }
        // Nothing may be raised above what the whole computer has.
        let raised = ["memlock", "nofile", "nproc"].into_iter().filter(|limit| !service["ulimits"][limit].is_null());
        for (at, limit) in raised.enumerate() {
            let head = if at == 0 { "    ulimits:\n" } else { "" };
            let _ = writeln!(text, "{head}      {limit}: !reset null");
        }
        if !service["deploy"]["resources"].is_null() {
            text += "    deploy:\n      resources: !reset null\n";
        }
        for word in ["cap_add", "cap_drop"] {
            let had = texts(&service[word]);
            let left: Vec<&String> = had.iter().filter(|one| !NO_CAPABILITIES.contains(&one.as_str())).collect();
            if left.len() != had.len() {
                let _ = writeln!(text, "    {word}: !override {}", json!(left));
            }
        }
        let health = &service["healthcheck"];
        if !health.is_null() && health["disable"] != json!(true) {
            let probe = PROBE.replace("SERVICE", name);
            let _ = writeln!(
                text,
                "    healthcheck:\n      test: {}\n      interval: 2s\n      timeout: 10s",
                json!(["CMD-SHELL", probe])
            );
        }
    }
    fs::write(here.join(CHANGES), text).unwrap();
    Ok(real)
}

/// The number in a project's name, small enough for ports.
fn number(name: &str) -> usize {
    let digits: String = name.chars().skip(1).take_while(char::is_ascii_digit).collect();
    digits.parse::<usize>().unwrap() % 70
}

/// Files and folders of the host that containers see, and those that secrets and configs are read from.
pub fn sources(config: &Json) -> Vec<PathBuf> {
    let mounts = entries(&config["services"]).flat_map(|(_, one)| one["volumes"].as_array().into_iter().flatten());
    let binds = mounts.filter(|mount| mount["type"] == "bind").filter_map(|mount| mount["source"].as_str());
    let files = ["secrets", "configs"].into_iter().flat_map(|kind| entries(&config[kind]));
    binds.chain(files.filter_map(|(_, one)| one["file"].as_str())).map(PathBuf::from).collect()
}

/// Whether a path that is not there is taken for a file.
pub fn is_file(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending != "d") || path.to_string_lossy().contains("secret")
}

fn create(path: &Path) {
    if path.exists() {
    } else if is_file(path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "made by the lab\n").unwrap();
    } else {
        fs::create_dir_all(path).unwrap();
    }
}
