use tokio::sync::Semaphore;

use super::*;

const HOST: &str = "news.example";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn wait(limit: u64) -> Patience {
    Patience::Wait(seconds(limit))
}

#[tokio::test(start_paused = true)]
async fn a_host_rests_between_the_end_of_one_request_and_the_start_of_the_next() {
    let hosts = Hosts::new(1, seconds(2), 1_000);
    let turn = hosts.turn(HOST, wait(60)).await.unwrap();
    tokio::time::advance(seconds(5)).await;
    drop(turn);
    let ended = Instant::now();
    let _turn = hosts.turn(HOST, wait(60)).await.unwrap();
    assert_eq!(ended.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_hosts_do_not_wait() {
    let hosts = Hosts::new(1, seconds(60), 1_000);
    let started = Instant::now();
    let _one = hosts.turn("a.example", wait(60)).await.unwrap();
    let _other = hosts.turn("b.example", wait(60)).await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn turns_are_given_in_the_order_in_which_they_were_asked_for() {
    let hosts = Hosts::new(1, seconds(1), 1_000);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for number in 0..20 {
        let (hosts, order) = (hosts.clone(), order.clone());
        waiting.push(tokio::spawn(async move {
            let turn = hosts.turn(HOST, wait(60)).await.unwrap();
            order.lock().unwrap().push(number);
            drop(turn);
        }));
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    for task in waiting {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), (0..20).collect::<Vec<_>>());
    assert_eq!(started.elapsed().as_secs(), 19);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_work_at_once() {
    let hosts = Hosts::new(3, Duration::ZERO, 1_000);
    let at_work = Arc::new(Semaphore::new(3));
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (hosts, at_work) = (hosts.clone(), at_work.clone());
            tokio::spawn(async move {
                let _turn = hosts.turn(HOST, wait(600)).await.unwrap();
                let _one = at_work.try_acquire().expect("a fourth at work");
                tokio::time::sleep(seconds(1)).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_told_at_once_when_to_come_back() {
    let hosts = Hosts::new(1, seconds(10), 1_000);
    drop(hosts.turn(HOST, wait(60)).await.unwrap());
    let started = Instant::now();
    let busy = hosts.turn(HOST, wait(5)).await.unwrap_err();
    assert_eq!((busy.come_back, started.elapsed()), (seconds(10), Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_host_is_as_long_as_the_patience() {
    let hosts = Hosts::new(1, seconds(1), 1_000);
    drop(hosts.turn(HOST, wait(60)).await.unwrap());
    let mut queue = Vec::new();
    for _ in 0..100 {
        let hosts = hosts.clone();
        queue.push(tokio::spawn(async move { hosts.turn(HOST, wait(10)).await.map(drop) }));
    }
    let mut served = 0;
    for task in queue {
        served += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(served, 10);
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_longer_than_thought_leaves_the_next_busy() {
    let hosts = Hosts::new(1, Duration::ZERO, 1_000);
    let _endless = hosts.turn(HOST, wait(60)).await.unwrap();
    let started = Instant::now();
    assert!(hosts.turn(HOST, wait(7)).await.is_err());
    assert_eq!(started.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_for_as_long_as_the_host_asked_and_at_most_a_day() {
    let hosts = Hosts::new(1, Duration::ZERO, 1_000);
    hosts.pause(HOST, seconds(30));
    hosts.pause(HOST, seconds(10));
    assert_eq!(hosts.turn(HOST, wait(29)).await.unwrap_err().come_back, seconds(30));
    let started = Instant::now();
    drop(hosts.turn(HOST, wait(31)).await.unwrap());
    assert_eq!(started.elapsed().as_secs(), 30);
    hosts.pause(HOST, seconds(10 * 365 * 86_400));
    assert_eq!(hosts.turn(HOST, wait(60)).await.unwrap_err().come_back, retry_after::LONGEST);
}

#[tokio::test(start_paused = true)]
async fn a_crawl_delay_is_a_floor_with_a_ceiling() {
    let hosts = Hosts::new(1, seconds(2), 1_000);
    for (crawl_delay, interval) in [(0, 2), (1, 2), (10, 10), (3_600, 30)] {
        drop(hosts.turn(HOST, wait(600)).await.unwrap());
        hosts.slow_down(HOST, seconds(crawl_delay), Pace::Usual);
        let ended = Instant::now();
        drop(hosts.turn(HOST, wait(600)).await.unwrap());
        assert_eq!(ended.elapsed().as_secs(), interval);
    }
}

#[tokio::test(start_paused = true)]
async fn no_patience_passes_over_the_interval_and_stops_at_a_pause() {
    let hosts = Hosts::new(1, seconds(10), 1_000);
    let turn = hosts.turn(HOST, Patience::None).await.unwrap();
    assert!(hosts.turn(HOST, Patience::None).await.is_err());
    drop(turn);
    drop(hosts.turn(HOST, Patience::None).await.unwrap());
    hosts.pause(HOST, seconds(5));
    assert_eq!(hosts.turn(HOST, Patience::None).await.unwrap_err().come_back, seconds(5));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_leaves_no_trace() {
    let hosts = Hosts::new(1, seconds(1), 1_000);
    let turn = hosts.turn(HOST, wait(60)).await.unwrap();
    for _ in 0..100 {
        assert!(tokio::time::timeout(seconds(1), hosts.turn(HOST, wait(600))).await.is_err());
    }
    drop(turn);
    let started = Instant::now();
    hosts.turn(HOST, wait(60)).await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn idle_hosts_are_forgotten_and_busy_or_paused_ones_are_not() {
    let hosts = Hosts::new(1, seconds(1), 1_000);
    let _busy = hosts.turn("busy.example", wait(60)).await.unwrap();
    hosts.pause("paused.example", seconds(80_000));
    for round in 0..20 {
        for number in 0..SWEPT_FROM {
            drop(hosts.turn(&format!("{round}-{number}.example"), wait(60)).await.unwrap());
        }
        tokio::time::advance(seconds(302)).await;
        assert!(hosts.len() <= 3 * SWEPT_FROM, "{}", hosts.len());
    }
    assert!(hosts.turn("busy.example", Patience::None).await.is_err());
    assert!(hosts.turn("paused.example", Patience::None).await.is_err());
}

/// A request to [`HOST`] that took so long and ended so.
async fn request(hosts: &Hosts, took: Duration, sign: Sign, status: u16) {
    let mut turn = hosts.turn(HOST, wait(100_000)).await.unwrap();
    turn.begins();
    tokio::time::advance(took).await;
    turn.ended(sign, Some(status), "/");
}

#[tokio::test(start_paused = true)]
async fn a_slow_host_rests_longer_and_quick_errors_make_it_no_faster() {
    let hosts = Hosts::new(1, seconds(1), 1_000);
    let failing = Sign::Failing;
    for _ in 0..20 {
        request(&hosts, seconds(5), Sign::Well, 200).await;
    }
    for _ in 0..3 {
        request(&hosts, Duration::ZERO, failing, 500).await;
        let ended = Instant::now();
        drop(hosts.turn(HOST, wait(600)).await.unwrap());
        assert_eq!(ended.elapsed().as_secs(), 10, "twice its response time");
    }
    request(&hosts, seconds(300), Sign::Well, 200).await;
    let ended = Instant::now();
    drop(hosts.turn(HOST, wait(600)).await.unwrap());
    assert_eq!(ended.elapsed(), LONGEST_CRAWL_DELAY, "and never longer than a crawl-delay");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_down_gets_one_probe_and_the_others_are_told_so() {
    let hosts = Hosts::new(4, Duration::ZERO, 1_000);
    for _ in 0..5 {
        request(&hosts, Duration::ZERO, Sign::Failing, 500).await;
    }
    let down = hosts.turn(HOST, wait(1)).await.unwrap_err();
    assert_eq!((down.reason(), down.why.clone()), (Reason::HostDown, Why::Down), "{down}");
    tokio::time::advance(down.come_back).await;
    let probe = hosts.turn(HOST, wait(1)).await.unwrap();
    assert_eq!(hosts.turn(HOST, wait(1)).await.unwrap_err().why, Why::Down);
    drop(probe);
    request(&hosts, Duration::ZERO, Sign::Well, 200).await;
    let together = [hosts.turn(HOST, wait(1)).await.unwrap(), hosts.turn(HOST, wait(1)).await.unwrap()];
    assert_eq!(hosts.pauses(Cause::Down), 1);
    drop(together);
}

#[tokio::test(start_paused = true)]
async fn no_host_has_more_seats_than_its_share() {
    let hosts = Hosts::new(1, Duration::ZERO, 3);
    let seats: Vec<_> = (0..3).map(|_| hosts.seat(HOST).unwrap()).collect();
    assert!(hosts.seat(HOST).is_err());
    assert!(hosts.seat("other.example").is_ok());
    drop(seats);
    assert!(hosts.seat(HOST).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_slow_host_has_fewer_seats_than_a_quick_one() {
    let hosts = Hosts::new(1, Duration::ZERO, 40);
    let seats: Vec<_> = (0..15).map(|_| hosts.seat(HOST).unwrap()).collect();
    assert_eq!(seats.len(), 15, "a quick host has what it asks for");
    drop(seats);
    let first = hosts.turn(HOST, wait(60)).await.unwrap();
    tokio::time::advance(seconds(10)).await;
    let seats: Vec<_> = std::iter::from_fn(|| hosts.seat(HOST).ok()).take(40).collect();
    assert_eq!(seats.len(), 10, "its first answer is ten seconds late");
    drop((seats, first));
}

#[tokio::test(start_paused = true)]
async fn the_operators_hold_and_resume_win_over_everything() {
    let hosts = Hosts::new(1, Duration::ZERO, 1_000);
    hosts.pause(HOST, seconds(500));
    hosts.hold(HOST, seconds(50), "ticket 1");
    assert_eq!(hosts.turn(HOST, wait(100)).await.unwrap_err().why, Why::Held("ticket 1".into()));
    hosts.resume(HOST);
    hosts.turn(HOST, Patience::None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_operators_pace_is_kept_beside_the_hosts_own() {
    let hosts = Hosts::new(1, seconds(2), 1_000);
    for (pace, crawl_delay, interval) in
        [(Pace::Slow(seconds(40)), 0, 40), (Pace::Boost(seconds(0)), 0, 0), (Pace::Boost(seconds(1)), 7, 7)]
    {
        drop(hosts.turn(HOST, wait(600)).await.unwrap());
        hosts.slow_down(HOST, seconds(crawl_delay), pace);
        let ended = Instant::now();
        drop(hosts.turn(HOST, wait(600)).await.unwrap());
        assert_eq!(ended.elapsed().as_secs(), interval, "{pace:?}");
    }
}
