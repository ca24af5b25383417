//! References from a unit to others, and whether the generator of a release finds them.

use super::check::Check;
use super::mount;
use super::unit::Said;
use crate::diagnostic::{Change, Diagnostic, input};
use crate::model::UnitKind;
use crate::platform::generator::{Habit, brought};
use crate::source::Span;
use crate::suggest;
use crate::syntax::unit::Escapes;

/// The keys of `[Unit]` whose values name units.
pub(crate) const DEPENDENCIES: [&str; 15] = [
    "After",
    "Before",
    "BindsTo",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "PropagatesReloadTo",
    "PropagatesStopTo",
    "ReloadPropagatedFrom",
    "Requires",
    "Requisite",
    "StopPropagatedFrom",
    "Upholds",
    "Wants",
];

/// Units that must be there, in `[Unit]`.
pub(super) fn dependencies(check: &mut Check<'_>) {
    let (unit, release) = (check.unit, check.unit.release);
    if !Habit::DependenciesTranslated.of(release) {
        return;
    }
    for key in DEPENDENCIES.into_iter().filter(|key| unit.keys.may_hold(key)) {
        for word in unit.words("Unit", key, Escapes::Keep) {
            let kind = word
                .text
                .rsplit_once('.')
                .and_then(|(_, ending)| UnitKind::ALL.into_iter().find(|kind| kind.extension() == ending));
            let known = kind.filter(|kind| brought(*kind).is_none_or(|habit| habit.of(release)));
            if known.is_some() {
                must_exist(check, &word.text, word.span);
            }
        }
    }
}

/// Reports a reference to a unit that is not there. Old releases take some of them.
fn must_exist(check: &mut Check<'_>, file: &str, span: Span) -> bool {
    told(check, file, span, None)
}

/// The same of a network, a volume or a container, where each release up to a certain one makes the unit all the same.
fn used(check: &mut Check<'_>, file: &str, span: Span) -> bool {
    told(check, file, span, Some(Habit::UnitsMustExist))
}

fn told(check: &mut Check<'_>, file: &str, span: Span, since: Option<Habit>) -> bool {
    if check.loaded.by_file.contains_key(file) {
        return true;
    }
    let message = format!("there is no unit `{file}`: Podman refuses {}", check.unit.file);
    let found = Diagnostic::new(&input::UNDEFINED_REFERENCE, span, message);
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    let same_kind = check.loaded.units.iter().map(|unit| unit.file.as_str());
    let same_kind = same_kind.filter(|name| name.rsplit_once('.').is_some_and(|(_, other)| other == ending));
    let before = since.map_or_else(String::new, |habit| {
        format!(" Before Podman {} the unit is made, and its start fails.", habit.since())
    });
    let found = found.help(format!(
        "What you see: `Unit {}.service not found.`; the reason stands only in what the generator writes to the \
         journal.{before}",
        check.unit.service
    ));
    let elsewhere = "; if it lies elsewhere on the host, lint it together with this one";
    check.found.push(match suggest::nearest(file, same_kind) {
        Some(near) if (span.end - span.start) as usize == file.len() => {
            let change = Change::Replace { span, text: near.to_owned() };
            found.here(format!("did you mean `{near}`?")).fix(format!("refer to `{near}`"), true, vec![change])
        }
        Some(near) => found.here(format!("did you mean `{near}`?")),
        None => found.help(format!("What helps: write {file} beside it, or take the reference away{elsewhere}.")),
    });
    false
}

/// `Network=` of containers, pods, kube units and builds.
pub(super) fn networks(check: &mut Check<'_>) {
    if !Habit::UnitsMustExist.of(check.unit.release) {
        return;
    }
    for line in check.lines("Network") {
        let (name, options) = line.text.split_once(':').map_or((line.text.as_str(), None), |(n, o)| (n, Some(o)));
        if !name.ends_with(".network") && !name.ends_with(".container") {
            continue;
        }
        let span = line.part(0, name.len());
        if !used(check, name, span) || !name.ends_with(".container") {
            continue;
        }
        let loaded = check.loaded;
        if loaded.find(name).is_some_and(|other| !has_fixed_name(other)) {
            check.invalid(
                span,
                format!("the name of {name}'s container is only known at its start: it cannot be joined"),
            );
        } else if options.is_some() {
            check.invalid(line.span, "whoever joins the network of another container cannot have options");
        }
    }
}

