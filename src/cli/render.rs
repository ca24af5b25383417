//! `quadgen render`
use clap::Args;
#[derive(Args)]
pub(super) struct Options {}
pub(super) fn run(_: &Options) -> u8 {
    2
}
