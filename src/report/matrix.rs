//! Every pair's verdicts → text. For programs row by row, so that a million pairs never lie in memory at once; for
//! people a small table, or a list where a table would be too wide.

mod csv;
mod json;
mod markdown;
mod sheet;
mod text;

use std::io::{self, Write};

use crate::network::{Address, HostCause, HostRow, Verdict, Wiring};
use crate::platform::{Is, Leads};

/// A stack, on each platform that is looked at.
pub struct Stack<'a> {
    /// Its name, with its folder where others have the same.
    pub label: &'a str,
    /// It and its platforms.
    pub wirings: Vec<Wiring<'a>>,
}

/// The formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For a terminal of 80 columns.
    Text,
    /// Version 1 of the contract, a pair on each line.
    Json,
    /// A header, and a row for each pair.
    Csv,
    /// For a page or a comment.
    Markdown,
}

/// Writes the verdicts of all stacks.
///
/// # Errors
/// What keeps `out` from taking them.
pub fn write(stacks: &[Stack<'_>], format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(stacks, out),
        Format::Json => json::write(stacks, out),
        Format::Csv => csv::write(stacks, out),
        Format::Markdown => markdown::write(stacks, out),
    }
}

/// What a name of the host stands for, for programs: a word or an address.
fn address(address: Address) -> String {
    match address {
        Address::Fixed(address) => address.to_string(),
        Address::Gateway => "gateway".to_owned(),
        Address::Own => "own".to_owned(),
        Address::Route => "route".to_owned(),
        Address::Proxy => "proxy".to_owned(),
    }
}

/// Why a name of the host leads to a program or not.
fn host_why(wiring: &Wiring<'_>, row: &HostRow<'_>) -> String {
    let fact = row.way.known.last().map(|known| known.fact.why.to_string());
    let mut why = match row.way.cause {
        HostCause::Leads => fact.unwrap_or_else(|| "it leads there".to_owned()),
        HostCause::NoNetwork => "the service has no network".to_owned(),
        HostCause::NoName => fact.unwrap_or_else(|| "there is no such name".to_owned()),
        HostCause::Internal => fact.unwrap_or_else(|| "an internal network does not lead there".to_owned()),
        HostCause::Elsewhere(Leads::Outside) => "the name leads to the Windows or Mac around it".to_owned(),
        HostCause::Elsewhere(Leads::Linux) => "the name leads to the Linux that runs the containers".to_owned(),
        HostCause::Elsewhere(Leads::Container) => "the name leads to the container itself".to_owned(),
        HostCause::Elsewhere(Leads::Router) => "the name leads to the router".to_owned(),
        HostCause::Elsewhere(Leads::Namespace) => "the name leads into a namespace where nothing listens".to_owned(),
        HostCause::Mirrored => "with mirrored networking nothing leads from a container to Windows".to_owned(),
        HostCause::Loopback => "the program listens on the host's loopback address only".to_owned(),
        HostCause::OtherAddress => "the program listens on another address than the name stands for".to_owned(),
        HostCause::NoSuchMachine => "the platform has no such machine".to_owned(),
        HostCause::Unknown => {
            let known = row.way.known.iter().find(|known| known.fact.is == Is::Unknown);
            let opaque = || wiring.opaque(&[row.service]).into_iter().next().map(|opaque| opaque.why);
            let why = known.map(|known| known.fact.why.to_string()).or_else(opaque);
            why.unwrap_or_else(|| "nobody knows where the name leads".to_owned())
        }
    };
    if let Some(program) = row.program {
        why = format!("`{}`: {why}", program.name.value);
    }
    if row.way.verdict == Verdict::No && row.by_address == Verdict::Yes {
        why.push_str("; packets do get to the host, by its address");
    }
    why
}
