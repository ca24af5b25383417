//! Renders every example, and a stack of tricky attributes, for every platform and target, and lets the real programs
//! read the result: both Quadlet generators, `systemd-analyze verify`, docker-compose, and two second readers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quadgen::model::{Condition, Data, Format, HealthTest, MountKind, Restart, Service, Stack, Text, Version};
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::render::{Target, refusal};
use quadgen::source::SourceMap;
use serde_json::{Value as Json, json};
use support::{compose_config, generate, missing, quadlet_generators, say, service_of, tool, verify};

/// A stack, one of its platforms, a target that the platform can run, and what came of it.
struct Case {
    name: String,
    stack: Stack,
    platform: Platform,
    target: Target,
    folder: tempfile::TempDir,
}

/// The URL of Ollama that each platform of examples/open-webui must get.
const HOST_URLS: [(&str, &str); 6] = [
    ("desktop", "http://host.docker.internal:11434"),
    ("linux", "http://host.docker.internal:11434"),
    ("machine", "http://host.docker.internal:11434"),
    ("machine-6", "http://host.containers.internal:11434"),
    ("distribution", "http://host.docker.internal:11434"),
    ("mirrored", "http://host.containers.internal:11434"),
];

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples =
        fs::read_dir(root.join("examples")).unwrap().map(|entry| entry.unwrap().path().join("topology.yaml"));
    let stacks = fs::read_dir(root.join("tests/stacks")).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = examples.chain(stacks).filter(|path| path.is_file()).collect();
    all.sort();
    all
}

fn read(path: &Path) -> Stack {
    let mut map = SourceMap::default();
    let file = map.add(path.to_string_lossy(), fs::read_to_string(path).unwrap());
    let read = topology::read(map.file(file));
    assert!(read.diagnostics.is_empty(), "{}: {:?}", path.display(), read.diagnostics);
    read.stack.unwrap()
}

