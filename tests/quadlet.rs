//! Trees of units as people write them, and the model that is read from them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/tree.rs"]
mod tree;

use quadgen::model::{
    Condition, ContainerName, Data, Format, HealthTest, MountKind, NetworkMode, Party, Restart, Service, ServiceKind,
    Stack, Target, Value,
};
use quadgen::read::{Read, quadlet};
use quadgen::source::SourceMap;
use tree::Memory;

/// What a release reads from files: the sources, and the stack with what was found.
fn read(files: &[(&str, &str)], release: &str) -> (SourceMap, Read) {
    let memory = Memory::new(files.iter().copied());
    let mut sources = SourceMap::default();
    let parsed = quadlet::parse(&mut sources, &memory, memory.tree());
    let read = quadlet::lower(&parsed, &sources, release.parse().unwrap());
    (sources, read)
}

/// The stack of files that a release takes. Quotes that stay and arguments with a key are no fault of these tests.
fn stack(files: &[(&str, &str)], release: &str) -> Stack {
    let (_, read) = read(files, release);
    let told = read.diagnostics.iter().filter(|found| !matches!(found.rule.code, "QG706" | "QG712"));
    let said: Vec<&str> = told.map(|found| found.message.as_str()).collect();
    assert!(said.is_empty(), "{said:?}");
    read.stack.unwrap()
}

fn name(service: &Service) -> &str {
    match &service.container_name {
        ContainerName::Named(name) => &name.value,
        _ => "",
    }
}

fn words(service: &Service) -> Vec<&str> {
    service.command.iter().flatten().map(|word| word.value.as_str()).collect()
}

fn left(service: &Service) -> Vec<String> {
    let entries = service.quadlet.iter();
    entries.map(|entry| format!("{}.{}={}", entry.section, entry.key.value, entry.value.value)).collect()
}

fn texts(value: &Value) -> Vec<String> {
    match &value.data {
        Data::Map(entries) => entries.iter().map(|(key, value)| format!("{key}={}", value.scalar().unwrap())).collect(),
        _ => value.texts(),
    }
}

const IMAGE: &str = "[Container]\nImage=docker.io/library/nginx:1\n";

