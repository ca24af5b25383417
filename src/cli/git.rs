//! The files of a revision, as `git` has them. Nothing is checked out, and only what is asked for is read.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use quadgen::read::quadlet::is_systemd_unit;
use quadgen::source::{Files, MAX_FILE_BYTES};

use super::disk::{Disk, absolute};

/// How many links may follow one another, so that a ring of them ends.
const LINKS: usize = 8;

/// The files of one revision, where they lie in the working tree of their repository.
pub(super) struct Tree {
    /// The root of the working tree.
    root: PathBuf,
    files: BTreeMap<PathBuf, Entry>,
    folders: BTreeSet<PathBuf>,
    reader: Mutex<Reader>,
}

/// A file, or a link to where.
enum Entry {
    Blob { id: String, size: usize },
    Link(PathBuf),
}

/// `git cat-file --batch`, which is asked for one object after the other.
struct Reader {
    program: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Tree {
    /// Lists the files of a revision of the repository that the working directory lies in; where that is none, of the one
    /// in which `beside` lies.
    ///
    /// # Errors
    /// What `git` says against it, in one line.
    pub fn of(revision: &str, beside: Option<&Path>) -> Result<Tree, String> {
        // What begins so would be an option.
        if revision.is_empty() || revision.starts_with('-') {
            return Err("this is no name of a revision".to_owned());
        }
        let folder = beside.map(|path| if path.is_dir() { path } else { path.parent().unwrap_or(path) });
        let folder = folder.filter(|folder| folder.is_dir());
        let here = Git { folder: None };
        let (git, root) = match (here.says(&["rev-parse", "--show-toplevel"]), folder) {
            (Ok(root), _) => (here, root),
            (Err(reason), None) => return Err(reason),
            (Err(reason), Some(folder)) => {
                let there = Git { folder: Some(folder.to_path_buf()) };
                let root = there.says(&["rev-parse", "--show-toplevel"]).map_err(|_| reason)?;
                (there, root)
            }
        };
        let root = PathBuf::from(String::from_utf8_lossy(&root).trim_end_matches(['\n', '\r']));
        let commit = git
            .says(&["rev-parse", "--verify", "--quiet", &format!("{revision}^{{tree}}")])
            .map_err(|said| if said.is_empty() { "there is no such revision here".to_owned() } else { said })?;
        let tree = String::from_utf8_lossy(&commit).trim().to_owned();
        let listed = git.says(&["ls-tree", "-r", "-l", "-z", "--full-tree", &tree])?;
        let reader = Mutex::new(Reader::start(&git).map_err(|error| format!("cannot start git: {error}"))?);
        let mut found = Tree { root, files: BTreeMap::new(), folders: BTreeSet::new(), reader };
        for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            found.add(&String::from_utf8_lossy(line));
        }
        Ok(found)
    }

    /// Takes in a line of `ls-tree -l`: mode, type, id and size, then a tab and the path.
    fn add(&mut self, line: &str) {
        let Some((head, path)) = line.split_once('\t') else { return };
        let words: Vec<&str> = head.split_whitespace().collect();
        // What is a commit is another repository's.
        let [mode, "blob", id, size] = words.as_slice() else { return };
        let path = self.root.join(path);
        let blob = Entry::Blob { id: (*id).to_owned(), size: size.parse().unwrap_or(usize::MAX) };
        let entry = match *mode {
            "120000" => match self.blob(&blob) {
                Ok(target) => {
                    let target = PathBuf::from(String::from_utf8_lossy(&target).into_owned());
                    Entry::Link(tidy(&path.parent().unwrap_or(Path::new("")).join(target)))
                }
                Err(_) => return,
            },
            _ => blob,
        };
        let above = path.ancestors().skip(1).take_while(|above| above.starts_with(&self.root));
        self.folders.extend(above.map(Path::to_path_buf));
        self.files.insert(path, entry);
    }

    /// The root of the working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path leads once links are followed; nothing where it leads out of the repository or nowhere.
    fn follow(&self, path: &Path) -> PathBuf {
        let mut path = tidy(&absolute(path));
        for _ in 0..LINKS {
            let link = path.ancestors().find_map(|above| match self.files.get(above) {
                Some(Entry::Link(target)) => Some((above.to_path_buf(), target.clone())),
                _ => None,
            });
            let Some((link, target)) = link else { break };
            path = tidy(&target.join(path.strip_prefix(&link).unwrap_or(Path::new(""))));
        }
        path
    }

