//! What a release brought: `data/features.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Platform;
use crate::model::Version;

/// Something that a release brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feature {
    /// netavark.
    Netavark,
    /// Quadlet itself.
    Quadlet,
    /// `./x` is resolved against the folder of the unit.
    RelativePaths,
    /// A `.network` and a `.volume` can name their object.
    NamedObjects,
    /// `host.docker.internal` in every container's hosts file.
    HostDockerInternal,
    /// pasta maps an address of its own to the host's.
    PastaGuestAddress,
    /// `User=` takes `USER:GROUP`.
    UserWithGroup,
    /// `Notify=healthy`.
    HealthWait,
    /// A mount takes a part of a volume.
    VolumeSubpath,
    /// `.build` units.
    BuildUnit,
    /// `Network=x.container`.
    ContainerNetwork,
    /// `Environment=NAME` without a value.
    BareEnvironment,
    /// `RestartMode=direct` of systemd.
    RestartMode,
    /// CNI has to be built in on purpose.
    NoCniByDefault,
    /// pasta carries rootless containers where nothing is said.
    PastaByDefault,
    /// CNI is gone.
    NoCni,
    /// slirp4netns is gone.
    NoSlirp4netns,
}

impl Feature {
    /// Every feature.
    pub const ALL: [Feature; 17] = [
        Feature::Netavark,
        Feature::Quadlet,
        Feature::RelativePaths,
        Feature::NamedObjects,
        Feature::HostDockerInternal,
        Feature::PastaGuestAddress,
        Feature::UserWithGroup,
        Feature::HealthWait,
        Feature::VolumeSubpath,
        Feature::BuildUnit,
        Feature::ContainerNetwork,
        Feature::BareEnvironment,
        Feature::RestartMode,
        Feature::NoCniByDefault,
        Feature::PastaByDefault,
        Feature::NoCni,
        Feature::NoSlirp4netns,
    ];

    fn table(self) -> &'static str {
        match self {
            Feature::Netavark => "netavark",
            Feature::Quadlet => "quadlet",
            Feature::RelativePaths => "relative-paths",
            Feature::NamedObjects => "named-objects",
            Feature::HostDockerInternal => "host-docker-internal",
            Feature::PastaGuestAddress => "pasta-guest-address",
            Feature::UserWithGroup => "user-with-group",
            Feature::HealthWait => "health-wait",
            Feature::VolumeSubpath => "volume-subpath",
            Feature::BuildUnit => "build-unit",
            Feature::ContainerNetwork => "container-network",
            Feature::BareEnvironment => "bare-environment",
            Feature::RestartMode => "restart-mode",
            Feature::NoCniByDefault => "no-cni-by-default",
            Feature::PastaByDefault => "pasta-by-default",
            Feature::NoCni => "no-cni",
            Feature::NoSlirp4netns => "no-slirp4netns",
        }
    }

    fn since(self) -> Since {
        FEATURES.get(self.table()).copied().unwrap_or_default()
    }

    /// Whether a release of Podman has it.
    pub fn is_in_podman(self, version: Version) -> bool {
        self.since().podman.is_some_and(|first| version >= first)
    }

    /// The first Podman that has it, for texts.
    pub fn first_podman(self) -> String {
        self.since().podman.map(|version| version.to_string()).unwrap_or_default()
    }
}

/// The first releases that have it.
#[derive(Clone, Copy, Default, Deserialize)]
struct Since {
    podman: Option<Version>,
    systemd: Option<Version>,
}

static FEATURES: LazyLock<BTreeMap<&'static str, Since>> = LazyLock::new(|| table!("features"));

impl Platform {
    /// Whether the platform has a feature; nothing where it is systemd's and no word says which systemd runs.
    pub fn has(&self, feature: Feature) -> Option<bool> {
        let since = feature.since();
        match (since.podman, since.systemd) {
            (_, Some(first)) => self.spec.systemd.map(|own| own >= first),
            (Some(first), None) => Some(self.is_podman() && self.version >= first),
            (None, None) => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FEATURES, Feature};

    #[test]
    fn every_feature_has_its_row_and_every_row_its_feature() {
        for feature in Feature::ALL {
            let since = feature.since();
            assert!(since.podman.is_some() != since.systemd.is_some(), "{feature:?}");
        }
        assert!(FEATURES.keys().all(|table| Feature::ALL.iter().any(|feature| feature.table() == *table)));
    }
}
