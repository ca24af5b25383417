//! The first line of every rendered file: whose it is, and whether somebody changed it.

use sha2::{Digest, Sha256};

use super::File;

/// How the line begins.
pub const MARKER: &str = "# quadgen: source=";

/// Who a file belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// quadgen wrote it, and nobody changed it since.
    Quadgen,
    /// quadgen wrote it, and somebody changed it.
    Changed,
    /// Somebody else.
    Foreign,
}

/// Puts the marker into each file. `body` is of the file's own text, so that an edit by hand shows; `model` is of the
/// whole set, so that files of two renders do not pass for one.
pub(super) fn sign(files: &mut [File], source: &str) {
    let mut whole = Sha256::new();
    for file in files.iter() {
        whole.update(file.name.as_bytes());
        whole.update([0]);
        whole.update(file.text.as_bytes());
        whole.update([0]);
    }
    let model = short(&whole.finalize());
    for file in files {
        let body = hash(&file.text);
        // A name with a line break would end the comment.
        let source: String = source.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        file.text = format!("{MARKER}{source} model={model} body={body}\n{}", file.text);
    }
}

/// Who a file belongs to, by its text.
pub fn owner(text: &str) -> Owner {
    let Some((line, body)) = text.split_once('\n') else { return Owner::Foreign };
    let Some((_, said)) = line.strip_prefix(MARKER).and_then(|rest| rest.rsplit_once(" body=")) else {
        return Owner::Foreign;
    };
    if said == hash(body) { Owner::Quadgen } else { Owner::Changed }
}

fn hash(text: &str) -> String {
    short(&Sha256::digest(text.as_bytes()))
}

/// Sixteen hexadecimal digits are enough to see a change; nobody attacks a comment.
fn short(digest: &[u8]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{File, Owner, owner, sign};

    #[test]
    fn a_file_knows_its_owner() {
        let mut files = [File { name: "a".into(), text: "[Container]\n".into() }];
        sign(&mut files, "../topology.yaml");
        assert_eq!(owner(&files[0].text), Owner::Quadgen);
        assert_eq!(owner(&format!("{}x", files[0].text)), Owner::Changed);
        assert_eq!(owner("[Container]\n"), Owner::Foreign);
    }
}
