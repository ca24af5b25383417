#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use super::{Baseline, Catalogue, Choice, Config, Ignores, Known, Policy, Selector, read};
use crate::diagnostic::{Diagnostic, Level, Rule, input, own};
use crate::source::{SourceMap, Span};
use crate::syntax::comments::Syntax;

static RULES: [&Rule; 4] = [&input::SYNTAX_ERROR, &input::DUPLICATE_KEY, &input::UNKNOWN_KEY, &own::UNKNOWN_RULE];

fn config(text: &str) -> (Config, Vec<String>) {
    let mut sources = SourceMap::default();
    let file = sources.add("quadgen.toml", text);
    let config = read(sources.file(file), Catalogue(&RULES));
    let said = config.diagnostics.iter().map(|found| {
        let help = if found.help.is_empty() && found.fixes.is_empty() && found.labels[0].message.is_empty() {
            " without help"
        } else {
            ""
        };
        format!("{} {} {}{help}", sources.place(found.span()), found.rule.code, found.message)
    });
    let said = said.collect();
    (config, said)
}

#[test]
fn hosts_are_read_and_faults_have_a_place() {
    let said = |text: &str| {
        let (config, said) = config(text);
        (config.hosts.len(), said)
    };
    assert_eq!(said("[[host]]\nname = \"a\"\nstacks = [\"x/*\", \"y\"]\n[[host]]\nname = \"b\"\n"), (2, vec![]));
    assert_eq!(said(""), (0, vec![]));
    for (text, hosts, expected) in [
        ("[[host]]\nnam = \"a\"\nname = \"b\"\n", 1, "quadgen.toml:2:1 QG002 a host has no key `nam`"),
        ("hosts = 1\n", 0, "quadgen.toml:1:1 QG002 quadgen.toml has no key `hosts`"),
        ("[host]\nname = \"a\"\n", 0, "quadgen.toml:1:1 QG003 `host` is a list of tables: write `[[host]]`"),
        ("[[host]]\nstacks = []\n", 0, "quadgen.toml:1:1 QG003 a host needs a `name`"),
        ("[[host]]\nname = \"a\"\nstacks = [1]\n", 1, "quadgen.toml:3:11 QG003 this must be a text"),
        ("[[host]\n", 0, "quadgen.toml:1:8 QG001 cannot read this as TOML: unclosed array table, expected `]`"),
    ] {
        assert_eq!(said(text), (hosts, vec![expected.to_owned()]), "{text}");
    }
}

#[test]
fn every_fault_has_a_place_and_help() {
    for (text, expected) in [
        ("lint = 1\n", "1:8 QG003 `lint` is a table: write `[lint]`"),
        ("[lint]\nselct = []\n", "2:1 QG002 `lint` has no key `selct`"),
        ("[lint]\nselect = \"QG004\"\n", "2:10 QG003 `select` is a list of rules, by code or name, or ALL"),
        ("[lint]\nselect = [\"QG004\", \"duplicate-keys\"]\n", "2:21 QG902 there is no rule `duplicate-keys`"),
        ("[lint]\nignore = [\"QG404\"]\n", "2:12 QG902 there is no rule `QG404`"),
        (
            "[lint]\nignore = [\"QG001\"]\n",
            "2:12 QG901 QG001 cannot be silenced, because quadgen then did not see everything",
        ),
        ("[lint]\npedantic = \"yes\"\n", "2:12 QG003 `pedantic` is `true` or `false`"),
        ("[lint]\nfail-on = \"eror\"\n", "2:12 QG003 there is no level `eror`"),
        ("[lint]\nfail-on = 1\n", "2:11 QG003 `fail-on` is \"error\", \"warning\" or \"info\""),
        ("[lint.levels]\nQG004 = \"fatal\"\n", "2:10 QG003 there is no level `fatal`"),
        ("[lint.levels]\nQG004 = 1\n", "2:9 QG003 `QG004` is \"error\", \"warning\" or \"info\""),
        ("[lint.levels]\nQG001 = \"info\"\n", "2:1 QG003 the level of QG001 cannot be changed"),
        ("[lint.levels]\nunknown-kee = \"info\"\n", "2:1 QG902 there is no rule `unknown-kee`"),
        ("[[lint.paths]]\nignore = []\n", "1:1 QG003 an entry of `paths` needs a `paths`"),
        ("[[lint.paths]]\npaths = [\"a[\"]\n", "2:11 QG003 `a[` is no pattern: unclosed character class; missing ']'"),
        ("[lint]\npaths = [1]\n", "2:9 QG003 `paths` is a list of tables: write `[[lint.paths]]`"),
        ("on = \"podman\"\n", "1:6 QG003 `on` is a list of texts"),
        ("[platforms]\na = 1\n", "2:5 QG003 this must be a text"),
        ("extend = []\n", "1:10 QG003 `extend` is a text"),
        ("a = 1\na = 2\n", "2:1 QG001 cannot read this as TOML: duplicate key"),
        ("\u{feff}b = 1\n", "1:1 QG002 quadgen.toml has no key `b`"),
    ] {
        let (_, said) = config(text);
        assert_eq!(said, [format!("quadgen.toml:{expected}")], "{text}");
    }
}