fn run(arguments: &[&str], source: &Path, folder: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .arg("render")
        .arg(source)
        .args(arguments)
        .arg("-o")
        .arg(folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Every valid triple of a stack, a platform and a target, rendered.
fn cases(wanted: Target) -> Vec<Case> {
    let mut cases = Vec::new();
    for source in sources() {
        let stack = read(&source);
        for (name, words) in &stack.platforms {
            let platform = Platform::resolve(name, parse_spec(&words.value).unwrap(), Format::Topology);
            if refusal(&platform, wanted).is_some() {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let target = if wanted == Target::Quadlet { "quadlet" } else { "compose" };
            run(&["--on", name, "--target", target], &source, folder.path());
            let url = HOST_URLS.iter().find(|(platform, _)| platform == name).map_or("", |(_, url)| url);
            let mut meant = stack.clone();
            for service in meant.services.values_mut() {
                service.fill(|text, _| text.replace("{{ host.ollama.url }}", url));
            }
            let name = format!("{} on {name} as {target}", stack.name.value);
            cases.push(Case { name, stack: meant, platform, target: wanted, folder });
        }
    }
    assert!(cases.len() > 4, "too few cases to be true");
    cases
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()))
        .collect()
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    for source in sources() {
        for name in read(&source).platforms.keys() {
            let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            // The way back to the source is part of the marker, so both folders lie equally deep.
            run(&["--on", name], &source, one.path());
            run(&["--on", name], &source, one.path());
            run(&["--on", name], &source, two.path());
            assert_eq!(texts(one.path()), texts(two.path()), "{} on {name}", source.display());
        }
    }
}

#[test]
fn both_generators_and_systemd_accept_the_units() {
    let generators = quadlet_generators();
    if generators.is_empty() {
        return missing("units through the real Quadlet generators");
    }
    let cases = cases(Target::Quadlet);
    let can_verify = tool("systemd-analyze").is_some();
    if !can_verify {
        missing("systemd-analyze verify of the rendered units");
    }
    let mut runs = 0;
    for case in &cases {
        let dir = case.folder.path();
        let files = texts(dir);
        for (version, generator) in &generators {
            // A generator that is older than the platform may lack keys that were written on purpose.
            if version.parse::<Version>().unwrap() < case.platform.version {
                continue;
            }
            let made = generate(generator, dir, case.platform.rootless);
            assert!(made.status.success() && made.complaints().is_empty(), "{} {version}: {}", case.name, made.stderr);
            let expected: BTreeSet<String> = files.keys().map(|file| service_of(file)).collect();
            assert_eq!(made.services.keys().cloned().collect::<BTreeSet<_>>(), expected, "{} {version}", case.name);
            for service in case.stack.services.values() {
                let unit = &made.services[&format!("{}.service", service.name.value)];
                check_words(case, service, &unit.command(), version);
            }
            if can_verify {
                let complaints: Vec<String> = verify(&made, dir)
                    .into_iter()
                    // Written for a platform that says systemd@257; systemd before 254 does not know it.
                    .filter(|line| !(case.platform.spec.systemd.is_some() && line.contains("'RestartMode'")))
                    // The generator of 5.4.2 does not quote a path with a blank here; 5.8.6 does.
                    .filter(|line| !line.ends_with("RequiresMountsFor= path is not absolute, ignoring: dir"))
                    .collect();
                assert!(complaints.is_empty(), "{} {version}: {complaints:#?}", case.name);
            }
            runs += 1;
        }
        second_reader(&files);
    }
    let versions: Vec<&str> = generators.iter().map(|(version, _)| version.as_str()).collect();
    say(&format!(
        "{} pairs of stack and platform, {runs} runs of the generators {}",
        cases.len(),
        versions.join(" and ")
    ));
    assert!(runs >= cases.len());
}

/// The words that podman gets say what the model says, whatever characters they hold.
fn check_words(case: &Case, service: &Service, words: &[String], version: &str) {
    let at = format!("{} {version} {}", case.name, service.name.value);
    let after = |flag: &str| -> Vec<&str> {
        let mut found: Vec<&str> =
            words.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1].as_str()).collect();
        found.extend(words.iter().filter_map(|word| word.strip_prefix(&format!("{flag}="))));
        found
    };
    let name = match &service.container_name {
        quadgen::model::ContainerName::Named(name) => &name.value,
        _ => &service.name.value,
    };
    assert_eq!(after("--name"), [name], "{at}");
    let environment = after("--env");
    for (key, value) in &service.environment {
        let wanted = value.value.as_ref().map_or_else(|| key.clone(), |value| format!("{key}={value}"));
        assert!(environment.contains(&wanted.as_str()), "{at}: {wanted:?} is not in {environment:?}");
    }
    if let Some((_, labels)) = service.attributes.get("labels") {
        let Data::Map(labels) = &labels.data else { panic!("{at}") };
        for (key, value) in labels {
            let wanted = format!("{key}={}", value.scalar().unwrap());
            assert!(after("--label").contains(&wanted.as_str()), "{at}: {wanted:?}");
        }
    }
    let image = service.image.as_ref().map_or_else(
        || format!("localhost/{}-{}:latest", case.stack.name.value, service.name.value),
        |image| image.value.full(),
    );
    let image_at =
        words.iter().rposition(|word| *word == image).unwrap_or_else(|| panic!("{at}: no {image}: {words:?}"));
    let command: Vec<&str> = words[image_at + 1..].iter().map(String::as_str).collect();
    assert_eq!(command, plain(service.command.as_deref().unwrap_or_default()), "{at}");
    if let Some(entrypoint) = &service.entrypoint {
        let read: Vec<String> = serde_json::from_str(after("--entrypoint")[0]).unwrap();
        assert_eq!(read, plain(entrypoint), "{at}");
    }
    match service.health.as_ref().and_then(|health| health.value.test.as_ref()) {
        Some(HealthTest::Exec(test)) => {
            let read: Vec<String> = serde_json::from_str(after("--health-cmd")[0]).unwrap();
            assert_eq!(read, plain(test), "{at}");
        }
        Some(HealthTest::Shell(line)) => assert_eq!(after("--health-cmd"), [&line.value], "{at}"),
        Some(HealthTest::Disabled) | None => {}
    }
    let ports: Vec<String> = service.ports.iter().map(|port| port.value.to_string()).collect();
    assert_eq!(after("--publish"), ports, "{at}");
    for (mount, path) in service.mounts.iter().map(|mount| (&mount.value, &mount.value.target)) {
        let flag = if mount.kind == MountKind::Tmpfs { "--tmpfs" } else { "-v" };
        let found = after(flag).iter().any(|value| value.split(':').any(|part| part == path));
        assert!(found, "{at}: nothing at {path} in {:?}", after(flag));
    }
    assert_eq!(after("--network").len(), service.networks.len() + usize::from(service.network_mode.is_some()), "{at}");
}

fn plain(words: &[Text]) -> Vec<&str> {
    words.iter().map(|word| word.value.as_str()).collect()
}

