//! Subnets and addresses, pods, replicas, variables and leftovers: which rule speaks about which stack, with what it would
//! change; and which is silent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/tree.rs"]
mod tree;

use quadgen::diagnostic::{Change, Diagnostic, Level, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{compose, quadlet, topology};
use quadgen::rules::{self, Context, Member, check_together};
use quadgen::source::SourceMap;
use tree::Memory;

const PODMAN: &str = "podman@5.4.2,netavark@1.14,rootful";
const DOCKER: &str = "docker@28.5";

/// What is found in files: `topology.yaml`, `compose.yaml` with what it names, or units.
fn findings(files: &[(&str, &str)], words: &str) -> (Vec<Diagnostic>, SourceMap) {
    let memory = Memory::new(files.iter().copied());
    let mut sources = SourceMap::default();
    let has = |name: &str| files.iter().any(|(file, _)| *file == name);
    let (format, read) = if has("topology.yaml") {
        let file = sources.add("topology.yaml", files.first().unwrap().1);
        (Format::Topology, topology::read(sources.file(file)))
    } else if has("compose.yaml") {
        let files = vec!["/units/compose.yaml".into()];
        let request = compose::Request {
            files,
            project: Some("p".to_owned()),
            samples: true,
            lenient: true,
            ..compose::Request::default()
        };
        (Format::Compose, compose::read(&mut sources, &memory, &request))
    } else {
        let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
        let version = Platform::resolve(words, parse_spec(words).unwrap(), Format::Quadlet).version;
        (Format::Quadlet, quadlet::lower(&parsed, &sources, version))
    };
    let mut sink = Sink::default();
    sink.extend(read.diagnostics);
    if let Some(stack) = &read.stack {
        let platform = Platform::resolve(words, parse_spec(words).unwrap(), format);
        let wirings = [Wiring::new(stack, &platform)];
        rules::check(&Context::new(stack, &wirings), &mut sink);
    }
    (sink.finish(&sources), sources)
}

const RULES: [&str; 12] =
    ["QG003", "QG005", "QG007", "QG403", "QG406", "QG408", "QG501", "QG502", "QG503", "QG504", "QG505", "QG802"];

/// `QG501 error at TEXT` for each finding of these rules, with what stands at its place.
fn told(files: &[(&str, &str)], words: &str) -> Vec<String> {
    let (found, sources) = findings(files, words);
    let found = found.iter().filter(|found| RULES.contains(&found.rule.code));
    found
        .map(|found| format!("{} {} at {}", found.rule.code, found.severity.word(), sources.text(found.span())))
        .collect()
}

/// The same for a topology of networks and services in one line each.
fn topology(networks: &str, services: &str, words: &str) -> Vec<String> {
    let text = format!("networks: {networks}\nservices: {services}\n").replace(": {networks", ": {image: x, networks");
    told(&[("topology.yaml", &text)], words)
}

/// A network with one item of `ipam.config`.
fn net(config: &str) -> String {
    format!("{{ipam: {{config: [{{{config}}}]}}}}")
}

#[test]
fn subnets_overlap_where_one_bridge_cannot_be_made() {
    let users = "{s: {networks: [a, b]}}";
    for (a, b, count) in [
        (net("subnet: 10.0.0.0/24"), net("subnet: 10.0.0.0/24"), 1),
        (net("subnet: 10.0.0.0/8"), net("subnet: 10.1.2.0/24"), 1),
        (net("subnet: 10.1.2.0/24"), net("subnet: 10.0.0.0/8"), 1),
        (net("subnet: 'fd00::/48'"), net("subnet: 'fd00:0:0:1::/64'"), 1),
        (net("subnet: 10.0.0.0/24"), net("subnet: 10.0.1.0/24"), 0),
        (net("subnet: 10.0.0.0/24"), net("subnet: 'fd00::/64'"), 0),
        (net("subnet: 10.0.0.0/24"), "{}".to_owned(), 0),
        // The LAN's addresses are shared.
        (net("subnet: 10.0.0.0/24"), net("subnet: 10.0.0.0/24").replace("{ipam", "{driver: macvlan, ipam"), 0),
        (net("subnet: 10.0.0.0/24"), "{external: true}".to_owned(), 0),
    ] {
        for words in [PODMAN, DOCKER] {
            let found = topology(&format!("{{a: {a}, b: {b}}}"), users, words);
            let overlaps = found.iter().filter(|found| found.starts_with("QG501 error"));
            assert_eq!(overlaps.count(), count, "{a} {b} on {words}: {found:?}");
        }
    }
}

#[test]
fn compose_makes_the_networks_that_are_used() {
    let (a, b) = (net("subnet: 10.0.0.0/24"), net("subnet: 10.0.0.0/24"));
    let networks = format!("{{a: {a}, b: {b}}}");
    for (words, found) in [(DOCKER, 0), ("podman@5.4,rootful,compose", 0), (PODMAN, 1)] {
        let told = topology(&networks, "{s: {networks: [a]}}", words);
        assert_eq!(told.iter().filter(|found| found.starts_with("QG501")).count(), found, "{words}: {told:?}");
    }
}

#[test]
fn ports_beside_a_mode_and_networks_wait_for_one_of_the_two_to_go() {
    let service = |home: &str| format!("{{s: {{networks: [a], {home}ports: ['8080:80']}}}}");
    for words in [PODMAN, DOCKER] {
        assert_eq!(topology("{a: {}}", &service("network_mode: host, "), words), [""; 0]);
    }
    let unit = "[Container]\nImage=x.io/x:1\nPublishPort=8080:80\nNetwork=host\n";
    assert_eq!(told(&[("w.container", unit)], PODMAN).len(), 1);
    assert_eq!(
        told(&[("w.container", &format!("{unit}Network=a.network\n")), ("a.network", "[Network]\n")], PODMAN),
        [""; 0]
    );
}

#[test]
fn stacks_of_one_host_compare_their_subnets() {
    let texts = [("one", "10.0.0.0/24"), ("two", "10.0.0.128/25"), ("three", "10.0.1.0/24")];
    let mut sources = SourceMap::default();
    let stacks = texts.map(|(name, subnet)| {
        let text = format!(
            "name: {name}\nnetworks: {{{name}: {}}}\nservices: {{{name}: {{image: x, networks: [{name}]}}}}\n",
            net(&format!("subnet: {subnet}"))
        );
        let file = sources.add(format!("{name}.topology.yaml"), text);
        topology::read(sources.file(file)).stack.unwrap()
    });
    let platform = Platform::resolve(PODMAN, parse_spec(PODMAN).unwrap(), Format::Topology);
    let wirings = stacks.each_ref().map(|stack| [Wiring::new(stack, &platform)]);
    let contexts: Vec<Context<'_>> =
        stacks.iter().zip(&wirings).map(|(stack, wirings)| Context::new(stack, wirings)).collect();
    let members: Vec<Member<'_>> =
        contexts.iter().zip(texts).map(|(context, (label, _))| Member { label, context }).collect();
    let mut sink = Sink::default();
    check_together(&members, &mut sink);
    let found = sink.finish(&sources);
    let told: Vec<(&str, &str)> = found.iter().map(|found| (found.rule.code, found.stack.as_str())).collect();
    assert_eq!(told, [("QG501", "two")]);
}

#[test]
fn an_address_is_one_of_its_network() {
    let plain = net("subnet: 10.0.0.0/24");
    for (network, address, podman, docker) in [
        (plain.as_str(), "10.0.0.10", "", ""),
        (&plain, "10.0.1.10", "QG502 error", "QG502 error"),
        // The gateway of a network that states none is the first address.
        (&plain, "10.0.0.1", "QG502 error", "QG502 error"),
        (&plain, "10.0.0.0", "QG502 error", "QG502 error"),
        (&plain, "10.0.0.255", "QG502 error", "QG502 error"),
        (&net("subnet: 10.0.0.0/24, gateway: 10.0.0.9"), "10.0.0.9", "QG502 error", "QG502 error"),
        (&net("subnet: 10.0.0.0/24, gateway: 10.0.0.9"), "10.0.0.1", "", ""),
        // The gateway may be the first of the range.
        (&net("subnet: 10.0.0.0/24, ip_range: 10.0.0.128/25"), "10.0.0.1", "", ""),
        (&net("subnet: 10.0.0.0/24").replace("{ipam", "{internal: true, ipam"), "10.0.0.1", "", ""),
        (&net("subnet: 10.0.0.0/31"), "10.0.0.1", "", ""),
        ("{}", "10.0.0.10", "QG502 warning", "QG502 error"),
        ("{driver: macvlan}", "10.0.0.10", "", "QG502 error"),
        ("{external: true}", "10.0.0.10", "", ""),
        ("{ipam: {driver: dhcp}}", "10.0.0.10", "", ""),
        ("{}", "'fd00::10'", "QG504 error", "QG504 error"),
        // A subnet is enough for Podman.
        (&net("subnet: 'fd00::/64'"), "'fd00::10'", "", "QG504 error"),
        ("{enable_ipv6: true, ipam: {config: [{subnet: 'fd00::/64'}]}}", "'fd00::10'", "", ""),
        ("{enable_ipv6: true, ipam: {config: [{subnet: 'fd00::/64'}]}}", "'fd01::10'", "QG502 error", "QG502 error"),
        (&net("subnet: 'fd00::/64'"), "10.0.0.10", "QG502 error", "QG502 error"),
    ] {
        let key = if address.contains(':') { "ipv6_address" } else { "ipv4_address" };
        let services = format!("{{s: {{networks: {{n: {{{key}: {address}}}}}}}}}");
        for (words, expected) in [(PODMAN, podman), (DOCKER, docker)] {
            let found = topology(&format!("{{n: {network}}}"), &services, words);
            let expected: Vec<String> =
                [expected].iter().filter(|it| !it.is_empty()).map(|it| format!("{it} at {address}")).collect();
            let found: Vec<String> = found.into_iter().filter(|found| !found.starts_with("QG403")).collect();
            let quoted: Vec<String> = expected.iter().map(|it| it.replace('\'', "")).collect();
            let bare: Vec<String> = found.iter().map(|it| it.replace('\'', "")).collect();
            assert_eq!(bare, quoted, "{network} {address} on {words}");
        }
    }
}

#[test]
fn what_is_out_of_form_is_said_once() {
    let services = "{s: {networks: {n: {ipv4_address: 10.0.0.10}}}}";
    let text = format!("networks: {{n: {}}}\nservices: {services}\n", net("subnet: banana, gateway: 10.0.0.1"));
    let text = text.replace(": {networks", ": {image: x, networks");
    assert_eq!(told(&[("topology.yaml", &text)], PODMAN), ["QG003 error at banana"]);
    // A unit whose subnet nobody understands says nothing about addresses.
    let units = [
        ("n.network", "[Network]\nSubnet=%i\n"),
        ("s.container", "[Container]\nImage=x\nContainerName=s\nNetwork=n.network:ip=10.0.0.10\n"),
    ];
    assert_eq!(told(&units, PODMAN), [""; 0]);
    let refused = [
        ("n.network", "[Network]\nSubnet=10.0.0.0/24\nGateway=10.0.0.1\nGateway=10.0.1.1\n"),
        ("s.container", "[Container]\nImage=x\nContainerName=s\nNetwork=n.network\n"),
    ];
    assert_eq!(told(&refused, PODMAN), ["QG505 error at 10.0.1.1"]);
}

#[test]
fn one_address_is_one_container_at_a_time() {
    let network = format!("{{n: {}, m: {}}}", net("subnet: 10.0.0.0/24"), net("subnet: 10.1.0.0/24"));
    let at = |network: &str| format!("{{networks: {{{network}: {{ipv4_address: 10.0.0.9}}}}}}");
    let found = |services: &str, words: &str| {
        let found = topology(&network, services, words);
        found.iter().filter(|found| found.starts_with("QG503")).count()
    };
    assert_eq!(found(&format!("{{a: {}, b: {}}}", at("n"), at("n")), PODMAN), 1);
    assert_eq!(found(&format!("{{a: {}, b: {}, c: {}}}", at("n"), at("n"), at("n")), DOCKER), 2);
    assert_eq!(found(&format!("{{a: {}, b: {}}}", at("n"), at("m")), PODMAN), 0);
    let ended = at("n").replacen('{', "{depends_on: {a: {condition: service_completed_successfully}}, image: x, ", 1);
    assert_eq!(found(&format!("{{a: {}, b: {ended}}}", at("n")), DOCKER), 0);
    let scaled = at("n").replacen('{', "{scale: 2, image: x, ", 1);
    assert_eq!((found(&format!("{{a: {scaled}}}"), DOCKER), found(&format!("{{a: {scaled}}}"), PODMAN)), (1, 0));
}

#[test]
fn replicas_need_a_port_each() {
    for (service, words, code) in [
        ("ports: ['80:80'], scale: 2", DOCKER, "QG408"),
        ("ports: ['127.0.0.1:80:80'], deploy: {replicas: 2}", "podman@5.4,compose", "QG408"),
        ("ports: ['80-81:80-81'], scale: 2", DOCKER, "QG408"),
        ("ports: ['8080-8081:80'], scale: 3", DOCKER, "QG408"),
        ("ports: ['8080-8082:80'], scale: 3", DOCKER, ""),
        ("ports: ['80'], scale: 3", DOCKER, ""),
        ("ports: ['80:80'], deploy: {replicas: 1}", DOCKER, ""),
        ("ports: ['80:80'], deploy: {mode: global, replicas: 2}", DOCKER, ""),
        ("ports: ['80:80'], deploy: {replicas: 0}", DOCKER, ""),
        // One container.
        ("ports: ['80:80'], scale: 2", PODMAN, ""),
        // QG403's.
        ("network_mode: host, ports: ['80:80'], scale: 2", DOCKER, "QG403"),
    ] {
        let found = told(&[("topology.yaml", &format!("services: {{s: {{image: x, {service}}}}}\n"))], words);
        let codes: Vec<&str> = found.iter().filter_map(|found| found.split(' ').next()).collect();
        let expected: Vec<&str> = Some(code).filter(|code| !code.is_empty()).into_iter().collect();
        assert_eq!(codes, expected, "{service} on {words}");
    }
}

#[test]
fn what_belongs_to_a_pod_goes_there() {
    let pod = "[Pod]\nPodName=p\nPublishPort=8080:80\n";
    let web = "[Container]\nImage=x\nContainerName=w\nPod=p.pod\nPublishPort=8080:80\nPublishPort=8443:443\nHostName=w\nAddHost=a:10.0.0.1\n";
    let changes = |web: &str, words: &str| {
        let (found, sources) = findings(&[("p.pod", pod), ("w.container", web)], words);
        assert!(found.iter().all(|found| found.rule.code != "QG403"), "{found:?}");
        let fix = found.iter().filter(|found| found.rule.code == "QG406").flat_map(|found| &found.fixes);
        let changes = fix.flat_map(|fix| &fix.changes).map(|change| match change {
            Change::Remove { span } => format!("- {}", sources.text(*span)),
            Change::AddLine { section, line } => format!("+ [{}] {line}", sources.text(*section)),
            other => panic!("{other:?}"),
        });
        changes.collect::<Vec<_>>()
    };
    let all = [
        "- PublishPort",
        "- PublishPort",
        "+ [Pod] PublishPort=8443:443",
        "- AddHost",
        "+ [Pod] AddHost=a:10.0.0.1",
        "- HostName",
    ];
    assert_eq!(changes(web, "podman@5.4,rootless"), all);
    // An empty value takes back what stands before it.
    assert_eq!(changes("[Container]\nImage=x\nPod=p.pod\nPublishPort=80:80\nPublishPort=\n", PODMAN), [""; 0]);
    // It has left the pod's network.
    assert_eq!(changes("[Container]\nImage=x\nPod=p.pod\nNetwork=host\nHostName=w\n", PODMAN), [""; 0]);
    // The argument's ports are nobody's line.
    assert_eq!(changes("[Container]\nImage=x\nPod=p.pod\nPodmanArgs=-p 80:80\n", PODMAN), [""; 0]);
}

#[test]
fn ports_that_are_published_for_nothing_go_and_others_move() {
    let fix = |files: &[(&str, &str)], words: &str| {
        let (found, sources) = findings(files, words);
        let fixes = found.into_iter().filter(|found| found.rule.code == "QG403").flat_map(|found| found.fixes);
        let one = |change: &Change| match change {
            Change::Remove { span } => format!("- {}", sources.text(*span)),
            Change::AddItem { owner, path, item } => format!("+ {} {path:?} {item}", sources.text(*owner)),
            other => panic!("{other:?}"),
        };
        fixes.map(|fix| (fix.safe, fix.changes.iter().map(one).collect::<Vec<_>>().join(", "))).collect::<Vec<_>>()
    };
    let host = "services: {s: {image: x, network_mode: host, ports: ['8080:80', 81]}}\n";
    assert_eq!(fix(&[("topology.yaml", host)], DOCKER), [(true, "- '8080:80', - 81".to_owned())]);
    let shared = "services: {v: {image: x}, s: {image: x, network_mode: 'service:v', ports: ['8080:80']}}\n";
    assert_eq!(fix(&[("topology.yaml", shared)], PODMAN), [(true, "- '8080:80'".to_owned())]);
    assert_eq!(
        fix(&[("topology.yaml", shared)], DOCKER),
        [(false, "- '8080:80', + v [\"ports\"] \"8080:80\"".to_owned())]
    );
    // What a variable came to does not stand there.
    let variable = "services: {s: {image: x, network_mode: host, ports: ['${P}:80']}}\n";
    assert_eq!(fix(&[("compose.yaml", variable), (".env", "P=8080\n")], DOCKER), []);
    let unit = |lines: &str| format!("[Container]\nImage=x\nContainerName=s\nNetwork=host\n{lines}\n");
    assert_eq!(fix(&[("s.container", &unit("PublishPort=8080:80"))], PODMAN), [(true, "- 8080:80".to_owned())]);
    assert_eq!(fix(&[("s.container", &unit("PodmanArgs=-p 8080:80 --init"))], PODMAN), []);
}

#[test]
fn variables_without_a_value_are_one_finding_a_cause() {
    let web =
        "services: {s: {image: 'x:1', ports: ['80${P}:80'], environment: {A: '${A}', B: '${B:-b}', H: '${HOME}'}}}\n";
    let found = |files: &[(&str, &str)]| told(files, DOCKER);
    assert_eq!(found(&[("compose.yaml", web)]), ["QG005 warning at ${P}"]);
    assert_eq!(found(&[("compose.yaml", web), (".env", "X=1\n")]), ["QG005 warning at ${P}", "QG005 warning at ${A}"]);
    assert_eq!(found(&[("compose.yaml", web), (".env", "P=1\nA=\n")]), [""; 0]);
    assert_eq!(found(&[("compose.yaml", web), (".env.example", "P=1\n")]), ["QG005 info at ${A}"]);
    assert_eq!(found(&[("compose.yaml", web), (".env.example", "P=1\nA=1\n")]), [""; 0]);
    let image = "services: {s: {image: 'x:${TAG}', environment: ['T=$TAG']}}\n";
    assert_eq!(found(&[("compose.yaml", image)]), ["QG005 warning at ${TAG}"]);
    // What is refused because of it is no second finding.
    let port = "services: {s: {image: x, ports: ['${P}'], environment: ['T=$P']}}\n";
    assert_eq!(found(&[("compose.yaml", port)]), ["QG005 error at '${P}'"]);
    assert_eq!(found(&[("compose.yaml", port), (".env", "A=1\n")]), ["QG005 error at '${P}'"]);
    // One that has to have a value is no fault of the file, and what it is a part of is there.
    let given = "services: {s: {image: 'docker.io/x:${T:?which}', ports: ['${P:?}:80'], volumes: ['${D?}:/d:z'], \
                 environment: {A: '${A}'}}}\n";
    assert_eq!(found(&[("compose.yaml", given)]), ["QG005 info at ${T:?which}"]);
    assert_eq!(found(&[("compose.yaml", given), (".env.example", "T=1\n")]), ["QG005 info at ${P:?}"]);
    assert_eq!(
        found(&[("compose.yaml", given), (".env", "T=\nP=1\nA=1\n")]),
        ["QG005 warning at ${T:?which}", "QG005 warning at ${D?}"]
    );
    assert_eq!(found(&[("compose.yaml", given), (".env", "T=1\nP=1\nD=./d\nA=1\n")]), [""; 0]);
    // Units: systemd's own, those of [Service], and a file that nobody reads here.
    let unit = |service: &str| {
        format!(
            "[Container]\nContainerName=s\nImage=x:${{TAG}}\nVolume=${{HOME}}/a:/a\nEnvironment=A=${{B}}\n{service}"
        )
    };
    for (service, expected) in [
        ("", "QG005 info at ${TAG}"),
        ("EnvironmentFile=s.env\n", "QG005 warning at ${TAG}"),
        ("[Service]\nEnvironment=\"TAG=1\" B=2\n", ""),
        ("[Service]\nPassEnvironment=A TAG\n", ""),
        ("[Service]\nEnvironmentFile=%h/s.env\n", ""),
        ("[Service]\nEnvironment=OTHER=1\n", "QG005 info at ${TAG}"),
    ] {
        let text = unit(service);
        let found = told(&[("s.container", &text), ("s.env", "TAG=1\n")], PODMAN);
        let expected: Vec<&str> = Some(expected).filter(|it| !it.is_empty()).into_iter().collect();
        assert_eq!(found, expected, "{service}");
    }
}

#[test]
fn a_colon_in_a_list_of_texts_is_said_so() {
    let one = |service: &str| {
        let text = format!("services:\n  s:\n    image: x\n    {service}\nvolumes: {{d: {{}}}}\n");
        let (found, _) = findings(&[("compose.yaml", &text)], DOCKER);
        let errors: Vec<_> = found.into_iter().filter(|found| ["QG002", "QG003"].contains(&found.rule.code)).collect();
        let [error] = errors.as_slice() else { panic!("{service}: {errors:?}") };
        let help: Vec<&str> = error.help.iter().map(|help| help.text.as_str()).collect();
        assert!(help.contains(&"What you see: docker-compose refuses the file."), "{help:?}");
        (error.message.clone(), help.join("\n"))
    };
    let (message, help) = one("volumes: [$N == true ? d:/data : ./x]");
    assert_eq!(message, "`: ` makes a mapping of this item of `volumes`, and Compose has no conditions (`a ? b : c`)");
    assert!(help.contains("`- d:/data`"), "{help}");
    for (service, list, helps) in [
        ("volumes: [/srv/d: /data]", "volumes", "`- \"/srv/d:/data\"`"),
        ("ports: [8080: 80]", "ports", "`- \"8080:80\"`"),
        ("environment: [A: b]", "environment", "`- A=…`"),
        ("command: [say: hello]", "command", "quotes around"),
    ] {
        let (message, help) = one(service);
        assert_eq!(message, format!("`: ` makes a mapping of this item of `{list}`"));
        assert!(help.contains(helps), "{help}");
    }
    // A long form with a slip in it stays one.
    assert!(one("volumes: [{type: volume, source: d, tagret: /x}]").0.contains("no key `tagret`"));
    assert!(one("volumes: [{tagret: /x}]").0.contains("no key `tagret`"));
}

#[test]
fn a_service_that_depends_on_itself_is_told_so() {
    let text = "services: {s: {image: x, depends_on: [s]}}\n";
    for (file, words, level, says) in [
        ("compose.yaml", DOCKER, Level::Error, "docker-compose refuses"),
        ("topology.yaml", PODMAN, Level::Warning, "systemd leaves"),
    ] {
        let (found, _) = findings(&[(file, text)], words);
        let found = found.iter().find(|found| found.rule.code == "QG601").unwrap();
        assert_eq!((found.message.as_str(), found.severity), ("`s` depends on itself", level), "{words}");
        let help: String = found.help.iter().map(|help| help.text.as_str()).collect();
        assert!(help.contains(says) && help.matches("What you see").count() == 1, "{help}");
    }
}

#[test]
fn two_services_are_one_finding_about_all_their_ports() {
    let said = |files: &[(&str, &str)], words: &str| {
        let (found, _) = findings(files, words);
        let found = found.into_iter().filter(|found| found.rule.code == "QG401");
        found
            .map(|found| (found.message, found.labels.len(), found.help.last().unwrap().text.clone()))
            .collect::<Vec<_>>()
    };
    let two = "services: {a: {image: x, ports: ['1:1', '2:2']}, b: {image: x, ports: ['2:2', '1:1']}, c: {image: x, ports: ['2:2']}}";
    let found = said(&[("topology.yaml", two)], PODMAN);
    let messages: Vec<_> = found.iter().map(|(message, labels, _)| (message.as_str(), *labels)).collect();
    assert_eq!(
        messages,
        [
            ("host ports 2 and 1 are taken twice: `a` and `b` both publish them", 4),
            ("host port 2 is taken twice: `a` and `c` both publish it", 2)
        ]
    );
    let extended = "services: {a: {image: x, ports: ['1:1']}, b: {extends: {service: a}}}";
    let found = said(&[("compose.yaml", extended)], DOCKER);
    assert!(matches!(found.as_slice(), [(_, 3, help)] if help.contains("!override")), "{found:?}");
    let unit = |lines: &str| format!("{lines}\n[Container]\nImage=x\nPublishPort=8080:80\n");
    let units = |lines: &str| said(&[("a.container", &unit("")), ("b.container", &unit(lines))], PODMAN);
    assert!(matches!(units("").as_slice(), [(_, 2, help)] if help.contains("`PublishPort=`")));
    assert_eq!(units("[Unit]\nConflicts=a.service"), []);
}

#[test]
fn what_is_not_there_is_told_with_who_asks() {
    for (text, who) in [
        ("services: {w: {extends: {file: no.yaml, service: w}}}\n", "`extends` of `w`"),
        ("include: [no.yaml]\nservices: {w: {image: x}}\n", "`include`"),
    ] {
        let (found, _) = findings(&[("compose.yaml", text)], DOCKER);
        let found = found.iter().find(|found| found.rule.code == "QG000").unwrap();
        assert!(found.message.contains(&format!("no.yaml`, which {who} asks for: ")), "{}", found.message);
    }
}

#[test]
fn what_somebody_names_is_used() {
    let text = "networks: {a: {}, b: {}}\nvolumes: {v: {}, w: {}}\nsecrets: {s: {file: s}, t: {file: t}}\n\
                services:\n  x: {image: x, networks: [a], volumes: ['v:/v'], build: {context: ., secrets: [t]}}\n  y: {image: y, networks: [b], profiles: [off]}\n";
    let found = told(&[("compose.yaml", text)], DOCKER);
    assert_eq!(found, ["QG007 info at w", "QG007 info at s"]);
    let units = |more: &str| {
        let web = format!("[Unit]\n{more}\n[Container]\nImage=x\nContainerName=w\n");
        told(&[("n.network", "[Network]\n"), ("w.container", &web)], PODMAN)
    };
    assert_eq!(units(""), ["QG007 info at Network"]);
    assert_eq!(units("Requires=n-network.service"), [""; 0]);
    assert_eq!(told(&[("n.network", "[Network]\n")], PODMAN), [""; 0]);
    let version = "version: '3'\nservices: {x: {image: x}}\n";
    let (found, sources) = findings(&[("compose.yaml", version)], DOCKER);
    let fix = found.iter().flat_map(|found| &found.fixes).flat_map(|fix| &fix.changes).next();
    assert!(matches!(fix, Some(Change::Remove { span }) if sources.text(*span) == "version"), "{found:?}");
}
