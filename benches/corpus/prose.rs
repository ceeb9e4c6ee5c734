//! Articles that nobody wrote: grammatical, pointless, and each different from all others.

use fastrand::Rng;

const NOUNS: [&str; 48] = [
    "council",
    "harbour",
    "budget",
    "railway",
    "hospital",
    "school",
    "bridge",
    "market",
    "factory",
    "court",
    "museum",
    "river",
    "ministry",
    "airport",
    "library",
    "contract",
    "report",
    "election",
    "vineyard",
    "stadium",
    "reservoir",
    "theatre",
    "workshop",
    "ferry",
    "archive",
    "orchestra",
    "pipeline",
    "quarry",
    "tunnel",
    "warehouse",
    "refinery",
    "parliament",
    "laboratory",
    "monastery",
    "fishery",
    "cooperative",
    "insurer",
    "publisher",
    "shipyard",
    "forest",
    "district",
    "festival",
    "committee",
    "union",
    "company",
    "station",
    "village",
    "coast",
];
const DONE: [&str; 24] = [
    "approved",
    "rejected",
    "postponed",
    "rebuilt",
    "inspected",
    "sold",
    "praised",
    "measured",
    "closed",
    "reopened",
    "surveyed",
    "financed",
    "criticised",
    "defended",
    "expanded",
    "restored",
    "audited",
    "abandoned",
    "welcomed",
    "questioned",
    "funded",
    "examined",
    "supported",
    "delayed",
];
const KINDS: [&str; 28] = [
    "old",
    "narrow",
    "public",
    "costly",
    "northern",
    "regional",
    "wooden",
    "disputed",
    "small",
    "crowded",
    "modern",
    "former",
    "southern",
    "private",
    "annual",
    "damaged",
    "popular",
    "remote",
    "empty",
    "early",
    "official",
    "steep",
    "quiet",
    "broken",
    "temporary",
    "coastal",
    "famous",
    "rural",
];
const SYLLABLES: [&str; 32] = [
    "bran", "dor", "vel", "mar", "kes", "lin", "tor", "hal", "ven", "ros", "ald", "gre", "pel", "sun", "wick", "ham",
    "ster", "borg", "field", "mont", "ora", "ine", "ach", "ulm", "ket", "dan", "ler", "sol", "quin", "berg", "ash",
    "tow",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// An article.
pub struct Story {
    pub headline: String,
    pub author: String,
    pub lead: String,
    pub paragraphs: Vec<String>,
}

impl Story {
    /// The story of this number.
    pub fn of(number: u64) -> Self {
        let mut teller = Teller::of(number);
        let headline = teller.headline();
        let author = format!("{} {}", teller.name(), teller.name());
        let lead = teller.sentence();
        let paragraphs = (0..teller.rng.u32(12..26)).map(|_| teller.paragraph()).collect();
        Self { headline, author, lead, paragraphs }
    }
}

struct Teller {
    rng: Rng,
    people: Vec<String>,
    places: Vec<String>,
}

impl Teller {
    fn of(number: u64) -> Self {
        let mut teller = Self { rng: Rng::with_seed(number), people: Vec::new(), places: Vec::new() };
        teller.people = (0..4).map(|_| format!("{} {}", teller.name(), teller.name())).collect();
        teller.places = (0..4).map(|_| teller.name()).collect();
        teller
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.rng.usize(..words.len())]
    }

    fn name(&mut self) -> String {
        let name: String = (0..self.rng.u32(2..4)).map(|_| self.pick(&SYLLABLES)).collect();
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + rest
    }

    fn person(&mut self) -> String {
        self.people[self.rng.usize(..self.people.len())].clone()
    }

    fn place(&mut self) -> String {
        self.places[self.rng.usize(..self.places.len())].clone()
    }

    fn thing(&mut self) -> String {
        format!("{} {}", self.pick(&KINDS), self.pick(&NOUNS))
    }

    fn headline(&mut self) -> String {
        let (place, what, done) = (self.place(), self.thing(), self.pick(&DONE));
        format!("{place} {what} {done} after {} years of debate", self.rng.u32(2..40))
    }

    fn paragraph(&mut self) -> String {
        (0..self.rng.u32(2..5)).map(|_| self.sentence()).collect::<Vec<_>>().join(" ")
    }

    fn sentence(&mut self) -> String {
        let (one, other, place, person) = (self.thing(), self.thing(), self.place(), self.person());
        let (done, again, day) = (self.pick(&DONE), self.pick(&DONE), self.pick(&DAYS));
        let number = self.rng.u32(3..9_800);
        match self.rng.u32(..8) {
            0 => format!("The {one} of {place} was {done} on {day}, {person} said, and the {other} with it."),
            1 => format!(
                "“We have {done} the {one} and {again} what was left of the {other},” {person} told reporters in {place}."
            ),
            2 => format!(
                "Some {number} people live near the {one}, which was {done} long before the {other} came to {place}."
            ),
            3 => format!(
                "According to {person}, the {one} will cost {number} crowns a month until the {other} is {done}."
            ),
            4 => format!("In {place} the {one} had been {done} twice; the {other} was {again} only last {day}."),
            5 => format!(
                "{person}, who {done} the {one} for {number} days, does not expect that the {other} will be {again}."
            ),
            6 => format!(
                "It was not clear why the {one} near {place} had been {done} while the {other} was still being {again}."
            ),
            _ => format!(
                "A spokesman for the {one} in {place} said on {day} that {number} signatures were not enough for the {other}."
            ),
        }
    }
}
