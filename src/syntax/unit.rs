//! Unit files: sections, keys and values, line by line, as Podman's generator reads them.
//!
//! What a line means changed with releases ([`Dialect`]), so a file is read in the dialect of one of them. A line that
//! cannot be read is reported, and reading goes on with the next.

mod words;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use ecow::EcoString;
use memchr::{memchr, memchr_iter};

use crate::diagnostic::{Diagnostic, input};
use crate::source::{SourceFile, Span};

pub use words::{Escapes, Fault, Word, Words, faults, split, split_onto};

/// How lines are read. Which release reads in which dialect stands in `data/generators.toml`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dialect {
    /// Lines as they stand; `#` or `:` as their first character begins a comment.
    Raw,
    /// Blanks around a line go first.
    Trimmed,
    /// The same; `;` begins a comment and `:` none, and a continued value runs on behind comments and empty lines.
    Joined,
}

/// A unit file, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Each section's name with its place, as often as it stands.
    pub sections: Vec<(EcoString, Span)>,
    /// Every key with its value, in the order of the file.
    pub entries: Vec<Entry>,
    /// Lines that could not be read: an error each, for which the generator drops the whole file.
    pub diagnostics: Vec<Diagnostic>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name of the section it stands in.
    pub section: EcoString,
    /// The key.
    pub key: EcoString,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Value,
}

/// A value: the rest of its line, and the lines that it continues on.
#[derive(Clone, Debug, Default)]
pub struct Value<T = EcoString> {
    /// The text as the generator joins it: without anything between the lines.
    pub text: T,
    /// From the first to the last character.
    pub span: Span,
    /// Where its first line stands in the source.
    first: u32,
    /// Where in the text each further line begins, and where that stands in the source: nearly no value has any.
    more: Option<Arc<Vec<(usize, u32)>>>,
}

impl Value {
    /// A text that stands in no file.
    pub fn without_place(text: &str) -> Value {
        let span = Span::new(0, text.len() as u32);
        Value { text: text.into(), span, ..Value::default() }
    }

    /// Whether it stands on one line, however that is joined with others.
    pub fn is_one_line(&self) -> bool {
        self.more.is_none()
    }

    /// The same value as systemd joins it: with a blank between the lines.
    pub fn spaced(&self) -> Value {
        let starts = std::iter::once((0, self.first)).chain(self.more().iter().copied());
        let ends = self.more().iter().map(|(at, _)| *at).chain([self.text.len()]);
        let mut joined = Line { span: self.span, ..Line::default() };
        for ((from, source), to) in starts.zip(ends) {
            if from > 0 {
                joined.text.to_mut().push(' ');
            }
            joined.push(self.text.get(from..to).unwrap_or(""), source);
        }
        Value { text: joined.text.into(), span: self.span, first: joined.first, more: joined.more }
    }
}

impl<T> Value<T> {
    fn more(&self) -> &[(usize, u32)] {
        self.more.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The place of a part of the text, by bytes.
    pub fn part(&self, from: usize, to: usize) -> Span {
        // Nearly all stand on one line.
        if self.more.is_none() {
            let place = |at: usize| (self.first + at as u32).min(self.span.end);
            return Span::new(place(from), place(to.max(from)));
        }
        let place = |at: usize| {
            let further = self.more().iter().rev().find(|(start, _)| *start <= at);
            let (start, source) = further.copied().unwrap_or((0, self.first));
            source + (at - start) as u32
        };
        let start = place(from).min(self.span.end);
        // The end belongs to the line of the last character.
        let end = if to > from { place(to - 1) + 1 } else { start };
        Span::new(start, end.clamp(start, self.span.end.max(start)))
    }
}

/// A line with what it continues on, whole.
type Line<'t> = Value<Cow<'t, str>>;

impl<'t> Line<'t> {
    /// Adds text that stands at an offset of the source.
    fn push(&mut self, text: &'t str, source: u32) {
        self.span.end = source + text.len() as u32;
        if self.text.is_empty() {
            self.first = source;
            self.text = Cow::Borrowed(text);
        } else {
            Arc::make_mut(self.more.get_or_insert_default()).push((self.text.len(), source));
            self.text.to_mut().push_str(text);
        }
    }

