//! The one type for every message: what is wrong, where, why, and what to do.
//!
//! Rules, readers, the renderer and the command line all make [`Diagnostic`]s; `report/` writes them down.

pub mod input;
pub mod own;
pub mod units;

use std::collections::BTreeSet;
use std::fmt;

use smallvec::SmallVec;

use crate::maps::HashMap;
use crate::source::{SourceMap, Span};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// Worth knowing; off unless selected.
    Info,
    /// Works today, and fails on restart, on another platform, or is not what it looks like.
    Warning,
    /// It will not work, or an intent is broken.
    Error,
}

impl Level {
    /// The word in every report.
    pub fn word(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// Whether a rule can mend what it finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fixable {
    /// No.
    Never,
    /// Yes, and behaviour stays as it was meant.
    Safe,
    /// Yes, but somebody should look at it.
    Unsafe,
}

impl Fixable {
    /// The word in lists.
    pub fn word(self) -> &'static str {
        match self {
            Fixable::Never => "never",
            Fixable::Safe => "safe",
            Fixable::Unsafe => "unsafe",
        }
    }
}

/// The static description of a rule. Codes are for ever.
pub struct Rule {
    /// `QG101`.
    pub code: &'static str,
    /// Reads after "allow …": `multi-homed-dns`.
    pub name: &'static str,
    /// One sentence: what it catches.
    pub summary: &'static str,
    /// The level it has unless a finding says otherwise.
    pub level: Level,
    /// The release that brought it.
    pub since: &'static str,
    /// Whether it comes with a fix.
    pub fixable: Fixable,
    /// The page, in Markdown; `quadgen explain` prints it, and a test runs its examples.
    pub page: &'static str,
}

impl Rule {
    /// Where this release's page of the rule stands in the web; nothing as long as the package has no address.
    pub fn url(&self) -> Option<String> {
        page_url(env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"), self.code)
    }
}

/// The one place that knows where pages stand: `docs/rules/` of the repository, at the tag of the release.
fn page_url(repository: &str, version: &str, code: &str) -> Option<String> {
    let repository = repository.trim_end_matches('/').trim_end_matches(".git");
    (!repository.is_empty()).then(|| format!("{repository}/blob/v{version}/docs/rules/{code}.md"))
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

/// A place that plays a part, and which part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What happens there, in a few words; may be empty.
    pub message: String,
}

/// A paragraph of help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Help {
    /// Why, or what to do.
    pub text: String,
    /// The platforms it is about; those of the finding where it is about all of them.
    pub platforms: Vec<String>,
}

/// One change to the source, named by what it does rather than by its text. `fix::settle` makes texts of them, and
/// gives a fix up where that cannot be done without touching anything else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// Another text in place of a span.
    Replace {
        /// What goes.
        span: Span,
        /// What comes.
        text: String,
    },
    /// Another text in place of a certain one, which has to stand at the beginning of a place, behind a quotation mark
    /// perhaps, or once in it: quotes, escapes and variables may hide it.
    Swap {
        /// Where it stands.
        span: Span,
        /// What goes.
        old: String,
        /// What comes.
        text: String,
    },
    /// Takes away what stands at a place: in YAML the list's item or the key with its value, in a unit the whole line
    /// (a continued one with all its lines). What is left empty by it goes, too.
    Remove {
        /// The key, the value or a part of one of them.
        span: Span,
    },
    /// A line in a section of a unit: behind the last one of the same key, else at the section's end.
    AddLine {
        /// The section's name in its header.
        section: Span,
        /// `Key=Value`, as it is to stand there.
        line: String,
    },
    /// A section at the end of a unit's file.
    AddSection {
        /// Any place in the file.
        file: Span,
        /// The header and its lines, without a line break at the end.
        text: String,
    },
    /// The value of a key in YAML, written anew or changed.
    Set {
        /// The key whose mapping it is: a service's name.
        owner: Span,
        /// The keys below it that lead there; those that are missing are written, too.
        path: Vec<String>,
        /// The value as YAML writes it in one line.
        value: String,
    },
    /// An item at the end of a list in YAML.
    AddItem {
        /// The key whose mapping the list stands in: a service's name.
        owner: Span,
        /// The keys below it that lead to the list; those that are missing are written, too.
        path: Vec<String>,
        /// The item as YAML writes it in one line.
        item: String,
    },
}

/// A way to mend a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does, as an order: "rename to `ports`".
    pub title: String,
    /// Whether behaviour stays as it was meant.
    pub safe: bool,
    /// What is changed, all or nothing.
    pub changes: Vec<Change>,
}

/// A finding, or an error that kept quadgen from working.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which rule speaks.
    pub rule: &'static Rule,
    /// How bad it is here.
    pub severity: Level,
    /// What will happen, in one or two sentences, naming the object.
    pub message: String,
    /// The primary place first; there always is one.
    pub labels: Vec<Label>,
    /// Why, and what to do: a paragraph each.
    pub help: Vec<Help>,
    /// Ways to mend it.
    pub fixes: Vec<Fix>,
    /// The platforms it holds for, by name; empty where the platform plays no part.
    pub platforms: Vec<String>,
    /// The stack it belongs to; empty where there is none.
    pub stack: String,
    /// Whether it rests on a word of the platform that nobody wrote: then it is at most a warning.
    pub assumed: bool,
    /// The reason for which somebody silenced it, as they wrote it; it may be empty.
    pub suppressed: Option<String>,
}

