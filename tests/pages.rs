//! Every rule's page: its form, its examples and the facts it names.
//!
//! An example marks the line of each finding with a comment at its end: `# QG101`. In a unit the comment stands on the
//! line above, because there is no other place for one. A Compose file is a fence `yaml compose.yaml PLATFORM`, and
//! files beside it follow as `yaml NAME` or `env NAME`.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use quadgen::config::{Catalogue, Ignores};
use quadgen::diagnostic::{Diagnostic, Level, Rule, Sink};
use quadgen::model::Format;
use quadgen::network::Wiring;
use quadgen::platform::{Platform, parse_spec};
use quadgen::read::quadlet::{self, Tree, is_systemd_unit};
use quadgen::read::{compose, topology};
use quadgen::render::{Options, Target, render};
use quadgen::rules::{self, Context, RULES};
use quadgen::source::{Files, SourceMap};
use quadgen::syntax::comments::Syntax;
use support::page::{Fence, fences, section, sections};

const HEADINGS: [&str; 7] = ["What it catches", "What happens", "Why", "Wrong", "Right", "The fix", "See also"];

/// A code's place in an example: the rule's code and a line, from 1.
type Place = (String, usize);

fn pages() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().map(|(rule, _)| *rule)
}

fn marks(example: &str) -> Vec<Place> {
    let numbers = example.lines().map(|line| line.split_once("# QG").map(|(_, number)| number));
    (1..).zip(numbers).filter_map(|(line, number)| Some((format!("QG{}", number?), line))).collect()
}

/// What examples of other rules leave out to be short: `[Install]`, and volumes of databases.
const LEFT_OUT: [&str; 2] = ["QG604", "QG804"];

/// Whether an example has to show a finding: what other rules tell as information is no fault of it.
fn counts(rule: &Rule, found: &Diagnostic) -> bool {
    let own = found.rule.code == rule.code;
    own || (found.severity > Level::Info && !LEFT_OUT.contains(&found.rule.code))
}

/// What is left once comments silenced theirs, and what is wrong with the comments.
fn silenced(mut found: Vec<Diagnostic>, sources: &SourceMap, syntax: Syntax) -> Vec<Diagnostic> {
    let (mut ignores, rules) = (Ignores::default(), rules::list());
    sources.files().for_each(|file| ignores.read(file, syntax, Catalogue(&rules)));
    ignores.silence(&mut found);
    found.extend(ignores.unused(sources, |_, _| true));
    found.append(&mut ignores.diagnostics);
    found.retain(|finding| finding.suppressed.is_none());
    found
}

/// Units that are read together, each file's name with its text, and the platform they are for.
struct Units {
    platform: String,
    files: Vec<(String, String)>,
}

impl Files for Units {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        let file = self.files.iter().find(|(name, _)| Path::new(name) == path);
        Ok(file.ok_or(std::io::ErrorKind::NotFound)?.1.clone().into_bytes())
    }

    fn is_dir(&self, _: &Path) -> bool {
        false
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.iter().any(|(name, _)| Path::new(name) == path)
    }

    fn walk(&self, _: &Path) -> Vec<PathBuf> {
        self.files.iter().map(|(name, _)| PathBuf::from(name)).collect()
    }
}

