//! A rule's page, taken apart.

/// A fence: three backticks and what is between them.
pub struct Fence<'a> {
    /// What stands behind the backticks: the language, then words for tests.
    pub info: &'a str,
    /// The lines in it.
    pub text: String,
}

/// Each heading with the text below it. A line in a fence is no heading.
pub fn sections(page: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        match (line.strip_prefix("## "), sections.last_mut()) {
            (Some(heading), _) if !fenced => sections.push((heading, String::new())),
            (_, Some((_, text))) => text.extend([line, "\n"]),
            _ => {}
        }
    }
    sections
}

/// The text below a heading.
pub fn section(page: &str, heading: &str) -> String {
    sections(page).into_iter().find(|(found, _)| *found == heading).unwrap().1
}

/// The fences of a text.
pub fn fences(text: &str) -> Vec<Fence<'_>> {
    let mut fences = Vec::new();
    let mut open: Option<Fence<'_>> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(info), None) => open = Some(Fence { info, text: String::new() }),
            (Some(_), Some(_)) => fences.extend(open.take()),
            (None, Some(fence)) => fence.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    fences
}
