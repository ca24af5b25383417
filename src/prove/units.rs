//! What only the lines of rendered units say: the model has no place for a service that is pulled in and not waited for.

use crate::maps::HashSet;
use crate::model::{Stack, UnitEntry, standing};

/// What systemd reaches by itself: of a user, and of the machine.
const AT_BOOT: [&str; 2] = ["default.target", "multi-user.target"];

/// Of services by their names in the files, and then by those in the source.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Those that are started with the machine.
    pub at_boot: HashSet<String>,
    /// Those that are pulled in by another without being waited for: that one, and they.
    pub unordered: HashSet<(String, String)>,
    /// Every line: section, key and value.
    lines: HashSet<(String, String, String)>,
}

impl Units {
    /// Looks at the units of a stack that was read back.
    pub fn of(stack: &Stack, keep_lines: bool) -> Units {
        let mut found = Units::default();
        for entry in stack.units.values().flat_map(|unit| &unit.entries).filter(|_| keep_lines) {
            found.lines.insert(key(entry));
        }
        for (name, service) in &stack.services {
            let Some(unit) = stack.units.get(&service.unit_file()) else { continue };
            let wanted = standing(unit.all("Install", "WantedBy"));
            if wanted.iter().any(|wanted| AT_BOOT.contains(&wanted.value.value.trim())) {
                found.at_boot.insert(name.clone());
            }
            if service.depends_on.is_empty() {
                continue;
            }
            let after = unit.lines("Unit", "After");
            let after: HashSet<&str> = after.iter().flat_map(|line| line.value.value.split_whitespace()).collect();
            for other in service.depends_on.iter().map(|dependency| dependency.service.value.as_str()) {
                let file = stack.services.get(other).map(|other| other.unit_file()).unwrap_or_default();
                let made = stack.units.get(&file).map(|unit| format!("{}.service", unit.service)).unwrap_or_default();
                if !after.contains(made.as_str()) && !after.contains(file.as_str()) {
                    found.unordered.insert((name.clone(), other.to_owned()));
                }
            }
        }
        found
    }

    /// Whether a unit has a line as it was written for one.
    pub fn holds(&self, entry: &UnitEntry) -> bool {
        self.lines.contains(&key(entry))
    }

    /// The same by other names.
    pub fn renamed(self, name: impl Fn(String) -> String) -> Units {
        Units {
            at_boot: self.at_boot.into_iter().map(&name).collect(),
            lines: self.lines,
            unordered: self.unordered.into_iter().map(|(one, other)| (name(one), name(other))).collect(),
        }
    }
}

fn key(entry: &UnitEntry) -> (String, String, String) {
    (entry.section.to_string(), entry.key.value.clone().into(), entry.value.value.trim().to_owned())
}