/// rust-ini, which knows nothing of systemd, finds the same sections, keys and values; there are no continuations.
fn second_reader(files: &BTreeMap<String, String>) {
    for (name, text) in files {
        let options = ini::ParseOption { enabled_escape: false, enabled_quote: false, ..Default::default() };
        let read = ini::Ini::load_from_str_opt(text, options).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut found = Vec::new();
        for (section, entries) in &read {
            found.extend(entries.iter().map(|(key, value)| format!("{} {key}={value}", section.unwrap_or(""))));
        }
        let mut section = "";
        let mut written = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(name) => section = name,
                None => written.push(format!("{section} {line}")),
            }
        }
        assert_eq!(found, written, "{name}");
    }
}

/// A topology of services whose values are made of what breaks out of things.
fn wild_topology() -> String {
    const PIECES: [&str; 40] = [
        "a", "0", " ", "  ", "\t", "\n", "\"", "'", "\\", "\\\\", "\\n", "\\x41", "$", "$$", "${A}", "$A", "%", "%%",
        "%h", "%n", ";", "#", "=", ":", ",", "{", "}", "[", "]", "{{ x }}", "{% if %}", "`", "~", "!", "*", "&", "|",
        ">", "ä→", "on",
    ];
    let mut state: u64 = 0x1d;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit as u64) as usize
    };
    let mut word = || (0..=below(6)).map(|_| PIECES[below(PIECES.len())]).collect::<String>();
    let mut services = serde_json::Map::new();
    for at in 0..40 {
        // A lone `;` is refused where it would be a word of its own; that has a test of its own.
        let mut command = || (0..4).map(|_| word()).filter(|word| word != ";").collect::<Vec<_>>();
        let (command, entrypoint, test) = (command(), command(), [vec!["CMD".into(), "x".into()], command()].concat());
        let mut values = |prefix: &str| {
            (0..4).map(|at| (format!("{prefix}{at}"), json!(word()))).collect::<serde_json::Map<String, Json>>()
        };
        let service = json!({
            "image": "docker.io/library/x:1", "command": command, "entrypoint": entrypoint,
            "healthcheck": {"test": test}, "environment": values("E"), "labels": values("l"),
        });
        services.insert(format!("service{at}"), service);
    }
    // JSON is YAML.
    let platforms = json!({"podman": "podman@5.4.2,netavark@1.14,rootless", "docker": "docker@28.5"});
    json!({"name": "wild", "platforms": platforms, "services": services}).to_string()
}

#[test]
fn wild_values_arrive_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("topology.yaml");
    fs::write(&source, wild_topology()).unwrap();
    let stack = read(&source);
    let case = |name: &str, target| {
        let words = &stack.platforms[name].value;
        let platform = Platform::resolve(name, parse_spec(words).unwrap(), Format::Topology);
        let out = tempfile::tempdir().unwrap();
        run(&["--on", name], &source, out.path());
        Case { name: format!("wild on {name}"), stack: stack.clone(), platform, target, folder: out }
    };
    if quadlet_generators().is_empty() {
        missing("wild values through the real Quadlet generators");
    }
    let units = case("podman", Target::Quadlet);
    for (version, generator) in quadlet_generators() {
        let made = generate(&generator, units.folder.path(), true);
        assert!(made.status.success() && made.complaints().is_empty(), "{version}: {}", made.stderr);
        for service in stack.services.values() {
            check_words(
                &units,
                service,
                &made.services[&format!("{}.service", service.name.value)].command(),
                &version,
            );
        }
    }
    let docker_compose = tool("docker-compose");
    if docker_compose.is_none() {
        missing("wild values through docker-compose");
    }
    if let Some(docker_compose) = docker_compose {
        let compose = case("docker", Target::Compose);
        let dir = compose.folder.path();
        let (config, said) = compose_config(&docker_compose, &dir.join("compose.yaml"));
        assert!(config.is_object(), "{said}");
        for service in stack.services.values() {
            check_service(&compose, service, &config["services"][&service.name.value], dir);
        }
    }
}

