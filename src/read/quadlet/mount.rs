//! `Volume=`, `Mount=` and `Tmpfs=` → mounts.

/// A value of `Mount=`, taken apart.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fields {
    /// `type`, if it is said.
    pub kind: Option<String>,
    /// `source` or `src`, if it is said; its value, if it has one.
    pub source: Option<Option<String>>,
    /// Everything else: names with their values.
    pub rest: Vec<(String, Option<String>)>,
}

/// Takes comma-separated fields apart, as a reader of CSV does; nothing where that cannot be done.
pub(super) fn fields(text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    for field in csv(text)? {
        let (name, value) = match field.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (field.as_str(), None),
        };
        match (name, &value) {
            ("type", Some(kind)) if fields.kind.is_none() && !kind.contains('=') => fields.kind = value,
            ("source" | "src", _) => fields.source = Some(value),
            _ => fields.rest.push((name.to_owned(), value)),
        }
    }
    Some(fields)
}

fn csv(text: &str) -> Option<Vec<String>> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, behind) = rest.split_once(',').map_or((rest, None), |(field, behind)| (field, Some(behind)));
            if field.contains('"') {
                return None;
            }
            fields.push(field.to_owned());
            match behind {
                Some(behind) => rest = behind,
                None => return Some(fields),
            }
            continue;
        };
        let mut field = String::new();
        let mut behind = quoted;
        loop {
            let (part, after) = behind.split_once('"')?;
            field.push_str(part);
            match after.strip_prefix('"') {
                Some(after) => {
                    field.push('"');
                    behind = after;
                }
                None => {
                    behind = after;
                    break;
                }
            }
        }
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None if behind.is_empty() => return Some(fields),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{csv, fields};

    #[test]
    fn fields_are_separated_by_commas_that_are_not_quoted() {
        assert_eq!(csv("a,b=c,").unwrap(), ["a", "b=c", ""]);
        assert_eq!(csv("a,\"b,\"\"c\"").unwrap(), ["a", "b,\"c"]);
        for bad in ["a\"b", "\"a", "\"a\"b"] {
            assert!(csv(bad).is_none(), "{bad}");
        }
        let mount = fields("type=bind,src=/a,ro,dst=/b").unwrap();
        assert_eq!((mount.kind.as_deref(), mount.source), (Some("bind"), Some(Some("/a".to_owned()))));
    }
}
