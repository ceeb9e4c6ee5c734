use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

const CAP: usize = 100_000;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn br(bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    ::brotli::CompressorWriter::new(&mut output, 4096, 5, 22).write_all(bytes).unwrap();
    output
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    // With a checksum, as the command line's tool writes it.
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Encode = fn(&[u8]) -> Vec<u8>;

const CODINGS: [(&str, Encode); 5] = [("gzip", gzip), ("deflate", zlib), ("deflate", raw), ("br", br), ("zstd", zst)];

fn decoded(header: &str, bytes: &[u8]) -> Decoded {
    decode(&named(header).unwrap(), bytes, CAP)
}

fn whole(bytes: &[u8]) -> Decoded {
    Decoded { bytes: bytes.to_vec(), end: End::Whole }
}

/// Bytes that no coding shortens to nothing, so that there is something to cut.
fn page() -> Vec<u8> {
    (0..20_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()).take(50_000).collect()
}

#[test]
fn two_stacked_codings_are_undone_in_reverse_order() {
    for (outer_name, outer) in CODINGS {
        for (inner_name, inner) in CODINGS {
            let bytes = outer(&inner(b"a page"));
            assert_eq!(decoded(&format!("{inner_name}, {outer_name}"), &bytes), whole(b"a page"));
        }
    }
}

#[test]
fn all_members_of_gzip_count_and_garbage_behind_them_does_not() {
    let mut bytes = gzip(b"one ");
    bytes.extend(gzip(b"two"));
    assert_eq!(decoded("x-gzip", &bytes), whole(b"one two"));
    bytes.extend(b"\0\0garbage");
    assert_eq!(decoded("gzip", &bytes), whole(b"one two"));
}

#[test]
fn all_frames_of_zstd_count() {
    let mut bytes = zst(b"one ");
    bytes.extend(b"\x50\x2a\x4d\x18\x02\0\0\0xx");
    bytes.extend(zst(b"two"));
    assert_eq!(decoded("zstd", &bytes), whole(b"one two"));
}

#[test]
fn a_cut_stream_is_cut_wherever_it_breaks_off() {
    for (name, encode) in CODINGS {
        let bytes = encode(&page());
        for length in [bytes.len() - 1, bytes.len() - 5, bytes.len() / 2] {
            assert_eq!(decoded(name, &bytes[..length]).end, End::Cut, "{name}: {length} of {}", bytes.len());
        }
    }
}

#[test]
fn a_wrong_checksum_counts_as_cut() {
    for (name, encode, from_end) in [("gzip", gzip as Encode, 6), ("deflate", zlib, 2), ("zstd", zst, 2)] {
        let mut bytes = encode(&page());
        let at = bytes.len() - from_end;
        bytes[at] ^= 0xff;
        assert_eq!(decoded(name, &bytes).end, End::Cut, "{name}");
    }
}

#[test]
fn what_never_was_such_a_stream_is_garbage() {
    for name in ["gzip", "deflate", "br", "zstd"] {
        assert_eq!(decoded(name, b"<!doctype html><title>no</title><p>coding here").end, End::Garbage, "{name}");
    }
}

#[test]
fn no_body_at_all_is_an_empty_page_under_any_coding() {
    assert_eq!(decoded("gzip, br", b""), whole(b""));
}

#[test]
fn a_bomb_of_each_coding_ends_at_the_cap() {
    for (name, encode) in CODINGS {
        let bomb = encode(&vec![0; 50_000_000]);
        let decoded = decoded(name, &bomb);
        assert_eq!((decoded.bytes.len(), decoded.end), (CAP, End::OverCap), "{name}");
    }
}

#[test]
fn a_bomb_within_a_bomb_ends_at_the_cap_of_the_outer_one() {
    for (name, encode) in CODINGS {
        let bomb = gzip(&encode(&vec![0; 50_000_000]));
        let end = decoded(&format!("{name}, gzip"), &bomb);
        assert_eq!(end.end, End::OverCap, "{name}");
        assert!(end.bytes.len() <= CAP);
    }
}

#[test]
fn a_page_of_exactly_the_cap_is_whole() {
    for (name, encode) in CODINGS {
        assert_eq!(decoded(name, &encode(&vec![b'x'; CAP])).end, End::Whole, "{name}");
        assert_eq!(decoded(name, &encode(&vec![b'x'; CAP + 1])).end, End::OverCap, "{name}");
    }
}

#[test]
fn a_zstd_window_larger_than_the_standards_is_refused() {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(&page()).unwrap();
    assert_eq!(decoded("zstd", &encoder.finish().unwrap()).end, End::Garbage);
}

#[test]
fn names_that_are_no_coding_are_passed_over_and_unknown_ones_refused() {
    assert_eq!(named("identity, UTF-8,"), Ok(vec![]));
    assert_eq!(named("GZIP , br"), Ok(vec![Coding::Gzip, Coding::Brotli]));
    assert!(named("compress").is_err());
    assert!(named("gzip, gzip, gzip").is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass_the_cap(bytes: Vec<u8>, coding in 0..5_usize, at: usize) {
        let (name, encode) = CODINGS[coding];
        prop_assert!(decoded(name, &bytes).bytes.len() <= CAP);
        let mut encoded = encode(&bytes);
        prop_assert_eq!(decoded(name, &encoded), whole(&bytes));
        let at = at % encoded.len();
        encoded[at] ^= 0x55;
        prop_assert!(decoded(name, &encoded).bytes.len() <= CAP);
    }
}
