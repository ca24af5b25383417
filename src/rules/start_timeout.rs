//! QG607: a start that systemd gives up before it can be done.

use super::context::{Context, View, some};
use super::unit_lines::{Lines, all};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Duration, Health, HealthTest, Service, Spanned, UnitEntry, UnitKind};
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
/// Long enough for a pull on a slow line, in seconds: what podman-systemd.unit(5) shows.
const ENOUGH: u64 = 900;
/// What a pull gets beside a health check, in seconds.
const PULL: u64 = 300;
/// Podman's `--health-interval`, in seconds, and `--health-retries` where nothing is said.
const INTERVAL: u64 = 30;
const RETRIES: u64 = 3;
/// How many places a finding about a whole stack labels.
const SHOWN: usize = 10;

/// How long a unit may start.
struct Limit<'a> {
    seconds: u64,
    /// Where that is said.
    entry: Option<&'a UnitEntry>,
}

/// How long a container may take to become healthy by its own words, in seconds.
struct Wait {
    period: u64,
    interval: u64,
    retries: u64,
    /// Whether any of that is written.
    is_written: bool,
}

/// What of a wait is written, in its order: the place, and what is written there.
type Written = [Option<(Span, String)>; 3];

impl Wait {
    /// The catalogue's measure: until the last check that counts has had its whole interval.
    fn seconds(&self) -> u64 {
        self.period.saturating_add(self.retries.saturating_mul(self.interval))
    }

    /// When that check begins at the earliest: Podman checks at once, then once an interval.
    fn last_check(&self) -> u64 {
        self.period.saturating_add(self.retries.saturating_sub(1).saturating_mul(self.interval))
    }

    /// Whether a limit takes checks away that count, rather than only what is behind the last of them.
    fn is_cut(&self, limit: u64) -> bool {
        self.last_check() > limit || (limit <= self.interval && self.retries > 1)
    }

    /// A warning where checks are lost that count.
    fn level(&self, limit: u64) -> Level {
        if self.is_cut(limit) { Level::Warning } else { Level::Info }
    }

    /// Where the number is from, naming every key.
    fn words(&self, written: &Written) -> String {
        let [period, interval, retries] = written;
        let named = |given: &Option<(Span, String)>, default: String| match given {
            Some((_, line)) => format!("`{line}`"),
            None => format!("Podman's `{default}`"),
        };
        let retries = named(retries, format!("HealthRetries={RETRIES}"));
        let rounds = format!("{retries} times {}", named(interval, format!("HealthInterval={INTERVAL}s")));
        match period {
            Some((_, line)) if self.period > 0 => format!("`{line}` and {rounds}"),
            _ => rounds,
        }
    }
}

