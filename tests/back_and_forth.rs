//! Units → Compose → units: nothing goes without a word, and who resolves and reaches whom stays as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

#[path = "support/fields.rs"]
mod fields;
mod support;
#[path = "support/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use quadgen::diagnostic::Diagnostic;
use quadgen::discover::{self, Found, Options};
use quadgen::model::{Deploy, Service, Stack};
use quadgen::network::{Caller, Matrix, Verdict, Wiring};
use quadgen::platform::{Platform, parse_spec};
use quadgen::prove::prove;
use quadgen::read::{compose, quadlet};
use quadgen::render::{Rendered, Target, render};
use quadgen::source::SourceMap;
use support::disk::Disk;
use support::{compose_config, folder, generate, missing, quadlet_generators, say, tool};
use tree::Memory;

/// A platform and how a stack is deployed there.
fn platform(words: &str, deploy: Deploy) -> Platform {
    let platform = Platform::resolve("server", parse_spec(words).unwrap(), quadgen::model::Format::Quadlet);
    Platform { deploy, ..platform }
}

/// What `render --target compose` makes of units.
fn to_compose(stack: &Stack, words: &str) -> Result<Rendered, Vec<Diagnostic>> {
    render(stack, &platform(words, Deploy::Compose), Target::Compose, &quadgen::render::Options::default(), "units")
}

/// A Compose file with empty env files where it wants some.
fn read_compose(sources: &mut SourceMap, text: &str, env_files: &[String]) -> (Option<Stack>, Vec<Diagnostic>) {
    let mut files = BTreeMap::from([(PathBuf::from("/units/compose.yaml"), text.to_owned())]);
    for path in env_files {
        let path = path.replacen('~', "/home/u", usize::from(path.starts_with('~')));
        files.insert(joined(&path), String::new());
    }
    // Whatever else Compose fills in, it finds.
    let named = variables(text).into_iter().map(|name| (name, "v"));
    let environment: Vec<_> =
        named.chain([("HOME", "/home/u"), ("XDG_RUNTIME_DIR", "/run/user/1000"), ("USER", "u")]).collect();
    let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let request = compose::Request { files: vec!["/units/compose.yaml".into()], environment, ..Default::default() };
    let read = compose::read(sources, &Memory(files), &request);
    (read.stack, read.diagnostics)
}

