//! What the operator says about hosts: a file of rules, read again when it changes.
//!
//! ```toml
//! [[rule]]
//! host = "example.org"          # this host and all below it; "*.example.org": only those below; "*": every host
//! action = "block"              # or "slow", "pause", "boost"
//! until = 2026-12-24T18:00:00Z  # optional
//! why = "they asked us to, ticket 4711"
//! delay = "30s"                 # for "slow" and "boost"
//! ```
//!
//! The rule for the longest name counts; of two for one name, the first that still holds.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

/// How often the file is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);

/// The largest file that is read, in bytes: 50,000 rules.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;

/// What `slow` means where no `delay` stands: the longest crawl-delay that a host itself can ask for.
const SLOW: Duration = Duration::from_secs(30);

/// What is to be done with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Never ask it: its messages are rejected, with the why.
    Block {
        /// Why.
        why: Arc<str>,
    },
    /// Ask it no more until then: its messages wait.
    Pause {
        /// Until when; a day on and on where the rule names no end.
        until: Option<Timestamp>,
        /// Why.
        why: Arc<str>,
    },
    /// At least so long between two requests.
    Slow(Duration),
    /// So long in place of `frontier.host_delay`. What the host asks for itself is kept.
    Boost(Duration),
}

/// Why a file of rules can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is")]
pub enum OrdersError {
    #[error("frontier.rules = {file:?}: {cause}")]
    Unreadable { file: PathBuf, cause: String },
    #[error("frontier.rules = {file:?}: rule {number}: {cause}")]
    Rule { file: PathBuf, number: usize, cause: String },
}

/// The operator's rules. A clone is the same rules.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    looked: Instant,
    version: Option<(SystemTime, u64)>,
    rules: Arc<Table>,
}

/// By the name that a rule is for; `*.` before it where it is only for those below.
type Table = HashMap<String, Vec<Rule>>;

#[derive(Debug, Clone)]
struct Rule {
    order: Order,
    until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    host: String,
    action: String,
    until: Option<String>,
    #[serde(default)]
    why: String,
    delay: Option<String>,
}

impl Orders {
    /// The rules of this file, or none.
    ///
    /// # Errors
    /// [`OrdersError`]: at the start a file must be whole.
    pub fn of_file(file: Option<&Path>) -> Result<Self, OrdersError> {
        let Some(file) = file else { return Ok(Self::default()) };
        let version = version(file);
        let state = State { looked: Instant::now(), version, rules: Arc::new(read(file)?) };
        Ok(Self { shared: Some(Arc::new(Shared { file: file.to_owned(), state: Mutex::new(state) })) })
    }

    /// What holds for `host` (ASCII, lower case, no trailing dot) at `now`.
    pub fn of(&self, host: &str, now: Timestamp) -> Option<Order> {
        let shared = self.shared.as_ref()?;
        let rules = shared.current();
        let holds = |name: &str| {
            let rule = rules.get(name)?.iter().find(|rule| rule.until.is_none_or(|until| now < until))?;
            Some(rule.order.clone())
        };
        let mut name = host;
        if let Some(order) = holds(name) {
            return Some(order);
        }
        while let Some((_, above)) = name.split_once('.') {
            name = above;
            if let Some(order) = holds(&format!("*.{name}")).or_else(|| holds(name)) {
                return Some(order);
            }
        }
        holds("*")
    }
}

impl Shared {
    /// The rules as the file has them now. One that is broken keeps the old rules, and says so once.
    fn current(&self) -> Arc<Table> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.elapsed() < LOOKED_AT_EVERY {
            return state.rules.clone();
        }
        state.looked = Instant::now();
        let version = version(&self.file);
        if version == state.version {
            return state.rules.clone();
        }
        state.version = version;
        match read(&self.file) {
            Ok(rules) => {
                tracing::info!(file = %self.file.display(), names = rules.len(), "rules for hosts read again");
                state.rules = Arc::new(rules);
            }
            Err(failure) => tracing::error!(error = %failure, "rules for hosts can't be read; the old ones stay"),
        }
        state.rules.clone()
    }
}

fn version(file: &Path) -> Option<(SystemTime, u64)> {
    let found = std::fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}

