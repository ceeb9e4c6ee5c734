//! The alerts that ship with newswire: right for Prometheus, each shown to fire and to be silent, each in the runbook.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::prometheus;

fn text(path: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What follows `mark` on the lines that have it, up to the next comma, brace or end of the line.
fn named<'a>(text: &'a str, mark: &str) -> BTreeSet<&'a str> {
    let rests = text.lines().filter_map(|line| Some(line.split_once(mark)?.1));
    rests.filter_map(|rest| rest.split([',', '}']).next()).map(str::trim).collect()
}

#[test]
fn each_alert_is_tested_and_has_an_entry_in_the_runbook_and_nothing_else_has() {
    let rules = text("deploy/prometheus/rules.yml");
    let alerts = named(&rules, "- alert: ");
    assert!(alerts.len() > 20, "{alerts:?}");
    let links: BTreeSet<_> = alerts.iter().map(|alert| format!("docs/runbook.md#{}", alert.to_lowercase())).collect();
    assert_eq!(named(&rules, "runbook: "), links.iter().map(String::as_str).collect());
    assert_eq!(named(&text("docs/runbook.md"), "## "), alerts);
    let tests = text("deploy/prometheus/rules_test.yml");
    assert_eq!(named(&tests, "alertname: "), alerts);
    // Each fires in some test.
    let fires: BTreeSet<_> = named(&tests, "runbook: ").into_iter().map(str::to_owned).collect();
    assert_eq!(fires, links);
}

#[test]
fn each_alert_fires_when_it_should_and_is_silent_when_it_should() {
    if prometheus::is_missing() {
        return;
    }
    for (what, file) in [("check", "rules.yml"), ("test", "rules_test.yml")] {
        let mut promtool = Command::new("promtool");
        promtool.args([what, "rules", file]).current_dir(format!("{}/deploy/prometheus", env!("CARGO_MANIFEST_DIR")));
        let said = promtool.output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success(), "promtool {what} rules {file}\n{out}\n{err}");
    }
}
