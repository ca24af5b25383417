//! `--base`: the folder of the project before every path that is relative to it.

use super::{each_context, each_path, each_text, entry};
use crate::diagnostic::Diagnostic;
use crate::model::{Data, HOME, MountKind, Stack, Value};
use crate::render::refuse;
use crate::source::Span;

/// Puts the folder of the project before every path that is relative to it.
pub(super) struct Mover<'a> {
    pub base: &'a str,
    pub refused: Vec<Diagnostic>,
}

impl Mover<'_> {
    pub fn stack(&mut self, stack: &mut Stack) {
        for service in stack.services.values_mut().chain(stack.disabled.values_mut()) {
            for mount in service.mounts.iter_mut().filter(|mount| mount.value.kind == MountKind::Bind) {
                if mount.value.source.starts_with('.') {
                    let span = mount.span();
                    self.path(span, &mut mount.value.source);
                }
            }
            for file in &mut service.env_files {
                self.path(file.path.span(), &mut file.path.value);
            }
            for (attribute, (_, value)) in &mut service.attributes {
                match attribute.as_str() {
                    "build" => self.build(value),
                    "label_file" => each_text(value, &mut |span, text| self.path(span, text)),
                    "develop" => self.watch(value),
                    _ => {}
                }
            }
        }
        for volume in stack.volumes.values_mut() {
            if let Some((_, options)) = volume.attributes.get_mut("driver_opts") {
                let mounts = options.get("o").and_then(Value::scalar).unwrap_or_default();
                if mounts.split(',').any(|option| matches!(option.trim(), "bind" | "rbind"))
                    && let Some(device) = entry(options, "device")
                {
                    each_text(device, &mut |span, text| self.path(span, text));
                }
            }
        }
        for unit in stack.units.values_mut() {
            let folder = format!("./{}", unit.folder.trim_end_matches('/'));
            for entry in &mut unit.entries {
                let (span, key) = (entry.value.span(), entry.key.value.clone());
                let mut value = String::from(entry.value.value.as_str());
                each_path(&entry.section, &key, &mut value, &mut |path| {
                    if !unit.folder.is_empty() {
                        *path = below(&folder, path).unwrap_or_default();
                    }
                    self.path(span, path);
                });
                entry.value.value = value.into();
            }
        }
        for object in stack.secrets.values_mut().chain(stack.configs.values_mut()) {
            if let Some(file) = &mut object.file {
                self.path(file.span(), &mut file.value);
                if let Some(written) = entry(&mut object.written, "file") {
                    written.data = Data::Text(file.value.clone());
                }
            }
        }
    }

    /// A build: its folder, which is a text or stands under `context`, and those that it gets by name.
    fn build(&mut self, build: &mut Value) {
        let span = build.span;
        if let Some(more) = entry(build, "additional_contexts") {
            each_context(more, &mut |span, text| {
                if !is_url(text) && !text.starts_with("service:") && !text.starts_with("target:") {
                    self.path(span, text);
                }
            });
        }
        match &mut build.data {
            Data::Text(text) if !is_url(text) => self.path(span, text),
            Data::Map(entries) => match entries.iter_mut().find(|(key, _)| key == "context") {
                Some((_, Value { span, data: Data::Text(text) })) if !is_url(text) => self.path(*span, text),
                Some(_) => {}
                None => entries.push(("context".to_owned(), Value { span, data: Data::Text(self.base.to_owned()) })),
            },
            _ => {}
        }
    }

    /// The folders that a developer's `compose watch` looks at.
    fn watch(&mut self, develop: &mut Value) {
        let Some(Value { data: Data::List(items), .. }) = entry(develop, "watch") else { return };
        for path in items.iter_mut().filter_map(|item| entry(item, "path")) {
            each_text(path, &mut |span, text| self.path(span, text));
        }
    }

    /// A path that is relative unless it begins at the root or at a home.
    fn path(&mut self, span: Span, path: &mut String) {
        if path.starts_with(['/', '~']) {
            return;
        }
        match below(self.base, path) {
            Some(moved) => *path = moved,
            None => {
                let message = format!("`{path}` leads above `%h`, and what lies there has no name");
                self.refused.push(refuse(span, message));
            }
        }
    }
}

fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("git@")
}

/// `./x`, `../x` and `x` below a folder, by their names alone; nothing above the home, whose own name is not known.
pub(in crate::render) fn below(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = base.split('/').collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.len() > 1 && parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if base.starts_with(HOME) => return None,
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if joined.is_empty() { "/".to_owned() } else { joined })
}
