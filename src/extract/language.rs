//! The language of a text: by its trigrams (whatlang), or as the page says where the text is short.

use whatlang::Lang;

/// Bytes of the text that are looked at. Of the first 1,000 characters of 676 texts whatlang says the same
/// as of 8,000; of 240 it does for .991, of 60 for .916 (for .995 of those that it calls reliable). Of 600 bytes
/// it says the same as of 1,000 for all but 3 of 2,229 articles, and takes 0.1 ms.
const SAMPLE_BYTES: usize = 600;

/// ISO 639-1 of the text, or 639-3 where there is no shorter code.
pub(super) fn language(body: &str, declared: Option<&str>) -> Option<String> {
    let declared = declared.and_then(primary);
    let sample = body.get(..body.floor_char_boundary(SAMPLE_BYTES)).unwrap_or(body);
    if let Some(by_script) = of_script(sample) {
        // Yiddish is written as Hebrew is, Tigrinya as Amharic.
        return declared.filter(|declared| shares_script(declared, by_script)).or_else(|| Some(by_script.to_owned()));
    }
    if let Some(declared) = declared.as_deref().filter(|declared| bears_out(sample, declared)) {
        return Some(declared.to_owned());
    }
    let detected =
        whatlang::detect(sample).filter(|info| info.is_reliable() || declared.is_none()).map(|info| code(info.lang()));
    match (detected, declared) {
        // Neighbours that trigrams mix up: the page knows better.
        (Some(detected), Some(declared)) if alike(detected, &declared) => Some(declared),
        (Some(detected), _) => Some(detected.to_owned()),
        (None, declared) => declared,
    }
}

/// Words that texts in a language are full of, those left out that another of these languages, or a neighbour that is often
/// declared as it, is full of too.
#[rustfmt::skip]
const COMMON: [(&str, &[&str]); 7] = [
    ("en", &["the", "and", "that", "with", "from", "this", "are", "have", "has", "which", "his", "her", "they", "their", "will", "were", "been", "would", "you", "its"]),
    ("de", &["und", "der", "das", "nicht", "mit", "ist", "ein", "eine", "einen", "einer", "dem", "sich", "auch", "auf", "für", "wird", "haben", "sind", "wurde", "nach", "über", "bei"]),
    ("fr", &["les", "est", "dans", "une", "pour", "qui", "sur", "avec", "sont", "cette", "aux", "du", "et", "ont", "leur", "été", "mais", "ses", "ces", "plus"]),
    ("es", &["el", "los", "las", "una", "por", "con", "para", "del", "y", "su", "como", "más", "pero", "sus", "este", "ha", "fue", "desde", "también", "lo"]),
    ("pt", &["não", "uma", "com", "os", "ao", "mais", "foi", "pela", "pelo", "são", "em", "dos", "das", "aos", "também", "já", "ou", "seu", "sua", "ele"]),
    ("it", &["che", "il", "della", "di", "per", "con", "sono", "gli", "nel", "alla", "è", "non", "dei", "delle", "una", "ha", "più", "anche", "dal", "nella"]),
    ("nl", &["het", "een", "van", "niet", "met", "zijn", "voor", "dat", "aan", "ook", "maar", "wordt", "naar", "werd", "heeft", "hij", "om", "bij", "uit", "deze"]),
];

/// Of a sample's words so many are common ones at least (of a hundred), and so many in all, where the text is in the language
/// that its page declares. whatlang, which takes thirty times as long, is asked where this is not so. Of 2,047 development pages
/// none has another language than by whatlang alone.
const COMMON_SHARE: usize = 12;
const COMMON_WORDS: usize = 8;

/// Whether a text is in the language that its page declares, as far as common words tell.
fn bears_out(sample: &str, declared: &str) -> bool {
    let Some((_, common)) = COMMON.iter().find(|(language, _)| *language == declared) else { return false };
    let (mut all, mut found) = (0, 0);
    for word in sample.split_ascii_whitespace() {
        all += 1;
        found += usize::from(common.iter().any(|common| common.eq_ignore_ascii_case(word)));
    }
    found >= COMMON_WORDS && found * 100 >= all * COMMON_SHARE
}

