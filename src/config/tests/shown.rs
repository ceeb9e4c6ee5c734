//! What is shown of settings, and what never is.

use super::*;

const SECRETS: &str = r#"
    [kafka.properties]
    "sasl.username" = "me"
    "sasl.password" = "hunter2"
    "ssl.key.password" = "hunter2"
    "ssl.ca.location" = "/etc/ca.pem"
    [kafka.producer_properties]
    sasl.oauthbearer.config = "hunter2"
    [dedup]
    redis_url = "rediss://me:hunter2@store:6380/1"
    [admin]
    token = "hunter2"
"#;

#[test]
fn secrets_are_neither_rendered_nor_debugged() {
    let loaded = file(SECRETS);
    assert_eq!(loaded.settings.admin.token.as_ref().unwrap().expose(), "hunter2");
    assert_eq!(loaded.settings.kafka.properties["sasl.password"], "hunter2");
    for text in [loaded.render(), format!("{loaded:?}"), format!("{:#?}", loaded.settings)] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("(hidden)") && text.contains("/etc/ca.pem"), "{text}");
    }
    assert!(loaded.render().contains(r#"redis_url = "rediss://(hidden)@store:6380/1""#));
}

#[test]
fn secrets_are_not_in_errors() {
    let broken = SECRETS.replace("[admin]", "[admin]\npassword = 'hunter2'\ncontrol = 'hunter2 no boolean'");
    let text = format!("{broken}\n[kafkaa.properties]\nsasl.password = 'hunter2'");
    let environment = [
        ("NEWSWIRE__ADMIN__TOKEN", "hunter2 has\nno such sign"),
        ("NEWSWIRE__KAFKA__CONSUMER_PROPERTIES", "{\"sasl.password\": hunter2"),
        ("NEWSWIRE__KAFKA__PROPERTY", "sasl.password=hunter2"),
        ("NEWSWIRE__KAFKA__BOOTSTRAP_SERVERS", "me:hunter2@broker:9092"),
        ("NEWSWIRE__DEDUP__REDIS_URL", "http://me:hunter2@store"),
        ("NEWSWIRE__KAFKA__PROPERTIES__SASL_PASSWORDD", "hunter2"),
    ];
    let errors = errors(&text, &environment).into_iter().filter(|error| !error.contains("no boolean"));
    let errors: Vec<_> = errors.collect();
    assert_eq!(errors.len(), 8, "{errors:#?}");
    assert!(errors.iter().all(|error| !error.contains("(default)")), "{errors:#?}");
    assert!(!errors.join("\n").contains("hunter2"), "{errors:#?}");
}

#[test]
fn what_is_rendered_loads_again_as_the_same() {
    let text = "[kafka]\ngroup_id = \"a \\\"b\\\"\"\n[kafka.consumer_properties]\ncheck.crcs = true\n[fetch]\nports=[80]\n\
                [fetch.resolve]\na.example='[::1]:1'\n[frontier]\nhost_delay = '1500ms'\n[admin]\nlisten='off'";
    for loaded in [file(""), file(EXAMPLE), file(text)] {
        let rendered = loaded.render();
        assert_eq!(file(&rendered).settings, loaded.settings, "{rendered}");
    }
}

#[test]
fn each_line_says_where_its_value_comes_from() {
    let environment = [("NEWSWIRE__KAFKA__PROPERTIES__SASL_PASSWORD", "x")];
    let rendered = load_all("[fetch]\nmax_body = '1MiB'", &environment, &[("log.format", "json")]).unwrap().render();
    let line = |start: &str| rendered.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    assert!(line("max_body = \"1MiB\" ").ends_with("# file newswire.toml"));
    assert!(
        line("\"sasl.password\" = \"(hidden)\" ")
            .ends_with("# environment variable NEWSWIRE__KAFKA__PROPERTIES__SASL_PASSWORD")
    );
    assert!(line("format = \"json\" ").ends_with("# flag"));
    assert!(line("ttl = \"30d\" ").ends_with("# default"));
    let document = FileFormat::Toml.parse(None, &rendered).unwrap();
    assert!(document.values().all(|section| matches!(section.kind, ValueKind::Table(_))));
}