    /// What stands behind a number of bytes.
    fn behind(&self, bytes: usize) -> Value {
        let first = self.part(bytes, bytes + 1).start.min(self.span.end);
        let behind = self.more().iter().filter(|(start, _)| *start > bytes);
        let more: Vec<_> = behind.map(|(start, source)| (start - bytes, *source)).collect();
        let more = (!more.is_empty()).then(|| Arc::new(more));
        let text = self.text.get(bytes..).unwrap_or("").into();
        Value { text, span: Span::new(first, self.span.end), first, more }
    }
}

impl Tree {
    /// The same with every place by so many bytes further on.
    pub fn moved(mut self, by: u32) -> Tree {
        let moved = |span: Span| Span::new(span.start + by, span.end + by);
        self.sections.iter_mut().for_each(|(_, span)| *span = moved(*span));
        for entry in &mut self.entries {
            let value = &mut entry.value;
            (entry.key_span, value.span, value.first) = (moved(entry.key_span), moved(value.span), value.first + by);
            if let Some(more) = &mut value.more {
                Arc::make_mut(more).iter_mut().for_each(|(_, source)| *source += by);
            }
        }
        self
    }
}

/// Reads a file in one dialect.
pub fn parse(file: &SourceFile, dialect: Dialect) -> Tree {
    read(&file.text, file.span().start, dialect).tree
}

/// Reads a text without faults that every dialect reads alike, with places from its own beginning on; nothing where that is
/// not certain.
pub fn parse_alike(text: &str) -> Option<Tree> {
    if memchr(b'\\', text.as_bytes()).is_some() {
        return None;
    }
    let reader = read(text, 0, Dialect::Joined);
    (reader.alike && reader.tree.diagnostics.is_empty()).then_some(reader.tree)
}

fn read(mut text: &str, mut offset: u32, dialect: Dialect) -> Reader {
    let tree = Tree { entries: ENTRIES.take(), ..Tree::default() };
    let mut reader = Reader { dialect, tree, returns: false, alike: true };
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        let mark = Span::new(offset, offset + '\u{feff}'.len_utf8() as u32);
        reader.error(mark, "the file begins with a byte order mark, which Podman takes for a part of the first line");
        (text, offset) = (rest, mark.end);
    }
    let mut open: Option<Line<'_>> = None;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut from = 0;
    for to in memchr_iter(b'\n', text.as_bytes()).chain([text.len()]) {
        let line = text.get(from..to).unwrap_or("");
        let last = to == text.len();
        from = to + 1;
        let trimmed = is_trimmed(line);
        reader.alike &= line.is_empty() || (trimmed && !line.starts_with([';', ':']));
        let begins = if dialect == Dialect::Raw || trimmed { line } else { line.trim_start() };
        let start = offset + (line.len() - begins.len()) as u32;
        offset += line.len() as u32 + 1;
        let bare = if dialect == Dialect::Raw || trimmed { begins } else { begins.trim_end() };
        reader.line(&mut open, bare, start, last);
    }
    // A value that waits for its next line at the end of the file is never taken.
    let mut entries = std::mem::take(&mut reader.tree.entries);
    reader.tree.entries.reserve_exact(entries.len());
    reader.tree.entries.append(&mut entries);
    ENTRIES.set(entries);
    reader
}

thread_local! {
    /// Where entries wait until it is known how many a file has: their own list is made as long as that, and once.
    static ENTRIES: Cell<Vec<Entry>> = const { Cell::new(Vec::new()) };
}

struct Reader {
    dialect: Dialect,
    tree: Tree,
    /// Whether line ends with a carriage return were reported.
    returns: bool,
    /// Whether no line begins or ends with what dialects read differently; one that goes on is not looked for.
    alike: bool,
}

