//! News agencies, as copies of their texts name them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The name that records carry, and the spellings that stand in datelines, credits and bylines.
/// Source: members of the European Alliance of News Agencies (EANA), the Organization of Asia-Pacific News
/// Agencies (OANA), the Federation of Arab News Agencies (FANA), the Atlantic Federation of African Press
/// Agencies (FAAPA) and the Union of Latin American News Agencies (ULAN), with the abbreviations that the
/// agencies use of themselves, and the names under which Russian, Chinese, Japanese, Korean and Arabic
/// papers quote the large ones.
#[rustfmt::skip]
const AGENCIES: &[(&str, &[&str])] = &[
    // the world
    ("Reuters", &["thomson reuters", "reuters news", "reuters health", "рейтер", "рейтерс", "reuter", "ロイター", "路透社", "路透", "رويترز", "로이터"]),
    ("AP", &["associated press", "the associated press", "ap news", "美联社", "أ ب", "ＡＰ", "ap通信"]),
    ("AFP", &["agence france-presse", "agence france presse", "agencia afp", "afp relaxnews", "法新社", "أ ف ب", "ａｆｐ", "ａｆｐ時事"]),
    ("UPI", &["united press international"]),
    ("Bloomberg", &["bloomberg news", "ブルームバーグ"]),
    ("dpa", &["deutsche presse-agentur", "dpa-afx", "dpa international", "د ب أ"]),
    ("EFE", &["agencia efe", "efe news", "efe-epa"]),
    ("Getty Images", &["getty", "afp via getty images", "getty images via afp"]),
    // Europe
    ("PA", &["pa media", "press association", "pa news agency"]),
    ("ANSA", &["agenzia ansa"]),
    ("Adnkronos", &[]),
    ("AGI", &["agenzia italia"]),
    ("askanews", &[]),
    ("Italpress", &[]),
    ("LaPresse", &["agenzia lapresse"]),
    ("Agenzia Nova", &["agenzia nova"]),
    ("APA", &["austria presse agentur", "apa-ots"]),
    ("SDA", &["keystone-sda", "keystone-ats", "ats", "sda-ats"]),
    ("epd", &["evangelischer pressedienst"]),
    ("KNA", &["katholische nachrichten-agentur"]),
    ("SID", &["sport-informations-dienst"]),
    ("Belga", &["agence belga"]),
    ("ANP", &["algemeen nederlands persbureau"]),
    ("TT", &["tt nyhetsbyrån"]),
    ("NTB", &["norsk telegrambyrå"]),
    ("Ritzau", &[]),
    ("STT", &["stt-lehtikuva", "suomen tietotoimisto"]),
    ("BNS", &["baltic news service"]),
    ("LETA", &[]),
    ("ELTA", &[]),
    ("PAP", &["polska agencja prasowa"]),
    ("ČTK", &["ctk", "česká tisková kancelář"]),
    ("TASR", &[]),
    ("SITA", &[]),
    ("MTI", &["magyar távirati iroda"]),
    ("Agerpres", &[]),
    ("Mediafax", &[]),
    ("BTA", &["бта"]),
    ("HINA", &[]),
    ("Tanjug", &["танјуг"]),
    ("SRNA", &["срна"]),
    ("FENA", &[]),
    ("STA", &[]),
    ("MIA", &["миа"]),
    ("ANA-MPA", &["amna", "απε-μπε", "ana"]),
    ("Lusa", &["agência lusa"]),
    ("Europa Press", &[]),
    ("Colpisa", &[]),
    ("Ukrinform", &["укрінформ", "укринформ"]),
    ("Interfax-Ukraine", &["інтерфакс-україна", "интерфакс-украина"]),
    ("UNIAN", &["уніан", "униан"]),
    ("UNN", &["унн"]),
    ("TASS", &["тасс", "itar-tass", "итар-тасс", "塔斯社", "タス通信", "تاس"]),
    ("Interfax", &["интерфакс", "interfax.ru"]),
    ("RIA Novosti", &["риа новости", "ria", "рия новости"]),
    ("Sputnik", &["спутник"]),
    ("BelTA", &["белта"]),
    ("Anadolu", &["aa", "anadolu agency", "anadolu ajansı", "الأناضول"]),
    ("DHA", &["demirören haber ajansı"]),
    ("İHA", &["iha", "ihlas haber ajansı"]),
    ("ANKA", &[]),
    // Asia and the Pacific
    ("Xinhua", &["新华社", "新華社", "新华网", "xinhua news agency", "شينخوا"]),
    ("China News Service", &["中新社", "中新网", "中新網", "cns"]),
    ("Kyodo", &["kyodo news", "共同", "共同通信", "共同社"]),
    ("Jiji", &["jiji press", "時事", "時事通信"]),
    ("Yonhap", &["yonhap news agency", "연합뉴스", "聯合ニュース", "韩联社"]),
    ("News1", &["뉴스1"]),
    ("Newsis", &["뉴시스"]),
    ("KCNA", &["조선중앙통신", "朝鮮中央通信", "朝中社"]),
    ("CNA", &["中央社", "central news agency"]),
    ("PTI", &["press trust of india"]),
    ("ANI", &["asian news international"]),
    ("IANS", &["indo-asian news service"]),
    ("UNI", &["united news of india"]),
    ("APP", &["associated press of pakistan"]),
    ("BSS", &["bangladesh sangbad sangstha"]),
    ("UNB", &["united news of bangladesh"]),
    ("Rastriya Samachar Samiti", &[]),
    ("PNA", &["philippine news agency"]),
    ("Antara", &["antara news"]),
    ("Bernama", &[]),
    ("VNA", &["ttxvn", "vietnam news agency", "thông tấn xã việt nam"]),
    ("TNA", &["thai news agency"]),
    ("AAP", &["australian associated press"]),
    ("Azertac", &["азертадж"]),
    ("Armenpress", &["арменпресс"]),
    ("Kazinform", &["казинформ"]),
    ("Montsame", &[]),
    // the Middle East and Africa
    ("IRNA", &["ایرنا"]),
    ("ISNA", &["ایسنا"]),
    ("Fars", &["فارس"]),
    ("Tasnim", &["تسنیم"]),
    ("WAM", &["وام"]),
    ("SPA", &["saudi press agency", "واس"]),
    ("SANA", &["سانا"]),
    ("INA", &["واع"]),
    ("NNA", &["الوكالة الوطنية للإعلام"]),
    ("Petra", &["بترا"]),
    ("QNA", &["قنا"]),
    ("KUNA", &["كونا"]),
    ("BNA", &["بنا"]),
    ("MENA", &["أ ش أ", "middle east news agency"]),
    ("MAP", &["maghreb arabe presse", "و م ع"]),
    ("APS", &["algérie presse service", "واج"]),
    ("TAP", &["tunis afrique presse", "وات"]),
    ("NAN", &["news agency of nigeria"]),
    ("GNA", &["ghana news agency"]),
    ("SAnews", &["sanews.gov.za"]),
    ("ANGOP", &[]),
    // the Americas
    ("The Canadian Press", &["canadian press", "cp", "la presse canadienne"]),
    ("Agência Brasil", &["agencia brasil"]),
    ("Agência Estado", &["estadão conteúdo", "estadao conteudo"]),
    ("Folhapress", &[]),
    ("Télam", &["telam", "noticias argentinas"]),
    ("Notimex", &[]),
    ("Prensa Latina", &[]),
    ("Andina", &["agencia andina"]),
    ("Colprensa", &[]),
    ("ABI", &[]),
    ("AVN", &[]),
];

