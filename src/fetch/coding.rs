//! Content codings undone (RFC 9110, section 8.4), under a cap on what comes out.
//!
//! A few kilobytes can stand for gigabytes. So the output is counted while it grows, each layer of a
//! stack has the cap, and what is asked for beyond it is never inflated. The work is the CPU's: call
//! it off the threads that serve the network.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// One content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952; all members count, trailing garbage does not.
    Gzip,
    /// zlib (RFC 1950) as the standard has it, or raw deflate (RFC 1951) as some servers do.
    Deflate,
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878), windows up to 8 MiB (RFC 9659).
    Zstd,
}

/// More codings than this on top of one another are no mistake of a proxy any more.
const DEEPEST_STACK: usize = 2;

/// What a decoder is asked for at once, in bytes.
const STEP: usize = 32 * 1024;

/// The largest window of deflate, as a power of two (RFC 1951: 32 KiB).
const LARGEST_WINDOW: u8 = 15;

/// How many times longer than its gzip a page may say it is, and have so much room at once: most are four to eight times as
/// long. At 1,032, the most that deflate can do, a small lie would take megabytes.
const USUAL_RATIO: usize = 16;

/// The largest window of a zstd frame, as a power of two (RFC 9659: 8 MiB).
const ZSTD_WINDOW_LOG: u32 = 23;

/// How decoding ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the end of the stream, checksums right.
    Whole,
    /// The stream broke off, or its checksum or data went wrong after it had begun well.
    Cut,
    /// It never was such a stream.
    Garbage,
    /// There was more than the cap.
    OverCap,
}

/// What came out, and how it ended. The bytes are never more than the cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// What was decoded up to the end.
    pub bytes: Vec<u8>,
    /// Why it went no further.
    pub end: End,
}

/// The codings that a `Content-Encoding` header names, in the order in which they were applied.
///
/// `identity`, and charsets and transfer encodings that servers put there by mistake, are no coding.
///
/// # Errors
/// The name of a coding that is not known, or how many there were if there were too many.
pub fn named(header: &str) -> Result<Vec<Coding>, String> {
    let mut codings = Vec::new();
    for name in header.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        match name.as_str() {
            "" | "identity" | "none" | "utf-8" | "utf8" | "8bit" | "7bit" | "binary" | "chunked" => {}
            "gzip" | "x-gzip" => codings.push(Coding::Gzip),
            "deflate" => codings.push(Coding::Deflate),
            "br" => codings.push(Coding::Brotli),
            "zstd" => codings.push(Coding::Zstd),
            other => return Err(format!("unknown coding {:?}", other.chars().take(40).collect::<String>())),
        }
    }
    if codings.len() > DEEPEST_STACK {
        return Err(format!("{} codings on top of one another", codings.len()));
    }
    Ok(codings)
}

/// Undoes `codings`, the last one first; at most `cap` bytes come out of each.
pub fn decode(codings: &[Coding], bytes: &[u8], cap: usize) -> Decoded {
    // Servers send no body at all under any coding.
    if bytes.is_empty() {
        return Decoded { bytes: Vec::new(), end: End::Whole };
    }
    match codings {
        [] => {
            let kept = bytes.get(..cap).unwrap_or(bytes);
            Decoded { bytes: kept.to_vec(), end: if kept.len() < bytes.len() { End::OverCap } else { End::Whole } }
        }
        [only] => undo(*only, bytes, cap),
        [inner @ .., outer] => {
            let outer = undo(*outer, bytes, cap);
            let inner = decode(inner, &outer.bytes, cap);
            // What broke the outer layer has cut the inner one too.
            if outer.end == End::Whole { inner } else { Decoded { bytes: inner.bytes, end: outer.end } }
        }
    }
}

fn undo(coding: Coding, bytes: &[u8], cap: usize) -> Decoded {
    match coding {
        Coding::Gzip => gzip(bytes, cap),
        Coding::Deflate => deflate(bytes, cap),
        Coding::Brotli => brotli(bytes, cap),
        Coding::Zstd => zstd(bytes, cap),
    }
}

