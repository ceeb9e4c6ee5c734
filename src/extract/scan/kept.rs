//! Which attributes the tree builder gets.

use std::sync::LazyLock;

use html5ever::LocalName;

use super::names::Names;

/// The attributes that rules read, in lower case; a test holds the rooms' code against them.
#[rustfmt::skip]
const KEPT: [&str; 32] = [
    "class", "href", "id", "src", "content", "name", "property", "rel", "style", "title", "alt", "role", "type", "lang", "itemprop", "itemtype", "datetime", "hidden",
    "aria-modal", "http-equiv", "xml:lang", "width", "height", "srcset", "data-src", "data-srcset", "data-lazy", "data-lazy-src", "data-original", "data-testid",
    "data-component", "pubdate",
];

/// Elements whose attributes the tree builder compares: three that are equal are not opened a fourth time (HTML
/// Standard, 13.2.4.3). All of theirs are kept.
const COMPARED: [&str; 13] =
    ["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Of such an element so many attributes are kept, of however many: each is compared with all before it.
const MOST_COMPARED: usize = 64;

/// Says of one element's attributes which are kept.
pub(super) struct Keeper {
    /// So many of the next ones are, whatever their names.
    all: usize,
}

impl Keeper {
    /// For an element with this name, in lower case.
    pub(super) fn of(name: &str) -> Self {
        let compared = name.len() <= 6 && COMPARED.contains(&name);
        if compared { Self::of_all() } else { Self { all: 0 } }
    }

    /// For an element whose attributes the tree builder reads.
    pub(super) fn of_all() -> Self {
        Self { all: MOST_COMPARED }
    }

    /// The name of the next attribute, if it is kept.
    pub(super) fn keeps<'a>(&mut self, name: &'a str, names: &mut Names<'a>) -> Option<LocalName> {
        if self.all > 0 {
            self.all -= 1;
            return Some(names.local(name));
        }
        LOCAL.get(place(name)?).cloned()
    }
}

/// The names of [`KEPT`] as the tree has them.
static LOCAL: LazyLock<[LocalName; KEPT.len()]> = LazyLock::new(|| KEPT.map(LocalName::from));

/// The place of a name in [`KEPT`].
pub(super) fn place(name: &str) -> Option<usize> {
    let first = name.bytes().next()?.to_ascii_lowercase();
    KEPT.iter().position(|kept| {
        kept.len() == name.len() && kept.as_bytes().first() == Some(&first) && kept.eq_ignore_ascii_case(name)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What stands in quotes behind `attr(` and in the lists of `values` in the rooms' code.
    fn asked_for(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                asked_for(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let code = fs::read_to_string(&path).unwrap();
                let asked = code.split("attr(\"").skip(1).filter_map(|rest| rest.split_once('"'));
                found.extend(asked.map(|(name, _)| name.to_owned()));
                let lists = code.split("values(element, [\"").skip(1).filter_map(|rest| rest.split_once("\"]"));
                found.extend(lists.flat_map(|(names, _)| names.split("\", \"")).map(str::to_owned));
            }
        }
    }

    #[test]
    fn each_attribute_that_a_rule_asks_for_is_kept() {
        let mut found = Vec::new();
        asked_for(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/extract"), &mut found);
        assert!(found.len() > 5 && found.iter().any(|name| name == "http-equiv"), "{found:?}");
        let lost: Vec<&String> = found.iter().filter(|name| place(name).is_none()).collect();
        assert!(lost.is_empty(), "left out before the parser: {lost:?}");
    }

    #[test]
    fn names_are_kept_whatever_their_case() {
        let kept =
            |element: &str, name| Keeper::of(element).keeps(name, &mut Names::default()).map(|name| name.to_string());
        assert_eq!(kept("p", "CLASS").as_deref(), Some("class"));
        assert_eq!(kept("p", "onclick"), None);
        assert_eq!(kept("font", "Color").as_deref(), Some("color"));
        assert_eq!(kept("p", KEPT[KEPT.len() - 1]).as_deref(), Some("pubdate"));
    }
}
