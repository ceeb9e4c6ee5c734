use proptest::prelude::*;

use super::*;
use crate::dedup::local::Attempt;
use crate::dedup::{ArticleId, Fingerprint};
use crate::record::{Origin, Relation};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const NOW: u32 = 1_800_000_000;

fn limits() -> Limits {
    Limits { ttl: DAY * 30, most: 1_000, original: Original::First }
}

fn origin(offset: i64) -> Origin {
    Origin { topic: "news.urls".into(), partition: 0, offset }
}

fn asked(key: &str, text: &str, offset: i64) -> Asked {
    let text = Fingerprint::of(text);
    Asked {
        id: ArticleId::of_key(key),
        host: key.len() as u32,
        text,
        source: None,
        origin: origin(offset),
        consumed: origin(offset),
        at: NOW,
    }
}

/// A text of `words` different words, whose words from `from` on are another story's.
fn story(name: &str, words: std::ops::Range<usize>) -> String {
    words.map(|word| format!("{name}word{word}")).collect::<Vec<_>>().join(" ")
}

fn told(finding: &Finding) -> String {
    match finding {
        Finding::Unchanged => "unchanged".into(),
        Finding::Again(decision) | Finding::Decided(decision) => match decision.ruling {
            ruling if ruling.duplicate => format!("duplicate of {}", ruling.link.unwrap().of),
            ruling if ruling.revision > 1 => format!("revision {}", ruling.revision),
            ruling if ruling.link.is_some() => format!("related to {}", ruling.link.unwrap().of),
            _ => "new".into(),
        },
    }
}

fn duplicate_of(key: &str) -> String {
    format!("duplicate of {}", ArticleId::of_key(key))
}

fn local(store: &Store) -> &Local {
    let Kept::Here(local) = &store.0 else { panic!("a store of one's own") };
    local
}

/// Claims without waiting; `None` where one would have to wait.
fn try_claim(store: &Arc<Store>, asked: &Asked) -> Option<(String, Option<Claim>)> {
    match local(store).attempt(asked).unwrap() {
        Attempt::Done(finding, claim) => {
            let claim = claim.map(|(number, token)| Claim { store: store.clone(), number, token });
            Some((told(&finding), claim))
        }
        Attempt::Wait(..) => None,
    }
}

fn settled(store: &Arc<Store>, asked: &Asked) -> String {
    told(&store.decide_now(asked).unwrap())
}

#[test]
fn new_unchanged_revised_and_duplicate_are_told_apart() {
    let store = Store::new(limits());
    assert_eq!(settled(&store, &asked("a", "one text", 1)), "new");
    assert_eq!(settled(&store, &asked("a", "One text.", 2)), "unchanged");
    assert_eq!(settled(&store, &asked("a", "another text", 3)), "revision 2");
    assert_eq!(settled(&store, &asked("a", "a third text", 4)), "revision 3");
    assert_eq!(settled(&store, &asked("b", "a third text", 5)), duplicate_of("a"));
    assert_eq!(settled(&store, &asked("b", "a third text", 6)), "unchanged");
}

#[test]
fn a_cut_copy_is_a_duplicate_and_the_whole_after_its_part_is_not() {
    let store = Store::new(limits());
    let (whole, part) = (story("x", 0..400), story("x", 0..250));
    assert_eq!(settled(&store, &asked("a", &whole, 1)), "new");
    let Finding::Decided(decision) = store.decide_now(&asked("bb", &part, 2)).unwrap() else { panic!() };
    assert!(decision.ruling.duplicate);
    let link = decision.ruling.link.unwrap();
    assert_eq!((link.of, link.relation, link.similarity), (ArticleId::of_key("a"), Relation::Excerpt, 1.0));

    let store = Store::new(limits());
    assert_eq!(settled(&store, &asked("a", &part, 1)), "new");
    let Finding::Decided(decision) = store.decide_now(&asked("bb", &whole, 2)).unwrap() else { panic!() };
    assert!(!decision.ruling.duplicate, "most of the whole was never published: {decision:?}");
    assert_eq!(decision.ruling.link.map(|link| link.relation), Some(Relation::Update));
}

