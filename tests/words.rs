//! Commands in one line have the words that docker-compose gives them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use quadgen::syntax::words;
use support::{compose_config, folder, missing, tool};

const LINES: [&str; 46] = [
    "echo a && echo b",
    "echo a > /tmp/x",
    "echo a | cat",
    "echo a; echo b",
    "sh -c \"a \\$b c\"",
    "sh -c \"a \\\\ b\"",
    "sh -c \"x\\ y\"",
    "sh -c 'a\\b'",
    "echo a\\ b",
    "echo \"a\\\"b\"",
    "echo `date`",
    "echo $(date)",
    "echo \"$(date)\"",
    "echo \"\"",
    "echo ''",
    "echo a\"\"b",
    "a=b cmd",
    "echo \"it's\"",
    "echo #x",
    "echo a #x",
    "echo 'a''b'",
    "echo\ttab",
    "echo (a)",
    "echo a)",
    "echo {a,b}",
    "echo *",
    "echo <f",
    "a&",
    "--x=\"y z\"",
    "echo \"multi\nline\"",
    "sh -c \"p \\\n q\"",
    "echo \"\\n\"",
    "echo \\n",
    "echo a>b",
    "2>&1",
    "echo 2>&1",
    "echo x2>&1",
    "echo \"a;b\"",
    "echo \"`x`\"",
    "echo `x y` z",
    "echo $(a b) c",
    "echo a\\",
    "  lead  trail  ",
    "echo \"100%\" ~ é",
    "echo 'open",
    "bash -c 'while ! nc -z db 5432; do sleep 1; done; exec x'",
];

#[test]
fn words_are_those_of_docker_compose() {
    let Some(docker_compose) = tool("docker-compose") else {
        return missing("the words of commands as docker-compose splits them");
    };
    let config = |lines: &[&str]| {
        let service = |line: &&str| serde_json::json!({ "image": "x", "command": line.replace('$', "$$") });
        let services = lines.iter().enumerate().map(|(at, line)| (format!("s{at}"), service(line)));
        let services: serde_json::Map<_, _> = services.collect();
        let text = serde_json::json!({ "services": services }).to_string();
        let folder = folder(&[("compose.yaml", text)]);
        compose_config(&docker_compose, &folder.path().join("compose.yaml"))
    };
    let (good, bad): (Vec<&str>, Vec<&str>) = LINES.into_iter().partition(|line| words::split(line).is_some());
    let (read, said) = config(&good);
    assert!(read.is_object(), "{said}");
    for (at, line) in good.iter().enumerate() {
        let command = read["services"][format!("s{at}")]["command"].as_array().cloned().unwrap_or_default();
        let command: Vec<String> = command.iter().map(|word| word.as_str().unwrap().replace("$$", "$")).collect();
        assert_eq!(words::split(line).unwrap().words, command, "{line:?}");
    }
    assert!(bad.len() > 3);
    for line in bad {
        assert!(!config(&[line]).0.is_object(), "docker-compose takes {line:?}");
    }
}
