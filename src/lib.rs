//! quadgen: the type checker for container networks.
//!
//! The way of the data: [`syntax`] trees → [`read`] → [`model::Stack`] → [`network`] questions on a
//! [`platform::Platform`] → [`rules`] → [`diagnostic::Diagnostic`]s → [`report`]; and the same stack → [`render`].
//! `ARCHITECTURE.md` has the map.

pub mod config;
pub mod diagnostic;
pub mod discover;
pub mod fix;
pub mod maps;
pub mod model;
pub mod network;
pub mod platform;
pub mod prove;
pub mod read;
pub mod render;
pub mod report;
pub mod rules;
pub mod source;
mod suggest;
pub use suggest::nearest;
pub mod syntax;
pub mod threads;
