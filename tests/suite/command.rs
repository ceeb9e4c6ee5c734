//! Commands that answer and leave.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::wait;

/// What a command left behind.
#[derive(Debug)]
pub struct Answer {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// Standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Standard output as one JSON value a line.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }
}

/// Runs `newswire` with these arguments and nothing on its standard input.
pub fn newswire<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Answer {
    newswire_fed(arguments, b"")
}

/// Runs `newswire` with these arguments and this input.
pub fn newswire_fed<S: AsRef<std::ffi::OsStr>>(arguments: &[S], input: &[u8]) -> Answer {
    newswire_within(&[], arguments, input)
}

/// Runs `newswire` with these variables of the environment, these arguments and this input.
pub fn newswire_within<S: AsRef<std::ffi::OsStr>>(
    environment: &[(&str, &str)],
    arguments: &[S],
    input: &[u8],
) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.args(arguments).env_remove("RUST_LOG").envs(environment.iter().copied());
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("newswire");
    let mut stdin = process.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let id = process.id();
    let waiter = std::thread::spawn(move || process.wait_with_output().unwrap());
    wait::until(&format!("newswire (process {id}) to answer"), Duration::from_secs(120), || {
        waiter.is_finished().then_some(())
    });
    // A command that does not read its input closes it, and that is its right.
    let _ = feeder.join().unwrap();
    let output = waiter.join().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
