//! QG607: a start that systemd gives up before it can be done.

use super::context::{Context, View, some};
use super::unit_lines::{Lines, all};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Duration, HealthTest, Service, Spanned, UnitEntry, UnitKind};
use crate::platform::Feature;
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG607",
    name: "start-timeout",
    summary: "a health wait or a pull that lasts longer than systemd lets a unit start",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Safe,
    page: include_str!("start_timeout.md"),
};

/// How long a unit may start where nothing is said, in seconds: systemd-system.conf(5), `DefaultTimeoutStartSec=`.
const DEFAULT: u64 = 90;
/// Long enough for a pull on a slow line, in seconds.
const ENOUGH: u64 = 900;
/// How many places a finding about a whole stack labels.
const SHOWN: usize = 10;

/// How long a unit may start.
struct Limit<'a> {
    seconds: u64,
    /// Where that is said.
    entry: Option<&'a UnitEntry>,
}

/// How long a container may take to become healthy by its own words.
struct Wait {
    seconds: u64,
    words: String,
    places: Vec<Span>,
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let mut pulling = Vec::new();
        for lines in all(view) {
            let Some(service) = service_of(view, &lines) else { continue };
            let Some(limit) = limit(&lines) else { continue };
            let wait = wait(view, &lines, service);
            match wait.filter(|wait| wait.seconds >= limit.seconds) {
                // Where nobody wrote any time, it is only the defaults that meet.
                Some(wait) if limit.entry.is_some() || !wait.places.is_empty() => {
                    view.report(sink, too_long(&lines, &limit, &wait));
                }
                waits => {
                    let pulled = pulled(&lines, service);
                    if let Some(place) = pulled.or_else(|| waits.map(|_| service.span()))
                        && limit.entry.is_none()
                    {
                        pulling.push((lines, place));
                    }
                }
            }
        }
        if let Some(finding) = by_default(&pulling) {
            view.report(sink, finding);
        }
    }
}

/// The service of a `.container` unit. What is rendered has a limit that fits.
fn service_of<'a>(view: &View<'a>, lines: &Lines<'a>) -> Option<&'a Service> {
    let unit = lines.unit.filter(|unit| unit.kind == UnitKind::Container)?;
    view.wiring.stack.services.get(unit.file.strip_suffix(".container")?)
}

/// The limit of a unit; none where it has none or nobody can tell.
fn limit<'a>(lines: &Lines<'a>) -> Option<Limit<'a>> {
    let entry = lines.last("Service", "TimeoutStartSec").or_else(|| lines.last("Service", "TimeoutSec"));
    match entry {
        Some(entry) => {
            let seconds = Duration::from_systemd(&entry.value.value)?.as_seconds();
            // Nothing is no limit at all.
            (seconds > 0).then_some(Limit { seconds, entry: Some(entry) })
        }
        None if lines.value("Service", "Type") == Some("oneshot") => None,
        None => Some(Limit { seconds: DEFAULT, entry: None }),
    }
}

fn wait(view: &View<'_>, lines: &Lines<'_>, service: &Service) -> Option<Wait> {
    let healthy = lines.value("Container", "Notify")?.eq_ignore_ascii_case("healthy");
    let health = service.health.as_ref().map(|health| &health.value)?;
    // A check for the start has times of its own.
    let startup = ["HealthStartupCmd", "HealthInterval", "HealthStartPeriod", "HealthRetries"].into_iter().any(|key| {
        let left = service.quadlet.iter().any(|entry| entry.key.value == key);
        left || (key == "HealthStartupCmd" && lines.last("Container", key).is_some())
    });
    if !healthy || startup || !Feature::HealthWait.is_in(view.wiring.platform.version) {
        return None;
    }
    if matches!(health.test, None | Some(HealthTest::Disabled)) {
        return None;
    }
    let seconds = |given: &Option<Spanned<Duration>>, default| given.map_or(default, |it| it.value.as_seconds());
    let (period, interval) = (seconds(&health.start_period, 0), seconds(&health.interval, 30));
    let retries = u64::from(health.retries.map_or(3, |retries| retries.value));
    let rounds = format!("{retries} checks, one every {interval} s");
    let words = if period > 0 { format!("{period} s that do not count, then {rounds}") } else { rounds };
    let mut places: Vec<Span> = [health.start_period, health.interval].iter().flatten().map(Spanned::span).collect();
    places.extend(health.retries.map(|retries| retries.span()));
    Some(Wait { seconds: period.saturating_add(retries.saturating_mul(interval)), words, places })
}

