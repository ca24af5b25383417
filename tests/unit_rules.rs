//! What the rules about units say, and what their fixes would change: one cause gives one finding.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/tree.rs"]
mod tree;

use quadgen::diagnostic::{Change, Diagnostic, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{quadlet, topology};
use quadgen::rules::{self, Context, Member};
use quadgen::source::SourceMap;
use tree::Memory;

const OLD: &str = "podman@4.9,netavark@1.10,rootless";
const USER: &str = "podman@5.4.2,netavark@1.14,rootless";
const ROOT: &str = "podman@5.4.2,netavark@1.14,rootful";
const NEW: &str = "podman@5.8.6,netavark@1.17,rootless";

const RULES: [&str; 9] = ["QG002", "QG004", "QG107", "QG703", "QG707", "QG708", "QG710", "QG711", "QG713"];

/// The tree with everything that is found in it.
fn findings(sources: &mut SourceMap, memory: &Memory, words: &str) -> Vec<Diagnostic> {
    let platform = Platform::resolve(words, parse_spec(words).unwrap(), Format::Quadlet);
    let parsed = quadlet::parse(sources, memory, memory.tree());
    let read = quadlet::lower(&parsed, sources, platform.version);
    let mut sink = Sink::default();
    sink.extend(read.diagnostics);
    let stack = read.stack.unwrap();
    let wirings = [Wiring::new(&stack, &platform)];
    rules::check(&Context::new(&stack, &wirings), &mut sink);
    sink.finish(sources)
}

/// `714 error web.container:Restart`, and behind `|` what the first fix does: `safe -Restart +[Service]Restart=no`.
fn said(files: &[(&str, &str)], words: &str) -> Vec<String> {
    let memory = Memory::new(files.iter().copied());
    let mut sources = SourceMap::default();
    let found = findings(&mut sources, &memory, words);
    let ours = |found: &&Diagnostic| RULES.contains(&found.rule.code) || ["QG714", "QG003"].contains(&found.rule.code);
    let line = |found: &Diagnostic| {
        let file = sources.file_of(found.span()).map_or("", |file| &file.name);
        let (code, place) = (&found.rule.code[2..], sources.text(found.span()));
        let fix = found.fixes.first().map_or(String::new(), |fix| {
            let changes: Vec<String> = fix.changes.iter().map(|change| change_text(&sources, change)).collect();
            format!(" | {} {}", if fix.safe { "safe" } else { "unsafe" }, changes.join(" "))
        });
        format!("{code} {} {file}:{place}{fix}", found.severity.word())
    };
    found.iter().filter(ours).map(line).collect()
}

fn change_text(sources: &SourceMap, change: &Change) -> String {
    match change {
        Change::Replace { span, text } => format!("{}>{text}", sources.text(*span)),
        Change::Remove { span } => format!("-{}", sources.text(*span)),
        Change::AddLine { section, line } => format!("+[{}]{line}", sources.text(*section)),
        Change::AddSection { text, .. } => format!("+{}", text.replace('\n', "")),
        other => format!("{other:?}"),
    }
}

/// A container with more lines behind its image.
fn container(more: &str) -> String {
    format!("[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=c\n{more}")
}

/// The cases of one container.
fn alone(cases: &[(&str, &str, &[&str])]) {
    for (lines, words, expected) in cases {
        let text = container(lines);
        assert_eq!(said(&[("c.container", &text)], words), *expected, "{lines} {words}");
    }
}

#[test]
fn keys_have_a_section() {
    alone(&[
        ("Restart=no\n", USER, &["714 error c.container:Restart | safe -Restart +[Service]Restart=no"]),
        (
            "Restart=no\n[Service]\nRestartSec=1\n",
            USER,
            &["714 error c.container:Restart | safe -Restart +[Service]Restart=no"],
        ),
        // The container's own is meant.
        ("WorkingDirectory=/x\n", USER, &["002 error c.container:WorkingDirectory"]),
        // Two sections have it.
        ("StartLimitBurst=5\n", USER, &["714 error c.container:StartLimitBurst"]),
        ("[Service]\nAfter=x.service\n", USER, &["714 warning c.container:After | safe -After +[Unit]After=x.service"]),
        (
            "[Unit]\nPublishPort=80\n",
            USER,
            &["714 warning c.container:PublishPort | safe -PublishPort +[Container]PublishPort=80"],
        ),
        // The container's or the service's?
        ("[Unit]\nEnvironment=A=b\n", USER, &["714 warning c.container:Environment"]),
        // Both have it, and systemd's is meant.
        ("[Service]\nEnvironment=A=b\nX-Mine=1\n[X-Notes]\nA=b\n", USER, &[]),
        ("[Pod]\nPodName=x\n", USER, &["714 warning c.container:Pod"]),
        ("[Servcie]\nRestart=no\n", USER, &["714 warning c.container:Servcie | safe Servcie>Service"]),
        ("[Servcie]\n", USER, &[]),
        // A key of some other kind of unit, and one that no systemd may have: nothing is certain.
        ("[Service]\nPodName=x\nFrobnicate=yes\nRestartMode=direct\n", USER, &[]),
        (
            "[Service]\nrestart=no\n[Install]\nWWantedBy=a.target\n",
            USER,
            &[
                "002 warning c.container:restart | safe restart>Restart",
                "002 warning c.container:WWantedBy | safe WWantedBy>WantedBy",
            ],
        ),
    ]);
}

#[test]
fn a_container_without_an_image_is_said_once() {
    for (text, expected) in [
        ("[Container]\nImgae=x\n", &["002 error c.container:Imgae | safe Imgae>Image"][..]),
        ("[Contianer]\nImage=docker.io/x/y:1\n", &["703 error c.container:Contianer | safe Contianer>Container"]),
        (
            "[Container]\nExec=a\n[Service]\nImage=docker.io/x/y:1\n",
            &["703 error c.container:Container | safe -Image +[Container]Image=docker.io/x/y:1"],
        ),
        (
            "[Foo]\nImage=docker.io/x/y:1\n",
            &["703 error c.container:Foo | safe -Image +[Container]Image=docker.io/x/y:1"],
        ),
    ] {
        assert_eq!(said(&[("c.container", text)], USER), expected, "{text}");
    }
    assert_eq!(said(&[("k.kube", "[Kub]\nYaml=/x.yaml\n")], USER), ["003 error k.kube:Kub | safe Kub>Kube"]);
    assert_eq!(
        said(&[("n.network", "[Netwrok]\nInternal=true\n")], USER),
        ["714 warning n.network:Netwrok | safe Netwrok>Network",]
    );
}

#[test]
fn one_value_is_written_once() {
    alone(&[
        ("Image=docker.io/x/y:1\n", USER, &["004 warning c.container:Image | unsafe -Image"]),
        ("Exec=a\nExec=b\nExec=c\n", USER, &["004 warning c.container:Exec | unsafe -Exec -Exec"]),
        ("Exec=\nExec=b\n", USER, &[]),
        ("ReadOnly=true\nReadOnly=true\n", USER, &["004 info c.container:ReadOnly | safe -ReadOnly"]),
        ("Volume=/a:/a\nVolume=/b:/b\n[Unit]\nAfter=a.service\nAfter=b.service\n", USER, &[]),
        (
            "[Service]\nRestart=no\nExecStartPre=/a\nExecStartPre=/b\n[Service]\nRestart=always\n",
            USER,
            &["004 warning c.container:Restart | unsafe -Restart"],
        ),
    ]);
    // A drop-in is there to change it.
    let text = container("HostName=a\n");
    assert_eq!(said(&[("c.container", &text), ("c.container.d/a.conf", "[Container]\nHostName=b\n")], USER), [""; 0]);
}

#[test]
fn settings_of_the_service_go_with_podman() {
    alone(&[
        ("[Service]\nType=simple\n", USER, &["713 error c.container:Type=simple | safe -Type"]),
        ("[Service]\nUser=a\nGroup=b\nDynamicUser=no\n", USER, &["713 warning c.container:User | unsafe -User -Group"]),
        ("User=a\n", NEW, &[]),
        ("[Service]\nExecStart=/bin/a\n", USER, &["713 error c.container:ExecStart | unsafe -ExecStart"]),
        ("[Service]\nExecStart=/bin/a\nExecStart=\n", USER, &[]),
        ("[Service]\nType=oneshot\nExecStart=/bin/a\n", USER, &[]),
    ]);
    for (file, text, expected) in [
        ("p.pod", "[Pod]\n[Service]\nType=simple\n", &["713 warning p.pod:Type | safe -Type"][..]),
        (
            "p.pod",
            "[Pod]\n[Service]\nType=oneshot\nExecStart=/a\n",
            &["713 warning p.pod:Type | safe -Type", "713 error p.pod:ExecStart | unsafe -ExecStart"],
        ),
        ("p.pod", "[Pod]\n[Service]\nRestart=always\n", &["713 info p.pod:Restart"]),
        ("n.network", "[Network]\n[Service]\nType=simple\n", &["713 warning n.network:Type | safe -Type"]),
        ("n.network", "[Network]\n[Service]\nExecStart=/a\nType=oneshot\n", &[]),
    ] {
        assert_eq!(said(&[(file, text)], USER), expected, "{text}");
    }
}

#[test]
fn a_mode_excludes_networks() {
    let network = ("n.network", "[Network]\n");
    let other = ("o.container", "[Container]\nImage=docker.io/x/y:1\n");
    for (lines, words, expected) in [
        ("Network=host\nNetwork=n.network\n", USER, &["710 error c.container:host"][..]),
        ("Network=n.network\nNetwork=none\n", USER, &["710 error c.container:none"]),
        ("Network=n.network\nNetwork=o.container\n", NEW, &["710 error c.container:o.container"]),
        ("Network=pasta:-4\nPodmanArgs=--network podman\n", USER, &["710 error c.container:pasta"]),
        ("Network=n.network\nNetwork=bridge\n", USER, &["710 error c.container:bridge"]),
        ("Network=bridge\nNetwork=n.network\n", USER, &[]),
        ("Network=host\n", USER, &[]),
        // Taken back.
        ("Network=host\nNetwork=\nNetwork=n.network\n", USER, &[]),
    ] {
        let text = container(lines);
        assert_eq!(said(&[("c.container", &text), network, other], words), expected, "{lines}");
    }
}

#[test]
fn members_of_a_pod_stay_in_it() {
    let pod = ("p.pod", "[Pod]\n");
    let network = ("n.network", "[Network]\n");
    for (lines, more, words, expected) in [
        ("Network=n.network\n", "", USER, &["711 error c.container:n.network | safe -Network"][..]),
        // The other may call it by its name.
        ("Network=n.network\n", "Network=n.network\n", USER, &["711 error c.container:n.network | unsafe -Network"]),
        ("Network=n.network\nPublishPort=80:80\n", "", USER, &["711 error c.container:n.network"]),
        ("Network=\n", "", USER, &[]),
        // There are no pods.
        ("Network=n.network\n", "", OLD, &[]),
    ] {
        let text = container(&format!("Pod=p.pod\n{lines}"));
        let other = format!("[Container]\nImage=docker.io/x/y:1\n{more}");
        let files = [("c.container", text.as_str()), ("o.container", &other), pod, network];
        assert_eq!(said(&files, words), expected, "{lines}");
    }
}

#[test]
fn networks_have_units() {
    let network = ("n.network", "[Network]\nNetworkName=front\n");
    let after = "[Unit]\nAfter=n-network.service\nRequires=n-network.service\n";
    let only_requires = "[Unit]\nRequires=n-network.service\n";
    for (lines, expected) in [
        ("Network=front:ip=10.89.0.9\n", &["708 warning c.container:front | safe front>n.network"][..]),
        ("Network=n\n", &["708 warning c.container:n | unsafe n>n.network"]),
        ("Network=elsewhere\n", &["708 warning c.container:elsewhere"]),
        ("PodmanArgs=--network=front\n", &["708 warning c.container:front"]),
        ("Network=podman\n", &[]),
        ("Network=%p\n", &[]),
        ("Network=n.network\n", &[]),
        (&format!("Network=front\n{after}"), &[]),
        (&format!("Network=front\n{only_requires}"), &["708 warning c.container:front | safe front>n.network"]),
        ("Network=elsewhere\n[Service]\nExecStartPre=-podman network create elsewhere\n", &[]),
    ] {
        assert_eq!(said(&[("c.container", &container(lines)), network], USER), expected, "{lines}");
    }
    // Once for a name.
    let other = "[Container]\nImage=docker.io/x/y:1\nNetwork=front\n";
    let found = said(&[("a.container", other), ("c.container", &container("Network=front\n"))], USER);
    assert_eq!(found, ["708 warning a.container:front"]);
}

#[test]
fn a_service_has_one_unit() {
    let text = container("");
    let kube = "[Kube]\nYaml=/x.yaml\n";
    let named = "[Container]\nImage=docker.io/x/y:1\nServiceName=c\n";
    for (files, words, expected) in [
        (&[("c.container", text.as_str()), ("c.kube", kube)][..], USER, &["707 error c.kube:Kube"][..]),
        (&[("c.container", text.as_str()), ("d.container", named)], USER, &["707 error d.container:c"]),
        // Two containers of one name in one service are one.
        (&[("a.container", named), ("b.container", named)], USER, &["707 error b.container:c"]),
        (&[("c.container", text.as_str()), ("sub/c.container", text.as_str())], USER, &["707 error sub/c.container:"]),
        (&[("nginx.container", text.as_str())], ROOT, &["707 warning nginx.container:Container"]),
        (&[("nginx.container", text.as_str())], USER, &[]),
        (&[("nginx.pod", "[Pod]\n")], ROOT, &[]),
    ] {
        assert_eq!(said(files, words), expected, "{files:?}");
    }
}

#[test]
fn stacks_of_a_host_share_its_services() {
    let platform = Platform::resolve("server", parse_spec(USER).unwrap(), Format::Quadlet);
    let read = |sources: &mut SourceMap, text: &str| {
        let memory = Memory::new([("c.container", text)]);
        let parsed = quadlet::parse(sources, &memory, memory.tree());
        quadlet::lower(&parsed, sources, platform.version).stack.unwrap()
    };
    let text = "[Container]\nImage=docker.io/x/y:1\n";
    let mut sources = SourceMap::default();
    let stacks = [read(&mut sources, text), read(&mut sources, &text.replace("y:1", "z:1"))];
    let file = sources.add("topology.yaml", "services: {c: {image: docker.io/x/y:1}, d: {image: docker.io/x/y:1}}\n");
    let third = topology::read(sources.file(file)).stack.unwrap();
    let wirings: Vec<_> = stacks.iter().chain([&third]).map(|stack| [Wiring::new(stack, &platform)]).collect();
    let contexts: Vec<_> =
        stacks.iter().chain([&third]).zip(&wirings).map(|(stack, wirings)| Context::new(stack, wirings)).collect();
    let members: Vec<_> =
        ["a", "b", "t"].iter().zip(&contexts).map(|(label, context)| Member { label, context }).collect();
    let mut sink = Sink::default();
    rules::check_together(&members, &mut sink);
    let found = sink.finish(&sources);
    let mut said: Vec<String> = found.iter().map(|found| format!("{} {}", found.rule.code, found.message)).collect();
    said.sort();
    let lost = "become one c.service: one of them is lost";
    assert_eq!(
        said,
        [
            format!("QG707 c.container of a and `c` of t {lost}"),
            format!("QG707 c.container of a and c.container of b {lost}"),
            format!("QG707 c.container of b and `c` of t {lost}"),
        ]
    );
}
