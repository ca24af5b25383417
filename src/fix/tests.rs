//! Changes of one file: what was there, what is changed, what comes of it.

use super::{apply, settle};
use crate::diagnostic::{Change, Diagnostic, input};
use crate::source::{SourceMap, Span};

/// The file after the changes; nothing where they are given up. Places are found by their text, `^` before it the last.
fn changed(name: &str, text: &str, make: impl Fn(&dyn Fn(&str) -> Span) -> Vec<Change>) -> Option<String> {
    let mut sources = SourceMap::default();
    sources.add("first.yaml", "x: 1\n");
    let file = sources.add(name, text);
    let whole = sources.file(file).span();
    let place = |part: &str| {
        let at = part.strip_prefix('^').map_or_else(|| text.find(part), |part| text.rfind(part)).unwrap();
        whole.part(at, at + part.trim_start_matches('^').len())
    };
    let finding = Diagnostic::new(&input::UNKNOWN_KEY, whole, "x").fix("x", true, make(&place));
    let mut findings = vec![finding];
    settle(&sources, &mut findings);
    let (files, fixes) = apply(&sources, &findings, false);
    assert_eq!(files.len(), fixes);
    files.into_values().next()
}

fn removed(name: &str, text: &str, at: &str) -> Option<String> {
    changed(name, text, |place| vec![Change::Remove { span: place(at) }])
}

