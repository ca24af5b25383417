//! Which files of a folder make which stack: small folders for each case, and the real repositories of the corpus.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use quadgen::discover::{self, Found, Options};
use quadgen::source::Files;
use support::folder;
use support::{missing, say};

/// Files in memory, by path.
struct Memory(BTreeMap<PathBuf, String>);

impl Memory {
    fn new(files: &[(&str, &str)]) -> Memory {
        Memory(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    }

    /// A folder of the disk.
    fn of(root: &Path) -> Memory {
        fn walk(folder: &Path, root: &Path, files: &mut BTreeMap<PathBuf, String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, files);
                } else {
                    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                    files.insert(path.strip_prefix(root).unwrap().to_path_buf(), text);
                }
            }
        }
        let mut files = BTreeMap::new();
        walk(root, root, &mut files);
        Memory(files)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or(io::ErrorKind::NotFound.into())
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file.starts_with(path) && file != path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        self.0.keys().filter(|path| path.starts_with(folder)).cloned().collect()
    }
}

/// A line for each thing that was found.
fn line(found: &Found) -> String {
    let list = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
    match found {
        Found::Topology(file) => format!("topology {}", file.display()),
        Found::Compose(files) => format!("compose {}", list(files)),
        Found::Quadlet { tree, rootful } => {
            let user = rootful.map_or("", |rootful| if rootful { " (rootful)" } else { " (rootless)" });
            let drop_ins =
                if tree.drop_ins.is_empty() { String::new() } else { format!(" + {}", list(&tree.drop_ins)) };
            format!("quadlet [{}]{user} {}{drop_ins}", tree.root.display(), list(&tree.units))
        }
        Found::Overlay { file, base } => {
            let base = base.as_ref().map_or("nothing".to_owned(), |base| base.display().to_string());
            format!("overlay {} of {base}", file.display())
        }
        Found::Template(file) => format!("template {}", file.display()),
        Found::Rendered { files, source, changed } => {
            format!("rendered {} from {} changed [{}]", list(files), source.display(), list(changed))
        }
    }
}

/// What is found in files in memory, a line each.
fn listing(files: &[(&str, &str)]) -> String {
    found(&Memory::new(files)).iter().map(|found| line(found) + "\n").collect()
}

fn found(files: &Memory) -> Vec<Found> {
    discover::find(files, Path::new(""), &Options::default())
}

/// What a file belongs to.
fn whose(files: &[(&str, &str)], path: &str) -> String {
    line(&discover::of_file(&Memory::new(files), Path::new(path), &Options::default()))
}

const WEB: &str = "services: {web: {image: x}}\n";
const MORE: &str = "services: {web: {environment: {A: b}}}\n";

#[test]
fn a_compose_project_is_what_docker_compose_takes() {
    let all = ["docker-compose.yaml", "docker-compose.yml", "compose.yml", "compose.yaml"];
    let overrides = [
        "docker-compose.override.yaml",
        "docker-compose.override.yml",
        "compose.override.yaml",
        "compose.override.yml",
    ];
    let mut files: Vec<(&str, &str)> = overrides.iter().map(|name| (*name, MORE)).collect();
    // As measured with 2.40.3: each name goes before those that came earlier in this list.
    for name in all {
        files.push((name, WEB));
        let listing = listing(&files);
        assert!(listing.contains(&format!("compose {name} compose.override.yml\n")), "{listing}");
        assert!(listing.contains(&format!("overlay compose.override.yaml of {name}\n")), "{listing}");
    }
    assert_eq!(listing(&[("a/compose.yaml", "")]), "compose a/compose.yaml\n", "its name is enough");
    let named =
        [(".env", "A=b\nCOMPOSE_FILE=b.yaml:c.yaml\n"), ("b.yaml", WEB), ("c.yaml", MORE), ("compose.yaml", WEB)];
    assert_eq!(listing(&named), "compose b.yaml c.yaml\ncompose compose.yaml\n");
    assert_eq!(whose(&named, "c.yaml"), "compose b.yaml c.yaml");
}

