//! What a text is, as far as finding stacks needs it: a quick look first, a tree only where that leaves a doubt.

use std::path::PathBuf;
use std::sync::LazyLock;

use memchr::memchr;

use crate::model::host_templates;
use crate::platform::attributes;
use crate::source::SourceMap;
use crate::syntax::yaml::{self, Entry, Kind, Node};

/// What a YAML file is.
#[derive(Clone, Debug)]
pub(super) enum Look {
    /// Nothing that quadgen reads.
    Nothing,
    /// A topology, by what stands in it.
    Topology,
    /// A Compose file, by what stands in it.
    Compose(Facts),
    /// A template that would make one of these.
    Template,
}

/// What of a Compose file decides whose it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Whether it can be deployed by itself: each service has an image, or something that stands for one.
    pub whole: bool,
    /// Whether it names services, networks or volumes that it does not define.
    pub lacks: bool,
    /// The files of `include`, as written.
    pub included: Vec<PathBuf>,
    /// The files of `extends`, as written.
    pub extended: Vec<PathBuf>,
}

impl Facts {
    /// A file that refers to no other.
    pub fn new_whole() -> Facts {
        Facts { whole: true, ..Facts::default() }
    }
}

/// What may stand at the top of a Compose file.
const TOP: [&str; 9] =
    ["name", "version", "include", "services", "networks", "volumes", "secrets", "configs", "models"];
/// What makes a service that can be deployed: one of these.
const WHOLE: [&str; 4] = ["image", "build", "extends", "provider"];
/// Keys at the top of which a topology or Compose file has at least one.
const HEADS: [&str; 4] = ["services", "include", "platforms", "host_services"];

static SERVICE_KEYS: LazyLock<Vec<&'static str>> = LazyLock::new(|| attributes::below("services.*"));

/// Looks at a YAML file. `named` says that its name speaks of Compose, so that what is odd in it is no doubt.
pub(super) fn yaml(text: &str, named: bool) -> Look {
    if !has_head(text) {
        return Look::Nothing;
    }
    if is_template(text) {
        return Look::Template;
    }
    let mut sources = SourceMap::default();
    let file = sources.add("", text);
    let tree = yaml::parse(sources.file(file));
    let Some(Node { kind: Kind::Mapping(top), .. }) = &tree.root else { return Look::Nothing };
    let services = value(top, "services").map(mapping);
    match services {
        Some(Some(services)) => {
            let each: Vec<&[Entry]> = services.iter().filter_map(|service| mapping(&service.value)).collect();
            // Something else that is called services: a list, or words.
            if each.is_empty() || (each.len() < services.len() && !named) {
                return Look::Nothing;
            }
            if is_topology(top, &each) {
                return Look::Topology;
            }
            let whole = each.iter().all(|service| is_whole(service));
            if named || (tree.complete && is_compose(&each)) {
                let included = included(top);
                let lacks = included.is_empty() && lacks(top, services, &each);
                Look::Compose(Facts { whole, lacks, included, extended: extended(&each) })
            } else {
                Look::Nothing
            }
        }
        Some(None) => Look::Nothing,
        None => {
            let included = included(top);
            let known = |entry: &Entry| TOP.contains(&entry.key.as_str()) || entry.key.starts_with("x-");
            if included.is_empty() || !top.iter().all(known) {
                return Look::Nothing;
            }
            Look::Compose(Facts { whole: true, included, ..Facts::default() })
        }
    }
}

/// Whether services name others, networks or volumes that the file does not define.
fn lacks(top: &[Entry], services: &[Entry], each: &[&[Entry]]) -> bool {
    let has = |section: &str, name: &str| {
        let objects = value(top, section).and_then(mapping).unwrap_or_default();
        objects.iter().any(|object| object.key == name)
    };
    // The keys of a mapping, or the items of a list.
    let names = |service: &[Entry], key: &str| -> Vec<String> {
        let Some(node) = value(service, key) else { return Vec::new() };
        let keys = node.entries().iter().map(|entry| entry.key.clone());
        keys.chain(node.items().iter().filter_map(Node::text).map(str::to_owned)).collect()
    };
    let volume = |text: &String| {
        let (source, _) = text.split_once(':')?;
        let named = source.len() > 1 && source.starts_with(|c: char| c.is_ascii_alphanumeric());
        (named && !source.contains(['/', '$', '\\'])).then(|| source.to_owned())
    };
    each.iter().any(|service| {
        names(service, "depends_on").iter().any(|name| services.iter().all(|service| service.key != *name))
            || names(service, "networks").iter().any(|name| name != "default" && !has("networks", name))
            || names(service, "volumes").iter().filter_map(volume).any(|name| !has("volumes", &name))
    })
}

