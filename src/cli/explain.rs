//! `quadgen explain` and `quadgen rules`

use std::fmt::Write;

use clap::{Args, ValueEnum};
use quadgen::rules::{self, RULES};

use super::{CLEAN, FAILED, output};

#[derive(Args)]
pub(super) struct Options {
    /// The rule's code or name: QG101 or multi-homed-dns
    #[arg(value_name = "RULE")]
    rule: String,
}

#[derive(Args)]
pub(super) struct ListOptions {
    /// How the list is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ListFormat,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum ListFormat {
    /// A line for each rule
    Text,
    /// JSON, version 1, with each rule's page
    Json,
}

pub(super) fn run(options: &Options) -> u8 {
    match rules::find(&options.rule) {
        Some(rule) => {
            if output::out(rule.page) {
                CLEAN
            } else {
                FAILED
            }
        }
        None => {
            let names = RULES.iter().flat_map(|(rule, _)| [rule.code, rule.name]);
            let near = quadgen::nearest(&options.rule, names).map(|near| format!("; did you mean `{near}`?"));
            let near = near.unwrap_or_else(|| "; `quadgen rules` lists them all".to_owned());
            output::err(&format!("error: there is no rule `{}`{near}\n", options.rule));
            FAILED
        }
    }
}

pub(super) fn list(options: &ListOptions) -> u8 {
    let all = RULES.iter().map(|(rule, _)| *rule);
    let text = match options.format {
        ListFormat::Json => quadgen::report::rules::json(all),
        ListFormat::Text => {
            let mut text = String::new();
            let width = all.clone().map(|rule| rule.name.len()).max().unwrap_or(0);
            for rule in all {
                let level = rule.level.word();
                let _ = writeln!(text, "{}  {:width$}  {level:7}  {}", rule.code, rule.name, rule.summary);
            }
            text
        }
    };
    if output::out(&text) { CLEAN } else { FAILED }
}
