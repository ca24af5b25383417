//! Variables that are not for the container alone: `data/variables.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variables {
    names: Vec<String>,
    begin: Vec<String>,
    end: Vec<String>,
}

static VARIABLES: LazyLock<Variables> = LazyLock::new(|| table!("variables"));

/// Whether podman, or systemd's own helpers, would read a variable of the service for themselves.
pub(crate) fn is_for_programs(name: &str) -> bool {
    let small = name.to_ascii_lowercase();
    VARIABLES.names.iter().any(|known| known == name)
        || VARIABLES.begin.iter().any(|begin| name.starts_with(begin.as_str()))
        || VARIABLES.end.iter().any(|end| small.ends_with(end.as_str()))
}

#[cfg(test)]
mod tests {
    use super::is_for_programs;

    #[test]
    fn programs_read_some_variables() {
        for name in ["HOME", "LC_ALL", "CONTAINERS_CONF", "http_proxy", "NO_PROXY"] {
            assert!(is_for_programs(name), "{name}");
        }
        for name in ["DOMAIN", "home", "MY_HOME", "PROXY"] {
            assert!(!is_for_programs(name), "{name}");
        }
    }
}