    fn blob(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        match entry {
            Entry::Blob { size, .. } if *size > MAX_FILE_BYTES => {
                Err(io::Error::other(format!("it is larger than {} MiB", MAX_FILE_BYTES / 1024 / 1024)))
            }
            Entry::Blob { id, .. } => self.reader.lock().unwrap_or_else(PoisonError::into_inner).read(id),
            Entry::Link(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Files for Tree {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = self.follow(path);
        match self.files.get(&path) {
            Some(entry) => self.blob(entry),
            None if self.folders.contains(&path) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn is_dir(&self, path: &Path) -> bool {
        let path = self.follow(path);
        // The repository itself ends the search for what lies above.
        self.folders.contains(&path) || path == self.root || path == self.root.join(".git")
    }

    fn is_file(&self, path: &Path) -> bool {
        matches!(self.files.get(&self.follow(path)), Some(Entry::Blob { .. }))
    }

    fn walk(&self, folder: &Path) -> Vec<PathBuf> {
        let folder = tidy(&absolute(folder));
        let real = self.follow(&folder);
        let below = self.files.range(real.clone()..).take_while(|(path, _)| path.starts_with(&real));
        let files = below.filter(|(path, entry)| match entry {
            Entry::Blob { .. } => true,
            // What is below the folder anyhow is taken once; under another name it is another unit, and what starts units
            // does so in each folder.
            Entry::Link(_) => {
                let target = self.follow(path);
                let own = path.file_name();
                let starts = own.and_then(OsStr::to_str).is_some_and(is_systemd_unit);
                self.is_file(path) && (starts || !target.starts_with(&real) || target.file_name() != own)
            }
        });
        let inside = files.filter_map(|(path, _)| path.strip_prefix(&real).ok());
        inside.filter(|path| is_seen(path)).map(|path| folder.join(path)).collect()
    }

    fn folder_name(&self, folder: &Path) -> String {
        Disk.folder_name(folder)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let folder = tidy(&absolute(folder));
        let real = self.follow(&folder);
        let below = self.files.range(real.clone()..).take_while(|(path, _)| path.starts_with(&real));
        let names = below.filter_map(|(path, _)| path.strip_prefix(&real).ok()?.components().next());
        let mut all: Vec<PathBuf> = names.map(|name| folder.join(name)).collect();
        all.dedup();
        all
    }

    fn shown(&self, path: &Path) -> String {
        Disk.shown(path)
    }
}

impl Reader {
    fn start(git: &Git) -> io::Result<Reader> {
        let mut program = git.command(&["cat-file", "--batch"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let questions = program.stdin.take();
        let answers = program.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        Ok(Reader { program, questions, answers: BufReader::new(answers) })
    }

    /// The bytes of an object; the answer is `ID TYPE SIZE`, a line break, the bytes, and a line break.
    fn read(&mut self, id: &str) -> io::Result<Vec<u8>> {
        let questions = self.questions.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(questions, "{id}")?;
        questions.flush()?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let size = head.split_whitespace().nth(2).and_then(|size| size.parse().ok());
        let size: u64 = size.ok_or_else(|| io::Error::other("git does not have its content"))?;
        let mut bytes = Vec::new();
        self.answers.by_ref().take(size + 1).read_to_end(&mut bytes)?;
        if bytes.pop().is_none() || bytes.len() as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It ends when nobody asks any more.
        drop(self.questions.take());
        let _ = self.program.wait();
    }
}

/// The program, and the folder it is run for; here where there is none.
struct Git {
    folder: Option<PathBuf>,
}

impl Git {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("git");
        if let Some(folder) = &self.folder {
            command.arg("-C").arg(folder);
        }
        command.arg("--no-pager").args(words).stdin(Stdio::null()).stdout(Stdio::piped()).env("LC_ALL", "C");
        command
    }

    /// What it says; the last line of its errors where it fails.
    fn says(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.command(words).stderr(Stdio::piped()).output();
        let output = output.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => "the program `git` is not there".to_owned(),
            _ => format!("cannot run git: {error}"),
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        Err(line.trim_start_matches("fatal: ").to_owned())
    }
}

/// Hidden files and folders are none of ours, but where a home keeps its units.
fn is_seen(inside: &Path) -> bool {
    let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let in_config = |at: usize| at > 0 && parts.get(at - 1).is_some_and(|above| above == ".config");
    parts.iter().enumerate().all(|(at, part)| match in_config(at) {
        true => part == "containers",
        false => part == ".config" || !part.starts_with('.'),
    })
}

/// A path without `.` and `..`, by its names alone.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(tidy.pop()),
            part => tidy.push(part),
        }
    }
    tidy
}
