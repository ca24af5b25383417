//! `quadgen matrix`, from outside: every format as a snapshot, the contract field by field, and each row against the
//! questions themselves and against `quadgen why`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "lab/random.rs"]
#[allow(dead_code, reason = "the lab counts more")]
mod random;
mod support;
#[path = "support/tree.rs"]
mod tree;

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use quadgen::model::{Format, Service, Stack, Version};
use quadgen::network::{Caller, Matrix, Verdict, Wiring};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::{compose, quadlet, topology};
use quadgen::source::SourceMap;
use serde_json::Value as Json;

const ROOTFUL: &str = "podman@5.4.2,netavark@1.14,rootful";
const ROOTLESS: &str = "podman@5.4.2,netavark@1.14,rootless";
const CNI: &str = "podman@4.3.1,cni,rootful";
const DOCKER: &str = "docker@28.5";
const PLATFORMS: [&str; 8] = [
    ROOTFUL,
    ROOTLESS,
    CNI,
    DOCKER,
    "podman@4.6.2,cni,rootless,wsl2",
    "podman@6.1,rootful",
    "podman@5.4,rootless,compose",
    "docker-desktop",
];

/// A stack in which services live in every way there is.
const ODD: &str = r#"
name: odd
networks:
  front: {}
  back: { internal: true }
  side: {}
  apart: { driver_opts: { isolate: "true" } }
  theirs: { external: true }
  others: { external: true }
  quiet: { driver_opts: { isolate: strict } }
services:
  web: { image: x, networks: [front, back], ports: ["8080:80"], environment: { DB: "http://dbb:5432", D: "http://db.lan:1" } }
  db: { image: x, networks: { back: { aliases: [database, db.lan] } }, ports: ["127.0.0.1:5432:5432"], connects: [web:80] }
  two: { image: x, networks: { front: { aliases: [same] }, side: {} } }
  also: { image: x, networks: { front: { aliases: [same, Same] }, back: {} } }
  made: { image: x, container_name: null, networks: [side, apart] }
  hosted: { image: x, network_mode: host, ports: ["9000:9000", "9001:9002"] }
  beside: { image: x, network_mode: "service:web" }
  none: { image: x, network_mode: none }
  default: { image: x, network_mode: bridge }
  outer: { image: x, networks: [theirs, front] }
  foreign: { image: x, networks: [theirs] }
  linked: { image: x, networks: [front], links: [two] }
  hosts: { image: x, networks: [front, side], extra_hosts: ["two:192.0.2.1", "elsewhere:192.0.2.2"] }
  dns: { image: x, networks: [front, side], dns: 192.0.2.53 }
  asks: { image: x, networks: [side, front], dns: 192.0.2.54 }
  linking: { image: x, networks: [front], links: [also] }
  beyond: { image: x, networks: [front, others, theirs] }
  free: { image: x, networks: [front], quadlet: { Container: { PodmanArgs: "--network=other" } } }
  strict: { image: x, networks: [quiet] }
  walled: { image: x, networks: [apart] }
  lone: { image: x, networks: [side] }
  rival: { image: x, networks: { side: { aliases: [same] } } }
"#;

fn read(text: &str) -> Stack {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    topology::read(sources.file(file)).stack.unwrap()
}

fn platform(words: &str) -> Platform {
    Platform::resolve(words, parse_spec(words).unwrap(), Format::Topology)
}

