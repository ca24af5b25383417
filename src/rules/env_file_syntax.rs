//! QG715: what Podman takes literally in an env file.

use super::context::{Context, View, why};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::IndexMap;
use crate::model::{Format, Origin, Spanned};
use crate::network::Verdict;
use crate::platform::{Known, Question};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG715",
    name: "env-file-syntax",
    summary: "quotes, comments, `${}`, `export` or blanks in an env file, which Podman takes literally",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("env_file_syntax.md"),
};

/// How many lines of one file a finding shows.
const SHOWN: usize = 5;

/// What a line has that Podman does not understand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Quotes,
    Lines,
    Comment,
    Reference,
    Export,
    Blanks,
}

impl Fault {
    const ALL: [Fault; 6] =
        [Fault::Quotes, Fault::Lines, Fault::Comment, Fault::Reference, Fault::Export, Fault::Blanks];

    /// What becomes of it: `path` and the first variable.
    fn message(self, path: &str, name: &str) -> String {
        let what = match self {
            Fault::Quotes => format!("the quotes around `{name}` are part of its value"),
            Fault::Lines => format!("the value of `{name}` ends with its line, and its quote is part of it"),
            Fault::Comment => format!("the comment behind `{name}` is part of its value"),
            Fault::Reference => format!("the `${{}}` in `{name}` stays as it is"),
            Fault::Export => format!("the variable is called `export {name}`, and there is no `{name}`"),
            Fault::Blanks => format!("the blanks around the `=` of `{name}` are part of the name or the value"),
        };
        format!("Podman takes {path} literally: {what}")
    }

    fn label(self) -> &'static str {
        match self {
            Fault::Quotes => "with the quotes",
            Fault::Lines => "one line only",
            Fault::Comment => "with the comment",
            Fault::Reference => "not filled in",
            Fault::Export => "with `export` in its name",
            Fault::Blanks => "with the blanks",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Fault::Quotes => "What helps: the value without quotes; it may hold blanks.",
            Fault::Lines => "What helps: the value in one line, or a secret with `type=env`.",
            Fault::Comment => "What helps: the comment on a line of its own, above.",
            Fault::Reference => "What helps: the value written out.",
            Fault::Export => "What helps: the line without `export`.",
            Fault::Blanks => "What helps: `NAME=value` without blanks.",
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Fault::Quotes => "take the quotes away",
            Fault::Comment => "write the comment above the line",
            Fault::Export => "take `export` away",
            Fault::Blanks => "take the blanks away",
            Fault::Lines | Fault::Reference => "",
        }
    }
}

/// A line with a fault, and what mends it.
struct Line<'a> {
    name: &'a str,
    fault: Fault,
    span: Span,
    changes: Vec<Change>,
}

/// The variables of a file, and who gets them.
type Given<'a> = (&'a Variables, Vec<(&'a str, Span)>);

type Variables = IndexMap<String, Spanned<Option<String>>>;

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in context.views.iter().filter(|view| view.wiring.stack.format == Format::Quadlet) {
        let known = view.wiring.ask(Question::EnvFileSyntax);
        if Verdict::from(known.fact.is) != Verdict::No {
            continue;
        }
        let mut files: IndexMap<&str, Given<'_>> = IndexMap::default();
        for service in view.wiring.stack.services.values() {
            for file in &service.env_files {
                let Some(variables) = &file.variables else { continue };
                let users = &mut files.entry(&file.path.value).or_insert((variables, Vec::new())).1;
                users.push((&service.name.value, file.path.span()));
            }
        }
        for (path, (variables, users)) in files {
            let lines: Vec<Line<'_>> =
                variables.iter().flat_map(|(name, variable)| faults(name, variable, variables)).collect();
            for fault in Fault::ALL {
                let lines: Vec<&Line<'_>> = lines.iter().filter(|line| line.fault == fault).collect();
                of_file(view, &known, path, &lines, &users, sink);
            }
        }
    }
}

