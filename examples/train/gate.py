#!/usr/bin/env python3
"""Trains the gate. Needs LightGBM, NumPy and tldextract.

usage: gate.py [--write src/extract/gate/gate.trees] SET_DIR:MEASURES.jsonl[:WEIGHT] ...

Each SET_DIR holds gold.jsonl; a page with a `page_type` there is no article, any other is one. MEASURES.jsonl is what
`cargo run --example gate_measures` printed for it. WEIGHT 0 leaves a set out of the training, and it is only
judged; below 1, its articles don't count when the floor is chosen. Folds are by registrable domain. Prints what share of
the other pages is refused where .98, .99 and .995 of the articles pass, and the floor for .99.
"""
import json
import os
import sys

import lightgbm
import numpy as np
import tldextract

from trees import pack

SETTINGS = dict(objective="binary", learning_rate=0.03, num_leaves=15, min_data_in_leaf=15, feature_fraction=0.5,
                bagging_fraction=0.8, bagging_freq=1, lambda_l2=5.0, verbose=-1, num_threads=1, seed=7, deterministic=True, force_row_wise=True)
ROUNDS = 500
FOLDS = 5
SUFFIXES = tldextract.TLDExtract(suffix_list_urls=())


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def load(arguments):
    names, values, labels, hosts, weights, sets, scripts = None, [], [], [], [], [], []
    for argument in arguments:
        folder, path, *weight = argument.split(":")
        gold = {row["id"]: row for row in rows(os.path.join(folder, "gold.jsonl"))}
        manifest = {row["id"]: row for row in rows(os.path.join(folder, "manifest.jsonl"))}
        seen = set()
        for row in rows(path):
            if "names" in row:
                names = row["names"]
                continue
            host = SUFFIXES(manifest[row["id"]]["url"]).top_domain_under_public_suffix or manifest[row["id"]]["url"]
            values.append(row["values"])
            labels.append("page_type" not in gold[row["id"]])
            hosts.append(host)
            weights.append(float(weight[0]) if weight else 1.0)
            sets.append(os.path.basename(folder.rstrip("/")))
            scripts.append(row["id"] not in seen)
            seen.add(row["id"])
    return names, *map(np.array, (np.array(values, dtype=np.float32), labels, hosts, weights, sets, scripts))


def train(values, labels, weights):
    used = weights > 0
    return lightgbm.train(SETTINGS, lightgbm.Dataset(values[used], labels[used], weight=weights[used]), ROUNDS)


def refused(scores, labels, share):
    """The share of the other pages below the floor that this share of the articles reaches, and the floor."""
    floor = np.quantile(scores[labels], 1.0 - share)
    return (scores[~labels] < floor).mean(), floor


def main():
    arguments = sys.argv[1:]
    target = None
    if arguments[0] == "--write":
        target, arguments = arguments[1], arguments[2:]
    names, values, labels, hosts, weights, sets, scripts = load(arguments)
    domains = sorted(set(hosts))
    order = np.random.RandomState(1).permutation(len(domains))
    fold_of = {domain: int(order[place]) % FOLDS for place, domain in enumerate(domains)}
    folds = np.array([fold_of[host] for host in hosts])
    scores = np.zeros(len(labels))
    for fold in range(FOLDS):
        model = train(values[folds != fold], labels[folds != fold], weights[folds != fold])
        scores[folds == fold] = model.predict(values[folds == fold])
    for what, rows_of in (("as served", scripts), ("without scripts", ~scripts)):
        counted = rows_of & ((weights >= 1) | ~labels)
        for share in (0.98, 0.99, 0.995):
            part, floor = refused(scores[counted], labels[counted], share)
            print(f"{what}: {part:.3f} of the other pages refused at {share} of the articles, floor {floor:.3f}")
    _, floor = refused(scores[scripts & ((weights >= 1) | ~labels)], labels[scripts & ((weights >= 1) | ~labels)], 0.99)
    for name in sorted(set(sets)):
        here = (sets == name) & scripts
        print(f"{name}: {(scores[here] >= floor).mean():.3f} of {here.sum()} pass")
    model = train(values, labels, weights)
    gain = sorted(zip(model.feature_importance("gain"), names), reverse=True)
    print("strongest:", ", ".join(name for _, name in gain[:20]))
    if target:
        print(pack(model, names, target), "bytes")


if __name__ == "__main__":
    main()
