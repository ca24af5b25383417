//! Tried for real: stacks are deployed on machines of their own, and what is seen from inside their containers is
//! compared with what quadgen predicts. Podman 4.3.1 with CNI and with netavark, by commands; Podman 5.4 and 5.8, as
//! units under systemd; Docker Engine, by docker compose. `tests/lab/root.sh` prepares what the machines start from;
//! without it the lab says that it did not run.
//!
//! `QUADGEN_LAB_STACKS` says how many random stacks are tried on each (`tests/lab/full` tries many), and
//! `QUADGEN_LAB_SEED` which is the first.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "lab/asked.rs"]
mod asked;
#[path = "lab/commands.rs"]
mod commands;
#[path = "lab/corpus.rs"]
mod corpus;
#[path = "lab/deployed.rs"]
mod deployed;
#[path = "lab/engine.rs"]
mod engine;
#[path = "lab/look.rs"]
mod look;
#[path = "lab/machine.rs"]
mod machine;
#[path = "lab/random.rs"]
mod random;
#[path = "lab/real.rs"]
mod real;
mod support;
#[path = "lab/symptoms.rs"]
mod symptoms;
#[path = "support/tree.rs"]
mod tree;
#[path = "lab/trial.rs"]
mod trial;

use std::path::Path;

use engine::{CNI, DOCKER, Deployment, How, Lab, NETAVARK, PODMAN_5_4, PODMAN_5_8, PODMAN_COMPOSE};
use look::stand_in;
use machine::Machine;
use quadgen::model::{Spanned, Stack, Version};
use quadgen::platform::options;
use quadgen::read::topology;
use quadgen::source::SourceMap;
use random::{Form, Words};
use support::{missing, say};

/// What is deployed, and more words of the platform: under `wsl2` the router plays Windows.
const STACKS: [(&str, &str); 4] = [
    ("examples/visp/topology.yaml", ""),
    ("tests/lab/networks.topology.yaml", ""),
    (OPEN_WEBUI, ""),
    (OPEN_WEBUI, ",wsl2"),
];
const OPEN_WEBUI: &str = "examples/open-webui/topology.yaml";

#[test]
fn podman_under_systemd_does_what_quadgen_predicts() {
    STACKS.iter().for_each(|(stack, more)| try_stack(PODMAN_5_4, stack, more));
}

#[test]
fn docker_engine_does_what_quadgen_predicts() {
    STACKS.iter().for_each(|(stack, more)| try_stack(DOCKER, stack, more));
}

#[test]
fn random_stacks_on_podman_4_3_with_cni() {
    random_stacks(CNI);
}

#[test]
fn random_stacks_on_podman_4_3_with_netavark() {
    random_stacks(NETAVARK);
}

#[test]
fn random_stacks_on_podman_5_4() {
    random_stacks(PODMAN_5_4);
}

#[test]
fn random_stacks_on_podman_5_8() {
    random_stacks(PODMAN_5_8);
}

#[test]
fn random_stacks_on_docker_engine() {
    random_stacks(DOCKER);
}

#[test]
fn random_stacks_on_podman_behind_its_socket() {
    random_stacks(PODMAN_COMPOSE);
}

#[test]
fn symptoms_on_podman_4_3_with_cni() {
    symptoms::show("podman-4.3-cni");
}

#[test]
fn symptoms_on_podman_4_3_with_netavark() {
    symptoms::show("podman-4.3-netavark");
}

#[test]
fn symptoms_on_podman_5_4() {
    symptoms::show("podman-5.4");
}

#[test]
fn symptoms_on_podman_5_8() {
    symptoms::show("podman-5.8");
}

#[test]
fn symptoms_on_docker_engine() {
    symptoms::show("docker");
}

/// A machine; without one it says why.
fn machine(lab: Lab, what: &str) -> Option<Machine> {
    lab.start().map_err(|why| missing(&format!("{what} in the lab ({why})"))).ok()
}

fn read(file: &str) -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut map = SourceMap::default();
    let file = map.add(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap());
    topology::read(map.file(file)).stack.unwrap()
}

fn try_stack(lab: Lab, file: &str, more: &str) {
    let Some(machine) = machine(lab, &format!("{file} with {}", lab.program())) else { return };
    let mut stack = read(file);
    stand_in(&mut stack);
    let deployment = lab.deployment(stack, &lab.words(&machine, more), Vec::new());
    let counts = trial::run(lab, &machine, &[deployment], &|_| String::new());
    say(&format!("lab: {lab}{}: {file}: {counts}", more.replace(',', ", ")));
    counts.check();
}

/// How many stacks stand on a machine at a time.
const AT_A_TIME: usize = 8;
/// How many are tried where nobody says it: `tests/lab/full` tries many.
const FEW: u64 = 5;

