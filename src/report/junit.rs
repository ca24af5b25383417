//! JUnit's XML: a suite for each file, a case for each finding, and a passed case for a file without one.

use std::borrow::Cow;
use std::fmt::Write;

use super::{Report, message, whole};
use crate::diagnostic::{Diagnostic, Level, input};
use crate::maps::HashMap;

/// The cases of one file.
#[derive(Default)]
struct Suite {
    tests: usize,
    failures: usize,
    errors: usize,
    cases: String,
}

pub(super) fn write(report: &Report<'_>) -> String {
    let mut suites: Vec<(&str, Suite)> = Vec::new();
    // Findings come by file.
    for finding in report.findings {
        let name = report.sources.file_of(finding.span()).map_or("", |file| file.name.as_str());
        if suites.last().is_none_or(|(last, _)| *last != name) {
            suites.push((name, Suite::default()));
        }
    }
    let files = report.summary.stacks.iter().flat_map(|stack| &*stack.files).map(String::as_str);
    suites.extend(files.map(|name| (name, Suite::default())));
    suites.sort_by_key(|(name, _)| *name);
    suites.dedup_by_key(|(name, _)| *name);
    let mut names = HashMap::default();
    for finding in report.findings {
        let file = report.sources.file_of(finding.span()).map_or("", |file| file.name.as_str());
        if let Some((_, suite)) = suites.iter_mut().find(|(name, _)| *name == file) {
            add(suite, report, finding, file, &mut names);
        }
    }
    for (file, suite) in &mut suites {
        if suite.tests == 0 {
            suite.tests = 1;
            let _ = writeln!(suite.cases, "    <testcase name=\"no findings\" classname=\"{}\"/>", escape(file));
        }
    }
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(|(_, suite)| count(suite)).sum::<usize>();
    let (tests, failures, errors) = (sum(|suite| suite.tests), sum(|suite| suite.failures), sum(|suite| suite.errors));
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ =
        writeln!(text, "<testsuites name=\"quadgen\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">");
    for (name, Suite { tests, failures, errors, cases }) in &suites {
        let name = escape(name);
        let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\"");
        let _ = write!(text, "  <testsuite name=\"{name}\" {counts}>\n{cases}  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn add(suite: &mut Suite, report: &Report<'_>, finding: &Diagnostic, file: &str, names: &mut HashMap<String, usize>) {
    let rule = finding.rule;
    let said = message(finding);
    // A case is known by its name from run to run: no line in it, and the second of a name is numbered.
    let name = format!("{} {}: {said}", rule.code, rule.name);
    let times = names.entry(format!("{file}\n{name}")).or_default();
    *times += 1;
    let name = if *times == 1 { name } else { format!("{name} ({times})") };
    let line = report.sources.file_of(finding.span()).map_or(1, |file| file.position(finding.span().start).line);
    let text = format!("{}\n{}", report.sources.place(finding.span()), whole(report.sources, finding));
    let could_not_look = [input::COULD_NOT_RUN.code, input::SYNTAX_ERROR.code].contains(&rule.code);
    suite.tests += 1;
    let file = escape(file);
    let _ = writeln!(
        suite.cases,
        "    <testcase name=\"{}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\">",
        escape(&name)
    );
    let text = escape_text(&text);
    // What is merely worth knowing fails nothing, and a report of tests has no other word for it.
    if finding.severity == Level::Info {
        let _ = writeln!(suite.cases, "      <system-out>{text}</system-out>");
    } else {
        let element = if could_not_look { "error" } else { "failure" };
        *(if could_not_look { &mut suite.errors } else { &mut suite.failures }) += 1;
        let (message, level) = (escape(&said), finding.severity.word());
        let _ = writeln!(suite.cases, "      <{element} message=\"{message}\" type=\"{level}\">{text}</{element}>");
    }
    suite.cases.push_str("    </testcase>\n");
}

/// A text as it may stand within quotes, in which a parser would make blanks of line breaks.
fn escape(text: &str) -> String {
    escape_text(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// A text as it may stand in an element. What XML has no place for, escaped or not, becomes U+FFFD.
fn escape_text(text: &str) -> String {
    let escaped = |c: char| match c {
        '&' => Cow::Borrowed("&amp;"),
        '<' => Cow::Borrowed("&lt;"),
        '>' => Cow::Borrowed("&gt;"),
        '"' => Cow::Borrowed("&quot;"),
        '\r' => Cow::Borrowed("&#13;"),
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => Cow::Borrowed("\u{fffd}"),
        other => Cow::Owned(other.to_string()),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::{escape, escape_text};

    #[test]
    fn what_xml_cannot_hold_does_not_get_there() {
        assert_eq!(escape_text("a<b> & \"c\" ]]>\n\t\r"), "a&lt;b&gt; &amp; &quot;c&quot; ]]&gt;\n\t&#13;");
        assert_eq!(
            escape_text("\u{0}\u{1b}[31m\u{b}\u{fffe}\u{ffff}ä😀"),
            "\u{fffd}\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}ä😀"
        );
        assert_eq!(escape("a\nb\tc"), "a&#10;b&#9;c");
    }
}
