//! Ignores in comments: `# quadgen: ignore[QG304] reason` and `# quadgen: ignore-file[QG604] reason`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::names::{Catalogue, unknown};
use crate::diagnostic::{Change, Diagnostic, Rule, input, own};
use crate::source::{SourceFile, SourceMap, Span, tidy};
use crate::syntax::comments::{self, Comment, Syntax};

/// What begins a comment that is meant for quadgen.
const SIGN: &str = "quadgen:";

/// One comment that silences.
#[derive(Debug)]
struct Ignore {
    /// The file's name.
    file: String,
    /// The same file may have been read more than once, by other ways: where the comment is, whatever way led there.
    at: (PathBuf, usize),
    comment: Comment,
    /// What lies between the brackets.
    list: Span,
    rules: Vec<Named>,
    /// Whether every word between the brackets is a rule.
    clean: bool,
    reason: String,
    /// Whether it is about the whole file.
    whole_file: bool,
    /// Where findings begin that it silences.
    scope: Option<Span>,
}

/// A rule of an ignore.
#[derive(Debug)]
struct Named {
    rule: &'static Rule,
    text: String,
    span: Span,
    used: bool,
}

/// All ignores of the files of a run.
#[derive(Debug, Default)]
pub struct Ignores {
    all: Vec<Ignore>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

impl Ignores {
    /// Whether it is worth looking for them in a text.
    pub fn may_be_in(text: &str) -> bool {
        text.contains(SIGN)
    }

    /// Takes in the comments of a file.
    pub fn read(&mut self, file: &SourceFile, syntax: Syntax, rules: Catalogue<'_>) {
        for comment in comments::find(file, syntax, SIGN) {
            let text = file.text.get(file.local(comment.span.start)..file.local(comment.span.end)).unwrap_or("");
            let Some(said) = text.trim_start_matches('#').trim_start().strip_prefix(SIGN) else { continue };
            let at = text.len() - said.trim_start().len();
            self.comment(file, comment, text, at, rules);
        }
    }

    /// Reads what stands behind `quadgen:`.
    fn comment(&mut self, file: &SourceFile, comment: Comment, text: &str, at: usize, rules: Catalogue<'_>) {
        let said = text.get(at..).unwrap_or("");
        let word = said.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(said.len());
        let (word, behind) = said.split_at_checked(word).unwrap_or((said, ""));
        let part = |from: usize, to: usize| comment.span.part(from, to);
        let brackets = behind.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let whole_file = match (word, brackets) {
            ("ignore", Some(_)) => false,
            ("ignore-file", Some(_)) => true,
            ("ignore" | "ignore-file", None) => {
                let message = format!("`{word}` does not say which rules it is about, and silences nothing");
                let help = format!("Write `# quadgen: {word}[QG404] the reason`; several rules stand between commas.");
                let finding = Diagnostic::new(&input::INVALID_VALUE, part(at, at + word.len()), message);
                return self.diagnostics.push(finding.help(help));
            }
            // Prose, and the marker of rendered files, have no brackets behind their first word.
            (_, Some(_)) if !word.is_empty() => {
                let span = part(at, at + word.len());
                let finding = Diagnostic::new(&input::INVALID_VALUE, span, format!("quadgen has no order `{word}`"));
                return self.diagnostics.push(finding.help("It has `ignore[…]` and `ignore-file[…]`."));
            }
            _ => return,
        };
        let (list, reason) = brackets.unwrap_or_default();
        if whole_file && !comment.own_line {
            let message = "`ignore-file` has to stand at the start of a line, and silences nothing here";
            let finding = Diagnostic::new(&input::INVALID_VALUE, part(at, at + word.len()), message);
            return self.diagnostics.push(finding.help("Give it a line for itself; `ignore[…]` is about one line."));
        }
        let list_at = at + word.len() + 1;
        let mut named = Vec::new();
        let mut from = list_at;
        for item in list.split(',') {
            let start = from + item.len() - item.trim_start().len();
            from += item.len() + 1;
            let item = item.trim();
            let span = part(start, start + item.len());
            match rules.find(item) {
                Some(rule) => named.push(Named { rule, text: item.to_owned(), span, used: false }),
                None if item.is_empty() => {
                    let span = part(at, list_at + list.len() + 1);
                    let finding = Diagnostic::new(&input::INVALID_VALUE, span, "a rule is missing between the commas");
                    self.diagnostics.push(finding.help("Write `ignore[QG404]`, or `ignore[QG401, QG404]`."));
                }
                None => self.diagnostics.push(unknown(item, span, rules)),
            }
        }
        let scope = if whole_file { Some(file.span()) } else { comment.about };
        self.all.push(Ignore {
            file: file.name.clone(),
            at: (tidy(Path::new(&file.name)), file.local(comment.span.start)),
            comment,
            list: part(list_at, list_at + list.len()),
            clean: named.len() == list.split(',').count(),
            rules: named,
            reason: reason.trim_start_matches([' ', '\t', ':']).trim_end().to_owned(),
            whole_file,
            scope: scope.filter(|_| !comment.inside),
        });
    }

