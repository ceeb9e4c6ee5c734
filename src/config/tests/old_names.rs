//! Keys that had another name.

use super::*;

#[test]
fn a_key_with_its_old_name_counts_wherever_it_stands_and_is_told() {
    let renamed = [("fetch.max_bytes", "fetch.max_body"), ("log.level", "log.filter")];
    let text = "[fetch]\nmax_bytes = '1MiB'";
    let loaded = load_renamed(text, &[("NEWSWIRE__LOG__LEVEL", "debug")], &renamed);
    assert_eq!((loaded.settings.fetch.max_body, loaded.settings.log.filter.as_str()), (1 << 20, "debug"));
    let told: Vec<String> = loaded.deprecated.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "fetch.max_bytes (file newswire.toml) is deprecated: it is called fetch.max_body since 9.0.0",
            "NEWSWIRE__LOG__LEVEL (environment variable NEWSWIRE__LOG__LEVEL) is deprecated: it is called \
             NEWSWIRE__LOG__FILTER since 9.0.0",
        ]
    );
    assert!(loaded.render().contains("max_body = \"1MiB\""), "{}", loaded.render());
}

#[test]
fn a_variable_by_its_old_name_wins_over_the_file_by_the_new_one() {
    let text = "[fetch]\nmax_body = '2MiB'";
    let loaded =
        load_renamed(text, &[("NEWSWIRE__FETCH__MAX_BYTES", "1MiB")], &[("fetch.max_bytes", "fetch.max_body")]);
    assert_eq!(loaded.settings.fetch.max_body, 1 << 20);
}

#[test]
fn of_both_names_in_one_place_the_new_one_counts() {
    let text = "[fetch]\nmax_bytes = '1MiB'\nmax_body = '2MiB'";
    let loaded = load_renamed(text, &[], &[("fetch.max_bytes", "fetch.max_body")]);
    assert_eq!(loaded.settings.fetch.max_body, 2 << 20);
    assert!(loaded.deprecated[0].to_string().ends_with("which is set there too and counts"));
}

#[test]
fn a_key_moves_to_another_section() {
    let loaded = load_renamed("[events]\nformat = 'json'", &[], &[("events.format", "log.format")]);
    assert_eq!(loaded.settings.log.format, LogFormat::Json);
}

#[test]
fn a_table_keeps_its_entries_from_every_place() {
    let text = "[fetch.addresses]\n'a.example' = '127.0.0.1:1'";
    let variables = [("NEWSWIRE__FETCH__ADDRESSES__B_EXAMPLE", "127.0.0.1:2")];
    let loaded = load_renamed(text, &variables, &[("fetch.addresses", "fetch.resolve")]);
    let hosts: Vec<&str> = loaded.settings.fetch.resolve.keys().map(String::as_str).collect();
    assert_eq!(hosts, ["a.example", "b.example"]);
    assert_eq!(loaded.deprecated.len(), 2);
}

#[test]
fn each_new_name_is_a_key_and_no_old_one_is() {
    let known: BTreeSet<&str> = file("").entries.iter().map(|entry| entry.key).collect();
    for Renamed { old, new, .. } in renamed() {
        assert!(known.contains(new.as_ref()), "{new}");
        assert!(!known.contains(old.as_ref()), "{old}");
    }
}
