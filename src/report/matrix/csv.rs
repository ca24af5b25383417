//! The pairs as a table for programs: a header, and a row for each.

use std::borrow::Cow;
use std::io::{self, Write};

use super::Stack;
use crate::network::Matrix;

pub(super) fn write(stacks: &[Stack<'_>], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"stack,platform,from,to,name,resolves,reaches,why\n")?;
    for stack in stacks {
        for wiring in &stack.wirings {
            let head = format!("{},{}", field(stack.label), field(&wiring.platform.name));
            Matrix::new(wiring).pairs(|pair| {
                let (from, to) = (field(&pair.from.name.value), field(&pair.to.name.value));
                let (name, why) = (field(pair.name), field(pair.why));
                let (resolves, reaches) = (pair.resolves.word(), pair.reaches.word());
                writeln!(out, "{head},{from},{to},{name},{resolves},{reaches},{why}")
            })?;
        }
    }
    Ok(())
}

/// A field, in quotes where it needs them (RFC 4180).
fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}
