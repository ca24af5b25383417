//! Compose's hooks → commands of the unit that run inside the container.

use super::Context;
use super::quote::{Specifiers, word};
use super::unit::Unit;
use crate::model::{Data, Service, Value};
use crate::render::pairs;
use crate::source::Span;

/// `post_start`: once the container runs, and with `Notify=healthy` once it is healthy. A hook that fails ends it, as on
/// Docker.
pub(super) fn post_start(context: &mut Context<'_>, service: &Service, hooks: &Value, unit: &mut Unit) {
    for line in lines(context, service, hooks) {
        unit.raw("Service", "ExecStartPost", &line);
    }
}

/// `pre_stop`: before the generator's own `ExecStop=`. A hook that fails keeps nothing from stopping.
pub(super) fn pre_stop(context: &mut Context<'_>, service: &Service, hooks: &Value, unit: &mut Unit) {
    for line in lines(context, service, hooks) {
        unit.raw("Service", "ExecStop", &format!("-{line}"));
    }
}

fn lines(context: &mut Context<'_>, service: &Service, hooks: &Value) -> Vec<String> {
    let Data::List(hooks) = &hooks.data else { return Vec::new() };
    let mut lines = Vec::new();
    for hook in hooks {
        match line(context, service, hook) {
            Some(line) => lines.push(line),
            None => lose(context, hook.span, service),
        }
    }
    lines
}

fn lose(context: &mut Context<'_>, span: Span, service: &Service) {
    let name = &service.name.value;
    context.lose(span, format!("a unit cannot run this hook of `{name}`: its command is no list of words"));
}

fn line(context: &Context<'_>, service: &Service, hook: &Value) -> Option<String> {
    let command = hook.get("command")?;
    let words = match &command.data {
        Data::List(_) => command.texts(),
        _ => shlex::split(&command.scalar()?)?,
    };
    // systemd takes a lone `;` for the end of a command, however it is quoted by the reader of the unit.
    if words.is_empty() || words.iter().any(|word| word == ";") {
        return None;
    }
    let mut line = "/usr/bin/podman exec".to_owned();
    let mut option = |flag: &str, value: &str| {
        line.push(' ');
        line.push_str(&word(&format!("{flag}={value}"), Specifiers::Literal));
    };
    let scalar = |key: &str| hook.get(key).and_then(Value::scalar);
    scalar("user").iter().for_each(|user| option("--user", user));
    scalar("working_dir").iter().for_each(|folder| option("--workdir", folder));
    for (name, value) in hook.get("environment").map(pairs).unwrap_or_default() {
        option("--env", &format!("{name}={value}"));
    }
    if hook.get("privileged").is_some_and(|value| value.data == Data::Bool(true)) {
        line.push_str(" --privileged");
    }
    line.push(' ');
    line.push_str(&context.container_name(service));
    for text in &words {
        line.push(' ');
        line.push_str(&word(text, Specifiers::Literal));
    }
    Some(line)
}
