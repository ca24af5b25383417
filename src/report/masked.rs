//! The texts of files with their secrets masked, each made when it is asked for.

use std::sync::OnceLock;

use super::mask::{mask, mask_with};
use crate::diagnostic::{Change, Diagnostic, Fix};
use crate::source::{SourceMap, Span};

/// Every file of a source map as a report may show it, byte for byte as long.
pub struct Masked<'a> {
    sources: &'a SourceMap,
    texts: Vec<OnceLock<String>>,
}

impl<'a> Masked<'a> {
    /// The files of a map.
    pub fn new(sources: &'a SourceMap) -> Self {
        Masked { sources, texts: sources.files().map(|_| OnceLock::new()).collect() }
    }

    /// A file's text, by where the file stands in the map.
    pub fn text(&self, at: usize) -> Option<&str> {
        let file = self.sources.files().nth(at)?;
        let text = || {
            let whole = file.span();
            let secrets = self.sources.secrets().iter();
            let own = secrets.filter(|secret| whole.start <= secret.start && secret.end <= whole.end);
            let known: Vec<_> = own.map(|secret| (file.local(secret.start), file.local(secret.end))).collect();
            mask_with(&file.text, &known)
        };
        self.texts.get(at).map(|cell| cell.get_or_init(text).as_str())
    }

    /// What stands at a place.
    pub fn part(&self, span: Span) -> &str {
        let part = || {
            let file = self.sources.file_of(span)?;
            self.text(self.sources.index_of(span)?)?.get(file.local(span.start)..file.local(span.end))
        };
        part().unwrap_or("")
    }

    /// The fixes that a report may hold: made of texts alone, and without a secret in what goes or comes.
    pub fn fixes<'f>(&self, finding: &'f Diagnostic) -> Vec<&'f Fix> {
        let shows_nothing = |change: &Change| {
            let Change::Replace { span, text } = change else { return false };
            mask(text) == *text && self.part(*span) == self.sources.text(*span)
        };
        finding.fixes.iter().filter(|fix| fix.changes.iter().all(shows_nothing)).collect()
    }
}