#[test]
fn alternatives_overlays_and_what_others_take_in() {
    let files = [
        ("compose.yaml", "include: [parts/db.yaml]\nservices: {web: {extends: {file: common.yaml, service: web}}}\n"),
        ("common.yaml", WEB),
        ("compose.dev.yaml", "services: {web: {extends: {file: compose.yaml, service: web}}}\n"),
        ("compose.prod.yaml", MORE),
        ("parts/db.yaml", "include: [more/compose.yaml]\nservices: {db: {image: x}}\n"),
        ("parts/more/compose.yaml", WEB),
        ("ring/a.yaml", "include: [b.yaml]\n"),
        ("ring/b.yaml", "include: [a.yaml]\n"),
        ("alone/x.yaml", MORE),
        ("k8s/service.yaml", "apiVersion: v1\nkind: Service\n"),
        ("config/services.yaml", "services:\n  App\\X: {arguments: [1]}\n"),
    ];
    assert_eq!(
        listing(&files),
        "overlay alone/x.yaml of nothing\n\
         compose compose.dev.yaml\n\
         overlay compose.prod.yaml of compose.yaml\n\
         compose compose.yaml\n\
         compose ring/a.yaml\n"
    );
    for (file, stack) in [
        ("compose.yaml", "compose compose.yaml"),
        ("compose.dev.yaml", "compose compose.dev.yaml"),
        ("compose.prod.yaml", "compose compose.yaml compose.prod.yaml"),
        ("common.yaml", "compose compose.yaml"),
        ("parts/db.yaml", "compose compose.yaml"),
        ("parts/more/compose.yaml", "compose compose.yaml"),
        ("k8s/service.yaml", "compose k8s/service.yaml"),
    ] {
        assert_eq!(whose(&files, file), stack, "{file}");
    }
    let with_override = [("compose.yaml", WEB), ("compose.override.yaml", MORE)];
    assert_eq!(whose(&with_override, "compose.override.yaml"), "compose compose.yaml compose.override.yaml");
}

#[test]
fn topologies_and_templates() {
    let files = [
        ("a/topology.yaml", ""),
        ("b/visp.topology.yml", "services: {a: {environment: {U: '{{ host.o.url }}'}}}\n"),
        ("c/stack.yaml", "platforms: {p: docker}\nservices: {a: {image: x}}\n"),
        ("c/other.yaml", "services:\n  a:\n    image: x\n    internet: deny\n"),
        ("d/compose.yaml", "services:\n  a:\n    image: \"{{ image }}\"\n"),
        ("d/compose.yaml.j2", "services: {a: {image: x}}\n"),
        ("d/values.yaml.j2", "a: b\n"),
        ("d/web.container.j2", "[Container]\n"),
        ("d/db.container", "[Container]\nImage=x:{{ version }}\n"),
        ("e/compose.yaml", "services: {a: {image: x, command: \"docker ps --format '{{.Names}}'\"}}\n"),
        ("f/compose.yml", "- name: \"make {{ folder }}\"\n  file: {path: \"{{ folder }}\"}\n- x: {{ y }}\n"),
    ];
    assert_eq!(
        listing(&files),
        "topology a/topology.yaml\n\
         topology b/visp.topology.yml\n\
         topology c/other.yaml\n\
         topology c/stack.yaml\n\
         template d/compose.yaml\n\
         template d/compose.yaml.j2\n\
         template d/db.container\n\
         template d/web.container.j2\n\
         compose e/compose.yaml\n"
    );
    assert_eq!(whose(&files, "c/stack.yaml"), "topology c/stack.yaml");
    assert_eq!(whose(&files, "d/compose.yaml"), "template d/compose.yaml");
    // A file that is asked for is a topology by its words also where it cannot be read to the end.
    assert_eq!(whose(&[("x", "platforms: {p: docker}\nservices: {")], "x"), "topology x");
    assert_eq!(whose(&[("x", "services: {")], "x"), "compose x");
}

#[test]
fn units_that_belong_together_are_one_tree() {
    let net = "[Network]\n";
    let web = "[Container]\nImage=x\nNetwork=front.network\n";
    let files = [
        // A network that several folders share.
        ("apps/a/a.container", web),
        ("apps/b/b.container", web),
        ("networks/front.network", net),
        // Nothing to do with them.
        ("apps/c/c.container", "[Container]\nImage=x\n"),
        ("lan/10-eth0.network", "[Match]\nName=eth0\n[Network]\nDHCP=yes\n"),
        ("meson.build", "project('x')\n"),
    ];
    let one = "quadlet [] apps/a/a.container apps/b/b.container networks/front.network";
    assert_eq!(listing(&files), format!("{one}\nquadlet [apps/c] apps/c/c.container\n"));
    for file in ["apps/a/a.container", "networks/front.network"] {
        let files: Vec<_> = files.iter().copied().chain([(".git/config", "")]).collect();
        assert_eq!(whose(&files, file), one, "{file}");
    }
    assert_eq!(
        whose(&files[..2], "apps/a/a.container"),
        "quadlet [apps/a] apps/a/a.container",
        "what is nowhere joins nothing"
    );
}

