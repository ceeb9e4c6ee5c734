//! Content codings undone (RFC 9110, section 8.4), under a cap on what comes out.
//!
//! A few kilobytes can stand for gigabytes. So the output is counted while it grows, each layer of a
//! stack has the cap, and what is asked for beyond it is never inflated. The work is the CPU's: call
//! it off the threads that serve the network.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;
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
    let mut output = Vec::new();
    loop {
        let mut member = GzDecoder::new(bytes);
        if let Err(end) = drain(&mut member, &mut output, cap) {
            return Decoded { bytes: output, end };
        }
        bytes = member.into_inner();
        if !bytes.starts_with(b"\x1f\x8b") {
            return Decoded { bytes: output, end: End::Whole };
        }
    }
}

fn deflate(bytes: &[u8], cap: usize) -> Decoded {
    let zlib = match bytes {
        [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0,
        _ => false,
    };
    if zlib {
        let decoded = inflate(Decompress::new(true), bytes, cap);
        if decoded.end != End::Garbage {
            return decoded;
        }
    }
    inflate(Decompress::new(false), bytes, cap)
}

fn inflate(mut stream: Decompress, bytes: &[u8], cap: usize) -> Decoded {
    let mut output = Vec::new();
    let mut step = vec![0; STEP];
    loop {
        let consumed = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        let before = stream.total_out();
        let input = bytes.get(consumed..).unwrap_or_default();
        let status = stream.decompress(input, &mut step, FlushDecompress::None);
        let made = usize::try_from(stream.total_out() - before).unwrap_or(usize::MAX);
        if let Err(end) = take(step.get(..made).unwrap_or_default(), &mut output, cap) {
            return Decoded { bytes: output, end };
        }
        let progress = made > 0 || usize::try_from(stream.total_in()).unwrap_or(usize::MAX) > consumed;
        let end = match status {
            Ok(Status::StreamEnd) => End::Whole,
            Ok(_) if progress => continue,
            Ok(_) => End::Cut,
            Err(_) if output.is_empty() => End::Garbage,
            Err(_) => End::Cut,
        };
        return Decoded { bytes: output, end };
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
