//! Trees → [`Stack`]. Every reader collects what is wrong and reads on.

pub mod compose;
mod health;
mod infer;
mod intent;
mod network;
pub mod quadlet;
mod reader;
mod relative;
mod service;
mod storage;
pub mod topology;

pub(crate) use storage::bytes;

use crate::diagnostic::Diagnostic;
use crate::model::Stack;
use crate::source::{FileId, Span};

/// What was understood of a stack, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Read {
    /// The stack; none where the file holds nothing that could be one.
    pub stack: Option<Stack>,
    /// Everything that could not be read, or not as written.
    pub diagnostics: Vec<Diagnostic>,
    /// Where secrets stand, so that no report shows them.
    pub secrets: Vec<Span>,
    /// The files that were read for it, in the order in which they count.
    pub files: Vec<FileId>,
    /// What a reader should know that is no finding: a missing `.env`, services that profiles leave out. Sentences.
    pub notes: Vec<String>,
}