fn of_file(view: &View<'_>, known: &Known, path: &str, lines: &[&Line<'_>], users: &[(&str, Span)], sink: &mut Sink) {
    let Some((first, more)) = lines.split_first() else { return };
    let mut message = first.fault.message(path.trim_start_matches("./"), first.name);
    if !more.is_empty() {
        message.push_str(&format!("; {} more like it", more.len()));
    }
    let mut finding = Diagnostic::new(&RULE, first.span, message).here(first.fault.label());
    for line in more.iter().take(SHOWN - 1) {
        finding = finding.label(line.span, line.fault.label());
    }
    for (name, span) in users {
        finding = finding.label(*span, format!("given to `{name}`"));
    }
    let client = users.first().map_or("NAME", |(name, _)| name);
    let finding = finding
        .help(why(known))
        .help(format!("What you see: `podman exec {} env`.", client_name(view, client)))
        .help(first.fault.help());
    let changes: Vec<Change> = lines.iter().flat_map(|line| line.changes.clone()).collect();
    let finding = if changes.is_empty() { finding } else { finding.fix(first.fault.fix(), false, changes) };
    view.report(sink, finding.assuming(&known.assumed));
}

fn client_name(view: &View<'_>, service: &str) -> String {
    let service = view.wiring.stack.services.get(service);
    service.map_or_else(String::new, |service| view.wiring.container_name(service).into_owned())
}

/// What a line of an env file has that Podman does not understand.
fn faults<'a>(name: &'a str, variable: &Spanned<Option<String>>, all: &Variables) -> Vec<Line<'a>> {
    let (Origin::Written(at), Some(value)) = (variable.origin, variable.value.as_deref()) else { return Vec::new() };
    let Some(start) = at.start.checked_sub(name.len() as u32 + 1) else { return Vec::new() };
    let whole = Span::new(start, at.end);
    let replace =
        |from: usize, to: usize, text: &str| Change::Replace { span: whole.part(from, to), text: text.to_owned() };
    let bare = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map(str::trim_start);
    let shown = bare.unwrap_or(name).trim_end();
    let mut found = Vec::new();
    let mut push = |fault, changes| found.push(Line { name: shown, fault, span: whole, changes });
    if let Some(bare) = bare {
        push(Fault::Export, vec![replace(0, name.len() - bare.len(), "")]);
    }
    let (lead, text) = (value.len() - value.trim_start().len(), value.trim());
    if name.trim_end() != name || (lead > 0 && !text.is_empty()) {
        push(Fault::Blanks, vec![replace(name.trim_end().len(), name.len() + 1 + lead, "=")]);
    }
    // Where the text begins in the line.
    let offset = name.len() + 1 + lead;
    let sign = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let closed = sign.and_then(|sign| Some(text.get(1..)?.find(sign)? + 1));
    match (sign, closed) {
        (_, Some(end)) if end + 1 == text.len() => {
            push(Fault::Quotes, vec![replace(offset, offset + 1, ""), replace(offset + end, offset + end + 1, "")]);
        }
        (Some('"'), None) => push(Fault::Lines, Vec::new()),
        _ => {
            let behind = closed.unwrap_or(0);
            let comment = text.get(behind..).and_then(|rest| rest.find(" #").or_else(|| rest.find("\t#")));
            if let Some(comment) = comment {
                let kept = text.get(..behind + comment).unwrap_or("").trim_end().len();
                let written = text.get(kept..).unwrap_or("").trim();
                let above = Change::Replace { span: Span::new(start, start), text: format!("{written}\n") };
                push(Fault::Comment, vec![above, replace(offset + kept, name.len() + 1 + value.len(), "")]);
            }
        }
    }
    if refers(text, all) {
        push(Fault::Reference, Vec::new());
    }
    found
}

/// Whether a value holds `${NAME}` of another variable of the file; other names a program may fill in by itself.
fn refers(text: &str, all: &Variables) -> bool {
    let names = text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    names.map(|name| name.split(':').next().unwrap_or(name)).any(|name| all.contains_key(name))
}
