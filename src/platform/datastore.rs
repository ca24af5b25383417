//! Databases, caches and queues by their images: `data/datastores.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::by_image::{ByImage, read};
use crate::model::{Image, PortRange};

/// A database, cache or queue.
#[derive(Debug, Deserialize)]
pub struct Datastore {
    /// What people call it.
    pub name: String,
    ports: Vec<u16>,
    /// Where in the container its data lies; empty where it is often meant to be lost.
    #[serde(default)]
    pub data: Vec<String>,
}

#[derive(Deserialize)]
struct Data {
    datastore: ByImage<Datastore>,
}

static DATASTORES: LazyLock<ByImage<Datastore>> =
    LazyLock::new(|| read::<Data>(include_str!("../../data/datastores.toml")).datastore);

/// The datastore that an image is known to hold.
pub fn find(image: &Image) -> Option<&'static Datastore> {
    DATASTORES.find(image)
}

impl Datastore {
    /// Whether one of its own ports is this one.
    pub fn listens(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// Whether it takes or gives data on one of the container's TCP ports.
    pub fn serves(&self, ports: PortRange) -> bool {
        self.ports.iter().any(|port| (ports.first..=ports.last).contains(port))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DATASTORES, find};

    #[test]
    fn a_datastore_is_known_by_the_whole_end_of_its_image() {
        for (image, name) in [
            ("postgres", Some("PostgreSQL")),
            ("docker.io/library/postgres:17-alpine", Some("PostgreSQL")),
            ("docker.io/bitnami/postgresql@sha256:0", Some("PostgreSQL")),
            ("pgvector/pgvector:pg17", Some("PostgreSQL")),
            ("host:5000/redis", Some("Redis")),
            ("mcr.microsoft.com/mssql/server:2022-latest", Some("SQL Server")),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.17.0", Some("Elasticsearch")),
            ("vaultwarden/server", None),
            ("prometheuscommunity/postgres-exporter", None),
            ("my-postgres", None),
            ("redis-commander", None),
            ("rediscommander/redis-commander", None),
            ("mongo-express", None),
            ("phpmyadmin", None),
            ("opensearch-dashboards", None),
            ("postgres/tools", None),
        ] {
            let found = find(&image.parse().unwrap()).map(|store| store.name.as_str());
            assert_eq!(found, name, "{image}");
        }
    }

    #[test]
    fn data_lies_at_absolute_paths() {
        let paths = DATASTORES.all().flat_map(|(_, store)| &store.data);
        let bad: Vec<&String> = paths.filter(|path| !path.starts_with('/') || path.ends_with('/')).collect();
        assert!(bad.is_empty(), "{bad:?}");
        let data = |image: &str| find(&image.parse().unwrap()).map(|store| store.data.len());
        assert!(data("postgres").is_some_and(|paths| paths > 0) && data("memcached") == Some(0));
    }

    #[test]
    fn each_image_is_of_one_datastore_and_each_has_ports() {
        let mut seen = BTreeSet::new();
        for (image, store) in DATASTORES.all() {
            assert!(!store.ports.is_empty() && store.ports.is_sorted(), "{}", store.name);
            assert!(seen.insert(image), "{image}");
            assert!(find(&image.parse().unwrap()).is_some_and(|found| found.name == store.name), "{image}");
        }
    }
}
