//! The list of rules as JSON, version 1. These structs are the contract: fields are added, never changed.

use serde::Serialize;

use crate::diagnostic::Rule;

#[derive(Serialize)]
struct Root {
    version: u8,
    rules: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    code: &'static str,
    name: &'static str,
    summary: &'static str,
    level: &'static str,
    fixable: &'static str,
    since: &'static str,
    url: Option<String>,
    page: &'static str,
}

/// Every rule with its page in Markdown; `url` is null as long as the pages stand nowhere in the web.
pub fn json<'a>(rules: impl Iterator<Item = &'a Rule>) -> String {
    let rules = rules.map(|rule| Listed {
        code: rule.code,
        name: rule.name,
        summary: rule.summary,
        level: rule.level.word(),
        fixable: rule.fixable.word(),
        since: rule.since,
        url: rule.url(),
        page: rule.page,
    });
    let root = Root { version: 1, rules: rules.collect() };
    // Texts and numbers only: nothing here can fail to be written.
    serde_json::to_string_pretty(&root).unwrap_or_default() + "\n"
}