/// Whether a text has the mark of a topology, which Compose files do not have. Costs no tree.
pub(super) fn may_be_topology(text: &str) -> bool {
    let marks = ["platforms", "host_services", "internet", "connects"];
    let words = |line: &str| {
        let line = line.trim_start_matches([' ', '-', '{', '"', '\'']);
        marks.iter().any(|word| line.starts_with(word))
    };
    // In flow style everything may stand in one line.
    let has_mark =
        || text.lines().any(words) || ["internet:", "connects:", "platforms:"].iter().any(|word| text.contains(word));
    // Most texts do not hold the words at all.
    marks.iter().any(|word| text.contains(word)) && has_mark()
}

/// Whether a Compose file may speak of other files. Costs no tree.
pub(super) fn may_refer(text: &str) -> bool {
    let includes =
        text.starts_with("include") || ["\ninclude", "\"include\"", "{include"].iter().any(|word| text.contains(word));
    includes || text.contains("extends")
}

/// Whether a line begins with a key that a stack has at its top, or the file is one flow mapping.
pub(super) fn has_head(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let is_head = |line: &str| {
        let line = line.strip_prefix(['"', '\'']).unwrap_or(line);
        HEADS.iter().any(|head| {
            let rest = line.strip_prefix(head).map(|rest| rest.strip_prefix(['"', '\'']).unwrap_or(rest));
            rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
        })
    };
    text.lines().any(is_head) || text.trim_start().starts_with('{')
}

/// Whether a topology's own key begins a line.
pub(super) fn has_topology_head(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("platforms:") || line.starts_with("host_services:"))
}

/// Words with which an expression of Go's templates begins.
const GO_WORDS: [&str; 18] = [
    "range", "if", "else", "end", "with", "define", "template", "block", "json", "len", "index", "print", "printf",
    "join", "upper", "lower", "split", "title",
];

/// Whether a text is a Jinja template: it becomes a file only once something fills it in.
///
/// `{{ host.NAME.PART }}` is a topology's own, `{{.Names}}` is for a program of Docker or Podman, and what stands in
/// quotes is a text like any other, unless it is all of an image.
pub(super) fn is_template(text: &str) -> bool {
    let may_be = memchr(b'{', text.as_bytes()).is_some() && ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark));
    may_be && text.lines().any(is_template_line)
}

fn is_template_line(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with(['#', ';']) || !line.contains('{') {
        return false;
    }
    let statement = |(at, _): (usize, &str)| !in_quotes(line.get(..at).unwrap_or(""));
    if line.match_indices("{% ").chain(line.match_indices("{%- ")).any(statement) || line.starts_with("{#") {
        return true;
    }
    let line_of_image = ["image:", "- image:", "Image="].iter().any(|key| line.starts_with(key));
    let own = host_templates(line);
    line.match_indices("{{").any(|(at, _)| {
        let inner = line.get(at + 2..).unwrap_or("");
        let word = inner.trim_start_matches('-').trim_start();
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        let name = word.get(..end).unwrap_or("");
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && !GO_WORDS.contains(&name);
        if !is_name || own.iter().any(|template| template.range.start == at) {
            return false;
        }
        let before = line.get(..at).unwrap_or("");
        let begins = before.is_empty() || before.ends_with(": ") || before.ends_with("- ");
        (inner.starts_with([' ', '-']) || begins) && (line_of_image || !in_quotes(before))
    })
}

/// Whether a quotation mark is open behind a text.
fn in_quotes(before: &str) -> bool {
    let (mut open, mut escaped) = (None, false);
    for c in before.chars() {
        match open {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(mark) if mark == c => open = None,
            None if c == '"' || c == '\'' => open = Some(c),
            _ => {}
        }
    }
    open.is_some()
}

fn is_topology(top: &[Entry], services: &[&[Entry]]) -> bool {
    ["platforms", "host_services"].iter().any(|key| value(top, key).is_some())
        || services.iter().any(|service| ["internet", "connects"].iter().any(|key| value(service, key).is_some()))
}

/// Whether services look like those of Compose: three quarters of what they say are its keys.
fn is_compose(services: &[&[Entry]]) -> bool {
    let keys: Vec<&str> = services.iter().flat_map(|service| service.iter().map(|entry| entry.key.as_str())).collect();
    let unknown = keys.iter().filter(|key| !SERVICE_KEYS.contains(key) && !key.starts_with("x-")).count();
    !keys.is_empty() && unknown * 4 <= keys.len()
}

