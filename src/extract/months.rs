//! The names of the months, and of today's digits, in the languages of the news.

/// Names of months by their first letters, in lower case: a word is a month if it is one of these, or
/// begins with one that has four letters or more. Names that two languages use for different months
/// (Czech `červen`, `červenec`; Croatian `listopad` is October, Polish and Czech is November) stand
/// with the more widely read one. Sources: Unicode CLDR 45, `months/format/{wide,abbreviated}`.
#[rustfmt::skip]
const NAMES: [&[&str]; 12] = [
    &["jan", "janu", "jän", "jänn", "janv", "gen", "genn", "ene", "ener", "janeiro", "stycz", "sty", "ocak", "oca", "янв", "янва", "січ", "січня", "led", "ledna", "leden", "sij", "sije", "ianu", "ian", "γεν", "ιαν", "ιανο", "tammi", "jaan", "sausi", "saus", "يناير", "كانون الثاني", "januari", "ינואר", "जनवरी", "জানুয়ারি", "ม.ค.", "มกราคม", "ene", "sty", "jannar", "xaneiro", "gener", "urtarri", "яну", "јан", "ژانویه"],
    &["feb", "febr", "fév", "févr", "fev", "fevr", "feve", "febb", "lut", "luty", "lutego", "şub", "şuba", "фев", "февр", "февра", "лют", "лютого", "úno", "února", "únor", "velj", "φεβ", "φεβρ", "helmi", "veebr", "vasar", "vasa", "فبراير", "شباط", "פברואר", "फरवरी", "ফেব্রুয়ারি", "ก.พ.", "กุมภาพันธ์", "otsail", "феб", "فوریه"],
    &["mar", "marc", "mär", "märz", "maer", "mars", "maart", "mrt", "marz", "març", "márc", "mart", "marca", "marzec", "мар", "март", "марта", "бер", "берез", "bře", "březn", "břez", "ožu", "ožuj", "μαρ", "μάρ", "μαρτ", "maali", "märts", "kov", "kovo", "مارس", "آذار", "מרץ", "मार्च", "মার্চ", "มี.ค.", "มีนาคม", "marec", "martie"],
    &["apr", "apri", "avr", "avri", "abr", "abri", "kwi", "kwie", "nis", "nisan", "апр", "апре", "квіт", "кві", "dub", "dubna", "duben", "tra", "trav", "απρ", "απρι", "huhti", "balan", "bal", "أبريل", "ابريل", "إبريل", "نيسان", "אפריל", "अप्रैल", "এপ্রিল", "เม.ย.", "เมษายน", "ápr", "ápri", "آوریل"],
    &["may", "mai", "mayo", "mag", "magg", "maj", "maja", "mei", "maio", "mayı", "мая", "май", "трав", "тра", "kvě", "květ", "svi", "svib", "μαι", "μάι", "μαΐ", "μαϊ", "touko", "gegu", "geg", "مايو", "أيار", "ايار", "מאי", "मई", "মে", "พ.ค.", "พฤษภาคม", "máj", "máju", "मे", "maio", "maig", "meh"],
    &["jun", "june", "juni", "juin", "giu", "giug", "junh", "cze", "czerw", "haz", "hazi", "июн", "июня", "чер", "черв", "čer", "červn", "červen", "lip", "lipnj", "ιουν", "ιούν", "kesä", "birže", "bir", "يونيو", "يونيه", "حزيران", "יוני", "जून", "জুন", "มิ.ย.", "มิถุนายน", "jún", "júni", "iuni", "iun", "јун", "ژوئن"],
    &["jul", "july", "juli", "juil", "lug", "lugl", "julh", "lipc", "lipca", "lipiec", "tem", "temm", "июл", "июля", "лип", "липня", "červenc", "červenec", "čvc", "srp", "srpn", "ιουλ", "ιούλ", "heinä", "liep", "lie", "يوليو", "يوليه", "تموز", "יולי", "जुलाई", "জুলাই", "ก.ค.", "กรกฎาคม", "júl", "júli", "iuli", "iul", "јул", "ژوئیه"],
    &["aug", "augu", "août", "aout", "aoû", "ago", "agos", "sie", "sier", "ağu", "ağus", "авг", "авгу", "сер", "серп", "srpna", "srpen", "kolov", "kol", "αυγ", "αύγ", "αυγο", "αύγο", "elo", "eloku", "rugp", "rgp", "أغسطس", "اغسطس", "آب", "אוגוסט", "अगस्त", "আগস্ট", "ส.ค.", "สิงหาคม", "avgu", "авг", "اوت"],
    &["sep", "sept", "set", "sett", "sete", "wrz", "wrze", "eyl", "eylü", "сен", "сент", "вер", "верес", "zář", "září", "ruj", "rujn", "σεπ", "σεπτ", "syys", "rugs", "rgs", "سبتمبر", "أيلول", "ספטמבר", "सितंबर", "সেপ্টেম্বর", "ก.ย.", "กันยายน", "szept", "setem", "сеп", "سپتامبر"],
    &["oct", "octo", "okt", "okto", "októ", "ott", "otto", "out", "outu", "paź", "paźd", "eki", "ekim", "окт", "октя", "жов", "жовт", "říj", "října", "říjen", "listopada hr", "οκτ", "οκτω", "loka", "spal", "spa", "أكتوبر", "اكتوبر", "تشرين الأول", "אוקטובר", "अक्टूबर", "অক্টোবর", "ต.ค.", "ตุลาคม", "octu", "اکتبر"],
    &["nov", "nove", "novi", "νοεμ", "lis", "list", "kas", "kası", "ноя", "нояб", "лис", "листоп", "studen", "stud", "νοε", "νοέ", "marras", "lapkr", "lap", "نوفمبر", "تشرين الثاني", "נובמבר", "नवंबर", "নভেম্বর", "พ.ย.", "พฤศจิกายน", "noie", "noi", "ное", "نوامبر"],
    &["dec", "dece", "dice", "δεκε", "dez", "deze", "déc", "déce", "dic", "dici", "gru", "grud", "ara", "aral", "дек", "дека", "гру", "груд", "pro", "prosin", "δεκ", "joulu", "gruod", "grd", "ديسمبر", "كانون الأول", "דצמבר", "दिसंबर", "ডিসেম্বর", "ธ.ค.", "ธันวาคม", "des", "dese", "pros", "dets", "دسامبر"],
];

