//! What `render --target compose` makes of units, and what it says where Compose cannot say it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::process::Command;

use support::{compose_config, folder, missing, tool};

/// Renders a folder of units: exit code, the Compose file without its marker, and what was said.
fn composed(units: &[(&str, &str)], on: &str) -> (i32, String, String) {
    let files: Vec<_> = units.iter().map(|(name, text)| (format!("shop/{name}"), (*text).to_owned())).collect();
    let here = folder(&files);
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    let render = ["render", "shop", "--target", "compose", "--on", on, "-o", "out"];
    let output = command.current_dir(here.path()).args(render).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let said = said.replace(['│', '⚠', '×', '╭', '╰', '─', '·'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let file = here.path().join("out/compose.yaml");
    let Ok(text) = std::fs::read_to_string(&file) else { return (output.status.code().unwrap(), String::new(), said) };
    match tool("docker-compose") {
        Some(docker_compose) if !text.contains("env_file") => {
            let (config, refused) = compose_config(&docker_compose, &file);
            assert!(config.is_object(), "{refused}\n{text}");
        }
        Some(_) => {}
        None => missing("what docker-compose says of units as a Compose file"),
    }
    (output.status.code().unwrap(), text.split_once('\n').unwrap().1.to_owned(), said)
}

/// The part of a file from one line to the next of the same depth.
fn part(text: &str, head: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip_while(|line| line.trim() != head).peekable();
    let at = depth(lines.peek().unwrap_or(&""));
    let first = lines.next().unwrap_or("");
    std::iter::once(first).chain(lines.take_while(|line| depth(line) > at)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_pod_is_a_service_that_holds_the_network() {
    let units = [
        (
            "web.container",
            "[Unit]\nRequires=db.service\nAfter=db.service\n[Container]\nImage=docker.io/library/nginx:1.27\n\
             Pod=shop.pod\n[Service]\nRestart=always\n",
        ),
        ("db.container", "[Container]\nImage=docker.io/library/postgres:16\nPod=shop.pod\nHostName=store\n"),
        (
            "shop.pod",
            "[Pod]\nPodName=shop\nNetwork=front.network:alias=store\nPublishPort=8080:80\nVolume=data.volume:/data\n\
             ExitPolicy=stop\n",
        ),
        ("front.network", "[Network]\n"),
        ("data.volume", "[Volume]\n"),
    ];
    let (code, text, said) = composed(&units, "docker@28.5");
    assert_eq!(code, 0, "{said}");
    let expected = "  shop.pod:
    image: registry.k8s.io/pause:3.10
    container_name: shop
    networks:
      front:
        aliases:
        - store
    ports:
    - 8080:80
    restart: always
";
    assert_eq!(part(&text, "shop.pod:"), expected, "{text}");
    let web = part(&text, "web:");
    for line in ["network_mode: service:shop.pod", "source: data", "condition: service_started", "restart: true"] {
        assert!(web.contains(line), "{line}: {web}");
    }
    assert!(part(&text, "front:").is_empty() || text.contains("name: systemd-front"), "{text}");
    for words in [
        "Compose has no pods: `shop.pod` is a service of registry.k8s.io/pause:3.10 that holds the network of db, web",
        "Docker takes no host name for a container in another's network: `db` has that one's",
        "Compose has no `ExitPolicy=`: `shop.pod` goes without it",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_template_is_a_service_for_each_instance_that_is_known() {
    let web = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web-%i\nEnvironment=PORT=%i\n\
               [Install]\nDefaultInstance=8080\n";
    let units = [
        ("web@.container", web),
        ("app.container", "[Unit]\nWants=web@9090.service\n[Container]\nImage=docker.io/library/busybox:1\n"),
        ("lone@.container", "[Container]\nImage=docker.io/library/busybox:1\n"),
    ];
    let (code, text, said) = composed(&units, "podman@5.8.6,rootless");
    assert_eq!(code, 0, "{said}");
    for instance in ["8080", "9090"] {
        let service = part(&text, &format!("web-{instance}:"));
        assert!(service.contains(&format!("container_name: web-{instance}")), "{text}");
        assert!(service.contains(&format!("PORT: \"{instance}\"")), "{text}");
    }
    assert!(!text.contains("lone"), "{text}");
    assert!(said.contains("`lone@` is a template, and nothing says of which instances"), "{said}");
    assert!(said.contains("Compose cannot call a service `web@8080`: it is `web-8080` here"), "{said}");
    let (code, _, said) = composed(&units[2..], "podman@5.8.6,rootless");
    assert!(code == 2 && said.contains("nothing of `shop` is a service that Compose could run"), "{said}");
}

#[test]
fn what_systemd_fills_in_compose_fills_in() {
    let units = [(
        "web.container",
        "[Container]\nImage=docker.io/library/nginx:${TAG}\nVolume=%t/podman/podman.sock:/sock\nVolume=%h/x:/x\n\
         Environment=A=50%% B=$$x C=${PLACE} D=%N \"E=${OTHER} %H\"\nExec=serve ${PLACE} $ARGS\n\
         [Service]\nEnvironment=TAG=1.27 PLACE=here\n",
    )];
    let (code, text, said) = composed(&units, "podman@5.8.6,rootless");
    assert_eq!(code, 0, "{said}");
    for line in [
        "image: docker.io/library/nginx:1.27",
        "source: ${XDG_RUNTIME_DIR}/podman/podman.sock",
        "source: ~/x",
        "A: 50%",
        "B: $$x",
        "C: here",
        "D: web",
        "E: ${OTHER} %H",
        "- ${ARGS}",
    ] {
        assert!(text.lines().any(|found| found.trim() == line), "{line}: {text}");
    }
    for words in [
        "systemd fills `${OTHER}` in when the unit starts, and no line of its unit says with what",
        "systemd fills `${ARGS}` in when the unit starts",
        "systemd fills `%H` in when the unit starts, and Compose has nothing like it",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (_, text, _) = composed(&units, "podman@5.8.6,rootful");
    assert!(text.contains("source: /run/podman/podman.sock"), "{text}");
}

#[test]
fn what_nothing_carries_is_said_at_its_line() {
    let units = [
        (
            "web.container",
            "[Unit]\nDescription=Web\nAfter=network-online.target other.service\nRequires=db.service\n\
             After=db.service\nConditionPathExists=/x\n[Container]\nImage=docker.io/library/nginx:1.27\n\
             AutoUpdate=registry\nSecret=token,type=env,target=TOKEN\nSecret=key\nNoNewPrivileges=true\n\
             PodmanArgs=--sdnotify=ignore\n[Service]\nExecStartPre=/usr/bin/true\nRestart=on-failure\nRestartSec=3\n\
             TimeoutStartSec=900\n[Install]\nWantedBy=default.target\n",
        ),
        (
            "db.container",
            "[Container]\nImage=docker.io/library/postgres:16\nHealthCmd=pg_isready\nNotify=healthy\n[Service]\n\
             Restart=always\n[Install]\nWantedBy=default.target\n",
        ),
        ("play.kube", "[Kube]\nYaml=play.yaml\n"),
    ];
    let (code, text, said) = composed(&units, "docker@28.5");
    assert_eq!(code, 0, "{said}");
    for line in ["io.containers.autoupdate: registry", "- no-new-privileges:true", "condition: service_healthy"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("container_name: systemd-web"), "{text}");
    let expected = [
        "Compose knows its own services only: `web` does not wait for other.service",
        "Compose has no conditions: `web` starts whether or not `ConditionPathExists=/x` holds",
        "`podman auto-update` updates containers of systemd's units only: `web` keeps its label, and nobody updates it",
        "Compose gives secrets as files only: `web` has no variable of it",
        "the secret `key` is one of Podman's own, which docker-compose has in a swarm only",
        "Compose does not run podman: `web` goes without `--sdnotify`",
        "Compose runs nothing on the host: `web` goes without `ExecStartPre=`",
        "Compose has no pause before a restart: `web` is started again as the runtime does it",
        "Compose starts nothing with the host: `web` is not there after a boot",
        "`play.kube` is a kube unit, and Compose has none",
    ];
    for words in expected {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(said.matches("QG801").count(), expected.len(), "{said}");
}

#[test]
fn parts_of_lines_are_said_or_reported() {
    let units = [
        (
            "web.container",
            "[Unit]\nRequires=play.service\nAfter=play.service\n[Container]\nImage=docker.io/library/nginx:1.27\n\
             Network=front.network:alias=shop,host_interface_name=x\nAddHost=a;b:10.1.2.3\nReadOnly=false\n\
             NoNewPrivileges=false\n[Install]\nWantedBy=default.target\n[Service]\nRestart=always\n",
        ),
        ("front.network", "[Network]\nDisableDNS=false\n"),
        ("play.kube", "[Kube]\nYaml=play.yaml\n"),
    ];
    let (code, text, said) = composed(&units, "podman@5.8.6,rootless");
    assert_eq!(code, 0, "{said}");
    for line in ["- a:10.1.2.3", "- b:10.1.2.3", "- shop", "name: systemd-front"] {
        assert!(text.lines().any(|found| found.trim() == line), "{line}: {text}");
    }
    let expected = [
        "Compose has no `host_interface_name` for the network `front.network` of `web.container`",
        "`play.kube` is left out: `web` does not wait for it",
        "`play.kube` is a kube unit, and Compose has none",
    ];
    for words in expected {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(said.matches("QG801").count(), expected.len(), "{said}");
}