fn is_whole(service: &[Entry]) -> bool {
    WHOLE.iter().any(|key| value(service, key).is_some_and(|node| !node.is_null()))
}

/// The files of `include`: a path, or `path` with one or several.
fn included(top: &[Entry]) -> Vec<PathBuf> {
    let Some(Node { kind: Kind::Sequence(items), .. }) = value(top, "include") else { return Vec::new() };
    let mut paths = Vec::new();
    for item in items {
        let path = match &item.kind {
            Kind::Mapping(entries) => value(entries, "path"),
            _ => Some(item),
        };
        match path.map(|node| &node.kind) {
            Some(Kind::Sequence(list)) => paths.extend(list.iter().filter_map(path_of)),
            Some(_) => paths.extend(path.and_then(path_of)),
            None => {}
        }
    }
    paths
}

fn extended(services: &[&[Entry]]) -> Vec<PathBuf> {
    let files = services.iter().filter_map(|service| path_of(value(mapping(value(service, "extends")?)?, "file")?));
    files.collect()
}

/// A path that is one of this machine and that no variable decides.
fn path_of(node: &Node) -> Option<PathBuf> {
    let Kind::Scalar { text, .. } = &node.kind else { return None };
    (!text.is_empty() && !text.contains('$') && !text.contains("://")).then(|| PathBuf::from(text))
}

fn value<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

fn mapping(node: &Node) -> Option<&[Entry]> {
    match &node.kind {
        Kind::Mapping(entries) => Some(entries),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, is_template, yaml};

    fn word(text: &str) -> &'static str {
        match yaml(text, false) {
            Look::Nothing => "nothing",
            Look::Topology => "topology",
            Look::Compose(facts) if facts.whole => "compose",
            Look::Compose(_) => "overlay",
            Look::Template => "template",
        }
    }

    #[test]
    fn files_are_told_apart_by_what_stands_in_them() {
        for (text, expected) in [
            ("services:\n  a:\n    image: x\n", "compose"),
            ("# c\nname: p\nservices: {a: {build: .}, b: {image: y}}\n", "compose"),
            ("{\"services\": {\"a\": {\"image\": \"x\"}}}", "compose"),
            ("x-a: &a {image: x}\nservices:\n  a: {<<: *a, ports: ['80']}\n", "compose"),
            ("services:\n  a:\n    environment: {A: b}\n", "overlay"),
            ("include: [a.yaml, {path: [b.yaml]}]\n", "compose"),
            ("services: {a: {image: x, connects: [b]}, b: {image: y}}\n", "topology"),
            ("platforms: {p: docker}\nservices: {a: {image: x}}\n", "topology"),
            ("services:\n  a:\n    image: \"{{ registry }}/x\"\n", "template"),
            ("{% if x %}\nservices:\n  a: {image: x}\n{% endif %}\n", "template"),
            // GitLab, Symfony, Molecule, values of a Helm chart, Kubernetes.
            ("include:\n  - local: a.yml\nbuild:\n  script: [x]\n", "nothing"),
            ("services: [docker:dind]\nstages: [a]\n", "nothing"),
            ("services:\n  _defaults: {autowire: true, autoconfigure: true}\n  App\\X: {arguments: [1]}\n", "nothing"),
            ("platforms:\n  - name: a\n    image: x\n", "nothing"),
            ("services:\n  api: {image: {repository: x, tag: y}, port: 80, replicas: 2}\n", "nothing"),
            ("apiVersion: v1\nkind: Service\n", "nothing"),
            ("", "nothing"),
            ("services:", "nothing"),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
    }

    #[test]
    fn templates_are_told_from_texts_with_braces() {
        for text in [
            "Image=x:{{ harbor.version }}",
            "image: {{ image }}",
            "image: {{image}}",
            "image: \"{{ image }}\"",
            "  - {{ port }}:80",
            "{%- for x in y %}",
            "{# a comment #}",
        ] {
            assert!(is_template(text), "{text}");
        }
        for text in [
            "command: docker ps --format '{{.Names}}'",
            "command: docker ps --format {{.Names}}",
            "command: docker ps --format {{ .Names }}",
            "- '{{ range .X }}{{ json . }}{{ end }}'",
            "URL: '{{ host.ollama.url }}/v1'",
            "URL: {{ host.ollama.url }}",
            "# Image={{ image }}",
            "- homepage.key: '{{HOMEPAGE_VAR_KEY}}'",
            "- 'greeting={{ name }}'",
            "FILTER: (uid={{username}})",
            "x: '{%Y-%m}'",
            "x: \"{% raw %}\"",
            "a: {b: {c: d}}",
        ] {
            assert!(!is_template(text), "{text}");
        }
    }
}
