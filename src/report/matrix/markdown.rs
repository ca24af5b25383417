//! The verdicts for a page or a comment: a table for a dozen services, else a list.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Stack;
use super::sheet::{Cell, Sheet, openers, sheets, used};
use crate::report::markdown::{code, codes};

/// With more columns a table is wider than a page.
const COLUMNS: usize = 12;

pub(super) fn write(stacks: &[Stack<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut first = true;
    for stack in stacks {
        for (platforms, sheet) in sheets(stack) {
            if !std::mem::take(&mut first) {
                out.write_all(b"\n")?;
            }
            let named: Vec<String> =
                platforms.iter().map(|it| format!("{} ({})", code(&it.name), it.describe())).collect();
            let text = format!("## {} on {}\n{}{}", code(stack.label), named.join(", "), pairs(&sheet), rest(&sheet));
            out.write_all(text.as_bytes())?;
        }
    }
    Ok(())
}

fn pairs(sheet: &Sheet<'_>) -> String {
    match sheet.services.len() {
        0 | 1 => String::new(),
        few if few <= COLUMNS => table(sheet),
        _ => list(sheet),
    }
}

fn table(sheet: &Sheet<'_>) -> String {
    let mut text = String::from("\n| from \\ to |");
    for name in &sheet.services {
        let _ = write!(text, " {} |", code(name));
    }
    text.push_str("\n| --- |");
    text.push_str(&" :-: |".repeat(sheet.services.len()));
    text.push('\n');
    for (from, (name, row)) in sheet.services.iter().zip(&sheet.cells).enumerate() {
        let _ = write!(text, "| {} |", code(name));
        for (to, cell) in row.iter().enumerate() {
            let mark = if to == from { String::new() } else { format!("{} ", cell.mark()) };
            let _ = write!(text, " {mark}|");
        }
        text.push('\n');
    }
    let legend: Vec<String> = used(sheet).iter().map(|cell| format!("`{}` {}", cell.mark(), cell.words())).collect();
    let _ = writeln!(text, "\n{}", legend.join(", "));
    text
}

fn list(sheet: &Sheet<'_>) -> String {
    let mut text = String::new();
    let ways = used(sheet);
    for way in ways.iter().filter(|way| **way != Cell::Nothing) {
        let _ = writeln!(text, "\n### Connections {}\n", way.words());
        for openers in openers(sheet, *way) {
            let _ = writeln!(text, "* {} → {}", all_or(&openers.from, sheet), openers.goal(sheet, codes));
        }
    }
    text
}

/// Names, or how many where that is everybody.
fn all_or(names: &[&str], sheet: &Sheet<'_>) -> String {
    let all = names.len() > 2 && names.len() == sheet.services.len();
    if all { format!("all {}", names.len()) } else { codes(names) }
}

fn rest(sheet: &Sheet<'_>) -> String {
    let mut text = String::new();
    for (title, lines) in [("Looked for in vain", &sheet.vain), ("Looked for, and not sure to work", &sheet.unsure)] {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n### {title}\n");
        }
        for [from, to, name, why] in lines {
            let _ = writeln!(text, "* {} → {} as {}: {why}", code(from), code(to), code(name));
        }
    }
    if !sheet.internet.is_empty() {
        text.push_str("\n### The internet\n\n");
        for (way, services) in &sheet.internet {
            let _ = writeln!(text, "* {way}: {}", all_or(services, sheet));
        }
    }
    if !sheet.host.is_empty() {
        text.push_str("\n### The host\n\n");
        for (way, services) in &sheet.host {
            let _ = writeln!(text, "* {way}\n  * {}", all_or(services, sheet));
        }
    }
    if !sheet.ports.is_empty() {
        text.push_str("\n### Published ports\n\n| service | port | who gets an answer |\n| --- | --- | --- |\n");
        for (who, ports) in &sheet.ports {
            for (service, port) in ports {
                let _ = writeln!(text, "| {} | {} | {who} |", code(service), code(port));
            }
        }
    }
    text
}