/// Whether the generator can work a container's name out: `%N` is the only specifier that it knows.
fn has_fixed_name(unit: &super::unit::Unit) -> bool {
    match unit.text("Container", "ContainerName") {
        Some(name) => !name.value.replace("%N", "").contains('%'),
        None => !unit.file.contains('@'),
    }
}

/// `Volume=`.
pub(super) fn volumes(check: &mut Check<'_>) {
    if !Habit::UnitsMustExist.of(check.unit.release) {
        return;
    }
    for line in check.lines("Volume") {
        let Some((source, _)) = line.text.split_once(':') else { continue };
        let artifact = source.ends_with(".artifact") && Habit::ArtifactMounts.of(check.unit.release);
        if (source.ends_with(".volume") || artifact) && !source.starts_with(['.', '/']) {
            used(check, source, line.part(0, source.len()));
        }
    }
}

/// `Image=x.image` and `Image=x.build`.
pub(super) fn image(check: &mut Check<'_>, image: Said<'_>) {
    let release = check.unit.release;
    let meant = (image.value.ends_with(".image") && Habit::ImageUnits.of(release))
        || (image.value.ends_with(".build") && Habit::BuildUnits.of(release));
    if meant {
        must_exist(check, image.value, image.span());
    }
}

/// `Mount=`, which has to have a form.
pub(super) fn mounts(check: &mut Check<'_>) {
    let release = check.unit.release;
    if !Habit::MountsChecked.of(release) {
        return;
    }
    for word in check.unit.words("Container", "Mount", Escapes::Apply) {
        let form = "`Mount=` reads type=TYPE,source=SOURCE,destination=PATH";
        let Some(fields) = mount::fields(&word.text) else {
            check.invalid(word.span, format!("{form}, and quotes stand around a whole part"));
            continue;
        };
        let kind = match fields.kind {
            Some(kind) => kind,
            None if Habit::MountTypeDefaults.of(release) => "volume".to_owned(),
            None => {
                check.invalid(word.span, format!("{form}, and this one has no type"));
                continue;
            }
        };
        let needs_source = matches!(kind.as_str(), "volume" | "bind" | "glob" | "image")
            || (kind == "artifact" && Habit::ArtifactMounts.of(release));
        if !needs_source {
            continue;
        }
        match fields.source {
            Some(None) => check.invalid(word.span, "`source` of a mount needs a value"),
            None if kind == "volume" && Habit::MountWithoutSource.of(release) => {}
            Some(Some(source)) if source.is_empty() && kind == "volume" && Habit::MountWithoutSource.of(release) => {}
            None => check.invalid(word.span, format!("a mount of type {kind} needs `source`")),
            Some(Some(source)) if source.is_empty() => {
                check.invalid(word.span, format!("a mount of type {kind} needs `source`"));
            }
            Some(Some(source)) => {
                let unit = source.ends_with(".volume")
                    || source.ends_with(".image")
                    || (source.ends_with(".artifact") && Habit::ArtifactMounts.of(release));
                if unit && !source.starts_with(['.', '/']) && Habit::UnitsMustExist.of(release) {
                    let at = word.text.find(&source).unwrap_or(0);
                    used(check, &source, word.part(at, at + source.len()));
                }
            }
        }
    }
}

/// `Pod=`.
pub(super) fn pod(check: &mut Check<'_>) {
    let Some(pod) = check.text("Pod").filter(|_| Habit::PodUnits.of(check.unit.release)) else { return };
    if pod.value.ends_with(".pod") {
        must_exist(check, pod.value, pod.span());
    } else {
        let message = format!("`Pod={}` must be the file's name of a .pod unit", pod.value.escape_debug());
        check.invalid(pod.span(), message);
    }
}
