//! The forms in which units give a container an alias, and on which networks it then counts.

use super::{Row, Written, answer, hold};
use quadgen::network::Wiring;

/// The lines of `c1`, which is on two networks; `a` and `b` are on one each, `ab` is on both.
fn units(lines: &str) -> Vec<(String, String)> {
    let container = |name: &str, lines: &str| {
        let text = format!("[Container]\nImage=localhost/x\nContainerName={name}\n{lines}\n");
        (format!("{name}.container"), text)
    };
    let network = |name: &str, subnet: &str| (format!("{name}.network"), format!("[Network]\nSubnet={subnet}\n"));
    vec![
        network("na", "10.111.0.0/24"),
        network("nb", "10.112.0.0/24"),
        container("c1", lines),
        container("a", "Network=na.network"),
        container("b", "Network=nb.network"),
        container("ab", "Network=na.network\nNetwork=nb.network"),
    ]
}

/// What stands in the unit, and what of `c1`'s names is known where.
const FORMS: &[(&str, &[Row])] = &[
    (
        "Network=na.network:alias=s\nNetwork=nb.network",
        &[
            ("resolves a c1", "yy yy yy y"),
            ("resolves b c1", "yy yy yy y"),
            ("resolves a c1 as s", "yy yy yy y"),
            ("resolves b c1 as s", "nn nn nn n"),
            ("resolves ab c1 as s", "?? yy yy y"),
        ],
    ),
    (
        "Network=na.network:alias=s,alias=s2\nNetwork=nb.network:alias=s3",
        &[
            ("resolves a c1 as s", "yy yy yy y"),
            ("resolves a c1 as s2", "yy yy yy y"),
            ("resolves a c1 as s3", "nn nn nn n"),
            ("resolves b c1 as s", "nn nn nn n"),
            ("resolves b c1 as s3", "yy yy yy y"),
        ],
    ),
    ("NetworkAlias=s\nNetwork=na.network\nNetwork=nb.network", ON_BOTH),
    ("PodmanArgs=--network-alias=s\nNetwork=na.network\nNetwork=nb.network", ON_BOTH),
    ("PodmanArgs=--network-alias s\nNetwork=na.network\nNetwork=nb.network", ON_BOTH),
    // Both forms: the one for all networks takes the other's place.
    ("Network=na.network:alias=s\nNetwork=nb.network:alias=s3\nNetworkAlias=t", OTHER_LOST),
    ("Network=na.network:alias=s\nNetwork=nb.network:alias=s3\nPodmanArgs=--network-alias=t", OTHER_LOST),
    (
        "Network=na.network:alias=s,ip=10.111.0.77",
        &[("resolves a c1 as s", "yy yy yy y"), ("resolves b c1 as s", "nn nn nn n")],
    ),
    // A colon parts nothing.
    (
        "Network=na.network:alias=s:ip=10.111.0.77",
        &[("resolves a c1", "yy yy yy y"), ("resolves a c1 as s", "nn nn nn n")],
    ),
];

const ON_BOTH: &[Row] = &[
    ("resolves a c1 as s", "yy yy yy y"),
    ("resolves b c1 as s", "yy yy yy y"),
    ("resolves ab c1 as s", "yy yy yy y"),
];

const OTHER_LOST: &[Row] = &[
    ("resolves a c1", "yy yy yy y"),
    ("resolves a c1 as t", "yy yy yy y"),
    ("resolves b c1 as t", "yy yy yy y"),
    ("resolves ab c1 as t", "yy yy yy y"),
    ("resolves a c1 as s", "nn nn nn n"),
    ("resolves b c1 as s3", "nn nn nn n"),
];

#[test]
fn each_form_of_an_alias_counts_where_it_was_measured() {
    for (lines, rows) in FORMS {
        let files = units(lines);
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        hold(Written::Units(&files), rows);
    }
}

#[test]
fn a_fixed_address_stands_beside_an_alias() {
    for (lines, address) in [
        ("Network=na.network:alias=s,ip=10.111.0.77", Some("10.111.0.77")),
        ("Network=na.network:alias=s:ip=10.111.0.77", None),
    ] {
        let files = units(lines);
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let written = Written::Units(&files);
        let platform = written.platform("podman@5.4.2,rootless");
        let (stack, ..) = written.read(&platform);
        let fixed = stack.services["c1"].networks[0].ipv4.as_ref().map(|address| address.value.to_string());
        assert_eq!(fixed.as_deref(), address, "{lines}");
        assert_eq!(answer(&Wiring::new(&stack, &platform), "reaches a c1"), 'y', "{lines}");
    }
}