#[test]
fn variants_are_kept_apart_and_miss_nothing() {
    let web = "[Unit]\nRequires=proxy.service\n[Container]\nImage=x\nNetwork=front.network\n";
    // dev and prod hold the same names, and share a network and a proxy.
    let files = [
        ("dev/web.container", web),
        ("prod/web.container", web),
        ("shared/front.network", "[Network]\n"),
        ("shared/proxy.container", "[Container]\nImage=y\nVolume=data.volume:/d\nPublishPort=80:80\n"),
        ("shared/data.volume", ""),
    ];
    assert_eq!(
        listing(&files),
        "quadlet [] dev/web.container shared/data.volume shared/front.network shared/proxy.container\n\
         quadlet [prod] prod/web.container shared/data.volume shared/front.network shared/proxy.container\n"
    );
    assert!(whose(&files, "prod/web.container").starts_with("quadlet [prod] prod/web.container"));
    // Entries of a catalogue that could not run side by side: one port.
    let port = "[Container]\nImage=x\nNetwork=front.network\nPublishPort=8080:80\n";
    let files = [("a/a.container", port), ("b/b.container", port), ("net/front.network", "[Network]\n")];
    assert_eq!(
        listing(&files),
        "quadlet [] a/a.container net/front.network\nquadlet [b] b/b.container net/front.network\n"
    );
}

#[test]
fn what_may_start_units_lies_in_their_root_or_beside_them() {
    let unit = "[Container]\nImage=x\n";
    let files = Memory::new(&[
        ("etc/containers/systemd/all.target", ""),
        ("etc/containers/systemd/app/job.container", unit),
        ("etc/containers/systemd/app/job.timer", ""),
        ("etc/containers/systemd/app/notes.txt", ""),
        ("etc/containers/systemd/app/sub/later.timer", ""),
        ("etc/containers/systemd/other/x.timer", ""),
        ("plain/y.container", unit),
        ("plain/y.path", ""),
        ("z.socket", ""),
    ]);
    let plain = |found: &Found, of: &str| match found {
        Found::Quadlet { tree, .. } if found.files().contains(&Path::new(of)) => Some(tree.plain.clone()),
        _ => None,
    };
    let listed = |folder: &str, of: &str| {
        let found = discover::find(&files, Path::new(folder), &Options::default());
        found.iter().find_map(|found| plain(found, of)).unwrap()
    };
    let asked = |of: &str| plain(&discover::of_file(&files, Path::new(of), &Options::default()), of).unwrap();
    let (job, of_job) = (
        "etc/containers/systemd/app/job.container",
        ["etc/containers/systemd/all.target", "etc/containers/systemd/app/job.timer"].map(PathBuf::from),
    );
    let sorted = |mut paths: Vec<PathBuf>| {
        paths.sort();
        paths
    };
    assert_eq!(sorted(listed("", job)), of_job);
    // What Quadlet searches begins above the folder that is asked for.
    assert_eq!(sorted(listed("etc/containers/systemd/app", job)), of_job);
    assert_eq!(sorted(asked(job)), of_job);
    let other = ("plain/y.container", [PathBuf::from("plain/y.path")]);
    assert_eq!(listed("", other.0), other.1);
    assert_eq!(asked(other.0), other.1);
}

