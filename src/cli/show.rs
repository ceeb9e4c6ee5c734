//! `newswire config`, `newswire config migrate`, `newswire schema`, `newswire health`.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use newswire::config::{self, Migrated};
use newswire::record;

use super::{Failure, Settings};

/// How long a worker may take to say that it lives.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Config {
    #[command(subcommand)]
    what: Option<Do>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum Do {
    /// Print a settings file with the keys that were renamed under their new names, and say on stderr which.
    ///
    /// All else stays as it is, comments too; the file itself is not touched. Exit codes: 0 printed, also where nothing had to
    /// change, 1 it can't be read, or --check found something to change, 2 usage, or it is no TOML.
    Migrate {
        /// The settings file (TOML).
        file: PathBuf,
        /// Print no file: exit with 1 if something would change.
        #[arg(long)]
        check: bool,
    },
}

pub fn config(options: &Config) -> Result<ExitCode, Failure> {
    if let Some(Do::Migrate { file, check }) = &options.what {
        return migrate(file, *check);
    }
    let loaded = options.settings.load()?;
    std::io::stdout().write_all(loaded.render().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn migrate(file: &Path, only_check: bool) -> Result<ExitCode, Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|failure| Failure::unable(format!("{name}: can't be read: {failure}")))?;
    let Migrated { text, changes } = config::migrate(&text, &name, &config::renamed()).map_err(Failure::usage)?;
    for change in &changes {
        eprintln!("newswire: {change}");
    }
    if changes.is_empty() {
        eprintln!("newswire: {name}: nothing to change");
    }
    if only_check {
        return Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

pub fn schema() -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &record::schema()).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

pub fn health(settings: &Settings) -> Result<ExitCode, Failure> {
    let loaded = settings.load()?;
    let Some(address) = loaded.settings.admin.listen else {
        return Err(Failure::usage("admin.listen is off: nobody can be asked"));
    };
    let answer = ask(reachable(address)).map_err(|failure| Failure::unable(format!("{address}: {failure}")))?;
    if answer.split(' ').nth(1) == Some("200") {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::unable(answer.lines().last().unwrap_or("no answer").trim()))
}

/// An address that listens on every interface is asked on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}

/// Asks `/livez` over HTTP/1.0, which needs no client: one request, one answer, end.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, ANSWER_WITHIN)?;
    connection.set_read_timeout(Some(ANSWER_WITHIN))?;
    connection.write_all(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    connection.take(4_096).read_to_string(&mut answer)?;
    Ok(answer)
}
