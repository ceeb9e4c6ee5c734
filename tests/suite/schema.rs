//! Records held against the schema that the repository publishes.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::topics::Record;

/// The schema as committed.
pub fn committed() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/article.schema.json");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// The article of a record, which must be as the schema says, under its own id as the key.
pub fn article(record: &Record) -> Value {
    let article = record.json();
    valid(&article);
    assert_eq!(record.key.as_deref(), article["id"].as_str().map(str::as_bytes), "the key is the article's id");
    article
}

/// Fails unless this article is as the schema says.
pub fn valid(article: &Value) {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| jsonschema::validator_for(&committed()).unwrap());
    let errors: Vec<_> = validator.iter_errors(article).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(errors.is_empty(), "against the schema: {errors:#?}\n{article:#}");
}
