//! Random stacks, written as people write them: a topology, a tree of units, or a Compose file. The same number makes
//! the same stack.

use std::fmt::Write;

use quadgen::model::Stack;
use quadgen::read::{compose, quadlet, topology};
use quadgen::source::SourceMap;

use crate::tree::Memory;

/// Which words a stack may use.
#[derive(Clone, Copy)]
pub struct Words {
    /// In which formats it is written; one is picked.
    pub formats: &'static [Form],
    /// Whether networks may be isolated, and have no DNS.
    pub podman: bool,
    /// Whether networks may say how much they are preferred as a way out.
    pub metric: bool,
    /// Whether `isolate=strict` and networks that are no way out are known.
    pub strict: bool,
}

/// A format that a stack is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Topology,
    Units,
    Compose,
}

/// A stack: its files by name.
pub struct Written {
    pub form: Form,
    pub name: String,
    pub files: Vec<(String, String)>,
    /// Whether an alias belongs to two services.
    pub shared_alias: bool,
}

impl Written {
    /// The stack that quadgen reads from the files.
    pub fn read(&self) -> Stack {
        let mut sources = SourceMap::default();
        let read = match self.form {
            Form::Topology => {
                let (name, text) = &self.files[0];
                let file = sources.add(name, text);
                topology::read(sources.file(file))
            }
            Form::Compose => {
                let files = Memory::new(self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
                let request = compose::Request { files: vec!["/units/compose.yaml".into()], ..Default::default() };
                compose::read(&mut sources, &files, &request)
            }
            Form::Units => {
                let files = Memory::new(self.files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
                let parsed = quadlet::parse(&mut sources, &files, files.tree());
                quadlet::lower(&parsed, &sources, "5.4".parse().unwrap())
            }
        };
        let said: Vec<&str> = read.diagnostics.iter().map(|found| found.message.as_str()).collect();
        assert!(said.is_empty(), "{said:?} in {:?}", self.files);
        let mut stack = read.stack.unwrap();
        stack.name.value.clone_from(&self.name);
        stack
    }
}

/// SplitMix64, by Sebastiano Vigna, which is in the public domain.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

struct Network {
    name: String,
    internal: bool,
    options: Vec<(&'static str, &'static str)>,
    dns_off: bool,
}

/// Where a service is.
enum At {
    /// On these networks, with these names on each.
    Networks(Vec<(usize, Vec<String>)>),
    Host,
    Default,
    Nowhere,
    /// In the network of another service.
    With(usize),
    /// In a pod.
    Pod(usize),
}

struct Service {
    name: String,
    at: At,
    container_name: bool,
    hostname: Option<String>,
    ports: Vec<String>,
    /// The port that it listens on.
    own: u16,
    program: bool,
}

struct Pod {
    name: String,
    networks: Vec<(usize, Vec<String>)>,
    ports: Vec<String>,
}

/// The stack of a number. Stacks of different numbers below a hundred can stand on one host.
pub fn stack(seed: u64, slot: usize, words: Words) -> Written {
    let mut random = Random(seed);
    let form = words.formats[random.below(words.formats.len())];
    let name = format!("q{slot}");
    let networks: Vec<Network> = (0..1 + random.below(4))
        .map(|at| Network {
            name: format!("q{slot}-{}", ["net", "front", "back", "own"][at]),
            internal: random.percent(30),
            options: match random.below(20) {
                0..=5 if words.podman => vec![("isolate", "true")],
                6 | 7 if words.strict => vec![("isolate", "strict")],
                8 if words.metric => vec![("metric", "50")],
                9 if words.metric => vec![("metric", "200"), ("isolate", "true")],
                10 if words.strict => vec![("no_default_route", "true")],
                _ => Vec::new(),
            },
            // Compose has no word for it.
            dns_off: words.podman && form != Form::Compose && random.percent(8),
        })
        .collect();
    let shared_alias = random.percent(5);
    let mut aliases = 0;
    let mut on = |random: &mut Random, most: usize| -> Vec<(usize, Vec<String>)> {
        let mut left: Vec<usize> = (0..networks.len()).collect();
        let count = 1 + [0, 0, 0, 1, 1, 2][random.below(6)].min(most - 1);
        (0..count.min(left.len()))
            .map(|_| {
                let network = left.remove(random.below(left.len()));
                let mut names = Vec::new();
                if random.percent(25) {
                    aliases += 1;
                    names.push(format!("q{slot}-alias{aliases}"));
                }
                if shared_alias && random.percent(50) {
                    names.push(format!("q{slot}-pool"));
                }
                (network, names)
            })
            .collect()
    };
    let mut port = 20_000 + 100 * slot as u16;
    let mut published = |random: &mut Random, own: u16| -> Vec<String> {
        if !random.percent(35) {
            return Vec::new();
        }
        port += 1;
        let address = ["", "", "127.0.0.1:", "203.0.113.2:"][random.below(4)];
        vec![format!("{address}{port}:{own}")]
    };
    let count = 2 + random.below(5);
    let own = |at: usize| (7000 + 10 * slot + at) as u16;
    let mut pods = Vec::new();
    if form == Form::Units && random.percent(40) {
        let ports = published(&mut random, own(0));
        pods.push(Pod { name: format!("q{slot}-pod"), networks: on(&mut random, 2), ports });
    }
    let mut services: Vec<Service> = Vec::new();
    for at in 0..count {
        let place = match random.below(20) {
            // The first two members make the pod worth the name.
            _ if !pods.is_empty() && at < 2 => At::Pod(0),
            0 | 1 => At::Host,
            2 if words.podman || form == Form::Compose => At::Default,
            3 => At::Nowhere,
            4 | 5 if services.iter().any(|other| matches!(other.at, At::Networks(_))) => {
                let owners: Vec<usize> =
                    (0..at).filter(|other| matches!(services[*other].at, At::Networks(_))).collect();
                At::With(owners[random.below(owners.len())])
            }
            _ => At::Networks(on(&mut random, 3)),
        };
        let apart = matches!(place, At::Networks(_) | At::Default);
        services.push(Service {
            name: format!("q{slot}-{}", ["web", "db", "cache", "job", "proxy", "mail"][at]),
            container_name: random.percent(60),
            hostname: (apart && random.percent(25)).then(|| format!("q{slot}-host{at}")),
            ports: if apart { published(&mut random, own(at)) } else { Vec::new() },
            own: own(at),
            program: random.percent(30),
            at: place,
        });
    }
    let sketch = Sketch { name: name.clone(), networks, pods, services };
    let files = match form {
        Form::Topology => vec![("topology.yaml".to_owned(), sketch.yaml(true))],
        Form::Compose => vec![("compose.yaml".to_owned(), sketch.yaml(false))],
        Form::Units => sketch.units(),
    };
    Written { form, name, files, shared_alias }
}

struct Sketch {
    name: String,
    networks: Vec<Network>,
    pods: Vec<Pod>,
    services: Vec<Service>,
}

impl Sketch {
    fn yaml(&self, topology: bool) -> String {
        let mut text = format!("name: {}\n", self.name);
        if topology {
            text += "host_services:\n  program: { port: 11434 }\n  loopback: { port: 11435, listens: 127.0.0.1 }\n";
        }
        text += "networks:\n";
        for network in &self.networks {
            let mut words = Vec::new();
            if network.internal {
                words.push("internal: true".to_owned());
            }
            if !network.options.is_empty() {
                let options: Vec<String> =
                    network.options.iter().map(|(option, value)| format!("{option}: {value:?}")).collect();
                words.push(format!("driver_opts: {{ {} }}", options.join(", ")));
            }
            if network.dns_off {
                words.push("quadlet: { Network: { DisableDNS: \"true\" } }".to_owned());
            }
            let _ = writeln!(text, "  {}: {{ {} }}", network.name, words.join(", "));
        }
        text += "services:\n";
        for service in &self.services {
            let Service { name, own, .. } = service;
            let _ = writeln!(
                text,
                "  {name}:\n    image: localhost/quadgen-lab:1\n    command: [serve, {name}, \"{own}\"]"
            );
            match (topology, service.container_name) {
                (true, false) => text += "    container_name: null\n",
                (false, true) => _ = writeln!(text, "    container_name: {name}-own"),
                _ => {}
            }
            if let Some(hostname) = &service.hostname {
                let _ = writeln!(text, "    hostname: {hostname}");
            }
            match &service.at {
                At::Networks(networks) => {
                    text += "    networks:\n";
                    for (network, aliases) in networks {
                        let name = &self.networks[*network].name;
                        let _ = writeln!(text, "      {name}: {{ aliases: [{}] }}", aliases.join(", "));
                    }
                }
                At::Host => text += "    network_mode: host\n",
                At::Default => text += "    network_mode: bridge\n",
                At::Nowhere => text += "    network_mode: none\n",
                At::With(owner) => _ = writeln!(text, "    network_mode: service:{}", self.services[*owner].name),
                At::Pod(_) => unreachable!("only units have pods"),
            }
            if !service.ports.is_empty() {
                let _ = writeln!(text, "    ports: {:?}", service.ports);
            }
            if topology && service.program {
                text += "    connects: [host.program, host.loopback]\n";
            }
        }
        text
    }

    fn units(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for network in &self.networks {
            let mut text = "[Network]\n".to_owned();
            if network.internal {
                text += "Internal=true\n";
            }
            for (option, value) in &network.options {
                let _ = writeln!(text, "Options={option}={value}");
            }
            if network.dns_off {
                text += "DisableDNS=true\n";
            }
            files.push((format!("{}.network", network.name), text));
        }
        let on = |text: &mut String, networks: &[(usize, Vec<String>)]| {
            for (network, aliases) in networks {
                let aliases: Vec<String> = aliases.iter().map(|alias| format!("alias={alias}")).collect();
                let aliases = if aliases.is_empty() { String::new() } else { format!(":{}", aliases.join(",")) };
                let _ = writeln!(text, "Network={}.network{aliases}", self.networks[*network].name);
            }
        };
        let ports = |text: &mut String, ports: &[String]| {
            ports.iter().for_each(|port| _ = writeln!(text, "PublishPort={port}"));
        };
        for pod in &self.pods {
            let mut text = "[Pod]\n".to_owned();
            on(&mut text, &pod.networks);
            ports(&mut text, &pod.ports);
            files.push((format!("{}.pod", pod.name), text));
        }
        for service in &self.services {
            let Service { name, own, .. } = service;
            let mut text = format!("[Container]\nImage=localhost/quadgen-lab:1\nExec=serve {name} {own}\n");
            if service.container_name {
                let _ = writeln!(text, "ContainerName={name}-own");
            }
            if let Some(hostname) = &service.hostname {
                let _ = writeln!(text, "HostName={hostname}");
            }
            match &service.at {
                At::Networks(networks) => on(&mut text, networks),
                At::Host => text += "Network=host\n",
                At::Default => text += "Network=podman\n",
                At::Nowhere => text += "Network=none\n",
                At::With(owner) => _ = writeln!(text, "Network={}.container", self.services[*owner].name),
                At::Pod(pod) => _ = writeln!(text, "Pod={}.pod", self.pods[*pod].name),
            }
            ports(&mut text, &service.ports);
            files.push((format!("{name}.container"), text));
        }
        files
    }
}
