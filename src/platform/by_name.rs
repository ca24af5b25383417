//! Tables by short names that are asked for all the time: each line of each unit is looked up in several.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::model::Keys;

/// What is known by name. A name is told from others by its length and three of its letters, which is quicker than to
/// hash all of it; what remains alike is compared.
#[derive(Debug)]
pub(super) struct ByName<T> {
    /// Sorted.
    all: Vec<(&'static str, T)>,
    /// Where in `all` a name stands, from 1; 0 is free. A name is in the slot that its letters say, or in the next free one.
    slots: Vec<u16>,
}

impl<T> ByName<T> {
    fn of(mut all: Vec<(&'static str, T)>) -> ByName<T> {
        all.sort_by_key(|(name, _)| *name);
        let mut slots = vec![0; (4 * all.len() + 1).next_power_of_two()];
        for (at, (name, _)) in all.iter().enumerate() {
            let free = probe(&slots, name).find(|slot| slots.get(*slot) == Some(&0));
            if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
                *slot = at as u16 + 1;
            }
        }
        ByName { all, slots }
    }

    /// What is known by a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        for slot in probe(&self.slots, name) {
            let at = usize::from(*self.slots.get(slot)?).checked_sub(1)?;
            let (known, value) = self.all.get(at)?;
            if *known == name {
                return Some(value);
            }
        }
        None
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(|(name, _)| *name)
    }

    /// Everything, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.all.iter().map(|(name, value)| (*name, value))
    }
}

/// The slots in which a name may be, the likeliest first.
fn probe(slots: &[u16], name: &str) -> impl Iterator<Item = usize> + use<> {
    let first = Keys::number(name);
    let mask = slots.len() - 1;
    (0..slots.len()).map(move |step| (first + step) & mask)
}

impl<T: Deserialize<'static>> Deserialize<'static> for ByName<T> {
    fn deserialize<D: Deserializer<'static>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(ByName::of(BTreeMap::<&'static str, T>::deserialize(deserializer)?.into_iter().collect()))
    }
}

/// Names alone.
#[derive(Debug)]
pub(super) struct Names(ByName<()>);

impl Names {
    pub fn contains(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    /// All of them, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.names()
    }
}

impl Deserialize<'static> for Names {
    fn deserialize<D: Deserializer<'static>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<&'static str>::deserialize(deserializer)?;
        Ok(Names(ByName::of(names.into_iter().map(|name| (name, ())).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::ByName;

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let names = ["", "a", "abc", "abd", "adc", "b", "Memory", "Memopy"];
        let table = ByName::of(names.iter().enumerate().map(|(at, name)| (*name, at)).collect());
        for (at, name) in names.iter().enumerate() {
            assert_eq!(table.get(name), Some(&at), "{name}");
        }
        for name in ["x", "aXc", "ab", "Memoqy"] {
            assert_eq!(table.get(name), None, "{name}");
        }
        assert_eq!(table.names().collect::<Vec<_>>(), ["", "Memopy", "Memory", "a", "abc", "abd", "adc", "b"]);
        assert_eq!(ByName::<()>::of(Vec::new()).get("a"), None);
    }
}