#[test]
fn folders_that_quadlet_searches_are_hosts() {
    let unit = "[Container]\nImage=x\n";
    let files = [
        ("etc/containers/systemd/b/x.container", unit),
        ("etc/containers/systemd/a.container", unit),
        ("etc/containers/systemd/x.container", unit),
        ("etc/containers/systemd/x.container.d/10.conf", "[Container]\n"),
        ("etc/containers/systemd/container.d/10.conf", "[Container]\n"),
        ("etc/containers/systemd/odd.container", ""),
        ("etc/containers/systemd/users/1000/u.container", unit),
        ("etc/containers/systemd/users/all.container", unit),
        ("home/.config/containers/systemd/h.container", "[Container]\nNetwork=n.network\n"),
        ("stow/.config/containers/systemd/n.network", "[Network]\n"),
        ("etc/nginx.d/x.conf", ""),
    ];
    assert_eq!(
        listing(&files),
        "quadlet [etc/containers/systemd] (rootful) etc/containers/systemd/a.container \
         etc/containers/systemd/odd.container etc/containers/systemd/x.container etc/containers/systemd/b/x.container \
         + etc/containers/systemd/container.d/10.conf etc/containers/systemd/x.container.d/10.conf\n\
         quadlet [etc/containers/systemd/users/1000] (rootless) etc/containers/systemd/users/1000/u.container\n\
         quadlet [etc/containers/systemd/users] (rootless) etc/containers/systemd/users/all.container\n\
         quadlet [] (rootless) home/.config/containers/systemd/h.container stow/.config/containers/systemd/n.network\n"
    );
    let system = "quadlet [etc/containers/systemd] (rootful) ";
    for file in ["x.container", "b/x.container", "x.container.d/10.conf"] {
        assert!(whose(&files, &format!("etc/containers/systemd/{file}")).starts_with(system), "{file}");
    }
    // The folder itself was given: all below it is one host, whatever it is called.
    let options = Options { search_root: true, ..Options::default() };
    let files = Memory::new(&[("x/a.container", unit), ("x/y/b.container", unit)]);
    let lines: Vec<String> = discover::find(&files, Path::new("x"), &options).iter().map(line).collect();
    assert_eq!(lines, ["quadlet [x] x/a.container x/y/b.container"]);
}

#[test]
fn rendered_files_belong_to_their_source() {
    let mark = "# quadgen: source=../topology.yaml model=0 body=e3b0c44298fc1c14\n";
    let gone = "# quadgen: source=../gone.yaml model=0 body=e3b0c44298fc1c14\n[Container]\n";
    let changed = format!("{mark}[Container]\nImage=x\n");
    let files = [
        ("topology.yaml", ""),
        ("units/a.container", mark),
        ("units/b.container", changed.as_str()),
        ("units/c.container", gone),
    ];
    assert_eq!(
        listing(&files),
        "topology topology.yaml\n\
         rendered units/a.container units/b.container from topology.yaml changed [units/b.container]\n\
         quadlet [units] units/c.container\n"
    );
    let options = Options { rendered: true, ..Options::default() };
    let all = discover::find(&Memory::new(&files), Path::new(""), &options);
    assert_eq!(line(&all[1]), "quadlet [units] units/a.container units/b.container units/c.container");
}

/// What a unit refers to and what lies in the folder itself, read as simply as possible.
fn dangling(files: &Memory, units: &[PathBuf]) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let own: BTreeSet<String> = units.iter().map(|path| name(path)).collect();
    let all: BTreeSet<String> = files.0.keys().map(|path| name(path)).collect();
    let mut dangling = Vec::new();
    for unit in units {
        for line in files.0[unit].lines() {
            let Some((key, value)) = line.split_once('=') else { continue };
            let first = value.trim().split([':', ',', ' ']).next().unwrap_or("");
            let refers = ["Network", "Volume", "Pod", "Image"].contains(&key.trim());
            if refers && all.contains(first) && !own.contains(first) {
                dangling.push(format!("{}: {line}", unit.display()));
            }
        }
    }
    dangling
}

/// Topologies, Compose projects, Quadlet trees, their units, overlays, templates.
const REPOSITORIES: &[(&str, [usize; 6])] = &[
    ("Haxxnet__Compose-Examples", [0, 168, 0, 0, 0, 0]),
    ("Taar__systemd-podman-quadlet-workshop", [0, 0, 2, 4, 0, 0]),
    // Eleven packages for one home, which share nothing.
    ("albandiguer__homelab-quadlets", [0, 1, 11, 23, 0, 0]),
    ("compose-spec__compose-go", [0, 31, 0, 0, 0, 0]),
    ("containers__podman-compose", [0, 147, 0, 0, 0, 0]),
    // Two variants of a stack need one proxy, which so counts in both trees.
    ("cryinkfly__podman-rootless-quadlets", [0, 0, 4, 23, 0, 0]),
    ("docker__awesome-compose", [0, 39, 0, 0, 0, 0]),
    ("dwedia__podmanQuadlets", [0, 0, 18, 45, 0, 0]),
    ("fpatrick__podman-quadlet", [0, 0, 24, 39, 0, 0]),
    // Nearly all use one of the networks of one folder.
    ("juev__podman-quadlet", [0, 0, 6, 84, 0, 0]),
    ("kafkatel__quadlet-catalog", [0, 0, 31, 116, 0, 0]),
    ("linux-universe__immich-podman-quadlets", [0, 0, 1, 5, 0, 0]),
    ("nmasse-itix__podman-quadlet-cookbook", [0, 0, 3, 16, 0, 0]),
    ("searxng__searxng-docker", [0, 1, 0, 0, 0, 0]),
    // Ten units of Harbor have Jinja in them.
    ("tygoee__quadlets", [0, 0, 14, 32, 0, 10]),
    ("vintagedon__docker-compose-cookbook", [0, 31, 0, 0, 0, 0]),
    // All apps but two stand behind one proxy's network.
    ("wallacepnts__quadlet-homelab", [0, 0, 3, 120, 0, 0]),
    ("zammad__zammad-docker-compose", [0, 1, 0, 0, 1, 0]),
];