impl Diagnostic {
    /// A finding of a rule at a place, at the rule's own level. This is the only way to make one.
    pub fn new(rule: &'static Rule, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            rule,
            severity: rule.level,
            message: message.into(),
            labels: vec![Label { span, message: String::new() }],
            help: Vec::new(),
            fixes: Vec::new(),
            platforms: Vec::new(),
            stack: String::new(),
            assumed: false,
            suppressed: None,
        }
    }

    /// The same at another level.
    pub fn severity(mut self, level: Level) -> Self {
        self.severity = level;
        self
    }

    /// Says what happens at the primary place.
    pub fn here(mut self, message: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.message = message.into();
        }
        self
    }

    /// Adds a place. A place that is already labelled keeps its first label.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        if self.labels.iter().all(|label| label.span != span) {
            self.labels.push(Label { span, message: message.into() });
        }
        self
    }

    /// Adds a paragraph: why, or what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if self.help.iter().all(|known| known.text != text) {
            self.help.push(Help { text, platforms: Vec::new() });
        }
        self
    }

    /// Adds a way to mend it.
    pub fn fix(mut self, title: impl Into<String>, safe: bool, changes: Vec<Change>) -> Self {
        self.fixes.push(Fix { title: title.into(), safe, changes });
        self
    }

    /// Says that it holds for a platform, and so does its help.
    pub fn on(mut self, platform: &str) -> Self {
        self.platforms.push(platform.to_owned());
        self.help.iter_mut().for_each(|help| help.platforms.push(platform.to_owned()));
        self
    }

    /// Says which assumed words it rests on: then it is at most a warning, and its text names them.
    pub fn assuming(mut self, words: &[String]) -> Self {
        if !words.is_empty() {
            self.assumed = true;
            self.severity = self.severity.min(Level::Warning);
            let words: BTreeSet<String> = words.iter().map(|word| format!("`{word}`")).collect();
            let words: Vec<String> = words.into_iter().collect();
            let assumed = format!(" (assuming {})", words.join(", "));
            if !self.message.contains(&assumed) {
                self.message.push_str(&assumed);
            }
        }
        self
    }

    /// The same at another level, as somebody wants it: what rests on an assumed word stays a warning at most.
    pub fn set_level(&mut self, level: Level) {
        self.severity = if self.assumed { level.min(Level::Warning) } else { level };
    }

    /// The primary place.
    pub fn span(&self) -> Span {
        self.labels.first().map(|label| label.span).unwrap_or_default()
    }
}

/// Where findings go: one place for levels, for merging over platforms and for the order.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Diagnostic>,
    /// Where findings of one rule and place stand in `found`.
    seen: HashMap<(&'static str, Span), SmallVec<[usize; 1]>>,
}

impl Sink {
    /// Takes a finding. The same finding on another platform becomes one finding with both.
    pub fn report(&mut self, new: Diagnostic) {
        let known = self.seen.entry((new.rule.code, new.span())).or_default();
        let is_same = |old: &Diagnostic| {
            old.message == new.message
                && old.severity == new.severity
                && old.labels == new.labels
                && old.stack == new.stack
        };
        let same = known.iter().copied().find(|at| self.found.get(*at).is_some_and(is_same));
        match same.and_then(|at| self.found.get_mut(at)) {
            Some(old) => {
                // What mends it here may be wrong there.
                if new.platforms.iter().any(|platform| !old.platforms.contains(platform)) {
                    old.fixes.retain(|fix| new.fixes.contains(fix));
                }
                for platform in new.platforms {
                    if !old.platforms.contains(&platform) {
                        old.platforms.push(platform);
                    }
                }
                for help in new.help {
                    if let Some(known) = old.help.iter_mut().find(|known| known.text == help.text) {
                        known.platforms.extend(help.platforms);
                        continue;
                    }
                    // Behind the last paragraph of its kind: reasons stay before remedies.
                    let kind = |help: &Help| help.text.split(':').next().unwrap_or("").to_owned();
                    let behind = old.help.iter().rposition(|known| kind(known) == kind(&help));
                    old.help.insert(behind.map_or(old.help.len(), |at| at + 1), help);
                }
            }
            None => {
                known.push(self.found.len());
                self.found.push(new);
            }
        }
    }

    /// Takes several.
    pub fn extend(&mut self, new: impl IntoIterator<Item = Diagnostic>) {
        new.into_iter().for_each(|diagnostic| self.report(diagnostic));
    }

    /// Everything, in the order in which it was reported.
    pub fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }

    /// What is found so far.
    pub fn found(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Everything, in the order of a report: by file, place, code, then text.
    pub fn finish(self, sources: &SourceMap) -> Vec<Diagnostic> {
        let name = |d: &Diagnostic| sources.file_of(d.span()).map_or("", |file| file.name.as_str());
        let mut found: Vec<(&str, Diagnostic)> = self.found.into_iter().map(|d| (name(&d), d)).collect();
        found.sort_by(|(file, a), (other, b)| {
            let words = |d: &Diagnostic| (d.span(), d.rule.code);
            let texts = || (&a.message, &a.platforms).cmp(&(&b.message, &b.platforms));
            file.cmp(other).then_with(|| words(a).cmp(&words(b))).then_with(texts)
        });
        found.into_iter().map(|(_, d)| d).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::page_url;

    #[test]
    fn a_page_has_an_address_where_the_package_has_one() {
        let url = Some("https://example.org/quadgen/blob/v0.1.0/docs/rules/QG101.md".to_owned());
        for repository in
            ["https://example.org/quadgen", "https://example.org/quadgen/", "https://example.org/quadgen.git"]
        {
            assert_eq!(page_url(repository, "0.1.0", "QG101"), url);
        }
        assert_eq!(page_url("", "0.1.0", "QG101"), None);
    }
}