impl Reader {
    /// Takes one line behind what is still open, and leaves there what stays so.
    fn line<'t>(&mut self, open: &mut Option<Line<'t>>, line: &'t str, start: u32, last: bool) {
        let comment = self.is_comment(line);
        if comment && (open.is_none() || self.dialect == Dialect::Joined) {
            return;
        }
        // Most lines stand alone.
        if open.is_none() && !line.ends_with('\\') {
            let part = |from: usize, to: usize| Span::new(start + from as u32, start + to as u32);
            let behind = |bytes: usize| {
                let span = part(bytes, line.len());
                Value { text: line.get(bytes..).unwrap_or("").into(), span, first: span.start, more: None }
            };
            return self.whole(line, part(0, line.len()), part, behind);
        }
        let continues = open.is_some() || self.dialect == Dialect::Joined || is_pair(line);
        let bare = line.strip_suffix('\\').filter(|_| continues && (!last || self.dialect == Dialect::Joined));
        let mut whole = open.take().unwrap_or_else(|| Line { span: Span::new(start, start), ..Line::default() });
        whole.push(bare.unwrap_or(line), start);
        if bare.is_some() && !last {
            // A lone backslash opens nothing.
            *open = Some(whole).filter(|whole| !whole.text.is_empty());
            return;
        }
        self.whole(&whole.text, whole.span, |from, to| whole.part(from, to), |bytes| whole.behind(bytes));
    }

    fn is_comment(&self, line: &str) -> bool {
        let sign = if self.dialect == Dialect::Joined { b';' } else { b':' };
        line.as_bytes().first().is_none_or(|first| *first == b'#' || *first == sign)
    }

    /// Takes a line with everything that it continues on, from first to last at `span`; `part` is the place of a part of
    /// it, and `behind` what stands behind a number of bytes.
    fn whole(
        &mut self,
        mut line: &str,
        span: Span,
        part: impl Fn(usize, usize) -> Span,
        behind: impl FnOnce(usize) -> Value,
    ) {
        if self.dialect == Dialect::Raw && line.ends_with('\r') && !is_pair(line) {
            if !std::mem::replace(&mut self.returns, true) {
                let end = Span::new(span.end.saturating_sub(1), span.end);
                self.error(end, "lines end with a carriage return, which this release of Podman cannot read");
            }
            // It has no value, so nobody asks what stands behind.
            line = line.get(..line.len() - 1).unwrap_or("");
        }
        if line.is_empty() || self.is_comment(line) {
            return;
        }
        if let Some(name) = section(line) {
            if name.is_empty() || name.contains(|c: char| c == '[' || c.is_control()) {
                self.error(span, "this is not the name of a section");
            }
            self.tree.sections.push((name.into(), part(1, 1 + name.len())));
            return;
        }
        let Some(equals) = memchr(b'=', line.as_bytes()).filter(|at| *at > 0) else {
            let what = if line.starts_with(';') { ": this release of Podman has no comments with `;`" } else { "" };
            return self.error(span, format!("this line is neither a section nor a key with its value{what}"));
        };
        let Some((name, _)) = self.tree.sections.last() else {
            return self.error(span, "this line stands before any section");
        };
        let key = line.get(..equals).unwrap_or("");
        let key = if is_trimmed(key) { key } else { key.trim_end() };
        let key_span = part(0, key.len());
        if key.as_bytes().first() == Some(&b' ') {
            return self.error(key_span, "a blank in front of a key cannot be read by this release of Podman");
        }
        let rest = line.get(equals + 1..).unwrap_or("");
        let blanks = if is_trimmed(rest) { 0 } else { rest.len() - rest.trim_start().len() };
        let value = behind(equals + 1 + blanks);
        self.tree.entries.push(Entry { section: name.clone(), key: key.into(), key_span, value });
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.tree.diagnostics.push(Diagnostic::new(&input::SYNTAX_ERROR, span, message));
    }
}

