//! "Did you mean": the nearest of the names that would have been right.

/// The nearest name, if one is near enough to be a slip of the pen.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// The name that was meant, where that is all but certain: another case, one letter, or two of a long word.
pub fn slip<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = nearest(wrong, names)?;
    let distance = strsim::damerau_levenshtein(&wrong.to_lowercase(), &near.to_lowercase());
    (distance <= if near.len() >= 9 { 2 } else { 1 }).then_some(near)
}
