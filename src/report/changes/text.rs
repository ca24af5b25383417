//! The changes for a terminal.

use super::sections::{Line, sections};
use super::{NOTHING, Stack};
use crate::report::{WIDTH, wrap, wrapping};

pub(super) fn write(stacks: &[Stack]) -> String {
    let mut text = String::new();
    for stack in stacks.iter().filter(|stack| stack.is_changed()) {
        let fate = match (&stack.old, &stack.new) {
            (None, _) => ", which is new,",
            (_, None) => ", which is gone,",
            _ => "",
        };
        for difference in &stack.differences {
            if !text.is_empty() {
                text.push('\n');
            }
            let platforms: Vec<String> =
                difference.platforms.iter().map(|(name, what)| format!("{name} ({what})")).collect();
            let renamed = stack.renamed().map(|old| format!("{old} -> ")).unwrap_or_default();
            text.push_str(&wrap(&format!("{renamed}{}{fate} on {}", stack.label(), platforms.join(", "))));
            text.push('\n');
            let sections = sections(&difference.comparison);
            if sections.is_empty() {
                text.push_str(&wrap(&format!("  {NOTHING}")));
                text.push('\n');
            }
            for section in sections {
                text.push_str(&format!("\n  {}\n", section.title));
                for line in section.lines {
                    text.push_str(&textwrap::fill(&said(&line), lines()));
                    text.push('\n');
                }
            }
        }
        if !stack.gone.is_empty() {
            let gone: Vec<String> = stack.gone.iter().map(|(name, what)| format!("{name} ({what})")).collect();
            text.push_str("\n  Platforms that are no longer named\n");
            text.push_str(&textwrap::fill(&gone.join(", "), lines()));
            text.push('\n');
        }
        if stack.differences.is_empty() {
            text.push_str(&format!("{}{} nothing to look at on these platforms\n", stack.label(), fate));
        }
    }
    text
}

fn lines() -> textwrap::Options<'static> {
    wrapping(WIDTH).initial_indent("    ").subsequent_indent("      ")
}

fn said(line: &Line) -> String {
    let mut text = line.from.join(", ");
    if let Some(port) = &line.port {
        text.push_str(&format!(" {port}"));
    }
    if !line.to.is_empty() {
        text.push_str(&format!(" -> {}", line.to.join(", ")));
    }
    if line.what.is_empty() { text } else { format!("{text}: {}", line.what) }
}
