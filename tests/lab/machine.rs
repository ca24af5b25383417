//! A machine of the lab: systemd in namespaces of its own, started by `tests/lab/machine.sh`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs until it is dropped, or this process ends in any way.
pub struct Machine {
    /// Ends with its standard input.
    shell: Child,
    /// The process of the machine's systemd, as this computer counts.
    systemd: u32,
}

/// A folder of `tests/lab`.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab")
}

impl Machine {
    /// Starts a machine on the root of a Debian, with its internet, its programs on the host, and the image of all
    /// containers. `settings` are lines for Podman's `containers.conf`.
    ///
    /// # Errors
    /// Why machines cannot run here.
    pub fn start(debian: &str, settings: &str) -> Result<Machine, String> {
        // Where tests/lab/root.sh puts it.
        let lab = std::env::var_os("QUADGEN_LAB").map(PathBuf::from);
        let lab = lab.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("lab"));
        let mut shell = Command::new("bash")
            .arg(scripts().join("machine.sh"))
            .arg(lab.join(debian))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What is sent to the group of this process, by Ctrl+C say, must not reach who cleans up after it.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("bash: {error}"))?;
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if let Some(why) = line.trim_end().strip_prefix("not run: ") {
            shell.wait().unwrap();
            return Err(why.to_owned());
        }
        let systemd = line.trim_end().strip_prefix("ready ").and_then(|pid| pid.parse().ok());
        let machine = Machine { shell, systemd: systemd.unwrap_or_else(|| panic!("the lab: {line}")) };
        fs::copy(lab.join("image.tar"), machine.path("/run/image.tar")).unwrap();
        machine.write("/etc/containers/containers.conf", settings);
        machine.must(&fs::read_to_string(scripts().join("prepare.sh")).unwrap());
        Ok(machine)
    }

    /// Runs a program in the machine, as a service of its systemd.
    pub fn run(&self, program: &[&str]) -> Output {
        Command::new("nsenter")
            .args(["--all", "--target", &self.systemd.to_string()])
            // Dollars are the program's; and what it leaves behind, such as a container's monitor, stays.
            .args(["systemd-run", "--quiet", "--pipe", "--wait", "--collect"])
            .args(["--property=KillMode=process", "--setenv=HOME=/root", "--"])
            .args(program)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs lines of bash in the machine: whether they succeeded, and what they printed on either way.
    pub fn bash(&self, lines: &str) -> (bool, String) {
        // In a file, since a command line has a limit, and systemd would look for variables in one.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let file = format!("/run/lines.{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.write(&file, lines);
        let output = self.run(&["bash", &file]);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (output.status.success(), said.trim_end().to_owned())
    }

    /// The same, where anything but success is the end.
    pub fn must(&self, lines: &str) -> String {
        let (succeeded, said) = self.bash(lines);
        assert!(succeeded, "in the lab's machine:\n{lines}\n{said}");
        said
    }

    /// Where a file of the machine is, seen from outside.
    fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.systemd))
    }

    /// Writes a file in the machine.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Copies a file or what is in a folder into the machine.
    pub fn copy(&self, from: &Path, to: &str) {
        let to = self.path(to);
        let from = if from.is_dir() { from.join(".") } else { from.to_owned() };
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
        assert!(copied.success());
    }

    /// Reads a file in the machine.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
