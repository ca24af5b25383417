//! `render --keep-variables` and `--selinux`: what stays a variable, what gets a label, and that units with either do the
//! same as units without.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quadgen::source::Files;
use support::disk::Disk;
use support::{folder, generate, missing, quadlet_generators, say};

const VARIABLES: &str = r#"
name: shop
services:
  web:
    image: docker.io/library/nginx:${TAG:-1.27}
    hostname: ${WHO}
    command: [serve, "${WORD:-two words}"]
    environment: { URL: "http://${WHO}/${PAGE:-}?a=$$b", MODE: "${MODE:-web}", ONLY: "${ONLY:+given}", NONE: "$$x" }
    labels: ["rule=Host(`${WHO}`)"]
    ports: ["${PORT:-8080}:80"]
    volumes: ["${DATA:-/srv}/x:/x"]
  job:
    image: docker.io/library/busybox
    environment: { MODE: "${MODE:-job}" }
"#;

fn render(source: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    command.arg("render").args(arguments).current_dir(source).output().unwrap()
}

/// The lines of the rendered files that speak of variables, without the keys that never do.
fn lines(output: &Output, of: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter(|line| of.iter().any(|key| line.starts_with(key))).map(str::to_owned).collect()
}

const KEYS: [&str; 9] = ["Image", "HostName", "Exec=", "Environment", "Label", "PublishPort", "Volume=", "TAG", "MODE"];

