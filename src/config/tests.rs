//! The promises of the room as a whole: layers, sources, errors, what is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use config::{FileFormat, Format, ValueKind};

use super::layers::Layer;
use super::load::load_layers;
use super::*;

mod mistakes;
mod old_names;
mod shown;

const EXAMPLE: &str = include_str!("../../config/newswire.toml");

/// Loads a file with `text`, the variables and the flags.
fn load_all(text: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, SettingsErrors> {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let environment = Layer::environment(owned(variables).into_iter());
    load_layers(Layer::toml(text, "newswire.toml"), environment, Layer::flags(&owned(flags)), &[])
}

/// The same where keys have been renamed, each pair the old name and the new one.
fn load_renamed(text: &str, variables: &[(&str, &str)], renamed: &[(&'static str, &'static str)]) -> Loaded {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let renamed = renamed.iter().map(|&(old, new)| Renamed { old: old.into(), new: new.into(), since: "9.0.0".into() });
    let renamed: Vec<Renamed> = renamed.collect();
    let environment = Layer::environment(variables);
    load_layers(Layer::toml(text, "newswire.toml"), environment, Layer::default(), &renamed).unwrap()
}

fn file(text: &str) -> Loaded {
    load_all(text, &[], &[]).unwrap()
}

fn variables(variables: &[(&str, &str)]) -> Loaded {
    load_all("", variables, &[]).unwrap()
}

/// The messages of all errors.
fn errors(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let errors = load_all(text, variables, &[]).unwrap_err();
    errors.errors().iter().map(ToString::to_string).collect()
}

/// The one error that there is.
fn error(text: &str, variables: &[(&str, &str)]) -> String {
    let errors = errors(text, variables);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors[0].clone()
}

mod example {
    use super::*;

    #[test]
    fn its_values_are_the_defaults() {
        assert_eq!(file(EXAMPLE).settings, defaults());
    }

    #[test]
    fn the_images_own_file_loads() {
        assert_eq!(file(include_str!("../../deploy/image.toml")).settings.log.format, LogFormat::Json);
    }

    #[test]
    fn its_keys_are_the_codes_keys() {
        let document = FileFormat::Toml.parse(None, EXAMPLE).unwrap();
        let mut written = BTreeSet::new();
        for (section, keys) in document {
            for key in keys.into_table().unwrap().keys() {
                written.insert(format!("{section}.{key}"));
            }
        }
        let read: BTreeSet<String> = file("").entries.iter().map(|entry| entry.key.to_owned()).collect();
        assert_eq!(written, read);
    }

    #[test]
    fn each_key_has_a_comment() {
        let lines: Vec<&str> = EXAMPLE.lines().collect();
        let is_key = |line: &str| line.starts_with(|sign: char| sign.is_ascii_lowercase());
        let is_table = |line: &str| line.starts_with('[') && line.contains('.');
        for pair in lines.windows(2) {
            assert!(!is_key(pair[1]) && !is_table(pair[1]) || pair[0].starts_with("# "), "{}", pair[1]);
        }
    }

    #[test]
    fn what_it_shows_in_comments_loads_too() {
        let entry = |line: &'static str| line.strip_prefix("# ").filter(|line| line.contains("\" = "));
        let shown = EXAMPLE.lines().map(|line| entry(line).unwrap_or(line));
        let settings = file(&shown.collect::<Vec<_>>().join("\n")).settings;
        assert_eq!(settings.kafka.properties["security.protocol"], "SASL_SSL");
        assert_eq!(settings.kafka.consumer_properties["session.timeout.ms"], "30000");
        assert_eq!(settings.fetch.resolve["news.example"], "203.0.113.7:443".parse().unwrap());
    }
}

mod layers {
    use super::*;

    #[test]
    fn a_flag_wins_over_a_variable_and_that_over_the_file_and_that_over_the_default() {
        let text = "[kafka]\ngroup_id = 'f'\nbootstrap_servers = 'f:1'\n[delivery]\ninstance_id = 'f'";
        let environment = [("NEWSWIRE__KAFKA__GROUP_ID", "v"), ("NEWSWIRE__KAFKA__BOOTSTRAP_SERVERS", "v:1")];
        let loaded = load_all(text, &environment, &[("kafka.group_id", "flag")]).unwrap();
        assert_eq!(loaded.settings.kafka.group_id, "flag");
        assert_eq!(loaded.settings.kafka.bootstrap_servers, "v:1");
        assert_eq!(loaded.settings.delivery.instance_id, "f");
        assert_eq!(loaded.settings.topics.urls, "news.urls");

        let source = |key| loaded.entries.iter().find(|entry| entry.key == key).unwrap().source.to_string();
        assert_eq!(source("kafka.group_id"), "flag");
        assert_eq!(source("kafka.bootstrap_servers"), "environment variable NEWSWIRE__KAFKA__BOOTSTRAP_SERVERS");
        assert_eq!(source("delivery.instance_id"), "file newswire.toml");
        assert_eq!(source("topics.urls"), "default");
    }

    #[test]
    fn digits_in_a_variable_stay_the_text_that_they_are() {
        let settings = variables(&[
            ("NEWSWIRE__KAFKA__GROUP_ID", "0123"),
            ("NEWSWIRE__DELIVERY__INSTANCE_ID", "7"),
            ("NEWSWIRE__KAFKA__PROPERTIES__SASL_PASSWORD", "007"),
        ])
        .settings;
        assert_eq!(settings.kafka.group_id, "0123");
        assert_eq!(settings.delivery.instance_id, "7");
        assert_eq!(settings.kafka.properties["sasl.password"], "007");
    }

    #[test]
    fn variables_carry_every_type() {
        let settings = variables(&[
            ("NEWSWIRE__DELIVERY__MAX_IN_FLIGHT", "64"),
            ("NEWSWIRE__FETCH__ALLOW_PRIVATE_NETWORKS", "true"),
            ("NEWSWIRE__FRONTIER__HOST_DELAY", "0s"),
            ("NEWSWIRE__FETCH__MAX_BODY", "1MiB"),
            ("NEWSWIRE__FETCH__CA_FILE", "/etc/ca.pem"),
            ("NEWSWIRE__ADMIN__LISTEN", "off"),
            ("NEWSWIRE__FRONTIER__ROBOTS", "ignore"),
        ])
        .settings;
        assert_eq!(settings.delivery.max_in_flight, 64);
        assert!(settings.fetch.allow_private_networks);
        assert_eq!(settings.frontier.host_delay, Duration::ZERO);
        assert_eq!(settings.fetch.max_body, 1 << 20);
        assert_eq!(settings.fetch.ca_file.as_deref(), Some(Path::new("/etc/ca.pem")));
        assert_eq!(settings.admin.listen, None);
        assert_eq!(settings.frontier.robots, Robots::Ignore);
    }

    #[test]
    fn a_list_in_a_variable_is_written_with_commas_as_toml_or_as_json() {
        for text in ["80,8000", " 80 , 8000 ", "[80, 8000]", "[\"80\",\"8000\"]"] {
            assert_eq!(variables(&[("NEWSWIRE__FETCH__PORTS", text)]).settings.fetch.ports, [80, 8000], "{text}");
        }
        let json = r#"[{"topic":"later","delay":"50ms"},{"topic":"much.later","delay":"1s"}]"#;
        let toml = r#"[{ topic = "later", delay = "50ms" }, { topic = "much.later", delay = "1s" }]"#;
        for text in [json, toml] {
            let tiers = variables(&[("NEWSWIRE__RETRY__TIERS", text)]).settings.retry.tiers;
            assert_eq!(tiers[0], Tier { topic: "later".to_owned(), delay: Duration::from_millis(50) });
            assert_eq!(tiers.len(), 2);
        }
    }

    #[test]
    fn a_table_in_a_variable_is_written_with_commas_as_toml_or_as_json() {
        for text in ["a.example=127.0.0.1:1", r#"{ "a.example" = "127.0.0.1:1" }"#, r#"{"a.example":"127.0.0.1:1"}"#] {
            let resolve = variables(&[("NEWSWIRE__FETCH__RESOLVE", text)]).settings.fetch.resolve;
            assert_eq!(resolve["a.example"], "127.0.0.1:1".parse().unwrap(), "{text}");
        }
    }

    #[test]
    fn a_table_in_a_variable_leaves_the_files_other_entries() {
        let text = "[kafka.properties]\n'security.protocol' = 'SSL'\n'client.rack' = 'a'";
        let environment = [("NEWSWIRE__KAFKA__PROPERTIES__CLIENT_RACK", "b")];
        let properties = load_all(text, &environment, &[]).unwrap().settings.kafka.properties;
        assert_eq!(properties["security.protocol"], "SSL");
        assert_eq!(properties["client.rack"], "b");
    }

    #[test]
    fn an_empty_variable_unsets_what_may_be_unset() {
        let text =
            "[fetch]\nca_file = 'a.pem'\n[fetch.resolve]\n'a.example' = '127.0.0.1:1'\n[admin]\nlisten = '[::]:1'";
        let environment =
            [("NEWSWIRE__FETCH__CA_FILE", ""), ("NEWSWIRE__FETCH__RESOLVE", ""), ("NEWSWIRE__ADMIN__LISTEN", "")];
        let settings = load_all(text, &environment, &[]).unwrap().settings;
        assert_eq!(settings.fetch.ca_file, None);
        assert_eq!(settings.fetch.resolve, BTreeMap::new());
        assert_eq!(settings.admin.listen, None);

        let text = "[kafka.properties]\n'client.rack' = 'a'\n'client.id' = 'b'";
        let environment = [("NEWSWIRE__KAFKA__PROPERTIES__CLIENT_RACK", "")];
        let properties = load_all(text, &environment, &[]).unwrap().settings.kafka.properties;
        assert_eq!(properties.into_keys().collect::<Vec<_>>(), ["client.id"]);

        assert!(error("", &[("NEWSWIRE__FETCH__MAX_BODY", "")]).contains("fetch.max_body = \"\""));
    }

    #[test]
    fn variables_of_others_are_left_alone() {
        // Kubernetes makes the first two for a service with this name.
        let others = [("NEWSWIRE_PORT", "tcp://10.0.0.1:80"), ("NEWSWIRE_SERVICE_HOST", "10.0.0.1"), ("PATH", "/bin")];
        assert_eq!(variables(&others).settings, defaults());
    }

    #[test]
    fn hosts_are_kept_in_ascii_lower_case_and_without_a_trailing_dot() {
        let resolve = file("[fetch.resolve]\n'BÜCHER.example.' = '127.0.0.1:80'").settings.fetch.resolve;
        assert_eq!(resolve.keys().collect::<Vec<_>>(), ["xn--bcher-kva.example"]);
    }

    #[test]
    fn the_processs_environment_loads() {
        assert!(load(None, environment(), &[]).is_ok());
        assert!(load(Some(Path::new("config/newswire.toml")), environment(), &[]).is_ok());
    }
}

mod values {
    use super::*;

    #[test]
    fn durations_and_sizes_are_read_as_people_write_them() {
        for (text, milliseconds) in [("200ms", 200), ("1s 500ms", 1_500), ("2m", 120_000), ("1h", 3_600_000)] {
            let settings = file(&format!("[retry]\nmax_age = '{text}'")).settings;
            assert_eq!(settings.retry.max_age, Duration::from_millis(milliseconds), "{text}");
        }
        for (text, bytes) in [("'8MiB'", 8 << 20), ("'512 KiB'", 512 << 10), ("'1MB'", 1_000_000), ("4096", 4_096)] {
            assert_eq!(file(&format!("[fetch]\nmax_body = {text}")).settings.fetch.max_body, bytes, "{text}");
        }
    }

    #[test]
    fn a_file_has_types_and_they_count() {
        for text in [
            "[delivery]\nmax_in_flight = '64'",
            "[fetch]\nallow_private_networks = 'true'",
            "[fetch]\nports = '80,443'",
            "[frontier]\nhost_delay = 5",
            "[kafka]\ngroup_id = 5",
            "[kafka]\nproperties = 'a=b'",
            "[retry]\ntiers = ['news.urls.retry.1m']",
            "[extract]\nmin_words = 1.5",
        ] {
            assert!(error(text, &[]).contains("allowed is") || text.contains("tiers"), "{text}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused_and_its_neighbour_is_not() {
        for (key, good, bad) in [
            ("delivery.max_in_flight", "100000", "100001"),
            ("delivery.max_in_flight", "1", "0"),
            ("delivery.commit_interval", "'10ms'", "'9ms'"),
            ("extract.min_words", "1", "0"),
            ("frontier.host_delay", "'0s'", "'2d'"),
            ("fetch.ports", "[1, 65535]", "[0]"),
            ("fetch.ports", "[80, 443]", "[80, 80]"),
            ("fetch.ports", "[80]", "[]"),
            ("fetch.max_body", "'1GiB'", "'2GiB'"),
            ("retry.max_attempts", "1", "-1"),
            ("topics.urls", "'a.b_c-d'", "'a/b'"),
            ("admin.listen", "'[::]:80'", "'localhost'"),
            ("log.filter", "'info,newswire=debug'", "'newswire=loud'"),
            ("fetch.user_agent", "'a_b-c/1 (+https://a.example)'", "'a b'"),
            ("fetch.user_agent", "'a/1'", "\"a/1\\r\\nx: y\""),
            ("kafka.bootstrap_servers", "'SSL://a:1,[::1]:2,c'", "'a:b'"),
            ("kafka.bootstrap_servers", "'a:1, b:2'", "'a:1,'"),
            ("delivery.instance_id", "'pod-0'", "'a b'"),
            ("fetch.proxy", "'http://user:word@a:3128'", "'socks5://a:1'"),
            ("dedup.redis_url", "'rediss://a:1/0'", "'http://a'"),
        ] {
            let (section, name) = key.split_once('.').unwrap();
            file(&format!("[{section}]\n{name} = {good}"));
            let error = error(&format!("[{section}]\n{name} = {bad}"), &[]);
            assert!(error.starts_with(&format!("{key} = ")), "{error}");
            assert!(error.contains("(file newswire.toml): allowed is "), "{error}");
        }
    }

    #[test]
    fn an_empty_agent_and_an_empty_instance_are_made_at_the_start() {
        let settings = file("[fetch]\nuser_agent = ''\n[delivery]\ninstance_id = ''").settings;
        assert_eq!(settings.fetch.user_agent, format!("newswire/{}", env!("CARGO_PKG_VERSION")));
        assert!(!settings.delivery.instance_id.is_empty());
    }
}

mod properties {
    use super::*;

    #[test]
    fn quoted_and_unquoted_names_mean_the_same() {
        let quoted = file("[kafka.properties]\n'security.protocol' = 'SASL_SSL'\n'sasl.mechanism' = 'PLAIN'");
        let nested = file("[kafka.properties]\nsecurity.protocol = 'SASL_SSL'\nsasl.mechanism = 'PLAIN'");
        let inline = file("[kafka]\nproperties = { security.protocol = 'SASL_SSL', 'sasl.mechanism' = 'PLAIN' }");
        assert_eq!(quoted.settings, nested.settings);
        assert_eq!(quoted.settings, inline.settings);
        assert_eq!(quoted.settings.kafka.properties["sasl.mechanism"], "PLAIN");
    }

    #[test]
    fn numbers_and_booleans_become_texts() {
        let text =
            "[kafka.producer_properties]\nlinger.ms = 5\nretries = 3\n[kafka.consumer_properties]\ncheck.crcs = true";
        let kafka = file(text).settings.kafka;
        assert_eq!(kafka.producer_properties["linger.ms"], "5");
        assert_eq!(kafka.producer_properties["retries"], "3");
        assert_eq!(kafka.consumer_properties["check.crcs"], "true");
    }

    #[test]
    fn those_that_newswire_owns_are_refused_with_the_reason() {
        for name in ["group.id", "enable.auto.commit", "transactional.id", "isolation.level", "acks"] {
            for table in ["properties", "consumer_properties", "producer_properties"] {
                let error = error(&format!("[kafka.{table}]\n'{name}' = 'x'"), &[]);
                assert!(error.starts_with(&format!("kafka.{table}.")) && error.contains("newswire sets"), "{error}");
            }
        }
    }

    #[test]
    fn cooperative_sticky_is_refused_and_other_strategies_are_not() {
        let strategy = |text| format!("[kafka.consumer_properties]\npartition.assignment.strategy = '{text}'");
        assert!(error(&strategy("range,cooperative-sticky"), &[]).contains("4059"));
        file(&strategy("roundrobin,range"));
        file("[kafka.consumer_properties]\ngroup.protocol = 'consumer'");
    }

    #[test]
    fn librdkafka_is_asked_about_names_and_values() {
        let unknown = error("[kafka.properties]\n'security.protocoll' = 'SSL'", &[]);
        assert!(unknown.contains("No such configuration property"), "{unknown}");
        let invalid = error("", &[("NEWSWIRE__KAFKA__PROPERTIES__SECURITY_PROTOCOL", "TLS")]);
        assert!(invalid.contains("Invalid value") && invalid.contains("SECURITY_PROTOCOL"), "{invalid}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_in_a_variable_ends_in_a_panic(text in "\\PC{0,40}") {
        let sections = load_all("", &[], &[]).unwrap();
        let all: Vec<(String, String)> =
            sections.entries.iter().map(|entry| (Source::Variable(String::new()).spelling(entry.key), text.clone())).collect();
        let _ = load(None, all.into_iter(), &[]);
    }

    #[test]
    fn no_text_of_a_file_ends_in_a_panic(text in "[\\[\\]a-z.'\"= {}0-9,\n]{0,60}") {
        let _ = load_all(&text, &[], &[]);
    }
}
