//! Keys for security → `security_opt`, the way back of what is rendered.

use super::values::{Given, Values};
use crate::model::{Data, Keys, Service, Value};

/// Keys whose value is a part of an option's text, with what stands before it.
const KEYS: [(&str, &str); 7] = [
    ("SecurityLabelType", "label=type:"),
    ("SecurityLabelLevel", "label=level:"),
    ("SecurityLabelFileType", "label=filetype:"),
    ("SeccompProfile", "seccomp="),
    ("AppArmor", "apparmor="),
    ("Mask", "mask="),
    ("Unmask", "unmask="),
];

/// Keys that switch something on.
const SWITCHES: [(&str, &str); 3] = [
    ("NoNewPrivileges", "no-new-privileges:true"),
    ("SecurityLabelDisable", "label=disable"),
    ("SecurityLabelNested", "label=nested"),
];

/// All keys and arguments that are looked at here.
const ALL: Keys = Keys::of(&[
    "SecurityLabelType",
    "SecurityLabelLevel",
    "SecurityLabelFileType",
    "SeccompProfile",
    "AppArmor",
    "Mask",
    "Unmask",
    "NoNewPrivileges",
    "SecurityLabelDisable",
    "SecurityLabelNested",
    "--security-opt",
]);

pub(super) fn options(values: &mut Values<'_>, service: &mut Service) {
    if !values.untaken().may_share(ALL) {
        return;
    }
    let mut found: Vec<(Given<'_>, String)> = Vec::new();
    for (key, option) in SWITCHES {
        let Some(given) = values.take_last(key) else { continue };
        match ["1", "yes", "true", "on"].iter().any(|word| given.word.text.eq_ignore_ascii_case(word)) {
            true => found.push((given, option.to_owned())),
            false => values.leave(key, &given),
        }
    }
    for (key, before) in KEYS {
        for given in values.take(key) {
            let option = format!("{before}{}", given.word.text);
            found.push((given, option));
        }
    }
    for given in values.take("--security-opt") {
        let option = given.word.text.to_string();
        found.push((given, option));
    }
    found.sort_by_key(|(given, _)| given.span().start);
    let Some(span) = found.first().map(|(given, _)| given.span()) else { return };
    let options = found.into_iter().map(|(given, option)| Value { span: given.span(), data: Data::Text(option) });
    let data = Data::List(options.collect());
    service.attributes.insert("security_opt".to_owned(), (span, Value { span, data }));
}

#[cfg(test)]
mod tests {
    use super::{ALL, KEYS, SWITCHES};

    #[test]
    fn everything_that_is_looked_at_is_among_all() {
        for (key, _) in KEYS.iter().chain(&SWITCHES) {
            assert!(ALL.may_hold(key), "{key}");
        }
        assert!(ALL.may_hold("--security-opt"));
    }
}
