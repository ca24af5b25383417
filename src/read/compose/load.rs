//! Files → one tree: variables replaced, extended services and included files put in, overrides merged.

use std::path::{Path, PathBuf};

use super::super::relative::joined;
use super::check::canonical;
use super::merge::{difference, merge, settle};
use super::paths::rebase;
use super::variables::{Replaced, Variables, interpolate};
use crate::diagnostic::{Change, Diagnostic, input};
use crate::maps::{HashMap, HashSet};
use crate::source::{FileId, Files, SourceMap, Span};
use crate::syntax::dotenv::{self, Dotenv};
use crate::syntax::yaml::{self, Entry, Kind, Node};

/// How many files one project may be made of.
const MAX_FILES: usize = 500;
/// How many services may extend each other in a row, and files include each other.
const MAX_DEPTH: usize = 50;
/// What `include` takes over.
const IMPORTED: [&str; 5] = ["services", "volumes", "networks", "secrets", "configs"];

/// Reads files and remembers what it met.
pub(super) struct Loader<'a> {
    pub sources: &'a mut SourceMap,
    pub files: &'a dyn Files,
    /// The project's folder.
    pub folder: PathBuf,
    pub diagnostics: Vec<Diagnostic>,
    pub secrets: Vec<Span>,
    pub read: Vec<FileId>,
    pub replaced: Replaced,
    /// Whether everything that was asked for was read.
    pub complete: bool,
    trees: HashMap<PathBuf, Option<Node>>,
    /// Files that services of others extend, by path and by the folder that their paths are relative to: variables
    /// replaced, paths moved, and what was extended put in.
    extended: HashMap<(PathBuf, PathBuf), Node>,
}

/// Who wants a file.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// Whoever runs quadgen.
    ByUser,
    /// The file that has this place, and what it is there: `` `extends` of `web` ``.
    ByFile(Span, &'a str),
}

impl<'a> Loader<'a> {
    pub fn new(sources: &'a mut SourceMap, files: &'a dyn Files, folder: PathBuf) -> Self {
        Loader {
            sources,
            files,
            folder,
            diagnostics: Vec::new(),
            secrets: Vec::new(),
            read: Vec::new(),
            replaced: Replaced::default(),
            complete: true,
            trees: HashMap::default(),
            extended: HashMap::default(),
        }
    }

    fn fail(&mut self, finding: Diagnostic) {
        self.complete = false;
        self.diagnostics.push(finding);
    }

    fn syntax(&mut self, span: Span, message: impl Into<String>) {
        self.fail(Diagnostic::new(&input::SYNTAX_ERROR, span, message));
    }

    /// Takes a file in.
    pub fn load(&mut self, path: &Path, asked: Asked<'_>) -> Option<FileId> {
        let name = self.files.shown(path);
        if self.read.len() >= MAX_FILES {
            self.complete = false;
            if let Asked::ByFile(span, _) = asked {
                self.syntax(span, format!("a project of more than {MAX_FILES} files: quadgen stops reading here"));
            }
            return None;
        }
        match self.sources.load(self.files, path, &name) {
            Ok(loaded) => {
                self.read.push(loaded.file);
                if let Some(at) = loaded.not_utf8 {
                    self.syntax(at, "this is not UTF-8 text; quadgen reads UTF-8 only");
                    return None;
                }
                Some(loaded.file)
            }
            Err(reason) => {
                self.fail(unread(&name, &reason.to_string(), asked));
                None
            }
        }
    }

    /// The tree of a file, its variables not replaced yet.
    fn tree(&mut self, path: &Path, asked: Asked<'_>) -> Option<Node> {
        self.known(path, asked).cloned()
    }

    /// The same where it is kept.
    fn known(&mut self, path: &Path, asked: Asked<'_>) -> Option<&Node> {
        if !self.trees.contains_key(path) {
            let root = self.parsed(path, asked);
            self.trees.insert(path.to_path_buf(), root);
        }
        self.trees.get(path)?.as_ref()
    }

