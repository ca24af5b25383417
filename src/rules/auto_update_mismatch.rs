//! QG609: an image that is to be updated from a registry, and cannot be.

use super::context::{Context, View, seen, why};
use super::unit_lines::{Lines, all};
use crate::diagnostic::{Diagnostic, Fixable, Level, Rule, Sink};
use crate::model::{Image, Service, Spanned, UnitKind};
use crate::platform::{Is, Question};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG609",
    name: "auto-update-mismatch",
    summary: "`AutoUpdate=registry` with an image that no registry updates: local, built here, a short name, a digest",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Never,
    page: include_str!("auto_update_mismatch.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for view in &context.views {
        for lines in all(view) {
            let Some(update) = lines.last("Container", "AutoUpdate") else { continue };
            // The second one is the old word for the first.
            if !matches!(update.value.value.trim(), "registry" | "image") {
                continue;
            }
            let Some(service) = service_of(view, &lines) else { continue };
            if let Some(finding) = look(view, service, update.value.span()) {
                view.report(sink, finding);
            }
        }
    }
}

fn service_of<'a>(view: &View<'a>, lines: &Lines<'a>) -> Option<&'a Service> {
    let name = match lines.unit {
        Some(unit) if unit.kind == UnitKind::Container => unit.file.strip_suffix(".container")?,
        Some(_) => return None,
        None => lines.name,
    };
    view.wiring.stack.services.get(name)
}

fn look(view: &View<'_>, service: &Service, update: Span) -> Option<Diagnostic> {
    let name = &service.name.value;
    let built = service.attributes.get("build").map(|(span, _)| *span);
    let (question, level, place, message, help) = match (&service.image, built) {
        (_, Some(span)) => (
            Question::AutoUpdateOfLocalImage,
            Level::Warning,
            span,
            format!("`{name}` is never updated: its image is built here, and no registry has it"),
            "What helps: `AutoUpdate=local`, which restarts the container after a new build.".to_owned(),
        ),
        (Some(image), None) => of_image(name, image)?,
        (None, None) => return None,
    };
    let known = view.wiring.ask(question);
    if known.fact.is != Is::No {
        return None;
    }
    let short = service.image.as_ref().map(|image| image.value.to_string());
    let finding = Diagnostic::new(&RULE, update, message)
        .severity(level)
        .here("from a registry")
        .label(place, "this image")
        .help(why(&known))
        .help(seen(&known, short.as_deref()))
        .help(help);
    Some(finding.assuming(&known.assumed))
}

type Case = (Question, Level, Span, String, String);

fn of_image(name: &str, image: &Spanned<Image>) -> Option<Case> {
    let (text, place) = (image.value.to_string(), image.span());
    let (question, level, message, help) = if image.value.is_local() {
        (
            Question::AutoUpdateOfLocalImage,
            Level::Warning,
            format!("`{name}` is never updated: `{text}` lies on this machine only"),
            "What helps: `AutoUpdate=local`, which restarts the container after a new image was made.".to_owned(),
        )
    } else if text.contains('@') {
        (
            Question::AutoUpdateOfDigest,
            Level::Warning,
            format!("`{name}` is never updated: a digest names one image for ever"),
            "What helps: a tag in place of the digest, or no `AutoUpdate=`.".to_owned(),
        )
    } else if image.value.registry().is_none() {
        (
            Question::AutoUpdateOfShortName,
            Level::Error,
            format!("`{name}` does not start: it is to be updated from a registry, and `{text}` does not say which"),
            format!("What helps: the whole name, `{}` if Docker Hub is meant.", image.value.full()),
        )
    } else {
        return None;
    };
    Some((question, level, place, message, help))
}