impl Units {
    /// The marks, with each file's name: each is about the line below it.
    fn marks(&self) -> Vec<(String, Place)> {
        let is_mark = |line: &str| line.strip_prefix("# QG").map(|number| format!("QG{number}"));
        let of_file = |(name, text): &(String, String)| {
            if name.ends_with(".yaml") {
                return marks(text).into_iter().map(|mark| (name.clone(), mark)).collect();
            }
            let marks = (2..).zip(text.lines().map(is_mark)).filter_map(|(line, code)| Some((code?, line)));
            marks.map(|mark| (name.clone(), mark)).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(of_file).collect()
    }

    /// What is found by the reader and by the rules, with each file's name.
    fn findings(&self, rule: &Rule) -> Vec<(String, Place)> {
        let is_compose = self.is_file(Path::new("compose.yaml"));
        let format = if is_compose { Format::Compose } else { Format::Quadlet };
        let platform = Platform::resolve("server", parse_spec(&self.platform).unwrap(), format);
        let mut sources = SourceMap::default();
        let read = if is_compose {
            let project = Some("shop".to_owned());
            let files = vec![PathBuf::from("compose.yaml")];
            compose::read(&mut sources, self, &compose::Request { files, project, ..compose::Request::default() })
        } else {
            let (plain, units) =
                self.walk(Path::new("")).into_iter().partition(|path| is_systemd_unit(&path.to_string_lossy()));
            let tree = Tree { units, plain, ..Tree::default() };
            let parsed = quadlet::parse(&mut sources, self, tree);
            quadlet::lower(&parsed, &sources, platform.version)
        };
        let mut sink = Sink::default();
        sink.extend(read.diagnostics);
        if let Some(stack) = &read.stack {
            let wirings = [Wiring::new(stack, &platform)];
            rules::check(&Context::new(stack, &wirings), &mut sink);
        }
        let found = silenced(sink.finish(&sources), &sources, Syntax::Unit);
        let place = |found: &Diagnostic| {
            let file = sources.file_of(found.span()).unwrap();
            (file.name.clone(), (found.rule.code.to_owned(), file.position(found.span().start).line))
        };
        found.iter().filter(|found| counts(rule, found)).map(place).collect()
    }
}

/// Whether a fence holds a file with a name.
fn is_file(info: &str) -> bool {
    info.split_once(' ').is_some_and(|(kind, name)| ["ini", "env", "yaml"].contains(&kind) && !name.contains('='))
}

/// The examples of units and Compose files: a fence `ini NAME PLATFORM` begins one, each `ini NAME` behind it belongs to
/// it.
fn units(page: &str, heading: &str) -> Vec<Units> {
    let mut examples: Vec<Units> = Vec::new();
    for fence in fences(&section(page, heading)) {
        let mut words = fence.info.split(' ').skip(1).map(str::to_owned);
        match (is_file(fence.info), words.next(), words.next()) {
            (true, Some(name), Some(platform)) => {
                examples.push(Units { platform, files: vec![(name, fence.text.clone())] });
            }
            (true, Some(name), None) => examples.last_mut().unwrap().files.push((name, fence.text.clone())),
            _ => {}
        }
    }
    examples
}

/// What quadgen finds for a rule's page, and on which line; by rendering to a target, if one is given.
fn findings(rule: &Rule, example: &str, target: Option<Target>) -> Vec<Place> {
    let mut sources = SourceMap::default();
    let file = sources.add("topology.yaml", example);
    let read = topology::read(sources.file(file));
    let mut sink = Sink::default();
    sink.extend(read.diagnostics);
    if let Some(stack) = &read.stack {
        let platforms: Vec<Platform> = stack
            .platforms
            .iter()
            .map(|(name, words)| Platform::resolve(name, parse_spec(&words.value).unwrap(), stack.format))
            .collect();
        assert!(!platforms.is_empty(), "an example says where it runs");
        let wirings: Vec<Wiring<'_>> = platforms.iter().map(|platform| Wiring::new(stack, platform)).collect();
        rules::check(&Context::new(stack, &wirings), &mut sink);
        if let Some(target) = target {
            for platform in &platforms {
                sink.extend(render(stack, platform, target, &Options::default(), "topology.yaml").unwrap().findings);
            }
        }
    }
    let line = |start| sources.file(file).position(start).line;
    let place = |found: &Diagnostic| (found.rule.code.to_owned(), line(found.span().start));
    let found = silenced(sink.finish(&sources), &sources, Syntax::Yaml);
    found.iter().filter(|found| counts(rule, found)).map(place).collect()
}

/// The yaml fences, each with the target that it is rendered to: some things only the renderer finds.
fn examples(page: &str, heading: &str) -> Vec<(String, Option<Target>)> {
    let text = section(page, heading);
    let found = fences(&text);
    assert!(!found.is_empty(), "`{heading}` has no example");
    let target = |fence: &Fence<'_>| match fence.info {
        "yaml" => Some(None),
        "yaml render=quadlet" => Some(Some(Target::Quadlet)),
        _ => None,
    };
    found.into_iter().filter_map(|fence| target(&fence).map(|target| (fence.text, target))).collect()
}