#[test]
fn a_tree_becomes_a_stack() {
    let stack = stack(
        &[
            (
                "web.container",
                "[Unit]\nDescription=The web\nAfter=db.service\nRequires=db.container network-online.target\n\n\
                 [Container]\nImage=docker.io/library/nginx:1\nNetwork=front.network:alias=www,ip=10.1.0.5\n\
                 Network=back.network\nNetwork=systemd-back\nNetwork=corp\nPublishPort=8080:80\nPublishPort=[::1]:53:53/udp\n\
                 Volume=data.volume:/data:Z\nVolume=./conf:/etc/conf:ro\nVolume=%h/www:/www\nVolume=cache:/cache\n\
                 Volume=/anonymous\nMount=type=tmpfs,destination=/tmp,tmpfs-size=64m\nTmpfs=/run:rw,size=1m\n\
                 Environment=\"A=b c\" D=e\nEnvironment=D=f\nLabel=x=y\nExec=serve --port 80 \"two words\"\n\
                 Secret=token,target=/t,mode=0400\nSecret=key,type=env\nAddCapability=CAP_A CAP_B\n\
                 HealthCmd=curl -f http://localhost\nHealthInterval=1m\n\n\
                 [Service]\nRestart=always\nRestartSec=30\n\n[Install]\nWantedBy=default.target\n",
            ),
            (
                "db.container",
                "[Container]\nImage=docker.io/library/postgres:16\nContainerName=%N-main\nNotify=healthy\nNetwork=back.network\n",
            ),
            (
                "front.network",
                "[Network]\nNetworkName=front\nSubnet=10.1.0.0/24\nGateway=10.1.0.1\nOptions=isolate=true mtu=1400\n",
            ),
            ("back.network", "[Network]\nInternal=true\nDisableDNS=yes\n"),
            ("data.volume", "[Volume]\nLabel=a=b\nDevice=tmpfs\nType=tmpfs\nOptions=size=1m\n"),
        ],
        "5.8.6",
    );
    assert_eq!((stack.format, stack.name.value.as_str(), stack.units.len()), (Format::Quadlet, "units", 5));
    let web = &stack.services["web"];
    assert_eq!(name(web), "systemd-web");
    let ContainerName::Named(implied) = &web.container_name else { unreachable!() };
    assert!(implied.is_implied());
    let networks: Vec<&str> = web.networks.iter().map(|on| on.network.value.as_str()).collect();
    assert_eq!(networks, ["front", "back", "back", "corp"]);
    assert_eq!(web.networks[0].aliases[0].value, "www");
    assert_eq!(web.networks[0].ipv4.unwrap().value.to_string(), "10.1.0.5");
    assert!(stack.networks["corp"].external && !stack.networks["back"].external);
    assert_eq!((stack.networks["front"].object(), stack.networks["back"].object()), ("front", "systemd-back"));
    assert!(stack.networks["front"].object_name.is_none() && stack.networks["back"].dns_disabled.is_some());
    assert!(stack.networks["back"].is_internal());
    assert_eq!(stack.networks["front"].options["mtu"].value, "1400");
    assert_eq!(stack.networks["front"].subnets[0].gateway.unwrap().value.to_string(), "10.1.0.1");
    let mounts: Vec<String> = web
        .mounts
        .iter()
        .map(|mount| &mount.value)
        .map(|m| {
            format!(
                "{:?} {}:{} {}{}",
                m.kind,
                m.source,
                m.target,
                m.options.join(","),
                if m.read_only { "ro" } else { "" }
            )
        })
        .collect();
    assert_eq!(
        mounts,
        [
            "Volume data:/data Z",
            "Bind ./conf:/etc/conf ro",
            "Bind ~/www:/www ",
            "Volume cache:/cache ",
            "Anonymous :/anonymous ",
            "Tmpfs :/tmp size=64m",
            "Tmpfs :/run size=1m"
        ]
    );
    assert!(stack.volumes["cache"].external && stack.volumes["data"].object() == "systemd-data");
    assert_eq!(texts(&stack.volumes["data"].attributes["driver_opts"].1), ["type=tmpfs", "device=tmpfs", "o=size=1m"]);
    assert_eq!(web.environment["A"].value.as_deref(), Some("b c"));
    assert_eq!(web.environment["D"].value.as_deref(), Some("f"));
    assert_eq!(words(web), ["serve", "--port", "80", "two words"]);
    assert_eq!(texts(&web.attributes["cap_add"].1), ["CAP_A", "CAP_B"]);
    assert_eq!((web.secrets.len(), web.secrets[0].target.as_deref()), (1, Some("/t")));
    assert!(stack.secrets["token"].external);
    assert!(
        matches!(&web.health.as_ref().unwrap().value.test, Some(HealthTest::Shell(line)) if line.value.starts_with("curl"))
    );
    assert_eq!(web.restart.unwrap().value, Restart::Always);
    let [db] = web.depends_on.as_slice() else { unreachable!("{:?}", web.depends_on) };
    assert_eq!((db.service.value.as_str(), db.condition.value, db.required), ("db", Condition::Healthy, true));
    assert_eq!(
        left(web),
        [
            "Container.Secret=key,type=env",
            "Unit.Description=The web",
            "Unit.Requires=network-online.target",
            "Service.RestartSec=30"
        ]
    );
    assert_eq!(name(&stack.services["db"]), "db-main");
    assert_eq!(stack.services["db"].network_mode, None);
}