fn quadgen(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = quadgen(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_the_matrix_says_about_the_examples() {
    for example in ["visp", "visp-workaround", "photos", "notes", "paste", "open-webui"] {
        for format in ["text", "json", "csv", "markdown"] {
            let shown = text(&["matrix", &format!("examples/{example}"), "--format", format]);
            assert!(format != "text" || shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
            insta::assert_snapshot!(format!("{example}-{format}"), shown);
        }
    }
}

/// Each row of the matrix is what the questions answer, though most rows were never asked about, and its reason is that
/// of a matrix in which nobody else was asked about.
fn agrees(stack: &Stack, words: &str) -> usize {
    let platform = platform(words);
    let wiring = Wiring::new(stack, &platform);
    let mut rows = 0;
    let mut matrix = Matrix::new(&wiring);
    let Ok(()) = matrix.pairs(|pair| {
        let resolution = wiring.resolves(pair.from, pair.to, pair.name);
        let reach = wiring.reaches(pair.from, pair.to, None);
        let asked = (resolution.verdict, reach.verdict);
        let who = format!("{words}: {} -> {} as {}", pair.from.name.value, pair.to.name.value, pair.name);
        assert_eq!((pair.resolves, pair.reaches), asked, "{who}: {}", pair.why);
        assert!(!pair.why.is_empty(), "{who}");
        let at = |service: &Service| stack.services.get_index_of(&service.name.value).unwrap();
        rows += 1;
        // One matrix for each of thousands of pairs takes minutes.
        if rows % (1 + stack.services.len() / 4) != 0 {
            return Ok::<(), Infallible>(());
        }
        let mut alone = None;
        let Ok(()) = Matrix::new(&wiring).between(at(pair.from), at(pair.to), |own| {
            alone = alone.take().or_else(|| (own.name == pair.name).then(|| own.why.to_owned()));
            Ok::<(), Infallible>(())
        });
        assert_eq!(alone.as_deref(), Some(pair.why), "{who}");
        Ok::<(), Infallible>(())
    });
    rows
}

#[test]
fn rows_that_share_an_answer_would_have_got_it_each() {
    let odd = read(ODD);
    assert_eq!(odd.services.len(), 22);
    for words in PLATFORMS {
        assert!(agrees(&odd, words) > 22 * 22, "{words}");
    }
    // Every network alone, every pair of them, and many in one.
    let mut many = String::from("name: many\nnetworks: {");
    (0..8).for_each(|at| many += &format!("n{at}: {{ internal: {} }}, ", at % 3 == 0));
    many += "}\nservices:\n";
    for at in 0..60 {
        let (one, other) = (at % 8, (at * 7 + at / 8) % 8);
        let networks = if one == other { format!("n{one}") } else { format!("n{one}, n{other}") };
        many += &format!("  s{at}: {{ image: x, networks: [{networks}] }}\n");
    }
    let many = read(&many);
    for words in PLATFORMS {
        assert_eq!(agrees(&many, words), 60 * 59);
    }
}

/// The stacks that the lab deploys.
#[test]
fn rows_of_random_stacks_would_have_got_their_answers_too() {
    use random::{Form, Words};
    let words =
        Words { formats: &[Form::Topology, Form::Units, Form::Compose], podman: true, metric: true, strict: true };
    for seed in 0..300 {
        let stack = random::stack(seed, 0, words).read();
        PLATFORMS.iter().for_each(|words| _ = agrees(&stack, words));
    }
}

#[test]
fn rows_of_pods_and_projects_would_have_got_their_answers_too() {
    let files = tree::Memory::new([
        ("one.pod", "[Pod]\nNetwork=front.network\nPublishPort=8080:80\n"),
        ("two.pod", "[Pod]\nPodName=pair\nNetwork=front.network:alias=both\nNetwork=back.network\n"),
        ("a.container", "[Container]\nImage=x.example/x:1\nPod=one.pod\n"),
        ("b.container", "[Container]\nImage=x.example/x:1\nPod=one.pod\nEnvironment=DB_HOST=c\n"),
        ("c.container", "[Container]\nImage=x.example/x:1\nPod=two.pod\nContainerName=c\n"),
        ("d.container", "[Container]\nImage=x.example/x:1\nNetwork=back.network\nNetworkAlias=both\n"),
        ("e.container", "[Container]\nImage=x.example/x:1\nNetwork=d.container\n"),
        ("front.network", "[Network]\n"),
        ("back.network", "[Network]\nInternal=true\n"),
    ]);
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, &files, files.tree());
    for (words, release) in [(ROOTFUL, (5, 4)), (ROOTLESS, (5, 4)), ("podman@5.0,netavark,rootless", (5, 0))] {
        let stack = quadlet::lower(&parsed, &sources, Version::new(release.0, release.1)).stack.unwrap();
        assert!(agrees(&stack, words) >= 7 * 6, "{words}");
    }
    let text = "name: p\nservices:\n  a: { image: x, links: [b] }\n  b: { image: x, networks: { default: { aliases: [c, d.e] } } }\n  c: { image: x, hostname: host-of-c, extra_hosts: ['b:192.0.2.1'] }\n  d: { image: x, network_mode: 'service:c' }\n  f: { image: x, networks: [default, other], dns: 192.0.2.53 }\nnetworks: { other: { internal: true } }\n";
    let files = tree::Memory::new([("compose.yaml", text)]);
    let request = compose::Request { files: vec!["/units/compose.yaml".into()], ..compose::Request::default() };
    let stack = compose::read(&mut sources, &files, &request).stack.unwrap();
    for words in PLATFORMS {
        assert!(agrees(&stack, words) > 5 * 4, "{words}");
    }
}

fn words(row: &Json, field: &str, allowed: &[&str]) {
    let word = row[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {row}"));
    assert!(allowed.contains(&word), "{field}: {word}");
}

fn keys(row: &Json, wanted: &[&str]) {
    let found: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert_eq!(found, wanted);
}

#[test]
fn json_is_that_of_the_contract() {
    let verdicts = ["yes", "no", "unpredictable", "unknown"];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.topology.yaml");
    fs::write(&file, ODD).unwrap();
    let shown = text(&["matrix", file.to_str().unwrap(), "--format", "json", "--on", ROOTFUL, "--on", CNI]);
    let root: Json = serde_json::from_str(&shown).unwrap();
    keys(&root, &["version", "stacks"]);
    assert_eq!(root["version"], 1);
    let stack = &root["stacks"][0];
    keys(stack, &["stack", "platforms"]);
    assert_eq!(stack["stack"], "odd");
    let platforms = stack["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), 2);
    for platform in platforms {
        keys(platform, &["platform", "pairs", "internet", "host", "published"]);
        let rows = |field: &str| platform[field].as_array().unwrap();
        for pair in rows("pairs") {
            keys(pair, &["from", "to", "name", "resolves", "reaches", "why"]);
            words(pair, "resolves", &verdicts);
            words(pair, "reaches", &verdicts);
            assert_ne!(pair["from"], pair["to"]);
            assert!(!pair["why"].as_str().unwrap().is_empty());
        }
        assert_eq!(rows("internet").len(), 22);
        for row in rows("internet") {
            keys(row, &["service", "by_address", "by_name"]);
            words(row, "by_address", &verdicts);
            words(row, "by_name", &verdicts);
        }
        assert_eq!(rows("host").len(), 22);
        for row in rows("host") {
            keys(row, &["service", "name", "address", "verdict", "why"]);
            words(row, "verdict", &verdicts);
        }
        assert_eq!(rows("published").len(), 4 * 3);
        for row in rows("published") {
            keys(row, &["service", "port", "from", "verdict"]);
            words(row, "from", &["host", "lan", "container"]);
            words(row, "verdict", &verdicts);
        }
    }
    // A name that is looked for has a row, though nobody is called so; one that works has one, too.
    let names: Vec<&Json> = platforms[0]["pairs"].as_array().unwrap().iter().collect();
    let row = |from: &str, to: &str, name: &str| {
        let mut rows = names.iter().filter(|row| row["from"] == from && row["to"] == to && row["name"] == name);
        rows.next().map(|row| (row["resolves"].as_str().unwrap(), row["reaches"].as_str().unwrap()))
    };
    assert_eq!(row("web", "db", "db"), Some(("yes", "yes")));
    assert_eq!(row("web", "db", "database"), Some(("yes", "yes")));
    assert_eq!(row("lone", "db", "db"), Some(("no", "no")));
    assert_eq!(row("lone", "two", "same"), Some(("no", "yes")));
    assert_eq!(row("hosts", "two", "same"), Some(("unpredictable", "yes")));
    assert_eq!(row("foreign", "walled", "walled"), Some(("no", "unknown")));
}

#[test]
fn a_name_that_is_looked_for_and_known_by_nobody_has_its_row() {
    let stack = read(
        "name: s\nnetworks: { n: {} }\nservices:\n  web: { image: x, networks: [n], environment: { U: 'http://db:1' } }\n  db: { image: x, container_name: store, networks: [n] }\n",
    );
    let platform = platform(ROOTLESS);
    let wiring = Wiring::new(&stack, &platform);
    let mut rows = Vec::new();
    let Ok(()) = Matrix::new(&wiring).pairs(|pair| {
        rows.push((pair.from.name.value.clone(), pair.name.to_owned(), pair.sought, pair.resolves));
        Ok::<(), Infallible>(())
    });
    let row = |from: &str, name: &str, sought, resolves| (from.to_owned(), name.to_owned(), sought, resolves);
    assert_eq!(
        rows,
        [
            row("web", "store", false, Verdict::Yes),
            row("web", "db", true, Verdict::No),
            row("db", "web", false, Verdict::Yes),
        ]
    );
}

#[test]
fn published_ports_answer_from_where_the_platform_lets_them() {
    let of = |service: &str, port: &str, words: &str| {
        let stack = read(&format!(
            "name: s\nnetworks: {{ n: {{}}, i: {{ internal: true }}, m: {{ driver: macvlan }} }}\nservices:\n  o: {{ image: x, networks: [n] }}\n  s: {{ image: x, {service}, ports: ['{port}'] }}\n"
        ));
        let platform = platform(words);
        let wiring = Wiring::new(&stack, &platform);
        let service = &stack.services["s"];
        Caller::ALL.map(|caller| wiring.port_answers(service, &service.ports[0].value, caller).verdict)
    };
    use Verdict::{No, Unknown, Yes};
    for (service, port, words, expected) in [
        ("networks: [n]", "8080:80", ROOTFUL, [Yes, Yes, Yes]),
        ("networks: [n]", "8080:80", DOCKER, [Yes, Yes, Yes]),
        ("networks: [n]", "127.0.0.1:8080:80", ROOTLESS, [Yes, No, No]),
        ("networks: [n]", "[::1]:8080:80", DOCKER, [Yes, No, No]),
        ("networks: [n]", "127.0.0.1:8080:80", "docker-desktop", [Yes, No, Yes]),
        ("networks: [n]", "172.17.0.1:8080:80", DOCKER, [Yes, No, Yes]),
        ("networks: [n]", "8080:80", "podman@5.4,rootless,wsl2", [Yes, No, Yes]),
        ("networks: [n]", "8080:80", "podman@5.4,rootless,wsl2,mirrored", [Yes, Yes, Yes]),
        ("networks: [n]", "8080:80", "podman@5.4,podman-machine", [Yes, Unknown, Yes]),
        ("networks: [i]", "8080:80", ROOTFUL, [No, No, No]),
        ("networks: [i]", "8080:80", ROOTLESS, [Yes, Yes, Yes]),
        ("networks: [i]", "8080:80", DOCKER, [No, No, No]),
        ("networks: [i, n]", "8080:80", DOCKER, [Yes, Yes, Yes]),
        ("networks: [m]", "8080:80", ROOTFUL, [No, No, No]),
        ("networks: [m]", "8080:80", ROOTLESS, [Unknown, Unknown, Unknown]),
        ("network_mode: host", "8080:80", ROOTFUL, [No, No, No]),
        ("network_mode: host", "8080:8080", ROOTFUL, [Yes, Unknown, Unknown]),
        ("network_mode: host", "8080:8080", "docker-desktop", [Unknown, Unknown, Unknown]),
        ("network_mode: none", "8080:80", ROOTLESS, [No, No, No]),
        ("network_mode: 'service:o'", "8080:80", DOCKER, [No, No, No]),
        ("network_mode: bridge", "8080:80", DOCKER, [Yes, Yes, Yes]),
        (
            "networks: [n], quadlet: { Container: { PodmanArgs: --network=o } }",
            "8080:80",
            ROOTLESS,
            [Unknown, Unknown, Unknown],
        ),
    ] {
        assert_eq!(of(service, port, words), expected, "{service} {port} on {words}");
    }
}

#[test]
fn the_matrix_agrees_with_why() {
    let root: Json = serde_json::from_str(&text(&["matrix", "examples/visp", "--format", "json"])).unwrap();
    let mut asked = 0;
    for platform in root["stacks"][0]["platforms"].as_array().unwrap() {
        let on = platform["platform"].as_str().unwrap();
        for pair in platform["pairs"].as_array().unwrap() {
            let word = |field: &str| pair[field].as_str().unwrap();
            let output = quadgen(&["why", "examples/visp", word("from"), word("name"), "--on", on]);
            let said = String::from_utf8(output.stdout).unwrap();
            let works = (word("resolves"), word("reaches")) == ("yes", "yes");
            assert_eq!(output.status.code() == Some(0), works, "{pair}: {said}");
            let changes = (word("resolves"), word("reaches")) == ("unpredictable", "yes");
            assert_eq!(said.contains("): sometimes"), changes, "{pair}: {said}");
            asked += 1;
        }
        for row in platform["internet"].as_array().unwrap() {
            let output = quadgen(&["why", "examples/visp", row["service"].as_str().unwrap(), "internet", "--on", on]);
            assert_eq!(output.status.code() == Some(0), row["by_address"] == "yes", "{row}");
        }
    }
    assert_eq!(asked, 90);
}

/// A star and a chain of thirty services: too wide for a table.
fn thirty() -> String {
    let mut text = String::from("name: thirty\nplatforms: { docker: docker@28.5 }\nnetworks: {");
    (0..30).for_each(|at| text += &format!("net-{at}: {{}}, "));
    text += "}\nservices:\n";
    for at in 0..30 {
        let next = (at + 1) % 30;
        let service = format!("service-number-{at}");
        text +=
            &format!("  {service}: {{ image: x, networks: [net-{at}, net-{next}], ports: ['{}:80'] }}\n", 8000 + at);
    }
    text + "  proxy: { image: x, networks: ["
        + &(0..30).map(|at| format!("net-{at}")).collect::<Vec<_>>().join(", ")
        + "] }\n"
}

#[test]
fn many_services_make_a_list_and_ten_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("topology.yaml");
    fs::write(&file, thirty()).unwrap();
    for format in ["text", "markdown"] {
        let shown = text(&["matrix", file.to_str().unwrap(), "--format", format]);
        assert!(format != "text" || shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        insta::assert_snapshot!(format!("thirty-{format}"), shown);
    }
    let mut ten = String::from("name: ten\nnetworks: { n: {}, m: {} }\nservices:\n");
    (0..10).for_each(|at| {
        let network = if at % 2 == 0 { "n" } else { "m" };
        ten += &format!("  a-service-with-a-name-{at}: {{ image: x, networks: [{network}] }}\n");
    });
    fs::write(&file, ten).unwrap();
    let shown = text(&["matrix", file.to_str().unwrap(), "--on", DOCKER]);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert!(shown.contains("   1 a-service-with-a-name-0   -   .   +"), "{shown}");
}

/// The lines of a text below a title, up to an empty one.
fn below(text: &str, title: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != title).skip(1).take_while(|line| !line.is_empty());
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

fn matrix_of(stack: &str, name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, stack).unwrap();
    text(&[&["matrix", file.to_str().unwrap()], arguments].concat())
}

#[test]
fn only_what_surely_fails_is_in_vain() {
    let stack = "name: s\nnetworks: { theirs: { external: true }, a: {}, b: {} }\nservices:\n  web: { image: x, networks: [theirs], environment: { U: 'http://db:1', V: 'http://far:2' } }\n  db: { image: x, networks: [theirs] }\n  far: { image: x, networks: [a] }\n  two: { image: x, networks: [a, b], environment: { U: 'http://far:2' } }\n";
    for format in ["text", "markdown"] {
        let shown = matrix_of(stack, "topology.yaml", &["--on", CNI, "--format", format]);
        let title = |words: &str| if format == "text" { words.to_owned() } else { format!("### {words}") };
        let shown = shown.replace(&format!("{}\n\n", title("Looked for in vain")), "Looked for in vain\n");
        let unsure = "Looked for, and not sure to work";
        let shown = shown.replace(&format!("{}\n\n", title(unsure)), &format!("{unsure}\n")).replace(['`', '*'], "");
        let vain = below(&shown, "Looked for in vain");
        assert!(vain.contains("web") && vain.contains("as far: they share no network"), "{shown}");
        assert!(!vain.contains("as db") && !vain.contains("two -> far") && !vain.contains("two → far"), "{shown}");
        let unsure = below(&shown, unsure);
        assert!(unsure.contains("as db: nobody knows: theirs exists outside of the stack"), "{shown}");
        assert!(unsure.contains("as far: changes from start to start: a knows the name"), "{shown}");
    }
    let shown = matrix_of(stack, "topology.yaml", &["--on", CNI]);
    assert!(
        shown.contains("  web        -    ?   !    ?") && shown.contains("  two        ?    ?   ~    -"),
        "{shown}"
    );
    // A name that nobody uses does not hide that the one that is used is not sure to work.
    let two = "name: s\nnetworks: { n: {} }\nservices:\n  web: { image: x, networks: [n], environment: { U: 'http://same:1' } }\n  db: { image: x, networks: { n: { aliases: [same] } } }\n  other: { image: x, networks: { n: { aliases: [same] } } }\n";
    let shown = matrix_of(two, "topology.yaml", &["--on", ROOTLESS]);
    assert!(shown.contains("as `same`: changes from start to start: `other` has the name, too"), "{shown}");
    assert!(shown.contains("  web        -    ~ "), "{shown}");
}

#[test]
fn the_host_is_unknown_for_the_reason_that_is_known() {
    let stack = "name: s\nnetworks: { theirs: { external: true } }\nservices:\n  a: { image: x, networks: [theirs] }\n  b: { image: x, network_mode: 'container:other' }\n";
    let json: Json =
        serde_json::from_str(&matrix_of(stack, "topology.yaml", &["--on", ROOTFUL, "--format", "json"])).unwrap();
    let host = &json["stacks"][0]["platforms"][0]["host"];
    assert_eq!(host[0]["why"], "`theirs` exists outside of the stack, which does not say what it is like");
    assert_eq!(host[1]["why"], "the network of `b` is not part of the stack");
    assert_eq!((&host[0]["verdict"], &host[0]["address"]), (&Json::from("unknown"), &Json::from("gateway")));
    let shown = matrix_of(stack, "topology.yaml", &["--on", ROOTFUL]);
    assert!(shown.contains("(the gateway of a network of the container)"), "{shown}");
}

#[test]
fn who_gets_to_the_same_others_stands_in_one_line() {
    let mut stack = String::from("name: ninety\nnetworks: {");
    (0..9).for_each(|at| stack += &format!("n{at}: {{}}, "));
    stack += "}\nservices:\n";
    (0..90).for_each(|at| stack += &format!("  s{at}: {{ image: x, networks: [n{}] }}\n", at % 9));
    let shown = matrix_of(&stack, "topology.yaml", &["--on", DOCKER]);
    assert!(shown.lines().count() < 50, "{shown}");
    let lines: Vec<&str> = shown.lines().skip_while(|line| *line != "Connections by name and address").collect();
    assert_eq!(lines[1], "  s0, s9, s18, s27, s36, s45, s54, s63, s72, s81 -> each other");
    // Podman 5 routes between them.
    let shown = matrix_of(&stack, "topology.yaml", &["--on", ROOTFUL, "--format", "markdown"]);
    assert!(shown.contains("`s81` → all but each other\n"), "{shown}");
    assert!(shown.lines().count() < 50, "{shown}");
    let json: Json =
        serde_json::from_str(&matrix_of(&stack, "topology.yaml", &["--on", DOCKER, "--format", "json"])).unwrap();
    assert_eq!(json["stacks"][0]["platforms"][0]["pairs"].as_array().unwrap().len(), 90 * 89);
}

#[test]
fn nothing_listens_in_a_pod_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("one.pod", "[Pod]\nNetwork=front.network\nPublishPort=8080:80\n"),
        ("a.container", "[Container]\nImage=x.example/x:1\nPod=one.pod\n"),
        ("b.container", "[Container]\nImage=x.example/x:1\nNetwork=front.network\n"),
        ("front.network", "[Network]\n"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let of = |format: &str| text(&["matrix", folder.path().to_str().unwrap(), "--format", format]);
    let shown = of("text");
    assert!(shown.contains("from \\ to  a  b\n") && shown.contains("by address and name: a, b\n"), "{shown}");
    assert!(shown.contains("one.pod 8080:80"), "{shown}");
    assert!(of("markdown").contains("| from \\ to | `a` | `b` |\n"), "{}", of("markdown"));
    assert!(of("csv").contains(",a,one.pod,") && of("json").contains("{\"from\":\"b\",\"to\":\"one.pod\""));
}

#[test]
fn what_cannot_be_read_is_2_and_a_closed_pipe_is_none() {
    for arguments in [&["matrix", "nothing.yaml"][..], &["matrix", "src"], &["matrix", "examples/visp", "--on", "nope"]]
    {
        let output = quadgen(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("topology.yaml");
    fs::write(&broken, "services:\n  web: { image: x\n").unwrap();
    assert_eq!(quadgen(&["matrix", broken.to_str().unwrap()]).status.code(), Some(2));

    let many = folder.path().join("compose.yaml");
    let mut stack = String::from("name: many\nservices:\n");
    (0..200).for_each(|at| stack += &format!("  s{at}: {{ image: x }}\n"));
    fs::write(&many, stack).unwrap();
    for format in ["text", "json", "csv", "markdown"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quadgen"))
            .args(["matrix", many.to_str().unwrap(), "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{format}");
    }
}

#[test]
fn csv_is_a_header_and_a_row_for_each_pair() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("topology.yaml");
    fs::write(&file, ODD).unwrap();
    let path = file.to_str().unwrap();
    let json: Json = serde_json::from_str(&text(&["matrix", path, "--format", "json", "--on", CNI])).unwrap();
    let pairs = json["stacks"][0]["platforms"][0]["pairs"].as_array().unwrap().clone();
    let csv = text(&["matrix", path, "--format", "csv", "--on", CNI]);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("stack,platform,from,to,name,resolves,reaches,why"));
    let rows: Vec<Vec<String>> = lines.map(fields).collect();
    assert_eq!(rows.len(), pairs.len());
    for (row, pair) in rows.iter().zip(&pairs) {
        let wanted = ["from", "to", "name", "resolves", "reaches", "why"].map(|field| pair[field].as_str().unwrap());
        assert_eq!(row[0..2], ["odd", CNI]);
        assert_eq!(row[2..], wanted);
    }
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => fields.last_mut().unwrap().push(chars.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            char => fields.last_mut().unwrap().push(char),
        }
    }
    fields
}

/// The folders that hold real files, each below one project.
fn projects(corpus: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

#[test]
fn real_stacks_have_a_matrix_and_no_difference_to_themselves() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return support::missing("the matrix of real stacks (no corpus beside the repository)");
    }
    let (mut stacks, mut pairs, mut refused) = (0, 0, 0);
    for project in projects(&corpus) {
        let mut folders: Vec<PathBuf> = ignore::WalkBuilder::new(&project)
            .hidden(false)
            .build()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .map(|entry| entry.into_path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                [".yaml", ".yml", ".container", ".pod", ".kube"].iter().any(|ending| name.ends_with(ending))
            })
            .map(|path| path.parent().unwrap().to_path_buf())
            .collect();
        folders.sort();
        folders.dedup();
        for folder in folders {
            let path = folder.to_str().unwrap();
            let output = quadgen(&["matrix", path, "--no-env", "--format", "json"]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!said.contains("panicked"), "{path}: {said}");
            let compared = quadgen(&["diff", path, path, "--no-env", "--exit-code"]);
            let changes = String::from_utf8_lossy(&compared.stdout).into_owned();
            if output.status.code() == Some(2) {
                assert_eq!(compared.status.code(), Some(2), "{path}: {changes}");
                refused += 1;
                continue;
            }
            assert_eq!(compared.status.code(), Some(0), "{path}: {changes}");
            assert!(changes.starts_with("No change"), "{path}: {changes}");
            let root: Json = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{path}: {e}"));
            for stack in root["stacks"].as_array().unwrap() {
                stacks += 1;
                pairs += stack["platforms"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| it["pairs"].as_array().unwrap().len())
                    .sum::<usize>();
            }
        }
    }
    support::say(&format!("real stacks: {stacks} with {pairs} rows; {refused} folders that hold none or only a part"));
    assert!(stacks > 300);
}
