//! Articles that differ, by number: the same number is the same article for ever, and two numbers
//! share no passage that a near-duplicate search could take for a copy.

/// The words that sentences are made of, by kind.
const ADJECTIVES: [&str; 32] = [
    "coastal",
    "northern",
    "federal",
    "municipal",
    "disputed",
    "seasonal",
    "emergency",
    "independent",
    "regional",
    "temporary",
    "annual",
    "private",
    "unexpected",
    "cautious",
    "ambitious",
    "overdue",
    "joint",
    "voluntary",
    "strict",
    "local",
    "foreign",
    "digital",
    "rural",
    "urban",
    "modest",
    "record",
    "early",
    "final",
    "revised",
    "public",
    "narrow",
    "broad",
];
const NOUNS: [&str; 48] = [
    "harbour",
    "budget",
    "railway",
    "inquiry",
    "festival",
    "reservoir",
    "election",
    "museum",
    "contract",
    "hospital",
    "fishery",
    "airport",
    "pension",
    "vaccine",
    "bridge",
    "orchard",
    "satellite",
    "court",
    "factory",
    "library",
    "tunnel",
    "refinery",
    "parliament",
    "glacier",
    "tariff",
    "stadium",
    "ferry",
    "archive",
    "school",
    "quarry",
    "union",
    "theatre",
    "pipeline",
    "market",
    "forest",
    "embassy",
    "tax",
    "subsidy",
    "network",
    "warehouse",
    "vineyard",
    "observatory",
    "prison",
    "canal",
    "bakery",
    "laboratory",
    "monument",
    "shipyard",
];
const VERBS: [&str; 24] = [
    "approved",
    "delayed",
    "questioned",
    "welcomed",
    "rejected",
    "financed",
    "inspected",
    "reopened",
    "closed",
    "expanded",
    "measured",
    "defended",
    "abandoned",
    "restored",
    "audited",
    "surveyed",
    "licensed",
    "rebuilt",
    "suspended",
    "sold",
    "leased",
    "mapped",
    "renamed",
    "insured",
];
const PLACES: [&str; 32] = [
    "Ardenholm",
    "Belcastro",
    "Cormorant Bay",
    "Dunvale",
    "Eastmere",
    "Farrowgate",
    "Glenrock",
    "Hallbury",
    "Ivershaw",
    "Jorvik",
    "Kestrel Point",
    "Lowmoor",
    "Marrowby",
    "Northwick",
    "Oakhaven",
    "Penmarch",
    "Quillan",
    "Rosewater",
    "Silverton",
    "Thornbury",
    "Ulverdale",
    "Varnholt",
    "Westerleigh",
    "Yarrow",
    "Zellwood",
    "Ambleford",
    "Brackwater",
    "Cinderhill",
    "Dovercourt",
    "Elmstead",
    "Foxley",
    "Grimsvold",
];
const PEOPLE: [&str; 16] = [
    "Okafor",
    "Lindqvist",
    "Marchetti",
    "Tanaka",
    "Oyelaran",
    "Petrov",
    "Delacroix",
    "Svensson",
    "Haddad",
    "Moreau",
    "Castellanos",
    "Novak",
    "Abernathy",
    "Whitlock",
    "Yamamoto",
    "Ferreira",
];

/// One article.
pub struct Page {
    /// The headline.
    pub title: String,
    /// The text.
    pub paragraphs: Vec<String>,
}

/// SplitMix64 (Steele, Lea and Flood, 2014): good numbers from any seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[(self.roll() % words.len() as u64) as usize]
    }

    fn sentence(&mut self) -> String {
        let (adjective, other) = (self.of(&ADJECTIVES), self.of(&ADJECTIVES));
        let (a, b, c) = (self.of(&NOUNS), self.of(&NOUNS), self.of(&NOUNS));
        let (verb, then) = (self.of(&VERBS), self.of(&VERBS));
        let (place, person, number) = (self.of(&PLACES), self.of(&PEOPLE), self.roll() % 9_000 + 12);
        match self.roll() % 6 {
            0 => format!("The {adjective} {a} of {place} {verb} {number} {b}s before {person} {then} the {other} {c}."),
            1 => format!("In {place}, {person} {verb} a {adjective} {a} that {number} {b} owners had {then}."),
            2 => format!(
                "Nobody at the {a} {verb} {person}'s {adjective} {b}, although {place} {then} {number} of them."
            ),
            3 => format!(
                "After {number} days the {adjective} {a} {verb} its {b}, and {place} {then} another {other} {c}."
            ),
            4 => format!(
                "{person} {verb} the {other} {a} near {place} because {number} {b} workers {then} a {adjective} {c}."
            ),
            _ => format!(
                "A {adjective} {a} in {place} {then} {number} {b}s, which {person} {verb} with one {other} {c}."
            ),
        }
    }
}

/// The article of this number: a headline, and six paragraphs of four sentences.
pub fn article(seed: u64) -> Page {
    let mut dice = Dice(seed.wrapping_mul(0x1000_0001).wrapping_add(77));
    let title = format!(
        "{} {} {} in {} as {} {} grows",
        capital(dice.of(&ADJECTIVES)),
        dice.of(&NOUNS),
        dice.of(&VERBS),
        dice.of(&PLACES),
        dice.of(&NOUNS),
        dice.of(&NOUNS),
    );
    let paragraphs = (0..6).map(|_| (0..4).map(|_| dice.sentence()).collect::<Vec<_>>().join(" ")).collect();
    Page { title, paragraphs }
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

impl Page {
    /// As a news site serves it: a header, the article, and the furniture around it.
    pub fn html(&self) -> String {
        let title = &self.title;
        let paragraphs: String = self.paragraphs.iter().map(|text| format!("      <p>{text}</p>\n")).collect();
        format!(
            r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>{title}</title>
    <meta property="og:type" content="article">
    <meta property="og:title" content="{title}">
    <meta property="article:published_time" content="2026-03-14T09:30:00+01:00">
  </head>
  <body>
    <nav><a href="/">Front page</a> <a href="/world">World</a> <a href="/contact">Contact</a></nav>
    <main><article>
      <h1>{title}</h1>
      <p class="byline">By <span rel="author">Ada Fairweather</span></p>
{paragraphs}    </article></main>
    <footer>Printed on loopback. All rights reserved.</footer>
  </body>
</html>
"#
        )
    }
}