/// The variables that Compose fills in in a file.
fn variables(text: &str) -> BTreeSet<&str> {
    text.split("${").skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

/// A path from the folder of the units, without its dots.
fn joined(path: &str) -> PathBuf {
    let mut out = PathBuf::from("/units");
    for part in Path::new(path).components() {
        match part {
            std::path::Component::ParentDir => drop(out.pop()),
            std::path::Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// The answers of a stack: who reaches whom, by which names, which ports answer, and who gets out.
fn answers(stack: &Stack, platform: &Platform, name: &dyn Fn(&str) -> String) -> BTreeMap<String, Verdict> {
    let wiring = Wiring::new(stack, platform);
    let mut matrix = Matrix::new(&wiring);
    let mut answers = BTreeMap::new();
    let visited: Result<(), Infallible> = matrix.pairs(|pair| {
        let (from, to) = (name(&pair.from.name.value), name(&pair.to.name.value));
        answers.insert(format!("{from} reaches {to}"), pair.reaches);
        answers.insert(format!("{from} resolves {to} as {}", pair.name), pair.resolves);
        Ok(())
    });
    visited.unwrap();
    for (service, address, by_name) in matrix.internet() {
        let service = name(&service.name.value);
        answers.insert(format!("{service} gets out"), address);
        answers.insert(format!("{service} gets out by name"), by_name);
    }
    for row in matrix.published().filter(|row| row.caller != Caller::Container) {
        answers
            .insert(format!("{} {} for {:?}", name(&row.service.name.value), row.port.value, row.caller), row.verdict);
    }
    answers.retain(|_, verdict| *verdict != Verdict::No);
    answers
}

/// What is not as it was. A service that Compose calls by its own name, too, is no loss.
fn differences(
    old: &BTreeMap<String, Verdict>,
    new: &BTreeMap<String, Verdict>,
    own: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let of = |answers: &BTreeMap<String, Verdict>, key: &String| *answers.get(key).unwrap_or(&Verdict::No);
    let changed = keys.into_iter().filter(|key| of(old, key) != of(new, key));
    let is_gain = |key: &&String| {
        let by = key.rsplit_once(" as ").map(|(_, name)| name);
        !(old.get(*key).is_none() && by.is_some_and(own))
    };
    changed.filter(is_gain).map(|key| format!("{key}: {:?} → {:?}", of(old, key), of(new, key))).collect()
}

/// What became of a tree.
#[derive(Debug)]
enum Fate {
    /// Nothing of it is a service.
    Empty,
    /// It was not rendered, and that was said.
    Refused,
    /// Somebody does not take what was rendered.
    Broken(String),
    /// It came back; what differs, and whether that was said.
    Back { differences: Vec<String>, said: bool },
}

/// The services' names of the last stack, as they were in the first.
fn back(key: &str, project: &str, known: &dyn Fn(&str) -> bool) -> String {
    let bare = key.strip_prefix(project).and_then(|rest| rest.strip_prefix('-'));
    bare.filter(|bare| !known(key) && known(bare)).unwrap_or(key).to_owned()
}

fn there_and_back(tree: &quadlet::Tree, rootful: bool, compose: Option<&Path>, generator: Option<&Path>) -> Fate {
    let mut sources = SourceMap::default();
    let words = if rootful { "podman@5.8.6,rootful" } else { "podman@5.8.6,rootless" };
    let units = platform(words, Deploy::Quadlet);
    let composed = platform(words, Deploy::Compose);
    let parsed = quadlet::parse(&mut sources, &Disk, tree.clone());
    let read = quadlet::lower(&parsed, &sources, units.version);
    // Without these quadgen renders nothing.
    let lacks = |found: &&Diagnostic| ["QG006", "QG703"].contains(&found.rule.code);
    if read.diagnostics.iter().any(|found| lacks(&found)) {
        return Fate::Refused;
    }
    let Some(first) = read.stack.filter(|stack| !stack.services.is_empty()) else { return Fate::Empty };
    let Ok(rendered) = to_compose(&first, words) else { return Fate::Refused };
    for words in [words, "docker@28.5"] {
        let platform = platform(words, Deploy::Compose);
        let unproven = prove(&first, &platform, Target::Compose, &to_compose(&first, words).unwrap());
        if !unproven.is_empty() {
            return Fate::Broken(format!("{:?}", unproven.iter().map(|found| &found.message).collect::<Vec<_>>()));
        }
    }
    let text = rendered.files[0].text.clone();
    let env_files: Vec<String> =
        first.services.values().flat_map(|service| &service.env_files).map(|file| file.path.value.clone()).collect();
    let (second, said) = read_compose(&mut sources, &text, &env_files);
    let mut errors = said.iter().filter(|found| found.severity == quadgen::diagnostic::Level::Error);
    let (Some(second), None) = (second, errors.next()) else {
        return Fate::Broken(format!("{:?}", said.iter().map(|found| &found.message).collect::<Vec<_>>()));
    };
    let docker = to_compose(&first, "docker@28.5").unwrap().files[0].text.clone();
    for (docker_compose, text) in compose.iter().flat_map(|program| [(program, &text), (program, &docker)]) {
        // Env files of the host are not there.
        let without: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("env_file:"))
            .map(|line| format!("{line}\n"))
            .collect();
        let mut without = without.replace("    - path: ", "    #").replace("      required: true\n", "");
        for name in variables(text) {
            without = without.replace(&format!("${{{name}}}"), &format!("/{}", name.to_lowercase()));
        }
        let here = folder(&[("compose.yaml", &without)]);
        let (config, said) = compose_config(docker_compose, &here.path().join("compose.yaml"));
        if !config.is_object() {
            return Fate::Broken(said);
        }
    }
    let again = render(&second, &units, Target::Quadlet, &quadgen::render::Options::default(), "compose.yaml");
    let again = match again {
        Ok(again) => again,
        Err(refused) => return Fate::Broken(format!("{:?}", refused.iter().map(|it| &it.message).collect::<Vec<_>>())),
    };
    if let Some(generator) = generator {
        let here = folder(&again.files.iter().map(|file| (&file.name, &file.text)).collect::<Vec<_>>());
        let made = generate(generator, here.path(), !rootful);
        if !made.status.success() || !made.complaints().is_empty() {
            return Fate::Broken(made.stderr);
        }
    }
    let memory = Memory::new(again.files.iter().map(|file| (file.name.clone(), file.text.clone())));
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let third = quadlet::lower(&parsed, &sources, units.version).stack.unwrap();
    let plain = |name: &str| name.replace('@', "-");
    let known = |name: &str| second.services.contains_key(name);
    let project = second.name.value.clone();
    let (old, mid, new) = (
        answers(&first, &units, &plain),
        answers(&second, &composed, &|name| name.to_owned()),
        answers(&third, &units, &|name| back(name, &project, &known)),
    );
    let mut found = differences(&old, &mid, &known);
    found.extend(differences(&old, &new, &known).into_iter().map(|line| format!("back: {line}")));
    // What differs is said if each service that it is about has a word at its unit.
    let told = |service: &Service| {
        let on = service.networks.iter().map(|attachment| format!("{}.network", attachment.network.value));
        let units = on.chain([service.unit_file()]).filter_map(|file| first.units.get(&file));
        units.into_iter().any(|unit| rendered.findings.iter().any(|found| unit.holds(found.span())))
    };
    let said = found.iter().all(|line| {
        let line = line.trim_start_matches("back: ");
        let subject = line.split(' ').next().unwrap_or("");
        let object = line.split(' ').nth(2).unwrap_or("").trim_end_matches(':');
        first.services.values().filter(|it| [subject, object].contains(&plain(&it.name.value).as_str())).any(told)
    });
    Fate::Back { differences: found, said }
}

#[test]
fn real_trees_keep_their_verdicts_through_compose_and_back() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return missing("units through Compose and back (no corpus beside the repository)");
    }
    let corpus = corpus.canonicalize().unwrap();
    let docker_compose = tool("docker-compose");
    let generator = quadlet_generators().pop().map(|(_, path)| path);
    if docker_compose.is_none() || generator.is_none() {
        missing("what docker-compose and the generator say of units that went through Compose");
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let (mut trees, mut same, mut refused, mut reported, mut silent, mut broken) = (0, 0, 0, 0, Vec::new(), Vec::new());
    for repository in folders {
        for found in discover::find(&Disk, &repository, &Options::default()) {
            let Found::Quadlet { tree, rootful } = found else { continue };
            let root = tree.root.strip_prefix(&corpus).unwrap().display().to_string();
            match there_and_back(&tree, rootful == Some(true), docker_compose.as_deref(), generator.as_deref()) {
                Fate::Empty => {}
                Fate::Refused => refused += 1,
                Fate::Broken(why) => broken.push(format!("{root}: {why}")),
                Fate::Back { differences, said } => {
                    trees += 1;
                    if differences.is_empty() {
                        same += 1;
                        continue;
                    }
                    say(&format!(
                        "{root}: {} differ, said: {said}: {:?}",
                        differences.len(),
                        &differences[..differences.len().min(4)]
                    ));
                    if said { reported += 1 } else { silent.push(root) }
                }
            }
        }
    }
    say(&format!(
        "units through Compose and back: {trees} trees, {same} with the same verdicts, {reported} others reported; {refused} are refused, because a unit is not there or has no image"
    ));
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(trees > 80 && same * 100 >= trees * 95, "{same} of {trees}");
    assert_eq!(silent, [""; 0], "differ, and nobody says so");
}

/// Values for keys whose form a value of the usual one would not have.
const VALUES: [(&str, &str); 75] = [
    ("AddDevice", "/dev/null"),
    ("AddHost", "a.example:10.1.2.3"),
    ("AddCapability", "NET_ADMIN"),
    ("DropCapability", "ALL"),
    ("Annotation", "a=b"),
    ("AutoUpdate", "registry"),
    ("BuildArg", "A=b"),
    ("CgroupsMode", "enabled"),
    ("ConfigMap", "/etc/map.yaml"),
    ("ContainerName", "other"),
    ("ContainersConfModule", "/etc/x.conf"),
    ("DNS", "1.1.1.1"),
    ("DNSOption", "ndots:2"),
    ("DNSSearch", "example.org"),
    ("Device", "/dev/sdb"),
    ("Driver", "bridge"),
    ("Entrypoint", "/entry"),
    ("Environment", "A=b"),
    ("EnvironmentFile", "/etc/x.env"),
    ("Exec", "sleep 1"),
    ("ExitCodePropagation", "all"),
    ("ExitPolicy", "stop"),
    ("ExposeHostPort", "8080"),
    ("File", "./Containerfile"),
    ("GIDMap", "0:1:1"),
    ("UIDMap", "0:1:1"),
    ("Gateway", "10.89.9.1"),
    ("GlobalArgs", "--log-level=debug"),
    ("Group", "5"),
    ("GroupAdd", "audio"),
    ("HealthCmd", "true"),
    ("HealthInterval", "5s"),
    ("HealthLogDestination", "/var/log"),
    ("HealthMaxLogCount", "3"),
    ("HealthMaxLogSize", "3"),
    ("HealthOnFailure", "kill"),
    ("HealthRetries", "3"),
    ("HealthStartPeriod", "5s"),
    ("HealthStartupCmd", "true"),
    ("HealthStartupInterval", "5s"),
    ("HealthStartupRetries", "3"),
    ("HealthStartupSuccess", "3"),
    ("HealthStartupTimeout", "5s"),
    ("HealthTimeout", "5s"),
    ("HostName", "host.example"),
    ("IP", "10.89.9.5"),
    ("IP6", "fd00::5"),
    ("IPAMDriver", "host-local"),
    ("IPRange", "10.89.9.0/25"),
    ("IgnoreFile", "./.ignore"),
    ("Image", "docker.io/library/other:2"),
    ("ImageTag", "localhost/other:2"),
    ("Label", "a=b"),
    ("LogDriver", "journald"),
    ("LogOpt", "tag=x"),
    ("Mask", "/proc/x"),
    ("Memory", "512m"),
    ("Mount", "type=tmpfs,destination=/t"),
    ("Network", "n.network"),
    ("NetworkAlias", "alias"),
    ("NetworkName", "other"),
    ("Notify", "healthy"),
    ("Options", "mtu=1400"),
    ("PodmanArgs", "--sdnotify=ignore"),
    ("PodName", "other"),
    ("PublishPort", "8080:80"),
    ("Pull", "always"),
    ("ReloadCmd", "reload"),
    ("Secret", "token"),
    ("Subnet", "10.89.9.0/24"),
    ("Sysctl", "net.core.somaxconn=1024"),
    ("Tmpfs", "/t"),
    ("Ulimit", "nofile=10:20"),
    ("Volume", "/srv/x:/x"),
    ("StopTimeout", "20"),
];

/// A key's line, with a value that its kind takes.
fn line(key: &str, repeat: &str) -> String {
    let usual = match repeat {
        "bool" => "true",
        "uint" => "5",
        "keyval" => "a=b",
        _ => "x",
    };
    let value = VALUES.iter().find(|(known, _)| *known == key).map_or(usual, |(_, value)| value);
    format!("{key}={value}\n")
}

/// Units among which one says a line in its own section.
fn units(section: &str, line: &str) -> Vec<(&'static str, String)> {
    let has = |key: &str| line.starts_with(&format!("{key}="));
    let image = |image: &str| if has("Image") || has("Rootfs") { String::new() } else { format!("Image={image}\n") };
    let web = |rest: &str, image: &str| ("web.container", format!("[Container]\nImage={image}\n{rest}"));
    let network = ("n.network", "[Network]\nNetworkName=n\nSubnet=10.89.9.0/24\n".to_owned());
    let x = "docker.io/library/x:1";
    match section {
        "Container" => {
            let more = if has("Network") { "" } else { "Network=n.network\n" };
            vec![("web.container", format!("[Container]\n{}{more}{line}", image(x))), network]
        }
        "Pod" => {
            let more = if has("Network") { "" } else { "Network=n.network\n" };
            vec![web("Pod=p.pod\n", x), ("p.pod", format!("[Pod]\n{more}{line}")), network]
        }
        "Network" => {
            let more = if has("Gateway") || has("IPRange") { "Subnet=10.89.9.0/24\n" } else { "" };
            vec![web("Network=n.network\n", x), ("n.network", format!("[Network]\n{more}{line}"))]
        }
        "Volume" => vec![web("Volume=v.volume:/v\n", x), ("v.volume", format!("[Volume]\n{line}"))],
        "Build" => {
            let tag = if has("ImageTag") { "" } else { "ImageTag=localhost/b:1\n" };
            let place = if has("File") || has("SetWorkingDirectory") { "" } else { "SetWorkingDirectory=unit\n" };
            vec![web("", "b.build"), ("b.build", format!("[Build]\n{tag}{place}{line}"))]
        }
        "Image" => vec![web("", "i.image"), ("i.image", format!("[Image]\n{}{line}", image(x)))],
        "Artifact" => vec![web("", x), ("a.artifact", format!("[Artifact]\n{line}"))],
        "Kube" => vec![web("", x), ("k.kube", format!("[Kube]\nYaml=./x.yaml\n{line}"))],
        section => vec![("web.container", format!("[Container]\nImage={x}\n\n[{section}]\n{line}"))],
    }
}

/// A tree rendered to Compose: its stack, the file, and the lines that were reported.
fn composed(units: &[(&str, String)]) -> (Stack, String, Vec<String>) {
    let mut sources = SourceMap::default();
    let memory = Memory::new(units.iter().map(|(name, text)| (*name, text.clone())));
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let words = "podman@5.8.6,rootless";
    let stack = quadlet::lower(&parsed, &sources, platform(words, Deploy::Quadlet).version).stack.unwrap();
    let rendered = to_compose(&stack, words).unwrap_or_else(|refused| panic!("{units:?}: {refused:#?}"));
    let lines = rendered.findings.iter().map(|found| {
        let file = sources.file_of(found.span()).unwrap();
        let line = file.position(found.span().start).line;
        format!("{}: {}", file.name, file.text.lines().nth(line - 1).unwrap())
    });
    (stack, rendered.files[0].text.split_once('\n').unwrap().1.to_owned(), lines.collect())
}

/// Entries that say nothing there, or what Compose does by itself, each with the reason.
const IDLE: [(&str, &str, &str); 12] = [
    ("Unit", "Description", "for people"),
    ("Unit", "Documentation", "for people"),
    ("Service", "TimeoutStartSec", "Compose has no limit for a start"),
    ("Install", "DefaultInstance", "of templates only, which have cases of their own"),
    ("Container", "Network", "stands in all cases"),
    ("Pod", "Network", "stands in all cases"),
    ("Quadlet", "DefaultDependencies", "the network is up when the runtime is"),
    ("Volume", "VolumeName", "said by `name`, and compared there"),
    ("Network", "NetworkName", "said by `name`, and compared there"),
    ("Network", "Driver", "bridge is what Compose makes, too"),
    ("Image", "Image", "the image, which the container has"),
    ("Container", "Pod", "has a case of its own"),
];

/// The keys of systemd's sections.
fn systemd_keys() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/systemd-keys.toml")).unwrap();
    let root: toml::Table = toml::from_str(&text).unwrap();
    let keys = |value: &toml::Value| {
        value["keys"].as_array().unwrap().iter().map(|key| key.as_str().unwrap().to_owned()).collect()
    };
    root.iter()
        .filter(|(_, value)| value.get("keys").is_some())
        .map(|(name, value)| (name.clone(), keys(value)))
        .collect()
}

#[test]
fn every_key_is_said_or_reported() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/quadlet-keys.json")).unwrap();
    let mut sections: BTreeMap<String, BTreeMap<String, serde_json::Value>> = serde_json::from_str(&text).unwrap();
    for (section, keys) in systemd_keys() {
        sections.insert(section, keys.into_iter().map(|key| (key, serde_json::json!({"repeat": "lines"}))).collect());
    }
    let (mut silent, mut changed, mut count) = (Vec::new(), Vec::new(), 0);
    for (section, keys) in &sections {
        for (key, known) in keys {
            if IDLE.iter().any(|(of, idle, _)| of == section && idle == key) {
                continue;
            }
            count += 1;
            let line = line(key, known["repeat"].as_str().unwrap());
            let with = units(section, &line);
            let (stack, text, reported) = composed(&with);
            if reported.iter().any(|reported| reported.ends_with(&format!(": {}", line.trim_end()))) {
                continue;
            }
            // A unit that is left out as a whole is reported at its head.
            if reported.iter().any(|reported| reported.ends_with(&format!(": [{section}]"))) && section != "Pod" {
                continue;
            }
            let (_, without, _) = composed(&units(section, ""));
            if text == without {
                silent.push(format!("[{section}] {line}"));
                continue;
            }
            let mut sources = SourceMap::default();
            let env_files = ["/etc/x.env".to_owned()];
            let (read, said) = read_compose(&mut sources, &text, &env_files);
            let read = read.unwrap_or_else(|| panic!("{text}: {said:?}"));
            let all = |stack: &Stack| {
                let mut out = BTreeMap::new();
                for service in stack.services.values() {
                    let mut fields = fields::fields(service);
                    fields.retain(|field, _| !["quadlet", "kind"].contains(&field.as_str()));
                    let name = &service.name.value;
                    out.extend(fields.into_iter().map(|(field, value)| (format!("{name}: {field}"), value)));
                }
                let range = |it: &quadgen::model::Network| {
                    it.subnets.iter().map(|it| format!("{:?}", it.range.map(|it| it.value))).collect::<String>()
                };
                let networks = stack.networks.values().map(|it| fields::network_fields(it) + &range(it));
                out.insert("networks".to_owned(), networks.collect());
                out.insert("volumes".to_owned(), stack.volumes.values().map(fields::volume_fields).collect());
                out
            };
            let (old, new) = (all(&stack), all(&read));
            // A pod has an image there, waits for nobody, and its containers have its mounts; and these options are keys.
            let is_other = |field: &str| {
                let pod = section == "Pod" && ["image", "mounts", "depends_on"].iter().any(|it| field.ends_with(it));
                pod || field.ends_with("security_opt")
            };
            let fields: BTreeSet<&String> = old.keys().chain(new.keys()).filter(|field| !is_other(field)).collect();
            for field in fields.into_iter().filter(|field| old.get(*field) != new.get(*field)) {
                changed.push(format!("[{section}] {line}{field}: {:?} {:?}", old.get(field), new.get(field)));
            }
        }
    }
    assert!(silent.is_empty() && changed.is_empty(), "silent: {silent:#?}\n{}", changed.join("\n"));
    assert!(count > 500, "{count}");
}
