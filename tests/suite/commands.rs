//! Commands that need no Kafka.

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::command::{newswire, newswire_fed, newswire_within};
use crate::pages;
use crate::schema;
use crate::setup::Setup;
use crate::site::Answer;

/// A world without Kafka: the settings say nothing of it.
fn without_kafka(name: &str) -> (Setup, String) {
    let mut setup = Setup::at(name, "127.0.0.1:1");
    for section in ["kafka", "topics", "retry", "delivery"] {
        setup.unset(section);
    }
    let file = setup.write_settings("check.toml").to_str().unwrap().to_owned();
    (setup, file)
}

#[test]
fn check_prints_the_article_of_one_url() {
    let (_setup, config) = without_kafka("commands-check");
    let answer = newswire(&["check", "http://alpha.example/article/3", "--config", &config]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let said = answer.json();
    assert_eq!((&said["url"], &said["outcome"]), (&"http://alpha.example/article/3".into(), &"published".into()));
    assert_eq!(said["article"]["title"], pages::article(3).title);
    assert!(said["timings_ms"].is_object());
    schema::valid(&said["article"]);
}

#[test]
fn check_says_why_there_is_no_article() {
    let (setup, config) = without_kafka("commands-why");
    setup.site.set("alpha.example/down", Answer::status(500));
    setup.site.set("beta.example/robots.txt", Answer::bytes("text/plain", "User-agent: *\nDisallow: /\n"));
    let cases = [
        ("http://alpha.example/missing", "rejected", "gone"),
        ("http://alpha.example/down", "deferred", "server_error"),
        ("http://beta.example/article/1", "rejected", "robots_disallowed"),
        ("no url at all", "rejected", "invalid_url"),
        ("ftp://alpha.example/", "rejected", "unsupported_scheme"),
    ];
    for (url, outcome, reason) in cases {
        let answer = newswire(&["check", url, "--config", &config]);
        assert_eq!(answer.code, 1, "{url}: {answer:?}");
        let said = answer.json();
        assert_eq!((&said["url"], &said["outcome"], &said["reason"]), (&url.into(), &outcome.into(), &reason.into()));
        assert!(said["timings_ms"].is_object(), "{said}");
    }
}

#[test]
fn wrong_use_exits_2_and_leaves_standard_output_alone() {
    let (mut setup, _) = without_kafka("commands-usage");
    setup.set("fetch", "max_boddy", "1");
    let broken = setup.write_settings("broken.toml").to_str().unwrap().to_owned();
    let uses: [&[&str]; 5] = [
        &["check"],
        &["check", "http://alpha.example/", "--config", &broken],
        &["check", "http://alpha.example/", "--config", "/no/such/file.toml"],
        &["no-such-command"],
        &["extract", "/no/such/page.html", "--url", "http://alpha.example/"],
    ];
    for arguments in uses {
        let answer = newswire(arguments);
        assert_eq!(answer.code, 2, "{arguments:?}: {answer:?}");
        assert_eq!(answer.out, "", "{arguments:?}");
        assert_ne!(answer.err, "", "{arguments:?}");
    }
}

#[test]
fn extract_reads_one_page_from_disk() {
    let (setup, _) = without_kafka("commands-extract");
    let good = setup.file("good.html", pages::article(4).html());
    let bad = setup.file("bad.html", "<p>Nothing here</p>");
    let run =
        |file: &std::path::Path| newswire(&["extract", file.to_str().unwrap(), "--url", "http://alpha.example/a"]);
    let answer = run(&good);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.json()["outcome"], "published");
    assert_eq!(answer.json()["article"]["title"], pages::article(4).title);
    let answer = run(&bad);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert_eq!(answer.json()["reason"], "not_an_article");
}

