//! One cause gives one finding: which rules speak about a stack, and which step back because another one says it better.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use quadgen::diagnostic::{Diagnostic, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::topology;
use quadgen::rules::{self, Check, Context, RULES};
use quadgen::source::SourceMap;

const RL: &str = "podman@5.4.2,netavark@1.14,rootless";
const RF: &str = "podman@5.4.2,netavark@1.14,rootful";
const CNI: &str = "podman@4.6.2,cni,rootful";
const SIX: &str = "podman@6.1,netavark@2.1,rootful";
const D: &str = "docker@28.5.2";
const OLD_D: &str = "docker@26.1.5";

/// What is found on some platforms: by all rules, or by one alone.
fn findings(text: &str, platforms: &[&str], only: Option<&str>) -> Vec<Diagnostic> {
    let text = text
        .replace("N:", "networks:")
        .replace("I: ", "driver_opts: {isolate: 'true'}")
        .replace(": {networks", ": {image: x, networks")
        .replace(": {network_mode", ": {image: x, network_mode");
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", text.clone());
    let read = topology::read(sources.file(file));
    assert!(read.diagnostics.is_empty(), "{text}\n{:?}", read.diagnostics);
    let stack = read.stack.unwrap();
    let platforms: Vec<Platform> =
        platforms.iter().map(|words| Platform::resolve(*words, parse_spec(words).unwrap(), Format::Topology)).collect();
    let wirings: Vec<Wiring<'_>> = platforms.iter().map(|platform| Wiring::new(&stack, platform)).collect();
    let context = Context::new(&stack, &wirings);
    let mut sink = Sink::default();
    match only {
        None => rules::check(&context, &mut sink),
        Some(code) => {
            let (_, check) = RULES.iter().find(|(rule, _)| rule.code == code).unwrap();
            let (Check::Stack(check) | Check::Behind(check)) = check else { panic!("{code} looks at no stack") };
            check(&context, &mut sink);
        }
    }
    sink.finish(&sources)
}

/// `QG201 error`, sorted, of the rules in question.
fn told(text: &str, platforms: &[&str], codes: &[&str]) -> Vec<String> {
    let found = findings(text, platforms, None);
    let found = found.iter().filter(|found| codes.contains(&found.rule.code));
    let mut told: Vec<String> =
        found.map(|found| format!("{} {}", &found.rule.code[2..], found.severity.word())).collect();
    told.sort();
    told
}

