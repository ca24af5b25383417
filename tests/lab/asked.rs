//! Asks in the containers of a machine what was predicted, and says what was seen.

use std::collections::BTreeMap;
use std::fmt::Write;

use quadgen::model::ServiceKind;
use quadgen::network::{Verdict, Wiring};
use serde_json::Value;

use crate::engine::Lab;
use crate::look::{Addresses, Look, Place, Prediction, page, serves};
use crate::machine::Machine;

/// What the runtime says about its containers.
pub struct Inspected {
    /// By the container's name.
    containers: BTreeMap<String, Value>,
    /// The gateways of networks, by the network's name.
    gateways: BTreeMap<String, String>,
}

/// What was seen: by glibc and by musl for names, once for pages.
pub struct Answer {
    pub seen: Verdict,
    /// The answers as they came.
    pub said: String,
}

/// Asks the runtime about everything that runs.
pub fn inspect(lab: Lab, machine: &Machine) -> Inspected {
    let program = lab.program();
    let read = |lines: &str| -> Vec<Value> {
        let said = machine.must(&format!("{lines} 2>/run/complaints"));
        if said.is_empty() { Vec::new() } else { serde_json::from_str(&said).unwrap() }
    };
    let containers = read(&format!("{program} inspect $({program} ps --all --quiet)"));
    let networks = read(&format!("{program} network inspect $({program} network ls --quiet)"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let gateways = networks.iter().map(|network| {
        let name = ["name", "Name"].into_iter().map(|key| text(&network[key])).find(|name| !name.is_empty());
        let podman = &network["subnets"][0]["gateway"];
        let docker = &network["IPAM"]["Config"][0]["Gateway"];
        (name.unwrap_or_default(), if podman.is_null() { text(docker) } else { text(podman) })
    });
    let containers_by_name =
        containers.iter().map(|one| (text(&one["Name"]).trim_start_matches('/').to_owned(), one.clone()));
    Inspected { containers: containers_by_name.collect(), gateways: gateways.collect() }
}

impl Inspected {
    /// What it says of a container.
    pub fn of(&self, name: &str) -> &Value {
        self.containers.get(name).unwrap_or_else(|| panic!("no container {name} in {:?}", self.containers.keys()))
    }

    /// The addresses of a stack's services, by service.
    pub fn addresses(&self, wiring: &Wiring<'_>) -> BTreeMap<String, Addresses> {
        let all = wiring.stack.services.values();
        let services = all.filter(|service| serves(service) || service.kind == ServiceKind::Pod);
        let each = services.map(|service| {
            let name = wiring.container_name(service);
            // A pod's network is that of its infra container.
            let container =
                if service.kind == ServiceKind::Pod { self.of(&format!("{name}-infra")) } else { self.of(&name) };
            let mut addresses = Addresses::default();
            let networks = container["NetworkSettings"]["Networks"].as_object().cloned().unwrap_or_default();
            for (object, on) in networks {
                let key = wiring.stack.networks.values().find(|network| network.object() == object);
                let key = key.map_or(object.clone(), |network| network.name.value.clone());
                let address = on["IPAddress"].as_str().unwrap_or_default();
                if !address.is_empty() {
                    addresses.own.insert(key, address.to_owned());
                }
                addresses.gateways.extend(self.gateways.get(&object).filter(|gateway| !gateway.is_empty()).cloned());
            }
            addresses.short_id = container["Id"].as_str().unwrap_or_default().chars().take(12).collect();
            (service.name.value.clone(), addresses)
        });
        each.collect()
    }

    /// The main process of a container.
    pub fn pid(&self, name: &str) -> u64 {
        self.of(name)["State"]["Pid"].as_u64().filter(|pid| *pid > 0).unwrap_or_else(|| panic!("{name} does not run"))
    }
}

/// Waits until every service of some stacks answers.
pub fn ready(machine: &Machine, inspected: &Inspected, wirings: &[Wiring<'_>]) {
    let mut lines = String::new();
    for wiring in wirings {
        let containers = wiring.stack.services.values().filter(|service| serves(service));
        for service in containers {
            let (pid, (says, port)) = (inspected.pid(&wiring.container_name(service)), page(service));
            let ask = format!("nsenter --target {pid} --mount --net /bin/ask-musl <<<'page 127.0.0.1 {port}'");
            let _ = writeln!(
                lines,
                "( for _ in {{1..300}}; do [ \"$({ask})\" = {says} ] && exit; sleep 0.1; done; echo {says} does not answer, process {pid}; nsenter --target {pid} --mount --net --pid busybox cat /proc/net/tcp ) &"
            );
        }
    }
    let said = machine.must(&format!("{lines}wait"));
    assert!(said.is_empty(), "{said}\n{}", machine.bash("journalctl --no-pager -n 50").1);
}

/// Asks everything at once; each answer comes with the number of its question.
pub fn ask<'p>(
    machine: &Machine,
    inspected: &Inspected,
    predictions: impl Iterator<Item = (usize, &'p Prediction)>,
) -> Vec<(usize, Answer)> {
    let mut places: BTreeMap<&Place, Vec<(usize, &'p Prediction)>> = BTreeMap::new();
    predictions.for_each(|(number, told)| places.entry(&told.at).or_default().push((number, told)));
    let mut lines = "mkdir -p /run/asked\n".to_owned();
    for (index, (place, told)) in places.iter().enumerate() {
        let names = told.iter().filter(|(_, told)| matches!(told.look, Look::Name(..)));
        let pages = told.iter().filter(|(_, told)| matches!(told.look, Look::Page(..)));
        let names: Vec<String> = names.flat_map(|(_, told)| told.look.lines()).collect();
        let pages: Vec<String> = pages.flat_map(|(_, told)| told.look.lines()).collect();
        let inside = match place {
            Place::Container(name) => format!("nsenter --target {} --mount --net /bin/ask", inspected.pid(name)),
            Place::Host => "/run/bin/ask".to_owned(),
            Place::Lan => "ip netns exec internet /run/bin/ask".to_owned(),
        };
        for (what, libc, questions) in
            [("names", "glibc", &names), ("names", "musl", &names), ("pages", "musl", &pages)]
        {
            if !questions.is_empty() {
                let file = format!("/run/asked/{index}.{what}");
                machine.write(&file, &format!("{}\n", questions.join("\n")));
                let _ = writeln!(lines, "{inside}-{libc} <{file} >{file}.{libc} &");
            }
        }
        // Some containers at a time, as the questions of one are asked together.
        if index % 6 == 5 {
            lines += "wait\n";
        }
    }
    machine.must(&format!("{lines}wait"));
    let mut answers = Vec::new();
    for (index, told) in places.values().enumerate() {
        let read = |what: &str, libc: &str| -> Vec<String> {
            let has = told.iter().any(|(_, told)| matches!(told.look, Look::Name(..)) == (what == "names"));
            let file = format!("/run/asked/{index}.{what}.{libc}");
            if has { machine.read(&file).lines().map(str::to_owned).collect() } else { Vec::new() }
        };
        let (glibc, musl, pages) = (read("names", "glibc"), read("names", "musl"), read("pages", "musl"));
        let (mut name, mut page) = (0, 0);
        for (number, told) in told {
            let count = told.look.lines().len();
            let part = |lines: &[String], from: usize| -> Vec<String> {
                let part = lines.get(from..from + count);
                part.unwrap_or_else(|| panic!("{:?}: answers are missing", told.at)).to_vec()
            };
            let seen = |lines: &[String]| told.look.seen(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let (seen, said) = if matches!(told.look, Look::Name(..)) {
                let (glibc, musl) = (part(&glibc, name), part(&musl, name));
                name += count;
                let both = if seen(&glibc) == seen(&musl) { seen(&glibc) } else { Verdict::Unpredictable };
                (both, format!("glibc {}, musl {}", glibc.join(" "), musl.join(" ")))
            } else {
                let lines = part(&pages, page);
                page += count;
                (seen(&lines), lines.join(" "))
            };
            answers.push((*number, Answer { seen, said }));
        }
    }
    answers
}