#[test]
fn real_repositories() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    if !corpus.is_dir() {
        return missing("discovery in real repositories (no corpus beside the repository)");
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let mut table = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let files = Memory::of(&folder);
        let mut counts = [0; 6];
        for found in found(&files) {
            match &found {
                Found::Topology(_) => counts[0] += 1,
                Found::Compose(_) => counts[1] += 1,
                Found::Quadlet { tree, .. } => {
                    counts[2] += 1;
                    counts[3] += tree.units.len();
                    assert_eq!(dangling(&files, &tree.units), [""; 0], "{name}");
                    let names: BTreeSet<_> = tree.units.iter().map(|path| path.file_name()).collect();
                    assert_eq!(names.len(), tree.units.len(), "{name}: {}: a name twice", tree.root.display());
                }
                Found::Overlay { .. } => counts[4] += 1,
                Found::Template(_) => counts[5] += 1,
                Found::Rendered { .. } => {}
            }
        }
        say(&format!("{name}: {counts:?}"));
        table.push((name, counts));
    }
    let expected: Vec<(String, [usize; 6])> =
        REPOSITORIES.iter().map(|(name, counts)| ((*name).to_owned(), *counts)).collect();
    assert_eq!(table, expected, "topologies, Compose projects, Quadlet trees, their units, overlays, templates");
}

/// Runs quadgen in a folder: exit code, standard output, standard error.
fn quadgen(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("COMPOSE_FILE")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

const CLEAN: &str = "name: web\nplatforms: {p: 'podman@5.4,rootless'}\nservices: {a: {image: x}}\n";

#[test]
fn stacks_of_one_name_are_told_apart() {
    let here = folder(&[
        ("a/topology.yaml", CLEAN),
        ("b/topology.yaml", CLEAN),
        ("b/other.topology.yaml", CLEAN),
        ("web/topology.yaml", CLEAN),
        ("lone/topology.yaml", &CLEAN.replace("web", "lone")),
    ]);
    let (code, out, _) = quadgen(&["lint", "--format", "json"], here.path());
    assert_eq!(code, 0, "{out}");
    let root: serde_json::Value = serde_json::from_str(&out).unwrap();
    let stacks = root["summary"]["stacks"].as_array().unwrap();
    let names: Vec<&str> = stacks.iter().map(|stack| stack["stack"].as_str().unwrap()).collect();
    assert_eq!(names, ["a/web", "b/web (other.topology.yaml)", "b/web (topology.yaml)", "lone", "web"]);
    assert_eq!(stacks[0]["format"], "topology");
    assert_eq!(stacks[0]["files"], serde_json::json!(["a/topology.yaml"]));
    assert_eq!(quadgen(&["render", "--stack", "a/web"], here.path()).0, 0);
    let (code, _, err) = quadgen(&["render"], here.path());
    assert!(code == 2 && err.contains("here are several"), "{err}");
    let (_, out, _) = quadgen(&["lint"], here.path());
    assert!(out.contains("Stack a/web: a/topology.yaml.\n"), "{out}");
    let (_, _, err) = quadgen(&["lint", "-v", "a"], here.path());
    assert_eq!(err, "stack web: a/topology.yaml\n");
}

#[test]
fn rendered_files_are_not_looked_at_again() {
    let here = folder(&[("topology.yaml", CLEAN)]);
    assert_eq!(quadgen(&["render", "-o", "units"], here.path()).0, 0);
    let (code, out, _) = quadgen(&["lint"], here.path());
    let said = "Not looked at: units/a.container, units/default.network (rendered from topology.yaml;";
    assert!(code == 0 && out.replace("\n  ", " ").contains(said), "{code} {out}");
    let unit = here.path().join("units/a.container");
    fs::write(&unit, fs::read_to_string(&unit).unwrap() + "# more\n").unwrap();
    let (code, out, _) = quadgen(&["lint", "units/a.container"], here.path());
    let out = out.replace("\n  ", " ");
    assert!(
        code == 0 && out.contains("in 1 file on p") && out.contains("changed by hand since: units/a.container"),
        "{out}"
    );
    let (code, _, err) = quadgen(&["lint", "units"], here.path());
    assert!(code == 2 && err.contains("no stack in `units`") && err.contains("--include-rendered"), "{code} {err}");
}

#[test]
fn what_a_folder_does_not_show_is_said() {
    let here = folder(&[("compose.yaml.j2", WEB), ("sub/compose.prod.yaml", MORE), ("web.container.j2", "")]);
    let (code, _, err) = quadgen(&["lint"], here.path());
    assert_eq!(code, 2);
    let err = err.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    for said in
        ["no stack in `.`", "compose.yaml.j2 (a template", "sub/compose.prod.yaml (changes another Compose file"]
    {
        assert!(err.contains(said), "{err}");
    }
    let (code, out, _) = quadgen(&["lint", "--allow-empty", "--format", "json"], here.path());
    let root: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, root["summary"]["not_read"].as_array().unwrap().len()), (0, 3), "{out}");
    let (code, _, err) = quadgen(&["lint", "compose.yaml.j2"], here.path());
    assert!(code == 2 && err.contains("is a template"), "{err}");
    let (code, _, err) = quadgen(&["lint", "-f", "nothing.yaml"], here.path());
    assert!(code == 2 && err.contains("cannot read `nothing.yaml`"), "{err}");
    // Looked for is only what `--as` says.
    let here = folder(&[("topology.yaml", CLEAN), ("compose.yaml", WEB), ("x.container", "[Container]\nImage=x\n")]);
    let (code, out, _) = quadgen(&["lint", "--as", "topology"], here.path());
    assert!(code == 0 && out.starts_with("No problems in 1 file on p."), "{out}");
}

