//! Databases, caches and queues by their images: `data/datastores.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use super::by_image::ByImage;
use crate::model::{Image, PortRange};

/// A database, cache or queue.
#[derive(Debug, Deserialize)]
pub struct Datastore {
    /// What people call it.
    pub name: &'static str,
    ports: Vec<u16>,
    /// Where in the container its data lies; empty where it is often meant to be lost.
    #[serde(default)]
    pub data: Vec<&'static str>,
    /// Where a new volume for it belongs, by image.
    #[serde(default)]
    volume: Vec<Place>,
}

/// Where images want their volume.
#[derive(Debug, Deserialize)]
struct Place {
    /// Ends of images, or one part of their paths; all images where there are none.
    #[serde(default)]
    of: Vec<&'static str>,
    /// The first major version that wants it there.
    from: Option<u32>,
    path: &'static str,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
struct Data {
    datastore: ByImage<Datastore>,
}

pub(super) static DATASTORES: LazyLock<ByImage<Datastore>> = LazyLock::new(|| {
    let data: Data = table!("datastores");
    data.datastore
});

/// The datastore that an image is known to hold.
pub fn find(image: &Image) -> Option<&'static Datastore> {
    DATASTORES.find(image)
}

impl Datastore {
    /// Whether one of its own ports is this one.
    pub fn listens(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// Where a volume belongs that keeps the data of an image; none where that is not known for certain.
    pub fn volume_for(&self, image: &Image) -> Option<&str> {
        let full = image.full();
        let named: Image = full.parse().ok()?;
        let is = |of: &&str| named.ends_in(of) || named.repository().split('/').any(|part| part == *of);
        // What names no version is the newest, except for a digest alone, which nobody can tell.
        let sealed = image.tag().is_none() && image.digest().is_some();
        let is_new = |from: u32| sealed || major(image).is_none_or(|major| major >= from);
        let fits = |place: &&Place| place.of.is_empty() || place.of.iter().any(is);
        let place = self.volume.iter().filter(fits).find(|place| place.from.is_none_or(is_new));
        let place = place.filter(|place| !(sealed && place.from.is_some()));
        let only = || self.data.first().filter(|_| self.volume.is_empty() && self.data.len() == 1);
        place.map(|place| &place.path).or_else(only).copied()
    }

    /// Whether it takes or gives data on one of the container's TCP ports.
    pub fn serves(&self, ports: PortRange) -> bool {
        self.ports.iter().any(|port| (ports.first..=ports.last).contains(port))
    }
}

/// The major version in an image's tag: `17-alpine`, `17.2`, or what is behind `pg` in `0.8.0-pg17`.
fn major(image: &Image) -> Option<u32> {
    let tag = image.tag()?;
    let behind = tag.split(['-', '_']).find_map(|part| part.strip_prefix("pg")).unwrap_or(tag);
    behind.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
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
            let found = find(&image.parse().unwrap()).map(|store| store.name);
            assert_eq!(found, name, "{image}");
        }
    }

    #[test]
    fn data_lies_at_absolute_paths() {
        let paths = DATASTORES.all().flat_map(|(_, store)| &store.data);
        let bad: Vec<&&str> = paths.filter(|path| !path.starts_with('/') || path.ends_with('/')).collect();
        assert!(bad.is_empty(), "{bad:?}");
        // A volume where it belongs keeps the data.
        for (image, store) in DATASTORES.all() {
            let kept =
                |path: &str| store.data.iter().any(|data| path == *data || path.starts_with(&format!("{data}/")));
            assert!(store.volume.iter().all(|place| kept(place.path)), "{image}");
        }
        let data = |image: &str| find(&image.parse().unwrap()).map(|store| store.data.len());
        assert!(data("postgres").is_some_and(|paths| paths > 0) && data("memcached") == Some(0));
    }

    #[test]
    fn a_volume_belongs_where_the_image_wants_it() {
        let (old, new) = (Some("/var/lib/postgresql/data"), Some("/var/lib/postgresql"));
        for (image, path) in [
            ("postgres", new),
            ("postgres:latest", new),
            ("postgres:alpine", new),
            ("postgres@sha256:0", None),
            ("docker.io/library/postgres:18.1-alpine", new),
            ("postgres:17", old),
            ("docker.io/postgres:9.6-alpine", old),
            ("pgvector/pgvector:pg17", old),
            ("pgvector/pgvector:0.8.1-pg18-trixie", new),
            ("postgis/postgis:16-3.4", old),
            ("docker.io/bitnami/postgresql:17", Some("/bitnami/postgresql")),
            ("bitnamilegacy/postgresql", Some("/bitnami/postgresql")),
            ("example.org/x/postgres:16", None),
            ("mongo:7", Some("/data/db")),
            ("bitnami/mongodb", Some("/bitnami/mongodb")),
            ("lscr.io/linuxserver/mariadb", Some("/config")),
            ("mariadb", Some("/var/lib/mysql")),
            ("mcr.microsoft.com/mssql/server", Some("/var/opt/mssql")),
            ("influxdb:2", None),
            ("redis", None),
        ] {
            let image = image.parse().unwrap();
            assert_eq!(find(&image).unwrap().volume_for(&image), path, "{image:?}");
        }
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
