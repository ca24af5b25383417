//! By which names a container is found, on one network and on several, in a pod, and through a hosts file.

use super::{Row, Written, hold};

/// Names of every kind. `cli` and `other` each are on one network, `two` is on both.
const STACK: &str = r#"
networks:
  neta: {}
  netb: {}
services:
  cli: { image: x, networks: [neta] }
  other: { image: x, networks: [netb] }
  two: { image: x, networks: [neta, netb] }
  web: { image: x, networks: { neta: { aliases: [alias, Upper.Dot] } }, container_name: web1, hostname: hostweb }
  dual: { image: x, networks: { neta: { aliases: [everywhere, here] }, netb: { aliases: [everywhere, there] } } }
  under_score: { image: x, networks: [neta] }
  outer: { image: x, networks: [neta], container_name: ext.example }
  r1: { image: x, networks: { neta: { aliases: [pool] } } }
  r2: { image: x, networks: { neta: { aliases: [pool, alias2] } } }
  r3: { image: x, networks: { netb: { aliases: [alias2] } } }
  domain: { image: x, networks: [neta], hostname: web2h, domainname: dom.test }
  exposed: { image: x, networks: [neta], expose: ["9999"] }
"#;

const TABLE: &[Row] = &[
    // the container's name, and its other names
    ("resolves cli web as web1", "yy yy yy y yyy"),
    ("resolves cli web as WEB1", "yy yy yy y yyy"),
    ("resolves cli web as alias", "yy yy yy y yyy"),
    ("resolves cli web as upper.dot", "yy yy yy y yyy"),
    ("resolves cli web as hostweb", "nn nn yy y yyy"),
    ("resolves cli web as short-id", "yy yy yy y yyy"),
    ("resolves cli web as 15a51e8049117145dbe9d99708280be26fe9fdd0fa38a03b91df51eb7dd20bf5", "nn nn nn n nnn"),
    ("resolves cli under_score", "yy yy yy y yyy"),
    // itself
    ("resolves web web as web1", "yy yy yy y yyy"),
    ("resolves web web as alias", "yy yy yy y yyy"),
    // what stands behind a name
    ("resolves cli web as web1.dns.podman", "yy yy yy y .n."),
    ("resolves cli web as alias.dns.podman", "yy yy yy y .n."),
    ("resolves cli web as web1.neta", ".. .. n. . yyy"),
    ("resolves cli web as alias.neta", ".. .. n. . yyy"),
    ("resolves cli domain as web2h", "nn nn yy y yyy"),
    ("resolves cli domain as web2h.dom.test", ".. .. .. . nnn"),
    // A name of the internet that a container has goes before it.
    ("resolves cli outer as ext.example", ".. .. .. . yyy"),
    // no network in common
    ("resolves other web as web1", "nn nn nn n nnn"),
    ("resolves other web as short-id", "nn nn nn n nnn"),
    // an alias on both networks, and on one of them
    ("resolves cli dual as everywhere", "yy yy yy y yyy"),
    ("resolves other dual as everywhere", "yy yy yy y yyy"),
    ("resolves two dual as everywhere", "yy yy yy y yyy"),
    ("resolves cli dual as here", "yy yy yy y yyy"),
    ("resolves other dual as here", "nn nn nn n nnn"),
    ("resolves cli dual as there", "nn nn nn n nnn"),
    ("resolves other dual as there", "yy yy yy y yyy"),
    // A dual-homed client needs the right server for an alias of one network, whoever has it.
    ("resolves two dual as here", "?? yy yy y yyy"),
    ("resolves two web as alias", "?? yy yy y yyy"),
    ("resolves two dual", "yy yy yy y yyy"),
    // One alias of two containers is the address of either.
    ("resolves cli r1 as pool", "?? ?? ?? ? ???"),
    ("resolves cli r2 as pool", "?? ?? ?? ? ???"),
    ("resolves cli r2", "yy yy yy y yyy"),
    // The same on two networks: each side has its own.
    ("resolves cli r2 as alias2", "yy yy yy y yyy"),
    ("resolves other r3 as alias2", "yy yy yy y yyy"),
    // Docker takes the first network by name, and Podman whichever answers first, or both.
    ("resolves two r2 as alias2", "?? ?? ?? ? yyy"),
    ("resolves two r3 as alias2", "?? ?? ?? ? nnn"),
    // `expose` is for readers: every port is open on the same network.
    ("reaches cli exposed", "yy yy yy y yyy"),
    ("reaches cli web", "yy yy yy y yyy"),
];

#[test]
fn a_container_is_found_by_the_names_that_were_measured() {
    hold(Written::Topology(STACK), TABLE);
}

/// What a client sets for itself.
const SETTINGS: &str = r#"
networks:
  neta: { ipam: { config: [{ subnet: 10.101.0.0/24 }] } }
  netb: { ipam: { config: [{ subnet: 10.102.0.0/24 }] } }
