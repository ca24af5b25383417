//! How Podman reads the values of its options: `data/podman-options.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::Version;

#[derive(Deserialize)]
struct Options {
    lists: BTreeMap<String, List>,
}

#[derive(Deserialize)]
struct List {
    /// The first release that is known to have it, where the oldest at hand has not.
    since: Option<Version>,
    /// The first release that takes it literally, if one does.
    until: Option<Version>,
}

static OPTIONS: LazyLock<Options> = LazyLock::new(|| table!("podman-options"));

/// Whether a release takes the value of an option (`--cap-add`) for a line of CSV, each field of which is a value.
pub fn is_list(flag: &str, version: Version) -> bool {
    let list = flag.strip_prefix("--").and_then(|name| OPTIONS.lists.get(name));
    list.is_some_and(|list| {
        list.since.is_none_or(|since| since <= version) && list.until.is_none_or(|until| version < until)
    })
}

/// The options that a release takes so, sorted, with their dashes.
pub fn lists(version: Version) -> Vec<String> {
    let all = OPTIONS.lists.keys().map(|name| format!("--{name}"));
    all.filter(|flag| is_list(flag, version)).collect()
}

#[cfg(test)]
mod tests {
    use super::is_list;
    use crate::model::Version;

    #[test]
    fn releases_differ() {
        assert!(is_list("--device", Version::new(4, 9)));
        assert!(!is_list("--device", Version::new(5, 0)));
        assert!(is_list("--dns", Version::new(5, 8)));
        assert!(!is_list("--env", Version::new(4, 4)));
    }
}
