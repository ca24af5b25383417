//! What Podman's generators do with units, by release: `data/generators.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::{UnitKind, Version};

/// Something that some generators do and others do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Habit {
    /// Blanks around lines go.
    TrimmedLines,
    /// `;` begins a comment, and continued values run on behind comments.
    JoinedLines,
    /// All quotation marks around a single value go.
    TrimmedQuotes,
    /// One pair of them goes.
    PairedQuotes,
    /// Units in sub-folders are read.
    SubFolders,
    /// A file that cannot be read takes its folder with it.
    FolderLost,
    /// `.image` units.
    ImageUnits,
    /// `.pod` units.
    PodUnits,
    /// `.build` units.
    BuildUnits,
    /// `.artifact` units.
    ArtifactUnits,
    /// `x.container.d/`.
    DropIns,
    /// `container.d/` and `x-.container.d/`.
    WideDropIns,
    /// The special folder's drop-in counts before the general one's, wherever they lie.
    SpecialDropInsFirst,
    /// `systemd-%p_%i`.
    TemplateContainers,
    /// `n-network@.service`.
    TemplateObjects,
    /// Keys of `[Quadlet]` are checked.
    SectionChecked,
    /// `x.network`, `x.volume` and `x.container` must be there.
    UnitsMustExist,
    /// `After=x.container` means the unit's service.
    DependenciesTranslated,
    /// `Mount=type=artifact,source=x.artifact`.
    ArtifactMounts,
    /// Published ports are looked at.
    PortsChecked,
    /// `Group=` needs `User=`.
    GroupNeedsUser,
    /// `Mount=` is taken apart.
    MountsChecked,
    /// `Mount=` without a type is a volume.
    MountTypeDefaults,
    /// `Mount=type=volume` needs no source.
    MountWithoutSource,
    /// `Options=` of a volume needs no `Device=`.
    VolumeOptionsAlone,
    /// `Yaml=` is a list.
    SeveralYaml,
    /// `File=%h/…` of a build.
    SpecifierInBuildFile,
    /// `User=`, `Group=` and `DynamicUser=` of `[Service]` are warned of.
    UsersWarned,
    /// `Restart=` of a pod counts.
    PodRestart,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    since: &'static str,
    until: Option<&'static str>,
    #[allow(dead_code, reason = "for people")]
    source: IgnoredAny,
}

/// From which release on, and up to which, by the number of the habit: they are asked for with every line.
static ROWS: LazyLock<Vec<(Version, Option<Version>)>> = LazyLock::new(|| {
    let rows: BTreeMap<Habit, Row> = table!("generators");
    let version = |text: &str| text.parse().unwrap_or(Version::new(0, 0));
    let mut all = Vec::new();
    for (habit, row) in rows {
        // What no row speaks of is done by no release.
        all.resize(all.len().max(habit as usize + 1), NEVER);
        if let Some(place) = all.get_mut(habit as usize) {
            *place = (version(row.since), row.until.map(version));
        }
    }
    all
});

/// The row of what no release does.
const NEVER: (Version, Option<Version>) = (Version::new(0, 0), Some(Version::new(0, 0)));

impl Habit {
    /// Whether the generator of a release does it.
    pub fn of(self, release: Version) -> bool {
        ROWS.get(self as usize)
            .is_some_and(|(since, until)| *since <= release && until.is_none_or(|until| release < until))
    }

    /// The first release whose generator does it.
    pub fn since(self) -> Version {
        ROWS.get(self as usize).map_or(Version::new(0, 0), |(since, _)| *since)
    }
}

/// What brought a kind of units; nothing for those that came with Quadlet itself.
pub fn brought(kind: UnitKind) -> Option<Habit> {
    match kind {
        UnitKind::Container | UnitKind::Network | UnitKind::Volume | UnitKind::Kube => None,
        UnitKind::Pod => Some(Habit::PodUnits),
        UnitKind::Image => Some(Habit::ImageUnits),
        UnitKind::Build => Some(Habit::BuildUnits),
        UnitKind::Artifact => Some(Habit::ArtifactUnits),
    }
}

#[cfg(test)]
mod tests {
    use super::Habit;
    use crate::model::Version;

    #[test]
    fn habits_hold_from_one_release_to_another() {
        let at = |text: &str| text.parse::<Version>().unwrap();
        assert!(Habit::TrimmedQuotes.of(at("5.8.1")) && !Habit::TrimmedQuotes.of(at("5.8.2")));
        assert!(Habit::PairedQuotes.of(at("6.0")) && !Habit::TrimmedQuotes.of(at("4.9.4")));
        assert_eq!(Habit::PodUnits.since(), at("5.0"));
    }
}
