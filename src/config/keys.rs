//! The keys of `quadgen.toml`: what the reader takes and what the schema says, in one table.

use crate::diagnostic::Level;

/// The names of levels, as they are written.
pub const LEVELS: [Level; 3] = [Level::Error, Level::Warning, Level::Info];

/// A table of the file.
pub struct Table {
    /// What findings call it.
    pub called: &'static str,
    /// Its keys, in the order in which they are listed.
    pub keys: &'static [Key],
    /// The key without which it is none.
    pub required: &'static [&'static str],
}

/// A key of a table.
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it says, in one sentence.
    pub about: &'static str,
}

/// What a key takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A list of codes and names of rules, or ALL.
    Rules,
    /// `true` or `false`.
    Switch,
    /// `error`, `warning` or `info`.
    Level,
    /// A table of levels, each under the code or name of a rule.
    Levels,
    /// A table of texts under free names.
    Named,
    /// A table.
    Table(&'static Table),
    /// A list of tables.
    Tables(&'static Table),
}

impl Kind {
    /// What a value has to be, in words.
    pub fn words(self, key: &str, path: &str) -> String {
        match self {
            Kind::Text => format!("`{key}` is a text"),
            Kind::Texts => format!("`{key}` is a list of texts"),
            Kind::Rules => format!("`{key}` is a list of rules, by code or name, or ALL"),
            Kind::Switch => format!("`{key}` is `true` or `false`"),
            Kind::Level => format!("`{key}` is \"error\", \"warning\" or \"info\""),
            Kind::Levels | Kind::Named | Kind::Table(_) => format!("`{key}` is a table: write `[{path}]`"),
            Kind::Tables(_) => format!("`{key}` is a list of tables: write `[[{path}]]`"),
        }
    }
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, about }
}

/// The whole file.
pub static TOP: Table = Table {
    called: "quadgen.toml",
    keys: &[
        key("extend", Kind::Text, "Another such file, from this one's folder on; what stands here goes before it."),
        key(
            "on",
            Kind::Texts,
            "Platforms for stacks that name none: words such as podman@5.4,rootless, or names of `platforms`.",
        ),
        key(
            "platforms",
            Kind::Named,
            "Platforms by name, for stacks that name none; each is words such as podman@5.4,rootless.",
        ),
        key("host", Kind::Tables(&HOST), "A host that several stacks run on; they are compared with each other."),
        key("lint", Kind::Table(&LINT), "What `quadgen lint` reports."),
    ],
    required: &[],
};

static HOST: Table = Table {
    called: "a host",
    keys: &[
        key("name", Kind::Text, "Its name."),
        key(
            "stacks",
            Kind::Texts,
            "Paths of stacks' files or folders, from this file's folder on, with `*`, `**` and `?`.",
        ),
    ],
    required: &["name"],
};

static LINT: Table = Table {
    called: "`lint`",
    keys: &[
        key("select", Kind::Rules, "Report these rules only, also those that are off by default."),
        key("ignore", Kind::Rules, "Leave these rules out."),
        key("pedantic", Kind::Switch, "Report information, too, which is off by default."),
        key("fail-on", Kind::Level, "Exit with 1 from this level on; `warning` if left out."),
        key("baseline", Kind::Text, "A baseline, from this file's folder on: what it knows is not reported."),
        key("levels", Kind::Levels, "Rules at another level than their own."),
        key("paths", Kind::Tables(&PATHS), "What holds for some files only; a later one goes before an earlier one."),
    ],
    required: &[],
};

static PATHS: Table = Table {
    called: "an entry of `paths`",
    keys: &[
        key(
            "paths",
            Kind::Texts,
            "Files, and folders with all that is in them, from this file's folder on, with `*`, `**` and `?`.",
        ),
        key("select", Kind::Rules, "Report these rules only for those files, also those that are off by default."),
        key("ignore", Kind::Rules, "Leave these rules out for those files."),
        key("levels", Kind::Levels, "Rules at another level than their own for those files."),
    ],
    required: &["paths"],
};