/// Where the image stands that the start of a unit pulls.
fn pulled(lines: &Lines<'_>, service: &Service) -> Option<Span> {
    let image = lines.last("Container", "Image")?;
    let text = image.value.value.trim();
    let elsewhere = [".image", ".build"].iter().any(|ending| text.ends_with(ending));
    let local = service.image.as_ref().is_none_or(|image| image.value.is_local());
    let never = lines.value("Container", "Pull") == Some("never");
    (!elsewhere && !local && !never).then(|| image.value.span())
}

fn too_long(lines: &Lines<'_>, limit: &Limit<'_>, wait: &Wait) -> Diagnostic {
    let (file, limited, needed) = (lines.name, limit.seconds, wait.seconds);
    let message =
        format!("`{file}` may take {needed} s to become healthy, and systemd ends its start after {limited} s");
    let place = limit.entry.map(|entry| entry.value.span());
    let first = place.or_else(|| wait.places.first().copied()).or_else(|| lines.unit.map(|unit| unit.head));
    let mut finding = Diagnostic::new(&RULE, first.unwrap_or_default(), message);
    finding = finding.here(if place.is_some() { "ends the start" } else { "with the 90 s that systemd waits" });
    for span in &wait.places {
        finding = finding.label(*span, "lets the health check take its time");
    }
    let longer = ENOUGH.max(needed.saturating_add(300));
    let line = format!("TimeoutStartSec={longer}");
    finding
        .help(format!(
            "Why: with `Notify=healthy` a unit is starting until a check succeeds ({}). Checks that fail do not end the start, \
             only the limit does, and the pull of the image counts as well. What you see: `start operation timed out. \
             Terminating.`, and the container goes although it would have become healthy.",
            wait.words
        ))
        .help(format!("What helps: `{line}`, or checks that take less time."))
        .fix(format!("let it take its time: `{line}`"), true, changes(lines, limit.entry, &line))
}

/// What gives a unit another limit.
fn changes(lines: &Lines<'_>, entry: Option<&UnitEntry>, line: &str) -> Vec<Change> {
    let Some(unit) = lines.unit else { return Vec::new() };
    let value = line.split('=').nth(1).unwrap_or("").to_owned();
    vec![match (entry, unit.section("Service")) {
        (Some(entry), _) if entry.key.value == "TimeoutStartSec" => {
            Change::Replace { span: entry.value.span(), text: value }
        }
        (_, Some(section)) => Change::AddLine { section, line: line.to_owned() },
        (_, None) => Change::AddSection { file: unit.head, text: format!("[Service]\n{line}") },
    }]
}

/// One finding for all units that have the limit that nobody chose.
fn by_default(pulling: &[(Lines<'_>, Span)]) -> Option<Diagnostic> {
    let ((unit, first), more) = pulling.split_first()?;
    let names = some(pulling.iter().map(|(lines, _)| format!("`{}`", lines.name)));
    let (verb, image) = if more.is_empty() { ("has", "its image") } else { ("have", "their images") };
    let message = format!("{names} {verb} {DEFAULT} s to pull {image} and to start");
    // The limit is what is missing: it has its place in [Service].
    let place = unit.unit.map_or(*first, |unit| unit.section("Service").unwrap_or(unit.head));
    let mut finding = Diagnostic::new(&RULE, place, message).severity(Level::Info).here("no `TimeoutStartSec=`");
    finding = finding.label(*first, "pulled while it starts");
    for (_, place) in more.iter().take(SHOWN) {
        finding = finding.label(*place, "so is this one");
    }
    let line = format!("TimeoutStartSec={ENOUGH}");
    let changes = pulling.iter().flat_map(|(lines, _)| changes(lines, None, &line)).collect();
    Some(
        finding
            .help(
                "Why: systemd ends a start after 90 s, and the first one pulls the image. What you see: `start operation timed \
                 out. Terminating.` on a slow line or with a large image, and with `Restart=` the pull begins again.",
            )
            .help(format!("What helps: `{line}` in [Service], or `podman pull` before the first start."))
            .fix(format!("let them take their time: `{line}`"), true, changes),
    )
}
