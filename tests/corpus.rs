//! Real stacks: each Compose file of the corpus beside this repository, as docker-compose resolves it, is read as a
//! topology and rendered. The units must pass the generator, and the Compose file must say what the original said.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use support::{compose_config, generate, missing, quadlet_generators, say, tool};

fn compose_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            compose_files(&path, found);
        } else if name.contains("compose") && (name.ends_with(".yaml") || name.ends_with(".yml")) {
            found.push(path);
        }
    }
}

/// What docker-compose makes of a file, with everything resolved but its paths; none where it refuses the file.
fn resolved(docker_compose: &Path, file: &Path) -> Option<String> {
    let output =
        Command::new(docker_compose).arg("-f").arg(file).args(["config", "--no-path-resolution"]).output().unwrap();
    let text = String::from_utf8(output.stdout).ok().filter(|text| text.contains("\nservices:"))?;
    output.status.success().then_some(text)
}

fn render(source: &Path, platform: &str, folder: &Path) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quadgen"));
    let output = command.arg("render").arg(source).args(["--on", platform, "-o"]).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{}: {said}", source.display());
    if output.status.success() { Ok(()) } else { Err(said) }
}

/// The services without what a topology says in another way, or what is the same as nothing.
fn comparable(config: &Json) -> Json {
    let mut services = config["services"].clone();
    for service in services.as_object_mut().unwrap().values_mut() {
        let service = service.as_object_mut().unwrap();
        service.remove("container_name");
        for network in
            service.get_mut("networks").and_then(Json::as_object_mut).into_iter().flat_map(|all| all.values_mut())
        {
            if network.as_object().is_some_and(serde_json::Map::is_empty) {
                *network = Json::Null;
            }
        }
        for port in service.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
            // For swarms only.
            port.as_object_mut().unwrap().remove("mode");
        }
        for volume in service.get_mut("volumes").and_then(Json::as_array_mut).into_iter().flatten() {
            let kind = volume["type"].as_str().unwrap().to_owned();
            volume.as_object_mut().unwrap().retain(|key, value| {
                let empty = value.as_object().is_some_and(serde_json::Map::is_empty);
                // Settings of another type than the volume's own change nothing.
                let foreign = ["bind", "volume", "tmpfs"].contains(&key.as_str()) && *key != kind;
                !empty && !foreign
            });
        }
    }
    services
}

/// How many files docker-compose accepts, how many are rendered to units, how many are refused, how many are equal as Compose.
fn look<'a>(
    files: impl Iterator<Item = &'a PathBuf>,
    docker_compose: &Path,
    generator: &Path,
    version: &str,
) -> [usize; 4] {
    let (mut stacks, mut units, mut built, mut equal) = (0, 0, 0, 0);
    for file in files {
        let Some(text) = resolved(docker_compose, file) else { continue };
        stacks += 1;
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let source = here.join("x.topology.yaml");
        // A dollar of a topology is a dollar.
        fs::write(&source, text.replace("$$", "$")).unwrap();
        match render(&source, &format!("podman@{version},rootless"), &here.join("units")) {
            Ok(()) => {
                let made = generate(generator, &here.join("units"), true);
                assert!(made.status.success() && made.complaints().is_empty(), "{}: {}", file.display(), made.stderr);
                units += 1;
            }
            Err(said) => {
                let known =
                    ["neither `image` nor `build`", "a unit cannot hold", "holds no service", "services` holds"];
                assert!(known.iter().any(|known| said.contains(known)), "{}: {said}", file.display());
                built += 1;
            }
        }
        // As deep as ours, so that relative paths mean the same.
        let original = here.join("original/compose.yaml");
        fs::create_dir(here.join("original")).unwrap();
        fs::write(&original, &text).unwrap();
        if let (Ok(()), (Json::Object(config), _)) =
            (render(&source, "docker@28.5", &here.join("compose")), compose_config(docker_compose, &original))
        {
            let (rendered, said) = compose_config(docker_compose, &here.join("compose/compose.yaml"));
            assert!(rendered.is_object(), "{}: {said}", file.display());
            // Relative paths lie where each file lies.
            let placed = |config: &Json, folder: PathBuf| -> Json {
                let text = comparable(config).to_string().replace(&folder.display().to_string(), "HERE");
                serde_json::from_str(&text).unwrap()
            };
            let (ours, theirs) =
                (placed(&rendered, here.join("compose")), placed(&Json::Object(config), here.join("original")));
            assert_eq!(ours, theirs, "{}", file.display());
            equal += 1;
        }
    }
    [stacks, units, built, equal]
}

#[test]
fn real_stacks_are_rendered_to_units_and_back_to_compose() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let (Some(docker_compose), Some((version, generator))) = (tool("docker-compose"), quadlet_generators().pop())
    else {
        return missing("rendering of real stacks (no generator or no docker-compose)");
    };
    if !corpus.is_dir() {
        return missing("rendering of real stacks (no corpus beside the repository)");
    }
    let mut files = Vec::new();
    compose_files(&corpus, &mut files);
    files.sort();
    // Most of it is waiting for other programs.
    let shares = std::thread::scope(|scope| {
        let (docker_compose, generator, version, files) = (&docker_compose, &generator, &version, &files);
        let share =
            |from| scope.spawn(move || look(files.iter().skip(from).step_by(3), docker_compose, generator, version));
        let threads: Vec<_> = (0..3).map(share).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let [stacks, units, built, equal] = [0, 1, 2, 3].map(|at| shares.iter().map(|share| share[at]).sum::<usize>());
    say(&format!(
        "real stacks: {} files, {stacks} that docker-compose accepts; {units} rendered to units that the generator {version} takes, {built} refused; {equal} equal as Compose",
        files.len()
    ));
    assert!(units > 200 && equal > 200);
}