#[test]
fn docker_compose_reads_what_was_meant() {
    let Some(docker_compose) = tool("docker-compose") else {
        return missing("rendered Compose files through docker-compose");
    };
    let cases = cases(Target::Compose);
    for case in &cases {
        assert_eq!(case.target, Target::Compose);
        let dir = case.folder.path();
        let file = dir.join("compose.yaml");
        // Files that the stack names must be there for docker-compose to accept it.
        for object in case.stack.secrets.values().chain(case.stack.configs.values()) {
            fs::write(dir.join(&object.file.as_ref().unwrap().value), "").unwrap();
        }
        let mut quiet = Command::new(&docker_compose);
        quiet.arg("-f").arg(&file).args(["config", "-q"]);
        // Without the address that the head of the file asks for, nothing starts with a wrong one.
        if fs::read_to_string(&file).unwrap().contains("QUADGEN_HOST") {
            let refused = quiet.env_remove("QUADGEN_HOST").output().unwrap();
            assert!(String::from_utf8_lossy(&refused.stderr).contains("see the head of this file"), "{}", case.name);
            quiet.env("QUADGEN_HOST", "192.0.2.1");
        }
        let quiet = quiet.output().unwrap();
        let said = String::from_utf8_lossy(&quiet.stderr).into_owned() + &String::from_utf8_lossy(&quiet.stdout);
        // A variable that is meant to come from outside is not set here.
        let said: Vec<&str> = said.lines().filter(|line| !line.contains("FROM_OUTSIDE")).collect();
        assert!(quiet.status.success() && said.is_empty(), "{}: {said:?}", case.name);
        let (config, _) = compose_config(&docker_compose, &file);
        assert_eq!(config["services"].as_object().unwrap().len(), case.stack.services.len());
        for service in case.stack.services.values() {
            let found = &config["services"][&service.name.value];
            check_service(case, service, found, dir);
        }
        check_networks(case, &config);
        let yaml: serde_yaml::Value = serde_yaml::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        check_second_reader(case, &yaml);
    }
    say(&format!("{} pairs of stack and platform through docker-compose", cases.len()));
}

fn check_service(case: &Case, service: &Service, found: &Json, dir: &Path) {
    let at = format!("{} {}", case.name, service.name.value);
    // Compose doubles every dollar in its output, so that it could be read again.
    let text = |value: &Json| value.as_str().map(|text| text.replace("$$", "$"));
    let list = |value: &Json| -> Vec<String> { value.as_array().into_iter().flatten().filter_map(text).collect() };
    let image = service.image.as_ref().map(|image| &image.value);
    let image = image.map(|image| if case.platform.is_podman() { image.full() } else { image.to_string() });
    assert_eq!(text(&found["image"]), image, "{at}");
    let name = match &service.container_name {
        quadgen::model::ContainerName::Named(name) => Some(&name.value),
        quadgen::model::ContainerName::ByService => Some(&service.name.value),
        quadgen::model::ContainerName::ByRuntime(_) => None,
    };
    assert_eq!(found.get("container_name").and_then(Json::as_str), name.map(String::as_str), "{at}");
    for attachment in &service.networks {
        let network = &found["networks"][&attachment.network.value];
        assert!(found["networks"].as_object().unwrap().contains_key(&attachment.network.value), "{at}");
        assert_eq!(list(&network["aliases"]), plain(&attachment.aliases), "{at}");
        let address = attachment.ipv4.as_ref().map(|address| address.value.to_string());
        assert_eq!(text(&network["ipv4_address"]), address, "{at}");
    }
    for (key, value) in &service.environment {
        let found = found["environment"].get(key).unwrap_or_else(|| panic!("{at}: no {key}"));
        assert_eq!(text(found), value.value, "{at} {key}");
    }
    if let Some(command) = &service.command {
        assert_eq!(list(&found["command"]), plain(command), "{at}");
    }
    if let Some(entrypoint) = &service.entrypoint {
        assert_eq!(list(&found["entrypoint"]), plain(entrypoint), "{at}");
    }
    let mut ports = Vec::new();
    for port in &service.ports {
        let port = &port.value;
        for step in 0..port.container.len() as u16 {
            let mut wanted = json!({"mode": "ingress", "target": port.container.first + step, "protocol": port.protocol.to_string()});
            if let Some(host) = port.host {
                wanted["published"] = json!((host.first + step).to_string());
            }
            if let Some(address) = port.address {
                wanted["host_ip"] = json!(address.to_string());
            }
            ports.push(wanted);
        }
    }
    assert_eq!(found.get("ports").cloned().unwrap_or(json!([])), Json::Array(ports), "{at}");
    let volumes = found["volumes"].as_array().cloned().unwrap_or_default();
    assert_eq!(volumes.len(), service.mounts.len(), "{at}");
    for (mount, volume) in service.mounts.iter().zip(&volumes) {
        let kind = match mount.value.kind {
            MountKind::Bind => "bind",
            MountKind::Tmpfs => "tmpfs",
            MountKind::Volume | MountKind::Anonymous => "volume",
            MountKind::Other => panic!("no stack here mounts anything else"),
        };
        assert_eq!((&volume["type"], &volume["target"]), (&json!(kind), &json!(mount.value.target)), "{at}");
        assert_eq!(volume["read_only"].as_bool().unwrap_or(false), mount.value.read_only, "{at}");
        let source = match mount.value.source.strip_prefix("./") {
            Some(relative) => fs::canonicalize(dir).unwrap().join(relative).to_string_lossy().into_owned(),
            None => mount.value.source.clone(),
        };
        assert_eq!(volume["source"].as_str().unwrap_or(""), source, "{at}");
    }
    for dependency in &service.depends_on {
        let condition = match dependency.condition.value {
            Condition::Started => "service_started",
            Condition::Healthy => "service_healthy",
            Condition::Completed => "service_completed_successfully",
        };
        let found = &found["depends_on"][&dependency.service.value];
        assert_eq!((&found["condition"], &found["required"]), (&json!(condition), &json!(dependency.required)), "{at}");
    }
    if let Some(health) = service.health.as_ref().map(|health| &health.value) {
        let found = &found["healthcheck"];
        match &health.test {
            Some(HealthTest::Exec(test)) => assert_eq!(list(&found["test"])[1..], plain(test), "{at}"),
            Some(HealthTest::Shell(line)) => assert_eq!(list(&found["test"]), ["CMD-SHELL", &line.value], "{at}"),
            Some(HealthTest::Disabled) | None => {}
        }
        for (key, time) in
            [("interval", health.interval), ("timeout", health.timeout), ("start_period", health.start_period)]
        {
            assert_eq!(text(&found[key]), time.map(|time| time.value.to_string()), "{at} {key}");
        }
        assert_eq!(found["retries"].as_u64(), health.retries.map(|retries| u64::from(retries.value)), "{at}");
    }
    let restart = service.restart.as_ref().map(|restart| match restart.value {
        Restart::No => "no".to_owned(),
        Restart::Always => "always".to_owned(),
        Restart::UnlessStopped => "unless-stopped".to_owned(),
        Restart::OnFailure(limit) => limit.map_or("on-failure".to_owned(), |limit| format!("on-failure:{limit}")),
    });
    assert_eq!(text(&found["restart"]), restart, "{at}");
}

