//! What systemd fills in when a unit starts → what Compose fills in, or what is known before.

use crate::diagnostic::Diagnostic;
use crate::model::{
    ContainerName, Data, HealthTest, MountKind, Network, Origin, Service, ServiceBody, Spanned, Stack, Unit, UnitEntry,
    VARIABLE, Value, Volume,
};
use crate::platform::Platform;
use crate::render::lost;
use crate::source::Span;

/// What specifiers stand for under a user's systemd and under the system's, with `${NAME}` for a variable of whoever
/// runs Compose. Source: systemd.unit(5), "Specifiers".
const SPECIFIERS: [(char, &str, &str); 10] = [
    ('h', "${HOME}", "/root"),
    ('t', "${XDG_RUNTIME_DIR}", "/run"),
    ('S', "${HOME}/.local/state", "/var/lib"),
    ('C', "${HOME}/.cache", "/var/cache"),
    ('L', "${HOME}/.local/state/log", "/var/log"),
    ('E', "${HOME}/.config", "/etc"),
    ('T', "/tmp", "/tmp"),
    ('V', "/var/tmp", "/var/tmp"),
    ('u', "${USER}", "root"),
    ('U', "", "0"),
];

/// Fills in what is known, and lets Compose fill in what only the machine knows.
pub(super) fn fill(stack: &mut Stack, platform: &Platform, found: &mut Vec<Diagnostic>) {
    let raw = Raw(std::mem::take(&mut stack.units));
    let mut filler = Filler { raw, rootless: platform.rootless, found };
    for service in stack.services.values_mut() {
        each_text(service, &mut |span, text| filler.text(span, text));
        image(service, &mut filler);
    }
    binds(stack, &mut filler);
    for network in stack.networks.values_mut() {
        of_network(network, &mut |span, text| filler.text(span, text));
    }
    for volume in stack.volumes.values_mut() {
        of_volume(volume, &mut |span, text| filler.text(span, text));
    }
    stack.units = filler.raw.0;
}

/// An image with variables in it is none to the model; to Compose it is a text.
fn image(service: &mut Service, filler: &mut Filler<'_>) {
    let is_image = |entry: &UnitEntry| entry.section == "Container" && entry.key.value == "Image";
    let Some(at) = service.quadlet.iter().position(is_image).filter(|_| service.image.is_none()) else { return };
    let entry = service.quadlet.remove(at);
    let (span, mut text) = (entry.value.span(), entry.value.value.trim().to_owned());
    filler.text(span, &mut text);
    service.attributes.insert("image".to_owned(), (span, Value { span, data: Data::Text(text) }));
}

/// A volume whose name is filled in may be a folder of the host, and mostly is.
fn binds(stack: &mut Stack, filler: &mut Filler<'_>) {
    let [open, _] = VARIABLE;
    for service in stack.services.values_mut() {
        let service: &mut ServiceBody = service;
        for spanned in &mut service.mounts {
            let at = spanned.span();
            let mount = &mut spanned.value;
            if mount.kind != MountKind::Volume || !mount.source.contains(open) {
                continue;
            }
            mount.kind = MountKind::Bind;
            let message = format!(
                "nobody knows whether `{}` has a volume or a folder there: it is taken for a folder",
                service.name.value
            );
            filler.found.push(lost(at, message));
        }
    }
    stack.volumes.retain(|name, volume| !(volume.external && name.contains("${")));
}

/// Values as they stand in their files.
struct Raw(crate::model::Named<Unit>);

impl Raw {
    /// The value at a place, as it stands there; of a drop-in the whole line's.
    fn text(&self, span: Span) -> &str {
        if let Some(unit) = self.0.values().find(|unit| unit.holds(span)) {
            let place = |offset: u32| (offset - unit.span.start) as usize;
            return unit.text.get(place(span.start)..place(span.end)).unwrap_or("");
        }
        let entries = self.0.values().flat_map(|unit| &unit.entries).map(|entry| &entry.value);
        let mut around = entries.filter(|value| value.span().start <= span.start && span.end <= value.span().end);
        around.next().map_or("", |value| &value.value)
    }

    /// Whether it holds a sign twice, which stands for itself: the reader took one away.
    fn is_doubled(&self, span: Span, sign: &str) -> bool {
        self.text(span).contains(sign)
    }
}

struct Filler<'f> {
    raw: Raw,
    rootless: bool,
    found: &'f mut Vec<Diagnostic>,
}

