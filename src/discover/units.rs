//! What a unit file refers to and what it claims, read line by line: enough to see what belongs together. The reader of
//! units proper is `read::quadlet`.

use memchr::{memchr, memchr_iter};

use crate::model::UnitKind;
use crate::syntax::unit::Tree;

/// A unit as far as grouping needs it.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    /// The name of its file.
    pub name: String,
    /// The units that it refers to, by file name: networks, volumes, pods, images, builds.
    pub refers: Vec<String>,
    /// The systemd services and units that it names in its dependencies.
    pub depends: Vec<String>,
    /// What no two units of one host may both have: names of containers and pods, ports of the host.
    pub claims: Vec<String>,
    /// The service that is made of it.
    pub service: String,
}

/// Keys whose first part, up to `:` or `,`, may name a unit.
const REFERRING: [&str; 5] = ["Network", "Volume", "Pod", "Image", "Rootfs"];
/// Keys that list other services.
const DEPENDING: [&str; 11] = [
    "After",
    "Before",
    "Requires",
    "Requisite",
    "Wants",
    "BindsTo",
    "PartOf",
    "Upholds",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
];

/// Reads a unit's text. `file` is its name.
pub(super) fn read(file: &str, text: &str) -> Unit {
    let mut unit = Unit { name: file.to_owned(), service: service(file), ..Unit::default() };
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim_end(), value.trim());
        match key {
            "ContainerName" | "PodName" => unit.claims.push(format!("container {value}")),
            "PublishPort" => unit.claims.extend(host_port(value).map(|port| format!("port {port}"))),
            "ServiceName" => unit.service = format!("{value}.service"),
            "Mount" => {
                let source = value
                    .split(',')
                    .find_map(|part| part.trim().strip_prefix("source=").or_else(|| part.trim().strip_prefix("src=")));
                unit.refers.extend(source.filter(|name| is_unit(name)).map(str::to_owned));
            }
            _ if section == "Unit" && DEPENDING.contains(&key) => {
                for word in value.split_whitespace() {
                    let named = if is_unit(word) { &mut unit.refers } else { &mut unit.depends };
                    named.push(word.to_owned());
                }
            }
            _ if REFERRING.contains(&key) => {
                let name = value.split([':', ',']).next().unwrap_or("").trim();
                // `Network=x.container` joins that container's network.
                unit.refers.extend(is_unit(name).then(|| name.to_owned()));
            }
            _ => {}
        }
    }
    unit
}

/// Whether a word is the file name of a unit; paths and images are none.
fn is_unit(word: &str) -> bool {
    !word.contains('/') && UnitKind::of_file(word).is_some()
}

/// The service that is made of a unit where nothing else is said.
fn service(file: &str) -> String {
    match UnitKind::of_file(file) {
        Some((stem, UnitKind::Container | UnitKind::Kube)) => format!("{stem}.service"),
        Some((stem, kind)) => format!("{stem}-{}.service", kind.extension()),
        None => String::new(),
    }
}

/// The one port of the host that is taken on every address: `8080:80`, not `127.0.0.1:8080:80` and not `80`.
fn host_port(value: &str) -> Option<String> {
    let (ports, protocol) = value.split_once('/').unwrap_or((value, "tcp"));
    let (host, _) = ports.split_once(':').filter(|(_, rest)| !rest.contains(':'))?;
    host.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("{host}/{protocol}"))
}

/// The names in brackets that stand alone on a line.
fn sections(text: &str) -> impl Iterator<Item = &str> {
    memchr_iter(b'[', text.as_bytes()).filter_map(|at| {
        let before = text.get(..at)?;
        let begins = |before: &str| before.is_empty() || before.as_bytes().last() == Some(&b'\n');
        let alone = begins(before) || begins(before.trim_end_matches(|c: char| c.is_whitespace() && c != '\n'));
        let rest = text.get(at + 1..).filter(|_| alone)?;
        let end = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        rest.get(..end)?.trim_end().strip_suffix(']')
    })
}

