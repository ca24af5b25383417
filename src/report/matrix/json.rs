//! Version 1 of the matrix as JSON. These structs are the contract: fields are added, never changed.

use std::io::{self, Write};

use serde::Serialize;

use super::{Stack, address, host_why};
use crate::network::{Matrix, Wiring};

#[derive(Serialize)]
struct Pair<'r> {
    from: &'r str,
    to: &'r str,
    name: &'r str,
    resolves: &'static str,
    reaches: &'static str,
    why: &'r str,
}

#[derive(Serialize)]
struct Internet<'r> {
    service: &'r str,
    by_address: &'static str,
    by_name: &'static str,
}

#[derive(Serialize)]
struct Host<'r> {
    service: &'r str,
    name: &'r str,
    /// What the name stands for; nothing where there is no such name.
    address: Option<String>,
    verdict: &'static str,
    why: String,
}

#[derive(Serialize)]
struct Published<'r> {
    service: &'r str,
    port: String,
    from: &'static str,
    verdict: &'static str,
}

pub(super) fn write(stacks: &[Stack<'_>], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"{\"version\":1,\"stacks\":[")?;
    for (at, stack) in stacks.iter().enumerate() {
        out.write_all(if at == 0 { b"\n{\"stack\":" } else { b",\n{\"stack\":" })?;
        serde_json::to_writer(&mut *out, stack.label)?;
        out.write_all(b",\"platforms\":[")?;
        for (at, wiring) in stack.wirings.iter().enumerate() {
            out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
            platform(wiring, out)?;
        }
        out.write_all(b"\n]}")?;
    }
    out.write_all(b"\n]}\n")
}

fn platform(wiring: &Wiring<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut matrix = Matrix::new(wiring);
    out.write_all(b"{\"platform\":")?;
    serde_json::to_writer(&mut *out, &wiring.platform.name)?;
    let mut pairs = Rows::begin("pairs", out)?;
    matrix.pairs(|pair| {
        pairs.add(&Pair {
            from: &pair.from.name.value,
            to: &pair.to.name.value,
            name: pair.name,
            resolves: pair.resolves.word(),
            reaches: pair.reaches.word(),
            why: pair.why,
        })
    })?;
    pairs.end()?;
    let mut internet = Rows::begin("internet", out)?;
    for (service, address, name) in matrix.internet() {
        internet.add(&Internet { service: &service.name.value, by_address: address.word(), by_name: name.word() })?;
    }
    internet.end()?;
    let mut host = Rows::begin("host", out)?;
    for row in matrix.host() {
        host.add(&Host {
            service: &row.service.name.value,
            name: &row.way.name,
            address: row.way.address.map(address),
            verdict: row.way.verdict.word(),
            why: host_why(wiring, &row),
        })?;
    }
    host.end()?;
    let mut published = Rows::begin("published", out)?;
    for row in matrix.published() {
        published.add(&Published {
            service: &row.service.name.value,
            port: row.port.value.to_string(),
            from: row.caller.word(),
            verdict: row.verdict.word(),
        })?;
    }
    published.end()?;
    out.write_all(b"}")
}

/// A list that is written while it is made, a line for each entry.
struct Rows<'o> {
    out: &'o mut dyn Write,
    /// One line, so that `out` is called once for it.
    line: Vec<u8>,
    empty: bool,
}

impl<'o> Rows<'o> {
    fn begin(key: &str, out: &'o mut dyn Write) -> io::Result<Self> {
        write!(out, ",\"{key}\":[")?;
        Ok(Rows { out, line: Vec::new(), empty: true })
    }

    fn add(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        self.line.extend_from_slice(if self.empty { b"\n" } else { b",\n" });
        self.empty = false;
        serde_json::to_writer(&mut self.line, row)?;
        self.out.write_all(&self.line)
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(if self.empty { b"]" } else { b"\n]" })
    }
}
