//! YAML → a tree in which every key and value knows its place.
//!
//! Built on the events of `granit-parser`, which nothing else in the crate sees. Aliases and merge keys are resolved
//! here, with a cap, so that readers meet plain mappings only; a value that came through an alias keeps the place
//! where it is written.

mod node;

pub use node::{Entry, Kind, Node, Plain};

use granit_parser::{BorrowedInput, Event, Options, Parser, ScalarStyle};

use crate::diagnostic::{Change, Diagnostic, input};
use crate::maps::{HashMap, HashSet};
use crate::source::{SourceFile, Span, is_secret_name};

/// How deep values may nest. Real files stay below twenty.
const MAX_DEPTH: usize = 100;
/// How many values aliases may add to a file in all.
const MAX_ALIASED: usize = 100_000;
/// Up to how many keys it costs less to compare them than to hash them.
const FEW: usize = 16;

/// What was understood of a file.
#[derive(Debug)]
pub struct Tree {
    /// The document; `None` for an empty file.
    pub root: Option<Node>,
    /// Whether the whole file could be read.
    pub complete: bool,
    /// Values of keys and options that look like secrets, in lists of `NAME=VALUE` and of words too.
    pub secrets: Vec<Span>,
    /// Values that stand where something could not be read; what they lack says nothing more.
    pub unread: Vec<Span>,
    /// What could not, and keys that stand twice.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads one document.
pub fn parse(file: &SourceFile) -> Tree {
    read(file, false)
}

/// The document as it is written, for edits: an alias is a single value, `<<` is a key, and a key may stand twice.
/// Nothing where it cannot be read whole.
pub fn outline(file: &SourceFile) -> Option<Node> {
    let tree = read(file, true);
    tree.root.filter(|_| tree.complete)
}

fn read(file: &SourceFile, as_written: bool) -> Tree {
    let skipped = if file.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = file.text.get(skipped..).unwrap_or("");
    let mut builder = Builder {
        offset: file.span().start + skipped as u32,
        as_written,
        open: Vec::new(),
        anchors: HashMap::default(),
        aliased: 0,
        root: None,
        last: Span::default(),
        secrets: Vec::new(),
        unread: Vec::new(),
        diagnostics: Vec::new(),
    };
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.emit_comments = false;
    let complete = builder.run(Parser::new_from_str_with_options(text, options), file);
    if !complete {
        // From the last value on nothing is certain.
        builder.unread.push(Span::new(builder.last.start, file.span().end));
    }
    Tree {
        root: builder.root,
        secrets: builder.secrets,
        complete,
        unread: builder.unread,
        diagnostics: builder.diagnostics,
    }
}

/// Where comments stand, each from its `#` to the end of its line; those before an error where there is one.
pub fn comments(file: &SourceFile) -> Vec<Span> {
    let skipped = if file.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = file.text.get(skipped..).unwrap_or("");
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.max_buffered_comment_events = usize::MAX;
    let at = |marker: &granit_parser::Marker| marker.byte_offset().unwrap_or(0) + skipped;
    let mut found = Vec::new();
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(Ok((event, span))) = parser.next_event() {
        if let Event::Comment(..) = event {
            found.push(file.span().part(at(&span.start), at(&span.end)));
        }
    }
    found
}

/// A list or mapping that is not closed yet.
struct Open {
    start: Span,
    anchor: usize,
    tag: Option<Box<str>>,
    kind: Kind,
    /// In a mapping: the key that waits for its value.
    key: Option<(String, Span)>,
}

struct Builder {
    offset: u32,
    /// Whether aliases and merge keys stay what they are.
    as_written: bool,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    aliased: usize,
    root: Option<Node>,
    /// Where the last single value stands.
    last: Span,
    secrets: Vec<Span>,
    unread: Vec<Span>,
    diagnostics: Vec<Diagnostic>,
}

/// Whether a word is an option like `--password`, whose value is the next word.
fn is_secret_option(word: &str) -> bool {
    word.starts_with("--") && !word.contains(|c: char| c == '=' || c.is_whitespace()) && is_secret_name(word)
}

/// Whether a key stands twice. `<<` may: both are merged.
fn has_duplicates(entries: &[Entry]) -> bool {
    let mut keys = entries.iter().map(|entry| entry.key.as_str()).enumerate().filter(|(_, key)| *key != "<<");
    if entries.len() <= FEW {
        return keys.any(|(at, key)| entries.iter().take(at).any(|before| before.key == key));
    }
    let mut seen = HashSet::default();
    keys.any(|(_, key)| !seen.insert(key))
}

impl Builder {
    /// Takes all events; whether they were the whole file.
    fn run<'a, I: BorrowedInput<'a>>(&mut self, mut parser: Parser<'a, I>, file: &SourceFile) -> bool {
        let mut documents = 0;
        while let Some(next) = parser.next_event() {
            let (event, span) = match next {
                Ok((event, span)) => (event, self.span(&span)),
                Err(error) => {
                    let at = error.marker().byte_offset().unwrap_or(0) as u32 + self.offset;
                    let at = at.min(file.span().end.saturating_sub(1)).max(file.span().start);
                    self.error(Span::new(at, at + 1), format!("cannot read this as YAML: {}", error.info()));
                    self.close_all();
                    return false;
                }
            };
            if matches!(event, Event::DocumentStart(..)) {
                documents += 1;
            }
            if documents > 1 {
                self.error(span, "a second YAML document starts here; quadgen reads one document per file");
                return false;
            }
            if !self.take(event, span) {
                self.close_all();
                return false;
            }
        }
        true
    }