    fn parsed(&mut self, path: &Path, asked: Asked<'_>) -> Option<Node> {
        let id = self.load(path, asked)?;
        let file = self.sources.file(id);
        let start = Span::new(file.span().start, file.span().start);
        let tree = yaml::parse(file);
        self.complete &= tree.complete;
        self.secrets.extend(tree.secrets);
        // What docker-compose refuses is an error here.
        let strict = tree.diagnostics.into_iter().map(|found| found.severity(crate::diagnostic::Level::Error));
        self.diagnostics.extend(strict);
        let Some(mut root) = tree.root.filter(|root| !root.is_null()) else {
            if tree.complete {
                self.syntax(start, "the file is empty: a Compose file needs `services`");
            }
            return None;
        };
        if !matches!(root.kind, Kind::Mapping(_)) {
            let message = format!("a Compose file is a mapping with `services`, and here is {}", root.describe());
            self.syntax(start, message);
            return None;
        }
        self.obsolete(&root);
        canonical(&mut root);
        Some(root)
    }

    /// What Compose has no use for any more.
    fn obsolete(&mut self, root: &Node) {
        let Some(version) = root.entries().iter().find(|entry| entry.key == "version") else { return };
        let span = version.key_span;
        let found = Diagnostic::new(
            &input::OBSOLETE_ATTRIBUTE,
            span,
            "`version` says nothing any more: Compose leaves it out",
        )
        .here("not read")
        .help("Why: since Compose 1.27 every file is read by the one Compose specification, whatever it says here.")
        .help("What you see: a warning with every command, that `version` is obsolete and ignored.")
        .help("What helps: take the line away.")
        .fix("take `version` away", true, vec![Change::Remove { span }]);
        self.diagnostics.push(found);
    }

    /// What a file says that its project is called; its findings are made when it is read for good.
    pub fn name_of(&mut self, path: &Path) -> Option<Node> {
        self.known(path, Asked::ByUser)?.get("name").cloned()
    }

    /// Files that are merged one over the other, with everything they include and extend. `folder` is theirs, relative
    /// to the project's; `chain` the files that include each other on the way here.
    pub fn model(
        &mut self,
        files: &[PathBuf],
        folder: &Path,
        variables: &Variables,
        asked: Asked<'_>,
        chain: &mut Vec<PathBuf>,
    ) -> Option<Node> {
        let mut merged: Option<Node> = None;
        for path in files {
            // The project's own files are read once, so nobody needs what was kept of them.
            let kept = if chain.is_empty() { self.trees.remove(path) } else { None };
            let Some(mut tree) = kept.unwrap_or_else(|| self.tree(path, asked)) else { continue };
            interpolate(&mut tree, variables, &mut self.replaced);
            self.extend(&mut tree, path, folder, variables);
            chain.push(path.clone());
            self.include(&mut tree, folder, variables, chain);
            chain.pop();
            merged = Some(match merged {
                Some(base) => merge(base, tree, &mut Vec::new(), &mut self.diagnostics),
                None => tree,
            });
        }
        let mut merged = merged?;
        settle(&mut merged, &mut Vec::new());
        Some(merged)
    }

    /// Puts the services that others extend into them.
    fn extend(&mut self, tree: &mut Node, path: &Path, folder: &Path, variables: &Variables) {
        let extending: Vec<String> = match tree.get("services") {
            Some(services) => {
                let extending = services.entries().iter().filter(|entry| entry.value.get("extends").is_some());
                extending.map(|entry| entry.key.clone()).collect()
            }
            None => return,
        };
        for name in extending {
            let mut way = HashSet::default();
            if let Some(service) = self.extended(tree, &name, path, folder, variables, &mut way) {
                put(tree, &name, service);
            }
        }
    }

