//! What people read about a render: notes, steps, and how files stand to what would be written.

use std::fmt::Write;

use quadgen::render::{Change, Missing, Next, Standing};
use quadgen::source::display_path;

use super::Set;
use crate::cli::write::Place;

/// Notes, a paragraph each.
pub(super) fn notes(notes: &[String]) -> String {
    notes.iter().fold(String::new(), |text, note| text + &quadgen::report::wrap(&format!("note: {note}")) + "\n")
}

/// What was written, and what to do next.
pub(super) fn written(set: &Set<'_>, place: &Place, changes: &[Change], next: &Next, with_name: bool) -> String {
    let mut text = notes(&next.notes);
    let name = if with_name { format!("{}: ", set.platform.name) } else { String::new() };
    let count = match set.rendered.files.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let _ = write!(text, "{name}{count} in {}", display_path(&place.shown));
    let number = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count();
    let new = number(|change| change.old.is_none());
    let removed = number(|change| change.new.is_none());
    let counts = [(new, "new"), (changes.len() - new - removed, "changed"), (removed, "removed")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if counts.is_empty() {
        text.push_str(": nothing changed.\n");
        return text;
    }
    // A first render is all new.
    if new != set.rendered.files.len() || changes.len() != new {
        let _ = write!(text, ": {}", counts.join(", "));
    }
    text.push('.');
    if !next.before.is_empty() {
        text.push_str(" If Docker Compose runs it now, first:\n");
        next.before.iter().for_each(|step| {
            let _ = writeln!(text, "  - {step}");
        });
        text.push_str(steps(next).trim_start());
        return text;
    }
    text.push_str(&steps(next));
    text
}

/// That a platform's folder was removed, and what to do next.
pub(super) fn removed(place: &Place, next: &Next) -> String {
    format!("{}{}: removed.{}", notes(&next.notes), display_path(&place.shown), steps(next))
}

/// The rest of a line, and the steps below it.
fn steps(next: &Next) -> String {
    let mut text = if next.steps.is_empty() { "\n".to_owned() } else { " Next:\n".to_owned() };
    for (at, step) in next.steps.iter().enumerate() {
        let _ = writeln!(text, "  {}. {step}", at + 1);
    }
    text
}

/// Names the files that no platform and no service has any more.
pub(super) fn left_over(names: &[String]) -> Option<String> {
    let it = if names.len() == 1 { "it" } else { "them" };
    (!names.is_empty()).then(|| {
        format!(
            "Left over, because the source has no such file any more: {}. `--prune` removes {it}.",
            names.join(", ")
        )
    })
}

/// Names files of somebody that had to be put aside.
pub(super) fn kept(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        format!(
            "Put aside while quadgen was writing, and not quadgen's: {}. Move or remove what is there.",
            names.join(", ")
        )
    })
}

/// How a file stands to what would be written, if it is not the same.
pub(super) fn standing(standing: &Standing) -> Option<String> {
    let text = match standing {
        Standing::Same => return None,
        Standing::OldMarker => "only its marker is old: other files of the set changed",
        Standing::SourceChanged => "the source changed",
        Standing::HandChanged => "changed by hand",
        Standing::BothChanged => "changed by hand, and the source changed",
        Standing::LineEnds => "changed by hand: only its line ends",
        Standing::Missing(Missing::Removed) => "missing: removed by hand",
        Standing::Missing(Missing::New) => "missing: new in the source",
        Standing::Missing(Missing::NotRendered) => "missing: nothing was rendered here yet",
        Standing::LeftOver => "left over: no longer in the source",
        Standing::LeftOverChanged => "left over: no longer in the source, and changed by hand",
        Standing::OtherSource(source) => return Some(format!("rendered from another source, {source}")),
        Standing::Foreign => "not written by quadgen, or its marker was removed",
        Standing::NoFile => "not a plain file",
    };
    Some(text.to_owned())
}
