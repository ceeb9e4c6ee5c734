//! The language of a text: by its trigrams (whatlang), or as the page says where the text is short.

use whatlang::Lang;

/// Bytes of the text that are looked at; more change nothing (whatlang looks at 300 trigrams).
const SAMPLE_BYTES: usize = 4_000;

/// ISO 639-1 of the text, or 639-3 where there is no shorter code.
pub(super) fn language(body: &str, declared: Option<&str>) -> Option<String> {
    let declared = declared.and_then(primary);
    let sample = body.get(..body.floor_char_boundary(SAMPLE_BYTES)).unwrap_or(body);
    let detected =
        whatlang::detect(sample).filter(|info| info.is_reliable() || declared.is_none()).map(|info| code(info.lang()));
    match (detected, declared) {
        // Neighbours that trigrams mix up: the page knows better.
        (Some(detected), Some(declared)) if alike(detected, &declared) => Some(declared),
        (Some(detected), _) => Some(detected.to_owned()),
        (None, declared) => declared,
    }
}

/// The primary subtag of a language tag (BCP 47).
fn primary(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let plausible = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    plausible.then_some(primary)
}

/// Languages of one group that whatlang tells apart badly, or does not know.
fn alike(a: &str, b: &str) -> bool {
    const GROUPS: [&[&str]; 7] = [
        &["nb", "no", "nn", "da", "sv", "fo"],
        &["hr", "sr", "bs", "sl", "sh", "me"],
        &["es", "gl", "ca", "pt", "ast"],
        &["id", "ms", "jv", "su", "tl"],
        &["ru", "uk", "be", "bg", "mk", "sr", "kk", "ky"],
        &["cs", "sk", "pl"],
        &["tr", "az", "tk", "uz"],
    ];
    GROUPS.iter().any(|group| group.contains(&a) && group.contains(&b))
}

/// whatlang speaks ISO 639-3.
#[rustfmt::skip]
fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Eng => "en", Lang::Rus => "ru", Lang::Cmn => "zh", Lang::Spa => "es", Lang::Por => "pt", Lang::Ita => "it",
        Lang::Ben => "bn", Lang::Fra => "fr", Lang::Deu => "de", Lang::Ukr => "uk", Lang::Kat => "ka", Lang::Ara => "ar",
        Lang::Hin => "hi", Lang::Jpn => "ja", Lang::Heb => "he", Lang::Yid => "yi", Lang::Pol => "pl", Lang::Amh => "am",
        Lang::Jav => "jv", Lang::Kor => "ko", Lang::Nob => "nb", Lang::Dan => "da", Lang::Swe => "sv", Lang::Fin => "fi",
        Lang::Tur => "tr", Lang::Nld => "nl", Lang::Hun => "hu", Lang::Ces => "cs", Lang::Ell => "el", Lang::Bul => "bg",
        Lang::Bel => "be", Lang::Mar => "mr", Lang::Kan => "kn", Lang::Ron => "ro", Lang::Slv => "sl", Lang::Hrv => "hr",
        Lang::Srp => "sr", Lang::Mkd => "mk", Lang::Lit => "lt", Lang::Lav => "lv", Lang::Est => "et", Lang::Tam => "ta",
        Lang::Vie => "vi", Lang::Urd => "ur", Lang::Tha => "th", Lang::Guj => "gu", Lang::Uzb => "uz", Lang::Pan => "pa",
        Lang::Aze => "az", Lang::Ind => "id", Lang::Tel => "te", Lang::Pes => "fa", Lang::Mal => "ml", Lang::Ori => "or",
        Lang::Mya => "my", Lang::Nep => "ne", Lang::Sin => "si", Lang::Khm => "km", Lang::Tuk => "tk", Lang::Aka => "ak",
        Lang::Zul => "zu", Lang::Sna => "sn", Lang::Afr => "af", Lang::Lat => "la", Lang::Slk => "sk", Lang::Cat => "ca",
        Lang::Tgl => "tl", Lang::Hye => "hy",
        other => other.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_beats_the_attribute() {
        let text = "Japan und Russland wollen bis zum Ende des Jahres einen Friedensvertrag schließen, sagte der Ministerpräsident am Freitag.";
        assert_eq!(language(text, Some("en-US")).as_deref(), Some("de"));
    }

    #[test]
    fn a_short_text_is_believed_less_than_the_page() {
        assert_eq!(language("Ok", Some("pt_BR")).as_deref(), Some("pt"));
        assert_eq!(language("", None), None);
    }

    #[test]
    fn what_is_no_tag_says_nothing() {
        assert_eq!(primary("{{ lang }}"), None);
        assert_eq!(primary("zh-Hant-TW").as_deref(), Some("zh"));
    }
}