    /// A service of a file with everything that it extends.
    fn extended(
        &mut self,
        tree: &mut Node,
        name: &str,
        path: &Path,
        folder: &Path,
        variables: &Variables,
        way: &mut HashSet<(PathBuf, String)>,
    ) -> Option<Node> {
        let mut service = tree.get("services")?.get(name)?.clone();
        let Kind::Mapping(entries) = &mut service.kind else { return Some(service) };
        let Some(at) = entries.iter().position(|entry| entry.key == "extends") else { return Some(service) };
        let extends = entries.remove(at).value;
        if !way.insert((path.to_path_buf(), name.to_owned())) || way.len() > MAX_DEPTH {
            self.syntax(extends.span, format!("`{name}` extends itself through others, or through too many"));
            return Some(service);
        }
        let wanted = extends.get("service").unwrap_or(&extends);
        let Some(wanted_name) = wanted.text().map(str::to_owned) else {
            self.syntax(extends.span, "`extends` needs `service`, the name of a service");
            return Some(service);
        };
        let file = extends.get("file").and_then(|file| Some((file.text()?.to_owned(), file.span)));
        let base = match file {
            None => {
                let base = tree.get("services").and_then(|services| services.get(&wanted_name)).is_some();
                base.then(|| self.extended(tree, &wanted_name, path, folder, variables, way)).flatten().inspect(
                    |base| {
                        // So that a long chain is walked once.
                        put(tree, &wanted_name, base.clone());
                    },
                )
            }
            Some((file, span)) => {
                let other = self.folder.join(folder).join(&file);
                let key = (other.clone(), folder.to_path_buf());
                let mut tree = match self.extended.remove(&key) {
                    Some(tree) => tree,
                    None => {
                        let by = format!("`extends` of `{name}`");
                        let Some(mut tree) = self.tree(&other, Asked::ByFile(span, &by)) else { return Some(service) };
                        interpolate(&mut tree, variables, &mut self.replaced);
                        let below = Path::new(&file).parent().unwrap_or(Path::new(""));
                        rebase(&mut tree, &below.to_string_lossy());
                        tree
                    }
                };
                // `extends.file` of the other file was moved with the other paths.
                let base = self.extended(&mut tree, &wanted_name, &other, folder, variables, way);
                if let Some(base) = &base {
                    put(&mut tree, &wanted_name, base.clone());
                }
                self.extended.insert(key, tree);
                base
            }
        };
        way.remove(&(path.to_path_buf(), name.to_owned()));
        let Some(base) = base else {
            self.syntax(wanted.span, format!("there is no service `{wanted_name}` that `{name}` could extend"));
            return Some(service);
        };
        if !matches!(base.kind, Kind::Mapping(_)) {
            return Some(service);
        }
        let mut keys = vec!["services", name];
        Some(merge(base, service, &mut keys, &mut self.diagnostics))
    }

    /// Reads what a file includes, and takes it over.
    fn include(&mut self, tree: &mut Node, folder: &Path, variables: &Variables, chain: &mut Vec<PathBuf>) {
        let Kind::Mapping(entries) = &mut tree.kind else { return };
        let Some(at) = entries.iter().position(|entry| entry.key == "include") else { return };
        let Kind::Sequence(items) = entries.remove(at).value.kind else { return };
        for item in items {
            let Some(included) = self.included(&item, folder, variables, chain) else { continue };
            for section in IMPORTED {
                let Some(Node { kind: Kind::Mapping(more), span, .. }) = included.get(section) else { continue };
                self.import(tree, section, *span, more);
            }
        }
    }