services:
  web: { image: x, networks: { neta: { ipv4_address: 10.101.0.7 } } }
  db: { image: x, networks: { netb: { ipv4_address: 10.102.0.7 } } }
  hosts: { image: x, networks: [neta, netb], extra_hosts: ["db:10.102.0.7"] }
  written: { image: x, networks: [neta, netb], extra_hosts: ["web:10.101.0.7", "db:10.102.0.7"] }
  stale: { image: x, networks: [neta, netb], extra_hosts: ["db:10.102.0.9"] }
  asks: { image: x, networks: [neta], dns: [10.9.9.9] }
  asks2: { image: x, networks: [neta, netb], dns: [10.101.0.1, 10.102.0.1] }
  turns: { image: x, networks: [neta, netb], dns_opt: [rotate] }
"#;

const SETTINGS_TABLE: &[Row] = &[
    // The hosts file goes before every server, and helps for what stands in it.
    ("resolves hosts db", "yy yy yy y yyy"),
    ("resolves hosts web", "?? yy yy y yyy"),
    ("resolves written web", "yy yy yy y yyy"),
    // An address that is not known to be the target's: who has it was not measured.
    ("resolves stale db", "-- -- -- - ---"),
    // Servers of one's own stand behind the runtime's; under CNI they take its place, and whom they know is theirs.
    ("resolves asks web", "-- yy yy y yyy"),
    ("resolves asks2 web", "-- yy yy y yyy"),
    ("resolves asks2 db", "-- yy yy y yyy"),
    // `rotate` does not change whose answer is final.
    ("resolves turns web", "?? yy yy y yyy"),
    ("resolves turns db", "?? yy yy y yyy"),
];

#[test]
fn settings_of_a_client_help_as_measured() {
    hold(Written::Topology(SETTINGS), SETTINGS_TABLE);
}

/// A network without DNS, which only units can say.
const OFF: &[(&str, &str)] = &[
    ("off.network", "[Network]\nDisableDNS=true\n"),
    ("on.network", "[Network]\n"),
    ("a.container", "[Container]\nImage=localhost/x\nContainerName=a\nNetwork=off.network\n"),
    ("b.container", "[Container]\nImage=localhost/x\nContainerName=b\nNetwork=off.network\n"),
    ("c.container", "[Container]\nImage=localhost/x\nContainerName=c\nNetwork=off.network\nNetwork=on.network\n"),
    ("d.container", "[Container]\nImage=localhost/x\nContainerName=d\nNetwork=on.network\n"),
];

const OFF_TABLE: &[Row] = &[
    ("resolves a b", "n. n. n. n"),
    ("resolves a b as short-id", "n. n. n. n"),
    ("reaches a b", "yy yy yy y"),
    ("resolves a c", "n. n. n. n"),
    ("resolves c d", "y. y. y. y"),
];

#[test]
fn a_network_without_dns_has_no_names() {
    hold(Written::Units(OFF), OFF_TABLE);
}

/// A pod, and containers in the network of another.
const POD: &[(&str, &str)] = &[
    ("n.network", "[Network]\n"),
    ("pd.pod", "[Pod]\nPodName=pd\nNetwork=n.network\nPublishPort=18090:80\n"),
    ("inpod.container", "[Container]\nImage=localhost/x\nContainerName=inpod\nPod=pd.pod\n"),
    ("second.container", "[Container]\nImage=localhost/x\nContainerName=second\nPod=pd.pod\n"),
    ("cli.container", "[Container]\nImage=localhost/x\nContainerName=cli\nNetwork=n.network\n"),
    ("beside.container", "[Container]\nImage=localhost/x\nContainerName=beside\nNetwork=cli.container\n"),
];

const POD_TABLE: &[Row] = &[
    // From outside the pod's name is the only one.
    ("resolves cli pd.pod as pd", "yy yy yy y"),
    ("resolves cli inpod as pd", "yy yy yy y"),
    ("resolves cli inpod", "nn nn nn n"),
    ("resolves cli pd.pod as pd-infra", "nn nn nn n"),
    ("resolves cli inpod as short-id", "nn nn nn n"),
    // Inside, the members stand in the hosts file that they share.
    ("resolves inpod second", "yy yy yy y"),
    ("resolves inpod pd.pod as pd", "yy yy yy y"),
    ("resolves inpod pd.pod as pd-infra", "yy yy yy y"),
    ("resolves inpod cli", "yy yy yy y"),
    ("reaches cli inpod", "yy yy yy y"),
    ("reaches inpod second", "yy yy yy y"),
    ("published pd.pod", "yy yy yy y"),
    // So do those of a container that lives in another's network; outside it is known by that one's name.
    ("resolves inpod beside", "nn nn nn n"),
    ("resolves inpod beside as cli", "yy yy yy y"),
    ("resolves cli beside", "yy yy yy y"),
    ("resolves beside cli", "yy yy yy y"),
    ("resolves beside inpod as pd", "yy yy yy y"),
];

#[test]
fn a_pod_is_one_address_with_the_names_that_were_measured() {
    hold(Written::Units(POD), POD_TABLE);
}