#[test]
fn standard_input_is_read_under_a_name() {
    let here = folder(&[("topology.yaml", "services: {")]);
    for (arguments, said) in [
        (&["lint", "-", "--stdin-filename", "topology.yaml", "-v"][..], "stack web: topology.yaml\n"),
        (&["lint", "-", "-v"], "stack web: standard input\n"),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quadgen"))
            .args(arguments)
            .current_dir(here.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(CLEAN.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), said));
    }
    let (code, _, err) = quadgen(&["lint", "-", "--as", "quadlet"], here.path());
    assert!(code == 2 && err.contains("--stdin-filename"), "{err}");
}

#[test]
fn standard_input_is_a_file_of_its_folder_in_every_format() {
    // What is on disk under that name does not count; what lies beside it does.
    let units = ("front.network", "[Network]\n");
    let compose = "services: {web: {image: nginx, ports: ['8080:80']}, b: {image: nginx, ports: ['8080:80']}}\n";
    let web = "[Container]\nImage=docker.io/library/x:1\nContainerName=web\nNetwork=front.network\nNetwork=back.network\n\
               [Install]\nWantedBy=default.target\n";
    let topology = "platforms: {p: 'podman@5.4,rootless'}\nservices: {a: {image: x, networks: [n]}}\n";
    for (name, text, place, code) in [
        ("topology.yaml", topology, "topology.yaml:2:37: ", "QG006"),
        ("sub/shop.topology.yaml", topology, "sub/shop.topology.yaml:2:37: ", "QG006"),
        ("compose.yaml", compose, "compose.yaml:1:", "QG401"),
        ("web.container", web, "web.container:5:9: ", "QG006"),
    ] {
        let here = folder(&[(name, "services: {"), units]);
        for format in ["concise", "sarif"] {
            let mut child = Command::new(env!("CARGO_BIN_EXE_quadgen"))
                .args(["lint", "-", "--stdin-filename", name, "--quiet", "--format", format])
                .current_dir(here.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            let out = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name}: {out}");
            if format == "concise" {
                assert!(out.lines().count() == 1 && out.starts_with(place) && out.contains(code), "{name}: {out}");
            } else {
                assert!(out.contains(&format!("\"uri\": \"{name}\"")), "{name}: {out}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_end() {
    use std::os::unix::fs::symlink;
    let unit = |name: &str| CLEAN.replace("web", name);
    let here = folder(&[
        ("real/topology.yaml", unit("real").as_str()),
        (".config/containers/systemd/topology.yaml", unit("home").as_str()),
        (".config/other/topology.yaml", unit("no").as_str()),
        (".hidden/topology.yaml", unit("no").as_str()),
        ("ignored/topology.yaml", unit("no").as_str()),
        (".gitignore", "ignored\n"),
    ]);
    let outside = folder(&[("topology.yaml", &unit("outside"))]);
    symlink("..", here.path().join("real/up")).unwrap();
    symlink("real", here.path().join("again")).unwrap();
    symlink(outside.path(), here.path().join("far")).unwrap();
    symlink("nowhere", here.path().join("broken.topology.yaml")).unwrap();
    let (_, out, _) = quadgen(&["lint", "--format", "json"], here.path());
    let root: serde_json::Value = serde_json::from_str(&out).unwrap();
    let stacks = root["summary"]["stacks"].as_array().unwrap();
    let files: Vec<&str> = stacks.iter().map(|stack| stack["files"][0].as_str().unwrap()).collect();
    assert_eq!(files, [".config/containers/systemd/topology.yaml", "far/topology.yaml", "real/topology.yaml"]);
}

#[cfg(unix)]
#[test]
fn what_starts_a_unit_may_be_linked_or_hidden_and_is_masked_by_a_link_to_nothing() {
    use std::os::unix::fs::symlink;
    let unit = "[Container]\nImage=docker.io/library/x:1\nContainerName=job\n";
    let here = folder(&[
        ("app/job.container", unit),
        ("timers/job.timer", "[Timer]\nOnCalendar=daily\n"),
        (".deploy/job.container", unit),
        (".deploy/job.timer", "[Timer]\nOnCalendar=daily\n"),
        ("masked/job.container", unit),
        ("again/job.container", unit),
        ("again/job.timer", "[Timer]\nOnCalendar=daily\n"),
        ("ignored/job.container", unit),
        ("ignored/job.timer", "[Timer]\nOnCalendar=daily\n"),
        (".gitignore", "/ignored/*.timer\n"),
        (".git/x", ""),
    ]);
    symlink("../timers/job.timer", here.path().join("app/job.timer")).unwrap();
    symlink("../again/job.timer", here.path().join("timers/again.timer")).unwrap();
    symlink("/dev/null", here.path().join("masked/job.timer")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(here.path().join("masked/job.socket")).unwrap();
    let told = |path: &str| {
        let (_, out, err) =
            quadgen(&["lint", "--select", "QG604", "--quiet", "--format", "concise", path], here.path());
        assert!(err.is_empty(), "{path}: {err}");
        out.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told("."), ["ignored/job.container", "masked/job.container"]);
    for path in ["app", "app/job.container", ".deploy", ".deploy/job.container", "again/job.container"] {
        assert!(told(path).is_empty(), "{path}");
    }
    for path in ["masked/job.container", "ignored/job.container"] {
        assert_eq!(told(path), [path]);
    }
    // Whoever says so has it read as a unit of Quadlet.
    let (code, out, err) = quadgen(&["lint", "--as", "quadlet", "--select", "QG604", "again/job.timer"], here.path());
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn files_are_shown_by_the_way_from_where_quadgen_runs() {
    let unit = "[Container]\nImage=nginx\n";
    let here = folder(&[
        ("units/w.container", unit),
        ("units/sub/v.container", unit),
        ("units/odd./x.container", unit),
        ("beside/x", ""),
    ]);
    let shown = |from: &str, path: &str| {
        let arguments = ["lint", "--select", "QG704", "--quiet", "--format", "concise", path];
        let (_, out, _) = quadgen(&arguments, &here.path().join(from));
        out.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let whole = here.path().join("units");
    let whole = whole.to_str().unwrap();
    let below = "units/odd./x.container units/sub/v.container units/w.container";
    for path in ["units", "./units", ".", whole] {
        assert_eq!(shown(".", path), below, "{path}");
    }
    for path in [".", whole] {
        assert_eq!(shown("units", path), "odd./x.container sub/v.container w.container", "{path}");
    }
    for path in ["..", whole] {
        assert_eq!(shown("units/sub", path), "../odd./x.container ../w.container v.container", "{path}");
    }
    assert_eq!(shown("units/odd.", "."), "x.container");
    for path in ["../units", whole] {
        let below = "../units/odd./x.container ../units/sub/v.container ../units/w.container";
        assert_eq!(shown("beside", path), below, "{path}");
    }
}

#[test]
fn a_folder_may_be_named_by_way_of_the_one_above() {
    let here = folder(&[("a/w.container", "[Container]\nImage=nginx\n"), ("b/x", "")]);
    for (paths, from) in [("../a", "b"), ("b/../a", "."), ("a/.", ".")] {
        let (code, out, err) =
            quadgen(&["lint", "--select", "QG704", "--format", "concise", paths], &here.path().join(from));
        assert!(code == 1 && out.contains("w.container:2:7: "), "{paths}: {out}{err}");
    }
}

#[test]
fn stacks_of_one_host_are_compared() {
    let stack = |name: &str, container: &str, port: u16| {
        format!(
            "name: {name}\nplatforms: {{p: 'podman@5.4,rootless'}}\nservices:\n  {name}:\n    image: x\n    \
             container_name: {container}\n    ports: ['{port}:80']\n"
        )
    };
    let here = folder(&[
        (
            "quadgen.toml",
            "[[host]]\nname = \"server\"\nstacks = [\"apps/*\", \"c/topology.yaml\", \"gone\"]\nnam = 1\n",
        ),
        ("apps/a/topology.yaml", &stack("a", "web", 8080)),
        ("apps/b/topology.yaml", &stack("b", "web", 8081)),
        ("c/topology.yaml", &stack("c", "other", 8080)),
        ("d/topology.yaml", &stack("d", "other", 8080)),
    ]);
    let (code, out, _) = quadgen(&["lint", "--format", "concise"], here.path());
    let lines: Vec<&str> = out.lines().take_while(|line| line.contains(": ")).collect();
    assert_eq!(
        (code, lines),
        (
            1,
            vec![
                "apps/b/topology.yaml:6:21: error QG107 duplicate-container-name: two containers are called `web`: `a` of \
                 a and `b` of b [p]",
                "c/topology.yaml:7:13: error QG401 duplicate-host-port: host port 8080 is taken twice: `a` of a and `c` of \
                 c both publish it [p]",
                "quadgen.toml:3:41: warning QG006 undefined-reference: `gone` of host `server` is no stack here",
                "quadgen.toml:4:1: error QG002 unknown-key: a host has no key `nam`",
            ]
        ),
        "{out}"
    );
    // Part of the repository: what is elsewhere is not missing.
    let (code, out, _) = quadgen(&["lint", "apps", "--format", "concise", "--ignore", "QG002"], here.path());
    assert!(code == 1 && out.contains("QG107") && !out.contains("gone"), "{out}");
}

#[test]
fn units_of_a_folder_know_those_beside_it_in_the_repository() {
    let folder = folder(&[
        (".git/HEAD", ""),
        (
            "apps/web/web.container",
            "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web\nNetwork=front.network\n\n\
             [Install]\nWantedBy=default.target\n",
        ),
        ("networks/front.network", "[Network]\n\n[Foo]\nPodName=x\n"),
    ]);
    // What is wrong outside of the folder was not asked for.
    let (code, out, _) = quadgen(&["lint", "apps", "--format", "concise"], folder.path());
    assert_eq!((code, out.contains("QG")), (0, false), "{out}");
    assert!(out.contains("apps/web/web.container, networks/front.network"), "{out}");
    let (code, out, _) = quadgen(&["lint", ".", "--format", "concise"], folder.path());
    assert_eq!((code, out.contains("networks/front.network:3:2: warning QG714")), (1, true), "{out}");
}

#[test]
fn a_folder_beside_this_one_is_found_like_any_other() {
    let web = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web\nNetwork=back.network\n";
    let here = folder(&[("a/x", ""), ("b/web.container", web), ("b/c/compose.yaml", "services: {a: {imge: x}}\n")]);
    std::os::unix::fs::symlink("b", here.path().join("link")).unwrap();
    for path in ["../b", "../a/../b", "../link", "../link/c/.."] {
        let (code, out, err) = quadgen(&["lint", path, "--format", "concise"], &here.path().join("a"));
        assert_eq!(code, 1, "{path}: {out}{err}");
        assert!(out.contains("/web.container:4:9: error QG006") && out.contains("/c/compose.yaml:1:"), "{path}: {out}");
        assert!(!out.contains("/a/") && !out.contains("/.."), "{path}: {out}");
    }
}