fn policy(layers: &[(&str, &str)]) -> Policy {
    let layers = layers.iter().map(|(home, text)| {
        let (config, said) = config(text);
        assert_eq!(said, [""; 0], "{text}");
        ((*home).into(), config.lint)
    });
    Policy { layers: layers.collect() }
}

fn choice(select: &[&str], ignore: &[&str]) -> Choice {
    let parse = |words: &[&str]| words.iter().map(|word| Selector::parse(word, Catalogue(&RULES)).unwrap()).collect();
    Choice { select: parse(select), ignore: parse(ignore) }
}

/// The level that a finding gets in a file, if it is reported.
fn taken(policy: &Policy, choice: &Choice, rule: &'static Rule, file: &str) -> Option<&'static str> {
    let mut finding = Diagnostic::new(rule, Span::default(), "");
    policy.take(&mut finding, Path::new(file), choice).then(|| finding.severity.word())
}

#[test]
fn the_last_word_about_a_finding_counts() {
    let base = "[lint]\nignore = [\"QG002\"]\n[lint.levels]\nQG004 = \"error\"\n[[lint.paths]]\npaths = [\"old/**\"]\nignore = [\"QG004\"]\n";
    let own = "[lint]\nselect = [\"ALL\"]\n[[lint.paths]]\npaths = [\"new\"]\nlevels = { QG004 = \"info\" }\nselect = [\"unknown-key\", \"QG004\"]\n";
    let policy = policy(&[("/r", base), ("/r/sub", own)]);
    let nothing = choice(&[], &[]);
    let key = &input::DUPLICATE_KEY;
    for (file, level) in [
        ("/r/sub/a.yaml", Some("error")),
        ("/r/old/a.yaml", None),
        ("/r/old.yaml", Some("error")),
        ("/r/sub/new/x/a.yaml", Some("info")),
        ("/r/sub/newer/a.yaml", Some("error")),
        ("/r/new/a.yaml", Some("error")),
    ] {
        assert_eq!(taken(&policy, &nothing, key, file), level, "{file}");
    }
    // What one file leaves out, another does not take in again; who asks for it by name gets it.
    assert_eq!(taken(&policy, &nothing, &input::UNKNOWN_KEY, "/r/sub/new/a"), None);
    assert_eq!(taken(&policy, &choice(&["ALL"], &[]), &input::UNKNOWN_KEY, "/r/a"), None);
    assert_eq!(taken(&policy, &choice(&["QG002"], &[]), &input::UNKNOWN_KEY, "/r/a"), Some("error"));
    assert_eq!(taken(&policy, &choice(&["QG002"], &[]), key, "/r/a"), None);
    assert_eq!(taken(&policy, &choice(&["ALL"], &["QG004"]), key, "/r/a"), None);
    // What kept quadgen from working is always told.
    assert_eq!(taken(&policy, &choice(&["QG004"], &["ALL"]), &input::SYNTAX_ERROR, "/r/a"), Some("error"));
}

#[test]
fn information_is_told_where_somebody_wants_it() {
    let levels = "[lint.levels]\nQG004 = \"info\"\n";
    let key = &input::DUPLICATE_KEY;
    let nothing = choice(&[], &[]);
    assert_eq!(taken(&policy(&[("/r", levels)]), &nothing, key, "/r/a"), None);
    let pedantic = "[lint]\npedantic = true\nlevels = { QG004 = \"info\" }\n";
    assert_eq!(taken(&policy(&[("/r", pedantic)]), &nothing, key, "/r/a"), Some("info"));
    assert_eq!(taken(&policy(&[("/r", pedantic), ("/r", "[lint]\npedantic = false\n")]), &nothing, key, "/r/a"), None);
}

#[test]
fn what_rests_on_an_assumption_stays_a_warning() {
    let policy = policy(&[("/r", "[lint.levels]\nQG002 = \"error\"\n")]);
    let finding = Diagnostic::new(&input::UNKNOWN_KEY, Span::default(), "").assuming(&["rootless".to_owned()]);
    let mut finding = finding;
    assert!(policy.take(&mut finding, Path::new("/r/a"), &choice(&[], &[])));
    assert_eq!(finding.severity, Level::Warning);
}

#[test]
fn a_baseline_is_read_as_it_was_written() {
    let mut baseline = Baseline::default();
    for (code, file, text, count) in [("QG404", "b.yaml", "80:80", 2), ("QG401", "a.yaml", "x  y", 1)] {
        baseline.0.insert(Known::new(code, file, text), count);
    }
    // Lines and blanks may move.
    assert_eq!(Known::new("QG401", "a.yaml", "x\n      y"), Known::new("QG401", "a.yaml", "x y"));
    let mut sources = SourceMap::default();
    let text = baseline.write();
    let file = sources.add("b.json", text.clone());
    assert_eq!(Baseline::read(sources.file(file)).unwrap(), baseline);
    assert_eq!(Baseline::default().write(), "{\n  \"version\": 1,\n  \"findings\": []\n}\n");
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("file")).map(str::trim).collect();
    assert!(lines[0].starts_with("{\"file\":\"a.yaml\",\"code\":\"QG401\""), "{text}");
    for (text, expected) in [
        ("", "b.json:1:1: cannot read this as a baseline: EOF while parsing a value"),
        (
            "{\n\"version\": 1,\n\"x\": 1}",
            "b.json:3:3: cannot read this as a baseline: unknown field `x`, expected `version` or `findings`",
        ),
        ("{\"version\": 2, \"findings\": []}", "b.json:1:1: this is a baseline of version 2, and quadgen reads 1"),
        (
            "{\"version\": 1, \"findings\": 7}",
            "b.json:1:28: cannot read this as a baseline: invalid type: integer `7`, expected a sequence",
        ),
        ("\u{fc}\u{fc}", "b.json:1:1: cannot read this as a baseline: expected value"),
    ] {
        let mut sources = SourceMap::default();
        let file = sources.add("b.json", text);
        let found = Baseline::read(sources.file(file)).unwrap_err();
        assert_eq!(format!("{}: {}", sources.place(found.span()), found.message), expected, "{text}");
    }
}