#[test]
fn extract_has_a_line_for_every_page_of_a_manifest_in_its_order() {
    let (setup, _) = without_kafka("commands-manifest");
    let mut manifest = String::new();
    for seed in 0..40 {
        let name = format!("{seed}.html");
        setup.file(&name, pages::article(seed).html());
        manifest += &format!(
            "{}\n",
            json!({ "id": format!("p{seed}"), "url": format!("http://alpha.example/{seed}"), "file": name })
        );
    }
    setup.file("hostile.html", "<div>".repeat(200_000));
    setup.file("binary.html", [0u8, 1, 2, 0xff, 0xfe].repeat(100));
    setup.file("empty.html", "");
    for name in ["hostile", "binary", "empty", "missing"] {
        manifest +=
            &format!("{}\n", json!({ "id": name, "url": "http://alpha.example/", "file": format!("{name}.html") }));
    }
    let manifest = setup.file("manifest.jsonl", manifest);
    let answer = newswire(&["extract", "--manifest", manifest.to_str().unwrap(), "--threads", "2"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let lines = answer.lines();
    let ids: Vec<_> = lines.iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<_> = (0..40)
        .map(|seed| format!("p{seed}"))
        .chain(["hostile", "binary", "empty", "missing"].map(str::to_owned))
        .collect();
    assert_eq!(ids, expected);
    for line in &lines[..40] {
        assert_eq!(line["outcome"], "published", "{line}");
        assert!(line["elapsed_us"].is_number());
    }
    for line in &lines[40..] {
        assert_eq!(line["outcome"], "rejected", "{line}");
        assert!(line["reason"].is_string());
    }
}

#[test]
fn dedup_names_the_original_of_each_copy() {
    let text = |seed: u64| pages::article(seed).paragraphs.join("\n\n");
    let documents = [("a", 1), ("b", 2), ("c", 1), ("d", 3), ("e", 2)];
    let input: String = documents
        .iter()
        .map(|(id, seed)| format!("{}\n", json!({ "id": id, "host": format!("{id}.example"), "text": text(*seed) })))
        .collect();
    let answer = newswire_fed(&["dedup"], input.as_bytes());
    assert_eq!(answer.code, 0, "{answer:?}");
    let of: Vec<_> = answer.lines().iter().map(|line| (line["id"].clone(), line["of"].clone())).collect();
    let null = serde_json::Value::Null;
    let expected = [
        ("a".into(), null.clone()),
        ("b".into(), null.clone()),
        ("c".into(), "a".into()),
        ("d".into(), null),
        ("e".into(), "b".into()),
    ];
    assert_eq!(of, expected);
}

#[test]
fn schema_prints_what_is_committed() {
    let answer = newswire(&["schema"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(answer.json(), schema::committed());
}

#[test]
fn config_says_what_is_in_force_and_hides_secrets() {
    let mut setup = Setup::at("commands-config", "127.0.0.1:1");
    setup.set("kafka.properties", "\"sasl.password\"", "\"hush-hush\"");
    setup.set("dedup", "redis_url", "\"redis://user:hush-hush@127.0.0.1:6379/0\"");
    let file = setup.write_settings("config.toml");
    let answer = newswire(&["config", "--config", file.to_str().unwrap()]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.out.contains("commands-config.urls"), "{}", answer.out);
    assert!(answer.out.contains("config.toml"), "where a value comes from: {}", answer.out);
    assert!(!answer.out.contains("hush-hush") && !answer.err.contains("hush-hush"), "{answer:?}");
}

#[test]
fn a_broken_pipe_is_no_panic() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_newswire"))
        .arg("schema")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(process.stdout.take());
    let mut said = String::new();
    process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    process.wait().unwrap();
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn the_version_is_the_crates() {
    let answer = newswire(&["--version"]);
    assert_eq!((answer.code, answer.out.trim()), (0, concat!("newswire ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn an_output_that_takes_nothing_is_no_wrong_use() {
    let (setup, _) = without_kafka("commands-full");
    let page = setup.file("page.html", "<p>short</p>");
    let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
    command.arg("extract").arg(page).args(["--url", "https://alpha.example/a"]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(command.stdout(full).stderr(Stdio::null()).status().unwrap().code(), Some(1));
}

#[test]
fn config_migrate_prints_the_file_under_new_names_and_every_command_takes_the_old_ones() {
    let setup = Setup::at("commands-migrate", "127.0.0.1:1");
    let old = "# Ours.\n[fetch]\nmax_bytes = \"1MiB\" # enough\n";
    let file = setup.file("old.toml", old).to_str().unwrap().to_owned();
    let environment = [("NEWSWIRE_TEST_RENAMED", "fetch.max_bytes=fetch.max_body")];
    let run = |arguments: &[&str]| newswire_within(&environment, arguments, b"");
    let check = run(&["config", "migrate", &file, "--check"]);
    assert_eq!((check.code, check.out.as_str()), (1, ""), "{check:?}");
    let migrated = run(&["config", "migrate", &file]);
    assert_eq!((migrated.code, migrated.out.clone()), (0, old.replace("max_bytes", "max_body")));
    assert!(migrated.err.contains("fetch.max_bytes is called fetch.max_body"), "{migrated:?}");

    let in_force = run(&["config", "--config", &file]);
    assert_eq!(in_force.code, 0, "{in_force:?}");
    assert!(in_force.out.contains("max_body = \"1MiB\"") && in_force.err.contains("deprecated"), "{in_force:?}");
    let new = setup.file("new.toml", migrated.out).to_str().unwrap().to_owned();
    let in_force_now = run(&["config", "--config", &new]);
    assert_eq!(in_force_now.out.replace("new.toml", "old.toml"), in_force.out);
    assert_eq!(in_force_now.err, "");

    let nothing = run(&["config", "migrate", &new, "--check"]);
    assert_eq!(nothing.code, 0, "{nothing:?}");
    let broken = setup.file("broken.toml", "[fetch").to_str().unwrap().to_owned();
    assert_eq!(run(&["config", "migrate", &broken]).code, 2);
    assert_eq!(run(&["config", "migrate", "no-such.toml"]).code, 1);
}