#[test]
fn pods_and_kube_units_are_services() {
    let stack = stack(
        &[
            ("app.pod", "[Pod]\nPodName=app\nNetwork=n.network\nPublishPort=8080:80\nAddHost=a:1.2.3.4\n"),
            ("web.container", &format!("{IMAGE}Pod=app.pod\n")),
            ("apart.container", &format!("{IMAGE}Pod=app.pod\nNetwork=n.network\n")),
            ("side.container", &format!("{IMAGE}Network=web.container\n")),
            ("old.container", &format!("{IMAGE}Network=container:systemd-web\n")),
            ("alone.container", IMAGE),
            ("play.kube", "[Kube]\nYaml=play.yml\nNetwork=host\nPublishPort=1:1\n"),
            ("n.network", "[Network]\n"),
        ],
        "5.8.6",
    );
    let mode = |key: &str| stack.services[key].network_mode.as_ref().map(|mode| mode.value.clone());
    let pod = &stack.services["app.pod"];
    assert_eq!((pod.kind, name(pod), pod.networks.len(), pod.ports.len()), (ServiceKind::Pod, "app", 1, 1));
    assert_eq!(texts(&pod.attributes["extra_hosts"].1), ["a:1.2.3.4"]);
    assert_eq!(mode("web"), Some(NetworkMode::Service("app.pod".to_owned())));
    assert_eq!((mode("apart"), stack.services["apart"].networks.len()), (None, 1));
    assert_eq!(mode("side"), Some(NetworkMode::Service("web".to_owned())));
    assert_eq!(mode("old"), Some(NetworkMode::Service("web".to_owned())));
    assert_eq!(mode("alone"), Some(NetworkMode::Bridge));
    assert_eq!((stack.services["play.kube"].kind, mode("play.kube")), (ServiceKind::Kube, Some(NetworkMode::Host)));
}

#[test]
fn arguments_do_what_keys_do() {
    let web = &format!(
        "{IMAGE}Network=n.network\nPodmanArgs=--network-alias www --ip=10.1.2.3 --privileged -e A=b --volume data:/d\n\
         PodmanArgs=--cpus 1.5 --gpus all --foo --stop-timeout=30\nStopTimeout=5\n"
    );
    let stack = stack(
        &[("web.container", web), ("n.network", "[Network]\nPodmanArgs=--internal --subnet 10.1.0.0/16 --route x\n")],
        "5.8.6",
    );
    let web = &stack.services["web"];
    assert_eq!(web.networks[0].aliases[0].value, "www");
    assert_eq!(web.networks[0].ipv4.unwrap().value.to_string(), "10.1.2.3");
    assert!(web.flag("privileged") && web.environment.contains_key("A"));
    assert_eq!((web.mounts[0].value.kind, web.mounts[0].value.source.as_str()), (MountKind::Volume, "data"));
    assert_eq!(web.attributes["cpus"].1.scalar().as_deref(), Some("1.5"));
    assert_eq!(web.stop_grace_period.unwrap().value.as_seconds(), 30);
    assert_eq!(left(web), ["Container.PodmanArgs=--gpus all --foo"]);
    let network = &stack.networks["n"];
    assert!(network.is_internal() && network.subnets.len() == 1);
    assert_eq!(network.quadlet[0].value.value, "--route x");
}

#[test]
fn drop_ins_and_resets_count_as_their_release_has_them() {
    let files = [
        ("a-b.container", "[Container]\nImage=docker.io/library/nginx:1\nEnvironment=A=1\nHostName=x\n"),
        ("a-b.container.d/20.conf", "[Container]\nEnvironment=B=2\n"),
        ("a-b.container.d/10.conf", "[Container]\nEnvironment=\nHostName=own\n"),
        ("a-.container.d/15.conf", "[Container]\nHostName=wide\n"),
        ("container.d/10.conf", "[Container]\nHostName=widest\n"),
    ];
    let names = |release: &str| {
        let stack = stack(&files, release);
        let service = &stack.services["a-b"];
        let variables: Vec<String> = service.environment.keys().cloned().collect();
        (service.hostname.as_ref().unwrap().value.clone(), variables.join(" "))
    };
    assert_eq!(names("4.9"), ("x".to_owned(), "A".to_owned()));
    assert_eq!(names("5.0"), ("own".to_owned(), "B".to_owned()));
    assert_eq!(names("5.2"), ("wide".to_owned(), "B".to_owned()));
}

