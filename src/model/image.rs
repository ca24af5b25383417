//! Image references.

use std::fmt;
use std::str::FromStr;

use memchr::{memchr, memrchr};

/// `registry/path/name:tag@digest`, as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    text: String,
}

impl Image {
    /// The registry, if the reference has one: the first part holds a dot or a colon, or is `localhost`.
    pub fn registry(&self) -> Option<&str> {
        let (first, _) = self.text.split_once('/')?;
        (first.contains(['.', ':']) || first == "localhost").then_some(first)
    }

    /// The reference without its tag and digest.
    pub fn repository(&self) -> &str {
        let text = self.text.as_bytes();
        let name = memchr(b'@', text).and_then(|at| text.get(..at)).unwrap_or(text);
        let last = memrchr(b'/', name).map_or(0, |at| at + 1);
        let end = name.get(last..).and_then(|part| memchr(b':', part)).map_or(name.len(), |tag| last + tag);
        self.text.get(..end).unwrap_or_default()
    }

    /// The tag, if one is given.
    pub fn tag(&self) -> Option<&str> {
        let rest = self.text.strip_prefix(self.repository())?.strip_prefix(':')?;
        rest.split('@').next()
    }

    /// The digest, if one is given.
    pub fn digest(&self) -> Option<&str> {
        self.text.split_once('@').map(|(_, digest)| digest)
    }

    /// Whether its repository ends in some parts, in whole ones: `postgres` ends `docker.io/library/postgres`, and not
    /// `my-postgres`.
    pub fn ends_in(&self, parts: &str) -> bool {
        let rest = self.repository().strip_suffix(parts);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    }

    /// Whether it is only on the machine itself (`localhost/…`), so that nothing can be pulled.
    pub fn is_local(&self) -> bool {
        self.registry() == Some("localhost")
    }

    /// The reference with its registry: what Docker means by a short name.
    pub fn full(&self) -> String {
        match (self.registry(), self.text.contains('/')) {
            (Some(_), _) => self.text.clone(),
            (None, true) => format!("docker.io/{}", self.text),
            (None, false) => format!("docker.io/library/{}", self.text),
        }
    }
}

impl FromStr for Image {
    type Err = String;

    /// Takes every text of the characters that references have, and that begins with a letter or digit.
    fn from_str(text: &str) -> Result<Self, String> {
        let good =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/' | b':' | b'@' | b'+');
        if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || !text.bytes().all(good) {
            return Err(format!("`{}` is not an image such as docker.io/library/mongo:6.0", text.escape_debug()));
        }
        Ok(Image { text: text.to_owned() })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn a_repository_has_neither_tag_nor_digest() {
        for (text, repository) in [
            ("nginx", "nginx"),
            ("nginx:1.27", "nginx"),
            ("host:5000/x", "host:5000/x"),
            ("host:5000/a/x:1@sha256:0", "host:5000/a/x"),
        ] {
            assert_eq!(text.parse::<Image>().unwrap().repository(), repository);
        }
    }

    #[test]
    fn short_names_mean_docker_hub() {
        let full = |text: &str| text.parse::<Image>().unwrap().full();
        assert_eq!(full("nginx"), "docker.io/library/nginx");
        assert_eq!(full("grafana/grafana:11"), "docker.io/grafana/grafana:11");
        assert_eq!(full("quay.io/a/b@sha256:0"), "quay.io/a/b@sha256:0");
        assert_eq!(full("localhost/x"), "localhost/x");
        assert_eq!(full("host:5000/x"), "host:5000/x");
        for bad in ["a b", "", ";", "-x", "a;b", "$x"] {
            assert!(bad.parse::<Image>().is_err(), "{bad}");
        }
    }
}