fn path(path: &str) -> Vec<String> {
    path.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn what_goes_from_yaml_takes_its_line_and_nothing_else() {
    for (text, at, left) in [
        ("a:\n  - x # 1\n  # two\n  - y\nb: 1\n", "y", Some("a:\n  - x # 1\n  # two\nb: 1\n")),
        ("a:\n  - x\nb: 1\n", "x", Some("b: 1\n")),
        ("a: [x, y , z]\n", "y", Some("a: [x , z]\n")),
        ("a: [x, y]\n", "x", Some("a: [y]\n")),
        ("a: {x: 1, y: 2}\n", "y", Some("a: {x: 1}\n")),
        ("a: [x]\nb: 1\n", "x", Some("b: 1\n")),
        ("version: \"3\"\n\nservices: {}\n", "version", Some("\nservices: {}\n")),
        ("b: 1\nversion: \"3\"", "version", Some("b: 1")),
        ("b: 1\r\nversion: 3\r\nc: 1\r\n", "version", Some("b: 1\r\nc: 1\r\n")),
        ("a:\n  - p: 1\n    q: 2\n", "p", Some("a:\n  - q: 2\n")),
        ("a:\n  - p: 1\n    q: 2\n", "q", Some("a:\n  - p: 1\n")),
        ("a: |\n  x\n  y\n\nb: 1\n", "a", Some("\nb: 1\n")),
        ("services:\n  web:\n    ports:\n      - 80\n", "80", None),
        ("services:\n  web:\n    image: x\n    ports:\n      - 80\n", "80", Some("services:\n  web:\n    image: x\n")),
        ("a: &x 1\nb: *x\n", "a", None),
        ("a:\n  - &x p\n  - *x\n", "p", None),
        ("a: 1\n", "a", None),
        ("a: 1\n  b: {\n", "a", None),
    ] {
        assert_eq!(removed("compose.yaml", text, at).as_deref(), left, "{text}");
    }
}

#[test]
fn what_comes_to_yaml_stands_as_the_file_has_it() {
    for (text, owner, keys, value, left) in [
        (
            "services:\n  web:\n    image: x # c\n",
            "web",
            "init",
            "true",
            "services:\n  web:\n    image: x # c\n    init: true\n",
        ),
        (
            "services:\n    web:\n        image: x",
            "web",
            "init",
            "true",
            "services:\n    web:\n        image: x\n        init: true",
        ),
        ("services: {web: {image: x}}\n", "web", "init", "true", "services: {web: {image: x, init: true}}\n"),
        (
            "networks:\n  a:\n  b: # c\nx: 1\n",
            "b",
            "enable_ipv6",
            "true",
            "networks:\n  a:\n  b: # c\n    enable_ipv6: true\nx: 1\n",
        ),
        ("networks:\n  a: {}\n", "a", "enable_ipv6", "true", "networks:\n  a: {enable_ipv6: true}\n"),
        (
            "networks:\n  a:\n    internal: yes # why\n",
            "a",
            "internal",
            "false",
            "networks:\n  a:\n    internal: false # why\n",
        ),
        ("networks:\n  a:\n    internal:\n", "a", "internal", "true", "networks:\n  a:\n    internal: true\n"),
        (
            "networks:\n  a:\n    internal: true\n",
            "a",
            "driver_opts isolate",
            "\"true\"",
            "networks:\n  a:\n    internal: true\n    driver_opts:\n      isolate: \"true\"\n",
        ),
        (
            "services:\n  web:\n    command: >\n      a\n      b\n\n  db:\n    image: y\n",
            "web",
            "init",
            "true",
            "services:\n  web:\n    command: >\n      a\n      b\n    init: true\n\n  db:\n    image: y\n",
        ),
    ] {
        let set = |place: &dyn Fn(&str) -> Span| {
            vec![Change::Set { owner: place(owner), path: path(keys), value: value.to_owned() }]
        };
        assert_eq!(changed("compose.yaml", text, set).as_deref(), Some(left), "{text}");
    }
    for text in ["a: *x\n", "a: [1]\n", "a: ~\n", "a: text\n"] {
        let text = format!("b: &x {{c: 1}}\n{text}");
        let set = |place: &dyn Fn(&str) -> Span| {
            vec![Change::Set { owner: place("^a"), path: path("c d"), value: "1".to_owned() }]
        };
        assert_eq!(changed("compose.yaml", &text, set), None, "{text}");
    }
}

#[test]
fn an_item_goes_to_the_end_of_its_list() {
    let host = "\"host.docker.internal:host-gateway\"";
    for (text, keys, item, left) in [
        (
            "s:\n  web:\n    l:\n    - a\n    - b # c\n    x: 1\n",
            "l",
            "d",
            "s:\n  web:\n    l:\n    - a\n    - b # c\n    - d\n    x: 1\n",
        ),
        ("s:\n  web:\n    l: [a]\n", "l", "d", "s:\n  web:\n    l: [a, d]\n"),
        ("s:\n  web:\n    l: []\n", "l", "d", "s:\n  web:\n    l: [d]\n"),
        ("s:\n  web:\n    x: 1\n", "l", "d", "s:\n  web:\n    x: 1\n    l:\n      - d\n"),
        ("s:\n  web: {x: 1}\n", "l", "d", "s:\n  web: {x: 1, l: [d]}\n"),
        ("s:\n  web:\n    l:\n    x: 1\n", "l", "d", "s:\n  web:\n    l:\n      - d\n    x: 1\n"),
        (
            "s:\n  web:\n    extra_hosts:\n      a: 1.2.3.4\n",
            "extra_hosts",
            host,
            "s:\n  web:\n    extra_hosts:\n      a: 1.2.3.4\n      host.docker.internal: \"host-gateway\"\n",
        ),
        (
            "s:\n  web:\n    networks:\n      - back\n      # in front\n      - front # c\n",
            "networks back aliases",
            "d",
            "s:\n  web:\n    networks:\n      back:\n        aliases:\n          - d\n      # in front\n      front: # c\n",
        ),
        (
            "s:\n  web:\n    networks: [back, front]\n",
            "networks back aliases",
            "d",
            "s:\n  web:\n    networks: {back: {aliases: [d]}, front: {}}\n",
        ),
        (
            "s:\n  web:\n    networks:\n      back:\n      front: {}\n",
            "networks back aliases",
            "d",
            "s:\n  web:\n    networks:\n      back:\n        aliases:\n          - d\n      front: {}\n",
        ),
    ] {
        let add = |place: &dyn Fn(&str) -> Span| {
            vec![Change::AddItem { owner: place("web"), path: path(keys), item: item.to_owned() }]
        };
        assert_eq!(changed("compose.yaml", text, add).as_deref(), Some(left), "{text}");
    }
}

#[test]
fn units_are_changed_line_by_line() {
    let line = |line: &'static str| {
        move |place: &dyn Fn(&str) -> Span| vec![Change::AddLine { section: place("Container"), line: line.to_owned() }]
    };
    let section = |place: &dyn Fn(&str) -> Span| {
        vec![Change::AddSection { file: place("["), text: "[Install]\nWantedBy=default.target".to_owned() }]
    };
    let text = "[Container]\nImage=x\nEnvironment=A=1 \\\n  B=2\n# c\nUser=1\n\n[Service]\nRestart=no\n";
    let unit = |edit: Option<String>| edit.unwrap();
    assert_eq!(unit(removed("a.container", text, "B=2")), text.replace("Environment=A=1 \\\n  B=2\n", ""));
    assert_eq!(unit(removed("a.container.d/x.conf", text, "Restart")), text.replace("Restart=no\n", ""));
    assert_eq!(
        unit(changed("a.container", text, line("Environment=C=3"))),
        text.replace("  B=2\n", "  B=2\nEnvironment=C=3\n")
    );
    assert_eq!(
        unit(changed("a.container", text, line("Pull=never"))),
        text.replace("User=1\n", "User=1\nPull=never\n")
    );
    assert_eq!(unit(changed("a.container", "[Container]", line("Pull=never"))), "[Container]\nPull=never");
    assert_eq!(changed("a.container", "[Container]\nImage=x \\", line("Pull=never")), None);
    let crlf = text.replace('\n', "\r\n");
    let expected = crlf.replace("User=1\r\n", "User=1\r\nPull=never\r\n");
    assert_eq!(unit(changed("a.container", &crlf, line("Pull=never"))), expected);
    assert_eq!(unit(changed("a.container", text, section)), format!("{text}\n[Install]\nWantedBy=default.target\n"));
    assert_eq!(
        unit(changed("a.container", "[Container]\nImage=x", section)),
        "[Container]\nImage=x\n\n[Install]\nWantedBy=default.target\n"
    );
}

