#!/usr/bin/env python3
"""Trains the gate. Needs LightGBM, NumPy, SciPy, scikit-learn and tldextract.

usage: gate.py [--write src/extract/gate/gate] SET_DIR:MEASURES.jsonl[:WEIGHT] ...

Each SET_DIR holds gold.jsonl; a page with a `page_type` there is no article, any other is one. MEASURES.jsonl is what
`cargo run --example gate_measures` printed for it. WEIGHT 0 leaves a set out of the training, and it is only
judged; below 1, its articles don't count when the floor is chosen. Folds are by registrable domain. Prints what share of
the other pages is refused where .98, .99 and .995 of the articles pass, and the floor for .99; with --write, the trees of
the measures go to gate.trees and the weights of the words to gate.words.
"""
import json
import os
import sys

import lightgbm
import numpy as np
import tldextract
from sklearn.linear_model import LogisticRegression

from trees import pack
from words import Bag, Words

SETTINGS = dict(objective="binary", learning_rate=0.03, num_leaves=7, min_data_in_leaf=15, feature_fraction=0.5,
                bagging_fraction=0.8, bagging_freq=1, lambda_l2=5.0, verbose=-1, num_threads=1, seed=7, deterministic=True, force_row_wise=True)
ROUNDS = 600
# What the words' odds count for beside those of the trees: from .8 to 1.6 the figures are the same within their noise.
WORDS = 1.2
FOLDS = 5
# Ways to cut the domains into folds; the figures are the means over them.
CUTS = (1, 2, 3)
SUFFIXES = tldextract.TLDExtract(suffix_list_urls=())


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class Pages:
    """All pages, each as served and without its scripts."""

    def __init__(self, arguments):
        values, labels, hosts, weights, sets, served, words, english = [], [], [], [], [], [], [], []
        for argument in arguments:
            folder, path, *weight = argument.split(":")
            gold = {row["id"]: row for row in rows(os.path.join(folder, "gold.jsonl"))}
            manifest = {row["id"]: row for row in rows(os.path.join(folder, "manifest.jsonl"))}
            seen = set()
            for row in rows(path):
                if "names" in row:
                    self.names = row["names"]
                    continue
                host = SUFFIXES(manifest[row["id"]]["url"]).top_domain_under_public_suffix or manifest[row["id"]]["url"]
                values.append(row["values"])
                labels.append("page_type" not in gold[row["id"]])
                hosts.append(host)
                weights.append(float(weight[0]) if weight else 1.0)
                sets.append(os.path.basename(folder.rstrip("/")))
                served.append(row["id"] not in seen)
                words.append(row["words"])
                english.append((row["language"] or "").startswith("en"))
                seen.add(row["id"])
        self.values = np.array(values, dtype=np.float32)
        self.labels, self.hosts, self.weights, self.sets, self.served, self.english = map(np.array, (labels, hosts, weights, sets, served, english))
        self.bag = Bag(words, hosts, self.english)

    def train(self, used):
        """The trees and the words of these pages."""
        used = used[self.weights[used] > 0]
        data = lightgbm.Dataset(self.values[used], self.labels[used], weight=self.weights[used])
        return lightgbm.train(SETTINGS, data, ROUNDS), Words(self.bag, used, self.labels, self.weights)

    def across_hosts(self, cut):
        """What trees and words say of each page that have seen none of its domain."""
        domains = sorted(set(self.hosts))
        order = np.random.RandomState(cut).permutation(len(domains))
        fold_of = {domain: int(order[place]) % FOLDS for place, domain in enumerate(domains)}
        folds = np.array([fold_of[host] for host in self.hosts])
        by_trees, by_words = np.zeros(len(folds)), np.zeros(len(folds))
        for fold in range(FOLDS):
            trees, words = self.train(np.where(folds != fold)[0])
            judged = np.where(folds == fold)[0]
            by_trees[judged] = trees.predict(self.values[judged], raw_score=True)
            by_words[judged] = words.scores(self.bag, judged)
        return by_trees, by_words


def refused(scores, labels, share):
    """The share of the other pages below the floor that this share of the articles reaches, and the floor."""
    floor = np.quantile(scores[labels], 1.0 - share)
    return (scores[~labels] < floor).mean(), floor


def main():
    arguments = sys.argv[1:]
    target = None
    if arguments[0] == "--write":
        target, arguments = arguments[1], arguments[2:]
    pages = Pages(arguments)
    cuts = [pages.across_hosts(cut) for cut in CUTS]
    counted = (pages.weights >= 1) | ~pages.labels
    ways = {"trees": lambda trees, words: trees, "words": lambda trees, words: words, "both": lambda trees, words: trees + WORDS * words}
    for what, kind in (("as served", pages.served), ("without scripts", ~pages.served)):
        for way, score in ways.items():
            part = counted & kind
            found = [np.mean([refused(score(*cut)[part], pages.labels[part], share)[0] for cut in cuts]) for share in (0.98, 0.99, 0.995)]
            print(f"{what}, {way}:", ", ".join(f"{each:.3f}" for each in found), "of the other pages refused at .98, .99, .995 of the articles")
    # The odds are brought to the scale on which a score is the share of articles among pages of that score.
    odds = np.concatenate([ways["both"](*cut) for cut in cuts])
    scale = LogisticRegression(C=1e6).fit(odds[:, None], np.tile(pages.labels, len(cuts)), sample_weight=np.tile(pages.weights, len(cuts)))
    share, base = float(scale.coef_[0][0]), float(scale.intercept_[0])
    scores = [1 / (1 + np.exp(-share * ways["both"](*cut) - base)) for cut in cuts]
    part = counted & pages.served
    floor = np.mean([refused(score[part], pages.labels[part], 0.99)[1] for score in scores])
    print(f"floor {floor:.3f}")
    for name in sorted(set(pages.sets)):
        here = (pages.sets == name) & pages.served
        print(f"{name}: {np.mean([score[here] >= floor for score in scores]):.3f} of {here.sum()} pass")
    if target:
        trees, words = pages.train(np.arange(len(pages.labels)))
        gain = sorted(zip(trees.feature_importance("gain"), pages.names), reverse=True)
        print("strongest:", ", ".join(name for _, name in gain[:20]))
        print(pack(trees, pages.names, target + ".trees", base, share), "bytes of trees")
        words.pack(pages.bag, target + ".words", WORDS * share)


if __name__ == "__main__":
    main()
