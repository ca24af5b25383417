//! The tests' own tools: they must see a mistake where one is, or every other check is worth nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::path::Path;
use support::*;

#[test]
fn unquote_splits_as_systemd_does() {
    let cases: [(&str, &[&str]); 13] = [
        ("", &[]),
        ("/usr/bin/podman  run\t-d", &["/usr/bin/podman", "run", "-d"]),
        (r#"--env "A=b c" '' "" end"#, &["--env", "A=b c", "", "", "end"]),
        (r#"--env "Q=a\"b" 'it is "so"' 'a\'b'"#, &["--env", "Q=a\"b", "it is \"so\"", "a'b"]),
        (r#""sh\x20-c" a\x20b 'c\x20d' e\sf"#, &["sh -c", "a b", "c d", "e f"]),
        (r"a\\b \101\t\n \u00e9 \xc3\xa9 \U0001F600", &["a\\b", "A\t\n", "é", "é", "😀"]),
        (r#"a"b c"d'e f'"#, &["ab cde f"]),
        ("50%% %n %%n %%%%", &["50%", "%n", "%n", "%%"]),
        ("5$ $$HOME $HOME $$$$", &["5$", "$HOME", "$HOME", "$$"]),
        (r"\x25\x25n \x24$", &["%n", "$"]),
        // Unknown to systemd, which keeps them.
        (r"\q \x2 \x00 \9 a\", &[r"\q", r"\x2", r"\x00", r"\9", r"a\"]),
        (r"find \; a\;b", &["find", ";", r"a\;b"]),
        ("grüße 'ä ö'", &["grüße", "ä ö"]),
    ];
    for (exec, words) in cases {
        assert_eq!(unquote(exec), words, "{exec}");
    }
}

#[test]
fn units_are_parsed_as_systemd_does() {
    let unit = Unit::parse("[A]\nk = 1 \\\n# no\n  2\n;k=3\nk=\n\n[B]\nk=4\n[A]\nk=a=b\n");
    assert_eq!(unit.values("A", "k"), ["1    2", "", "a=b"]);
    assert_eq!(unit.values("B", "k"), ["4"]);
}

const WEB: &str = "\
[Unit]
Description=Web
[Container]
Image=docker.io/library/nginx:1.27
ContainerName=web
Network=front.network
Environment=\"GREETING=hello world\" PRICE=5$$ PART=10%% \"QUOTE=a\\\"b\"
[Service]
Restart=always
[Install]
WantedBy=default.target
";
const DB: &str = "\
[Unit]
Requires=ready.service
[Container]
Image=docker.io/library/postgres:17
Network=front.network
Exec=postgres -c 'x=a b'
";

fn stack(web: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("web.container", web),
        ("db.container", DB),
        ("front.network", "[Network]\nSubnet=10.1.2.0/24\n"),
        ("ready.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n"),
    ];
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

/// Every generator at hand, rootful and rootless.
fn with_generators(dir: &Path, check: impl Fn(&Generated)) {
    let generators = quadlet_generators();
    if generators.is_empty() {
        missing("the checks that need Quadlet's generators");
    }
    for (_, generator) in generators {
        for rootless in [false, true] {
            check(&generate(&generator, dir, rootless));
        }
    }
}

#[test]
fn a_good_stack_is_generated_and_verified_without_complaint() {
    let dir = stack(WEB);
    with_generators(dir.path(), |generated| {
        assert!(generated.status.success(), "{}", generated.stderr);
        assert_eq!(generated.complaints(), [""; 0]);
        assert_eq!(
            generated.services.keys().collect::<Vec<_>>(),
            ["db.service", "front-network.service", "web.service"]
        );
        let web = generated.services["web.service"].command();
        for word in ["GREETING=hello world", "PRICE=5$", "PART=10%", "QUOTE=a\"b"] {
            assert!(web.iter().any(|found| found == word), "no {word} in {web:?}");
        }
        assert_eq!(generated.services["db.service"].command().last().unwrap(), "x=a b");
        match tool("systemd-analyze") {
            Some(_) => assert_eq!(verify(generated, dir.path()), [""; 0]),
            None => missing("the checks that need systemd-analyze"),
        }
    });
}

#[test]
fn mistakes_are_reported() {
    let planted = WEB
        .replace("Restart=always", "Restart=unless-stopped")
        .replace("Description=", "Wnats=x\nRequires=no.service\nDescription=");
    let dir = stack(&planted);
    with_generators(dir.path(), |generated| {
        assert!(generated.status.success(), "{}", generated.stderr);
        if tool("systemd-analyze").is_none() {
            return missing("the checks that need systemd-analyze");
        }
        let complaints = verify(generated, dir.path());
        assert_eq!(complaints.len(), 3, "{complaints:#?}");
        for part in ["'Wnats' in section [Unit]", "unless-stopped", "Unit no.service not found"] {
            let named = |line: &String| line.starts_with("web.service:") && line.contains(part);
            assert!(complaints.iter().any(named), "{part}: {complaints:#?}");
        }
    });
    let dir = stack(&WEB.replace("ContainerName", "ContainerNmae"));
    with_generators(dir.path(), |generated| {
        assert!(!generated.status.success());
        assert!(generated.complaints().iter().any(|line| line.contains("ContainerNmae")), "{}", generated.stderr);
    });
}

#[test]
fn docker_compose_reads_a_file_or_says_why_not() {
    let Some(docker_compose) = tool("docker-compose") else {
        return missing("the checks that need docker-compose");
    };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("compose.yaml");
    std::fs::write(&file, "services: {web: {image: nginx, ports: ['8080:80']}}").unwrap();
    let (config, stderr) = compose_config(&docker_compose, &file);
    assert_eq!(config["services"]["web"]["ports"][0]["published"], "8080", "{stderr}");
    std::fs::write(&file, "services: {web: {image: nginx, prots: []}}").unwrap();
    let (config, stderr) = compose_config(&docker_compose, &file);
    assert!(config.is_null());
    assert!(stderr.contains("prots"), "{stderr}");
}
