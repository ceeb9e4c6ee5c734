//! `newswire config`, `newswire schema`, `newswire health`.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use newswire::record;

use super::{Failure, Settings};

/// How long a worker may take to say that it lives.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

pub fn config(settings: &Settings) -> Result<ExitCode, Failure> {
    let loaded = settings.load()?;
    std::io::stdout().write_all(loaded.render().as_bytes())?;
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
