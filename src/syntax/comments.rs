//! Comments, and which line each is about: its own, or the next one where it has a line for itself.

use super::{dotenv, unit, yaml};
use crate::source::{SourceFile, Span};

/// How a file writes its comments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// YAML: everywhere but in values.
    Yaml,
    /// A unit: a line for itself, outside of values that go on over several lines.
    Unit,
    /// An env file.
    Dotenv,
}

/// A comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// From its `#` to the end of its line, the break not included.
    pub span: Span,
    /// Whether nothing else stands on its line.
    pub own_line: bool,
    /// The line that it is about; in a unit the key with all lines of its value. None where no line follows.
    pub about: Option<Span>,
    /// Whether it stands between the lines of one value.
    pub inside: bool,
}

/// The comments of a file that hold a word.
pub fn find(file: &SourceFile, syntax: Syntax, word: &str) -> Vec<Comment> {
    // Reading a text once more costs time, and hardly any has such a comment.
    if !file.text.contains(word) {
        return Vec::new();
    }
    let entries = match syntax {
        Syntax::Unit => unit::parse(file, unit::Dialect::Joined).entries,
        _ => Vec::new(),
    };
    let values: Vec<Span> = entries.iter().map(|entry| entry.key_span.to(entry.value.span)).collect();
    let spans = match syntax {
        Syntax::Yaml => yaml::comments(file),
        Syntax::Dotenv => dotenv::parse(file, &|_| None, &|_| None).comments,
        Syntax::Unit => lines_of_their_own(file),
    };
    let holds = |span: &Span| text(file, *span).contains(word);
    spans.into_iter().filter(holds).map(|span| comment(file, span, &values)).collect()
}

/// Whether a line is a comment.
fn is_comment(line: &str) -> bool {
    line.trim_start_matches(['\u{feff}', ' ', '\t']).starts_with('#')
}

fn lines_of_their_own(file: &SourceFile) -> Vec<Span> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in file.text.split_inclusive('\n') {
        if is_comment(line) {
            let sign = line.find('#').unwrap_or(0);
            found.push(file.span().part(at + sign, at + line.trim_end_matches(['\n', '\r']).len()));
        }
        at += line.len();
    }
    found
}

fn comment(file: &SourceFile, span: Span, values: &[Span]) -> Comment {
    let span = Span::new(span.start, span.start + text(file, span).trim_end().len() as u32);
    let line = line_of(file, span);
    let before = text(file, Span::new(line.start, span.start));
    let own_line = before.trim_start_matches('\u{feff}').trim().is_empty();
    let about = if own_line { next_line(file, line) } else { Some(line) };
    let whole = about.map(|about| {
        let begins = |value: &&Span| about.start <= value.start && value.start < about.end;
        values.iter().find(begins).map_or(about, |value| about.to(*value))
    });
    let inside = values.iter().any(|value| value.start < span.start && span.start < value.end);
    Comment { span, own_line, about: whole, inside }
}

/// The line that a span begins on, without its break.
pub fn line_of(file: &SourceFile, span: Span) -> Span {
    let at = file.local(span.start);
    let start = file.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let end = file.text.get(at..).and_then(|rest| rest.find('\n')).map_or(file.text.len(), |end| at + end);
    file.span().part(start, end)
}

/// The next line that is no comment; none behind an empty one.
fn next_line(file: &SourceFile, mut line: Span) -> Option<Span> {
    loop {
        if line.end >= file.span().end {
            return None;
        }
        line = line_of(file, Span::new(line.end + 1, line.end + 1));
        let said = text(file, line);
        if said.trim().is_empty() {
            return None;
        }
        if !is_comment(said) {
            return Some(line);
        }
    }
}

fn text(file: &SourceFile, span: Span) -> &str {
    file.text.get(file.local(span.start)..file.local(span.end)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::{Syntax, find};
    use crate::source::SourceMap;

    /// Each comment that holds `!`, what it is about, and whether it lies inside a value.
    fn read(name: &str, text: &str, syntax: Syntax) -> Vec<(String, Option<String>, bool)> {
        let mut sources = SourceMap::default();
        let id = sources.add(name, text);
        let found = find(sources.file(id), syntax, "!");
        let about = |span| sources.text(span).to_owned();
        found.into_iter().map(|found| (about(found.span), found.about.map(about), found.inside)).collect()
    }

    fn line(comment: &str, about: &str) -> (String, Option<String>, bool) {
        (comment.to_owned(), Some(about.to_owned()), false)
    }

    #[test]
    fn comments_of_yaml_are_not_what_looks_like_them() {
        let text = "\u{feff}#! head\r\na: 1 #! a\r\nb: '#! no'\r\nc: \"x #! no\r\n  #! no\"\r\nd: |\r\n  text #! no\r\n  #! no\r\n\
                    e: x#! no\r\n#! e\r\n# other\r\nf: [1, #! f\r\n  2]\r\n#! nothing\r\n\r\ng: >- #! g\r\n  #! no\r\n#! end";
        assert_eq!(
            read("x.yaml", text, Syntax::Yaml),
            [
                line("#! head", "a: 1 #! a\r"),
                line("#! a", "a: 1 #! a\r"),
                line("#! e", "f: [1, #! f\r"),
                line("#! f", "f: [1, #! f\r"),
                ("#! nothing".to_owned(), None, false),
                line("#! g", "g: >- #! g\r"),
                ("#! end".to_owned(), None, false),
            ]
        );
    }

    #[test]
    fn many_comments_are_read() {
        let text = "# a\n".repeat(500) + "#! x\nk: v\n";
        assert_eq!(read("x.yaml", &text, Syntax::Yaml), [line("#! x", "k: v")]);
    }

    #[test]
    fn comments_of_units_have_a_line_for_themselves() {
        let text = "#! head\n[Container]\n#! image\nImage=x #! no\n#! exec\nExec=a \\\n  #! inside\n  b\nUser=1\n";
        let inside = ("#! inside".to_owned(), Some("  b".to_owned()), true);
        assert_eq!(
            read("x.container", text, Syntax::Unit),
            [
                line("#! head", "[Container]"),
                line("#! image", "Image=x #! no"),
                line("#! exec", "Exec=a \\\n  #! inside\n  b"),
                inside,
            ]
        );
    }

    #[test]
    fn comments_of_env_files() {
        let text = "#! a\nA=1 #! b\nB='x #! no\n#! no' #! c\nC=x#! no\nD= #! d\n";
        assert_eq!(
            read(".env", text, Syntax::Dotenv),
            [line("#! a", "A=1 #! b"), line("#! b", "A=1 #! b"), line("#! c", "#! no' #! c"), line("#! d", "D= #! d"),]
        );
    }
}
