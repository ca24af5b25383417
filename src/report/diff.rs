//! What would change in a file, as a unified diff. Secrets are masked on both sides; a line that differs in a secret
//! only is still shown as another one.

use std::fmt::Write;

use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, TextDiff};

use super::mask::{mask_unit, mask_with};
use crate::model::UnitKind;
use crate::source::SourceMap;
use crate::syntax::{dotenv, yaml};

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

/// The text with its secrets masked, line by line as long. What the text is decides where a value ends: whoever hands a
/// stack in calls it as they like.
fn masked(name: &str, text: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_yaml = matches!(ending, "yaml" | "yml");
    if !is_yaml && (is_unit(ending) || begins_with_section(text)) {
        return mask_unit(text);
    }
    let mut sources = SourceMap::default();
    let file = sources.add(name, text);
    let file = sources.file(file);
    let is_env = ending == "env" || name.starts_with(".env") || stem.ends_with(".env");
    let mut secrets = if is_env { Vec::new() } else { yaml::parse(file).secrets };
    if !is_yaml {
        let found = dotenv::parse(file, &|_| None, &|_| None);
        secrets.extend(found.secrets);
        // What stands in a file of variables alone came from outside, whatever it is called.
        secrets.extend(found.variables.values().filter(|it| is_env && it.value.is_some()).map(|it| it.span));
    }
    let known: Vec<(usize, usize)> =
        secrets.iter().map(|span| (file.local(span.start), file.local(span.end))).collect();
    mask_with(text, &known)
}

/// Whether a file of that ending is one of systemd's or Quadlet's.
fn is_unit(ending: &str) -> bool {
    matches!(ending, "conf" | "service" | "socket" | "timer" | "target" | "path" | "mount" | "slice")
        || UnitKind::ALL.iter().any(|kind| kind.extension() == ending)
}

/// Whether a text begins as a unit does, behind its comments.
fn begins_with_section(text: &str) -> bool {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let first = lines.into_iter().find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    first.is_some_and(|line| line.starts_with('[') && line.ends_with(']'))
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
        let block = "services:\n  a:\n    environment:\n      API_TOKEN: |-\n        one\n\n        two\n      X: y\n";
        let quoted = "A=1\nSECRET_PEM=\"-----BEGIN\none\ntwo\"\nB=2\n";
        let open = "A=1\nSECRET_PEM='-----BEGIN\none\ntwo\nB=2\n";
        let unit = "# x\n[Container]\nEnvironment=\"DB_PASSWORD=one #two\"\n";
        for (name, text) in [
            ("standard input", block),
            ("stack.cfg", block),
            ("app.env", quoted),
            ("a/.env.local", quoted),
            ("vars", quoted),
            ("a.env.example", open),
            (".env", "SECRET_PEM=\"one ${\ntwo\"\n"),
            ("standard input", unit),
            ("a.d/x.conf", "[Service]\nEnvironment=TOKEN=one \\\n  two\n"),
        ] {
            let text = diff(name, None, Some(text), false);
            assert!(!text.contains("one") && !text.contains("two") && text.contains("***"), "{name}: {text}");
        }
        assert!(diff("a", Some("x\r\n"), Some("x\n"), false).contains("-x^M\n+x\n"));
    }
}