#[test]
fn what_takes_a_service_past_its_networks_is_said_once() {
    let codes = ["QG201", "QG206", "QG207", "QG209", "QG210"];
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "networks: {a: {}}\nservices: {w: {network_mode: host, internet: deny, host: deny, deny: [db]}, db: {N: [a]}}",
            RF,
            &["207 error"],
        ),
        // Rootless, the host does not reach the container: that intent holds, and the others do not.
        ("networks: {a: {}}\nservices: {w: {network_mode: host, deny: [db]}, db: {N: [a]}}", RL, &[]),
        (
            "networks: {a: {}}\nservices: {h: {network_mode: host}, w: {network_mode: 'service:h', internet: deny}}",
            D,
            &["207 error"],
        ),
        ("services: {w: {network_mode: 'container:foo', internet: deny, host: deny}}", D, &["207 error"]),
        (
            "services: {v: {network_mode: 'container:foo', deny: [w]}, w: {network_mode: 'container:foo'}}",
            D,
            &["207 error"],
        ),
        // What a container of another stack reaches is no question where nobody asks.
        ("services: {w: {network_mode: 'container:foo'}}", D, &[]),
        (
            "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, privileged: true}}",
            RL,
            &["207 error"],
        ),
        // The network leads out anyhow.
        ("networks: {a: {}}\nservices: {w: {N: [a], internet: deny, privileged: true}}", RL, &["201 error"]),
        // Of one intent about two services each has its own cause.
        (
            "networks: {a: {}}\nservices: {h: {network_mode: host}, w: {N: [a]}, db: {N: [a]}}\ndeny: ['[h, w] -> db']",
            RF,
            &["207 error", "210 error"],
        ),
        (
            "networks: {a: {}, b: {internal: true}}\nservices: {p: {N: [b], privileged: true}, w: {N: [a]}, db: {N: [a]}}\ndeny: ['[p, w] -> db']",
            RF,
            &["206 info", "207 error", "210 error"],
        ),
        // Who shares the host's network with the target is not the one that is kept in.
        ("networks: {a: {}}\nservices: {w: {N: [a], deny: [h]}, h: {network_mode: host}}", RF, &["210 error"]),
        (
            "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, volumes: ['/var/run/docker.sock:/s']}}",
            RL,
            &["209 warning"],
        ),
        (
            "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, use_api_socket: true}}",
            D,
            &["206 info", "209 warning"],
        ),
        (
            "networks: {a: {}}\nservices: {w: {N: [a], internet: deny, volumes: ['/var/run/docker.sock:/s']}}",
            RL,
            &["201 error", "209 warning"],
        ),
        ("networks: {a: {}}\nservices: {w: {N: [a], volumes: ['/var/run/docker.sock:/s']}}", RL, &["209 info"]),
        // A folder that may hold the socket is not the socket: nobody knows.
        (
            "networks: {a: {internal: true}}\nservices: {w: {N: [a], internet: deny, volumes: ['/run/user/1000/podman:/p']}}",
            RL,
            &["201 warning"],
        ),
        ("networks: {a: {internal: true}}\nservices: {w: {N: [a], host: deny}}", RF, &["206 error"]),
        ("networks: {a: {internal: true}}\nservices: {w: {N: [a], host: deny}}", RL, &[]),
        ("networks: {a: {internal: true}}\nservices: {w: {N: [a], host: deny}}", CNI, &[]),
        ("networks: {a: {internal: true}}\nservices: {w: {N: [a]}}\ndeny: ['w -> host']", D, &["206 error"]),
        // One of the two is on an ordinary network, too.
        (
            "networks: {a: {}, b: {internal: true}}\nservices: {v: {N: [b]}, w: {N: [a, b]}}\ndeny: ['[v, w] -> host']",
            RF,
            &["206 error", "210 error"],
        ),
        ("networks: {a: {internal: true}}\nservices: {w: {N: [a]}}", RF, &["206 info"]),
        // Who needs the host is not surprised that it is there.
        (
            "networks: {a: {internal: true}}\nhost_services: {o: {port: 80}}\nservices: {w: {N: [a], connects: [host.o]}}",
            RF,
            &[],
        ),
        ("networks: {a: {internal: true, external: true}}\nservices: {w: {N: [a]}}", RF, &[]),
    ];
    for (text, platform, expected) in cases {
        assert_eq!(told(text, &[platform], &codes), *expected, "{text}\non {platform}");
    }
}

#[test]
fn isolation_without_effect_is_said_once() {
    let codes = ["QG203", "QG204", "QG210"];
    let cases: &[(&str, &str, &[&str])] = &[
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a]}, db: {N: [b]}}", RL, &["204 warning"]),
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a]}, db: {N: [b]}}", CNI, &["204 warning"]),
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a]}, db: {N: [b]}}", SIX, &[]),
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a]}, db: {N: [b]}}", D, &[]),
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a]}, db: {N: [b]}}", "podman@5.4,compose", &[]),
        // Two have it: it has its effect, and the third may be open on purpose.
        (
            "networks: {a: {I: }, b: {I: }, c: {}}\nservices: {w: {N: [a]}, db: {N: [b]}, x: {N: [c]}}",
            RL,
            &["203 info"],
        ),
        ("networks: {a: {I: }, b: {I: }}\nservices: {w: {N: [a]}, db: {N: [b]}}", RL, &[]),
        // Nobody is there, or nothing is known of it.
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a]}}", RL, &[]),
        ("networks: {a: {I: }, b: {external: true}}\nservices: {w: {N: [a]}, db: {N: [b]}}", RL, &[]),
        ("networks: {a: {I: }, b: {internal: true}}\nservices: {w: {N: [a]}, db: {N: [b]}}", RL, &[]),
        ("networks: {a: {driver_opts: {isolate: strict}}, b: {}}\nservices: {w: {N: [a]}, db: {N: [b]}}", RL, &[]),
        (
            "networks: {a: {driver_opts: {isolate: strict}}}\nservices: {w: {N: [a]}}",
            "podman@4.3.1,netavark@1.4,rootful",
            &["204 error"],
        ),
        // Go's other words for it.
        ("networks: {a: {driver_opts: {isolate: '1'}}, b: {I: }}\nservices: {w: {N: [a]}, db: {N: [b]}}", RL, &[]),
        // quadgen isolates the other one, because an intent wants it.
        ("networks: {a: {I: }, b: {}}\nservices: {w: {N: [a], deny: [db]}, db: {N: [b]}}", RL, &[]),
        // It does not, because a connection needs the way; the broken intent is the finding.
        (
            "networks: {a: {I: }, b: {}}\nservices: {v: {N: [a], connects: [db]}, w: {N: [a], deny: [db]}, db: {N: [b]}}",
            RL,
            &["203 error"],
        ),
    ];
    for (text, platform, expected) in cases {
        assert_eq!(told(text, &[platform], &codes), *expected, "{text}\non {platform}");
    }
}

