//! Proxies and DNS servers by their images: `data/proxies.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::Image;

/// A server that cares who its clients are.
#[derive(Debug, Deserialize)]
pub struct Proxy {
    /// What people call it, with its article.
    pub kind: String,
    images: Vec<String>,
}

#[derive(Deserialize)]
struct Data {
    server: Vec<Proxy>,
}

static PROXIES: LazyLock<Vec<Proxy>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    let data: Data = toml::from_str(include_str!("../../data/proxies.toml")).expect("data/proxies.toml is well-formed");
    data.server
});

/// The server that an image is known to hold.
pub fn find(image: &Image) -> Option<&'static Proxy> {
    PROXIES.iter().find(|server| server.images.iter().any(|end| image.ends_in(end)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{PROXIES, find};

    #[test]
    fn a_server_is_known_by_the_whole_end_of_its_image_and_each_image_is_of_one() {
        for (image, kind) in [
            ("docker.io/library/traefik:v3", Some("a proxy")),
            ("docker.io/jc21/nginx-proxy-manager", Some("a proxy")),
            ("nginx:1.27-alpine", None),
            ("docker.io/pihole/pihole:latest", Some("a DNS server")),
            ("docker.io/adguard/adguardhome", Some("a DNS server")),
            ("docker.io/nginx/nginx-prometheus-exporter", None),
            ("example.org/not-caddy", None),
        ] {
            assert_eq!(find(&image.parse().unwrap()).map(|server| server.kind.as_str()), kind, "{image}");
        }
        let mut seen = BTreeSet::new();
        assert!(PROXIES.iter().flat_map(|server| &server.images).all(|image| seen.insert(image)));
    }
}