/// Letters of an abbreviation that is also a word in some language (`map`, `sta`, `nan`), at most: it
/// counts only as the agency writes it, or in capitals.
const ABBREVIATION: usize = 4;

/// The agency that goes by this name, alone or with its country, its service or others behind a slash.
pub(super) fn agency(name: &str) -> Option<&'static str> {
    let trimmed = |name: &'_ str| -> String {
        name.trim()
            .trim_matches(|c: char| matches!(c, '.' | ',' | ':' | '(' | ')' | '[' | ']' | '/' | '-' | '—'))
            .trim()
            .to_owned()
    };
    let name = trimmed(name);
    if name.is_empty() || name.len() > 60 {
        return None;
    }
    known(&name).or_else(|| name.split(['/', ',']).find_map(|part| known(part.trim())))
}

/// Every spelling in lower case, with its agency.
static BY_SPELLING: LazyLock<HashMap<String, (&'static str, &'static str)>> = LazyLock::new(|| {
    let spellings = AGENCIES.iter().flat_map(|(agency, others)| {
        std::iter::once(agency).chain(others.iter()).map(|spelling| (spelling.to_lowercase(), (*spelling, *agency)))
    });
    let mut by_spelling = HashMap::new();
    for (lower, names) in spellings {
        by_spelling.entry(lower).or_insert(names);
    }
    by_spelling
});

fn known(name: &str) -> Option<&'static str> {
    let (spelling, agency) = *BY_SPELLING.get(&name.to_lowercase())?;
    if !name.is_ascii() || name.len() > ABBREVIATION {
        return Some(agency);
    }
    // "Ansa" and "Lusa" are written so, too; "Map" and "Sta" are words.
    let titled = (name.len() == ABBREVIATION || name == "Efe") && name.starts_with(|c: char| c.is_ascii_uppercase());
    let written = name == agency
        || name == spelling.to_uppercase()
        || (titled && name.chars().skip(1).all(|c| c.is_ascii_lowercase()));
    written.then_some(agency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agencies_are_known_by_their_spellings() {
        assert_eq!(agency("REUTERS"), Some("Reuters"));
        assert_eq!(agency("The Associated Press"), Some("AP"));
        assert_eq!(agency("dpa/lno"), Some("dpa"));
        assert_eq!(agency("The Moscow Times"), None);
        assert_eq!(agency("Ansa"), Some("ANSA"));
        assert_eq!(agency("efe"), None);
        assert_eq!(agency("新华社"), Some("Xinhua"));
        assert_eq!(agency(""), None);
    }

    #[test]
    fn words_that_are_spelt_like_an_abbreviation_are_no_agency() {
        for word in ["map", "Map", "sta", "nan", "ap", "Pa", "una", "tap"] {
            assert_eq!(agency(word), None, "{word}");
        }
    }
}