#[test]
fn a_wall_that_is_a_program_is_said_once() {
    let messages = |text: &str, platform: &str| -> Vec<String> {
        findings(text, &[platform], Some("QG205")).into_iter().map(|found| found.message).collect()
    };
    let both = "networks: {f: {}, b: {internal: true}, c: {internal: true}}\nservices: {p: {N: [f, b, c]}, d: {N: [b]}, e: {N: [c]}}";
    assert_eq!(
        messages(both, D),
        ["`p` joins `b` and `c`, which are internal, to the internet: its program is the wall for `d` and `e`"]
    );
    let two = "networks: {f: {}, b: {internal: true}}\nservices: {p: {N: [f, b]}, q: {N: [b, f]}, d: {N: [b]}}";
    assert_eq!(
        messages(two, RL),
        ["`p` and `q` join `b`, which is internal, to the internet: their programs are the wall for `d`"]
    );
    let strict =
        "networks: {f: {}, b: {driver_opts: {isolate: strict}}}\nservices: {p: {N: [f, b]}, d: {N: [b]}, w: {N: [f]}}";
    assert_eq!(messages(strict, RF), ["`p` joins `b`, which is isolated, to `w`: its program is the wall for `d`"]);
    // Without effect it is no wall; nobody is kept; nobody knows.
    for text in [
        "networks: {f: {}, b: {I: }}\nservices: {p: {N: [f, b]}, d: {N: [b]}, w: {N: [f]}}",
        "networks: {f: {}, b: {internal: true}}\nservices: {p: {N: [f, b]}, d: {N: [f, b]}}",
        "networks: {f: {}, b: {internal: true}}\nservices: {p: {N: [f, b]}, d: {network_mode: 'service:p'}}",
        "networks: {f: {external: true}, b: {internal: true}}\nservices: {p: {N: [f, b]}, d: {N: [b]}}",
    ] {
        assert_eq!(messages(text, RF), [""; 0], "{text}");
    }
}

#[test]
fn a_way_out_is_undecided_where_nothing_decides_it() {
    let net = |options: &str| {
        format!("networks: {{a: {{}}, b: {options}}}\nservices: {{w: {{N: [a, b]}}, v: {{N: [b, a]}}}}")
    };
    let cases: &[(&str, &str, &[&str])] = &[
        ("{}", RF, &["506 info"]),
        ("{}", RL, &["506 info"]),
        ("{}", CNI, &["506 info"]),
        ("{}", SIX, &[]),
        ("{}", D, &[]),
        ("{internal: true}", RF, &[]),
        ("{external: true}", RF, &[]),
        ("{driver: macvlan}", RF, &[]),
        ("{driver_opts: {metric: '50'}}", RF, &[]),
        ("{driver_opts: {metric: '200'}}", RF, &[]),
        ("{driver_opts: {metric: '100'}}", RF, &["506 info"]),
        ("{driver_opts: {metric: '50'}}", CNI, &[]),
        ("{driver_opts: {no_default_route: '1'}}", RF, &[]),
        ("{driver_opts: {no_default_route: 'false'}}", RF, &["506 info"]),
    ];
    for (options, platform, expected) in cases {
        assert_eq!(told(&net(options), &[platform], &["QG506"]), *expected, "{options} on {platform}");
    }
    let stated = |first: i64, second: i64| {
        format!(
            "networks: {{a: {{}}, b: {{}}}}\nservices: {{w: {{N: {{a: {{gw_priority: {first}}}, b: {{gw_priority: {second}}}}}}}}}"
        )
    };
    let cases: &[(i64, i64, &str, &[&str])] = &[
        (0, 1, RF, &["506 warning"]),
        (0, 1, RL, &["506 info"]),
        (0, 1, SIX, &["506 warning"]),
        (0, 1, D, &[]),
        (0, 1, OLD_D, &["506 warning"]),
        // It is the first by name anyhow.
        (1, 0, OLD_D, &[]),
        (-1, 0, OLD_D, &["506 warning"]),
        // Nobody goes before the other.
        (1, 1, OLD_D, &[]),
        (1, 1, RF, &["506 info"]),
    ];
    for (first, second, platform, expected) in cases {
        assert_eq!(told(&stated(*first, *second), &[platform], &["QG506"]), *expected, "{first} {second} {platform}");
    }
}

