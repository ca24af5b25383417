//! What can be the name of a thing of a stack.

/// Whether a text is safe as a file's, a unit's and a container's name: a letter or digit, then letters, digits, `_`,
/// `.` and `-`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        && text.len() <= 200
}

/// Whether an intent takes a name for something else than a service or network: `internet`, `host`, `host.NAME`.
pub fn is_reserved(name: &str) -> bool {
    matches!(name, "internet" | "host") || name.contains('.')
}
