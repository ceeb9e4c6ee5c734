//! Ends what was started, however the run ends.
//!
//! A test can be killed with -9, and then nothing of it runs any more: no `Drop`, no hook. So a
//! shell beside it holds the list of processes and folders, and reads from a pipe whose other end
//! is ours. When we are gone, however that came, the pipe ends, and the shell cleans up.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

const SCRIPT: &str = r#"
pids= folders=
while IFS= read -r line; do
    what=${line%% *} which=${line#* }
    case $what in
        start) pids="$pids $which" ;;
        ended) left=; for pid in $pids; do [ "$pid" = "$which" ] || left="$left $pid"; done; pids=$left ;;
        folder) folders="$folders $which" ;;
    esac
done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
[ -z "$folders" ] || rm -rf $folders || { sleep 1; rm -rf $folders; }
"#;

/// This process must not outlive the run.
pub fn started(pid: u32) {
    tell(&format!("start {pid}\n"));
}

/// It has ended and was waited for: its number may be another's from now on.
pub fn ended(pid: u32) {
    tell(&format!("ended {pid}\n"));
}

/// A new folder that goes away with the run.
pub fn folder(name: &str) -> std::path::PathBuf {
    let folder = tempfile::Builder::new().prefix(&format!("newswire-{name}-")).tempdir().unwrap().keep();
    forget_later(&folder);
    folder
}

fn forget_later(folder: &Path) {
    let text = folder.to_str().expect("a folder with a readable name");
    assert!(
        !text.contains(char::is_whitespace),
        "the folder for temporary files must have no space in its name: {text}"
    );
    tell(&format!("folder {text}\n"));
}

fn tell(line: &str) {
    static PIPE: OnceLock<Mutex<ChildStdin>> = OnceLock::new();
    let pipe = PIPE.get_or_init(|| {
        let mut command = Command::new("sh");
        // A group of its own: Ctrl-C ends the tests, and the keeper after them.
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
        Mutex::new(command.spawn().expect("sh").stdin.take().unwrap())
    });
    let mut pipe = pipe.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    pipe.write_all(line.as_bytes()).unwrap();
    pipe.flush().unwrap();
}
