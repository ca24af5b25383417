//! The verdicts for a terminal: a table where it fits into 80 columns, else a list.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Stack;
use super::sheet::{Cell, Sheet, openers, sheets, used};
use crate::platform::Platform;
use crate::report::{WIDTH, wrap};

pub(super) fn write(stacks: &[Stack<'_>], out: &mut dyn Write) -> io::Result<()> {
    let mut first = true;
    for stack in stacks {
        for (platforms, sheet) in sheets(stack) {
            if !std::mem::take(&mut first) {
                out.write_all(b"\n")?;
            }
            out.write_all(heading(stack.label, &platforms).as_bytes())?;
            out.write_all(pairs(&sheet).as_bytes())?;
            out.write_all(rest(&sheet).as_bytes())?;
        }
    }
    Ok(())
}

fn heading(label: &str, platforms: &[&Platform]) -> String {
    let named: Vec<String> = platforms.iter().map(|it| format!("{} ({})", it.name, it.describe())).collect();
    format!("{}\n", wrap(&format!("{label} on {}", named.join(", "))))
}

fn pairs(sheet: &Sheet<'_>) -> String {
    match sheet.services.len() {
        0 | 1 => String::new(),
        _ => table(sheet).unwrap_or_else(|| list(sheet)),
    }
}

/// The pairs as a table, rows to columns; nothing where it would be too wide.
fn table(sheet: &Sheet<'_>) -> Option<String> {
    let count = sheet.services.len();
    let wide = |text: &str| textwrap::core::display_width(text);
    let label = sheet.services.iter().map(|name| wide(name)).max()?;
    let total: usize = sheet.services.iter().map(|name| wide(name) + 2).sum();
    // With their names as headings where there is room, else by number.
    let numbered = 2 + label + total > WIDTH;
    let digits = count.to_string().len();
    let number = if numbered { digits + 1 } else { 0 };
    if numbered && 2 + number + label + count * (digits + 2) > WIDTH {
        return None;
    }
    let headings: Vec<String> = match numbered {
        true => (1..=count).map(|at| format!("{at:>digits$}")).collect(),
        false => sheet.services.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut text = format!(
        "\n  {:1$}",
        if numbered { "" } else { "from \\ to" },
        (number + label).max(9 * usize::from(!numbered))
    );
    let margin = (number + label).max(9 * usize::from(!numbered));
    headings.iter().for_each(|heading| text.push_str(&format!("  {heading}")));
    text.push('\n');
    for (from, name) in sheet.services.iter().enumerate() {
        let own = if numbered { format!("{:>digits$} {name}", from + 1) } else { (*name).to_owned() };
        let mut line = format!("  {own}{}", " ".repeat(margin.saturating_sub(wide(&own))));
        for (to, (cell, heading)) in sheet.cells.get(from)?.iter().zip(&headings).enumerate() {
            let mark = if to == from { '-' } else { cell.mark() };
            let width = wide(heading);
            // Under a number the mark stands at its end, under a name at its beginning.
            if numbered {
                line.push_str(&format!("  {mark:>width$}"));
            } else {
                line.push_str(&format!("  {mark:<width$}"));
            }
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let legend: Vec<String> = used(sheet).iter().map(|cell| format!("{} {}", cell.mark(), cell.words())).collect();
    let columns = if numbered { "rows to columns: " } else { "" };
    let _ = writeln!(text, "\n{}", wrap(&format!("  {columns}{}", legend.join(", "))));
    Some(text)
}

/// The pairs as a list: below each way that connections go, who opens them and whom they get to.
fn list(sheet: &Sheet<'_>) -> String {
    let mut text = String::new();
    let ways = used(sheet);
    for way in ways.iter().filter(|way| **way != Cell::Nothing) {
        let _ = writeln!(text, "\n{}", wrap(&format!("Connections {}", way.words())));
        for openers in openers(sheet, *way) {
            let goal = openers.goal(sheet, |names| names.join(", "));
            let _ = writeln!(text, "{}", indented(&format!("{} -> {goal}", all_or(&openers.from, sheet)), 2));
        }
    }
    if ways.contains(&Cell::Nothing) {
        text.push_str("\nWhere two do not stand in a line above, nothing gets from one to the other.\n");
    }
    text
}

/// Names, or how many where that is everybody.
fn all_or(names: &[&str], sheet: &Sheet<'_>) -> String {
    let all = names.len() > 2 && names.len() == sheet.services.len();
    if all { format!("all {}", names.len()) } else { names.join(", ") }
}

fn rest(sheet: &Sheet<'_>) -> String {
    let mut text = String::new();
    for (title, lines) in [("Looked for in vain", &sheet.vain), ("Looked for, and not sure to work", &sheet.unsure)] {
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{title}");
        }
        for [from, to, name, why] in lines {
            let _ = writeln!(text, "{}", indented(&format!("{from} -> {to} as `{name}`: {why}"), 2));
        }
    }
    if !sheet.internet.is_empty() {
        text.push_str("\nThe internet\n");
        for (way, services) in &sheet.internet {
            let _ = writeln!(text, "{}", indented(&format!("{way}: {}", all_or(services, sheet)), 2));
        }
    }
    if !sheet.host.is_empty() {
        text.push_str("\nThe host\n");
        for (way, services) in &sheet.host {
            let _ = writeln!(text, "{}", indented(way, 2));
            let _ = writeln!(text, "{}", indented(&format!("for {}", all_or(services, sheet)), 4));
        }
    }
    if !sheet.ports.is_empty() {
        text.push_str("\nPublished ports, by who gets an answer there\n");
        for (who, ports) in &sheet.ports {
            // The port of a service stays on one line with it.
            let ports: Vec<String> = ports.iter().map(|(service, port)| format!("{service}\u{a0}{port}")).collect();
            let line = indented(&format!("{who}: {}", ports.join(", ")), 2);
            let _ = writeln!(text, "{}", line.replace('\u{a0}', " "));
        }
    }
    text
}

/// A paragraph in lines that begin with some blanks, those after the first with two more.
fn indented(text: &str, by: usize) -> String {
    let (first, others) = (" ".repeat(by), " ".repeat(by + 2));
    textwrap::fill(text, crate::report::wrapping(WIDTH).initial_indent(&first).subsequent_indent(&others))
}
