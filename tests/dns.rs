//! Names and addresses that lead nowhere: one cause gives one finding, at the level that is due.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/tree.rs"]
mod tree;

use quadgen::diagnostic::{Change, Diagnostic, Level, Sink};
use quadgen::model::{Format, Stack};
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{quadlet, topology};
use quadgen::rules::{self, Context};
use quadgen::source::SourceMap;
use tree::Memory;

const ROOTFUL: &str = "podman@5.4.2,netavark@1.14,rootful";
const ROOTLESS: &str = "podman@5.4.2,netavark@1.14,rootless";
const CNI: &str = "podman@4.3.1,cni,rootful";
const DOCKER: &str = "docker@28.5";
const DESKTOP: &str = "docker-desktop";

type Code = (&'static str, Level);

const E105: Code = ("QG105", Level::Error);
const W105: Code = ("QG105", Level::Warning);
const W109: Code = ("QG109", Level::Warning);
const W407: Code = ("QG407", Level::Warning);

fn check(stack: &Stack, platform: &Platform, sources: &SourceMap) -> Vec<Diagnostic> {
    let wirings = [Wiring::new(stack, platform)];
    let mut sink = Sink::default();
    rules::check(&Context::new(stack, &wirings), &mut sink);
    let mut found = sink.finish(sources);
    // Routing between networks, the names of units and their life are not what is asked here.
    let others = ["QG007", "QG103", "QG203"];
    found.retain(|found| !found.rule.code.starts_with("QG6") && !others.contains(&found.rule.code));
    found
}

fn in_topology(text: &str, words: &str) -> Vec<Diagnostic> {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let read = topology::read(sources.file(file));
    assert!(read.diagnostics.is_empty(), "{text}\n{:?}", read.diagnostics);
    let platform = Platform::resolve(words, parse_spec(words).unwrap(), Format::Topology);
    check(&read.stack.unwrap(), &platform, &sources)
}

/// What is found in units, each a name and what stands below `[Container]` behind the image and the name.
fn in_units(files: &[(&str, &str)], words: &str) -> Vec<Diagnostic> {
    let text = |(name, text): &(&str, &str)| match name.strip_suffix(".container") {
        Some(stem) => format!("[Container]\nImage=docker.io/library/nginx:1\nContainerName={stem}\n{text}\n"),
        None => (*text).to_owned(),
    };
    let texts: Vec<(&str, String)> = files.iter().map(|file| (file.0, text(file))).collect();
    let memory = Memory::new(texts.iter().map(|(name, text)| (*name, text.as_str())));
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let platform = Platform::resolve(words, parse_spec(words).unwrap(), Format::Quadlet);
    let read = quadlet::lower(&parsed, &sources, platform.version);
    check(&read.stack.unwrap(), &platform, &sources)
}

fn codes(found: &[Diagnostic]) -> Vec<Code> {
    // Information about every service on several networks, which is not the matter here.
    let others = ["QG007", "QG205", "QG506"];
    let about = found.iter().filter(|finding| !others.contains(&finding.rule.code));
    about.map(|finding| (finding.rule.code, finding.severity)).collect()
}

#[test]
fn a_name_on_a_network_without_names_is_one_finding() {
    for (client, target, words, expected) in [
        // All that a client misses for one reason is one finding; stated needs make it an error.
        (
            "network_mode: bridge, environment: {X: 'http://t:80 http://u:80'}",
            "network_mode: bridge",
            DOCKER,
            &[W105][..],
        ),
        (
            "network_mode: bridge, connects: [t], environment: {X: 'http://u:80'}",
            "network_mode: bridge",
            DOCKER,
            &[E105],
        ),
        ("network_mode: bridge, environment: {X: 'http://t:80'}", "network_mode: bridge", ROOTFUL, &[W105]),
        ("networks: [p], connects: [t]", "networks: [p]", ROOTLESS, &[E105]),
        ("networks: [p], connects: [t]", "networks: [p]", CNI, &[E105]),
        // A word that nobody wrote plays no part: every Podman is like that.
        ("networks: [p], connects: [t]", "networks: [p]", "podman", &[E105]),
        // On Docker it is a network like others, of which nothing is known.
        ("networks: [p], environment: {X: 'http://t:80'}", "networks: [p]", DOCKER, &[]),
        ("networks: [lan], environment: {X: 'http://t:80'}", "networks: [lan]", ROOTFUL, &[W105]),
        ("networks: [lan], environment: {X: 'http://t:80'}", "networks: [lan]", DOCKER, &[]),
        // Order says nothing about names.
        ("networks: [p], depends_on: [t]", "networks: [p]", ROOTFUL, &[]),
        // They also share a network with names.
        ("networks: [p, n], connects: [t]", "networks: [p, n]", ROOTFUL, &[]),
        // Not even the address is reached: QG208's.
        (
            "networks: [n], environment: {X: 'http://t:80'}",
            "network_mode: bridge",
            DOCKER,
            &[("QG208", Level::Warning)],
        ),
    ] {
        let text = format!(
            "networks: {{n: {{}}, p: {{external: true, name: podman}}, lan: {{driver: macvlan}}}}\n\
             services:\n  c: {{image: x, {client}}}\n  t: {{image: x, {target}}}\n  u: {{image: x, {target}}}"
        );
        assert_eq!(codes(&in_topology(&text, words)), expected, "{text}\non {words}");
    }
}

#[test]
fn a_name_that_others_have_on_another_network_is_one_finding() {
    let stack = |networks: &str| {
        format!(
            "networks: {{app: {{}}, data: {{}}}}\nservices:\n  c: {{image: x, networks: {networks}, connects: [db]}}\n  \
             db: {{image: x, networks: [data]}}\n  other: {{image: x, networks: {{app: {{aliases: [db]}}}}}}"
        )
    };
    let e106 = ("QG106", Level::Error);
    for words in [ROOTFUL, ROOTLESS, CNI, DOCKER] {
        assert_eq!(codes(&in_topology(&stack("[app, data]"), words)), [e106], "{words}");
        assert_eq!(codes(&in_topology(&stack("[data]"), words)), [], "{words}");
    }
    // Docker takes the first by name, which is then the right one.
    let renamed = stack("[app, data]").replace("app: {}", "app: {name: zzz}");
    for (words, expected) in [(ROOTFUL, &[e106][..]), (CNI, &[e106]), (DOCKER, &[])] {
        assert_eq!(codes(&in_topology(&renamed, words)), expected, "{words}");
    }
}

#[test]
fn an_alias_without_effect_explains_the_need_for_it() {
    for (networks, expected) in [
        ("{p: {aliases: [a]}}", &[W109][..]),
        ("{p: {aliases: [a]}, n: {}}", &[W109]),
        ("{p: {aliases: [a]}, n: {aliases: [a]}}", &[]),
    ] {
        let text = format!(
            "networks: {{n: {{}}, p: {{external: true, name: podman}}}}\nservices:\n  \
             t: {{image: x, networks: {networks}}}\n  \
             c: {{image: x, networks: [p, n], environment: {{X: 'http://a:80'}}}}"
        );
        assert_eq!(codes(&in_topology(&text, ROOTFUL)), expected, "{text}");
    }
}

#[test]
fn units_without_a_network_have_no_names() {
    let (web, net) = ("Environment=X=http://db:80", ("n.network", "[Network]\n"));
    for words in [ROOTLESS, ROOTFUL] {
        let found = in_units(&[("web.container", web), ("db.container", "")], words);
        assert_eq!(codes(&found), [W105], "{words}");
        let one =
            in_units(&[("web.container", &format!("{web}\nNetwork=n.network")), ("db.container", ""), net], words);
        assert_eq!(codes(&one), [W105], "{words}: {one:?}");
        let both = ["web.container", "db.container"].map(|name| (name, format!("{web}\nNetwork=n.network")));
        let both: Vec<(&str, &str)> = both.iter().map(|(name, text)| (*name, text.as_str())).chain([net]).collect();
        assert_eq!(codes(&in_units(&both, words)), [], "{words}");
    }
}

#[test]
fn aliases_of_units_are_judged_by_where_they_stand() {
    let net = [
        ("n.network", "[Network]\nSubnet=10.0.0.0/24\nSubnet=fd00::/64\n"),
        ("m.network", "[Network]\nInternal=true\n"),
    ];
    let refused = ("QG109", Level::Error);
    for (text, words, expected) in [
        ("Network=host\nNetworkAlias=a", ROOTLESS, &[refused][..]),
        ("Network=none\nPodmanArgs=--network-alias a", CNI, &[refused]),
        ("Network=pasta\nNetworkAlias=a", ROOTLESS, &[refused]),
        ("NetworkAlias=a", ROOTFUL, &[W109]),
        ("NetworkAlias=a", ROOTLESS, &[refused]),
        // Nobody said that it is rootless.
        ("NetworkAlias=a", "podman@5.4.2", &[W109]),
        ("Network=podman\nNetworkAlias=a", ROOTLESS, &[W109]),
        ("Network=bridge\nNetworkAlias=a", ROOTLESS, &[W109]),
        // It counts on the other network.
        ("Network=podman\nNetwork=n.network\nNetworkAlias=a", ROOTLESS, &[]),
        ("Network=n.network\nNetworkAlias=a", ROOTLESS, &[]),
        ("Network=n.network:alias=b\nNetworkAlias=a", ROOTLESS, &[W109]),
        (
            "Network=n.network:alias=b,alias=c\nNetwork=m.network:alias=d\nPodmanArgs=--network-alias=a",
            ROOTLESS,
            &[W109],
        ),
        ("Network=n.network:alias=a\nNetworkAlias=a", ROOTLESS, &[]),
        // An empty value takes back what stood before.
        ("Network=n.network:alias=b\nNetworkAlias=a\nNetworkAlias=", ROOTLESS, &[]),
        ("Network=n.network:alias=b:ip=10.0.0.7", ROOTLESS, &[W109]),
        ("Network=n.network:alias=b,ip=10.0.0.7", ROOTLESS, &[]),
        ("Network=n.network:ip6=fd00::7,alias=b", ROOTLESS, &[]),
        // That release has no such key, and takes no such unit: QG701's.
        ("Network=host\nNetworkAlias=a", "podman@4.9,netavark,rootless", &[]),
    ] {
        let files: Vec<(&str, &str)> = [("w.container", text)].into_iter().chain(net).collect();
        assert_eq!(codes(&in_units(&files, words)), expected, "{text}\non {words}");
    }
}

#[test]
fn a_comma_in_place_of_the_colon_mends() {
    let line = "Network=n.network:alias=b:ip=10.0.0.7";
    let net = ("n.network", "[Network]\nSubnet=10.0.0.0/24\n");
    let found = in_units(&[("w.container", line), net], ROOTLESS);
    let [Change::Replace { span, text }] = found.first().unwrap().fixes.first().unwrap().changes.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((span.end - span.start, text.as_str()), (1, ","));
    let at = found.first().unwrap().span().end;
    assert_eq!(span.start, at, "right behind the alias");
    assert_eq!(codes(&in_units(&[("w.container", &line.replace("b:", "b,")), net], ROOTLESS)), []);
}

#[test]
fn a_cure_that_is_none_is_told_beside_what_it_does_not_cure() {
    let stack = |settings: &str| {
        format!(
            "networks: {{n: {{ipam: {{config: [{{subnet: 10.111.0.0/24}}]}}}}, m: {{}}}}\n\
             services:\n  c: {{image: x, networks: [n, m], {settings}}}\n  \
             t: {{image: x, networks: [n]}}\n  u: {{image: x, networks: [m]}}"
        )
    };
    let (w101, w110) = (("QG101", Level::Warning), ("QG110", Level::Warning));
    for (settings, words, expected) in [
        ("dns_opt: [rotate], environment: {X: 'http://t:80'}", CNI, &[w101, w110][..]),
        ("dns_opt: [rotate], environment: {X: 'http://t:80'}", ROOTFUL, &[]),
        ("dns_opt: ['ndots:0']", ROOTFUL, &[]),
        ("dns: [10.111.0.1], environment: {X: 'http://t:80'}", CNI, &[w110]),
        ("dns: [10.111.0.1, 10.89.3.1]", ROOTLESS, &[w110]),
        // A server on the LAN, and the default network's gateway, on which the host may have one.
        ("dns: [192.168.1.1, 10.88.0.1, 10.111.0.53]", ROOTLESS, &[]),
        ("dns: [10.111.0.1]", DOCKER, &[]),
    ] {
        assert_eq!(codes(&in_topology(&stack(settings), words)), expected, "{settings}\non {words}");
    }
}

#[test]
fn names_that_no_resolver_asks_for_break_what_needs_them() {
    let long = "a".repeat(64);
    let text = format!(
        "networks: {{n: {{}}}}\nservices:\n  c: {{image: x, networks: [n], environment: {{X: 'tcp://{long}:80'}}}}\n  \
         t: {{image: x, networks: {{n: {{aliases: [{long}]}}}}}}"
    );
    for words in [ROOTLESS, CNI, DOCKER] {
        let found = in_topology(&text, words);
        assert_eq!(codes(&found), [("QG108", Level::Error)], "{words}");
        assert_eq!(found.first().unwrap().labels.len(), 2, "the need is labelled");
    }
    assert_eq!(codes(&in_topology(&text.replace(&long, &"a".repeat(63)), ROOTLESS)), []);
    // A container's name that nobody looks up.
    let container = format!("services: {{c: {{image: x, container_name: {long}}}}}");
    assert_eq!(codes(&in_topology(&container, ROOTLESS)), [("QG108", Level::Warning)]);
}

#[test]
fn a_port_for_the_host_only_is_told_of_where_the_host_is_asked() {
    let stack = |value: &str, port: &str, client: &str| {
        format!(
            "networks: {{n: {{driver_opts: {{isolate: 'true'}}}}, m: {{driver_opts: {{isolate: 'true'}}}}}}\n\
             services:\n  c: {{image: x, {client}, environment: {{X: 'tcp://{value}'}}}}\n  \
             t: {{image: x, networks: [m], ports: ['{port}']}}"
        )
    };
    let (podman, local) = ("host.containers.internal:9000", "127.0.0.1:9000:80");
    for (value, port, client, words, expected) in [
        (podman, local, "networks: [n]", ROOTLESS, &[W407][..]),
        (podman, local, "networks: [n]", ROOTFUL, &[W407]),
        (podman, local, "networks: [n]", CNI, &[W407]),
        (podman, "9000:80", "networks: [n]", ROOTLESS, &[]),
        (podman, "127.0.0.1:9001:80", "networks: [n]", ROOTLESS, &[]),
        // In the host's network 127.0.0.1 is the host's.
        (podman, local, "network_mode: host", ROOTFUL, &[]),
        ("host.docker.internal:9000", local, "networks: [n]", DESKTOP, &[]),
        // There is no such name at all: QG302's.
        ("host.docker.internal:9000", local, "networks: [n]", DOCKER, &[("QG302", Level::Error)]),
        // Neither "never leads to the host" nor "works until a restart": QG306 steps back.
        ("10.89.0.1:9000", local, "networks: [n]", ROOTLESS, &[W407]),
        ("10.89.0.1:9000", local, "networks: [n]", ROOTFUL, &[W407]),
        ("10.89.0.1:9000", "9001:80", "networks: [n]", ROOTFUL, &[("QG306", Level::Warning)]),
    ] {
        let text = stack(value, port, client);
        assert_eq!(codes(&in_topology(&text, words)), expected, "{text}\non {words}");
    }
}

#[test]
fn settings_for_outside_count_where_there_is_no_way_out() {
    let stack = |variable: &str, more: &str| {
        format!(
            "networks: {{n: {{internal: true}}, m: {{}}}}\n\
             services:\n  c: {{image: x, networks: [n], environment: {{{variable}}}{more}}}\n  \
             t: {{image: x, networks: {{n: {{aliases: [db.example.com]}}}}}}"
        )
    };
    let info = ("QG111", Level::Info);
    for (variable, more, expected) in [
        ("SMTP_HOST: smtp.example.com", "", &[info][..]),
        ("SENTRY_DSN: 'https://k@sentry.example.com/1', AWS_S3_ENDPOINT: 'https://s3.example.com'", "", &[info]),
        ("SMTP_HOST: smtp.example.com, HTTPS_PROXY: 'http://t:3128'", "", &[]),
        ("SMTP_HOST: smtp.example.com", ", extra_hosts: ['smtp.example.com:192.0.2.7']", &[]),
        // Another service, another name of the container's own, a name of the LAN, an address.
        ("DB_HOST: db.example.com", "", &[]),
        ("MAIL_HOSTNAME: mail.example.com, N8N_HOST: n8n.example.com", "", &[]),
        ("SMTP_HOST: mail.lan, DB_HOST: 192.0.2.7", "", &[]),
    ] {
        let text = stack(variable, more);
        assert_eq!(codes(&in_topology(&text, ROOTLESS)), expected, "{text}");
        let open = text.replace("c: {image: x, networks: [n]", "c: {image: x, networks: [n, m]");
        assert_eq!(codes(&in_topology(&open, ROOTLESS)), [], "{open}");
    }
}

#[test]
fn what_needs_the_hosts_network_is_told_of_rootless() {
    let w = |code| (code, Level::Warning);
    let sctp = "services: {c: {image: x, ports: ['9000:9000/sctp']}}";
    assert_eq!(codes(&in_topology(sctp, ROOTLESS)), [w("QG411")]);
    assert_eq!(codes(&in_topology(sctp, ROOTFUL)), []);
    let lan = "networks: {lan: {driver: ipvlan}}\nservices: {c: {image: x, networks: [lan]}}";
    assert_eq!(codes(&in_topology(lan, "podman")), [w("QG411")]);
    assert_eq!(codes(&in_topology(lan, DOCKER)), []);
    assert_eq!(codes(&in_topology(&lan.replace(", networks: [lan]", ""), ROOTLESS)), [], "nobody is on it");
    let dns = "services: {c: {image: x, ports: ['53:53/udp', '53:53']}}";
    for (words, expected) in [(ROOTFUL, &[w("QG409")][..]), (DOCKER, &[w("QG409")]), (DESKTOP, &[])] {
        assert_eq!(codes(&in_topology(dns, words)), expected, "{words}");
    }
    for free in ["['5353:53']", "['192.0.2.7:53:53/udp']", "['127.0.0.1:53:53']"] {
        assert_eq!(codes(&in_topology(&dns.replace("['53:53/udp', '53:53']", free), ROOTFUL)), [], "{free}");
    }
}