/// A folder of units, as `quadgen lint` sees it.
fn lint(folder: &std::path::Path, platform: &str, code: &str) -> serde_json::Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_quadgen"))
        .args(["lint", "--format", "json", "--select", code, "--on", platform, "."])
        .current_dir(folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_edits_of_units_mend_what_was_found() {
    let unit = |rest: &str| format!("[Container]\nImage=docker.io/library/nginx:1.27\n{rest}\n");
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, String)]);
    let cases: &[Case<'_>] = &[
        (
            "QG204",
            RL,
            &[
                ("a.network", "# the first\n[Network]\nOptions=isolate=true\n".to_owned()),
                ("b.network", "[Network]\nSubnet=10.9.0.0/24\n".to_owned()),
                ("c.network", "[Network]".to_owned()),
                ("w.container", unit("Network=a.network")),
                ("x.container", unit("Network=b.network\nNetwork=c.network")),
            ],
        ),
        ("QG209", RL, &[("w.container", unit("Volume=/run/docker.sock:/var/run/docker.sock:ro"))]),
        (
            "QG506",
            RF,
            &[
                ("a.network", "[Network]\n".to_owned()),
                ("b.network", "[Network]\n".to_owned()),
                ("w.container", unit("Network=b.network\nNetwork=a.network")),
            ],
        ),
    ];
    for (code, platform, files) in cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in *files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let found = lint(folder.path(), platform, code);
        let finding = &found["findings"][0];
        let mut edits: Vec<(String, usize, usize, String)> = Vec::new();
        for edit in finding["fixes"][0]["edits"].as_array().unwrap_or_else(|| panic!("{code} mends nothing: {found}")) {
            let number = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
            let text = |key: &str| edit[key].as_str().unwrap().to_owned();
            edits.push((text("file"), number("start"), number("end"), text("text")));
        }
        for (file, start, end, text) in edits {
            let path = folder.path().join(file);
            let mut old = std::fs::read_to_string(&path).unwrap();
            old.replace_range(start..end, &text);
            std::fs::write(&path, old).unwrap();
        }
        let left = lint(folder.path(), platform, code);
        let loud = left["findings"].as_array().unwrap();
        // The socket is still a socket.
        let expected = usize::from(*code == "QG209");
        assert_eq!(loud.len(), expected, "{code}: {left}");
        assert!(loud.iter().all(|finding| finding["severity"] == "info"), "{code}: {left}");
    }
}

#[test]
fn an_edit_for_isolation_is_safe_only_where_it_takes_nothing_away() {
    let (netavark_1_4, three) = ("podman@4.6.2,netavark@1.4,rootless", ["a", "b", "c"]);
    let port = "PublishPort=8080:80";
    let need = "Environment=Y_URL=http://wb:80";
    // The platform, the networks, what `wa`, `wb` and `wc` say beside, what is written, and whether it is safe.
    type Case<'a> = (&'a str, &'a [&'a str], [&'a str; 3], &'a str, bool);
    let cases: &[Case<'_>] = &[
        // Strict isolation leaves the others as they are.
        (RL, &three, [""; 3], "strict", true),
        (RL, &three, ["", "", need], "strict", true),
        (RL, &three, [need, "", ""], "strict", false),
        (RL, &three, ["", port, ""], "strict", true),
        (RF, &three, ["", port, ""], "strict", false),
        (RF, &three, ["", "PublishPort=127.0.0.1:8080:80", ""], "strict", true),
        // That it is known rests on a word that nobody wrote.
        ("podman@5.4,rootless", &three, [""; 3], "strict", false),
        // Each of the others gets it, and is cut off from the rest.
        (netavark_1_4, &three, [""; 3], "\nOptions=isolate=true", false),
        (netavark_1_4, &["a", "b"], [""; 3], "\nOptions=isolate=true", true),
        (netavark_1_4, &["a", "b"], [need, "", ""], "\nOptions=isolate=true", false),
        (CNI, &["a", "b"], [""; 3], "\nOptions=isolate=true", true),
        (CNI, &["a", "b"], [port, "", ""], "\nOptions=isolate=true", false),
    ];
    for (platform, networks, beside, text, safe) in cases {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: String, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        for (network, beside) in networks.iter().zip(beside) {
            let option = if *network == "a" { "Options=isolate=true\n" } else { "" };
            write(format!("{network}.network"), format!("[Network]\n{option}"));
            let head = format!("[Container]\nContainerName=w{network}\nImage=x\nNetwork={network}.network");
            write(format!("w{network}.container"), format!("{head}\n{beside}\n"));
        }
        let found = lint(folder.path(), platform, "QG204");
        let fix = &found["findings"][0]["fixes"][0];
        let told = format!("{platform} {beside:?}: {fix}");
        assert_eq!(fix["safe"], *safe, "{told}");
        let edits = fix["edits"].as_array().unwrap();
        assert!(edits.iter().all(|edit| edit["text"] == *text), "{told}");
        assert_eq!(edits.len(), if *text == "strict" { 1 } else { networks.len() - 1 }, "{told}");
    }
}

