//! All files of a run in one address space, as in a compiler's source map.
//!
//! A [`Span`] is two byte offsets into that space, so it says file and place at once and costs eight bytes.
//! Lines and columns are worked out on demand, because only places that are reported need them.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use memchr::memchr_iter;

/// The largest file that is read, in bytes. A topology of ten thousand services has about four megabytes.
pub const MAX_FILE_BYTES: usize = 32 * 1024 * 1024;

/// What the words of the command line are called, which findings can point at like at a file.
pub const COMMAND_LINE: &str = "command line";

/// A range of bytes in the address space of a [`SourceMap`]; the end is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    /// Whether another lies within this one.
    pub fn holds(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The range from `start` to `end`, both global offsets.
    pub fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }

    /// The smallest range that holds both.
    pub fn to(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The part of this span between two byte offsets that count from its start.
    ///
    /// Offsets behind its end are cut to the end, so a value whose text was unescaped still gives a place inside it.
    pub fn part(self, from: usize, to: usize) -> Span {
        let at = |offset: usize| self.start.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX)).min(self.end);
        Span::new(at(from), at(to))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A place for people: line and column from 1, the column in Unicode scalars.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// One file, or another text that findings can point at (standard input, the command line).
#[derive(Debug)]
pub struct SourceFile {
    /// The path as it is shown: relative to the working directory, with `/`.
    pub name: String,
    /// The text as it stands in the file, byte for byte; units keep it, too.
    pub text: Arc<String>,
    start: u32,
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// The whole file.
    pub fn span(&self) -> Span {
        Span::new(self.start, self.start + self.text.len() as u32)
    }

    /// Where a byte of this file stands.
    pub fn position(&self, offset: u32) -> Position {
        let local = (offset.saturating_sub(self.start) as usize).min(self.text.len());
        let lines = self.lines.get_or_init(|| {
            let breaks = memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect()
        });
        let line = lines.partition_point(|start| *start as usize <= local).max(1);
        let line_start = lines.get(line - 1).copied().unwrap_or(0) as usize;
        let before = self.text.get(line_start..local).unwrap_or("");
        let column = before.chars().filter(|c| *c != '\u{feff}').count() + 1;
        Position { line, column }
    }

    /// The byte offset of a global offset within this file.
    pub fn local(&self, offset: u32) -> usize {
        offset.saturating_sub(self.start) as usize
    }
}

/// Every file that was read, in one address space.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    /// Where each of them starts, close together: every place that is asked for is looked up among them.
    starts: Vec<u32>,
    secrets: Vec<Span>,
}

/// Names one file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileId(usize);

