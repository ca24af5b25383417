//! Units → units: what they say stays, line by line, and changes only where another release of Podman needs it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quadgen::discover::{self, Found, Options};
use quadgen::model::Format;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::quadlet;
use quadgen::render::{Target, render};
use quadgen::source::SourceMap;
use support::disk::Disk;
use support::{folder, generate, missing, quadlet_generators, say};

/// Runs `render units --target quadlet`: exit code, the files without their first lines, and what was said.
fn edited(units: &[(&str, &str)], on: &str, more: &[&str]) -> (i32, BTreeMap<String, String>, String) {
    let files: Vec<_> = units.iter().map(|(name, text)| (format!("units/{name}"), (*text).to_owned())).collect();
    let here = folder(&files);
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    command.current_dir(here.path()).args(["render", "units", "--target", "quadlet", "--on", on, "-o", "out"]);
    let output = command.args(more).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let said = said.replace(['│', '⚠', '×'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(here.path().join("out")).into_iter().flatten() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (marker, text) = text.split_once('\n').unwrap();
        assert!(marker.starts_with("# quadgen: source="), "{marker}");
        texts.insert(path.file_name().unwrap().to_string_lossy().into_owned(), text.to_owned());
    }
    (output.status.code().unwrap(), texts, said)
}

const WEB: &str = "# The shop's front.
[Unit]
Description=Shop
Requires=db.service
After=db.container

[Container]
Image=docker.io/library/nginx:1.27
Pod=shop.pod
Environment=A=${HOME} \\
# more
  B=%i
; a comment
Label=a=b
X-Own=1

[Service]
ExecStartPre=/usr/bin/true
Nice=5

[X-Mine]
Key=Value
";

#[test]
fn everything_stays_as_it_stands() {
    let units = [
        ("web.container", WEB),
        ("web.container.d/10-more.conf", "# more\n[Container]\nLabel=c=d\n[Service]\nRestart=always\n"),
        ("db@.container", "[Container]\nImage=docker.io/library/postgres:16\n[Install]\nDefaultInstance=a\n"),
        ("db.container", "[Container]\nImage=db.image\nNetwork=shop.network"),
        ("db.image", "[Image]\nImage=docker.io/library/postgres:16\n"),
        ("shop.pod", "[Pod]\nPodName=shop\nPublishPort=8080:80\n"),
        ("shop.network", "[Network]\nInternal=true\n"),
        ("play.kube", "[Kube]\nYaml=play.yaml\n"),
    ];
    let units = units.map(|(name, text)| (name, text.replace("X-Own=1\n", "")));
    let units: Vec<(&str, &str)> = units.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (code, texts, said) = edited(&units, "podman@5.8.6,rootless", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("QG801"), "{said}");
    for (name, text) in units.iter().filter(|(name, _)| !name.ends_with(".conf") && *name != "web.container") {
        assert_eq!(texts[*name], *text, "{name}");
    }
    let with_drop_in = format!("{}\n[Container]\nLabel=c=d\n\n[Service]\nRestart=always\n", units[0].1);
    assert_eq!(texts["web.container"], with_drop_in);
    assert!(said.contains("these must be there: play.yaml"), "{said}");
}

#[test]
fn what_a_release_lacks_is_an_argument_or_reported() {
    let web = "[Unit]\nAfter=db.container other.service\n\n[Container]\nImage=docker.io/library/nginx:1.27\n\
               # Much.\nMemory=512m\nAddHost=a:1.2.3.4\nReloadCmd=/bin/reload now\nRetry=3\nNetwork=db.container\n";
    let units = [("web.container", web), ("db.container", "[Container]\nImage=docker.io/library/postgres:16\n")];
    let (code, texts, said) = edited(&units, "podman@5.2,rootless", &[]);
    assert_eq!(code, 0, "{said}");
    let expected = "[Unit]\nAfter=db.service other.service\n\n[Container]\nImage=docker.io/library/nginx:1.27\n\
                    # Much.\nPodmanArgs=--memory=512m\nPodmanArgs=--add-host=a:1.2.3.4\n\
                    Network=db.container\n";
    assert_eq!(texts["web.container"], expected, "{said}");
    for word in [
        "Podman 5.2 has no `Retry=` in [Container]",
        "Podman 5.2 has no `ReloadCmd=` in [Container], and no argument does the same",
        "Podman 5.2 takes `db.container` for the name of a network: the network of a unit came with 5.3",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let pod = [("web.container", "[Container]\nImage=docker.io/library/nginx:1.27\nPod=x.pod\n"), ("x.pod", "[Pod]\n")];
    let (code, texts, said) = edited(&pod, "podman@4.9,rootless", &[]);
    assert!(code == 2 && texts.is_empty() && said.contains("reads no .pod units: they came with 5.0"), "{said}");
}

#[test]
fn names_and_paths_move() {
    let web = "[Unit]\nRequires=db.service\n[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=front\n\
               Network=shop.network\nVolume=./html:/html\nVolume=data.volume:/data\nEnvironmentFile=web.env\n";
    let db = "[Container]\nImage=docker.io/library/postgres:16\nNetwork=shop.network:alias=store\n";
    let units = [
        ("app/web.container", web),
        ("db.container", db),
        ("shop.network", "[Network]\nNetworkName=shop\n"),
        ("data.volume", "[Volume]\n"),
        ("app/web.env", "A=b\n"),
    ];
    let (code, texts, said) = edited(&units, "podman@5.8.6,rootless", &[]);
    assert_eq!(code, 0, "{said}");
    let moved = web.replace("./html", "./app/html").replace("=web.env", "=./app/web.env");
    assert_eq!(texts["web.container"], moved);
    let (code, texts, said) = edited(&units, "podman@5.8.6,rootless", &["--prefix", "test-", "--base", "%h/shop"]);
    assert_eq!(code, 0, "{said}");
    let names: Vec<&str> = texts.keys().map(String::as_str).collect();
    assert_eq!(names, ["test-data.volume", "test-db.container", "test-shop.network", "test-web.container"]);
    for line in [
        "Requires=test-db.service",
        "ContainerName=test-front",
        "Network=test-shop.network:alias=front",
        "Volume=%h/shop/app/html:/html",
        "Volume=test-data.volume:/data",
        "EnvironmentFile=%h/shop/app/web.env",
    ] {
        assert!(texts["test-web.container"].lines().any(|found| found == line), "{line}: {texts:#?}");
    }
    assert!(
        texts["test-db.container"].contains("Network=test-shop.network:alias=store,alias=systemd-db\n"),
        "{texts:#?}"
    );
    assert!(texts["test-shop.network"].contains("NetworkName=test-shop\n"));
}

#[test]
fn what_is_called_by_its_name_in_podman_moves_too() {
    let web = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=%p-x\nNetwork=shopnet\n\
               Network=systemd-back:alias=w\nNetwork=outside\nPodmanArgs=--volume systemd-data:/b\n\
               Volume=systemd-data:/data\nVolume=named:/n\nMount=type=volume,source=systemd-data,target=/m\n\
               [Install]\nWantedBy=default.target\n[X-Quadgen]\nConnects=db:5432\nDeny=back.network\n";
    let units = [
        ("web.container", web),
        (
            "db.container",
            "[Container]\nImage=docker.io/library/postgres:16\nContainerName=db\nNetwork=shop.network\nVolume=named:/n\n",
        ),
        ("shop.network", "[Network]\nNetworkName=shopnet\n"),
        ("back.network", "[Network]\n"),
        ("data.volume", "[Volume]\n"),
    ];
    let (code, texts, said) = edited(&units, "podman@5.8.6,rootless", &["--prefix", "t-"]);
    assert_eq!(code, 0, "{said}");
    let expected = [
        "ContainerName=t-web-x",
        "Network=t-shopnet:alias=web-x",
        "Network=systemd-t-back:alias=w,alias=web-x",
        // No unit makes it: it is there before, under its own name.
        "Network=outside",
        "PodmanArgs=--volume systemd-t-data:/b",
        "Volume=systemd-t-data:/data",
        // Nobody makes it but Podman: two stacks must not have one database.
        "Volume=t-named:/n",
        "Mount=type=volume,source=systemd-t-data,target=/m",
        "Connects=t-db:5432",
        "Deny=t-back.network",
    ];
    for line in expected {
        assert!(texts["t-web.container"].lines().any(|found| found == line), "{line}: {}", texts["t-web.container"]);
    }
    assert!(texts["t-db.container"].contains("Volume=t-named:/n\n"), "{}", texts["t-db.container"]);
}

#[test]
fn names_in_intents_and_of_services_move() {
    let web = "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=web\nNetwork=shop\nNetwork=proxy\n\
               Mount=type=bind,source=/data,target=/d\nServiceName=front\n[X-Quadgen]\nInternet=deny\nDeny=proxy\n";
    let units = [
        ("web.container", web),
        (
            "deny.container",
            "[Container]\nImage=docker.io/library/nginx:1.27\nContainerName=deny\nNetwork=deny.network\n",
        ),
        ("deny.network", "[Network]\nNetworkName=%p-n\n"),
        ("shop.network", "[Network]\nNetworkName=shop\nServiceName=shop-net\nInternal=true\n"),
    ];
    let (_, texts, said) = edited(&units, "podman@5.8.6,rootless", &["--prefix", "t-"]);
    for (file, line) in [
        ("t-web.container", "Network=t-shop:alias=web"),
        ("t-web.container", "Network=proxy"),
        ("t-web.container", "ServiceName=t-front"),
        ("t-web.container", "Internet=deny"),
        ("t-web.container", "Deny=proxy"),
        ("t-shop.network", "ServiceName=t-shop-net"),
        ("t-deny.network", "NetworkName=t-deny-network-n"),
    ] {
        let text = texts.get(file).unwrap_or_else(|| panic!("{file}: {said}"));
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[test]
fn what_cannot_be_moved_is_not_written() {
    let web = "[Container]\nImage=docker.io/library/nginx:1.27\nPodmanArgs=--volume ./b:/b\n";
    let (code, texts, said) = edited(&[("a.container", web)], "podman@5.8.6,rootless", &["--base", "/srv/x"]);
    assert!(code == 2 && texts.is_empty() && said.contains("mount `/b` is `/srv/x/b` in the source"), "{said}");
}

/// The services that a generator makes of a folder, without what says where its files lie. In which order it writes
/// groups of arguments, and a pod its containers, changes from run to run.
fn services(generator: &Path, place: &Path, rootless: bool) -> BTreeMap<String, String> {
    let made = generate(generator, place, rootless);
    let here = place.display().to_string();
    let bare = |text: &str| {
        // Behind this stand the unit's own lines, for people.
        let mut own = false;
        let lines = text.lines().filter(|line| {
            own = if line.starts_with('[') { line.starts_with("[X-") } else { own };
            !own
        });
        let lines = lines.filter(|line| !line.starts_with("SourcePath=") && !line.starts_with('#'));
        let sorted = |line: &str| {
            let mut words: Vec<&str> = line.split(' ').collect();
            words.sort_unstable();
            words.join(" ").replace(&here, "HERE") + "\n"
        };
        let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).map(sorted).collect();
        lines.sort_unstable();
        lines.concat()
    };
    made.services.iter().map(|(name, unit)| (name.clone(), bare(&unit.text))).collect()
}

#[test]
fn real_trees_become_the_same_services() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut older = quadlet_generators();
    let Some((version, generator)) = older.pop() else {
        return missing("units as they are after an edit (no generator)");
    };
    if !corpus.is_dir() {
        return missing("units as they are after an edit (no corpus beside the repository)");
    }
    let corpus = corpus.canonicalize().unwrap();
    let mut folders: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    let platform = |version: &str| {
        let words = parse_spec(&format!("podman@{version},rootless")).unwrap();
        Platform::resolve("server", words, Format::Quadlet)
    };
    let newest = platform(&version);
    let (mut trees, mut units) = (0, 0);
    for found in folders.iter().flat_map(|folder| discover::find(&Disk, folder, &Options::default())) {
        let Found::Quadlet { tree, .. } = found else { continue };
        let mut sources = SourceMap::default();
        let parsed = quadlet::parse(&mut sources, &Disk, tree.clone());
        let Some(stack) = quadlet::lower(&parsed, &sources, newest.version).stack else { continue };
        let rendered = render(&stack, &newest, Target::Quadlet, &quadgen::render::Options::default(), "units").unwrap();
        assert!(rendered.findings.is_empty(), "{}: {:#?}", tree.root.display(), rendered.findings);
        let before = tree.units.iter().chain(&tree.drop_ins).map(|path| {
            // A tree may take in what it lacks from beside it.
            let name = path.strip_prefix(&tree.root).unwrap_or(Path::new(path.file_name().unwrap()));
            let name = name.display().to_string();
            (name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
        });
        let before = folder(&before.collect::<Vec<_>>());
        let after: Vec<_> = rendered.files.iter().map(|file| (&file.name, &file.text)).collect();
        let after = folder(&after);
        let (old, new) = (services(&generator, before.path(), true), services(&generator, after.path(), true));
        for name in old.keys().chain(new.keys()) {
            assert_eq!(old.get(name), new.get(name), "{}: {name}", tree.root.display());
        }
        for (version, generator) in &older {
            let Ok(rendered) =
                render(&stack, &platform(version), Target::Quadlet, &quadgen::render::Options::default(), "units")
            else {
                continue;
            };
            let place = folder(&rendered.files.iter().map(|file| (&file.name, &file.text)).collect::<Vec<_>>());
            let made = generate(generator, place.path(), true);
            assert!(
                !made.stderr.contains("unsupported key"),
                "{} under {version}: {}",
                tree.root.display(),
                made.stderr
            );
        }
        trees += 1;
        units += rendered.files.len();
    }
    say(&format!("units to units: {trees} trees with {units} units become the same services under {version}"));
    assert!(trees > 80);
}

#[test]
fn paths_above_the_folder_and_steps_move() {
    let unit = "[Container]\nImage=docker.io/library/x:1\nVolume=../c:/c\nVolume=./d:/d\n[Service]\n\
                ExecStartPre=-/usr/bin/mkdir -p %E/containers/systemd/d\n[Install]\nWantedBy=default.target\n";
    let (code, texts, said) = edited(&[("a.container", unit)], "podman@5.8.6,rootless", &["--base", "/srv/x"]);
    assert_eq!(code, 0, "{said}");
    let text = &texts["a.container"];
    for line in ["Volume=/srv/c:/c", "Volume=/srv/x/d:/d", "ExecStartPre=-/usr/bin/mkdir -p /srv/x/d"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}
