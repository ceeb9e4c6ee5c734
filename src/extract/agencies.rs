//! News agencies, as copies of their texts name them.

/// The name that records carry, and the spellings that stand in datelines, credits and bylines.
/// Source: members of the European Alliance of News Agencies, OANA, FAAPA and the Alianza
/// Informativa Latinoamericana, with the abbreviations that the agencies use of themselves.
#[rustfmt::skip]
const AGENCIES: &[(&str, &[&str])] = &[
    ("Reuters", &["reuters", "thomson reuters", "рейтер", "reuter"]),
    ("AP", &["ap", "associated press", "the associated press"]),
    ("AFP", &["afp", "agence france-presse", "agence france presse", "agencia afp"]),
    ("dpa", &["dpa", "deutsche presse-agentur", "dpa-afx", "dpa/tmn"]),
    ("EFE", &["efe", "agencia efe"]),
    ("ANSA", &["ansa"]),
    ("TASS", &["tass", "тасс", "itar-tass"]),
    ("Xinhua", &["xinhua", "新华社", "xinhua news agency"]),
    ("PA", &["pa media", "press association", "pa"]),
    ("Kyodo", &["kyodo", "kyodo news", "共同"]),
    ("Jiji", &["jiji", "jiji press", "時事"]),
    ("Yonhap", &["yonhap", "yonhap news agency", "연합뉴스"]),
    ("Interfax", &["interfax", "интерфакс"]),
    ("Ukrinform", &["ukrinform", "укрінформ"]),
    ("Interfax-Ukraine", &["interfax-ukraine", "інтерфакс-україна"]),
    ("RIA Novosti", &["ria", "ria novosti", "риа новости", "sputnik"]),
    ("APA", &["apa"]),
    ("SDA", &["sda", "keystone-sda", "ats", "keystone-ats"]),
    ("AAP", &["aap", "australian associated press"]),
    ("The Canadian Press", &["canadian press", "the canadian press", "cp", "la presse canadienne"]),
    ("UPI", &["upi", "united press international"]),
    ("PTI", &["pti", "press trust of india"]),
    ("ANI", &["ani"]),
    ("IANS", &["ians"]),
    ("UNI", &["uni"]),
    ("Bloomberg", &["bloomberg"]),
    ("Anadolu", &["aa", "anadolu", "anadolu agency", "anadolu ajansı"]),
    ("DHA", &["dha"]),
    ("IHA", &["iha", "i̇ha"]),
    ("PAP", &["pap"]),
    ("ČTK", &["čtk", "ctk"]),
    ("TASR", &["tasr"]),
    ("MTI", &["mti"]),
    ("Agerpres", &["agerpres"]),
    ("Mediafax", &["mediafax"]),
    ("BTA", &["bta"]),
    ("HINA", &["hina"]),
    ("Tanjug", &["tanjug"]),
    ("STA", &["sta"]),
    ("ANP", &["anp"]),
    ("Belga", &["belga"]),
    ("TT", &["tt", "tt nyhetsbyrån"]),
    ("NTB", &["ntb"]),
    ("Ritzau", &["ritzau"]),
    ("STT", &["stt"]),
    ("BNS", &["bns"]),
    ("LETA", &["leta"]),
    ("ELTA", &["elta"]),
    ("Lusa", &["lusa", "agência lusa"]),
    ("Europa Press", &["europa press"]),
    ("Adnkronos", &["adnkronos"]),
    ("AGI", &["agi"]),
    ("LaPresse", &["lapresse"]),
    ("Notimex", &["notimex"]),
    ("Télam", &["télam", "telam"]),
    ("Agência Brasil", &["agência brasil"]),
    ("Prensa Latina", &["prensa latina"]),
    ("IRNA", &["irna", "ایرنا"]),
    ("ISNA", &["isna", "ایسنا"]),
    ("WAM", &["wam"]),
    ("SPA", &["spa", "saudi press agency"]),
    ("MENA", &["mena"]),
    ("MAP", &["map"]),
    ("APS", &["aps"]),
    ("NAN", &["nan", "news agency of nigeria"]),
    ("Antara", &["antara"]),
    ("Bernama", &["bernama"]),
    ("VNA", &["vna", "ttxvn"]),
    ("CNA", &["cna", "中央社"]),
    ("CNS", &["中新社", "中新网"]),
    ("KCNA", &["kcna"]),
    ("News1", &["news1", "뉴스1"]),
    ("Newsis", &["newsis", "뉴시스"]),
    ("Getty Images", &["getty images", "getty"]),
];

/// The agency that goes by this name, alone or with its country or others behind a slash.
pub(super) fn agency(name: &str) -> Option<&'static str> {
    let name =
        name.trim().trim_matches(|c: char| matches!(c, '.' | ',' | ':' | '(' | ')' | '[' | ']')).trim().to_lowercase();
    if name.is_empty() || name.len() > 60 {
        return None;
    }
    let find = |name: &str| AGENCIES.iter().find(|(_, spellings)| spellings.contains(&name)).map(|(agency, _)| *agency);
    find(&name).or_else(|| name.split(['/', ',']).find_map(|part| find(part.trim())))
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
        assert_eq!(agency(""), None);
    }
}
