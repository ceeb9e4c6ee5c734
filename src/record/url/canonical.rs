//! Whether to believe a page that says which address it goes by.

use url::Url;

use super::key::{is_noise, out_of_caches};
use super::{check, site};

/// Whether what `page` names as its canonical address can be one: an address that may be asked for, of the same
/// site, and no front page or section where `page` itself is at an article's address.
///
/// Templates are the reason: on some sites every article names the front page, or the section it stands in. A page
/// that came through an AMP cache belongs to the site behind it. What can't be told from one page alone, that many
/// of them name the same address, is for whoever sees them all.
pub fn is_plausible_canonical(page: &Url, canonical: &Url) -> bool {
    let unwrapped = out_of_caches(page);
    let page = unwrapped.as_ref().unwrap_or(page);
    if check(canonical).is_err() || site(page) != site(canonical) {
        return false;
    }
    is_of_an_article(canonical) || !is_of_an_article(page)
}

/// Whether an address names one page rather than a place where many are listed: by its query, or by a segment
/// that is a headline or an id. Years, months and days (`/2024/11/05/`) are places.
fn is_of_an_article(url: &Url) -> bool {
    let named = |segment: &str| {
        let words = segment.split(['-', '_', '+']).filter(|word| !word.is_empty()).count();
        let longest_number = segment.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
        let mixed = longest_number > 0 && !segment.bytes().all(|byte| byte.is_ascii_digit());
        let file = segment.rsplit_once('.').is_some_and(|(name, _)| !name.eq_ignore_ascii_case("index"));
        // Scripts without spaces or Latin letters are escaped: three bytes or more a character.
        let escaped = segment.matches('%').count() >= 12;
        words >= 3 || longest_number >= 5 || mixed || file || escaped
    };
    url.query().is_some_and(|query| query.split('&').any(|pair| pair.contains('=') && !is_noise(pair)))
        || url.path_segments().is_some_and(|mut all| all.any(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plausible(page: &str, canonical: &str) -> bool {
        is_plausible_canonical(&Url::parse(page).unwrap(), &Url::parse(canonical).unwrap())
    }

    const STORY: &str = "https://www.news.example/world/2024/11/05/harbour-reopens-after-storm";

    #[test]
    fn another_spelling_on_the_same_site_is_believed() {
        for canonical in [
            "https://news.example/world/2024/11/05/harbour-reopens-after-storm/",
            "https://amp.news.example/1234567",
            "http://news.example/?p=123",
            "https://news.example/a/harbour.html",
            "https://news.example/%E6%B8%AF%E6%B9%BE%E9%87%8D%E5%BC%80",
        ] {
            assert!(plausible(STORY, canonical), "{canonical}");
        }
        assert!(plausible("https://news.example/?utm_source=x", "https://news.example/"), "of a front page");
        assert!(plausible("https://news.example/world?page", "https://news.example/world"), "of a section");
    }

    #[test]
    fn a_front_page_a_section_and_another_site_are_not() {
        for canonical in [
            "https://www.news.example/",
            "https://www.news.example/index.html",
            "https://www.news.example/world",
            "https://www.news.example/world/2024/11/05/",
            "https://other.example/world/harbour-reopens-after-storm",
            "https://u:p@news.example/harbour-reopens-after-storm",
            "ftp://news.example/harbour-reopens-after-storm",
        ] {
            assert!(!plausible(STORY, canonical), "{canonical}");
        }
    }

    #[test]
    fn a_page_out_of_a_cache_belongs_to_the_site_behind_it() {
        let cached = "https://news-example.cdn.ampproject.org/c/s/news.example/harbour-reopens-after-storm/amp";
        assert!(plausible(cached, "https://news.example/harbour-reopens-after-storm"));
        assert!(!plausible(cached, "https://news-example.cdn.ampproject.org/harbour-reopens-after-storm"));
    }
}
