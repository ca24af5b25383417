//! What `render --target topology` makes of Compose projects, and what it says where a topology cannot say it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/tree.rs"]
mod tree;

use std::fs;
use std::process::Command;

use quadgen::model::{Format, MountKind, PlatformSpec, ServiceKind, Stack};
use quadgen::platform::Platform;
use quadgen::read::{compose, topology};
use quadgen::render::{Options, Rendered, Target, render};
use quadgen::source::SourceMap;
use tree::Memory;

/// The project, with `SECRET` in the environment.
fn project(text: &'static str) -> Stack {
    let mut sources = SourceMap::default();
    let mut request = compose::Request { files: vec!["/units/compose.yaml".into()], ..Default::default() };
    request.environment.insert("SECRET".into(), "hunter2".into());
    let read = compose::read(&mut sources, &Memory::new([("compose.yaml", text)]), &request);
    assert!(read.diagnostics.is_empty(), "{:#?}", read.diagnostics);
    read.stack.unwrap()
}

fn rendered(stack: &Stack) -> Rendered {
    let platform = Platform::resolve("every", PlatformSpec::default(), Format::Topology);
    render(stack, &platform, Target::Topology, &Options::default(), "compose.yaml").unwrap()
}

/// The topology without its marker, and what was lost. It can be read without a fault.
fn told(stack: &Stack) -> (String, Vec<String>) {
    let rendered = rendered(stack);
    let (_, text) = rendered.files[0].text.split_once('\n').unwrap();
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text);
    let read = topology::read(sources.file(file));
    assert!(read.diagnostics.is_empty(), "{:#?}\n{text}", read.diagnostics);
    (text.to_owned(), rendered.findings.into_iter().map(|finding| finding.message).collect())
}

#[test]
fn a_project_becomes_what_a_person_would_write() {
    let stack = project(
        "name: shop
services:
  web:
    image: nginx:1.27
    ports:
      - {target: 80, published: '8080'}
      - '127.0.0.1:8443:443'
    depends_on: {db: {condition: service_started}}
    volumes:
      - {type: bind, source: ./html, target: /usr/share/nginx/html, read_only: true, bind: {create_host_path: true}}
    networks: [default, back]
    x-quadgen: {connects: [db:5432]}
  db:
    image: postgres:17
    container_name: shop-db
    environment: [POSTGRES_DB=shop, 'POSTGRES_PASSWORD=${SECRET}', 'URL=postgres://u:${SECRET}@db/shop', EMPTY=]
    volumes: ['data:/var/lib/postgresql/data']
    networks: [back]
    deploy: {resources: {limits: {memory: 512M}}}
    x-quadgen: {internet: deny}
networks:
  back: {internal: true}
  old: {name: corporate, external: true}
volumes:
  data:
x-quadgen:
  platforms: {server: 'podman@5.4,rootless'}
  deny: [web -> internet]
",
    );
    let (text, lost) = told(&stack);
    let expected = "name: shop

platforms:
  server: podman@5.4,rootless

networks:
  back: { name: shop_back, internal: true }
  old: { name: corporate, external: true }

services:
  web:
    image: nginx:1.27
    networks: [default, back]
    ports: [\"8080:80\", \"127.0.0.1:8443:443\"]
    connects: [db:5432]
    volumes: [./html:/usr/share/nginx/html:ro]
    depends_on: [db]

  db:
    image: postgres:17
    container_name: shop-db
    networks:
      back: { aliases: [db] }
    internet: deny
    environment:
      POSTGRES_DB: shop
      # A secret that came from a variable: it is taken from where the service is started.
      POSTGRES_PASSWORD:
      # A secret that came from a variable: it is taken from where the service is started.
      URL:
      EMPTY: \"\"
    volumes: [data:/var/lib/postgresql/data]
    deploy:
      resources:
        limits: { memory: 512M }

deny:
  - web -> internet

volumes:
  data: { name: shop_data }
";
    assert_eq!(text, expected);
    assert_eq!(lost.len(), 2, "{lost:#?}");
    assert!(!lost.concat().contains("hunter2"));
}

#[test]
fn what_a_topology_cannot_say_stands_above_what_it_is_about() {
    let mut stack = project(
        "name: shop
services:
  host:
    image: nginx:1.27
    volumes:
      - /mnt
  api.v1:
    image: nginx:1.27
    depends_on: [host]
    links: [host:web]
    command: echo '{{ host.x.url }}'
  later:
    image: nginx:1.27
    profiles: [later]
models:
  small: {model: ai/small}
",
    );
    stack.services["host"].mounts[0].value.kind = MountKind::Other;
    let (text, lost) = told(&stack);
    let expected = "# The service `later` is left out, because its profiles are not chosen.
# A topology has no `models`: it is left out.
name: shop

services:
  # A topology cannot call a service `host`: it is `host-service` here.
  # A topology cannot mount /mnt as `host-service` has it: it is left out.
  host-service:
    image: nginx:1.27
    networks:
      default: { aliases: [host] }

  # A topology cannot call a service `api.v1`: it is `api-v1` here.
  # `api-v1` holds `{{ host.… }}`, which in a topology stands for a program on the host.
  api-v1:
    image: nginx:1.27
    networks:
      default: { aliases: [api.v1] }
    command: [echo, \"{{ host.x.url }}\"]
    depends_on: [host-service]
    links: [host-service:web]
";
    assert_eq!(text, expected);
    assert_eq!(lost.len(), 6, "{lost:#?}");
}

#[test]
fn the_first_container_of_a_pod_takes_its_place() {
    let mut stack = project(
        "name: shop
services:
  pod:
    image: x
    ports: ['8080:80']
    networks: [front]
    x-quadgen: {deny: [internet]}
  web:
    image: nginx:1.27
    network_mode: service:pod
  helper-with-a-long-name:
    image: alpine
    network_mode: service:pod
  cron:
    image: alpine
    depends_on: [pod, yaml]
  yaml:
    image: x
networks:
  front: {name: front}
",
    );
    stack.services["pod"].kind = ServiceKind::Pod;
    stack.services["yaml"].kind = ServiceKind::Kube;
    let (text, lost) = told(&stack);
    let expected = "# `yaml` is a kube unit, and a topology has none: it is left out.
name: shop

networks:
  front: {}

services:
  # A topology has no pods: those in the pod `pod` share the network of `web`
  # (helper-with-a-long-name).
  web:
    image: nginx:1.27
    networks: [front]
    ports: [\"8080:80\"]
    deny: [internet]

  helper-with-a-long-name:
    image: alpine
    network_mode: service:web
    depends_on:
      web: { condition: service_started, restart: true }

  cron:
    image: alpine
    depends_on: [web]
";
    assert_eq!(text, expected);
    assert_eq!(lost.len(), 2, "{lost:#?}");
}

#[test]
fn a_topology_is_written_like_any_other_target() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["render", "examples/notes", "--target", "topology"]);
        let output = command.args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let to = ["-o", out.to_str().unwrap()];
    let (code, said) = run(&to);
    assert_eq!(code, 0, "{said}");
    let file = out.join("topology.yaml");
    assert!(fs::read_to_string(&file).unwrap().starts_with("# quadgen: source="));
    assert!(run(&to).1.ends_with("nothing changed.\n"));
    assert_eq!(run(&["--all-platforms", to[0], to[1]]).0, 2);
    // Once it is somebody's own, it is not written over.
    fs::write(&file, "name: mine\n").unwrap();
    assert_eq!(run(&to).0, 2);
    assert_eq!(fs::read_to_string(&file).unwrap(), "name: mine\n");
}
