"""Instructions by room from a file of callgrind's, held against a file of `room count` lines.

    python3 tests/instructions.py CALLGRIND_OUT STORED [--write]

A line of code counts for the file that it stands in, also where it was inlined elsewhere, and what libraries do for the
library. Exit 1 if the sum is more
than SLACK above the stored one, with the rooms that grew.
"""

import collections
import re
import sys

SLACK = 0.03

# The rooms: the first pattern that fits a line's file if it is ours, or else the function that it was inlined into.
ROOMS = [
    ("parse", r"extract(?:/|::)(scan|parse)|html5ever|web_atoms|string_cache|tendril|scraper|ego_tree|phf"),
    ("page", r"extract(?:/|::)(page|tag|classes)"),
    ("charset", r"extract(?:/|::)charset|encoding_rs|chardetng"),
    ("structured", r"extract(?:/|::)(structured|jsonld)|serde_json"),
    ("title", r"extract(?:/|::)title"),
    ("dates", r"extract(?:/|::)(dates|months)|jiff"),
    ("authors", r"extract(?:/|::)authors"),
    ("body", r"extract(?:/|::)(content|trees)"),
    ("wire", r"extract(?:/|::)(wire|agencies)"),
    ("gate", r"extract(?:/|::)gate"),
    ("text", r"extract(?:/|::)(text|phrases|language)|unicode_|whatlang|aho_corasick|memchr"),
    ("memory", r"mi_|malloc|free|mem(cpy|move|set|cmp)"),
]


def counted(path):
    """Instructions by room: a line of costs belongs to the function and the file that were named last."""
    names, sums = collections.defaultdict(dict), collections.Counter()
    function, file, called = "", "", False
    for line in open(path, encoding="utf-8", errors="replace"):
        if match := re.match(r"(c?)(fn|fl|fi|fe)=\((\d+)\)(?: (.*))?", line):
            # A name stands behind its number once, maybe where the function is only called.
            known = names["fn" if match[2] == "fn" else "file"]
            if match[4]:
                known[match[3]] = match[4]
            if match[1]:
                continue
            if match[2] == "fn":
                function = known.get(match[3], "")
            else:
                file = known.get(match[3], "")
        elif line.startswith("calls="):
            called = True
        elif re.match(r"[+\-*\d]", line):
            # What stands behind `calls` is the cost of the other function.
            if not called:
                sums[room(file, function)] += int(line.split()[-1])
            called = False
    return sums


def room(file, function):
    place = file if "src/extract/" in file else function
    return next((name for name, pattern in ROOMS if re.search(pattern, place)), "other")


def main():
    now = counted(sys.argv[1])
    if "--write" in sys.argv:
        with open(sys.argv[2], "w") as stored:
            stored.writelines(f"{name} {count}\n" for name, count in sorted(now.items()))
    before = {name: int(count) for name, count in (line.split() for line in open(sys.argv[2]))}
    for name in sorted(now | before, key=lambda name: -now.get(name, 0)):
        old, new = before.get(name, 0), now.get(name, 0)
        change = f"{100 * (new / old - 1):+.1f} %" if old else "new"
        print(f"{name:>12} {new / 1e6:>9.2f} M  {change:>9}")
    old, new = sum(before.values()), sum(now.values())
    print(f"{'all':>12} {new / 1e6:>9.2f} M  {100 * (new / old - 1):+.1f} %")
    if new > old * (1 + SLACK):
        grown = [name for name in now if now[name] > before.get(name, 0) * (1 + SLACK)]
        print(
            f"twenty pages take {100 * (new / old - 1):.1f} % more instructions than is written down; grown: "
            f"{', '.join(sorted(grown, key=lambda name: before.get(name, 0) - now[name]))}. If that is what it is worth: tests/instructions.sh --write"
        )
        sys.exit(1)
    if new < old * (1 - SLACK):
        print("fewer than are written down: tests/instructions.sh --write keeps it so")


main()
