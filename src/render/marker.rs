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

/// A text with a marker, taken apart. What a damaged marker does not say is empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signed<'a> {
    /// The way from the file to what it was rendered from.
    pub source: &'a str,
    /// The hash of the whole set that it was rendered with.
    pub model: &'a str,
    /// The hash of its own text as it was rendered.
    pub body: &'a str,
    /// Its own text as it is now.
    pub text: &'a str,
    /// Whether it is as quadgen wrote it.
    pub intact: bool,
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
    // A name with a line break would end the comment.
    let source: String = source.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    for file in files {
        let body = hash(&file.text);
        file.text = format!("{MARKER}{source} model={model} body={body}\n{}", file.text);
    }
}

/// Takes a text apart that carries a marker, wherever somebody moved it to.
pub fn signed(text: &str) -> Option<Signed<'_>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let said = line.strip_suffix('\n').unwrap_or(line);
        if let Some(said) = said.trim_start_matches(['\u{feff}', ' ', '\t']).strip_prefix(MARKER) {
            let rest = text.get(at + line.len()..).unwrap_or("");
            let (said, body) = said.rsplit_once(" body=").unwrap_or((said, ""));
            let (source, model) = said.rsplit_once(" model=").unwrap_or((said, ""));
            let in_place = text.starts_with(MARKER) && line.ends_with('\n');
            let intact = in_place && body == hash(rest);
            return Some(Signed { source, model, body, text: rest, intact });
        }
        at += line.len();
    }
    None
}

/// Who a file belongs to, by its text.
pub fn owner(text: &str) -> Owner {
    match signed(text) {
        None => Owner::Foreign,
        Some(signed) if signed.intact => Owner::Quadgen,
        Some(_) => Owner::Changed,
    }
}

/// The hash that a marker gives for a text.
pub(super) fn hash(text: &str) -> String {
    short(&Sha256::digest(text.as_bytes()))
}

/// Sixteen hexadecimal digits are enough to see a change; nobody attacks a comment.
fn short(digest: &[u8]) -> String {
    let first = digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    format!("{first:016x}")
}

#[cfg(test)]
mod tests {
    use super::{File, Owner, owner, sign, signed};

    #[test]
    fn a_file_knows_its_owner() {
        let mut files = [File { name: "a".into(), text: "[Container]\n".into() }];
        sign(&mut files, "../a model=b.yaml");
        let text = &files[0].text;
        assert_eq!(owner(text), Owner::Quadgen);
        assert_eq!(signed(text).unwrap().source, "../a model=b.yaml");
        for changed in [
            format!("{text}x"),
            format!("\u{feff}{text}"),
            format!("# mine\n{text}"),
            text.replace('\n', "\r\n"),
            text.replace("body=", "body=0"),
            text.lines().next().unwrap().to_owned(),
        ] {
            assert_eq!(owner(&changed), Owner::Changed, "{changed:?}");
        }
        assert_eq!(owner("[Container]\n"), Owner::Foreign);
    }
}
