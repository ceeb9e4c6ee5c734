#!/usr/bin/env python3
"""Holds records against gold, and shows where they differ most. Standard library only.

usage: score.py SET_DIR PREDICTIONS.jsonl [--worst N]

SET_DIR/gold.jsonl has a line a page: {"id", "body"?, "title"?, "authors"?, "published"?, "with"?, "without"?, "page_type"?};
PREDICTIONS.jsonl is what `newswire extract` printed. A page that was rejected counts as an empty record.

  body      precision and recall of the shingles of four words, each the mean over the pages, and their F1
  words     F1 of the bags of words, the mean over the pages
  snippets  the share of `with` that is in the body, and of `without` that is not
  title     equal but for case, quotes, dashes and spaces
  authors   F1 over all names of all pages
  date      the day is right
  gate      articles that pass; pages with a `page_type` that are rejected
"""
import argparse
import collections
import difflib
import json
import pathlib
import re
import unicodedata

Counter = collections.Counter


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def words(text):
    return re.findall(r"\w+", text or "")


def shingles(text):
    found = words(text)
    return Counter(tuple(found[at : at + 4]) for at in range(max(1, len(found) - 3))) if found else Counter()


def folded(text):
    text = unicodedata.normalize("NFKC", text or "").lower()
    for pattern, plain in (("[‘’‛′`]", "'"), ("[“”„″]", '"'), ("[\u2010-\u2015]", "-"), (r"\s+", " ")):
        text = re.sub(pattern, plain, text)
    return text.strip()


def names(authors):
    listed = (folded(author["name"] if isinstance(author, dict) else author) for author in authors or [])
    plain = (re.sub(r"[^\w\s'-]", "", re.sub(r"^(by|von|par|por|di)\s+", "", name)).strip() for name in listed)
    return {name for name in plain if name}


def day(stamp):
    found = re.match(r"\d{4}-\d\d-\d\d", stamp or "")
    return found and found.group()


def f1(precision, recall):
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def mean(values):
    return sum(values) / len(values) if values else 0.0


class Scores:
    def __init__(self):
        self.precision, self.recall, self.bags, self.pages = [], [], [], []
        self.hits = collections.defaultdict(list)
        self.names = Counter()

    def page(self, gold, record, passed):
        if "page_type" in gold:
            self.hits["gate: other pages rejected"].append(not passed)
            return
        body = record.get("body") or ""
        self.hits["gate: articles accepted"].append(bool(body))
        if gold.get("body"):
            self.body(gold, body)
        flat = " ".join(body.split())
        for snippet in gold.get("with") or []:
            self.hits["snippets: with"].append(" ".join(snippet.split()) in flat)
        for snippet in gold.get("without") or []:
            self.hits["snippets: without"].append(" ".join(snippet.split()) not in flat)
        if gold.get("title"):
            self.hits["title: exact"].append(folded(gold["title"]) == folded(record.get("title")))
        if gold.get("authors"):
            wanted, got = names(gold["authors"]), names(record.get("authors"))
            self.names.update(both=len(wanted & got), wanted=len(wanted), got=len(got))
        if gold.get("published"):
            self.hits["date: right"].append(day(gold["published"]) == day(record.get("published_at")))

    def body(self, gold, body):
        wanted, got = shingles(gold["body"]), shingles(body)
        both = (wanted & got).total()
        if got:
            self.precision.append(both / got.total())
        if wanted:
            self.recall.append(both / wanted.total())
        bag, found = (Counter(word.lower() for word in words(text)) for text in (gold["body"], body))
        common = (bag & found).total()
        score = 2 * common / (bag.total() + found.total()) if common else float(not bag and not found)
        self.bags.append(score)
        self.pages.append((score, gold["id"], gold["body"], body))

    def show(self):
        if self.bags:
            precision, recall = mean(self.precision), mean(self.recall)
            print(f"body: f1 {f1(precision, recall):.4f}, precision {precision:.4f}, recall {recall:.4f}, {len(self.bags)} pages")
            print(f"words: f1 {mean(self.bags):.4f}")
        if self.names["wanted"]:
            print(f"authors: f1 {2 * self.names['both'] / (self.names['wanted'] + self.names['got']):.4f}")
        for what, hits in sorted(self.hits.items()):
            print(f"{what} {mean(hits):.4f} of {len(hits)}")

    def show_worst(self, count):
        for score, page, gold, body in sorted(self.pages)[:count]:
            print(f"\n--- {page}: words f1 {score:.3f}  (- missing, + too many)")
            wanted, got = ([line.strip() for line in text.split("\n") if line.strip()] for text in (gold, body))
            differences = [line for line in difflib.unified_diff(wanted, got, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))]
            for line in differences[:12]:
                print("   ", line if len(line) <= 160 else line[:157] + "...")
            if len(differences) > 12:
                print(f"    ... and {len(differences) - 12} more")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("set", type=pathlib.Path)
    arguments.add_argument("predictions", type=pathlib.Path)
    arguments.add_argument("--worst", type=int, default=10)
    chosen = arguments.parse_args()
    predictions = {row["id"]: row for row in lines(chosen.predictions)}
    scores, micros = Scores(), []
    for gold in lines(chosen.set / "gold.jsonl"):
        row = predictions.get(gold["id"], {})
        passed = row.get("outcome") == "published"
        micros.append(row.get("elapsed_us") or 0)
        scores.page(gold, (row.get("article") if passed else None) or {}, passed)
    scores.show()
    if sum(micros):
        print(f"speed: {1e6 * len(micros) / sum(micros):.0f} pages/s")
    scores.show_worst(chosen.worst)


if __name__ == "__main__":
    main()