/// Whether a line certainly has no blanks around it.
fn is_trimmed(line: &str) -> bool {
    matches!(line.as_bytes(), [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic())
}

fn is_pair(line: &str) -> bool {
    line.find('=').is_some_and(|at| at > 0)
}

/// The name in the brackets of a section's line.
fn section(line: &str) -> Option<&str> {
    if line.as_bytes().first() != Some(&b'[') {
        return None;
    }
    let (name, behind) = line.get(1..)?.split_once(']')?;
    behind.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{Dialect, parse, parse_alike};
    use crate::source::SourceMap;

    /// Each entry as `section.key=value`, and each error's text.
    fn read(text: &str, dialect: Dialect) -> (Vec<String>, Vec<String>) {
        let mut sources = SourceMap::default();
        let file = sources.add("x.container", text);
        let tree = parse(sources.file(file), dialect);
        for entry in &tree.entries {
            assert_eq!(sources.text(entry.key_span), entry.key);
            if !text.contains("\\\n") {
                assert_eq!(sources.text(entry.value.span), entry.value.text);
            }
        }
        let entries = tree.entries.iter().map(|e| format!("{}.{}={}", e.section, e.key, e.value.text)).collect();
        let errors = tree.diagnostics.iter().map(|found| sources.text(found.span()).to_owned()).collect();
        (entries, errors)
    }

    #[test]
    fn a_value_continues_as_its_release_joins_it() {
        let both = "[A]\nX=foo \\\n  bar\nY=1\\\n2\n";
        assert_eq!(read(both, Dialect::Raw).0, ["A.X=foo   bar", "A.Y=12"]);
        assert_eq!(read(both, Dialect::Trimmed).0, ["A.X=foo bar", "A.Y=12"]);
        let comment = "[A]\nX=foo \\\n# no\n\nY=1\n";
        assert_eq!(read(comment, Dialect::Joined).0, ["A.X=foo Y=1"]);
        assert_eq!(read(comment, Dialect::Trimmed).0, ["A.X=foo # no", "A.Y=1"]);
        assert_eq!(read("[A]\nX=foo\\\n", Dialect::Joined).0, ["A.X=foo"]);
        assert_eq!(read("[A]\nX=foo\\\n", Dialect::Trimmed).0, ["A.X=foo\\"]);
        assert_eq!(read("[A]\nX=foo\\\n# c\n", Dialect::Joined).0, [""; 0]);
        assert_eq!(read("[A]\\\nX=y\n", Dialect::Joined).1, ["[A]\\\nX=y"]);
    }

    #[test]
    fn comments_differ_by_release() {
        let text = "[A]\n  # x\n; y\n: z\nK=v # not one\n";
        assert_eq!(read(text, Dialect::Raw).1, ["  # x", "; y"]);
        assert_eq!(read(text, Dialect::Trimmed).1, ["; y"]);
        assert_eq!(read(text, Dialect::Joined), (vec!["A.K=v # not one".to_owned()], vec![": z".to_owned()]));
    }

    #[test]
    fn a_bad_line_does_not_hide_the_next() {
        let (entries, errors) = read("K=early\n[A]\ngarbage\n= x\n[]\n[B] # c\nK = v\n", Dialect::Joined);
        assert_eq!(entries, [".K=v"]);
        assert_eq!(errors, ["K=early", "garbage", "= x", "[]", "[B] # c"]);
        // With everything that it continues on.
        assert_eq!(read("[A]\ngarbage\\\n\\\n", Dialect::Joined).1, ["garbage\\\n"]);
        assert_eq!(read("K=v\\\n\n", Dialect::Trimmed).1, ["K=v\\\n"]);
    }

    #[test]
    fn byte_order_marks_and_carriage_returns() {
        assert_eq!(
            read("\u{feff}[A]\nK=v\n", Dialect::Joined),
            (vec!["A.K=v".to_owned()], vec!["\u{feff}".to_owned()])
        );
        let text = "[A]\r\nK=v\r\n\r\n[B]\r\n";
        assert_eq!(read(text, Dialect::Joined), (vec!["A.K=v".to_owned()], vec![]));
        assert_eq!(read(text, Dialect::Raw).1, ["\r"]);
    }

    #[test]
    fn parts_of_a_continued_value_have_their_places() {
        let mut sources = SourceMap::default();
        let file = sources.add("x.container", "[A]\nX=  one \\\n   two\\\n three\n");
        let tree = parse(sources.file(file), Dialect::Joined);
        let value = &tree.entries.first().unwrap().value;
        assert_eq!((value.text.as_str(), value.spaced().text.as_str()), ("one twothree", "one  two three"));
        assert_eq!(sources.text(value.spaced().part(9, 14)), "three");
        for (from, to, text) in [(0, 3, "one"), (4, 7, "two"), (7, 12, "three"), (4, 12, "two\\\n three")] {
            assert_eq!(sources.text(value.part(from, to)), text);
        }
    }

    #[test]
    fn a_text_that_is_read_alike_is_read_before_it_has_its_place() {
        let text = "# x\n[A]\nX=a b = c\n\n[B]\nY= 1\nX=\n";
        let mut sources = SourceMap::default();
        sources.add("first", "behind it");
        let file = sources.add("x.container", text);
        let moved = parse_alike(text).unwrap().moved(sources.file(file).span().start);
        for dialect in [Dialect::Raw, Dialect::Trimmed, Dialect::Joined] {
            let tree = parse(sources.file(file), dialect);
            assert_eq!(format!("{tree:?}"), format!("{moved:?}"));
        }
        for other in
            ["[A]\nX=a \\\n b\n", "[A]\n X=a\n", "[A]\nX=a \n", "[A]\n;x\n", "[A]\n:x\n", "[A]\r\nX=a\r\n", "X=a\n"]
        {
            assert!(parse_alike(other).is_none(), "{other:?}");
        }
    }
}
