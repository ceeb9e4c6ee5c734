use std::time::Instant;

use proptest::prelude::*;

use super::*;

fn allows(file: &str, path: &str) -> bool {
    Rules::parse(file.as_bytes(), "newswire").allows(path)
}

#[test]
fn the_token_is_what_the_user_agent_begins_with() {
    assert_eq!(product_token("newswire/0.1 (+https://a.example)"), "newswire");
    assert_eq!(product_token(" News-Wire_bot"), "News-Wire_bot");
    assert_eq!(product_token("(none)"), "");
}

#[test]
fn the_group_that_names_us_counts_and_the_one_for_all_only_without_it() {
    let file = "User-agent: *\nDisallow: /\n\nUser-Agent: NEWSWIRE/2 (news)\nUser-agent: other\nDisallow: /a\n";
    assert!(allows(file, "/b"));
    assert!(!allows(file, "/a"));
    assert!(!Rules::parse(file.as_bytes(), "third").allows("/b"));
    assert!(allows("User-agent: newswire\nDisallow:\n\nUser-agent: *\nDisallow: /", "/a"));
}

#[test]
fn groups_that_name_us_are_merged_wherever_they_stand() {
    let file = "User-agent: newswire\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: newswire\nDisallow: /b";
    assert!(!allows(file, "/a") && !allows(file, "/b") && allows(file, "/c"));
}

#[test]
fn a_crawl_delay_does_not_end_the_list_of_agents() {
    let file = "User-agent: newswire\nCrawl-delay: 5\nUser-agent: x\nDisallow: /";
    let rules = Rules::parse(file.as_bytes(), "newswire");
    assert_eq!(rules.crawl_delay(), Some(Duration::from_secs(5)));
    assert!(!rules.allows("/a"));
}

#[test]
fn the_longest_pattern_decides_and_allow_wins_a_tie() {
    assert!(allows("User-agent: *\nDisallow: /\nAllow: /news", "/news/1"));
    assert!(!allows("User-agent: *\nAllow: /news\nDisallow: /news/p", "/news/private"));
    assert!(allows("User-agent: *\nDisallow: /news\nAllow: /news", "/news"));
}

#[test]
fn wildcards_and_the_end_mark_match_as_the_standard_has_them() {
    for (pattern, path, matches) in [
        ("/*.php$", "/a.php", true),
        ("/*.php$", "/a.php?x", false),
        ("/*.php", "/a.php5", true),
        ("/a*b*c", "/aXbXc", true),
        ("/a*b*c", "/acb", false),
        ("/*ab*ab$", "/abab", true),
        ("/*aba*ba$", "/aba", false),
        ("/*a$", "/aba", true),
        ("*", "/x", true),
        ("/a**b", "/ab", true),
        ("/a$b", "/a$b", true),
        ("/$", "/", true),
        ("/$", "/a", false),
        ("/a*$", "/abc", true),
        ("a", "/a", false),
    ] {
        assert_eq!(!allows(&format!("User-agent: *\nDisallow: {pattern}"), path), matches, "{pattern} {path}");
    }
}

#[test]
fn escapes_are_compared_without_case_and_other_letters_by_their_escapes() {
    assert!(!allows("User-agent: *\nDisallow: /caf\u{e9}", "/caf%c3%A9"));
    assert!(!allows("User-agent: *\nDisallow: /a%2fb", "/a%2Fb"));
    assert!(allows("User-agent: *\nDisallow: /a%2fb", "/a/b"));
}

#[test]
fn odd_files_are_read_as_their_authors_meant_them() {
    for file in [
        "\u{feff}User-agent: *\nDisallow: /",
        "user-agent:*\r\ndisallow:/\r\n",
        "User-agent: *\rDisallow: /",
        "  USERAGENT : * # all\n\tdissalow /# nothing\n",
        "garbage\n\nUser-agent: *\nunknown: x\n\n\nDisallow: /",
    ] {
        assert!(!allows(file, "/a"), "{file:?}");
    }
    for file in ["", "<html><p>Disallow: /</html>", "Disallow: /", "User-agent: *\nDisallow:", "\0\0\0"] {
        assert!(allows(file, "/a"), "{file:?}");
    }
}

#[test]
fn the_file_itself_may_always_be_asked_for() {
    assert!(allows("User-agent: *\nDisallow: /", "/robots.txt"));
}

#[test]
fn an_allowed_index_means_its_folder() {
    let file = "User-agent: *\nAllow: /a/index.html\nDisallow: /";
    assert!(allows(file, "/a/") && allows(file, "/a/index.html"));
    assert!(!allows(file, "/a/b"));
}

#[test]
fn only_the_first_part_of_a_huge_file_counts() {
    let mut file = "User-agent: *\nDisallow: /a\n".to_owned();
    file.push_str(&"#".repeat(LONGEST_FILE));
    file.push_str("\nDisallow: /b\n");
    assert!(!allows(&file, "/a") && allows(&file, "/b"));
}

#[test]
fn absurd_delays_are_no_delays() {
    for value in ["-1", "NaN", "inf", "1e400", "soon", ""] {
        let file = format!("User-agent: *\nCrawl-delay: {value}\nDisallow: /x");
        assert_eq!(Rules::parse(file.as_bytes(), "newswire").crawl_delay(), None, "{value}");
    }
}

#[test]
fn files_made_to_be_slow_are_answered_within_the_budget_and_disallow() {
    let path = format!("/{}", "a".repeat(16_000));
    let many_stars = format!("User-agent: *\nDisallow: /{}b\n", "*a".repeat(8_000));
    let many_rules = format!("User-agent: *\n{}", "Disallow: /*ab\n".repeat(35_000));
    let long_pieces = format!("User-agent: *\nDisallow: /*{}b\n", "a".repeat(8_000)).repeat(50);
    for file in [many_stars, many_rules, long_pieces] {
        let rules = Rules::parse(file.as_bytes(), "newswire");
        let started = Instant::now();
        rules.allows(&path);
        // A hundred times what it takes here: without the budget it is seconds.
        assert!(started.elapsed().as_secs() < 1, "{:?}", started.elapsed());
    }
    let many_rules = format!("User-agent: *\n{}", "Disallow: /*ab\n".repeat(35_000));
    assert!(!allows(&many_rules, &path), "the budget ends in a refusal");
    assert!(allows(&many_rules, "/short"), "and an ordinary path fits into it");
}

/// The meaning of a pattern, without any cleverness: dynamic programming over both texts.
fn matches_by_definition(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for symbol in pattern {
        let before = reached.clone();
        reached = (0..=path.len())
            .map(|at| match symbol {
                b'*' => before[..=at].contains(&true),
                symbol => at > 0 && before[at - 1] && path[at - 1] == *symbol,
            })
            .collect();
    }
    if to_the_end { reached[path.len()] } else { reached.contains(&true) }
}

proptest! {
    #[test]
    fn a_pattern_matches_what_its_definition_says(pattern in "/[ab*/$]{0,8}", path in "/[ab/$]{0,10}") {
        let rule = Rule { weight: 1, pattern: pattern.as_bytes().into(), verdict: Verdict::Disallow };
        let found = rule.matches(path.as_bytes(), &mut usize::MAX.clone());
        prop_assert_eq!(found, Some(matches_by_definition(pattern.as_bytes(), path.as_bytes())));
    }

    #[test]
    fn no_file_makes_it_panic(file: Vec<u8>, path: String) {
        let _ = Rules::parse(&file, "newswire").allows(&path);
        let file = [b"user-agent: *\ndisallow: ".to_vec(), file].concat();
        let _ = Rules::parse(&file, "newswire").allows(&path);
    }
}
