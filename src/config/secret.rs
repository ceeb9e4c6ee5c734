//! What must not be shown: not in an error, not in a log line, not by `newswire config`.

use std::collections::BTreeMap;
use std::fmt;

/// What stands where a secret would be.
pub(super) const HIDDEN: &str = "(hidden)";

/// Parts of names whose values are secrets: librdkafka's, and those that people invent when they
/// guess a key. A path such as `ssl.key.location` is none.
const SECRET_NAMES: [&str; 10] = [
    "pass",
    "pasw",
    "secret",
    "token",
    "credential",
    "key.pem",
    "private.key",
    "jaas",
    "api_key",
    "oauthbearer.config",
];

/// A text that can be used and not be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` from being printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for whoever must send or compare it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// Whether the value of the key or property `name` is a secret, known or not.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// `text` as it may be shown as the value of `name`.
///
/// A secret is hidden altogether, and so is a table of properties that could not be read. In anything with `://`, what stands before an `@` is hidden, and in an address
/// (`redis_url`, `bootstrap_servers`) the query too, and all of it where the credentials can't be told apart.
pub(super) fn shown(name: &str, text: &str) -> String {
    if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return format!("\"{}\"", shown(name, inner));
    }
    if text.is_empty() {
        return String::new();
    }
    if is_secret(name) || name.ends_with("properties") {
        return HIDDEN.to_owned();
    }
    // What was pasted into the place of a store's address may be its password.
    if name.ends_with("_url") && !text.starts_with("redis") {
        return HIDDEN.to_owned();
    }
    let is_address = name.ends_with("_url") || name.ends_with("servers");
    if is_address && text.contains('@') && !text.contains("://") {
        return HIDDEN.to_owned();
    }
    let without_credentials = without_credentials(text);
    match without_credentials.split_once('?') {
        Some((before, _)) if is_address => format!("{before}?{HIDDEN}"),
        _ => without_credentials,
    }
}

/// The properties as they may be printed.
pub(super) fn without_secrets(properties: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    properties.iter().map(|(name, value)| (name.as_str(), shown(name, value))).collect()
}

/// Hides what stands between `://` and the last `@` of the same word; a password may hold any sign but a space.
fn without_credentials(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let word = after.split(|sign: char| sign.is_whitespace() || sign == '"').next().unwrap_or(after);
        let credentials = word.rfind('@').unwrap_or(0);
        if credentials > 0 {
            shown.push_str(HIDDEN);
        }
        rest = after.get(credentials..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_an_address_are_hidden_and_the_rest_is_not() {
        let hidden = |text| shown("dedup.redis_url", text);
        assert_eq!(hidden("redis://me:pa:ss/w@rd@store:6379/2"), "redis://(hidden)@store:6379/2");
        assert_eq!(hidden("redis://:x@store"), "redis://(hidden)@store");
        assert_eq!(hidden("redis://store:6379/2"), "redis://store:6379/2");
        assert_eq!(hidden("redis+unix:///run/redis.sock?pass=x"), "redis+unix:///run/redis.sock?(hidden)");
        assert_eq!(hidden("me:x@store:6379"), "(hidden)");
        assert_eq!(shown("kafka.bootstrap_servers", "me:x@broker:9092"), "(hidden)");
    }

    #[test]
    fn what_is_no_address_where_one_belongs_may_be_a_password() {
        for text in ["hunter2", "hunter2://u:hunter2", "{ a = \"hunter2\" }"] {
            assert_eq!(shown("dedup.redis_url", text), HIDDEN);
        }
        assert!(is_secret("sasl.pasword"));
    }

    #[test]
    fn a_contact_in_the_user_agent_is_no_credential() {
        let agent = "newsbot/1.0 (+https://example.com/bot; bot@example.com)";
        assert_eq!(shown("fetch.user_agent", agent), agent);
    }

    #[test]
    fn a_list_of_addresses_hides_each_ones_credentials() {
        let text = "SASL_SSL://a:b@one:1,SASL_SSL://c:d@two:2";
        let shown = shown("kafka.bootstrap_servers", text);
        assert!(!shown.contains("a:b") && !shown.contains("c:d"), "{shown}");
        assert!(shown.ends_with("@two:2"));
    }

    #[test]
    fn a_quoted_text_stays_quoted() {
        assert_eq!(shown("dedup.redis_url", r#""redis://s?pass=x""#), r#""redis://s?(hidden)""#);
        assert_eq!(shown("admin.token", r#""x""#), r#""(hidden)""#);
    }

    #[test]
    fn names_tell_secrets() {
        for name in
            ["sasl.password", "ssl.key.pem", "ssl.key.password", "sasl.oauthbearer.client.secret", "admin.token"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["ssl.key.location", "sasl.username", "security.protocol", "fetch.max_body"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some((hidden))");
    }
}