#[test]
fn of_two_drop_ins_with_one_name_one_counts() {
    let files = [
        ("x-y.container", IMAGE),
        ("sub/x-y.container.d/10.conf", "[Container]\nHostName=special\n"),
        ("container.d/10.conf", "[Container]\nHostName=general\n"),
    ];
    for (release, wanted) in [("5.4.2", "general"), ("5.8.6", "special")] {
        let stack = stack(&files, release);
        assert_eq!(stack.services["x-y"].hostname.as_ref().unwrap().value, wanted);
    }
}

#[test]
fn broken_units_are_read_as_far_as_they_go() {
    let text = "[Unit]\nAfter=b.service \\\n  c.container\n[Container]\nImage=x\nNetwork=n.network:alias=a,ip=::1\nIP=1.2.3.4\n\
                Volume=./a:/b:ro,Z\nMount=type=bind,\"src=/a,b\",dst=/c\nEnvironment=\"A=b c\" PASS=d\nExec=a \"b\\x20c\"\n\
                PodmanArgs=--ulimit a=1:2 -v x:/y --dns=1\nHealthCmd=[\"a\",\"b\"]\nLogOpt=a=b\nPublishPort=[::1]:1:2/udp\n\
                Secret=a,uid=1\nEntrypoint=\"x\"\nUlimit=a=b\nContainerName=%p$$\n[Service]\nRestart=on-failure\n[X-Quadgen]\nDeny=n.network\n";
    let network = "[Network]\nSubnet=10.0.0.0/8\nGateway=10.0.0.1\nOptions=a=b\n";
    for at in 0..text.len() {
        let signs = ["\\", "\"", "%", "=", "\n", ":", "é", "["];
        for sign in ["", signs[at % 8]] {
            let broken = format!("{}{sign}{}", &text[..at], &text[at + 1..]);
            let release = ["4.4", "4.9", "5.3", "5.8.6", "6.0"][at % 5];
            let (sources, read) = read(&[("a.container", &broken), ("n.network", network)], release);
            let spans = read.diagnostics.iter().flat_map(|found| found.labels.iter().map(|label| label.span));
            let entries = read.stack.iter().flat_map(|stack| stack.units.values()).flat_map(|unit| &unit.entries);
            let entries = entries.flat_map(|entry| [entry.key.span(), entry.value.span()]);
            for span in spans.chain(entries).chain(read.secrets.iter().copied()) {
                let file = sources.file_of(span).unwrap();
                let (from, to) = (file.local(span.start), file.local(span.end));
                assert!(file.text.get(from..to).is_some(), "{release} {from}..{to} in\n{broken}");
            }
        }
    }
}

#[test]
fn names_follow_the_file_the_service_and_the_release() {
    let unit = |key: &str| format!("{IMAGE}{key}");
    let of = |file: &str, text: &str, release: &str| {
        let stack = stack(&[(file, text)], release);
        name(stack.services.values().next().unwrap()).to_owned()
    };
    assert_eq!(of("web.container", IMAGE, "4.4"), "systemd-web");
    assert_eq!(of("web.container", &unit("ServiceName=www\n"), "5.4"), "systemd-www");
    assert_eq!(of("web@.container", IMAGE, "5.4"), "systemd-web_%i");
    assert_eq!(of("web@x.container", IMAGE, "5.4"), "systemd-web_x");
    assert_eq!(
        of("a-web@x.container", &unit("ContainerName=%p.%i.%j.%N.%n.%%.%h\n"), "5.4"),
        "a-web.x.web.a-web@x.a-web@x.service.%.%h"
    );
    assert_eq!(of("web.container", &unit("ContainerName=\"quoted\"\n"), "5.4"), "quoted");
    assert_eq!(of("web.container", &unit("ContainerName=\"quoted\"\n"), "4.9"), "\"quoted\"");
}

