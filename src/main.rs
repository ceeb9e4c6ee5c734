//! newswire: URLs from Kafka in, clean article records out.

mod cli;

use std::process::ExitCode;

use clap::Parser;

/// A tree is tens of thousands of small allocations that come and go together.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run(cli::Arguments::parse())
}
