//! What rules want changed → edits of the source text.

use crate::diagnostic::{Change, Diagnostic};
use crate::source::SourceMap;

/// Turns every change into a [`Change::Replace`]. A fix with a change that cannot be made without touching anything else
/// goes away.
pub fn settle(_sources: &SourceMap, findings: &mut [Diagnostic]) {
    for finding in findings {
        finding.fixes.retain(|fix| fix.changes.iter().all(|change| matches!(change, Change::Replace { .. })));
    }
}
