//! Rules about units: what each says about one line, on which release, and what its fix makes of the file.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};

use quadgen::diagnostic::{Change, Diagnostic, Level, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::quadlet::{self, Tree};
use quadgen::rules::{self, Context};
use quadgen::source::{Files, SourceMap};

struct Memory(Vec<(&'static str, String)>);

impl Files for Memory {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let file = self.0.iter().find(|(name, _)| Path::new(name) == path);
        Ok(file.ok_or(std::io::ErrorKind::NotFound)?.1.clone().into_bytes())
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.iter().any(|(name, _)| Path::new(name) == path)
    }

    fn walk(&self, _: &Path) -> Vec<PathBuf> {
        self.0.iter().map(|(name, _)| PathBuf::from(name)).collect()
    }
}

/// What is said about units on a platform, with the files' texts.
fn look(files: &[(&'static str, &str)], words: &str) -> (Vec<Diagnostic>, SourceMap) {
    let files = Memory(files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect());
    let platform = Platform::resolve("server", parse_spec(words).unwrap(), Format::Quadlet);
    let mut sources = SourceMap::default();
    let units = files.walk(Path::new("")).into_iter().filter(|path| path.extension().unwrap() != "env").collect();
    let parsed = quadlet::parse(&mut sources, &files, Tree { units, ..Tree::default() });
    let read = quadlet::lower(&parsed, &sources, platform.version);
    let mut sink = Sink::default();
    sink.extend(read.diagnostics);
    let stack = read.stack.unwrap();
    rules::check(&Context::new(&stack, &[Wiring::new(&stack, &platform)]), &mut sink);
    (sink.finish(&sources), sources)
}

/// The codes of section 7 that are said about lines of a container.
fn codes(lines: &str, words: &str) -> Vec<&'static str> {
    let text = format!("[Container]\nImage=docker.io/library/nginx:1\n{lines}\n");
    let (found, _) = look(&[("web.container", &text)], words);
    found.iter().map(|found| found.rule.code).filter(|code| code.starts_with("QG7") || *code < "QG010").collect()
}

/// What the first fix of a finding makes of those lines. `Remove` takes whole lines here.
fn mended(lines: &str, code: &str, words: &str) -> Option<String> {
    let text = format!("[Container]\nImage=docker.io/library/nginx:1\n{lines}\n");
    let (found, sources) = look(&[("web.container", &text)], words);
    let found = found.iter().find(|found| found.rule.code == code).unwrap_or_else(|| panic!("no {code}: {lines}"));
    let start = sources.file_of(found.span()).unwrap().span().start;
    let fix = found.fixes.first()?;
    let mut edits: Vec<(usize, usize, &str)> = fix
        .changes
        .iter()
        .map(|change| match change {
            Change::Replace { span, text } => ((span.start - start) as usize, (span.end - start) as usize, &**text),
            Change::Remove { span } => {
                let at = (span.start - start) as usize;
                (at, at + text[at..].find('\n').unwrap() + 1, "")
            }
            other => panic!("{other:?}"),
        })
        .collect();
    edits.sort();
    let mut mended = text.clone();
    for (from, to, new) in edits.into_iter().rev() {
        mended.replace_range(from..to, new);
    }
    Some(mended.strip_prefix("[Container]\nImage=docker.io/library/nginx:1\n").unwrap().trim_end().to_owned())
}

#[test]
fn a_value_that_is_not_what_it_looks_like_is_found_where_its_release_reads_it_so() {
    let five = "podman@5.4,rootless";
    for (line, words, found) in [
        // Comments, and what only looks like one.
        ("Environment=A=b # note", five, true),
        ("Environment=A=b #quadgen: ignore[QG705]", five, true),
        ("Environment=COLOR=#fff", five, false),
        ("Environment=COLOR= #fff", five, false),
        ("Label=\"a=b # c\"", five, false),
        ("Exec=sh -c 'a # b'", five, false),
        ("Exec=bot #channel", five, false),
        ("Volume=data:/data #mine", five, true),
        ("HealthCmd=curl -f http://localhost # alive", five, false),
        ("[Unit]\nDescription=Server # 1", five, false),
        ("[Service]\nRestart=always # note", five, true),
        ("[X-Notes]\nText=a # b", five, false),
        // Escapes and quotes of values made of words.
        ("Exec=grep \\d x", five, true),
        ("Exec=grep \\\\d x", five, false),
        ("Sysctl=a=\\d", five, false),
        ("Sysctl=\"a=1", five, true),
        ("Exec=it's", five, true),
        ("Exec=a \"\" b", five, true),
        ("Exec=\"\"", five, false),
        ("Environment=A=\"\"", five, false),
        // Quotes around one value.
        ("ContainerName=\"web\"", five, false),
        ("ContainerName=\"web\"", "podman@4.9,rootless", true),
        ("ContainerName='web'", five, true),
        ("HealthCmd=test \"$(cat /x)\" = \"1\"", five, true),
        ("HealthCmd=test \"$(cat /x)\" = \"1\"", "podman@5.8.1,rootless", true),
        ("HealthCmd=test \"$(cat /x)\" = \"1\"", "podman@5.8.2,rootless", false),
        ("HealthCmd=test \"$(cat /x)\" = \"1\"", "podman@4.9,rootless", false),
        ("HealthCmd=\"a\" && \"b\"", "podman@5.8.6,rootless", true),
        ("HealthCmd='/check'", five, false),
        ("HealthCmd='/check me'", five, true),
        ("Volume=\"/a b:/x\"", five, true),
        ("Volume=/a b:/x", five, false),
    ] {
        assert_eq!(codes(line, words).contains(&"QG706"), found, "{line} on {words}");
    }
}

#[test]
fn a_comment_is_an_error_where_what_stands_in_front_is_lost() {
    for (line, level) in [
        ("[Unit]\nAfter=db.service # wait for it", Level::Warning),
        ("[Unit]\nRequires=db.service # see cache.service", Level::Error),
        ("[Unit]\nRequiresMountsFor=/srv # the disk", Level::Warning),
        ("[Unit]\nRequiresMountsFor=/srv # or /data", Level::Error),
        ("[Unit]\nConditionPathExists=/srv # the disk", Level::Error),
        ("[Install]\nWantedBy=default.target # boot", Level::Warning),
        ("[Service]\nEnvironment=FOO=1 # 2", Level::Warning),
        ("[Service]\nEnvironment=FOO=1 # not BAR=1", Level::Error),
        ("[Service]\nSuccessExitStatus=143 # by a signal", Level::Warning),
        ("[Service]\nSuccessExitStatus=143 # not 1", Level::Error),
        ("[Service]\nRestart=always # note", Level::Error),
        ("[Service]\nExecStartPre=/bin/a # note", Level::Error),
    ] {
        let text = format!("[Container]\nImage=docker.io/library/nginx:1\n{line}\n");
        let (found, _) = look(&[("web.container", &text)], "podman@5.4,rootless");
        let levels: Vec<Level> =
            found.iter().filter(|found| found.rule.code == "QG706").map(|found| found.severity).collect();
        assert_eq!(levels, [level], "{line}");
    }
}

#[test]
fn one_cause_gives_one_finding() {
    let five = "podman@5.4,rootless";
    for (lines, expected) in [
        ("Pod=p.pod # of the site", vec!["QG706"]),
        ("Pod='p.pod'", vec!["QG706"]),
        ("ExposeHostPort=\"80\"", vec!["QG706"]),
        ("Memory=512m # enough", vec!["QG701"]),
        ("[Service]\nType=oneshot # once", vec!["QG706"]),
        ("[Service]\nRestart=always\nRestart=no # once", vec!["QG706"]),
        ("[Service]\nRestart=always\nRestart=unless-stopped", vec![]),
        ("[Service]\nRestart=always\nRestart=unless-stopped\nRestart=no", vec!["QG004"]),
        ("RemapUsers=keep-id\nRemapUid=1000\nRemapGid=1000", vec!["QG702"]),
        ("RemapUsers=keep-id\nUserNS=keep-id", vec!["QG003"]),
        ("PodmanArgs=--memory=1g --cpus=2", vec![]),
        ("PodmanArgs=--tz=UTC --dns 1.1.1.1", vec!["QG712"]),
        ("Environment=A=b\nEnvironment=C=${A}\nLabel=x=${A}", vec!["QG705"]),
    ] {
        assert_eq!(codes(lines, five), expected, "{lines}");
    }
}

#[test]
fn fixes_say_the_same() {
    let five = "podman@5.4,rootless";
    for (lines, code, expected) in [
        ("Environment=A=b  # note", "QG706", Some("# note\nEnvironment=A=b")),
        ("Exec=grep \\d \"\\.x\"", "QG706", Some("Exec=grep \\\\d \"\\\\.x\"")),
        ("Volume=\"/a b:/x\"", "QG706", Some("Volume=/a b:/x")),
        ("HealthCmd=test \"$(cat /x)\" = \"1\"", "QG706", Some("HealthCmd=test \"$(cat /x)\" = '1'")),
        // In single quotes the shell would not fill it in.
        ("HealthCmd=sh -c \"echo $X\"", "QG706", None),
        ("HealthCmd=\"a b\" \"c\"", "QG706", Some("HealthCmd='a b' 'c'")),
        ("Sysctl=\"a=1", "QG706", None),
        ("Memory=512m", "QG701", Some("PodmanArgs=--memory=512m")),
        ("HttpProxy=no", "QG701", Some("PodmanArgs=--http-proxy=false")),
        ("AppArmor=my profile", "QG701", Some("PodmanArgs=\"--security-opt=apparmor=my profile\"")),
        ("ReloadSignal=HUP", "QG701", None),
        // Its argument is not as old as Quadlet.
        ("Retry=3", "QG701", None),
        ("VolatileTmp=yes", "QG702", Some("Tmpfs=/tmp:rw,size=512M,mode=1777")),
        ("VolatileTmp=yes\nReadOnly=true", "QG702", Some("ReadOnly=true")),
        ("RemapUsers=keep-id\nRemapUid=1\nRemapGid=2", "QG702", Some("UserNS=keep-id:uid=1,gid=2")),
        (
            "RemapUsers=auto\nRemapUidSize=9\nRemapUid=0:5:1 1:7:1",
            "QG702",
            Some("UserNS=auto:uidmapping=0:5:1,uidmapping=1:7:1,size=9"),
        ),
        ("RemapUsers=manual\nRemapUid=0:5:1\nRemapGid=0:6:1", "QG702", Some("UIDMap=0:5:1\nGIDMap=0:6:1")),
        (
            "PodmanArgs=-e \"A=b c\" --cpus=2 --init --dns 1.1.1.1",
            "QG712",
            Some("Environment=\"A=b c\"\nRunInit=true\nDNS=1.1.1.1\nPodmanArgs=--cpus=2"),
        ),
        // What the unit says itself, what a key would resolve, and what a key would drop.
        ("User=1\nPodmanArgs=--user=2", "QG712", None),
        ("Environment=A=1\nPodmanArgs=-e A=2", "QG712", None),
        ("PodmanArgs=-v ./x:/x", "QG712", None),
        ("PodmanArgs=--env-file=x.env", "QG712", None),
        ("PodmanArgs=-e TERM", "QG712", None),
        ("Network=host.network:alias=a\nPodmanArgs=--network-alias=b", "QG712", None),
        ("Volume=/home/bob/a:/home/node", "QG709", Some("Volume=%h/a:/home/node")),
        ("Volume=/home/bob/a:/a\nVolume=/home/eve/b:/b", "QG709", None),
        ("Environment=A=1\nHealthCmd=x -u ${A}", "QG705", Some("Environment=A=1\nHealthCmd=x -u $${A}")),
        ("Environment=A=1\nExec=sh -c \"echo ${A}\"", "QG705", Some("Environment=A=1\nExec=sh -c \"echo $${A}\"")),
        ("Environment=A=1\nExec=echo ${A}", "QG705", None),
    ] {
        assert_eq!(mended(lines, code, five).as_deref(), expected, "{lines}");
    }
}

#[test]
fn a_home_is_a_guess_and_a_runtime_folder_is_none() {
    for (line, safe, says) in [
        ("[Service]\nExecStartPre=/home/linuxbrew/.linuxbrew/bin/a", false, "looks like the home of `linuxbrew`"),
        ("Volume=/run/user/1000/bus:/bus", true, "works for that user only"),
    ] {
        let text = format!("[Container]\nImage=docker.io/library/nginx:1\n{line}\n");
        let (found, _) = look(&[("web.container", &text)], "podman@5.4,rootless");
        let found = found.iter().find(|found| found.rule.code == "QG709").unwrap();
        assert!(found.message.contains(says), "{}", found.message);
        assert_eq!(found.fixes[0].safe, safe, "{line}");
    }
}

#[test]
fn a_mended_unit_has_no_such_fault() {
    let five = "podman@5.4,rootless";
    for (lines, code) in [
        ("Environment=A=b  # note", "QG706"),
        ("Exec=grep \\d \"\\.x\"", "QG706"),
        ("HealthCmd=\"a b\" \"c\"", "QG706"),
        ("RemapUsers=auto\nRemapUid=0:5:1", "QG702"),
        ("PodmanArgs=-e \"A=b c\" --cpus=2", "QG712"),
        ("AppArmor=my profile", "QG701"),
        ("Environment=A=1\nHealthCmd=x -u ${A}", "QG705"),
    ] {
        let mended = mended(lines, code, five).unwrap();
        assert_eq!(codes(&mended, five), [""; 0], "{mended}");
    }
}

#[test]
fn variables_are_told_of_only_where_it_is_certain() {
    for (lines, found) in [
        ("Environment=A=1\nLabel=x=${A}", true),
        ("Environment=A=1\nExec=run $A", true),
        ("Environment=A=1\nExec=sh -c \"run $A now\"", false),
        ("Environment=A=1\nExec=run $${A}", false),
        ("Environment=A=1\nEnvironment=B=$A", true),
        ("Environment=A=1\nEnvironment=B=$$A", false),
        // Of another service, of systemd, or of who knows where.
        ("Label=x=${A}", false),
        ("Environment=HOME=/x\nLabel=x=${HOME}", false),
        ("Environment=A=${A}", false),
        ("Environment=A=1\nLabel=x=${A}\n[Service]\nEnvironment=A=1", false),
        ("Environment=A=1\nLabel=x=${A}\n[Service]\nEnvironmentFile=/etc/x.env", false),
        ("EnvironmentFile=/etc/x.env\nLabel=x=${A}", false),
    ] {
        assert_eq!(codes(lines, "podman@5.4,rootless").contains(&"QG705"), found, "{lines}");
    }
}

#[test]
fn an_env_file_is_read_as_podman_reads_it() {
    let unit = "[Container]\nImage=docker.io/library/nginx:1\nEnvironmentFile=a.env\nLabel=x=${B}\n";
    let env = "A=\"x y\"\nB='z' # c\nC=\"open\nD = 1\nexport E=1\nF=${A}\nG=${HOME}\nH=a#b\nI=\"a\" b\nJ=\n";
    let said = |words: &str| -> Vec<String> {
        let (found, sources) = look(&[("web.container", unit), ("a.env", env)], words);
        let of_rule = found.iter().filter(|found| matches!(found.rule.code, "QG715" | "QG705"));
        of_rule.map(|found| format!("{} {}", found.rule.code, sources.text(found.span()))).collect()
    };
    let expected = [
        "QG715 A=\"x y\"",
        "QG715 B='z' # c",
        "QG715 C=\"open",
        "QG715 D = 1",
        "QG715 export E=1",
        "QG715 F=${A}",
        "QG705 ${B}",
    ];
    assert_eq!(said("podman@5.4"), expected);
    assert_eq!(said("podman@4.7"), ["QG705 ${B}"]);
    // A comment is kept.
    let (found, sources) = look(&[("web.container", unit), ("a.env", env)], "podman@5.4");
    let found = found.iter().find(|found| found.message.contains("the comment behind `B`")).unwrap();
    let changes = found.fixes[0].changes.iter().map(|change| match change {
        Change::Replace { span, text } => (sources.text(*span), text.as_str()),
        other => panic!("{other:?}"),
    });
    assert_eq!(changes.collect::<Vec<_>>(), [("", "# c\n"), (" # c", "")]);
}

#[test]
fn images_without_a_registry_are_told_of_where_the_host_decides() {
    let five = "podman@5.4,rootless";
    let of = |image: &str, more: &str| {
        let text = format!("[Container]\nImage={image}\n{more}\n");
        let (found, _) = look(&[("web.container", &text)], five);
        found.iter().any(|found| found.rule.code == "QG704")
    };
    assert!(of("nginx", "") && of("grafana/grafana:11", "") && of("nginx@sha256:0123", ""));
    assert!(!of("quay.io/a/b", "") && !of("localhost/a", "") && !of("nginx", "Pull=never"));
    assert!(!of("0123456789abcdef", "") && !of("web.build", ""));
}

#[test]
fn whoever_uses_a_refused_unit_is_shown() {
    let network = "[Network]\nInterfaceName=x\n";
    let volume = "[Volume]\nUID=3\n";
    let of = |line: &str| format!("[Container]\nImage=docker.io/library/nginx:1\n{line}\n");
    let (a, b) = (of("Network=n.network:alias=a"), of("Mount=type=volume,source=v.volume,destination=/x"));
    let files = [("n.network", network), ("v.volume", volume), ("a.container", &*a), ("b.container", &*b)];
    let labels = |words: &str| -> Vec<String> {
        let (found, _) = look(&files, words);
        let found = found.iter().filter(|found| found.rule.code == "QG701");
        found.flat_map(|found| found.labels.iter().skip(1).map(|label| label.message.clone())).collect()
    };
    assert_eq!(labels("podman@5.4"), ["a.container is not made either", "b.container does not start without it"]);
    assert_eq!(labels("podman@5.2")[0], "a.container does not start without it");
}

#[test]
fn values_that_are_there_to_be_replaced_are_no_finding_and_others_stand_as_written() {
    const PODMAN: &str = "podman@5.4.2,netavark@1.14,rootless";
    for value in ["YOURPORT:51515", "<port>:80", "xxx:80", "CHANGEME", "HOST_PORT:80", "{{ port }}:80"] {
        assert_eq!(codes(&format!("PublishPort={value}"), PODMAN), [""; 0], "{value}");
    }
    assert_eq!(codes("IP=xxx.xxx.xxx.x", PODMAN), [""; 0]);
    for value in ["Banana", "Banana:80/TCP", "MAX:80", "80:8O"] {
        assert_eq!(codes(&format!("PublishPort={value}"), PODMAN), ["QG003"], "{value}");
    }
    let (found, _) = look(&[("web.container", "[Container]\nImage=x\nPublishPort=Banana:80/TCP\n")], PODMAN);
    let found = found.iter().find(|found| found.rule.code == "QG003").unwrap();
    assert!(found.message.contains("`Banana`"), "{}", found.message);
}