/// The month (1 to 12) that a word names. The longest name that fits wins.
pub(crate) fn month(word: &str) -> Option<i8> {
    let word = word.trim_matches(|c: char| matches!(c, '.' | ',' | '’' | '\''));
    if word.is_empty() || word.len() > 40 {
        return None;
    }
    let word = word.to_lowercase();
    let mut best: Option<(usize, usize)> = None;
    for (index, names) in NAMES.iter().enumerate() {
        for name in *names {
            let fits = word == *name || (name.chars().count() >= 4 && word.starts_with(name));
            if fits && best.is_none_or(|(length, _)| name.len() > length) {
                best = Some((name.len(), index));
            }
        }
    }
    best.and_then(|(_, index)| i8::try_from(index + 1).ok())
}

/// The months of the Solar Hijri calendar, as Persian writes them, with Persian and Arabic letters.
const JALALI: [&[&str]; 12] = [
    &["فروردین", "فروردين"],
    &["اردیبهشت", "ارديبهشت"],
    &["خرداد"],
    &["تیر", "تير"],
    &["مرداد", "امرداد"],
    &["شهریور", "شهريور"],
    &["مهر"],
    &["آبان", "ابان"],
    &["آذر", "اذر"],
    &["دی", "دي"],
    &["بهمن"],
    &["اسفند"],
];

/// The month of the Solar Hijri calendar (1 to 12) that a word names.
pub(super) fn jalali_month(word: &str) -> Option<i8> {
    let index = JALALI.iter().position(|names| names.contains(&word))?;
    i8::try_from(index + 1).ok()
}

/// The digit that a character is, in any of the scripts that write dates with their own.
pub(super) fn digit(c: char) -> Option<u32> {
    let zero = match c {
        '0'..='9' => '0',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '०'..='९' => '०',
        '০'..='৯' => '০',
        '๐'..='๙' => '๐',
        '０'..='９' => '０',
        _ => return None,
    };
    Some(u32::from(c) - u32::from(zero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_in_many_languages() {
        for (word, expected) in [
            ("September", 9),
            ("Sept.", 9),
            ("März", 3),
            ("août", 8),
            ("ottobre", 10),
            ("июня", 6),
            ("июля", 7),
            ("mayıs", 5),
            ("grudnia", 12),
            ("července", 7),
            ("června", 6),
            ("يناير", 1),
            ("Δεκεμβρίου", 12),
            ("joulukuuta", 12),
            ("lipca", 7),
            ("enero", 1),
            ("dezembro", 12),
            ("października", 10),
            ("мая", 5),
            ("травня", 5),
            ("noviembre", 11),
            ("május", 5),
        ] {
            assert_eq!(month(word), Some(expected), "{word}");
        }
    }

    #[test]
    fn other_words_are_no_months() {
        for word in ["", "x", "Monday", "2018", "the", "Donnerstag"] {
            assert_eq!(month(word), None, "{word}");
        }
    }
}