impl SourceMap {
    /// Takes a text in and gives its place in the address space.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        // One byte stays free between two files, so that the end of one is never the start of the next.
        let start = self.files.last().map_or(0, |last| last.span().end + 1);
        self.starts.push(start);
        self.files.push(SourceFile { name: name.into(), text: Arc::new(text.into()), start, lines: OnceLock::new() });
        FileId(self.files.len() - 1)
    }

    /// Makes room for more files.
    pub fn reserve(&mut self, more: usize) {
        self.files.reserve(more);
        self.starts.reserve(more);
    }

    /// Reads a file, which is shown by `name`.
    ///
    /// # Errors
    /// What keeps it from being read, in words for people: missing, a folder, too large.
    /// Bytes that are not UTF-8 are no error here: the place of the first is given beside the file.
    pub fn load(&mut self, files: &dyn Files, path: &Path, name: &str) -> Result<Loaded, String> {
        let bytes = files.read(path).map_err(|error| reason(&error))?;
        self.take(name.to_owned(), bytes)
    }

    /// Takes in bytes that came from somewhere else (standard input).
    ///
    /// # Errors
    /// The text is too large.
    pub fn take(&mut self, name: String, bytes: Vec<u8>) -> Result<Loaded, String> {
        if bytes.len() > MAX_FILE_BYTES {
            return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES / 1024 / 1024));
        }
        let (text, bad) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at))
            }
        };
        let file = self.add(name, text);
        let start = self.files.last().map_or(0, |last| last.start);
        let not_utf8 = bad.map(|at| Span::new(start + at as u32, start + at as u32 + 3));
        Ok(Loaded { file, not_utf8 })
    }

    /// The file behind an id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        #[allow(clippy::indexing_slicing, reason = "an id is only made by `add`, and files are never removed")]
        &self.files[id.0]
    }

    /// Every file, in the order they were taken in.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// Remembers places that no report may show.
    pub fn hide(&mut self, secrets: impl IntoIterator<Item = Span>) {
        self.secrets.extend(secrets);
    }

    /// The places that no report may show.
    pub fn secrets(&self) -> &[Span] {
        &self.secrets
    }

    /// Which file a span lies in, counted in the order they were taken in.
    pub fn index_of(&self, span: Span) -> Option<usize> {
        self.starts.partition_point(|start| *start <= span.start).checked_sub(1)
    }

    /// The file that a span lies in; spans are only made from files of the map.
    pub fn file_of(&self, span: Span) -> Option<&SourceFile> {
        self.files.get(self.index_of(span)?)
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.file_of(span).and_then(|file| file.text.get(file.local(span.start)..file.local(span.end))).unwrap_or("")
    }

    /// `file:line:column`, or nothing for a span of no file.
    pub fn place(&self, span: Span) -> String {
        self.file_of(span).map_or_else(String::new, |file| {
            let at = file.position(span.start);
            format!("{}:{}:{}", file.name, at.line, at.column)
        })
    }
}

/// A file that was taken in.
#[derive(Debug)]
pub struct Loaded {
    /// Its name in the map.
    pub file: FileId,
    /// Where the first bytes stand that are not UTF-8; they were replaced.
    pub not_utf8: Option<Span>,
}

/// The file system, as much of it as quadgen needs.
///
/// The command line implements it on the real one; tests and a language server hold files in memory. Several threads may
/// ask at once.
pub trait Files: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// As the file system gives them; a file above [`MAX_FILE_BYTES`] may be cut or refused.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether the path is a folder.
    fn is_dir(&self, path: &Path) -> bool;

    /// Whether there is a file.
    fn is_file(&self, path: &Path) -> bool;

    /// Every file below a folder, sorted, without hidden and ignored ones; a home's `.config/containers` is not hidden.
    fn walk(&self, folder: &Path) -> Vec<PathBuf>;

    /// What a folder is called, also where its path is `.`.
    fn folder_name(&self, folder: &Path) -> String {
        folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// What lies right in a folder, files and folders, sorted, hidden ones too.
    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let below = self.walk(folder);
        let names = below.iter().filter_map(|path| path.strip_prefix(folder).ok()?.components().next());
        let mut all: Vec<PathBuf> = names.map(|name| folder.join(name)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// A path as it is shown: relative to the working directory, with `/`.
    fn shown(&self, path: &Path) -> String {
        display_path(path)
    }
}

/// A path without `.` and without `x/..`, by its names alone: links are not looked at.
pub fn tidy(path: &Path) -> PathBuf {
    if is_tidy(path) {
        return path.to_path_buf();
    }
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(tidy.components().next_back(), Some(Component::Normal(_))) => {
                tidy.pop();
            }
            part => tidy.push(part),
        }
    }
    tidy
}

/// Whether a path is certainly one below a folder, where both are tidy. No is no answer.
pub fn lies_below(path: &Path, folder: &Path) -> bool {
    let below = path.as_os_str().as_encoded_bytes().strip_prefix(folder.as_os_str().as_encoded_bytes());
    below.is_some_and(|below| below.first() == Some(&b'/'))
}