fn random_stacks(lab: Lab) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = number("QUADGEN_LAB_STACKS").unwrap_or(FEW);
    let first = number("QUADGEN_LAB_SEED").unwrap_or(1);
    let formats: &[Form] = match lab.how {
        How::Compose { .. } => &[Form::Topology, Form::Compose],
        How::Units | How::Commands { .. } => &[Form::Topology, Form::Units],
    };
    let words = Words {
        formats,
        podman: !matches!(lab.how, How::Compose { .. }),
        metric: lab.how == How::Units,
        strict: lab.how == How::Units,
    };
    let seeds: Vec<u64> = (first..first + count).collect();
    let mut counts = trial::Counts::default();
    let mut faults = 0;
    for seeds in seeds.chunks(AT_A_TIME) {
        let Some(machine) = machine(lab, &format!("random stacks with {lab}")) else { return };
        let platform = lab.words(&machine, "");
        let written: Vec<random::Written> =
            seeds.iter().enumerate().map(|(slot, seed)| random::stack(*seed, slot, words)).collect();
        counts.shared += written.iter().filter(|written| written.shared_alias).count();
        let deployments: Vec<Deployment> =
            written.iter().map(|written| lab.deployment(written.read(), &platform, written.files.clone())).collect();
        let show = |at: usize| {
            let files = written[at].files.iter().map(|(name, text)| format!("# {name}\n{text}"));
            format!("seed {}:\n{}", seeds[at], files.collect::<String>())
        };
        counts += trial::run(lab, &machine, &deployments, &show);
        // A long run goes on, and tells at once.
        if let Some(wrong) = counts.take_wrong() {
            say(&wrong);
            faults += 1;
        }
    }
    say(&format!("lab: {lab}: {count} random stacks from {first} on: {counts}"));
    assert_eq!(faults, 0, "predictions were wrong: see above");
    counts.check();
}

/// Which options a real Podman takes for lists: it names the type of each.
#[test]
fn options_are_lists_where_the_data_says_so() {
    for lab in [NETAVARK, PODMAN_5_4, PODMAN_5_8] {
        let Some(machine) = machine(lab, &format!("the options of {lab}")) else { return };
        let version: Version = machine.must("podman version --format '{{.Client.Version}}'").parse().unwrap();
        let help = machine.must("podman run --help");
        let is_list = |line: &str| {
            let mut words = line.split_whitespace().skip_while(|word| !word.starts_with("--"));
            let flag = words.next()?;
            (words.next() == Some("strings")).then(|| flag.to_owned())
        };
        let mut seen: Vec<String> = help.lines().filter_map(is_list).collect();
        seen.sort();
        assert!(!seen.is_empty(), "{help}");
        assert_eq!(seen, options::lists(version), "{lab}");
        say(&format!("lab: {lab}: {} options are lists, as data/podman-options.toml says", seen.len()));
    }
}

#[test]
fn units_do_what_compose_files_say() {
    deployed::show();
}

/// `QUADGEN_LAB_REAL` says how many; `tests/lab/real_stacks` tries all that the lab can have.
#[test]
fn real_stacks_under_systemd_and_docker_engine() {
    let most = std::env::var("QUADGEN_LAB_REAL").ok().and_then(|text| text.parse().ok());
    corpus::run(most.unwrap_or(4));
}

/// The address of Windows, which the router plays, is that of the default route at each start.
#[test]
fn a_unit_finds_the_host_by_the_default_route_of_each_start() {
    let Some(machine) = machine(PODMAN_5_4, "the address of the host") else { return };
    let mut stack = read(OPEN_WEBUI);
    stand_in(&mut stack);
    let client = &mut stack.services["open-webui"];
    let span = client.span();
    let address = Spanned::implied(Some("{{ host.ollama.address }}".to_owned()), span);
    client.environment.insert("ADDRESS".to_owned(), address);
    let deployment = PODMAN_5_4.deployment(stack, &PODMAN_5_4.words(&machine, ",wsl2"), Vec::new());
    PODMAN_5_4.deploy(&machine, &[deployment]);
    let routes = [
        ("ip route replace default via 203.0.113.1", "203.0.113.1"),
        ("ip route replace default via 203.0.113.9", "203.0.113.9"),
        // The lower metric wins, whichever was there first.
        ("ip route add default via 203.0.113.1 metric 50", "203.0.113.9"),
        ("ip route del default via 203.0.113.9; ip route add default via 203.0.113.9 metric 60", "203.0.113.1"),
    ];
    for (change, address) in routes {
        // systemd counts quick starts, and these are quick.
        machine.must(&format!("{change}; systemctl reset-failed; systemctl restart open-webui"));
        let look = "cat /etc/hosts; echo page host.docker.internal 11434 | ask-glibc; echo $ADDRESS $OLLAMA_BASE_URL";
        let seen = machine.must(&format!("podman exec open-webui sh -c '{look}'"));
        let named = |line: &&str| {
            *line == "router"
                || line.ends_with("\thost.docker.internal")
                || line.ends_with(" http://host.docker.internal:11434")
        };
        let wanted = [
            format!("{address}\thost.docker.internal"),
            "router".to_owned(),
            format!("{address} http://host.docker.internal:11434"),
        ];
        assert_eq!(seen.lines().map(str::trim).filter(named).collect::<Vec<_>>(), wanted, "after {change}: {seen}");
    }
    let (restarted, _) = machine.bash("ip route flush default; systemctl reset-failed; systemctl restart open-webui");
    let journal = machine.must("journalctl --unit open-webui --output cat");
    assert!(!restarted && journal.contains("no default route"), "{journal}");
    say("lab: a unit found the host by the default route of each start");
}
