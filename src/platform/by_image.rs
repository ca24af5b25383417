//! What is known by its image: the lists in `data/`.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::Image;

/// Things, each with the ends of the images that hold it.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct ByImage<T>(Vec<Entry<T>>);

#[derive(Debug, Deserialize)]
struct Entry<T> {
    images: Vec<String>,
    #[serde(flatten)]
    thing: T,
}

impl<T> ByImage<T> {
    /// What an image is known to hold.
    pub(super) fn find(&self, image: &Image) -> Option<&T> {
        let entry = self.0.iter().find(|entry| entry.images.iter().any(|end| image.ends_in(end)))?;
        Some(&entry.thing)
    }

    /// Each image with what it holds.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().flat_map(|entry| entry.images.iter().map(|image| (image.as_str(), &entry.thing)))
    }
}

/// Reads a file of lists.
pub(super) fn read<D: DeserializeOwned>(text: &str) -> D {
    #[allow(clippy::expect_used, reason = "the files are part of the program, and tests read them")]
    toml::from_str(text).expect("the lists of images are well-formed")
}