/// The language of a text whose script is that of one language (Unicode blocks), if most of its letters
/// are in it.
fn of_script(sample: &str) -> Option<&'static str> {
    /// Letters that are looked at.
    const LETTERS: usize = 400;
    let (mut all, mut kana, mut han, mut latin) = (0, 0, 0, 0);
    let mut counts: [(usize, &str); SCRIPTS.len()] = SCRIPTS.map(|(_, _, language)| (0, language));
    for c in sample.chars().filter(|c| c.is_alphabetic()).take(LETTERS) {
        all += 1;
        match c {
            'a'..='z' | 'A'..='Z' => latin += 1,
            '\u{3040}'..='\u{30ff}' => kana += 1,
            '\u{3400}'..='\u{9fff}' => han += 1,
            _ => {
                let script = SCRIPTS.iter().position(|(first, last, _)| (*first..=*last).contains(&c));
                if let Some((count, _)) = script.and_then(|script| counts.get_mut(script)) {
                    *count += 1;
                }
            }
        }
    }
    if latin * 2 > all {
        return None;
    }
    if (kana + han) * 2 > all {
        // A Chinese text quotes some kana, a Japanese one has them in every sentence.
        return Some(if kana * 20 > han { "ja" } else { "zh" });
    }
    counts.into_iter().find(|(count, _)| count * 2 > all).map(|(_, language)| language)
}

/// Scripts of one language each: first and last character, language.
#[rustfmt::skip]
const SCRIPTS: [(char, char, &str); 19] = [
    ('\u{370}', '\u{3ff}', "el"), ('\u{530}', '\u{58f}', "hy"), ('\u{590}', '\u{5ff}', "he"), ('\u{980}', '\u{9ff}', "bn"), ('\u{a00}', '\u{a7f}', "pa"), ('\u{a80}', '\u{aff}', "gu"), ('\u{b00}', '\u{b7f}', "or"),
    ('\u{b80}', '\u{bff}', "ta"), ('\u{c00}', '\u{c7f}', "te"), ('\u{c80}', '\u{cff}', "kn"), ('\u{d00}', '\u{d7f}', "ml"), ('\u{d80}', '\u{dff}', "si"), ('\u{e00}', '\u{e7f}', "th"), ('\u{e80}', '\u{eff}', "lo"),
    ('\u{1000}', '\u{109f}', "my"), ('\u{10a0}', '\u{10ff}', "ka"), ('\u{1200}', '\u{137f}', "am"), ('\u{1780}', '\u{17ff}', "km"), ('\u{ac00}', '\u{d7a3}', "ko"),
];

/// Whether a language is written in another's script.
fn shares_script(declared: &str, by_script: &str) -> bool {
    matches!((declared, by_script), ("yi", "he") | ("ti", "am") | ("as", "bn") | ("yue", "zh") | ("mnw" | "shn", "my"))
}

/// The primary subtag of a language tag (BCP 47).
fn primary(tag: &str) -> Option<String> {
    let primary = tag.trim().split(['-', '_']).next()?.to_ascii_lowercase();
    let plausible = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    plausible.then_some(primary)
}

/// Languages of one group that whatlang tells apart badly, or does not know.
fn alike(a: &str, b: &str) -> bool {
    const GROUPS: [&[&str]; 8] = [
        &["ar", "fa", "ur", "ps", "ckb", "ku", "ug", "sd"],
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
    fn a_script_of_one_language_names_it() {
        for (text, code) in [
            ("日本とロシアは平和条約を結ぶ意向だ。", "ja"),
            ("日本和俄罗斯打算签署和平条约。", "zh"),
            ("일본과 러시아는 평화 조약을 맺을 뜻이다.", "ko"),
            ("Η Ιαπωνία και η Ρωσία θέλουν ειρήνη.", "el"),
            ("ญี่ปุ่นและรัสเซียต้องการสันติภาพ", "th"),
        ] {
            assert_eq!(language(text, Some("en")).as_deref(), Some(code), "{text}");
        }
        assert_eq!(language("יאַפּאַן און רוסלאַנד ווילן שלום", Some("yi")).as_deref(), Some("yi"));
    }

    #[test]
    fn a_short_text_is_believed_less_than_the_page() {
        assert_eq!(language("Ok", Some("pt_BR")).as_deref(), Some("pt"));
        assert_eq!(language("", None), None);
    }

    #[test]
    fn common_words_bear_out_what_a_page_declares_and_nothing_else() {
        let english = "The council voted on Tuesday and officials said that the plan, which they have backed for years, will be paid with money from the state.";
        let german = "Der Rat hat am Dienstag abgestimmt, und das Amt sagte, dass der Plan, den es seit Jahren stützt, mit Geld vom Land bezahlt wird und nicht teurer ist.";
        assert!(bears_out(english, "en") && bears_out(german, "de"));
        for (language, _) in COMMON {
            assert_eq!(bears_out(english, language), language == "en", "{language}");
            assert_eq!(bears_out(german, language), language == "de", "{language}");
        }
        assert!(!bears_out("The end, and that is it.", "en"), "too short to tell");
    }

    #[test]
    fn what_is_no_tag_says_nothing() {
        assert_eq!(primary("{{ lang }}"), None);
        assert_eq!(primary("zh-Hant-TW").as_deref(), Some("zh"));
    }
}
