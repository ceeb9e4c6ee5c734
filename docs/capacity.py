#!/usr/bin/env python3
"""The model behind docs/capacity.md: how much of everything for so many URLs a day. Run it: python3 docs/capacity.py

Standard library alone. MEASURED comes from docs/performance.md and docs/dedup.md; ASSUMED is what nobody has measured here: put your own
figures in, and read the table again.
"""

import random

MEASURED = {
    "URLs a second and worker of two cores": 263,  # make load: a development build, beside broker and site, small pages
    "pages a second and core, from bytes to record": 400,  # release build, one thread, pages as served
    "bytes of the index an article": 580,
    "bytes on disk an article": 560,
}
ASSUMED = {
    "share of the measured speed that real pages and TLS leave": 0.25,
    "peak over mean": 3.0,
    "share of URLs that are new articles": 0.3,
    "days that an article is remembered": 30,
    "bytes of an article in Redis": 1500,
    "bytes of a page on the wire": 40_000,
    "bytes of an article record and its outcome": 9_000,
    "seconds from asking a host to its answer": 0.7,
    "seconds that a host rests": 1.0,  # frontier.host_delay
    "hosts": 200_000,
    "Zipf exponent of the hosts' shares": 0.9,
}
DAY = 86_400


def shares(hosts, exponent):
    weights = [1 / rank**exponent for rank in range(1, hosts + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


def by_pace(urls_a_day, partitions, of_hosts):
    """What politeness leaves: the share of URLs beyond their host's pace, and the busiest partition over the mean one.

    Each host's URLs lie on one partition, as they are keyed by domain.
    """
    pace = DAY / (ASSUMED["seconds from asking a host to its answer"] + ASSUMED["seconds that a host rests"])
    dice = random.Random(1)
    load, beyond = [0.0] * partitions, 0.0
    for share in of_hosts:
        wanted = urls_a_day * share
        beyond += max(0.0, wanted - pace)
        load[dice.randrange(partitions)] += min(wanted, pace)
    return beyond / urls_a_day, max(load) / (sum(load) / partitions)


def readable(count):
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f}"


def row(urls_a_day, of_hosts):
    mean = urls_a_day / DAY
    peak = mean * ASSUMED["peak over mean"]
    speed = MEASURED["URLs a second and worker of two cores"] * ASSUMED["share of the measured speed that real pages and TLS leave"]
    workers = max(1, -(-peak // speed))
    # Twice as many partitions as workers, so that there is room to grow; a multiple of 12 divides well.
    partitions = int(max(12, -(-2 * workers // 12) * 12))
    articles = urls_a_day * ASSUMED["share of URLs that are new articles"] * ASSUMED["days that an article is remembered"]
    in_flight = peak * ASSUMED["seconds from asking a host to its answer"]
    beyond, skew = by_pace(urls_a_day, partitions, of_hosts)
    records = urls_a_day * ASSUMED["share of URLs that are new articles"] * ASSUMED["bytes of an article record and its outcome"]
    return [
        readable(urls_a_day),
        f"{mean:,.0f} / {peak:,.0f}",
        f"{workers:,.0f}",
        f"{partitions:,}",
        f"{in_flight:,.0f}",
        f"{readable(peak * ASSUMED['bytes of a page on the wire'] * 8)}bit/s",
        f"{readable(records)}B",
        readable(articles),
        f"{readable(articles * MEASURED['bytes of the index an article'])}B",
        f"{readable(articles * ASSUMED['bytes of an article in Redis'])}B",
        f"{beyond:.0%}",
        f"{skew:.1f}",
    ]


HEADS = [
    "URLs a day", "a second, mean / peak", "workers (2 cores)", "partitions", "being fetched at the peak", "in from the web",
    "records a day", "articles known", "index, one worker", "Redis", "beyond their host's pace", "busiest partition / mean",
]


def main():
    of_hosts = shares(ASSUMED["hosts"], ASSUMED["Zipf exponent of the hosts' shares"])
    columns = zip(HEADS, *(row(urls, of_hosts) for urls in (1e6, 1e7, 1e8, 1e9)))
    for number, cells in enumerate(columns):
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("|---|---|---|---|---|")
    for partitions in (12, 100, 1_000):
        beyond, skew = by_pace(1e8, partitions, of_hosts)
        print(f"simulated, 100 M URLs a day on {partitions} partitions: {beyond:.0%} beyond their host's pace, busiest {skew:.1f} times the mean")


if __name__ == "__main__":
    main()
