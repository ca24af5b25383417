//! Paths that are meant from another folder than the one they are read for.

/// A path below a folder, without `./` and with `..` resolved as far as they go. Absolute paths, those of a home, and
/// what begins with a variable of a unit stay as they are.
pub(super) fn joined(folder: &str, path: &str) -> String {
    let has_drive = path.get(1..2) == Some(":") && path.starts_with(|c: char| c.is_ascii_alphabetic());
    if path.starts_with(['/', '~', '%']) || has_drive {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    match parts.first() {
        Some(&"..") => parts.join("/"),
        Some(_) => format!("./{}", parts.join("/")),
        None => ".".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn paths_are_joined_by_their_names() {
        for (folder, path, together) in [
            ("sub", "./data", "./sub/data"),
            ("sub", "../data", "./data"),
            ("sub", "../../data", "../data"),
            ("../up", "x", "../up/x"),
            ("sub", "/abs", "/abs"),
            ("sub", "~/x", "~/x"),
            ("sub", ".", "./sub"),
            ("sub", "..", "."),
        ] {
            assert_eq!(joined(folder, path), together);
        }
    }
}
