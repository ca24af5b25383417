//! Trees → [`Stack`]. Every reader collects what is wrong and reads on.

mod health;
mod infer;
mod intent;
mod network;
mod reader;
mod service;
mod storage;
pub mod topology;

use crate::diagnostic::Diagnostic;
use crate::model::Stack;
use crate::source::Span;

/// What was understood of a stack, and what was wrong with it.
#[derive(Debug)]
pub struct Read {
    /// The stack; none where the file holds nothing that could be one.
    pub stack: Option<Stack>,
    /// Everything that could not be read, or not as written.
    pub diagnostics: Vec<Diagnostic>,
    /// Where secrets stand, so that no report shows them.
    pub secrets: Vec<Span>,
}
