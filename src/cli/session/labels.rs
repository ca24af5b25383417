//! Names of stacks, told apart where several have the same.

use std::collections::BTreeMap;

use super::Input;

/// Gives each stack its label: its name; the folder with it where others have that name too (`a/web`, `b/web`), and the
/// file behind it where they lie in one folder.
pub(super) fn tell_apart(inputs: &mut [Input]) {
    for input in inputs.iter_mut() {
        input.label = input.stacks.first().map(|(_, stack)| stack.name.value.clone()).unwrap_or_default();
    }
    let with_folder: Vec<String> = inputs.iter().map(with_folder).collect();
    replace_same(inputs, &with_folder);
    let with_file: Vec<String> =
        inputs.iter().map(|input| format!("{} ({})", input.label, name_of(&input.source))).collect();
    replace_same(inputs, &with_file);
}

/// Takes other labels for those that stand more than once.
fn replace_same(inputs: &mut [Input], others: &[String]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for input in inputs.iter() {
        *count.entry(input.label.clone()).or_default() += 1;
    }
    for (input, other) in inputs.iter_mut().zip(others) {
        if count.get(&input.label).is_some_and(|count| *count > 1) {
            input.label.clone_from(other);
        }
    }
}

/// `a/web` for the stack `web` of the folder `a` or `a/web`.
fn with_folder(input: &Input) -> String {
    let folder = match input.format {
        quadgen::model::Format::Quadlet => input.source.as_str(),
        _ => input.source.rsplit_once('/').map_or("", |(folder, _)| folder),
    };
    match folder {
        "" | "." => input.label.clone(),
        folder if name_of(folder) == input.label => folder.to_owned(),
        folder => format!("{folder}/{}", input.label),
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
