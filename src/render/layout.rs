//! Where a stack comes to lie: `--prefix` before every name, `--base` before every relative path.

mod base;
mod paths;
mod prefix;

pub(super) use base::below;
pub(super) use paths::each_path;

use std::borrow::Cow;

use super::refuse;
use crate::diagnostic::Diagnostic;
use crate::model::{Data, Deploy, HOME, Stack, Value, is_mark};
use crate::network::Wiring;
use crate::platform::Platform;
use crate::source::Span;
use base::Mover;
use prefix::prefixed;

/// A place for a stack on the host.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    prefix: String,
    base: Option<String>,
}

impl Layout {
    /// A prefix for names, empty for none, and the folder of the project on the host: an absolute path, or one that
    /// begins with `%h`, the user's home.
    ///
    /// # Errors
    /// Which of the two is out of form, and what would be right.
    pub fn new(prefix: &str, base: Option<&str>) -> Result<Layout, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !prefix.chars().all(plain) || prefix.starts_with(['-', '_']) {
            return Err(format!(
                "`{prefix}` cannot stand before a name: letters, digits, `-` and `_` can, such as `test-`"
            ));
        }
        let Some(base) = base else { return Ok(Layout { prefix: prefix.to_owned(), base: None }) };
        let rest = base.strip_prefix("%h").unwrap_or(base);
        let absolute = rest.starts_with('/') || (rest.is_empty() && !base.is_empty());
        if !absolute || rest.contains(['%', ':', '\\', '"', '\'']) || rest.chars().any(char::is_control) {
            return Err(format!("`{base}` is not an absolute path such as /srv/visp or %h/visp"));
        }
        let base = base.replacen("%h", &HOME.to_string(), 1);
        Ok(Layout { prefix: prefix.to_owned(), base: Some(base.trim_end_matches('/').to_owned()) })
    }
}

/// The stack as it lies there.
///
/// # Errors
/// What cannot be moved, with its place.
pub fn lay_out<'s>(stack: &'s Stack, platform: &Platform, layout: &Layout) -> Result<Cow<'s, Stack>, Vec<Diagnostic>> {
    let mut moved = Cow::Borrowed(stack);
    let mut refused = super::host::own_marks(stack, is_mark);
    if let Some(base) = &layout.base {
        if base.starts_with(HOME) && (platform.deploy != Deploy::Quadlet || !platform.rootless) {
            let why = "`%h` is the home of who runs a rootless unit; write an absolute path";
            return Err(vec![refuse(stack.name.span(), why)]);
        }
        let mut mover = Mover { base, refused: Vec::new() };
        mover.stack(moved.to_mut());
        refused.extend(mover.refused);
    }
    if !layout.prefix.is_empty() {
        for service in stack.services.values() {
            for (attribute, (span, value)) in &service.attributes {
                if matches!(attribute.as_str(), "links" | "volumes_from") && !value.texts().is_empty() {
                    let message = format!("`{attribute}` names services, and a prefix would change their names");
                    refused.push(refuse(*span, message));
                }
            }
        }
        moved = Cow::Owned(prefixed(&moved, &Wiring::new(stack, platform), &layout.prefix));
    }
    if refused.is_empty() { Ok(moved) } else { Err(refused) }
}

/// The value under a key of a map.
pub(in crate::render) fn entry<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match &mut value.data {
        Data::Map(entries) => entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
        _ => None,
    }
}

/// Changes a text, or each text of a list.
pub(in crate::render) fn each_text(value: &mut Value, change: &mut dyn FnMut(Span, &mut String)) {
    match &mut value.data {
        Data::Text(text) => change(value.span, text),
        Data::List(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        _ => {}
    }
}

/// Changes each value of a map, or of a list of `NAME=VALUE`.
pub(super) fn each_context(value: &mut Value, change: &mut dyn FnMut(Span, &mut String)) {
    if let Data::Map(entries) = &mut value.data {
        entries.iter_mut().for_each(|(_, value)| each_text(value, change));
        return;
    }
    each_text(value, &mut |span, text| {
        if let Some((name, place)) = text.split_once('=') {
            let mut place = place.to_owned();
            change(span, &mut place);
            *text = format!("{name}={place}");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::Layout;
    use super::below;

    #[test]
    fn paths_lie_below_the_folder() {
        let home = |rest: &str| format!("{}{rest}", crate::model::HOME);
        for (base, path, found) in [
            ("/srv/visp", "./data", Some("/srv/visp/data".to_owned())),
            ("/srv/visp", "../x/./y", Some("/srv/x/y".to_owned())),
            ("/srv", "../../x", Some("/../x".to_owned())),
            ("/srv/visp", ".", Some("/srv/visp".to_owned())),
            (&home("/visp"), "../x", Some(home("/x"))),
            (&home("/visp"), "..", Some(home(""))),
            (&home("/visp"), "../../x", None),
            (&home(""), "a/../../x", None),
        ] {
            assert_eq!(below(base, path), found, "{base} {path}");
        }
    }

    #[test]
    fn forms_are_checked() {
        for (prefix, base) in
            [("a b", None), ("-x", None), ("x/", None), ("", Some("srv")), ("", Some("")), ("", Some("/a%i"))]
        {
            assert!(Layout::new(prefix, base).is_err(), "{prefix} {base:?}");
        }
        for (prefix, base) in [("", None), ("test-", Some("/srv/visp/")), ("", Some("%h")), ("", Some("%h/visp"))] {
            assert!(Layout::new(prefix, base).is_ok(), "{prefix} {base:?}");
        }
    }
}
