//! Words in Markdown.

/// A name as code. What would end it, or a cell of a table, is replaced or escaped.
pub(super) fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'").replace('|', "\\|").replace(['\n', '\r'], " "))
}

/// Names as code, with commas.
pub(super) fn codes(names: &[&str]) -> String {
    names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ")
}
