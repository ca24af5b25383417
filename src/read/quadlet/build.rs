//! A `.build` unit → the attribute `build` of the service whose image it makes.

use super::mount::rebased;
use super::unit::Unit;
use super::values::{Given, Values};
use crate::model::{Data, Service, Spanned, Value};
use crate::source::Span;

pub(super) fn build(unit: &Unit, service: &mut Service, stack: &str) {
    let mut values = Values::of(unit);
    let tags = values.take("ImageTag");
    let usual = format!("localhost/{}-{}:latest", stack.to_lowercase(), service.name.value);
    let first = tags.first().filter(|tag| tag.word.text != usual);
    service.image = first.and_then(|tag| Some(Spanned::written(tag.word.text.parse().ok()?, tag.span())));
    let at = unit.head;
    let mut entries: Vec<(String, Value)> = Vec::new();
    let mut put = |key: &str, span: Span, data: Data| entries.push((key.to_owned(), Value { span, data }));
    let (folder, file) = (values.take_last("SetWorkingDirectory"), values.take_last("File"));
    let (context, dockerfile) = places(unit, folder.as_ref(), file.as_ref());
    put("context", folder.as_ref().map_or(at, Given::span), Data::Text(context));
    if let (Some(name), Some(file)) = (dockerfile, &file) {
        put("dockerfile", file.span(), Data::Text(name));
    }
    for (key, name) in [("BuildArg", "args"), ("Label", "labels")] {
        let found = values.take(key);
        if let Some(first) = found.first() {
            put(name, first.span(), Data::Map(found.iter().map(pair).collect()));
        }
    }
    if let Some(target) = values.take_last("Target") {
        put("target", target.span(), target.into_value().data);
    }
    if let Some(tag) = tags.get(1) {
        put("tags", tag.span(), list(tags.get(1..).unwrap_or(&[])));
    }
    if let Some(network) = values.take_last("Network") {
        put("network", network.span(), network.into_value().data);
    }
    match values.take_last("Pull") {
        Some(pull) if pull.word.text == "always" => put("pull", pull.span(), Data::Bool(true)),
        Some(pull) => values.leave("Pull", &pull),
        None => {}
    }
    if let Some(flag) = values.take_last("--no-cache") {
        put("no_cache", flag.span(), Data::Bool(true));
    }
    if let Some(size) = values.take_last("--shm-size") {
        put("shm_size", size.span(), size.into_value().data);
    }
    for (flag, name) in [("--platform", "platforms"), ("--cache-from", "cache_from"), ("--cache-to", "cache_to")] {
        let found = values.take(flag);
        if let Some(first) = found.first() {
            put(name, first.span(), list(&found));
        }
    }
    // Compose's short form says the folder alone.
    let data = match entries.as_slice() {
        [(_, only)] => only.data.clone(),
        _ => Data::Map(entries),
    };
    service.attributes.insert("build".to_owned(), (at, Value { span: at, data }));
    // What the attribute has no place for.
    values.rest(&mut service.quadlet);
}

/// The folder of a build, and the file in it where that is not the usual one.
fn places(unit: &Unit, folder: Option<&Given<'_>>, file: Option<&Given<'_>>) -> (String, Option<String>) {
    let dot = |path: &str| if path.starts_with(['/', '.', '%', '~']) { path.to_owned() } else { format!("./{path}") };
    let home = |path: String| path.strip_prefix("%h").map(|rest| format!("~{rest}")).unwrap_or(path);
    let is_url = |path: &str| path.contains("://") || path.starts_with("git@") || path.starts_with("github.com/");
    let file = file.map(|file| &*file.word.text);
    let context = match folder.map(|folder| &*folder.word.text) {
        Some(url) if is_url(url) => url.to_owned(),
        Some(word) if word.eq_ignore_ascii_case("unit") => rebased(&unit.folder, "."),
        Some(word) if !word.eq_ignore_ascii_case("file") => home(rebased(&unit.folder, &dot(word))),
        // The folder of the file.
        _ => {
            let path = dot(file.unwrap_or("."));
            let parent = path.rsplit_once('/').map_or(".", |(parent, _)| if parent.is_empty() { "/" } else { parent });
            home(rebased(&unit.folder, parent))
        }
    };
    let name = file.map(|file| {
        let path =
            if is_url(file) || is_url(&context) { file.to_owned() } else { home(rebased(&unit.folder, &dot(file))) };
        let inside = path.strip_prefix(context.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
        inside.map_or_else(|| path.clone(), str::to_owned)
    });
    (context, name)
}

fn pair(given: &Given<'_>) -> (String, Value) {
    let (name, value) = given.word.text.split_once('=').unwrap_or((&given.word.text, ""));
    (name.to_owned(), Value { span: given.span(), data: Data::Text(value.to_owned()) })
}

fn list(found: &[Given<'_>]) -> Data {
    Data::List(found.iter().cloned().map(Given::into_value).collect())
}
