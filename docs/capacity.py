#!/usr/bin/env python3
"""The model behind docs/capacity.md: how much of everything for so many URLs a day.

    python3 docs/capacity.py                             # what it takes, and the tables
    python3 docs/capacity.py "peak over mean=5"          # with a figure of your own, as many as you like
    python3 docs/capacity.py --write                     # the tables into docs/capacity.md, after a figure has changed here

Standard library alone. MEASURED is what docs/performance.md and docs/dedup.md say; ASSUMED is what nobody has measured here: put your own
figures in, and read the tables again. Where a range was measured the dearer end stands here.
"""

import pathlib
import random
import sys

MEASURED = {
    "CPU seconds of the worker for 1,000 pages": 2.3,  # make bench: 1.87 to 1.95 on a quiet machine, to 2.32 on a busy one, pages of 202 kB, no TLS
    "MiB of a worker at its peak": 241,  # make bench: 230 to 241, 1,000 in flight, few articles known
    "CPU seconds of the brokers for 1,000 pages": 2.9,  # make scaling: 2.70 to 2.90 once warm, one copy of each record
    "CPU seconds of Redis for 1,000 pages": 1.4,  # make scaling: 1.34 to 1.43; 3.09 where four workers starve beside it
    "bytes of the index an article": 482,  # docs/dedup.md, of 1,000,000
    "bytes on disk an article": 426,  # docs/dedup.md, of 1,000,000
    "bytes of an article in Redis": 839,  # docs/dedup.md, of 40,000
}
ASSUMED = {
    "CPU seconds more for 1,000 pages, for TLS and a real network": 1.0,
    "cores of a worker": 2,
    "share of its cores that a worker uses at the peak": 0.7,
    "peak over mean": 3.0,
    "share of URLs that are new articles": 0.3,
    "days that an article is remembered": 30,
    "bytes of a page on the wire": 47_000,
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


def pages_a_second():
    """What one worker makes at the peak."""
    cpu = MEASURED["CPU seconds of the worker for 1,000 pages"] + ASSUMED["CPU seconds more for 1,000 pages, for TLS and a real network"]
    return 1_000 / cpu * ASSUMED["cores of a worker"] * ASSUMED["share of its cores that a worker uses at the peak"]


def cores(count):
    return f"{count:.2f}" if count < 1 else f"{count:.1f}" if count < 10 else f"{count:.0f}"


def column(urls_a_day, of_hosts):
    mean = urls_a_day / DAY
    peak = mean * ASSUMED["peak over mean"]
    workers = max(1, -(-peak // pages_a_second()))
    # Twice as many partitions as workers, so that there is room to grow; a multiple of 12 divides well.
    partitions = int(max(12, -(-2 * workers // 12) * 12))
    new = urls_a_day * ASSUMED["share of URLs that are new articles"]
    articles = new * ASSUMED["days that an article is remembered"]
    beyond, skew = by_pace(urls_a_day, partitions, of_hosts)
    return {
        "URLs a day": readable(urls_a_day),
        "a second, mean / peak": f"{mean:,.0f} / {peak:,.0f}",
        "workers": f"{workers:,.0f}",
        "partitions": f"{partitions:,}",
        "memory of the workers, without what is known": f"{readable(workers * MEASURED['MiB of a worker at its peak'] * 2**20)}B",
        "cores of the brokers at the peak": cores(peak * MEASURED["CPU seconds of the brokers for 1,000 pages"] / 1_000),
        "cores of Redis at the peak": cores(peak * MEASURED["CPU seconds of Redis for 1,000 pages"] / 1_000),
        "being fetched at the peak": f"{peak * ASSUMED['seconds from asking a host to its answer']:,.0f}",
        "in from the web at the peak": f"{readable(peak * ASSUMED['bytes of a page on the wire'] * 8)}bit/s",
        "records a day": f"{readable(new * ASSUMED['bytes of an article record and its outcome'])}B",
        "articles known": readable(articles),
        "their index, in one worker": f"{readable(articles * MEASURED['bytes of the index an article'])}B",
        "on its disk": f"{readable(articles * MEASURED['bytes on disk an article'])}B",
        "in Redis": f"{readable(articles * MEASURED['bytes of an article in Redis'])}B",
        "beyond their host's pace": f"{beyond:.0%}",
        "busiest partition / mean": f"{skew:.1f}",
    }


def tables():
    """The figures that go in, and what comes out, in Markdown."""
    lines = ["| measured | |", "|---|---|"] + [f"| {name} | {value:,} |" for name, value in MEASURED.items()]
    lines += ["", "| assumed | |", "|---|---|"] + [f"| {name} | {value:,} |" for name, value in ASSUMED.items()]
    of_hosts = shares(ASSUMED["hosts"], ASSUMED["Zipf exponent of the hosts' shares"])
    columns = [column(urls, of_hosts) for urls in (1e6, 1e7, 1e8, 1e9)]
    lines += ["", f"One worker makes {pages_a_second():.0f} pages a second at the peak, then:", ""]
    for number, name in enumerate(columns[0]):
        lines.append("| " + " | ".join([name, *(column[name] for column in columns)]) + " |")
        if number == 0:
            lines.append("|---|---|---|---|---|")
    lines.append("")
    for partitions in (12, 100, 1_000):
        beyond, skew = by_pace(1e8, partitions, of_hosts)
        lines.append(f"- 100 M URLs a day on {partitions:,} partitions, simulated: {beyond:.0%} beyond their host's pace, the busiest has {skew:.1f} times the mean")
    return "\n".join(lines) + "\n"


def write(page):
    start, end = "<!-- by capacity.py -->\n", "<!-- to here -->\n"
    before, rest = page.read_text().split(start)
    page.write_text(before + start + tables() + end + rest.split(end)[1])


def main():
    for given in (argument for argument in sys.argv[1:] if argument != "--write"):
        name, _, value = given.rpartition("=")
        figures = next((figures for figures in (MEASURED, ASSUMED) if name in figures), None)
        if figures is None:
            sys.exit(f"{name!r} is none of the figures: {', '.join([*MEASURED, *ASSUMED])}")
        figures[name] = type(figures[name])(value)
    if "--write" in sys.argv:
        write(pathlib.Path(__file__).with_suffix(".md"))
    else:
        print(tables(), end="")


if __name__ == "__main__":
    main()
