//! The labelled pages of a manifest: each of its lines is `{"id","url","file"}`, the file relative to it, gzipped or not.

use std::error::Error;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// Hands each page of the manifest that the command line names to `each`: its id, its address as written, its bytes.
pub fn each_page(
    usage: &'static str,
    mut each: impl FnMut(&str, &str, &[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let manifest = std::env::args().nth(1).ok_or(usage)?;
    let folder = Path::new(&manifest).parent().unwrap_or_else(|| Path::new("."));
    for line in std::fs::read_to_string(&manifest)?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let field = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut body = std::fs::read(folder.join(field("file")))?;
        if body.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            MultiGzDecoder::new(body.as_slice()).read_to_end(&mut plain)?;
            body = plain;
        }
        each(field("id"), field("url"), &body)?;
    }
    Ok(())
}