    /// Takes one event; `false` ends the reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let anchor = event.anchor_id().unwrap_or(0);
        let core = event.tag().is_some_and(|tag| tag.is_yaml_core_schema());
        let tag = event.tag().filter(|_| !core).map(|tag| tag.suffix().into());
        match event {
            Event::Scalar(text, style, ..) => {
                self.last = span;
                if text.split_once('=').is_some_and(|(name, _)| is_secret_name(name)) {
                    self.secrets.push(span);
                }
                let plain = style == ScalarStyle::Plain && !core;
                let kind = Kind::Scalar { text: text.into_owned(), plain };
                self.finish(Node { span, kind, tag, interpolated: false }, anchor);
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if self.open.len() >= MAX_DEPTH {
                    self.error(span, format!("values nest deeper than {MAX_DEPTH} levels here"));
                    return false;
                }
                let sequence = matches!(event, Event::SequenceStart(..));
                let kind = if sequence { Kind::Sequence(Vec::new()) } else { Kind::Mapping(Vec::new()) };
                self.open.push(Open { start: span, anchor, tag, kind, key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(span)),
            Event::Alias(id) => return self.alias(id, span),
            Event::UnresolvedAlias(name) => {
                self.error(span, format!("the alias *{name} stands for nothing: no anchor &{name} comes before it"));
                self.unread.push(span);
                self.finish(Node::null(span), 0);
            }
            _ => {}
        }
        true
    }

    fn alias(&mut self, id: usize, span: Span) -> bool {
        if self.as_written {
            self.finish(Node::made("*", span), 0);
            return true;
        }
        let Some(node) = self.anchors.get(&id) else {
            self.error(span, "this alias stands for a value that holds the alias itself");
            self.unread.push(span);
            self.finish(Node::null(span), 0);
            return true;
        };
        self.aliased += node.count();
        if self.aliased > MAX_ALIASED {
            self.error(span, format!("aliases expand to more than {MAX_ALIASED} values here"));
            return false;
        }
        let node = node.clone();
        self.finish(node, 0);
        true
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping(entries) => match open.key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, value: node }),
                None => match node.kind {
                    Kind::Scalar { text, .. } => open.key = Some((text, node.span)),
                    _ => {
                        open.key = Some((String::new(), node.span));
                        self.error(node.span, "a key must be a single value, not a list or a mapping");
                    }
                },
            },
            Kind::Scalar { .. } => {}
        }
    }

    /// Closes the innermost list or mapping; without an end when the text broke off.
    fn close(&mut self, end: Option<Span>) {
        let Some(mut open) = self.open.pop() else { return };
        if let (Some((key, key_span)), Kind::Mapping(entries)) = (open.key.take(), &mut open.kind) {
            entries.push(Entry { key, key_span, value: Node::null(key_span) });
        }
        let (first, last) = match &open.kind {
            Kind::Sequence(items) => (items.first().map(|node| node.span), items.last().map(|node| node.span)),
            Kind::Mapping(entries) => (entries.first().map(|e| e.key_span), entries.last().map(|e| e.value.span)),
            Kind::Scalar { .. } => (None, None),
        };
        // A block's own end lies on the next key, so its last value says where it ends; `]` and `}` have a width.
        let span = match end {
            Some(end) if end.end > end.start => open.start.to(end),
            _ => first.unwrap_or(open.start).to(last.filter(|last| last.end >= open.start.start).unwrap_or(open.start)),
        };
        if let Kind::Mapping(entries) = &mut open.kind {
            // What lies deeper than a list is structure: a service may be called `keycloak`.
            let secret = |entry: &&Entry| !matches!(entry.value.kind, Kind::Mapping(_)) && is_secret_name(&entry.key);
            self.secrets.extend(entries.iter().filter(secret).map(|entry| entry.value.span));
            if !self.as_written {
                self.find_duplicates(entries);
                self.merge(entries);
            }
        }
        if let Kind::Sequence(items) = &open.kind {
            // A command word by word: the one behind `--password` is its value.
            let behind = items.windows(2).filter_map(|pair| match pair {
                [Node { kind: Kind::Scalar { text, .. }, .. }, value] => is_secret_option(text).then_some(value.span),
                _ => None,
            });
            self.secrets.extend(behind);
        }
        self.finish(Node { span, kind: open.kind, tag: open.tag, interpolated: false }, open.anchor);
    }

    fn close_all(&mut self) {
        while !self.open.is_empty() {
            self.close(None);
        }
    }

    /// Reports keys that stand twice, and keeps the last value at the first place.
    fn find_duplicates(&mut self, entries: &mut Vec<Entry>) {
        if !has_duplicates(entries) {
            return;
        }
        let mut seen: HashMap<String, usize> = HashMap::default();
        let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries.drain(..) {
            // `<<` may stand twice: both are merged.
            if entry.key != "<<" {
                if let Some(first) = seen.get(&entry.key).and_then(|at| kept.get_mut(*at)) {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &input::DUPLICATE_KEY,
                            entry.key_span,
                            format!("`{}` stands twice in one mapping; this one wins and the first is lost", entry.key),
                        )
                        .here("this one wins")
                        .label(first.key_span, "first written here")
                        .help("Keep one of the two. docker-compose refuses a file with a key that stands twice.")
                        .fix(
                            "take the first one away",
                            false,
                            vec![Change::Remove { span: first.key_span }],
                        ),
                    );
                    first.key_span = entry.key_span;
                    first.value = entry.value;
                    continue;
                }
                seen.insert(entry.key.clone(), kept.len());
            }
            kept.push(entry);
        }
        *entries = kept;
    }

    /// Puts the entries of `<<: *base` and `<<: [*a, *b]` in; what is written here, and the earlier base, wins.
    fn merge(&mut self, entries: &mut Vec<Entry>) {
        if entries.iter().all(|entry| entry.key != "<<") {
            return;
        }
        let (bases, mut own): (Vec<Entry>, Vec<Entry>) = entries.drain(..).partition(|entry| entry.key == "<<");
        for base in bases {
            let sources = match base.value.kind {
                Kind::Sequence(items) => items,
                _ => vec![base.value],
            };
            for source in sources {
                let Kind::Mapping(inherited) = source.kind else {
                    self.error(base.key_span, "`<<` takes a mapping or a list of mappings");
                    continue;
                };
                for entry in inherited {
                    if own.iter().all(|present| present.key != entry.key) {
                        own.push(entry);
                    }
                }
            }
        }
        *entries = own;
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(&input::SYNTAX_ERROR, span, message));
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        let at = |marker: &granit_parser::Marker| marker.byte_offset().unwrap_or(0) as u32 + self.offset;
        Span::new(at(&span.start), at(&span.end))
    }
}