    fn included(
        &mut self,
        item: &Node,
        folder: &Path,
        variables: &Variables,
        chain: &mut Vec<PathBuf>,
    ) -> Option<Node> {
        let texts = |node: &Node| -> Vec<String> {
            let items = if node.items().is_empty() { std::slice::from_ref(node) } else { node.items() };
            items.iter().filter_map(Node::text).map(str::to_owned).collect()
        };
        let paths = texts(item.get("path").unwrap_or(item));
        let first = paths.first()?;
        let below = match item.get("project_directory").and_then(Node::text) {
            Some(folder) => folder.to_owned(),
            None => Path::new(first).parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        let files: Vec<PathBuf> = paths.iter().map(|path| self.folder.join(folder).join(path)).collect();
        if files.first().is_some_and(|first| chain.contains(first)) || chain.len() > MAX_DEPTH {
            self.syntax(item.span, "this file includes itself, or is included through too many others");
            return None;
        }
        let own = joined(&folder.to_string_lossy(), &below);
        let mut variables = variables.for_included();
        let env_files: Vec<(String, Span)> = match item.get("env_file") {
            Some(node) => texts(node).into_iter().map(|path| (path, node.span)).collect(),
            None => Vec::new(),
        };
        if env_files.is_empty() {
            let path = self.folder.join(&own).join(".env");
            if self.files.is_file(&path) {
                self.variables_of(&path, Asked::ByFile(item.span, "`include`"), &mut variables);
            }
        }
        for (path, span) in env_files {
            let path = self.folder.join(folder).join(path);
            self.variables_of(&path, Asked::ByFile(span, "`env_file` of `include`"), &mut variables);
        }
        let asked = Asked::ByFile(item.span, "`include`");
        let mut model = self.model(&files, Path::new(&own), &variables, asked, chain)?;
        rebase(&mut model, &below);
        Some(model)
    }

    /// Adds the variables of a file.
    pub fn variables_of(&mut self, path: &Path, asked: Asked<'_>, variables: &mut Variables) {
        let lookup = |name: &str| variables.get(name).map(str::to_owned);
        if let Some(found) = self.dotenv(path, asked, false, &lookup, &|_| None) {
            for (name, variable) in found.variables {
                if let Some(value) = variable.value {
                    variables.add(&name, value);
                }
            }
        }
    }

    /// Reads a file with variables.
    pub fn dotenv(
        &mut self,
        path: &Path,
        asked: Asked<'_>,
        raw: bool,
        lookup: &dyn Fn(&str) -> Option<String>,
        earlier: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Dotenv> {
        let id = self.load(path, asked)?;
        let file = self.sources.file(id);
        let mut found = if raw { dotenv::parse_raw(file) } else { dotenv::parse(file, lookup, earlier) };
        self.complete &= found.diagnostics.is_empty();
        self.diagnostics.append(&mut found.diagnostics);
        self.secrets.append(&mut found.secrets);
        Some(found)
    }

    /// Takes over what an included file has; what both say differently is a conflict.
    fn import(&mut self, tree: &mut Node, section: &str, span: Span, more: &[Entry]) {
        let Kind::Mapping(entries) = &mut tree.kind else { return };
        let at = entries.iter().position(|entry| entry.key == section).unwrap_or_else(|| {
            let value = Node { span, kind: Kind::Mapping(Vec::new()), tag: None, interpolated: false };
            entries.push(Entry { key: section.to_owned(), key_span: span, value });
            entries.len() - 1
        });
        let Some(Entry { value: Node { kind: Kind::Mapping(own), .. }, .. }) = entries.get_mut(at) else { return };
        for entry in more {
            let Some(known) = own.iter().find(|known| known.key == entry.key) else {
                own.push(entry.clone());
                continue;
            };
            if difference(&known.value, &entry.value).is_some() {
                let found = Diagnostic::new(
                    &input::INVALID_VALUE,
                    entry.key_span,
                    format!("`{}` of an included file stands in `{section}` of the including one, too", entry.key),
                );
                self.diagnostics.push(found.label(known.key_span, "and this is another one"));
            }
        }
    }
}

/// A file that could not be read, and what follows.
fn unread(name: &str, reason: &str, asked: Asked<'_>) -> Diagnostic {
    let new = |span, message| Diagnostic::new(&input::COULD_NOT_RUN, span, message);
    let Asked::ByFile(span, by) = asked else {
        return new(Span::default(), format!("cannot read `{name}`: {reason}"));
    };
    let finding = new(span, format!("cannot read `{name}`, which {by} asks for: {reason}"))
        .here("asked for here")
        .help("Why: what it holds is a part of the project, so nothing was looked at that needs the whole of it.");
    if name.contains("://") || name.contains("git@") {
        return finding
            .help("What helps: a copy on this machine; quadgen reads files only, and nothing over the network.");
    }
    finding.help("What you see: docker-compose refuses the project where the file is missing, too.").help(
        "What helps: the file at that place, or another path here; lint where the whole project lies, with what is made \
         or fetched before it starts.",
    )
}

/// Puts a service in place of the one of that name.
fn put(tree: &mut Node, name: &str, service: Node) {
    let Kind::Mapping(entries) = &mut tree.kind else { return };
    let services = entries.iter_mut().find(|entry| entry.key == "services");
    let Some(Entry { value: Node { kind: Kind::Mapping(services), .. }, .. }) = services else { return };
    if let Some(entry) = services.iter_mut().find(|entry| entry.key == name) {
        entry.value = service;
    }
}
