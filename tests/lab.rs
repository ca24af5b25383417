//! Tried for real: stacks are deployed on machines of their own, Podman under systemd and Docker Engine, and what is
//! seen from inside their containers is compared with what quadgen predicts. `tests/lab/root.sh` prepares what the
//! machines start from; without it the lab says that it did not run.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "lab/engine.rs"]
mod engine;
#[path = "lab/look.rs"]
mod look;
#[path = "lab/machine.rs"]
mod machine;
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use engine::Engine;
use look::{Addresses, Prediction, READS_A_PAGE, own_port, predictions, stand_in};
use machine::Machine;
use quadgen::model::{Spanned, Stack};
use quadgen::network::{Verdict, Wiring};
use quadgen::read::topology;
use quadgen::source::SourceMap;
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
    STACKS.iter().for_each(|(stack, more)| try_stack(Engine::Podman, stack, more));
}

#[test]
fn docker_engine_does_what_quadgen_predicts() {
    STACKS.iter().for_each(|(stack, more)| try_stack(Engine::Docker, stack, more));
}

/// A machine; without one it says why.
fn machine(what: &str) -> Option<Machine> {
    Machine::start().map_err(|why| missing(&format!("{what} in the lab ({why})"))).ok()
}

fn read(file: &str) -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let mut map = SourceMap::default();
    let file = map.add(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap());
    topology::read(map.file(file)).stack.unwrap()
}

fn try_stack(engine: Engine, file: &str, more: &str) {
    let Some(machine) = machine(&format!("{file} with {}", engine.program())) else { return };
    engine.start(&machine);
    let platform = engine.platform(&machine, more);
    let mut stack = read(file);
    stand_in(&mut stack);
    let running = engine.deploy(&machine, &stack, &platform);
    let wiring = Wiring::new(&stack, &platform);
    let mut asked: BTreeMap<Option<String>, Vec<Prediction>> = BTreeMap::new();
    for prediction in predictions(&wiring, &addresses(engine, &machine, &wiring)) {
        asked.entry(prediction.container.clone()).or_default().push(prediction);
    }
    let answers: Vec<(&Prediction, String)> = std::thread::scope(|scope| {
        let machine = &machine;
        let each = asked.iter();
        let looking: Vec<_> = each.map(|(at, told)| scope.spawn(move || ask(engine, machine, at, told))).collect();
        looking.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let certain = |verdict| matches!(verdict, Verdict::Yes | Verdict::No);
    let wrong: Vec<String> = answers
        .iter()
        .filter(|(told, printed)| certain(told.verdict) && told.look.seen(printed) != Some(told.verdict))
        .map(|(told, printed)| format!("{}: predicted {:?}, seen: {printed:?}", told.says, told.verdict))
        .collect();
    let settled = answers.iter().filter(|(told, _)| certain(told.verdict)).count();
    let at = format!("lab: {}{}: {file}", platform.describe(), more.replace(',', ", "));
    assert!(
        wrong.is_empty(),
        "{at}: {} of {} predictions are wrong:\n{}",
        wrong.len(),
        answers.len(),
        wrong.join("\n")
    );
    say(&format!("{at}: {running}, {settled} verdicts held, {} left open", answers.len() - settled));
}

/// Where the runtime says that the containers of a stack are, by service. Waits until each of them answers.
fn addresses(engine: Engine, machine: &Machine, wiring: &Wiring) -> BTreeMap<String, Addresses> {
    let services = wiring.stack.services.values().enumerate();
    let found = services.map(|(index, service)| {
        let (program, name, port) = (engine.program(), wiring.container_name(service), own_port(index));
        let ready = format!("until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.1; done");
        machine.must(&format!("timeout 60 {program} exec {name} bash -c '{ready}'"));
        let mut addresses = Addresses::default();
        // Who lives in another's network has the other's.
        let own = wiring.attachments(service).filter(|_| wiring.owner(service).name == service.name);
        for network in own.map(|attachment| &attachment.network.value) {
            let object = wiring.stack.networks[network].object();
            let own = format!("{{{{(index .NetworkSettings.Networks {object:?}).IPAddress}}}}");
            addresses.own.insert(network.clone(), machine.must(&format!("{program} inspect --format '{own}' {name}")));
            let gateway = engine.gateway();
            let gateway = machine.must(&format!("{program} network inspect --format '{gateway}' {object}"));
            addresses.gateways.push(gateway);
        }
        (service.name.value.clone(), addresses)
    });
    found.collect()
}

/// Runs lines of bash in a container, or on the host: what they printed on either way.
fn look(engine: Engine, machine: &Machine, container: Option<&str>, lines: &str) -> (String, String) {
    let mut program = vec!["bash", "-c", lines];
    if let Some(container) = container {
        program.splice(0..0, [engine.program(), "exec", container]);
    }
    let output = machine.run(&program);
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Asks all at once what is to be asked in one container, and gives each answer as it was printed.
fn ask<'p>(
    engine: Engine,
    machine: &Machine,
    container: &Option<String>,
    predictions: &'p [Prediction],
) -> Vec<(&'p Prediction, String)> {
    let mut lines = READS_A_PAGE.to_owned();
    for (index, prediction) in predictions.iter().enumerate() {
        lines += &format!("{{ answer=$({}); echo \"{index} $answer\"; }} 2>/dev/null &\n", prediction.look.lines());
    }
    lines += "wait";
    let (printed, complaints) = look(engine, machine, container.as_deref(), &lines);
    let mut answers: BTreeMap<usize, &str> =
        printed.lines().filter_map(|line| line.split_once(' ')).map(|(at, said)| (at.parse().unwrap(), said)).collect();
    let missing = || panic!("{container:?}: {printed}\n{complaints}");
    let each = predictions.iter().enumerate();
    each.map(|(at, prediction)| (prediction, answers.remove(&at).unwrap_or_else(missing).trim().to_owned())).collect()
}

/// The address of Windows, which the router plays, is that of the default route at each start.
#[test]
fn a_unit_finds_the_host_by_the_default_route_of_each_start() {
    let Some(machine) = machine("the address of the host") else { return };
    Engine::Podman.start(&machine);
    let mut stack = read(OPEN_WEBUI);
    stand_in(&mut stack);
    let client = &mut stack.services["open-webui"];
    let span = client.span();
    let address = Spanned::implied(Some("{{ host.ollama.address }}".to_owned()), span);
    client.environment.insert("ADDRESS".to_owned(), address);
    let platform = Engine::Podman.platform(&machine, ",wsl2");
    Engine::Podman.deploy(&machine, &stack, &platform);
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
        let lines = format!(
            "{READS_A_PAGE} cat /etc/hosts; page host.docker.internal 11434; echo; echo $ADDRESS $OLLAMA_BASE_URL"
        );
        let (seen, complaints) = look(Engine::Podman, &machine, Some("open-webui"), &lines);
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
        assert_eq!(
            seen.lines().map(str::trim).filter(named).collect::<Vec<_>>(),
            wanted,
            "after {change}: {complaints}"
        );
    }
    let (restarted, _) = machine.bash("ip route flush default; systemctl reset-failed; systemctl restart open-webui");
    let journal = machine.must("journalctl --unit open-webui --output cat");
    assert!(!restarted && journal.contains("no default route"), "{journal}");
    say("lab: a unit found the host by the default route of each start");
}