#[test]
fn changes_that_get_into_each_others_way_are_given_up() {
    let both = |place: &dyn Fn(&str) -> Span| {
        vec![Change::Remove { span: place("a") }, Change::Replace { span: place("1"), text: "2".to_owned() }]
    };
    assert_eq!(changed("compose.yaml", "a: 1\nb: 1\n", both), None);
    let twice =
        |place: &dyn Fn(&str) -> Span| vec![Change::Remove { span: place("a") }, Change::Remove { span: place("1") }];
    assert_eq!(changed("compose.yaml", "a: 1\nb: 1\n", twice).as_deref(), Some("b: 1\n"));
    let broken = |place: &dyn Fn(&str) -> Span| vec![Change::Replace { span: place("1"), text: "{".to_owned() }];
    assert_eq!(changed("compose.yaml", "a: 1\nb: 1\n", broken), None);
}

#[test]
fn a_text_goes_only_where_it_stands_as_it_is() {
    for (text, at, old, left) in [
        ("a: 'db:1'\n", "'db:1'", "db", Some("a: 'x:1'\n")),
        ("a: db:1\n", "db:1", "db:1", Some("a: x\n")),
        ("a: \"http://db:1/y\"\n", "\"http://db:1/y\"", "db:1", Some("a: \"http://x/y\"\n")),
        ("a: http://db/db\n", "http://db/db", "db", None),
        ("a: http://mydb:1/y\n", "http://mydb:1/y", "db:1", None),
        ("a: http://db:1/${Y}\n", "http://db:1/${Y}", "db:1", None),
        ("a: \"\\tdb:1\"\n", "\"\\tdb:1\"", "db:1", None),
        ("a: ${H}\n", "${H}", "api1", None),
    ] {
        let swap = |place: &dyn Fn(&str) -> Span| {
            vec![Change::Swap { span: place(at), old: old.to_owned(), text: "x".to_owned() }]
        };
        assert_eq!(changed("compose.yaml", text, swap).as_deref(), left, "{text}");
    }
}

#[test]
fn what_stands_behind_an_anchor_is_changed_only_for_all() {
    for (text, shared) in [
        ("x-env: &env\n  a: db\ns:\n  web:\n    environment: *env\n", true),
        ("x-env: &env\n  a: db\ns:\n  web: 1\n", false),
        ("x: {e: &env {a: db}, f: *env}\n", true),
        ("x:\n  - &one db\n  - *one\n", true),
        ("x: &env\n  b: 1\ny:\n  <<: *env\n  a: db\n", false),
    ] {
        let mut sources = SourceMap::default();
        let file = sources.add("compose.yaml", text);
        let at = text.find("db").unwrap();
        let span = sources.file(file).span().part(at, at + 2);
        let swap = Change::Swap { span, old: "db".to_owned(), text: "x".to_owned() };
        let finding = Diagnostic::new(&input::UNKNOWN_KEY, span, "x").fix("x", true, vec![swap]);
        let mut findings = vec![finding.clone(), finding.on("docker")];
        settle(&sources, &mut findings);
        let left: Vec<bool> = findings.iter().map(|finding| !finding.fixes.is_empty()).collect();
        assert_eq!(left, [true, !shared], "{text}");
    }
}
