//! What a finding is known by from run to run, also when the lines above it move.

use sha2::{Digest, Sha256};

use super::{Report, mask::mask, masked::Masked};
use crate::diagnostic::Diagnostic;
use crate::maps::HashMap;

/// A fingerprint for each finding of a report, in order, each once.
///
/// It is made of the rule, the file, the message and the text of the primary place, so it stays while the finding does.
/// Platforms play no part: a finding that holds on one more of them is the same one.
pub(super) fn fingerprints(report: &Report<'_>) -> Vec<String> {
    let masked = Masked::new(report.sources);
    let mut times: HashMap<Vec<String>, usize> = HashMap::default();
    let mut all = Vec::new();
    for finding in report.findings {
        let parts = parts(report, &masked, finding);
        let time = times.entry(parts.clone()).or_default();
        *time += 1;
        let mut hash = Sha256::new();
        for part in parts.iter().map(String::as_str).chain([time.to_string().as_str()]) {
            // The length before each keeps two parts from running into each other.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        all.push(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect());
    }
    all
}

fn parts(report: &Report<'_>, masked: &Masked<'_>, finding: &Diagnostic) -> Vec<String> {
    let span = finding.span();
    let name = report.sources.file_of(span).map(|file| file.name.clone()).unwrap_or_default();
    // A hash of a secret would let people try words until one fits.
    let (message, text) = (mask(&finding.message), masked.part(span).to_owned());
    vec![finding.rule.code.to_owned(), finding.stack.clone(), name, message, text]
}