impl Filler<'_> {
    /// `${NAME}`, and `$NAME` as a word of its own: systemd takes no other form for a variable.
    fn variables(&mut self, span: Span, text: &mut String) {
        let [open, close] = VARIABLE;
        let mut out = String::new();
        let mut rest = text.as_str();
        if let Some(name) = rest.strip_prefix('$').filter(|name| is_variable(name)) {
            self.say(span, name);
            *text = format!("{open}{name}{close}");
            return;
        }
        while let Some(at) = rest.find("${") {
            let (before, sign) = rest.split_at(at);
            out.push_str(before);
            let name = sign.get(2..).and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
            match name.filter(|name| is_variable(name)) {
                Some(name) => {
                    self.say(span, name);
                    out.extend([open.to_string().as_str(), name, close.to_string().as_str()]);
                    rest = sign.get(name.len() + 3..).unwrap_or("");
                }
                None => {
                    out.push_str("${");
                    rest = sign.get(2..).unwrap_or("");
                }
            }
        }
        out.push_str(rest);
        *text = out;
    }

    fn say(&mut self, span: Span, name: &str) {
        let message = format!(
            "systemd fills `${{{name}}}` in when the unit starts, and no line of its unit says with what: Compose fills \
             it in from where it is started, or with nothing"
        );
        let help = format!(
            "What helps: `{name}` in a file `.env` beside compose.yaml, or `Environment={name}=VALUE` in [Service] of the \
             unit."
        );
        self.found.push(lost(span, message).help(help));
    }

    fn text(&mut self, span: Span, text: &mut String) {
        if !self.raw.is_doubled(span, "$$") {
            self.variables(span, text);
        }
        if !text.contains('%') {
            return;
        }
        if self.raw.is_doubled(span, "%%") {
            if specifier(&self.raw.text(span).replace("%%", "")).is_some() {
                let message = "this value has signs of systemd's that mean themselves beside such that do not: none is \
                               filled in";
                self.found.push(lost(span, message));
            }
            return;
        }
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('%') {
            let (before, sign) = rest.split_at(at);
            out.push_str(before);
            let letter = sign.chars().nth(1).filter(char::is_ascii_alphabetic);
            let known = SPECIFIERS.iter().find(|(known, ..)| Some(*known) == letter);
            let value = known.map(|(_, user, system)| if self.rootless { *user } else { *system });
            match (value.filter(|value| !value.is_empty()), letter) {
                (Some(value), _) => {
                    let [open, close] = VARIABLE;
                    out.push_str(&value.replace("${", &open.to_string()).replace('}', &close.to_string()));
                    rest = sign.get(2..).unwrap_or("");
                }
                (None, letter) => {
                    if let Some(letter) = letter {
                        let message = format!(
                            "systemd fills `%{letter}` in when the unit starts, and Compose has nothing like it: it \
                             arrives as text"
                        );
                        self.found.push(lost(span, message).help("What helps: the value itself."));
                    }
                    out.push('%');
                    rest = sign.get(1..).unwrap_or("");
                }
            }
        }
        out.push_str(rest);
        *text = out;
    }
}

/// The first specifier of a text.
fn specifier(text: &str) -> Option<&str> {
    let letter = |at: usize| text.get(at + 1..)?.chars().next().filter(char::is_ascii_alphabetic);
    text.match_indices('%').find(|(at, _)| letter(*at).is_some()).and_then(|(at, _)| text.get(at..at + 2))
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Every text of a service in which systemd fills something in.
pub(super) fn each_text(service: &mut ServiceBody, change: &mut dyn FnMut(Span, &mut String)) {
    let span = |origin: Origin| Spanned { value: (), origin }.span();
    if let ContainerName::Named(name) = &mut service.container_name {
        change(span(name.origin), &mut name.value);
    }
    let words = service.command.iter_mut().chain(&mut service.entrypoint).flatten();
    let mut texts: Vec<_> = words.chain(&mut service.hostname).collect();
    texts.extend(service.networks.iter_mut().flat_map(|attachment| &mut attachment.aliases));
    texts.extend(service.env_files.iter_mut().map(|file| &mut file.path));
    texts.extend(service.secrets.iter_mut().map(|used| &mut used.source));
    match service.health.as_mut().and_then(|health| health.value.test.as_mut()) {
        Some(HealthTest::Exec(test)) => texts.extend(test),
        Some(HealthTest::Shell(line)) => texts.push(line),
        Some(HealthTest::Disabled) | None => {}
    }
    for text in texts {
        change(span(text.origin), &mut text.value);
    }
    for variable in service.environment.values_mut() {
        let at = variable.span();
        variable.value.iter_mut().for_each(|value| change(at, value));
    }
    for mount in &mut service.mounts {
        let at = mount.span();
        let texts = [&mut mount.value.source, &mut mount.value.target].into_iter().chain(&mut mount.value.options);
        texts.for_each(|text| change(at, text));
    }
    for attachment in &mut service.networks {
        attachment.attributes.values_mut().for_each(|(_, value)| leaves(value, change));
    }
    service.attributes.values_mut().for_each(|(_, value)| leaves(value, change));
}

fn of_network(network: &mut Network, change: &mut dyn FnMut(Span, &mut String)) {
    for text in network.object_name.iter_mut().chain(&mut network.driver).chain(network.options.values_mut()) {
        let at = text.span();
        change(at, &mut text.value);
    }
    network.attributes.values_mut().for_each(|(_, value)| leaves(value, change));
}

fn of_volume(volume: &mut Volume, change: &mut dyn FnMut(Span, &mut String)) {
    if let Some(name) = volume.object_name.as_mut() {
        let at = name.span();
        change(at, &mut name.value);
    }
    volume.attributes.values_mut().for_each(|(_, value)| leaves(value, change));
}

fn leaves(value: &mut Value, change: &mut dyn FnMut(Span, &mut String)) {
    let span = value.span;
    match &mut value.data {
        Data::Text(text) => change(span, text),
        Data::List(items) => items.iter_mut().for_each(|item| leaves(item, change)),
        Data::Map(entries) => entries.iter_mut().for_each(|(_, value)| leaves(value, change)),
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}