fn read(file: &Path) -> Result<Table, OrdersError> {
    let unreadable = |cause: String| OrdersError::Unreadable { file: file.to_owned(), cause };
    let length = std::fs::metadata(file).map_err(|failure| unreadable(failure.to_string()))?.len();
    if length > LARGEST_FILE {
        return Err(unreadable(format!("{length} bytes, at most {LARGEST_FILE} are read")));
    }
    let text = std::fs::read_to_string(file).map_err(|failure| unreadable(failure.to_string()))?;
    let written: File = config::Config::builder()
        .add_source(config::File::from_str(&text, config::FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .map_err(|failure| unreadable(failure.to_string()))?;
    let mut table = Table::new();
    for (number, rule) in written.rule.into_iter().enumerate() {
        let (name, rule) = rule.understood().map_err(|cause| {
            let number = number + 1;
            OrdersError::Rule { file: file.to_owned(), number, cause }
        })?;
        table.entry(name).or_default().push(rule);
    }
    Ok(table)
}

impl Written {
    fn understood(self) -> Result<(String, Rule), String> {
        let name = pattern(&self.host)?;
        let until = self.until.map(|until| until.parse::<Timestamp>()).transpose();
        let until = until.map_err(|failure| format!("until: {failure}"))?;
        let delay = self.delay.map(|delay| humantime::parse_duration(&delay)).transpose();
        let delay = delay.map_err(|failure| format!("delay: {failure}"))?;
        let why: Arc<str> = if self.why.is_empty() { "a rule of the operator".into() } else { self.why.into() };
        let order = match self.action.as_str() {
            "block" => Order::Block { why },
            "pause" => Order::Pause { until, why },
            "slow" => Order::Slow(delay.unwrap_or(SLOW)),
            "boost" => Order::Boost(delay.unwrap_or_default()),
            other => return Err(format!("action = {other:?}; allowed is \"block\", \"slow\", \"pause\" or \"boost\"")),
        };
        if delay.is_some() && matches!(order, Order::Block { .. } | Order::Pause { .. }) {
            return Err(format!("delay says nothing beside action = {:?}", self.action));
        }
        Ok((name, Rule { order, until }))
    }
}

/// A host's name as the guard writes it, `*` and `*.` kept.
fn pattern(written: &str) -> Result<String, String> {
    if written == "*" {
        return Ok(written.to_owned());
    }
    let (star, name) = written.strip_prefix("*.").map_or(("", written), |name| ("*.", name));
    match url::Host::parse(name.trim_end_matches('.')) {
        Ok(host) if !name.contains('*') => Ok(format!("{star}{host}")),
        _ => Err(format!("host = {written:?}; allowed is a name, \"*.\" and a name, or \"*\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    fn orders(text: &str) -> Result<Orders, OrdersError> {
        Orders::of_file(Some(file(text).path()))
    }

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().unwrap()
    }

    const RULES: &str = r#"
        [[rule]]
        host = "example.org"
        action = "block"
        why = "they asked"
        [[rule]]
        host = "*.news.example"
        action = "slow"
        delay = "5s"
        [[rule]]
        host = "Fast.News.example."
        action = "boost"
        [[rule]]
        host = "over.example"
        action = "block"
        until = 2026-11-24T11:59:59Z
        [[rule]]
        host = "over.example"
        action = "pause"
        until = "2026-11-25T00:00:00+01:00"
    "#;

    #[test]
    fn the_rule_for_the_longest_name_that_still_holds_counts() {
        let orders = orders(RULES).unwrap();
        let of = |host| orders.of(host, now());
        assert_eq!(of("example.org"), Some(Order::Block { why: "they asked".into() }));
        assert_eq!(of("www.example.org"), of("example.org"));
        assert_eq!(of("notexample.org"), None);
        assert_eq!(of("news.example"), None);
        assert_eq!(of("a.b.news.example"), Some(Order::Slow(Duration::from_secs(5))));
        assert_eq!(of("fast.news.example"), Some(Order::Boost(Duration::ZERO)));
        assert!(matches!(of("over.example"), Some(Order::Pause { until: Some(_), .. })));
        assert_eq!(orders.of("over.example", "2027-01-01T00:00:00Z".parse().unwrap()), None);
    }

    #[test]
    fn what_is_wrong_is_named_with_the_rules_number() {
        for (text, words) in [
            ("[[rule]]\nhost = \"a.example\"\naction = \"bock\"", "rule 1: action = \"bock\""),
            ("[[rule]]\nhost = \"a*\"\naction = \"block\"", "rule 1: host = \"a*\""),
            ("[[rule]]\nhost = \"a.example\"\naction = \"slow\"\ndelay = \"soon\"", "rule 1: delay"),
            ("[[rule]]\nhost = \"a.example\"\naction = \"block\"\nuntil = \"soon\"", "rule 1: until"),
            ("[[rule]]\naction = \"block\"", "host"),
            ("[[rule]]\nhost = \"a.example\"\naction = \"block\"\nwhen = 1", "when"),
            ("no toml", "frontier.rules"),
        ] {
            let failure = orders(text).unwrap_err().to_string();
            assert!(failure.contains(words), "{failure}");
        }
        assert!(Orders::of_file(Some(Path::new("/no/such/file"))).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_is_read_again_when_it_changes_and_a_broken_one_keeps_the_old_rules() {
        let file = file(RULES);
        let orders = Orders::of_file(Some(file.path())).unwrap();
        let look = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            orders.of("example.org", now())
        };
        tokio::time::advance(LOOKED_AT_EVERY).await;
        assert!(look("[[rule]]\nhost = ").is_some(), "broken");
        tokio::time::advance(LOOKED_AT_EVERY).await;
        assert!(look("").is_none(), "whole, and without rules");
        tokio::time::advance(LOOKED_AT_EVERY).await;
        assert!(look("[[rule]]\nhost = \"*\"\naction = \"block\"").is_some());
    }
}