#[test]
fn what_reaches_podman_as_it_is_stays_a_variable() {
    let source = folder(&[("compose.yaml", VARIABLES), (".env", "WHO='a \"b\" %h'\nONLY=1\n")]);
    let output = render(source.path(), &["--on", "podman@5.4", "--keep-variables"]);
    let said = String::from_utf8_lossy(&output.stderr).replace("\n  ", " ");
    assert!(output.status.success(), "{said}");
    let units = [
        // One variable with two defaults has no one value.
        "Image=docker.io/library/busybox",
        "EnvironmentFile=./shop-job.env",
        "Image=docker.io/library/nginx:${TAG}",
        "HostName=${WHO}",
        "PublishPort=${PORT}:80",
        "Environment=URL=http://${WHO}/${PAGE}?a=$$b",
        "Environment=ONLY=given",
        "Environment=NONE=$$x",
        "EnvironmentFile=./shop-web.env",
        "Volume=/srv/x:/x",
        "Exec=serve ${WORD}",
        "Label=\"rule=Host(`${WHO}`)\"",
        "EnvironmentFile=%E/containers/systemd/shop.env",
    ];
    let shown = lines(&output, &KEYS);
    let shown: Vec<&str> = shown.iter().map(String::as_str).filter(|line| !line.starts_with("MODE=")).collect();
    let (units_shown, values) = shown.split_at(shown.len().min(units.len()));
    assert_eq!(units_shown, units);
    assert_eq!(values, ["TAG=1.27"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let values = text.split("# shop.env\n").nth(1).and_then(|rest| rest.split_once('\n')).unwrap().1;
    assert_eq!(values, "PAGE=\nPORT=8080\nTAG=1.27\nWHO=\"a \\\"b\\\" %h\"\nWORD=\"two words\"\n");
    assert!(said.contains("two defaults: DATA, MODE."), "{said}");
    assert!(said.contains("looks for it in ~/.config/containers/systemd/."), "{said}");
}

#[test]
fn what_others_read_or_would_change_is_resolved() {
    let stack = r#"
name: app
services:
  a:
    image: "${IMAGE:-nginx}"
    command: "${LINE:-serve}"
    env_file: app.env
    environment: ["H=${HOME}", "P=${http_proxy:-none}", "K=${KEPT:-yes}"]
  b: { image: "team/${NAME:-b}:${TAG:-1}", command: [x, "${EMPTY:-}", ""] }
"#;
    let source = folder(&[("compose.yaml", stack), ("app.env", "A=b\n")]);
    let output = render(source.path(), &["--on", "podman@5.4", "--keep-variables"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = [
        "Image=docker.io/library/nginx",
        "Environment=K=${KEPT}",
        "EnvironmentFile=app.env",
        "EnvironmentFile=./app-a.env",
        "Exec=serve",
        "EnvironmentFile=%E/containers/systemd/app.quadgen.env",
        // The name is behind what was put before it.
        "Image=docker.io/team/${NAME}:${TAG}",
        "Exec=x ${EMPTY} ${QUADGEN_EMPTY}",
        "Environment=\"QUADGEN_EMPTY=\"",
        "EnvironmentFile=%E/containers/systemd/app.quadgen.env",
    ];
    let mut shown = lines(&output, &["Image=", "Environment", "Exec="]);
    let mut expected = expected.map(str::to_owned).to_vec();
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("EMPTY=\nKEPT=yes\nNAME=b\nTAG=1\n"));
}

#[test]
fn what_a_release_looks_at_is_resolved() {
    let source = folder(&[("compose.yaml", VARIABLES), (".env", "WHO=x\n")]);
    let output = render(source.path(), &["--on", "podman@4.9,rootful", "--keep-variables"]);
    assert_eq!(lines(&output, &["PublishPort"]), ["PublishPort=8080:80"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("PORT"));
    let output = render(source.path(), &["--on", "docker", "--target", "compose", "--keep-variables"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn lint_knows_the_values_that_lie_beside() {
    let unit = "[Container]\nImage=docker.io/library/nginx:1\nPublishPort=${PORT}:80\n[Service]\n\
                EnvironmentFile=%E/containers/systemd/NAME.env\n[Install]\nWantedBy=default.target\n";
    let lint = |values: &str| {
        let (one, other) = (unit.replace("NAME", "a"), unit.replace("NAME", "sub/b"));
        let files = [("x/a.container", one.as_str()), ("x/b.container", &other), ("x/a.env", "PORT=80 ")];
        let source = folder(&files);
        std::fs::write(source.path().join("x/b.env"), values).unwrap();
        let lint = ["lint", "--on", "podman@5.4,rootful", "--format", "concise", "--select", "QG401"];
        let output =
            Command::new(env!("CARGO_BIN_EXE_quadgen")).args(lint).current_dir(source.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(lint("PORT=\"80\"\n").contains("QG401"));
    assert!(!lint("PORT=81\n").contains("QG401"));
    assert!(!lint("# PORT=80\n").contains("QG401"));
}

#[test]
fn binds_get_the_label_that_lets_their_containers_in() {
    let stack = "
name: lab
services:
  web:
    image: docker.io/library/nginx:1.27
    volumes: [./site:/site:ro, /etc/localtime:/etc/localtime:ro, /run/x.sock:/x, data:/data, ./own:/own, ./z:/z:z]
    configs: [a, b]
  editor: { image: docker.io/library/nginx:1.27, volumes: [./site/posts:/posts] }
  free: { image: docker.io/library/nginx:1.27, privileged: true, volumes: [./free:/free] }
  many: { image: docker.io/library/nginx:1.27, scale: 2, volumes: [./many:/many] }
  more: { image: docker.io/library/nginx:1.27, deploy: { replicas: 2 }, volumes: [./more:/more] }
  asleep: { image: docker.io/library/nginx:1.27, profiles: [p], volumes: [./asleep:/a, ./k/../own2:/b] }
  reader: { image: docker.io/library/nginx:1.27, volumes: [./own2:/own2, ./conf:/conf] }
  secret: { image: docker.io/library/nginx:1.27, secrets: [s] }
secrets: { s: { file: ./conf/s.txt } }
configs: { a: { file: a }, b: { content: x } }
volumes: { data: {} }
";
    let source = folder(&[("compose.yaml", stack), ("a", ""), ("conf/s.txt", "")]);
    let output = render(source.path(), &["--on", "podman@5.4,selinux", "--selinux"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("QG610"), "{said}");
    let expected = [
        "Volume=./asleep:/a:Z",
        "Volume=./k/../own2:/b:z",
        "Volume=./site/posts:/posts:z",
        "Volume=./free:/free",
        "Volume=./many:/many:z",
        "Volume=./more:/more:z",
        "Volume=./own2:/own2:z",
        "Volume=./conf:/conf:z",
        "Volume=./conf/s.txt:/run/secrets/s:ro,z",
        "Volume=./site:/site:ro,z",
        "Volume=/etc/localtime:/etc/localtime:ro",
        "Volume=/run/x.sock:/x",
        "Volume=lab-data.volume:/data",
        "Volume=./own:/own:Z",
        "Volume=./z:/z:z",
        "Volume=./a:/a:ro,z",
        "Volume=%t/%N.b.config:/b:ro,z",
    ];
    assert_eq!(lines(&output, &["Volume="]), expected);
    let output = render(source.path(), &["--on", "docker", "--target", "compose", "--selinux"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("selinux: z").count(), 8);
    let units = folder(&[("a.container", "[Container]\nImage=docker.io/library/nginx:1\nVolume=/x:/x\n")]);
    let output = render(units.path(), &["--on", "podman@5.4", "--selinux"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--fix --unsafe"));
}

/// With their variables, units of real projects are read by both generators and proven as without.
#[test]
fn real_projects_keep_their_variables() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/Haxxnet__Compose-Examples");
    let generators = quadlet_generators();
    if !corpus.is_dir() || generators.is_empty() {
        return missing("real projects that keep their variables");
    }
    let (mut kept, mut wrong) = (0, Vec::new());
    let both = generators.iter().cycle();
    let is_compose = |path: &PathBuf| path.to_string_lossy().contains("compose.y");
    let has_variables = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|text| text.contains("${"));
    let projects = Disk.walk(&corpus).into_iter().filter(is_compose).filter(has_variables);
    for (path, (version, generator)) in projects.zip(both) {
        let name = path.file_name().unwrap().to_string_lossy();
        let out = tempfile::tempdir().unwrap();
        let on = format!("podman@{version},rootful");
        let render =
            |options: &[&str]| render(path.parent().unwrap(), &[&[name.as_ref(), "-q", "--on", &on], options].concat());
        let output = render(&["--keep-variables", "-o", &out.path().to_string_lossy()]);
        if !output.status.success() {
            if render(&[]).status.success() {
                wrong.push(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr)));
            }
            continue;
        }
        let made = generate(generator, out.path(), false);
        let complaints = made.complaints();
        if !complaints.is_empty() {
            wrong.push(format!("{}: {complaints:?}", path.display()));
        }
        kept +=
            usize::from(out.path().read_dir().unwrap().flatten().any(|file| {
                std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains("EnvironmentFile=%E"))
            }));
    }
    say(&format!("variables: {kept} renders of real projects keep some"));
    assert!(wrong.is_empty() && kept >= 20, "{kept}: {}", wrong.join("\n"));
}
