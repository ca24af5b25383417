//! What would change in a file, as a unified diff. Secrets are masked on both sides; a line that differs in a secret
//! only is still shown as another one.

use std::fmt::Write;

use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, TextDiff};

use super::mask::{mask_unit, mask_with};
use crate::source::SourceMap;
use crate::syntax::yaml;

/// Lines that are shown around a change.
const CONTEXT: usize = 3;

/// The difference between two texts of a file; nothing if there is none. A text that is nothing is no file.
pub fn diff(name: &str, old: Option<&str>, new: Option<&str>, colour: bool) -> String {
    let paint =
        |code: &str, text: &str| if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
    let (before, after) = (old.unwrap_or(""), new.unwrap_or(""));
    if before == after && old.is_some() == new.is_some() {
        return String::new();
    }
    let mut text = String::new();
    for (sign, side) in [("---", old), ("+++", new)] {
        let name = if side.is_some() { name } else { "/dev/null" };
        let _ = writeln!(text, "{}", paint("1", &format!("{sign} {name}")));
    }
    let (before_masked, after_masked) = (masked(name, before), masked(name, after));
    let (shown_before, shown_after): (Vec<&str>, Vec<&str>) =
        (before_masked.split_inclusive('\n').collect(), after_masked.split_inclusive('\n').collect());
    // Compared as they are, so that a secret that changed is a change; shown masked.
    let diff = TextDiff::configure().diff_slices(
        &before.split_inclusive('\n').collect::<Vec<_>>(),
        &after.split_inclusive('\n').collect::<Vec<_>>(),
    );
    for group in diff.grouped_ops(CONTEXT) {
        let _ = writeln!(text, "{}", paint("36", &UnifiedHunkHeader::new(&group).to_string()));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, code, line) = match change.tag() {
                ChangeTag::Delete => ('-', "31", change.old_index().and_then(|at| shown_before.get(at))),
                ChangeTag::Insert => ('+', "32", change.new_index().and_then(|at| shown_after.get(at))),
                ChangeTag::Equal => (' ', "0", change.new_index().and_then(|at| shown_after.get(at))),
            };
            let line = line.copied().unwrap_or("");
            let shown = format!("{sign}{}", visible(line.strip_suffix('\n').unwrap_or(line)));
            let shown = if sign == ' ' { shown } else { paint(code, &shown) };
            let _ = writeln!(text, "{shown}");
            if !line.ends_with('\n') {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// The text with its secrets masked, line by line as long.
fn masked(name: &str, text: &str) -> String {
    if !name.ends_with(".yaml") && !name.ends_with(".yml") {
        return mask_unit(text);
    }
    let mut sources = SourceMap::default();
    let file = sources.add(name, text);
    let file = sources.file(file);
    let secrets = yaml::parse(file).secrets;
    let known: Vec<(usize, usize)> =
        secrets.iter().map(|span| (file.local(span.start), file.local(span.end))).collect();
    mask_with(text, &known)
}

/// What a terminal would obey, or not show, is written out: the end of a line of Windows is `^M`.
fn visible(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\t' => text.push(c),
            c if c.is_ascii_control() => {
                text.push('^');
                text.push(char::from(c as u8 ^ 0x40));
            }
            c if c.is_control() => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::diff;

    #[test]
    fn a_change_is_shown_and_a_secret_is_not() {
        let old =
            "[Container]\nImage=a\nEnvironment=\"DB_PASSWORD=hunter2 #x\"\nEnvironment=URL=postgres://me:pw@db/x\n";
        let new =
            "[Container]\nImage=b\nEnvironment=\"DB_PASSWORD=hunter3 #x\"\nEnvironment=URL=postgres://me:pw@db/x\n";
        let text = diff("a.container", Some(old), Some(new), false);
        assert_eq!(
            text,
            "--- a.container\n+++ a.container\n@@ -1,4 +1,4 @@\n [Container]\n-Image=a\n-Environment=\"DB_PASSWORD=******* ***\n\
             +Image=b\n+Environment=\"DB_PASSWORD=******* ***\n Environment=URL=postgres://me:**@db/x\n"
        );
        assert_eq!(diff("a", Some("x"), Some("x"), false), "");
        let text = diff("compose.yaml", None, Some("DB_PASSWORD: |-\n  one\n  two\nA: \"x\\\"y\"\n"), true);
        assert!(!text.contains("one") && !text.contains("two"), "{text}");
        assert!(text.contains("/dev/null") && text.contains("\u{1b}[32m+"), "{text}");
        assert!(diff("a", Some("x\r\n"), Some("x\n"), false).contains("-x^M\n+x\n"));
    }
}