#[test]
fn a_table_with_other_numbers_is_no_copy() {
    let store = Store::new(limits());
    let table = |day: usize| -> String {
        (0..30)
            .map(|row| format!("Grain number {row} closed at {}.{row} dollars a bushel.\n", day * 100 + row))
            .collect()
    };
    assert_eq!(settled(&store, &asked("a", &table(1), 1)), "new");
    assert_eq!(settled(&store, &asked("bb", &table(2), 2)), "new");
}

#[test]
fn what_a_host_repeats_makes_no_copy() {
    let store = Store::new(limits());
    let column = |week: usize| story("boilerplate", 0..60) + " " + &story(&format!("week{week}x"), 0..120);
    settled(&store, &asked("a", &column(1), 1));
    settled(&store, &asked("b", &column(2), 2));
    for week in 3..10 {
        let key = char::from(b'a' + week as u8).to_string();
        assert_eq!(settled(&store, &asked(&key, &column(week), week as i64)), "new", "week {week}");
    }
}

#[test]
fn a_copy_of_a_copy_names_the_original() {
    let store = Store::new(limits());
    settled(&store, &asked("a", &story("x", 0..300), 1));
    assert_eq!(settled(&store, &asked("bb", &story("x", 0..280), 2)), duplicate_of("a"));
    assert_eq!(settled(&store, &asked("ccc", &story("x", 0..280), 3)), duplicate_of("a"));
}

#[test]
fn an_original_that_is_revised_is_no_copy_of_its_copies() {
    let store = Store::new(limits());
    settled(&store, &asked("a", &story("x", 0..300), 1));
    settled(&store, &asked("bb", &(story("x", 0..300) + " copied"), 2));
    let Finding::Decided(decision) = store.decide_now(&asked("a", &(story("x", 0..300) + " mended"), 3)).unwrap()
    else {
        panic!()
    };
    assert_eq!((decision.ruling.revision, decision.ruling.link, decision.merged), (2, None, None));
}

#[test]
fn two_stories_that_turn_out_to_be_one_are_told_once() {
    let store = Store::new(limits());
    let agency = story("x", 0..300);
    settled(&store, &asked("a", &agency, 1));
    // The same report told over again, with whole passages of its own: not recognised.
    let retold = story("x", 0..60) + " " + &story("y", 0..240);
    assert_eq!(settled(&store, &asked("bb", &retold, 2)), "new");
    let both = story("x", 0..240) + " " + &story("y", 0..200);
    let Finding::Decided(first) = store.decide_now(&asked("ccc", &both, 3)).unwrap() else { panic!() };
    let story = first.ruling.link.map(|link| link.cluster);
    let others = [ArticleId::of_key("a"), ArticleId::of_key("bb")];
    assert!(others.map(Some).contains(&story) && others.map(Some).contains(&first.merged) && story != first.merged);
    let Finding::Decided(second) = store.decide_now(&asked("dddd", &(both + " once more"), 4)).unwrap() else {
        panic!()
    };
    assert_eq!(second.merged, None);
}

#[test]
fn the_page_that_is_named_as_source_can_be_preferred() {
    for (original, expected) in [(Original::First, "a"), (Original::Source, "bb")] {
        let store = Store::new(Limits { original, ..limits() });
        settled(&store, &asked("a", &story("x", 0..300), 1));
        // Less than four fifths of it are known: an article of its own.
        settled(&store, &asked("bb", &(story("x", 0..200) + " " + &story("y", 0..140)), 2));
        let mut third = asked("ccc", &story("x", 0..190), 3);
        third.source = Some(ArticleId::of_key("bb"));
        assert_eq!(settled(&store, &third), duplicate_of(expected));
    }
}

#[test]
fn a_redelivered_message_is_no_duplicate_of_itself() {
    let store = Store::new(limits());
    for _ in 0..2 {
        assert_eq!(settled(&store, &asked("a", "text", 1)), "new");
        assert_eq!(settled(&store, &asked("b", "text", 2)), duplicate_of("a"));
    }
}