#[test]
fn help_fits_where_it_is_given() {
    let helps = |text: &str, platform: &str, code: &str| -> Vec<String> {
        let found = findings(text, &[platform], Some(code));
        assert_eq!(found.len(), 1, "{code}: {found:#?}");
        found.into_iter().flat_map(|found| found.help).map(|help| help.text).collect()
    };
    // A proxy of the socket is not told to have one.
    let socket = |image: &str| {
        format!(
            "networks: {{a: {{}}}}\nservices: {{w: {{image: {image}, N: [a], volumes: ['/var/run/docker.sock:/s']}}}}"
        )
    };
    let of_its_own = |helps: &[String]| helps.iter().any(|help| help.contains("a proxy of its own"));
    assert!(of_its_own(&helps(&socket("traefik"), D, "QG209")));
    assert!(!of_its_own(&helps(&socket("lscr.io/linuxserver/socket-proxy"), D, "QG209")));
    // What helps under CNI only it is told to.
    let dns = "networks: {a: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}\nservices: {w: {N: [a], dns: [10.9.0.1]}}";
    assert!(helps(dns, CNI, "QG110").iter().any(|help| help.contains("CNI)")));
    assert!(!helps(dns, RF, "QG110").iter().any(|help| help.contains("CNI)")));
    // Each reason is followed by what is seen of it.
    let kinds = helps("networks: {a: {}}\nservices: {w: {N: [a], ports: ['53:53/udp']}}", RF, "QG409");
    let kinds: Vec<&str> = kinds.iter().filter_map(|help| Some(help.split_once(':')?.0)).collect();
    assert_eq!(kinds, ["Why", "What you see", "Why", "What you see", "What helps"]);
}

#[test]
fn what_works_elsewhere_only_is_said_where_nobody_else_says_it() {
    let codes = ["QG803"];
    let apart = "networks: {a: {I: }, b: {I: }}\nservices: {w: {N: [a], environment: {U: 'http://host.containers.internal:8080'}}, api: {N: [b], ports: ['8080:80']}}";
    let own = "networks: {a: {}}\nservices: {w: {N: [a], ports: ['8080:80'], environment: {U: 'http://host.containers.internal:8080'}}}";
    let by_name = "networks: {a: {}, b: {}}\nservices: {w: {N: [a, b], connects: [db]}, x: {N: [a]}, db: {N: [b]}}";
    let cases: &[(&str, &[&str], &[&str])] = &[
        (apart, &[RF, RL], &["803 warning"]),
        // Where it works nowhere, or everywhere, nothing differs.
        (apart, &[RF], &[]),
        (apart, &[RL], &[]),
        (apart, &[RL, "podman@6.1,netavark@2.1,rootless"], &[]),
        (own, &[RF, RL], &["803 warning"]),
        (own, &[RF, "podman@4.6.2,cni,rootful"], &["803 warning"]),
        (own, &[RL, "podman@4.6.2,cni,rootful"], &[]),
        // QG101 says why.
        (by_name, &[CNI, D, RF], &[]),
    ];
    for (text, platforms, expected) in cases {
        assert_eq!(told(text, platforms, &codes), *expected, "{text}\non {platforms:?}");
    }
    // Alone, it says it itself, once for each platform that lacks the connection.
    let alone = findings(by_name, &[CNI, D, RF], Some("QG803"));
    assert_eq!(alone.len(), 1, "{alone:#?}");
    assert_eq!(alone[0].platforms, [CNI]);
    assert_eq!(alone[0].message, format!("`w` reaches `db` on `{D}` and `{RF}`, and not here"));
}
