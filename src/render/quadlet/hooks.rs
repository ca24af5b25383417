//! Compose's hooks → commands of the unit that run inside the container.

use super::Context;
use super::quote::{Specifiers, unfit, word};
use super::unit::Unit;
use crate::model::{Data, Service, Value};
use crate::render::pairs;
use crate::source::Span;
use crate::syntax::words::split;

/// The commands of a service's hooks, each with its key and its place: `post_start` once the container runs, and with
/// `Notify=healthy` once it is healthy; `pre_stop` before the generator's own `ExecStop=`, where one that fails keeps
/// nothing from stopping. `container` is the container's name as its unit writes it.
pub(crate) fn lines(service: &Service, container: &str) -> Vec<(&'static str, Result<String, ()>, Span)> {
    let mut lines = Vec::new();
    for (name, key, mark) in [("post_start", "ExecStartPost", ""), ("pre_stop", "ExecStop", "-")] {
        let Some((_, Value { data: Data::List(hooks), .. })) = service.attributes.get(name) else { continue };
        for hook in hooks {
            let line = line(hook, container).map(|line| format!("{mark}{line}"));
            lines.push((key, line.ok_or(()), hook.span));
        }
    }
    lines
}

pub(super) fn hooks(context: &mut Context<'_>, service: &Service, unit: &mut Unit) {
    for (key, line, span) in lines(service, &context.container_name(service)) {
        let Ok(line) = line else {
            let name = &service.name.value;
            context
                .lose(span, format!("a unit cannot run this hook of `{name}`: a line of a unit cannot hold its words"));
            continue;
        };
        unit.raw("Service", key, line);
    }
}

fn line(hook: &Value, container: &str) -> Option<String> {
    let command = hook.get("command")?;
    let words = match &command.data {
        Data::List(_) => command.texts(),
        _ => split(&command.scalar()?)?.words,
    };
    // systemd takes a lone `;` for the end of a command, however it is quoted by the reader of the unit.
    if words.is_empty() || words.iter().any(|word| word == ";") {
        return None;
    }
    let mut line = "/usr/bin/podman exec".to_owned();
    let mut fits = words.iter().all(|word| unfit(word).is_none());
    let mut option = |flag: &str, value: &str| {
        fits &= unfit(value).is_none();
        line.push(' ');
        line.push_str(&word(&format!("{flag}={value}"), Specifiers::Literal));
    };
    let scalar = |key: &str| hook.get(key).and_then(Value::scalar);
    let mut fits_name = true;
    scalar("user").iter().for_each(|user| option("--user", user));
    scalar("working_dir").iter().for_each(|folder| option("--workdir", folder));
    for (name, value) in hook.get("environment").map(pairs).unwrap_or_default() {
        // Podman ends a name at the first `=`.
        fits_name &= !name.contains('=');
        option("--env", &format!("{name}={value}"));
    }
    if !fits || !fits_name {
        return None;
    }
    if hook.get("privileged").is_some_and(|value| value.data == Data::Bool(true)) {
        line.push_str(" --privileged");
    }
    line.push(' ');
    line.push_str(container);
    for text in &words {
        line.push(' ');
        line.push_str(&word(text, Specifiers::Literal));
    }
    Some(line)
}
