//! Version numbers as runtimes write them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// `4`, `4.6` or `4.6.2`; what is not said counts as zero when two are compared.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Version {
    numbers: [u16; 3],
    /// How many numbers were said, for display.
    said: u8,
}

impl Version {
    /// A version of two numbers.
    pub const fn new(major: u16, minor: u16) -> Self {
        Version { numbers: [major, minor, 0], said: 2 }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers)
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    /// The way from files of `data/`, where versions are texts.
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Version {
    type Err = String;

    /// Takes one to three numbers with dots between, with or without a leading `v`; `5.4.2-rc1` counts as `5.4.2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a version such as 5.4 or 4.6.2");
        let bare = text.strip_prefix('v').unwrap_or(text);
        let bare = bare.split(['-', '+', '~']).next().unwrap_or(bare);
        let mut numbers = [0; 3];
        let mut said = 0;
        for part in bare.split('.') {
            let slot = numbers.get_mut(usize::from(said)).ok_or_else(bad)?;
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad());
            }
            *slot = part.parse().map_err(|_| bad())?;
            said += 1;
        }
        Ok(Version { numbers, said })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.numbers.iter().take(usize::from(self.said.max(1)));
        let text: Vec<String> = said.map(u16::to_string).collect();
        f.write_str(&text.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn compares_by_number_and_shows_what_was_said() {
        let parse = |text: &str| text.parse::<Version>().unwrap();
        assert!(parse("4.10") > parse("4.9.4"));
        assert!(parse("v5.4.2-rc1") == parse("5.4.2"));
        assert!(parse("6") < parse("6.0.1"));
        assert_eq!(parse("5.4").to_string(), "5.4");
        for bad in ["", "x", "5.", "1.2.3.4", "-1", "99999", "५"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