fn check_networks(case: &Case, config: &Json) {
    for network in case.stack.networks.values() {
        let Some(found) = config["networks"].get(&network.name.value) else {
            panic!("{}: no network {}", case.name, network.name.value);
        };
        assert_eq!(found["name"], json!(network.object()), "{}", case.name);
        assert_eq!(found["internal"].as_bool().unwrap_or(false), network.is_internal(), "{}", case.name);
        assert_eq!(found["external"].as_bool().unwrap_or(false), network.external, "{}", case.name);
        let subnets: Vec<String> =
            network.subnets.iter().map(|subnet| subnet.subnet.as_ref().unwrap().value.to_string()).collect();
        let found: Vec<&str> = found["ipam"]["config"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|item| item["subnet"].as_str().unwrap())
            .collect();
        assert_eq!(found, subnets, "{}", case.name);
    }
    for volume in case.stack.volumes.values() {
        let used = case.stack.services.values().flat_map(|service| &service.mounts);
        if used.clone().any(|mount| mount.value.source == volume.name.value) {
            assert_eq!(config["volumes"][&volume.name.value]["name"], json!(volume.object()), "{}", case.name);
        }
    }
}

/// serde_yaml, another reader of YAML with YAML 1.1's habits, finds texts where texts were meant.
fn check_second_reader(case: &Case, yaml: &serde_yaml::Value) {
    for service in case.stack.services.values() {
        let written = &yaml["services"][service.name.value.as_str()];
        // docker-compose leaves extensions out of its output, so the intents are looked for here.
        let intent = written["x-quadgen"]["internet"].as_str();
        assert_eq!(intent, service.internet_denied.map(|_| "deny"), "{}", case.name);
        let environment = &written["environment"];
        for (key, value) in &service.environment {
            let found = environment[key.as_str()].as_str().map(|text| text.replace("$$", "$"));
            assert_eq!(found, value.value, "{} {key}", case.name);
        }
    }
}
