//! A settings file as this version writes it: keys under their new names, all else as it was, comments too.

use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::error::SettingError;
use super::renamed::Renamed;

/// A file that was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The file's new text.
    pub text: String,
    /// What was changed, a sentence each.
    pub changes: Vec<String>,
}

/// Brings the `text` of the settings file called `file` up to date with what was `renamed`.
///
/// # Errors
/// It is no TOML.
pub fn migrate(text: &str, file: &str, renamed: &[Renamed]) -> Result<Migrated, SettingError> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| SettingError::Malformed {
        file: file.to_owned(),
        error: error.message().to_owned(),
    })?;
    let changes = renamed.iter().filter_map(|renamed| rename(&mut document, renamed)).collect();
    Ok(Migrated { text: document.to_string(), changes })
}

/// Renames one key, if it is there, and says so.
fn rename(document: &mut DocumentMut, renamed: &Renamed) -> Option<String> {
    let ((old_section, old), (new_section, new)) = (renamed.old_parts(), renamed.new_parts());
    let is_there = |section: &str, key: &str| {
        document.get(section).and_then(Item::as_table_like).is_some_and(|keys| keys.contains_key(key))
    };
    if !is_there(old_section, old) {
        return None;
    }
    let overruled = is_there(new_section, new);
    let keys = document.get_mut(old_section)?.as_table_like_mut()?;
    if overruled {
        keys.remove(old);
        return Some(format!("{renamed}; taken out, since {} is set too", renamed.new));
    }
    if old_section == new_section {
        rename_within(keys, old, new);
        return Some(renamed.to_string());
    }
    let moved = take(keys, old)?;
    if keys.is_empty() {
        document.remove(old_section);
    }
    let target = document.entry(new_section).or_insert_with(|| Item::Table(Table::new()));
    put(target.as_table_like_mut()?, new, moved);
    Some(renamed.to_string())
}

/// A key's value, and the blanks and comments around the key.
struct Moved {
    value: Item,
    decor: [Option<toml_edit::Decor>; 2],
}

/// Renames a key where it stands: all are taken out and put back, in their order.
fn rename_within(keys: &mut dyn TableLike, old: &str, new: &str) {
    let names: Vec<String> = keys.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        if let Some(moved) = take(keys, &name) {
            put(keys, if name == old { new } else { &name }, moved);
        }
    }
}

fn take(keys: &mut dyn TableLike, name: &str) -> Option<Moved> {
    let key = keys.key(name).cloned();
    let decor = [key.as_ref().map(|key| key.leaf_decor().clone()), key.map(|key| key.dotted_decor().clone())];
    Some(Moved { value: keys.remove(name)?, decor })
}

fn put(keys: &mut dyn TableLike, name: &str, Moved { value, decor: [leaf, dotted] }: Moved) {
    keys.insert(name, value);
    let Some(mut key) = keys.key_mut(name) else { return };
    if let Some(leaf) = leaf {
        *key.leaf_decor_mut() = leaf;
    }
    if let Some(dotted) = dotted {
        *key.dotted_decor_mut() = dotted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated(text: &str, old: &'static str, new: &'static str) -> Migrated {
        let renamed = [Renamed { old: old.into(), new: new.into(), since: "9.0.0".into() }];
        migrate(text, "newswire.toml", &renamed).unwrap()
    }

    const FILE: &str = "\
# Ours.
[fetch] # how
# Not more.
max_bytes = \"1MiB\" # enough

  max_redirects = 3
[fetch.resolve]
# The one.
\"news.example\" = \"127.0.0.1:1\"

[log]
format = 'json'
";

    #[test]
    fn a_key_is_renamed_where_it_stands_and_all_else_stays_to_the_byte() {
        let Migrated { text, changes } = migrated(FILE, "fetch.max_bytes", "fetch.max_body");
        assert_eq!(text, FILE.replace("max_bytes", "max_body"));
        assert_eq!(changes, ["fetch.max_bytes is called fetch.max_body since 9.0.0"]);
    }

    #[test]
    fn a_key_moves_to_another_section_with_its_comments() {
        let to_log = migrated(FILE, "fetch.max_bytes", "log.most");
        assert!(to_log.text.contains("format = 'json'\n# Not more.\nmost = \"1MiB\" # enough\n"), "{}", to_log.text);
        assert!(to_log.text.contains("[fetch] # how\n\n  max_redirects = 3\n"), "{}", to_log.text);
        let to_new = migrated("[log]\nformat = 'json'\n", "log.format", "events.format");
        assert_eq!(to_new.text, "[events]\nformat = 'json'\n");
    }

    #[test]
    fn a_table_moves_with_its_entries() {
        let Migrated { text, .. } = migrated(FILE, "fetch.resolve", "fetch.addresses");
        assert_eq!(text, FILE.replace("fetch.resolve", "fetch.addresses"));
    }

    #[test]
    fn dotted_and_inline_sections_are_sections() {
        let dotted = migrated("fetch.max_bytes = 1\nfetch.ports = [80]\n", "fetch.max_bytes", "fetch.max_body");
        assert_eq!(dotted.text, "fetch.max_body = 1\nfetch.ports = [80]\n");
        let inline = migrated("fetch = { max_bytes = 1, ports = [80] }\n", "fetch.max_bytes", "fetch.max_body");
        assert_eq!(inline.text, "fetch = { max_body = 1, ports = [80] }\n");
    }

    #[test]
    fn of_both_names_the_new_one_stays() {
        let both = migrated("[log]\nlevel = 'a'\nfilter = 'b'\n", "log.level", "log.filter");
        assert_eq!(both.text, "[log]\nfilter = 'b'\n");
        assert!(both.changes[0].contains("taken out"), "{both:?}");
    }

    #[test]
    fn a_file_without_old_keys_stays_as_it_is() {
        let example = include_str!("../../config/newswire.toml");
        assert_eq!(migrated(example, "no.such", "log.filter"), Migrated { text: example.to_owned(), changes: vec![] });
    }

    #[test]
    fn what_is_no_toml_is_said_without_its_line() {
        let error = migrate("[log]\ntoken = \"secret", "f.toml", &[]).unwrap_err().to_string();
        assert!(error.contains("f.toml") && !error.contains("secret"), "{error}");
    }
}