    /// Silences what the ignores are about. What kept quadgen from working cannot be silenced.
    pub fn silence(&mut self, findings: &mut [Diagnostic]) {
        if self.all.is_empty() {
            return;
        }
        let (files, lines) = (self.in_order(true), self.in_order(false));
        for finding in findings.iter_mut().filter(|finding| can_be_silenced(finding.rule)) {
            let at = finding.span().start;
            for order in [&lines, &files] {
                // Scopes of one kind are apart from each other or the same.
                let behind = order.partition_point(|(scope, _)| scope.start <= at);
                let covering = order.iter().take(behind).rev().take_while(|(scope, _)| at <= scope.end);
                let mut covering: Vec<usize> = covering.map(|(_, number)| *number).collect();
                covering.sort_unstable();
                for ignore in covering {
                    let Some(ignore) = self.all.get_mut(ignore) else { continue };
                    let mut named = ignore.rules.iter_mut();
                    if let Some(named) = named.find(|named| named.rule.code == finding.rule.code) {
                        named.used = true;
                        // The first one is the reason; those behind it were right, too.
                        finding.suppressed.get_or_insert_with(|| ignore.reason.clone());
                    }
                }
            }
        }
    }

    /// The ignores of whole files, or of lines, by where their scope begins.
    fn in_order(&self, whole_file: bool) -> Vec<(Span, usize)> {
        let all = self.all.iter().enumerate().filter(|(_, ignore)| ignore.whole_file == whole_file);
        let mut order: Vec<(Span, usize)> = all.filter_map(|(number, ignore)| Some((ignore.scope?, number))).collect();
        order.sort_unstable();
        order
    }

    /// Ignores that silenced nothing although `looked`: whether the rule was tried on all of a file.
    pub fn unused(&self, sources: &SourceMap, looked: impl Fn(&str, &Rule) -> bool) -> Vec<Diagnostic> {
        // A file that was read for several stacks: what one of them needs is needed.
        let mut same: BTreeMap<&(PathBuf, usize), Vec<&Ignore>> = BTreeMap::new();
        for ignore in &self.all {
            same.entry(&ignore.at).or_default().push(ignore);
        }
        let told = same.values().filter_map(|same| {
            let ignore = same.first()?;
            let is_unused = |number: usize, named: &Named| {
                let used = same.iter().any(|it| it.rules.get(number).is_some_and(|named| named.used));
                !used && (ignore.scope.is_none() || same.iter().all(|it| looked(&it.file, named.rule)))
            };
            let unused = ignore.rules.iter().enumerate().filter(|(number, named)| is_unused(*number, named));
            let unused: Vec<usize> = unused.map(|(number, _)| number).collect();
            (!unused.is_empty()).then(|| ignore.told(sources, &unused))
        });
        told.collect()
    }
}

/// Whether an ignore may silence a rule.
pub fn can_be_silenced(rule: &Rule) -> bool {
    ![input::COULD_NOT_RUN.code, input::SYNTAX_ERROR.code].contains(&rule.code)
}

impl Ignore {
    /// The finding about rules that are of no use.
    fn told(&self, sources: &SourceMap, unused: &[usize]) -> Diagnostic {
        let is_unused = |number: &usize| unused.contains(number);
        let gone: Vec<&Named> = unused.iter().filter_map(|at| self.rules.get(*at)).collect();
        let names = gone.iter().map(|named| format!("`{}`", named.text)).collect::<Vec<_>>().join(", ");
        let all = self.clean && gone.len() == self.rules.len();
        let first = gone.first().map_or(self.comment.span, |named| named.span);
        let place = if all { self.comment.span } else { first };
        let never = gone.iter().all(|named| !can_be_silenced(named.rule));
        let message = if never {
            format!("{names} cannot be silenced, because quadgen then did not see everything")
        } else if self.comment.inside {
            format!(
                "the ignore of {names} stands inside of a value that goes on over several lines, and silences nothing"
            )
        } else if self.scope.is_none() {
            format!("the ignore of {names} is about no line: an empty one follows, or nothing")
        } else {
            format!("the ignore of {names} silences nothing")
        };
        let finding = Diagnostic::new(&own::UNUSED_SUPPRESSION, place, message)
            .help("Why: the next finding here, which may be another one, would be silenced with it.");
        if self.comment.inside {
            return finding.help("What helps: put it on the line before the key.");
        }
        if self.scope.is_none() {
            return finding
                .help("What helps: put it at the end of the line that it is about, or right before that line.");
        }
        if !self.clean {
            return finding;
        }
        if all {
            let change = Change::Replace { span: self.whole(sources), text: String::new() };
            return finding.fix("take the comment away", true, vec![change]);
        }
        let kept = self.rules.iter().enumerate().filter(|(number, _)| !is_unused(number));
        let kept: Vec<&str> = kept.map(|(_, named)| named.text.as_str()).collect();
        let change = Change::Replace { span: self.list, text: kept.join(", ") };
        finding.fix(format!("take {names} away"), true, vec![change])
    }

    /// The comment with what goes with it: its line, or the blanks before it.
    fn whole(&self, sources: &SourceMap) -> Span {
        let Some(file) = sources.file_of(self.comment.span) else { return self.comment.span };
        let line = comments::line_of(file, self.comment.span);
        if self.comment.own_line {
            return Span::new(line.start, (line.end + 1).min(file.span().end));
        }
        let before = file.text.get(file.local(line.start)..file.local(self.comment.span.start)).unwrap_or("");
        Span::new(line.start + before.trim_end().len() as u32, self.comment.span.end)
    }
}