#[test]
fn paths_in_sub_folders_count_from_the_root() {
    let stack = stack(
        &[
            (
                "apps/web/web.container",
                "[Container]\nImage=w.build\nVolume=./c:/c\nVolume=../x:/x\nEnvironmentFile=web.env\n",
            ),
            ("apps/web/web.env", "# x\nURL=\"http://db:5432\"\nDB_PASSWORD=secret1\n"),
            (
                "apps/web/w.build",
                "[Build]\nImageTag=localhost/w:1\nSetWorkingDirectory=./src\nFile=./src/Dockerfile.prod\n",
            ),
        ],
        "5.8.6",
    );
    let web = &stack.services["web"];
    let sources: Vec<&str> = web.mounts.iter().map(|mount| mount.value.source.as_str()).collect();
    assert_eq!(sources, ["./apps/web/c", "./apps/x"]);
    assert_eq!(web.env_files[0].path.value, "./apps/web/web.env");
    assert_eq!(web.env_files[0].variables.as_ref().unwrap()["URL"].value.as_deref(), Some("\"http://db:5432\""));
    assert_eq!(web.image.as_ref().unwrap().value.to_string(), "localhost/w:1");
    assert_eq!(texts(&web.attributes["build"].1), ["context=./apps/web/src", "dockerfile=Dockerfile.prod"]);
}

#[test]
fn what_is_not_there_is_noted_or_kept_for_later() {
    let files = [
        ("web.container", "[Container]\nImage=docker.io/library/nginx:1\nEnvironmentFile=./none.env /etc/x.env\n"),
        ("sub/web.container", "[Container]\nImage=docker.io/library/other:1\n"),
    ];
    let (sources, read) = read(&files, "5.8.6");
    assert_eq!(read.notes, ["web.container: its env file none.env is not there, so its variables are unknown."]);
    let stack = read.stack.unwrap();
    assert_eq!(stack.services["web"].image.as_ref().unwrap().value.to_string(), "docker.io/library/nginx:1");
    assert_eq!(sources.place(stack.units[0].shadowed[0]), "sub/web.container:1:1");
}

#[test]
fn intents_stand_in_a_section_of_their_own() {
    let web = format!(
        "{IMAGE}Network=n.network\n[X-Quadgen]\nInternet=deny\nConnects=db:5432 host.ollama\nDeny=db.container n.network internet\n"
    );
    let db = format!("{IMAGE}Network=n.network\n[X-Quadgen]\nHost=deny\n");
    let network = "[Network]\n[X-Quadgen]\nDeny=host\n";
    let stack = stack(&[("web.container", &web), ("db.container", &db), ("n.network", network)], "5.8.6");
    let web = &stack.services["web"];
    assert!(web.internet_denied.is_some() && stack.services["db"].host_denied.is_some());
    let stated: Vec<_> = web.connections.iter().filter(|connection| connection.is_stated()).collect();
    assert_eq!((&stated[0].to, stated[0].port), (&Target::Service("db".to_owned()), Some(5432)));
    assert_eq!(stated[1].to, Target::Host("ollama".to_owned()));
    let denied: Vec<&Party> = stack.deny.iter().flat_map(|deny| &deny.to).collect();
    let (service, network) = (Party::Service("db".to_owned()), Party::Network("n".to_owned()));
    assert_eq!(denied, [&Party::Host, &service, &network, &Party::Internet]);
    let bad = format!("{IMAGE}[X-Quadgen]\nInternet=maybe\nConnects=http://x db:0\nConects=x\n");
    let (sources, read) = read(&[("web.container", &bad)], "5.8.6");
    let said: Vec<String> =
        read.diagnostics.iter().map(|d| format!("{} {}", d.rule.code, sources.text(d.span()))).collect();
    assert_eq!(said, ["QG002 Conects", "QG003 maybe", "QG003 http://x", "QG003 0"]);
}

