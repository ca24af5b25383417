//! Maps and sets with a hash that is quick for names. They are filled from the files of whoever runs quadgen, so nobody
//! has to be kept from choosing keys that collide.

use foldhash::fast::FixedState;

/// A map without an order.
pub type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;
/// A set without an order.
pub type HashSet<K> = std::collections::HashSet<K, FixedState>;
/// A map in the order in which its keys came.
pub type IndexMap<K, V> = indexmap::IndexMap<K, V, FixedState>;
/// A set in the order in which its values came.
pub type IndexSet<K> = indexmap::IndexSet<K, FixedState>;