/// What of a path lies below a folder, as [`Path::strip_prefix`] says it; sooner where both are written alike. Both are tidy.
pub fn below<'p>(path: &'p Path, folder: &Path) -> Option<&'p Path> {
    let rest = || path.to_str()?.get(folder.as_os_str().len() + 1..);
    let rest = if !folder.as_os_str().is_empty() && lies_below(path, folder) { rest() } else { None };
    match rest.filter(|rest| !rest.starts_with(['/', '.'])) {
        Some(rest) => Some(Path::new(rest)),
        None => path.strip_prefix(folder).ok(),
    }
}

/// Whether a path is certainly written as plainly as it can be.
pub fn is_tidy(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    // Neither `//` nor a part that begins with a dot, and no `/` at the end.
    let plain = |slash: usize| path.get(slash + 1).is_some_and(|next| !matches!(next, b'/' | b'.'));
    !cfg!(windows) && !path.starts_with(b".") && memchr_iter(b'/', path).all(plain)
}

/// A path as people see it: with `/`, and without a leading `./`.
pub fn display_path(path: &Path) -> String {
    let text = path.to_str().map_or_else(|| path.to_string_lossy(), Cow::Borrowed);
    let text = if text.contains('\\') { text.replace('\\', "/") } else { text.into_owned() };
    match text.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    }
}

/// What keeps a file from being read, in words for people.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        // The operating system's text, without Rust's "(os error N)".
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}

/// Whether a key looks like that of a secret. Compose's `secrets:` holds names.
pub fn is_secret_name(name: &str) -> bool {
    has_secret_word(name) && name.to_uppercase() != "SECRETS"
}

/// Parts of such keys, with the bit that small letters have and capitals lack; it makes another sign of `_`.
const SECRET_WORDS: [&[u8]; 7] = [b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"\x7fauth"];

/// Whether three letters of a text begin such a part; most texts are done with then. Nothing in it depends on what came
/// before, so the compiler looks at many letters at once.
fn may_begin_secret_word(text: &[u8]) -> bool {
    let (second, third) = (text.get(1..).unwrap_or_default(), text.get(2..).unwrap_or_default());
    text.iter().zip(second).zip(third).fold(false, |found, ((a, b), c)| {
        let begins = |word: &&[u8]| match word {
            [x, y, z, ..] => (a | 0x20 == *x) & (b | 0x20 == *y) & (c | 0x20 == *z),
            _ => true,
        };
        SECRET_WORDS.iter().fold(found, |found, word| found | begins(word))
    })
}

/// Whether a text holds a part of such a key, in any case.
pub fn has_secret_word(text: &str) -> bool {
    // Some letters of other alphabets have capitals within ASCII.
    let upper = if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.to_uppercase()) };
    let text = upper.as_bytes();
    let is_at = |at: usize| {
        let mut parts = SECRET_WORDS.iter().map(|word| (word, text.get(at..at + word.len()).unwrap_or_default()));
        parts.any(|(word, part)| part.iter().map(|byte| byte | 0x20).eq(word.iter().copied()))
    };
    may_begin_secret_word(text) && (0..text.len()).any(is_at)
}

#[cfg(test)]
mod tests {
    use super::has_secret_word;

    #[test]
    fn secret_words_are_found_wherever_they_stand_and_in_any_case() {
        for word in ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "CRED", "_AUTH"] {
            let small = word.to_lowercase();
            for text in
                [word, &small, &format!("X{small}Y"), &format!("ä{word}"), &format!("{}{word}", "ab".repeat(40))]
            {
                assert!(has_secret_word(text), "{text}");
            }
            assert!(!has_secret_word(&word[..word.len() - 1]), "{word} without its end");
        }
        // A letter of another alphabet whose capital is an S.
        assert!(has_secret_word("paſſ"));
        for text in ["", "P", "PA", "pas", "AUTHOR", "MONKE", "ECRET", "OKEN"] {
            assert!(!has_secret_word(text), "{text}");
        }
    }
}