fn gzip(mut bytes: &[u8], cap: usize) -> Decoded {
    let mut output = Vec::with_capacity(expected(bytes).min(cap).saturating_add(1));
    loop {
        let mut member = Decompress::new_gzip(LARGEST_WINDOW);
        if let Err(end) = inflate(&mut member, bytes, &mut output, cap) {
            return Decoded { bytes: output, end };
        }
        bytes = rest(bytes, &member);
        if !bytes.starts_with(b"\x1f\x8b") {
            return Decoded { bytes: output, end: End::Whole };
        }
    }
}

/// How many bytes a gzip stream says that it stands for, as far as that can be believed: what is inflated in one piece is
/// copied nowhere.
fn expected(bytes: &[u8]) -> usize {
    let says = bytes.last_chunk().map_or(0, |last| u32::from_le_bytes(*last));
    usize::try_from(says).unwrap_or(usize::MAX).min(bytes.len().saturating_mul(USUAL_RATIO))
}

/// What `stream` has left of its input.
fn rest<'a>(bytes: &'a [u8], stream: &Decompress) -> &'a [u8] {
    usize::try_from(stream.total_in()).ok().and_then(|taken| bytes.get(taken..)).unwrap_or_default()
}

fn deflate(bytes: &[u8], cap: usize) -> Decoded {
    let zlib = match bytes {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    };
    if zlib {
        let mut output = Vec::new();
        let end = inflate(&mut Decompress::new(true), bytes, &mut output, cap).err().unwrap_or(End::Whole);
        if end != End::Garbage {
            return Decoded { bytes: output, end };
        }
    }
    let mut output = Vec::new();
    let end = inflate(&mut Decompress::new(false), bytes, &mut output, cap).err().unwrap_or(End::Whole);
    Decoded { bytes: output, end }
}

/// Undoes one stream of deflate, in whichever wrapping, behind what is in `output`.
fn inflate(stream: &mut Decompress, bytes: &[u8], output: &mut Vec<u8>, cap: usize) -> Result<(), End> {
    loop {
        if output.len() == output.capacity() {
            // One byte beyond the cap shows that there is more.
            output.reserve_exact(output.len().max(STEP).min(cap.saturating_add(1) - output.len()));
        }
        let (taken, made) = (stream.total_in(), stream.total_out());
        // `Finish`: it is all that comes, so no window has to be kept.
        let status = stream.decompress_vec(rest(bytes, stream), output, FlushDecompress::Finish);
        if output.len() > cap {
            output.truncate(cap);
            return Err(End::OverCap);
        }
        match status {
            Ok(Status::StreamEnd) => return Ok(()),
            Ok(_) if stream.total_in() > taken || stream.total_out() > made => {}
            Err(_) if output.is_empty() => return Err(End::Garbage),
            Ok(_) | Err(_) => return Err(End::Cut),
        }
    }
}

fn brotli(bytes: &[u8], cap: usize) -> Decoded {
    let mut output = Vec::new();
    let end = drain(&mut ::brotli::Decompressor::new(bytes, STEP), &mut output, cap).err().unwrap_or(End::Whole);
    Decoded { bytes: output, end }
}

fn zstd(mut bytes: &[u8], cap: usize) -> Decoded {
    let mut output = Vec::new();
    loop {
        let frame = ::zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut frame| {
            frame.window_log_max(ZSTD_WINDOW_LOG)?;
            Ok(frame.single_frame())
        });
        let Ok(mut frame) = frame else { return Decoded { bytes: output, end: End::Garbage } };
        if let Err(end) = drain(&mut frame, &mut output, cap) {
            return Decoded { bytes: output, end };
        }
        bytes = frame.finish();
        let another = bytes.starts_with(b"\x28\xb5\x2f\xfd") || matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        if !another {
            return Decoded { bytes: output, end: End::Whole };
        }
    }
}

fn drain(stream: &mut impl Read, output: &mut Vec<u8>, cap: usize) -> Result<(), End> {
    let mut step = vec![0; STEP];
    loop {
        match stream.read(&mut step) {
            Ok(0) => return Ok(()),
            Ok(made) => take(step.get(..made).unwrap_or_default(), output, cap)?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof || !output.is_empty() => return Err(End::Cut),
            Err(_) => return Err(End::Garbage),
        }
    }
}

fn take(made: &[u8], output: &mut Vec<u8>, cap: usize) -> Result<(), End> {
    let room = cap - output.len();
    output.extend_from_slice(made.get(..room).unwrap_or(made));
    if made.len() > room { Err(End::OverCap) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
