//! QG704: an image without its registry, on a host that says where to look.

use super::context::{Context, View, seen, why};
use crate::diagnostic::{Change, Diagnostic, Fixable, Level, Rule, Sink};
use crate::maps::HashSet;
use crate::model::{Deploy, Format, Image, Origin, Service, Spanned, UnitKind};
use crate::network::Verdict;
use crate::platform::{Known, Question};
use crate::source::Span;

pub static RULE: Rule = Rule {
    code: "QG704",
    name: "short-image-name",
    summary: "an image without its registry, which comes from wherever the host is configured to look, or not at all",
    level: Level::Warning,
    since: "0.1.0",
    fixable: Fixable::Unsafe,
    page: include_str!("short_image_name.md"),
};

pub fn check(context: &Context<'_>, sink: &mut Sink) {
    // What is rendered of a topology has the registry, and so have units that are rendered of a Compose file.
    let is_rendered = |view: &&View<'_>| match view.wiring.stack.format {
        Format::Topology => true,
        Format::Compose => view.wiring.platform.deploy == Deploy::Quadlet,
        Format::Quadlet => false,
    };
    for view in context.views.iter().filter(|view| !is_rendered(view)) {
        let known = view.wiring.ask(Question::ShortImageName);
        if matches!(Verdict::from(known.fact.is), Verdict::Yes | Verdict::Unknown) {
            continue;
        }
        let stack = view.wiring.stack;
        let of_services = stack.services.values().filter_map(|service| {
            let image = service.image.as_ref().filter(|image| image.value.registry().is_none())?;
            (!is_made_here(service)).then(|| (format!("`{}`", service.name.value), image.clone()))
        });
        let units = stack.units.values().filter(|unit| unit.kind == UnitKind::Image);
        let of_units = units.filter_map(|unit| {
            let value = &unit.last("Image", "Image")?.value;
            Some((unit.file.clone(), Spanned { value: value.value.parse().ok()?, origin: value.origin }))
        });
        // A `.image` unit names the image for all who use it.
        let mut told: HashSet<Span> = HashSet::default();
        let mut images: Vec<(String, Spanned<Image>)> = of_units.collect();
        images.extend(of_services);
        for (who, image) in images {
            if image.value.registry().is_some() || is_reference(&image.value) || !told.insert(image.span()) {
                continue;
            }
            view.report(sink, finding(&who, &image, &known).assuming(&known.assumed));
        }
    }
}

fn finding(who: &str, image: &Spanned<Image>, known: &Known) -> Diagnostic {
    let (name, full) = (image.value.to_string(), image.value.full());
    let message = format!(
        "the image of {who} has no registry: `{name}` comes from wherever the host is told to look, or not at all"
    );
    let finding = Diagnostic::new(&RULE, image.span(), message)
        .here("no registry")
        .help(why(known))
        .help(seen(known, Some(&name)))
        .help(format!("What helps: `{full}`, if Docker Hub is meant; `localhost/{name}` for an image of this host."));
    match image.origin {
        Origin::Written(span) if (span.end - span.start) as usize == name.len() => {
            let change = Change::Replace { span, text: full };
            finding.fix("name Docker Hub", false, vec![change])
        }
        _ => finding,
    }
}

/// Whether the image is made or must already be on the host: then nothing is looked for elsewhere.
fn is_made_here(service: &Service) -> bool {
    let pull = service.attributes.get("pull_policy").and_then(|(_, value)| value.texts().into_iter().next());
    service.attributes.contains_key("build") || pull.is_some_and(|pull| matches!(pull.as_str(), "never" | "build"))
}

/// Whether it is the name of a unit that is not there, or an image's number: neither is looked for in a registry.
fn is_reference(image: &Image) -> bool {
    let text = image.to_string();
    let number = text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    number || text.starts_with("sha256:") || text.ends_with(".image") || text.ends_with(".build")
}
