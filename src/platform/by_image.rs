//! What is known by its image: the lists in `data/`.

use serde::Deserialize;

use crate::maps::HashMap;
use crate::model::Image;

/// Things, each with the ends of the images that hold it.
#[derive(Debug, Deserialize)]
#[serde(from = "Vec<Entry<T>>", bound(deserialize = "T: Deserialize<'de>, 'de: 'static"))]
pub(super) struct ByImage<T> {
    entries: Vec<Entry<T>>,
    /// The ends by their last part, each with its entry.
    by_last: HashMap<&'static str, Vec<(usize, &'static str)>>,
}

impl<T> From<Vec<Entry<T>>> for ByImage<T> {
    fn from(entries: Vec<Entry<T>>) -> Self {
        let mut by_last: HashMap<&'static str, Vec<(usize, &'static str)>> = HashMap::default();
        for (at, end) in
            entries.iter().enumerate().flat_map(|(at, entry)| entry.images.iter().map(move |end| (at, *end)))
        {
            by_last.entry(last(end)).or_default().push((at, end));
        }
        ByImage { entries, by_last }
    }
}

fn last(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

#[derive(Debug, Deserialize)]
struct Entry<T> {
    #[serde(borrow)]
    images: Vec<&'static str>,
    #[serde(flatten)]
    thing: T,
}

impl<T> ByImage<T> {
    /// What an image is known to hold.
    pub(super) fn find(&self, image: &Image) -> Option<&T> {
        let ends = self.by_last.get(last(image.repository()))?;
        let (at, _) = ends.iter().find(|(_, end)| image.ends_in(end))?;
        Some(&self.entries.get(*at)?.thing)
    }

    /// Each image with what it holds.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &T)> {
        self.entries.iter().flat_map(|entry| entry.images.iter().map(|image| (*image, &entry.thing)))
    }
}
