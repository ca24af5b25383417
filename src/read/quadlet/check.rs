//! What the generator of a release refuses: for each refused unit the reasons, as findings.

use super::load::Loaded;
use super::unit::{Said, Unit};
use super::{key, reference};
use crate::diagnostic::{Change, Diagnostic, Level, input, units};
use crate::model::{Keys, UnitKind};
use crate::platform::generator::Habit;
use crate::platform::keys;
use crate::source::Span;
use crate::suggest;
use crate::syntax::unit::{Entry, Escapes, Value};
use crate::threads::{self, MANY};

/// Keys that map users.
const MAPPINGS: Keys =
    Keys::of(&["UserNS", "SubUIDMap", "SubGIDMap", "UIDMap", "GIDMap", "RemapUid", "RemapGid", "RemapUsers"]);

/// For each unit what is wrong with it; nothing for a unit that the generator takes.
pub(super) fn check(loaded: &Loaded) -> Vec<Vec<Diagnostic>> {
    let all = |unit: &Unit| Check { unit, loaded, found: Vec::new() }.all();
    threads::map(loaded.units.len() > MANY, &loaded.units, all)
}

pub(super) struct Check<'a> {
    pub unit: &'a Unit,
    pub loaded: &'a Loaded,
    pub found: Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    fn all(mut self) -> Vec<Diagnostic> {
        self.found.extend(key::check(self.unit, self.loaded));
        reference::dependencies(&mut self);
        match self.unit.kind {
            UnitKind::Container => self.container(),
            UnitKind::Pod => {
                self.mappings(true);
                reference::networks(&mut self);
                self.ports();
                reference::volumes(&mut self);
            }
            UnitKind::Kube => self.kube(),
            UnitKind::Network => self.network(),
            UnitKind::Volume => self.volume(),
            UnitKind::Build => self.build(),
            UnitKind::Image => self.needed("Image"),
            UnitKind::Artifact => self.needed("Artifact"),
        }
        // A refused network takes along whoever is on it, which QG701 says by itself.
        let refuses = |found: &&mut Diagnostic| found.severity == Level::Error;
        if self.unit.kind == UnitKind::Network
            && let Some(first) = self.found.iter_mut().find(refuses)
            && first.rule.code != units::KEY_TOO_NEW.code
        {
            *first = key::lost_too(self.unit, self.loaded, first.clone());
        }
        self.found
    }

    pub fn invalid(&mut self, span: Span, message: impl Into<String>) {
        self.found.push(Diagnostic::new(&input::INVALID_VALUE, span, message));
    }

    #[inline]
    pub fn text(&self, key: &str) -> Option<Said<'a>> {
        self.unit.text(self.unit.own(), key)
    }

    #[inline]
    pub fn lines(&self, key: &str) -> Vec<&'a Value> {
        self.unit.lines(self.unit.own(), key)
    }

    fn needed(&mut self, key: &str) {
        if self.text(key).is_none() {
            let (kind, at) = (self.unit.kind.extension(), self.place(key));
            let found = Diagnostic::new(&input::INVALID_VALUE, at, format!("a .{kind} unit needs `{key}=`"));
            self.found.push(self.misspelt(found));
        }
    }

    /// Adds to a finding about an absent key that its section is misspelt.
    fn misspelt(&self, found: Diagnostic) -> Diagnostic {
        let own = self.unit.own();
        let near = self.unit.sections.iter().find(|(name, _)| suggest::nearest(name, [own]).is_some());
        let Some((name, span)) = near.filter(|(name, span)| name != own && *span == self.unit.head) else {
            return found;
        };
        let change = Change::Replace { span: *span, text: own.to_owned() };
        let found = found.here(format!("did you mean [{own}]?"));
        found.fix(format!("rename [{name}] to [{own}]"), true, vec![change])
    }

    /// Where a key stands, even without a value; else where it should.
    fn place(&self, key: &str) -> Span {
        self.unit.entry(self.unit.own(), key).map_or(self.unit.head, |entry| entry.key_span)
    }

    fn container(&mut self) {
        match (self.text("Image"), self.text("Rootfs")) {
            (None, None) => self.missing_image(),
            (Some(image), Some(rootfs)) => {
                let found =
                    Diagnostic::new(&input::INVALID_VALUE, rootfs.span(), "`Rootfs=` excludes `Image=`: one has to go");
                self.found.push(found.label(image.span(), "the other"));
            }
            (Some(image), None) => reference::image(self, image),
            (None, Some(_)) => {}
        }
        self.service();
        let reload = self.unit.last_words("Container", "ReloadCmd").filter(|words| !words.is_empty());
        if let (Some(_), Some(signal)) = (reload, self.text("ReloadSignal")) {
            self.invalid(signal.span(), "`ReloadSignal=` excludes `ReloadCmd=`: one has to go");
        }
        reference::networks(self);
        if Habit::GroupNeedsUser.of(self.unit.release)
            && self.text("User").is_none()
            && let Some(group) = self.text("Group")
        {
            self.invalid(group.span(), "`Group=` needs `User=` beside it");
        }
        self.mappings(true);
        reference::volumes(self);
        for line in self.lines("ExposeHostPort") {
            if !is_port_range(line.text.trim()) {
                let message = format!("`ExposeHostPort={}` names no port", line.text.trim().escape_debug());
                self.invalid(line.span, message);
            }
        }
        self.ports();
        reference::mounts(self);
        reference::pod(self);
    }

    fn missing_image(&mut self) {
        let unit = self.unit;
        // A misspelt key is reported as such, and the generator refuses the unit for it.
        let meant = |key: &str| suggest::nearest(key, ["Image", "Rootfs"]).is_some();
        let misspelt = |entry: &&Entry| keys::find("Container", &entry.key).is_none() && meant(&entry.key);
        if unit.entries.iter().filter(|entry| entry.section == "Container").any(|entry| misspelt(&entry)) {
            return;
        }
        let message = format!("{} has neither `Image=` nor `Rootfs=`: Podman makes no service of it", unit.file);
        let mut found = self.misspelt(Diagnostic::new(&units::MISSING_IMAGE, self.place("Image"), message));
        let elsewhere = unit.entries.iter().find(|entry| entry.key == "Image" && entry.section != "Container");
        if let Some(entry) = elsewhere {
            let message = format!("an `Image=` stands in [{}], which Podman does not look into", entry.section);
            found = found.label(entry.key_span, message);
            let there = unit.entry("Container", "Image").is_some();
            if unit.span.holds(entry.key_span) && !there && found.fixes.is_empty() {
                let line = format!("Image={}", entry.value.text.trim());
                let changes = units::moved(entry.key_span, line, "Container", &unit.sections, unit.span);
                found = found.fix("move `Image=` into [Container]", true, changes);
            }
        }
        self.found.push(found.help("What helps: `Image=` in a section [Container]."));
    }

    /// `[Service]` of containers and kube units.
    fn service(&mut self) {
        for (key, good, instead) in [
            ("Type", ["notify", "oneshot"], "notify (the same as nothing) and oneshot"),
            ("KillMode", ["mixed", "control-group"], "mixed (the same as nothing) and control-group"),
        ] {
            let Some(text) = self.unit.last("Service", key).filter(|text| !good.contains(&text.value)) else {
                continue;
            };
            let at = self.unit.entry("Service", key).map_or(text.span(), |entry| entry.key_span.to(entry.value.span));
            let message = format!("Podman refuses `{key}={}`: it takes {instead}", text.value.escape_debug());
            let found = Diagnostic::new(&units::REFUSED_SERVICE_SETTING, at, message);
            let found = found.help("What helps: take the line away.");
            self.found.push(match self.unit.entry("Service", key) {
                Some(entry) => {
                    let change = Change::Remove { span: entry.key_span };
                    found.fix("take the line away", true, vec![change])
                }
                None => found,
            });
        }
    }

    /// User name spaces: the old keys and the new ones exclude each other.
    fn mappings(&mut self, manual: bool) {
        let (unit, own) = (self.unit, self.unit.own());
        if !unit.keys.may_share(MAPPINGS) {
            return;
        }
        let users = unit.entry(own, "RemapUsers").map(|entry| &entry.value);
        let list = |key| unit.words(own, key, Escapes::Keep);
        let explicit = ["UserNS", "SubUIDMap", "SubGIDMap"].into_iter().any(|key| self.text(key).is_some())
            || ["UIDMap", "GIDMap"].into_iter().any(|key| !list(key).is_empty());
        if explicit {
            let old = ["RemapUid", "RemapGid", "RemapUsers"].into_iter().find_map(|key| unit.entry(own, key));
            if let Some(entry) = old {
                self.invalid(entry.key_span, format!("`{}=` excludes the newer keys that map users", entry.key));
            }
            return;
        }
        let (uids, gids) = (list("RemapUid"), list("RemapGid"));
        match users.map_or("", |value| value.text.as_str()) {
            "" => {
                if let Some(word) = uids.first().or(gids.first()) {
                    self.invalid(word.span, "`RemapUid=` and `RemapGid=` need `RemapUsers=` beside them");
                }
            }
            "manual" if manual => {}
            "auto" => {}
            "keep-id" => {
                if let Some(word) = uids.get(1).or(gids.get(1)) {
                    self.invalid(word.span, "`RemapUsers=keep-id` takes one mapping of each kind");
                }
            }
            other => {
                let other = other.escape_debug().to_string();
                let at = users.map_or(self.unit.head, |value| value.span);
                let manual = if manual { "manual, " } else { "" };
                self.invalid(at, format!("`RemapUsers={other}`: it must be {manual}auto or keep-id"));
            }
        }
    }

    /// Releases before 5.3 look at published ports.
    fn ports(&mut self) {
        if !Habit::PortsChecked.of(self.unit.release) {
            return;
        }
        for line in self.lines("PublishPort") {
            let text = line.text.trim();
            let parts = split_port(text);
            let ports = parts.get(parts.len().saturating_sub(2)..).unwrap_or(&[]);
            if parts.len() > 3 || ports.iter().any(|port| !port.is_empty() && !is_port_range(port)) {
                self.invalid(line.span, format!("`PublishPort={}` is no port", text.escape_debug()));
            }
        }
    }

    fn kube(&mut self) {
        let several = Habit::SeveralYaml.of(self.unit.release);
        let files = if several {
            self.unit.words("Kube", "Yaml", Escapes::Keep).len()
        } else {
            usize::from(self.text("Yaml").is_some())
        };
        if files == 0 {
            let found = Diagnostic::new(&input::INVALID_VALUE, self.place("Yaml"), "a .kube unit needs `Yaml=`");
            self.found.push(self.misspelt(found));
        }
        self.service();
        self.mappings(false);
        reference::networks(self);
        self.ports();
        if let Some(folder) = self.text("SetWorkingDirectory") {
            match folder.value.to_lowercase().as_str() {
                "yaml" if files > 1 => {
                    self.invalid(folder.span(), "`SetWorkingDirectory=yaml` needs a single `Yaml=`");
                }
                "yaml" | "unit" => {}
                _ => self.invalid(folder.span(), "`SetWorkingDirectory=` of a .kube unit must be yaml or unit"),
            }
        }
    }

    fn network(&mut self) {
        let subnets = self.lines("Subnet").len();
        let file = &self.unit.file;
        for (key, what) in [("Gateway", "gateway"), ("IPRange", "range")] {
            let lines = self.lines(key);
            if let Some(line) = lines.get(subnets) {
                let why = match subnets {
                    0 => format!("its {what} stands without a `Subnet=`"),
                    _ => format!("there are more `{key}=` than `Subnet=`, and each belongs to a subnet"),
                };
                let message = format!("{file} is refused: {why}");
                let found = Diagnostic::new(&units::GATEWAY_WITHOUT_SUBNET, line.span, message)
                    .here("of which subnet?")
                    .help(
                        "What you see: Podman makes no service of the unit, and what is on the network does not start.",
                    )
                    .help(format!("What helps: the `Subnet=` that the {what} lies in; or no `{key}=`."));
                self.found.push(found);
            }
        }
    }

    fn volume(&mut self) {
        if self.unit.last("Volume", "Driver").is_some_and(|driver| driver.value == "image") {
            match self.unit.last("Volume", "Image") {
                Some(image) => reference::image(self, image),
                None => {
                    let at = self.place("Driver");
                    self.invalid(at, "a volume with `Driver=image` needs `Image=`");
                }
            }
            return;
        }
        let keys: &[&str] =
            if Habit::VolumeOptionsAlone.of(self.unit.release) { &["Type"] } else { &["Type", "Options"] };
        if self.text("Device").is_none() {
            for key in keys {
                if let Some(text) = self.text(key) {
                    self.invalid(text.span(), format!("`{key}=` of a volume needs `Device=` beside it"));
                }
            }
        }
    }

    fn build(&mut self) {
        self.needed_line("ImageTag");
        reference::networks(self);
        reference::volumes(self);
        let file = self.text("File");
        let own_folder = self.unit.text("Service", "WorkingDirectory");
        let folder = self.text("SetWorkingDirectory");
        match folder.as_ref().map(|folder| folder.value.to_lowercase()).as_deref() {
            Some("yaml") => {
                let at = self.place("SetWorkingDirectory");
                self.invalid(at, "`SetWorkingDirectory=yaml` is for .kube units");
            }
            Some("file") if self.unit.entry("Build", "File").is_none() => {
                let at = self.place("SetWorkingDirectory");
                self.invalid(at, "`SetWorkingDirectory=file` needs `File=`");
            }
            Some(_) => {}
            None if own_folder.is_some() => {}
            None => match &file {
                None => {
                    let at = self.place("File");
                    self.invalid(at, "a .build unit needs `SetWorkingDirectory=` or `File=`");
                }
                Some(file) if !self.is_anywhere(file.value) => {
                    self.invalid(file.span(), "a relative `File=` needs `SetWorkingDirectory=`");
                }
                Some(_) => {}
            },
        }
    }

    fn needed_line(&mut self, key: &str) {
        if self.lines(key).is_empty() {
            let (kind, at) = (self.unit.kind.extension(), self.place(key));
            let found = Diagnostic::new(&input::INVALID_VALUE, at, format!("a .{kind} unit needs `{key}=`"));
            self.found.push(self.misspelt(found));
        }
    }

    /// Whether the file of a build is found without a folder to start from.
    fn is_anywhere(&self, file: &str) -> bool {
        let url = ["http://", "https://", "git://"].iter().any(|start| file.starts_with(start))
            || file.find("github.com/").is_some_and(|at| file.len() > at + "github.com/".len());
        let specifier = file.starts_with('%') && !file.starts_with("%%");
        file.starts_with('/') || url || (specifier && Habit::SpecifierInBuildFile.of(self.unit.release))
    }
}

/// Whether a text ends with a port or a range, which is all that the generator asks for.
fn is_port_range(text: &str) -> bool {
    let text = text.strip_suffix("/udp").or_else(|| text.strip_suffix("/tcp")).unwrap_or(text);
    text.ends_with(|c: char| c.is_ascii_digit())
}

/// The parts between colons that are not in brackets.
fn split_port(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut bracket) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => bracket = true,
            b']' => bracket = false,
            b':' if !bracket => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}
