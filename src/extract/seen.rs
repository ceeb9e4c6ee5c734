//! What names and classes came to when they were first seen: a page has a few, and each a hundred times.

use xxhash_rust::xxh3::xxh3_64;

/// Places for texts of a page and what they came to, each for the last of those that fall on it.
pub(super) struct Seen<'a, T, const PLACES: usize>([Option<(&'a str, T)>; PLACES]);

impl<T, const PLACES: usize> Default for Seen<'_, T, PLACES> {
    fn default() -> Self {
        Self([const { None }; PLACES])
    }
}

impl<'a, T: Clone, const PLACES: usize> Seen<'a, T, PLACES> {
    /// What `text` comes to by `read`, which is asked where that is not known.
    pub(super) fn of(&mut self, text: &'a str, read: impl FnOnce(&'a str) -> T) -> T {
        let place = usize::try_from(xxh3_64(text.as_bytes()) % PLACES as u64).ok();
        let Some(known) = place.and_then(|place| self.0.get_mut(place)) else { return read(text) };
        if let Some((seen, value)) = known
            && *seen == text
        {
            return value.clone();
        }
        known.insert((text, read(text))).1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_until_another_takes_its_place() {
        let mut seen: Seen<'_, usize, 1> = Seen::default();
        let mut reads = 0;
        for text in ["div", "div", "p", "div"] {
            let length = seen.of(text, |text| {
                reads += 1;
                text.len()
            });
            assert_eq!(length, text.len());
        }
        assert_eq!(reads, 3);
    }
}
