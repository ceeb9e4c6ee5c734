//! What is wrong is told, all of it, and what is at odds too.

use super::*;

#[test]
fn all_are_told_at_once_with_key_value_source_and_what_is_allowed() {
    let text = "[fetch]\nmax_body = 'lots'\nmax_boddy = 1\n[frontier]\nrobots = 'maybe'";
    let errors = errors(text, &[("NEWSWIRE__RETRY__MAX_ATTEMPTS", "many"), ("NEWSWIRE__FETCH__PORT", "80")]);
    let expected = [
        r#"fetch.max_body = "lots" (file newswire.toml): allowed is a size"#,
        r#"fetch.max_boddy = 1 (file newswire.toml): unknown key; did you mean fetch.max_body?"#,
        r#"frontier.robots = "maybe" (file newswire.toml): allowed is "obey" or "ignore""#,
        r#"retry.max_attempts = "many" (environment variable NEWSWIRE__RETRY__MAX_ATTEMPTS): allowed is a whole number from 1 to 1000"#,
        r#"fetch.port = "80" (environment variable NEWSWIRE__FETCH__PORT): unknown key; did you mean NEWSWIRE__FETCH__PORTS?"#,
    ];
    for expected in expected {
        assert!(errors.iter().any(|error| error.starts_with(expected)), "{expected}\nnot in {errors:#?}");
    }
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
}

#[test]
fn an_unknown_key_anywhere_is_an_error_and_the_nearest_is_suggested() {
    for (text, suggested) in [
        ("[fetch]\nmaxbody = 1", Some("fetch.max_body")),
        ("[frontier]\nmax_body = 1", Some("fetch.max_body")),
        ("max_body = 1", Some("fetch.max_body")),
        ("[fetchh]\nmax_body = 1", Some("fetch.max_body")),
        ("[fetch.max_body]\nx = 1\n[elsewhere]", None),
        ("[elsewhere]", None),
        ("[elsewhere.deep.down]\nx = 1", None),
        ("'fetch.max_body' = 1", Some("fetch.max_body")),
        ("'a[9999999999]' = 1", None),
    ] {
        let errors = errors(text, &[]);
        let error = errors.last().unwrap();
        match suggested {
            Some(key) => assert!(error.ends_with(&format!("unknown key; did you mean {key}?")), "{error}"),
            None => assert!(error.ends_with("unknown key"), "{error}"),
        }
    }
    for variable in ["NEWSWIRE__FETCHMAX", "NEWSWIRE__", "NEWSWIRE__FETCH__MAX_BODY__X", "NEWSWIRE____"] {
        let error = error("", &[(variable, "1")]);
        assert!(error.contains(&format!("{variable}): unknown key")), "{error}");
    }
}

#[test]
fn a_section_that_is_a_value_is_an_error_even_under_a_good_variable() {
    let error = error("fetch = 3", &[("NEWSWIRE__FETCH__MAX_BODY", "1MiB")]);
    assert!(error.starts_with("fetch = 3 (file newswire.toml): a section has keys"), "{error}");
    assert_eq!(file("[fetch]").settings, defaults());
}

#[test]
fn a_flag_with_an_unknown_key_is_an_error() {
    let errors = load_all("", &[], &[("fetch.max_bod", "1"), ("nothing", "1")]).unwrap_err();
    assert!(errors.to_string().contains("fetch.max_bod = \"1\" (flag): unknown key; did you mean fetch.max_body?"));
    assert!(errors.to_string().contains("nothing = \"1\" (flag): unknown key"));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_beside_the_others() {
    let variable = ("NEWSWIRE__FETCH__MAX_BODY".to_owned(), "x".to_owned());
    let errors = load(Some(Path::new("/nowhere/newswire.toml")), [variable].into_iter(), &[]).unwrap_err();
    assert_eq!(errors.errors().len(), 2);
    assert!(errors.to_string().contains("/nowhere/newswire.toml: can't be read"));
}

#[test]
fn a_file_that_is_no_toml_names_the_line_and_does_not_quote_it() {
    let error = error("[kafka.properties]\n'sasl.password' = 'hunter2", &[]);
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
}

#[test]
fn keys_at_odds_with_each_other_are_refused() {
    let error = |text: &str| errors(text, &[]).join("\n");
    let tiers = |a, b| format!("[retry]\ntiers = [{{topic='a', delay='{a}'}}, {{topic='b', delay='{b}'}}]");
    assert!(error(&tiers("2s", "1s")).contains("longer than the one before"));
    assert!(error(&tiers("1s", "1s")).contains("longer than the one before"));
    file(&tiers("1ms", "2ms"));
    assert!(error("[topics]\narticles = 'news.urls'").contains("topics.urls already"));
    assert!(error("[topics]\nfeeds = 'news.urls.retry.1m'").contains("topics.feeds already"));
    assert!(error("[delivery]\ndrain_timeout = '5m'").contains("shorter than max.poll.interval.ms"));
    let poll = "[delivery]\ndrain_timeout = '20s'\n[kafka.consumer_properties]\nmax.poll.interval.ms = 20000\n";
    assert!(error(&format!("{poll}session.timeout.ms = 10000")).contains("20s"));
    assert!(error("[admin]\ncontrol = true").contains("set admin.token"));
    assert!(error("[dedup]\nstore = 'redis'").contains("set dedup.redis_url"));
    assert!(error("[frontier]\nstore = 'redis'").contains("set dedup.redis_url"));
    file("[frontier]\nstore = 'redis'\n[dedup]\nredis_url = 'redis://a'");
}
