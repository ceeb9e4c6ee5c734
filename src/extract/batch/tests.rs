use std::fs;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const OPTIONS: Options =
    Options { limits: Limits { min_words: 5, time_limit: Duration::from_secs(30) }, max_body: 20_000 };

fn page(number: usize) -> String {
    let text =
        format!("This is what story number {number} says about the harbour, in more words than are needed. ").repeat(6);
    format!(
        "<html><head><meta property='og:type' content='article'></head><body><h1>Story number {number}</h1><p>{text}</p></body></html>"
    )
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn run(folder: &TempDir, manifest: &str, threads: usize) -> (Summary, Vec<Value>) {
    let path = folder.path().join("manifest.jsonl");
    fs::write(&path, manifest).unwrap();
    let mut out = Vec::new();
    let summary = run_manifest(&path, NonZeroUsize::new(threads).unwrap(), &OPTIONS, &mut out).unwrap();
    let rows = String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (summary, rows)
}

fn entry(id: &str, file: &str) -> String {
    json!({ "id": id, "url": format!("https://e.example/news/the-story-of-{id}"), "file": file }).to_string() + "\n"
}

#[test]
fn lines_come_in_the_manifests_order_whatever_the_threads() {
    let folder = TempDir::new().unwrap();
    let mut manifest = String::new();
    for number in 0..100 {
        // Long and short pages in turn, so that threads overtake each other.
        let body =
            if number % 7 == 0 { page(number) + &"<p>More of it, and more.</p>".repeat(500) } else { page(number) };
        fs::write(folder.path().join(format!("{number}.html")), body).unwrap();
        manifest += &entry(&number.to_string(), &format!("{number}.html"));
    }
    let (summary, rows) = run(&folder, &manifest, 4);
    assert_eq!(rows.len(), 100);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row["id"], number.to_string());
        assert_eq!(row["article"]["title"], format!("Story number {number}"));
    }
    assert_eq!((summary.published, summary.rejected), (100, 0));
}

#[test]
fn every_page_gets_its_line() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("good.html"), page(1)).unwrap();
    fs::write(folder.path().join("empty.html"), "").unwrap();
    fs::write(folder.path().join("cut.html.gz"), &gzip(page(2).as_bytes())[..60]).unwrap();
    fs::write(folder.path().join("bomb.html.gz"), gzip(&vec![b' '; 1_000_000])).unwrap();
    let manifest = [
        entry("missing", "nowhere.html"),
        entry("good", "good.html"),
        "{\"id\": \"broken\"\n".to_owned(),
        "{\"id\": \"no file\", \"url\": \"https://e.example/\"}\n\n".to_owned(),
        entry("empty", "empty.html"),
        entry("cut", "cut.html.gz"),
        entry("bomb", "bomb.html.gz"),
        json!({ "id": "bad url", "url": "nowhere", "file": "good.html" }).to_string(),
    ];
    let (summary, rows) = run(&folder, &manifest.concat(), 2);
    let seen: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["id"].as_str().unwrap(), row["reason"].as_str().unwrap_or("published"))).collect();
    let expected = [
        ("missing", "incomplete_body"),
        ("good", "published"),
        ("3", "malformed_message"),
        ("no file", "malformed_message"),
        ("empty", "not_an_article"),
        ("cut", "incomplete_body"),
        ("bomb", "too_large"),
        ("bad url", "invalid_url"),
    ];
    assert_eq!(seen, expected);
    assert_eq!((summary.published, summary.rejected), (1, 7));
}

#[test]
fn all_members_of_a_gzip_file_are_read() {
    let folder = TempDir::new().unwrap();
    let page = page(1);
    let (first, second) = page.as_bytes().split_at(200);
    fs::write(folder.path().join("two.html.gz"), [gzip(first), gzip(second)].concat()).unwrap();
    let (_, rows) = run(&folder, &entry("two", "two.html.gz"), 1);
    assert_eq!(rows[0]["article"]["title"], "Story number 1");
}

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let folder = TempDir::new().unwrap();
    let manifest = folder.path().join("manifest.jsonl");
    fs::write(&manifest, entry("a", "nowhere.html").repeat(200)).unwrap();
    let summary = run_manifest(&manifest, NonZeroUsize::MIN, &OPTIONS, &mut Gone).unwrap();
    assert!(summary.output_closed);
}

#[test]
fn a_single_file_is_named_after_itself() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("story.html");
    fs::write(&path, page(1)).unwrap();
    let mut out = Vec::new();
    let summary = run_file(&path, "https://e.example/news/story", &OPTIONS, &mut out).unwrap();
    let row: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((row["id"].as_str(), row["outcome"].as_str()), (Some("story.html"), Some("published")));
    assert_eq!(summary.published, 1);
}

#[test]
fn a_manifest_that_is_not_there_is_an_error() {
    let missing = Path::new("/nowhere/manifest.jsonl");
    let result = run_manifest(missing, NonZeroUsize::MIN, &OPTIONS, &mut Vec::new());
    assert!(matches!(result, Err(BatchError::Manifest { .. })));
}

#[test]
fn what_stands_behind_the_end_of_a_gzip_file_is_left_as_in_a_fetched_page() {
    let folder = TempDir::new().unwrap();
    for (name, behind) in [("zeros", &[0; 512][..]), ("words", b"and more")] {
        fs::write(folder.path().join(name), [&gzip(page(1).as_bytes())[..], behind].concat()).unwrap();
        let (_, rows) = run(&folder, &entry(name, name), 1);
        assert_eq!(rows[0]["article"]["title"], "Story number 1", "{}", rows[0]);
    }
}

#[test]
fn a_manifest_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("good.html"), page(1)).unwrap();
    let manifest = format!("\u{feff}{}\n{}", entry("a", "good.html"), entry("b", "good.html")).replace('\n', "\r\n");
    let (summary, rows) = run(&folder, &manifest, 1);
    assert_eq!((summary.published, rows.len()), (2, 2), "{rows:?}");
}

#[test]
fn a_line_of_the_manifest_that_is_too_long_is_one_page() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("good.html"), page(1)).unwrap();
    let manifest = entry(&"a".repeat(3_000_000), "good.html") + &entry("b", "good.html");
    let (_, rows) = run(&folder, &manifest, 1);
    let seen: Vec<_> = rows.iter().map(|row| (row["id"].as_str().unwrap(), row["outcome"].as_str().unwrap())).collect();
    assert_eq!(seen, [("1", "rejected"), ("b", "published")]);
}