/// An entry as it is written.
fn line(entry: &UnitEntry) -> String {
    format!("{}={}", entry.key.value, entry.value.value.trim())
}

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        let mut pulling = Vec::new();
        let can_wait = Feature::HealthWait.is_in_podman(view.wiring.platform.version);
        for lines in all(view) {
            let Some(service) = service_of(view, &lines) else { continue };
            let Some(limit) = limit(&lines) else { continue };
            let wait = wait(&lines, service).filter(|wait| can_wait && wait.seconds() >= limit.seconds);
            match wait {
                // Where nobody wrote any time, it is only the defaults that meet.
                Some(wait) if limit.entry.is_some() || wait.is_written => {
                    if wait.level(limit.seconds) >= context.lowest {
                        view.report(sink, too_long(&lines, service, &limit, &wait));
                    }
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
        if context.lowest <= Level::Info
            && let Some(finding) = by_default(&pulling)
        {
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

fn wait(lines: &Lines<'_>, service: &Service) -> Option<Wait> {
    let healthy = lines.value("Container", "Notify")?.eq_ignore_ascii_case("healthy");
    let health = service.health.as_ref().map(|health| &health.value)?;
    // A check for the start has times of its own.
    let startup = ["HealthStartupCmd", "HealthInterval", "HealthStartPeriod", "HealthRetries"].into_iter().any(|key| {
        let left = service.quadlet.iter().any(|entry| entry.key.value == key);
        left || (key == "HealthStartupCmd" && lines.last("Container", key).is_some())
    });
    if !healthy || startup || matches!(health.test, None | Some(HealthTest::Disabled)) {
        return None;
    }
    let seconds = |given: &Option<Spanned<Duration>>, default| given.map_or(default, |it| it.value.as_seconds());
    Some(Wait {
        period: seconds(&health.start_period, 0),
        interval: seconds(&health.interval, INTERVAL),
        retries: health.retries.map_or(RETRIES, |retries| u64::from(retries.value)),
        is_written: health.start_period.is_some() || health.interval.is_some() || health.retries.is_some(),
    })
}

fn written(lines: &Lines<'_>, health: &Health) -> Written {
    let written = |key: &'static str, flag: &str, given: Option<(Span, String)>| {
        let (span, value) = given?;
        let entry = lines.last("Container", key).map(|entry| (entry.value.span(), line(entry)));
        // The same stands in `PodmanArgs=`.
        let here = entry.filter(|(place, _)| place.start <= span.start && span.end <= place.end);
        Some(here.unwrap_or_else(|| (span, format!("--health-{flag}={value}"))))
    };
    let time = |given: &Option<Spanned<Duration>>| given.map(|it| (it.span(), format!("{}s", it.value.as_seconds())));
    [
        written("HealthStartPeriod", "start-period", time(&health.start_period)),
        written("HealthInterval", "interval", time(&health.interval)),
        written("HealthRetries", "retries", health.retries.map(|it| (it.span(), it.value.to_string()))),
    ]
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

fn too_long(lines: &Lines<'_>, service: &Service, limit: &Limit<'_>, wait: &Wait) -> Diagnostic {
    let (file, limited, needed) = (lines.name, limit.seconds, wait.seconds());
    let message = format!("`{file}` has {limited} s to start, and its health check may take {needed} s");
    // The limit is what is missing: it has its place in [Service].
    let absent = || lines.unit.map_or_else(Span::default, |unit| unit.section("Service").unwrap_or(unit.head));
    let place = limit.entry.map_or_else(absent, |entry| entry.value.span());
    let (here, given) = match limit.entry.map(line) {
        Some(line) => (format!("`{line}` is the limit"), format!("`{line}`")),
        None => (
            "no `TimeoutStartSec=`, so systemd's default of 90 s".to_owned(),
            "no `TimeoutStartSec=`, so systemd's default".to_owned(),
        ),
    };
    let mut finding = Diagnostic::new(&RULE, place, message).here(here).severity(wait.level(limited));
    let written = service.health.as_ref().map(|health| written(lines, &health.value)).unwrap_or_default();
    let does = ["failures until then do not count", "the time between checks", "the failures that it may have"];
    for ((span, line), does) in written.iter().zip(does).filter_map(|(given, does)| Some((given.as_ref()?, does))) {
        finding = finding.label(*span, format!("`{line}`: {does}"));
    }
    let cut = wait.is_cut(limited);
    let longer = needed.saturating_add(PULL).div_ceil(60).saturating_mul(60);
    let fix = format!("TimeoutStartSec={longer}");
    let checks = if cut { "so not every check that counts is made" } else { "so the last check may come too late" };
    let again = lines.value("Service", "Restart").filter(|word| ["always", "on-failure", "on-abnormal"].contains(word));
    let after = again.map_or_else(
        || "the container is stopped and removed".to_owned(),
        |word| format!("the container is removed, and with `Restart={word}` it is started again, in a loop"),
    );
    finding
        .help(format!(
            "Why: the {needed} s are {}; the limit is {limited} s ({given}), {checks}. With `Notify=healthy` a unit is \
             starting until a check succeeds: checks that fail do not end the start, only the limit does, and the pull \
             of the image counts as well.",
            wait.words(&written)
        ))
        .help(format!(
            "What you see: where no check succeeds within {limited} s: `start operation timed out. Terminating.`; {after}."
        ))
        .help(format!("What helps: `{fix}`, or checks that take less time."))
        .fix(format!("let it take its time: `{fix}`"), true, changes(lines, limit.entry, &fix))
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