#[test]
fn secrets_are_known_by_their_place() {
    let web = format!(
        "{IMAGE}Environment=DB_PASSWORD=one PLAIN=two\nSecret=token,type=env,target=API_KEY\nExec=run --token three --x-secret=four\n\
         PodmanArgs=--env=API_TOKEN=five\nEnvironmentFile=./x.env\n[Service]\nEnvironment=\"MY_KEY=six\"\n"
    );
    let files = [
        ("web.container", web.as_str()),
        ("x.env", "A=b\nSOME_SECRET=seven\n"),
        ("r.image", "[Image]\nImage=quay.io/x\nCreds=me:eight\n"),
        ("sub/web.container", "[Container]\nEnvironment=PASS=nine\n"),
        // Nothing in the unit looks like a secret, but in its drop-in, and where lines are joined.
        ("plain.container", IMAGE),
        ("plain.container.d/a.conf", "[Container]\nEnvironment=DB_PASS=ten\n"),
        ("joined.container", "[Container]\nImage=quay.io/x\nEnvironment=DB_PA\\\nSS=eleven\n"),
    ];
    let (sources, read) = read(&files, "5.8.6");
    let hidden: Vec<&str> = read.secrets.iter().map(|span| sources.text(*span)).collect();
    for word in ["one", "three", "four", "five", "seven", "me:eight", "nine", "ten"] {
        assert!(hidden.contains(&word), "{word}: {hidden:?}");
    }
    assert!(hidden.iter().any(|text| text.contains("eleven")));
    assert!(hidden.iter().any(|text| text.contains("six")) && !hidden.iter().any(|text| text.contains("two")));
}

#[test]
fn what_is_not_what_it_looks_like_may_stand_in_a_drop_in_alone() {
    let files = [
        ("plain.container", IMAGE),
        ("plain.container.d/a.conf", "[Container]\nPod='p.pod'\n"),
        ("plain.container.d/b.conf", "[Service]\nType=oneshot # once\n"),
    ];
    let (sources, read) = read(&files, "5.8.6");
    let told = read.diagnostics.iter().filter(|found| found.rule.code == "QG706");
    let mut told: Vec<&str> = told.map(|found| sources.text(found.span())).collect();
    told.sort_unstable();
    assert_eq!(told, ["# once", "Pod='p.pod'"]);
}

#[test]
fn a_unit_is_meant_by_what_podman_would_call_it_unless_another_is_called_so() {
    let asks = format!("{IMAGE}ContainerName=asks\nEnvironment=URL=http://systemd-web:80\n");
    let named = |name: &str| format!("{IMAGE}ContainerName={name}\n");
    let meant = |other: &str| {
        let (web, other) = (named("www"), named(other));
        let files = [("asks.container", asks.as_str()), ("web.container", &web), ("zoo.container", &other)];
        match &stack(&files, "5.8.6").services["asks"].connections[0].to {
            Target::Service(name) => name.clone(),
            Target::Host(_) => String::new(),
        }
    };
    assert_eq!((meant("zoo").as_str(), meant("systemd-web").as_str()), ("web", "zoo"));
}

#[test]
fn a_refused_unit_says_why_and_what_helps() {
    let files = [
        ("web.container", "[Container]\nImage=docker.io/library/nginx:1\nMemory=1g\nNetwrok=x\nNetwork=bakc.network\n"),
        ("back.network", "[Network]\n"),
    ];
    let (sources, read) = read(&files, "5.4.2");
    let said: Vec<String> = read
        .diagnostics
        .iter()
        .map(|d| format!("{} {} {}", d.rule.code, sources.text(d.span()), d.fixes.first().map_or("", |fix| &fix.title)))
        .collect();
    assert_eq!(
        said,
        [
            "QG701 Memory write it as PodmanArgs",
            "QG002 Netwrok rename to `Network`",
            "QG006 bakc.network refer to `back.network`"
        ]
    );
}