#[test]
fn a_copy_waits_until_the_original_is_settled() {
    let store = Store::new(limits());
    let (first, claim) = try_claim(&store, &asked("a", "text", 1)).unwrap();
    assert_eq!(first, "new");
    assert!(try_claim(&store, &asked("b", "text", 2)).is_none());
    claim.unwrap().confirm();
    let (second, _claim) = try_claim(&store, &asked("b", "text", 2)).unwrap();
    assert_eq!(second, duplicate_of("a"));
}

#[test]
fn a_copy_of_an_article_that_did_not_appear_is_the_original() {
    let store = Store::new(limits());
    let (_, claim) = try_claim(&store, &asked("a", "text", 1)).unwrap();
    assert!(try_claim(&store, &asked("b", "text", 2)).is_none());
    claim.unwrap().release();
    assert_eq!(try_claim(&store, &asked("b", "text", 2)).unwrap().0, "new");
}

#[tokio::test(start_paused = true)]
async fn who_waits_goes_on_as_soon_as_the_claim_is_settled() {
    let store = Store::new(limits());
    let (_, claim) = try_claim(&store, &asked("a", "text", 1)).unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { told(&store.claim(&asked("b", "text", 2)).await.0) }
    });
    tokio::task::yield_now().await;
    claim.unwrap().confirm();
    assert_eq!(waiting.await.unwrap(), duplicate_of("a"));
}

#[test]
fn an_abandoned_claim_is_kept_for_its_message_and_its_old_holder_is_powerless() {
    let store = Store::new(limits());
    let (_, zombie) = try_claim(&store, &asked("a", "text", 1)).unwrap();
    let zombie = zombie.unwrap();
    let (token, number) = (zombie.token, zombie.number);
    drop(zombie);
    assert!(try_claim(&store, &asked("b", "text", 2)).is_none(), "the message of the first will come again");
    let (again, claim) = try_claim(&store, &asked("a", "text", 1)).unwrap();
    assert_eq!(again, "new");
    drop(Claim { store: store.clone(), number, token });
    Claim { store: store.clone(), number, token }.release();
    assert!(try_claim(&store, &asked("b", "text", 2)).is_none());
    claim.unwrap().confirm();
    assert_eq!(settled(&store, &asked("b", "text", 2)), duplicate_of("a"));
}

#[test]
fn a_released_revision_leaves_what_it_found() {
    let store = Store::new(limits());
    settled(&store, &asked("a", "text", 1));
    let (revised, claim) = try_claim(&store, &asked("a", "changed", 2)).unwrap();
    assert_eq!(revised, "revision 2");
    claim.unwrap().release();
    assert_eq!(settled(&store, &asked("a", "text", 3)), "unchanged");
    assert_eq!(settled(&store, &asked("b", "text", 4)), duplicate_of("a"));
    assert_eq!(settled(&store, &asked("a", "changed", 5)), "revision 2");
}

#[test]
fn what_is_old_is_forgotten_and_what_is_seen_again_is_not() {
    let store = Store::new(limits());
    let later = |days: u32, asked: Asked| Asked { at: NOW + days * 86_400, ..asked };
    settled(&store, &asked("a", "text", 1));
    settled(&store, &asked("b", "other", 2));
    assert_eq!(settled(&store, &later(20, asked("b", "other", 3))), "unchanged");
    assert_eq!(settled(&store, &later(40, asked("c", "text", 4))), "new");
    assert_eq!(settled(&store, &later(40, asked("b", "other", 5))), "unchanged");
}

#[test]
fn no_more_is_remembered_than_allowed() {
    let store = Store::new(Limits { most: 10, ..limits() });
    for number in 0..100 {
        settled(&store, &asked(&format!("key{number}"), &format!("text {number}"), number));
    }
    assert_eq!(store.size().articles, 10);
}

