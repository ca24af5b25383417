//! Proxies and DNS servers by their images: `data/proxies.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::by_image::ByImage;
use crate::model::Image;

/// A server that cares who its clients are.
#[derive(Debug, Deserialize)]
pub struct Proxy {
    /// What people call it, with its article.
    pub kind: &'static str,
}

/// A proxy that lets a part of the requests to the runtime's socket through.
#[derive(Debug, Deserialize)]
struct Guard {}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
struct Data {
    server: ByImage<Proxy>,
    guard: ByImage<Guard>,
}

static DATA: LazyLock<Data> = LazyLock::new(|| table!("proxies"));

/// The server that an image is known to hold.
pub fn find(image: &Image) -> Option<&'static Proxy> {
    DATA.server.find(image)
}

/// Whether an image is known to hold a proxy of the runtime's socket.
pub fn guards_socket(image: &Image) -> bool {
    DATA.guard.find(image).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DATA, find, guards_socket};

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
            assert_eq!(find(&image.parse().unwrap()).map(|server| server.kind), kind, "{image}");
        }
        let mut seen = BTreeSet::new();
        assert!(DATA.server.all().all(|(image, _)| seen.insert(image)));
    }

    #[test]
    fn a_proxy_of_the_socket_is_known_by_the_whole_end_of_its_image() {
        for (image, guards) in [
            ("lscr.io/linuxserver/socket-proxy:latest", true),
            ("ghcr.io/tecnativa/docker-socket-proxy:0.3", true),
            ("wollomatic/socket-proxy:1", true),
            ("docker.io/library/traefik:v3", false),
            ("example.org/my-socket-proxy", false),
        ] {
            assert_eq!(guards_socket(&image.parse().unwrap()), guards, "{image}");
        }
    }
}
