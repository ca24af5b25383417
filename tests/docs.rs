//! Every `console` block of the documentation is run, and its output compared. `UPDATE=1 cargo test` rewrites them.
//! Every `yaml` block of the README is a topology without findings. `docs/rules/` is made of the rules' pages.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quadgen::diagnostic::{Fixable, Level, Rule};
use quadgen::rules::{self, RULES};

const PAGES: [&str; 6] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/ci.md",
    "docs/compose-to-quadlet.md",
    "examples/open-webui/README.md",
    "examples/visp/README.md",
];

/// What the hundreds of rules' codes stand for.
const GROUPS: [(char, &str); 10] = [
    ('0', "Input"),
    ('1', "Names and DNS"),
    ('2', "Isolation"),
    ('3', "The host"),
    ('4', "Ports"),
    ('5', "Addresses"),
    ('6', "Life cycle"),
    ('7', "Units"),
    ('8', "Carrying over"),
    ('9', "quadgen itself"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a person sees who types the line in the root of the repository.
fn run(line: &str) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_quadgen")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {line}; }} 2>&1")])
        .env("PATH", path)
        .current_dir(root())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The page with each command's output as it is now.
fn with_outputs(page: &str) -> String {
    let mut fresh = String::new();
    let mut in_console = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_console = line == "```console";
        }
        if in_console && line.starts_with("$ ") {
            fresh += &format!("{line}\n{}", run(line.strip_prefix("$ ").unwrap()));
        } else if !in_console || line.starts_with("```") {
            fresh += &format!("{line}\n");
        }
    }
    fresh
}

#[test]
fn the_output_that_pages_show_is_what_quadgen_prints() {
    let mut commands = 0;
    for name in PAGES {
        let path = root().join(name);
        let page = fs::read_to_string(&path).unwrap();
        commands += page.lines().filter(|line| line.starts_with("$ ")).count();
        let fresh = with_outputs(&page);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &fresh).unwrap();
        } else {
            assert!(page == fresh, "{name} is stale; `UPDATE=1 cargo test --test docs` rewrites it:\n{fresh}");
        }
    }
    assert!(commands > 4, "the pages show no commands any more");
}

#[test]
fn the_stacks_of_the_readme_are_clean() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut stated = 0;
    for block in blocks.filter(|block| block.contains("services:")) {
        let folder = tempfile::tempdir().unwrap();
        let name = if block.contains("x-quadgen:") { "compose.yaml" } else { "topology.yaml" };
        fs::write(folder.path().join(name), block).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_quadgen")).arg("lint").arg(folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("Intents all proven"), "{text}");
        stated += 1;
    }
    assert!(stated > 1, "the README shows no topologies any more");
}

/// A rule's page as it stands in `docs/rules/`: with its level, and with links.
fn page(rule: &Rule) -> String {
    let (title, rest) = rule.page.split_once('\n').unwrap();
    let level = match rule.level {
        Level::Error => "an error",
        Level::Warning => "a warning",
        Level::Info => "information, off unless selected",
    };
    let fix = match rule.fixable {
        Fixable::Never => "no automatic fix",
        Fixable::Safe => "a safe fix",
        Fixable::Unsafe => "a fix that somebody should look at",
    };
    let mut text =
        format!("<!-- Made of the page in src/rules by `UPDATE=1 cargo test --test docs`. -->\n\n{title}\n\n");
    text += &format!("As a rule {level}; {fix}; since {}. [All rules](README.md)\n", rule.since);
    let mut fenced = false;
    for line in rest.lines() {
        fenced ^= line.starts_with("```");
        let item = line.strip_prefix("* ").filter(|_| !fenced);
        let linked = item.and_then(|item| {
            let (code, rest) = item.split_once(' ')?;
            let other = rules::find(code).filter(|other| rest.starts_with(other.name))?;
            let rest = rest.strip_prefix(other.name)?;
            Some(format!("* [{code} {}]({code}.md){rest}", other.name))
        });
        text += &(linked.unwrap_or_else(|| line.to_owned()) + "\n");
    }
    text
}

/// The list of all rules, by group.
fn index() -> String {
    let mut text = "<!-- Made of src/rules.rs by `UPDATE=1 cargo test --test docs`. -->\n\n# Rules\n\n".to_owned();
    text += "`quadgen explain CODE` prints a rule's page, `quadgen rules` this list, and `quadgen rules --format json` both\n";
    text += "for programs. What is information is off unless it is selected. Codes are for ever.\n";
    for (digit, group) in GROUPS {
        let of_group: Vec<&Rule> =
            RULES.iter().map(|(rule, _)| *rule).filter(|rule| rule.code.chars().nth(2) == Some(digit)).collect();
        if of_group.is_empty() {
            continue;
        }
        text += &format!("\n## {group}\n\n| code | name | what it catches | level | fix |\n|---|---|---|---|---|\n");
        for Rule { code, name, summary, level, fixable, .. } in of_group {
            let fix = if *fixable == Fixable::Never { "–" } else { fixable.word() };
            text += &format!("| [{code}]({code}.md) | {name} | {summary} | {} | {fix} |\n", level.word());
        }
    }
    text
}

#[test]
fn the_pages_of_rules_lie_below_docs() {
    let folder = root().join("docs/rules");
    let pages = RULES.iter().map(|(rule, _)| (format!("{}.md", rule.code), page(rule)));
    let mut files: Vec<(String, String)> = pages.collect();
    files.push(("README.md".to_owned(), index()));
    let listed = files.iter().filter(|(name, _)| index().contains(&format!("]({name})"))).count();
    assert_eq!(listed, RULES.len(), "a rule of no group");
    if std::env::var_os("UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
        }
        return;
    }
    for (name, text) in &files {
        let found = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(found == *text, "docs/rules/{name} is stale; `UPDATE=1 cargo test --test docs` rewrites it");
    }
    let there = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let more: Vec<String> = there.filter(|name| files.iter().all(|(file, _)| file != name)).collect();
    assert!(more.is_empty(), "of no rule: {more:?}; `UPDATE=1 cargo test --test docs` takes them away");
}