/// Whether an ignore silences what begins at a word.
fn silences(text: &str, syntax: Syntax, word: &str) -> bool {
    let mut sources = SourceMap::default();
    let file = sources.add("x", text);
    let at = text.find(word).unwrap();
    let span = sources.file(file).span().part(at, at + word.len());
    let mut found = [Diagnostic::new(&input::UNKNOWN_KEY, span, "")];
    let mut ignores = Ignores::default();
    ignores.read(sources.file(file), syntax, Catalogue(&RULES));
    ignores.silence(&mut found);
    found[0].suppressed.is_some()
}

#[test]
fn an_ignore_covers_what_begins_on_its_line_and_in_a_unit_the_whole_value() {
    let unit = "[A]\n# quadgen: ignore[QG002] x\nKey=one \\\n  two \\\n# c\n  three\nNext=four\n";
    for (word, expected) in [("Key", true), ("one", true), ("two", true), ("three", true), ("Next", false)] {
        assert_eq!(silences(unit, Syntax::Unit, word), expected, "{word}");
    }
    let inside = "[A]\nKey=one \\\n# quadgen: ignore[QG002]\n  two\nNext=three\n";
    for word in ["one", "two", "three"] {
        assert!(!silences(inside, Syntax::Unit, word), "{word}");
    }
    let yaml = "a: # quadgen: ignore[QG002]\n  b: |\n    text\n# quadgen: ignore[unknown-key] x\nc: >\n  more\n";
    for (word, expected) in [("a", true), ("b: ", false), ("text", false), ("c:", true), (">", true), ("more", false)] {
        assert_eq!(silences(yaml, Syntax::Yaml, word), expected, "{word}");
    }
    assert!(silences("# quadgen: ignore[QG002]\nA=\"x\ny\"\n", Syntax::Dotenv, "x"));
}