#[test]
fn racing_copies_have_one_original() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let store = Store::new(limits());
    for round in 0..300 {
        let race = |key: String, offset: i64| {
            let (store, asked) = (store.clone(), asked(&key, &format!("text {round}"), offset));
            runtime.spawn(async move {
                let (finding, claim) = store.claim(&asked).await;
                claim.unwrap().confirm();
                told(&finding)
            })
        };
        let racers = [race(format!("x{round}"), round * 2), race(format!("yy{round}"), round * 2 + 1)];
        let decisions: Vec<String> = racers.map(|racer| runtime.block_on(racer).unwrap()).into();
        assert_eq!(decisions.iter().filter(|told| *told == "new").count(), 1, "{decisions:?}");
    }
}

fn reopened(store: Arc<Store>, folder: &tempfile::TempDir) -> Arc<Store> {
    drop(store);
    Store::open(limits(), folder.path()).unwrap()
}

#[test]
fn a_new_process_knows_what_the_last_one_did() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(limits(), folder.path()).unwrap();
    settled(&store, &asked("a", &story("x", 0..300), 1));
    settled(&store, &asked("a", &(story("x", 0..300) + " mended"), 2));
    let store = reopened(store, &folder);
    assert_eq!(store.size().articles, 1);
    assert_eq!(settled(&store, &asked("a", &(story("x", 0..300) + " mended"), 3)), "unchanged");
    assert_eq!(settled(&store, &asked("bb", &story("x", 0..280), 4)), duplicate_of("a"));
    let store = reopened(store, &folder);
    assert_eq!(settled(&store, &asked("a", "something else", 5)), "revision 3");
}

#[test]
fn a_folder_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let _store = Store::open(limits(), folder.path()).unwrap();
    let refusal = Store::open(limits(), folder.path()).unwrap_err();
    assert!(matches!(refusal, StoreError::Held { .. }), "{refusal}");
}

#[test]
fn what_a_crash_left_pending_is_resolved_by_the_groups_commit() {
    for committed in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(limits(), folder.path()).unwrap();
        settled(&store, &asked("old", "an old text", 1));
        let (_, lost) = try_claim(&store, &asked("a", "text", 7)).unwrap();
        let (_, revision) = try_claim(&store, &asked("old", "a new text", 8)).unwrap();
        drop((lost, revision));
        let store = reopened(store, &folder);
        assert!(try_claim(&store, &asked("b", "text", 9)).is_none(), "not decided before the commit is known");
        store.resolve(move |consumed| Some(consumed.offset >= 7 && committed));
        if committed {
            assert_eq!(settled(&store, &asked("b", "text", 9)), duplicate_of("a"));
            assert_eq!(settled(&store, &asked("old", "a new text", 10)), "unchanged");
        } else {
            assert!(try_claim(&store, &asked("b", "text", 9)).is_none(), "kept for the message that comes again");
            let (again, claim) = try_claim(&store, &asked("a", "text", 7)).unwrap();
            assert_eq!(again, "new");
            claim.unwrap().confirm();
            assert_eq!(settled(&store, &asked("b", "text", 9)), duplicate_of("a"));
            let (again, _claim) = try_claim(&store, &asked("old", "a new text", 8)).unwrap();
            assert_eq!(again, "revision 2");
        }
    }
}

proptest! {
    /// Whatever is claimed, settled and claimed again: the index never disagrees with the articles.
    #[test]
    fn what_is_live_can_be_found(steps in proptest::collection::vec((0_u8..6, 0_u8..4, 0_u8..3), 1..80)) {
        let store = Store::new(limits());
        let mut claims = Vec::new();
        for (offset, (key, text, how)) in steps.into_iter().enumerate() {
            let asked = asked(&format!("key{key}"), &format!("text {text}"), offset as i64);
            if let Some((_, Some(claim))) = try_claim(&store, &asked) {
                match how {
                    0 => claim.confirm(),
                    1 => claim.release(),
                    _ => claims.push(claim),
                }
            }
            local(&store).is_consistent();
        }
    }
}
