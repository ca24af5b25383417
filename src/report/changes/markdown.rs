//! The changes for a comment on a change: a heading, and short lists.

use super::sections::{Line, sections};
use super::{NOTHING, Stack};
use crate::report::markdown::{code, codes};

/// More lines under one title nobody reads in a comment, and their length has a limit.
const LINES: usize = 40;
/// More names in one line neither.
const NAMES: usize = 20;

pub(super) fn write(stacks: &[Stack]) -> String {
    let mut text = String::from("## What changes in the network\n");
    for stack in stacks.iter().filter(|stack| stack.is_changed()) {
        let fate = match (&stack.old, &stack.new) {
            (None, _) => " (new)",
            (_, None) => " (gone)",
            _ => "",
        };
        for difference in &stack.differences {
            let platforms: Vec<String> =
                difference.platforms.iter().map(|(name, what)| format!("{} ({what})", code(name))).collect();
            let renamed = stack.renamed().map(|old| format!("{} → ", code(old))).unwrap_or_default();
            text.push_str(&format!("\n### {renamed}{}{fate} on {}\n", code(stack.label()), platforms.join(", ")));
            let sections = sections(&difference.comparison);
            if sections.is_empty() {
                text.push_str(&format!("\n{NOTHING}\n"));
            }
            for section in sections {
                text.push_str(&format!("\n**{}**\n\n", section.title));
                for line in section.lines.iter().take(LINES) {
                    text.push_str(&format!("* {}\n", said(line)));
                }
                if let Some(more) = section.lines.len().checked_sub(LINES).filter(|more| *more > 0) {
                    text.push_str(&format!("* and {more} more, which `quadgen diff` lists\n"));
                }
            }
        }
        if !stack.gone.is_empty() {
            let gone: Vec<String> = stack.gone.iter().map(|(name, what)| format!("{} ({what})", code(name))).collect();
            text.push_str(&format!("\n**Platforms that are no longer named**\n\n* {}\n", gone.join(", ")));
        }
    }
    text
}

fn said(line: &Line) -> String {
    let mut text = names(&line.from);
    if let Some(port) = &line.port {
        text.push_str(&format!(" {}", code(port)));
    }
    if !line.to.is_empty() {
        text.push_str(&format!(" → {}", names(&line.to)));
    }
    if line.what.is_empty() { text } else { format!("{text}: {}", line.what) }
}

fn names(all: &[String]) -> String {
    let shown: Vec<&str> = all.iter().take(NAMES).map(String::as_str).collect();
    match all.len().saturating_sub(NAMES) {
        0 => codes(&shown),
        more => format!("{} and {more} more", codes(&shown)),
    }
}
