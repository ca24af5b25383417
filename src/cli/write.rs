//! Atomic writing.