#[test]
fn every_page_has_its_title_and_the_same_headings() {
    for rule in pages() {
        let title = rule.page.lines().next().unwrap();
        assert_eq!(title, format!("# {} {}", rule.code, rule.name));
        let sections = sections(rule.page);
        let headings: Vec<&str> = sections.iter().map(|(heading, _)| *heading).collect();
        assert_eq!(headings, HEADINGS, "{}", rule.code);
        for (heading, text) in &sections {
            assert!(!text.trim().is_empty(), "{}: nothing under `{heading}`", rule.code);
        }
    }
}

#[test]
fn every_fence_is_of_a_kind_that_is_known() {
    for rule in pages() {
        for heading in ["Wrong", "Right"] {
            for fence in fences(&section(rule.page, heading)) {
                let linted = matches!(fence.info, "yaml" | "yaml render=quadlet") || is_file(fence.info);
                // What QG000 says concerns the command line, not a stack.
                let typed = fence.info == "console" && rule.code == "QG000";
                assert!(linted || typed, "{}: `{}`", rule.code, fence.info);
            }
        }
    }
}

#[test]
fn every_wrong_example_is_found_at_its_marks_and_nowhere_else() {
    for rule in pages() {
        for (example, target) in examples(rule.page, "Wrong") {
            let marks = marks(&example);
            assert!(!marks.is_empty(), "{}: no mark in\n{example}", rule.code);
            assert!(marks.iter().all(|(code, _)| code == rule.code), "{}: another rule's mark", rule.code);
            assert_eq!(findings(rule, &example, target), marks, "{}:\n{example}", rule.code);
        }
        for example in units(rule.page, "Wrong") {
            let marks = example.marks();
            assert!(!marks.is_empty(), "{}: no mark in {:?}", rule.code, example.files);
            assert!(marks.iter().all(|(_, (code, _))| code == rule.code), "{}: another rule's mark", rule.code);
            assert_eq!(example.findings(rule), marks, "{}", rule.code);
        }
    }
}

#[test]
fn every_right_example_is_silent() {
    for rule in pages() {
        for (example, target) in examples(rule.page, "Right") {
            assert_eq!(findings(rule, &example, target), [], "{}:\n{example}", rule.code);
        }
        for example in units(rule.page, "Right") {
            assert_eq!(example.findings(rule), [], "{}", rule.code);
        }
    }
}

#[test]
fn every_fact_on_a_page_exists() {
    let data: toml::Table = toml::from_str(include_str!("../data/behaviours.toml")).unwrap();
    let rows = data.values().flat_map(|question| question["rows"].as_array().unwrap());
    let known: Vec<&str> = rows.map(|row| row["name"].as_str().unwrap()).collect();
    for rule in pages() {
        // A paragraph of its own holds the names: "Facts: `a`, `b`."
        let why = section(rule.page, "Why");
        for facts in why.split("\n\n").filter_map(|paragraph| paragraph.trim_start().strip_prefix("Facts:")) {
            for fact in facts.split('`').skip(1).step_by(2) {
                assert!(known.contains(&fact), "{}: there is no fact `{fact}`", rule.code);
            }
        }
    }
}

#[test]
fn every_page_lies_in_a_file_of_its_rules_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for rule in pages() {
        let page = folder.join(rule.name.replace('-', "_")).with_extension("md");
        assert_eq!(std::fs::read_to_string(&page).unwrap(), rule.page, "{}", page.display());
    }
    let is_page = |path: &Path| path.extension().is_some_and(|extension| extension == "md");
    let files = std::fs::read_dir(folder).unwrap().filter(|entry| is_page(&entry.as_ref().unwrap().path()));
    assert_eq!(files.count(), RULES.len(), "a page without a rule");
}
