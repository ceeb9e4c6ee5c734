//! Bodies in each coding that a site may send.

use std::io::Write as _;

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn brotli(body: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    brotli::CompressorWriter::new(&mut coded, 4096, 5, 22).write_all(body).unwrap();
    coded
}

fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 3).unwrap()
}

/// A coding by its name, and how it is done.
pub type Coder = (&'static str, &'static str, fn(&[u8]) -> Vec<u8>);

/// All that newswire reads.
pub const CODERS: [Coder; 5] = [
    ("gzip", "gzip", gzip),
    ("zlib", "deflate", zlib),
    ("raw-deflate", "deflate", deflate),
    ("br", "br", brotli),
    ("zstd", "zstd", zstd),
];
