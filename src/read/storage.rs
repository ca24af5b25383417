//! What a service mounts and which files it gets, in Compose's form.

use super::reader::{Reader, value};
use crate::model::{EnvFile, FileUse, Mount, MountKind, Origin, Spanned};
use crate::platform::attributes;
use crate::syntax::yaml::{Entry, Kind, Node};

impl Reader {
    pub fn env_files(&mut self, node: &Node) -> Vec<EnvFile> {
        let items = self.items_or_one(node, "env_file");
        let mut files = Vec::new();
        for item in items {
            let Kind::Mapping(entries) = &item.kind else {
                files.extend(self.text(item, "env_file").map(|path| EnvFile {
                    path,
                    required: true,
                    format: None,
                    variables: None,
                    reads_otherwise: false,
                }));
                continue;
            };
            let (mut path, mut required, mut format) = (None, true, None);
            for entry in entries {
                match entry.key.as_str() {
                    "path" => path = self.text(&entry.value, "path"),
                    "required" => required = self.boolean(&entry.value, "required").is_none_or(|it| it.value),
                    "format" => format = self.text(&entry.value, "format"),
                    _ => self.unknown(entry, "an env_file", &["path", "required", "format"]),
                }
            }
            match path {
                Some(path) => {
                    files.push(EnvFile { path, required, format, variables: None, reads_otherwise: false });
                }
                None => self.invalid(item.span, "an env_file needs `path`"),
            }
        }
        files
    }

    pub fn mount(&mut self, node: &Node) -> Option<Spanned<Mount>> {
        let Kind::Mapping(entries) = &node.kind else {
            return self.parsed(node, "volume");
        };
        let mut mount = Mount {
            kind: MountKind::Volume,
            source: String::new(),
            target: String::new(),
            read_only: false,
            create: false,
            options: Vec::new(),
            extra: Vec::new(),
        };
        let mut kind = None;
        // What is mounted says most; where nothing is, the whole form stands for it.
        let mut origin = Origin::Written(node.span);
        for entry in entries {
            let node = &entry.value;
            match entry.key.as_str() {
                "type" => kind = self.text(node, "type"),
                "source" => {
                    let source = self.text(node, "source")?;
                    (mount.source, origin) = (source.value, source.origin);
                }
                "target" => mount.target = self.text(node, "target")?.value,
                "read_only" => mount.read_only = self.boolean(node, "read_only").is_some_and(|it| it.value),
                "bind" | "volume" | "tmpfs" | "image" => self.mount_options(&mut mount, entry),
                "consistency" => {}
                key if key.starts_with("x-") => {}
                _ => self.unknown(
                    entry,
                    "a volume",
                    &["type", "source", "target", "read_only", "bind", "volume", "tmpfs"],
                ),
            }
        }
        mount.kind = match kind.as_ref().map(|kind| kind.value.as_str()) {
            Some("bind") => MountKind::Bind,
            Some("tmpfs") => MountKind::Tmpfs,
            Some("volume") | None if mount.source.is_empty() => MountKind::Anonymous,
            Some("volume") | None => MountKind::Volume,
            // What a runtime does with the others is its own; a topology has no use for them.
            Some("image" | "npipe" | "cluster") if self.lenient => {
                let kind = entries.iter().find(|entry| entry.key == "type");
                mount.extra.extend(kind.map(|entry| (entry.key.clone(), entry.key_span, value(&entry.value))));
                MountKind::Other
            }
            Some(other) => {
                self.invalid(
                    node.span,
                    format!("a volume of type `{other}` cannot be used: volume, bind or tmpfs can"),
                );
                return None;
            }
        };
        if !mount.target.starts_with('/') && mount.kind != MountKind::Other {
            self.invalid(node.span, "a volume needs `target`, an absolute path in the container");
            return None;
        }
        if mount.kind == MountKind::Bind && mount.source.is_empty() {
            self.invalid(node.span, "a bind needs `source`, a path of the host");
            return None;
        }
        Some(Spanned { value: mount, origin })
    }

    fn mount_options(&mut self, mount: &mut Mount, entry: &Entry) {
        for option in self.entries(&entry.value, "the settings of a volume") {
            let node = &option.value;
            match option.key.as_str() {
                "propagation" | "selinux" => {
                    let text = self.text(node, &option.key).map(|text| text.value);
                    mount.options.extend(text.filter(|text| !text.is_empty()));
                }
                "create_host_path" => mount.create = self.boolean(node, "create_host_path").is_some_and(|it| it.value),
                "nocopy" if self.boolean(node, "nocopy").is_some_and(|it| it.value) => {
                    mount.options.push("nocopy".to_owned());
                }
                "size" => {
                    if let Some(text) = self.text(node, "size") {
                        match bytes(&text.value) {
                            Some(bytes) => mount.options.push(format!("size={bytes}")),
                            None => self.invalid(node.span, "size must be a number of bytes, or one with k, m or g"),
                        }
                    }
                }
                "mode" => {
                    if let Some(text) = self.text(node, "mode") {
                        match mode(&text.value) {
                            Some(mode) => mount.options.push(format!("mode={mode:04o}")),
                            None => self.invalid(node.span, "mode must be a number such as 0755"),
                        }
                    }
                }
                "nocopy" => {}
                key => {
                    let known = attributes::below(&format!("services.*.volumes.*.{}", entry.key));
                    if known.contains(&key) {
                        mount.extra.push((key.to_owned(), option.key_span, value(node)));
                    } else {
                        self.unknown(option, &format!("`{}`", entry.key), &known);
                    }
                }
            }
        }
    }

    pub fn file_uses(&mut self, node: &Node, what: &str) -> Vec<FileUse> {
        let mut uses = Vec::new();
        for item in self.items(node, what) {
            let Kind::Mapping(entries) = &item.kind else {
                uses.extend(self.text(item, what).map(|source| FileUse {
                    source,
                    target: None,
                    labelled: false,
                    extra: Vec::new(),
                }));
                continue;
            };
            let (mut source, mut target, mut extra) = (None, None, Vec::new());
            for entry in entries {
                match entry.key.as_str() {
                    "source" => source = self.text(&entry.value, "source"),
                    "target" => target = self.text(&entry.value, "target").map(|text| text.value),
                    "uid" | "gid" | "mode" => extra.push((entry.key.clone(), entry.key_span, value(&entry.value))),
                    _ => self.unknown(entry, what, &["source", "target", "uid", "gid", "mode"]),
                }
            }
            match source {
                Some(source) => uses.push(FileUse { source, target, labelled: false, extra }),
                None => self.invalid(item.span, format!("an item of {what} needs `source`")),
            }
        }
        uses
    }
}

/// A size in bytes: Compose takes `b`, `k`, `kb`, `m`, `mb`, `g` and `gb` behind the number.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let lower = text.to_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let factor: u64 = match unit {
        "" | "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Rights of a file: octal with a leading zero, as YAML and Compose read it, else decimal.
fn mode(text: &str) -> Option<u32> {
    match text.strip_prefix("0o").or_else(|| text.strip_prefix('0')) {
        Some("") => Some(0),
        Some(octal) => u32::from_str_radix(octal, 8).ok(),
        None => text.parse().ok(),
    }
}