/// Whether a text with a unit's ending is one. Other programs use the same endings: networkd, Perl, Meson, disk images.
/// Where its `lines` are known, sections need not be looked for.
pub(super) fn is_quadlet(text: &str, lines: Option<&Tree>, kind: UnitKind) -> bool {
    // A network or volume needs no words.
    let is_bare = || matches!(kind, UnitKind::Network | UnitKind::Volume) && !text.contains('\0');
    if let Some(lines) = lines {
        return if lines.sections.is_empty() {
            is_bare()
        } else {
            are_quadlet(lines.sections.iter().map(|(name, _)| name.as_str()), kind)
        };
    }
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    first.map_or_else(is_bare, |line| line.starts_with('[') && are_quadlet(sections(text), kind))
}

/// Whether sections are those of a unit.
fn are_quadlet<'t>(sections: impl Iterator<Item = &'t str>, kind: UnitKind) -> bool {
    let own = [kind.section(), "Unit", "Service", "Install", "Quadlet"];
    let mut any = false;
    for section in sections {
        if section == "Match" {
            return false;
        }
        any |= own.contains(&section);
    }
    any
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::read;
    use crate::model::UnitKind;
    use crate::syntax::unit::parse_alike;

    /// With its lines and without, it is the same.
    fn is_quadlet(text: &str, kind: UnitKind) -> bool {
        let is = super::is_quadlet(text, None, kind);
        if let Some(lines) = parse_alike(text) {
            assert_eq!(super::is_quadlet(text, Some(&lines), kind), is, "{text}");
        }
        is
    }

    #[test]
    fn references_and_claims() {
        let text = "[Unit]\nAfter=db.container cache.service\nRequires = old.network\n[Container]\nImage=app.build\n\
                    Network=web.network:alias=x\nNetwork=host\nVolume=data.volume:/data:Z\nVolume=/srv:/srv\n\
                    Mount=type=volume,source=more.volume,target=/m\n#Pod=no.pod\nContainerName=web\n\
                    PublishPort=8080:80\nPublishPort=53:53/udp\nPublishPort=127.0.0.1:9:9\nPublishPort=80\n";
        let unit = read("web.container", text);
        assert_eq!(
            unit.refers,
            ["db.container", "old.network", "app.build", "web.network", "data.volume", "more.volume"]
        );
        assert_eq!(unit.depends, ["cache.service"]);
        assert_eq!(unit.claims, ["container web", "port 8080/tcp", "port 53/udp"]);
        assert_eq!(unit.service, "web.service");
        assert_eq!(read("a.pod", "[Pod]\n").service, "a-pod.service");
        assert_eq!(read("a.pod", "[Pod]\nServiceName=b\n").service, "b.service");
    }

    proptest! {
        #[test]
        fn what_a_text_is_does_not_depend_on_its_lines_being_known(
            lines in vec(select(&["[Network]", "[Unit]", "[Match]", "[X]", "[]", "A=b", "# c", "; c", "", "x", "[A=b"][..]), 0..6)
        ) {
            for kind in UnitKind::ALL {
                is_quadlet(&lines.join("\n"), kind);
            }
        }
    }

    #[test]
    fn endings_that_others_use_too() {
        assert!(is_quadlet("[Network]\nInternal=true\n", UnitKind::Network));
        assert!(is_quadlet("# nothing\n", UnitKind::Volume));
        assert!(is_quadlet("[Unit]\nA=b\n[Contianer]\nImage=x\n", UnitKind::Container));
        assert!(!is_quadlet("[Match]\nName=eth0\n[Network]\nDHCP=yes\n", UnitKind::Network));
        assert!(!is_quadlet("=head1 NAME\n", UnitKind::Pod));
        assert!(!is_quadlet("project('x', 'c')\n", UnitKind::Build));
        assert!(!is_quadlet("", UnitKind::Image));
    }
}
