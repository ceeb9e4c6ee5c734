#!/usr/bin/env python3
"""Trains the classifier of blocks. Needs LightGBM, NumPy and scikit-learn.

usage: train.py [--write BLOCKS.trees] SET_DIR:FEATURES.jsonl ...

Each SET_DIR holds gold.jsonl ({"id", "url", "body"} or {"id", "url", "with", "without"} a line); FEATURES.jsonl
is what `cargo run --example block_features` printed for it. Prints, for each set, what pages come to when the
trees that judge them have seen no page of their registrable domain (five folds), beside the rules' own vote;
with --write, trees trained on all pages are written in the form that src/extract/trees.rs reads.
"""
import json, math, os, pickle, re, sys
from collections import Counter, defaultdict
import numpy as np

def words(text): return re.findall(r"\w+", text or "")
def grams(w, n=4): return [tuple(w[i:i + n]) for i in range(max(1, len(w) - n + 1))] if w else []

SECOND = {"co", "com", "org", "net", "gov", "ac", "edu", "gob", "or", "ne", "go"}
def domain(url):
    host = re.sub(r"^\w+://", "", url).split("/")[0].split(":")[0].lower()
    parts = host.split(".")
    if len(parts) >= 3 and len(parts[-1]) == 2 and parts[-2] in SECOND: return ".".join(parts[-3:])
    return ".".join(parts[-2:])

def label(blocks, gold):
    """For each block: 1 text, 0 not. Long blocks by the share of their 4-grams in the gold text; short ones
    where they stand in it between their labelled neighbours; of copies, the one among other text."""
    g = words(gold); where = defaultdict(list)
    for i, gram in enumerate(grams(g)): where[gram].append(i)
    n = len(blocks); labels = [0] * n; at = [None] * n
    texts = [words(b) for b in blocks]
    for i, w in enumerate(texts):
        if len(w) < 4: continue
        gs = grams(w); hits = [where[x][0] for x in gs if x in where]
        if len(hits) >= 0.5 * len(gs): labels[i] = 1; at[i] = (min(hits), min(hits) + len(w))
    # copies: keep the one with the most labelled words near it
    same = defaultdict(list)
    for i, w in enumerate(texts):
        if labels[i]: same[tuple(w)].append(i)
    for ix in same.values():
        if len(ix) < 2: continue
        allowed = max(1, sum(1 for p in where.get(tuple(texts[ix[0]][:4]), [0])))
        near = lambda i: sum(len(texts[j]) for j in range(max(0, i - 8), min(n, i + 9)) if labels[j] and j not in ix)
        for i in sorted(ix, key=near, reverse=True)[allowed:]: labels[i] = 0; at[i] = None
    long = [i for i in range(n) if labels[i]]
    for i, w in enumerate(texts):
        if not 1 <= len(w) < 4: continue
        before = max((j for j in long if j < i), default=None); after = min((j for j in long if j > i), default=None)
        lo = at[before][1] - 2 if before is not None else 0; hi = at[after][0] + 2 if after is not None else len(g)
        if before is None: lo = max(0, hi - 12)
        if after is None: hi = min(len(g), lo + 12)
        if hi - lo > 400: continue
        for k in range(max(0, lo), hi - len(w) + 1):
            if g[k:k + len(w)] == w: labels[i] = 1; break
    return labels

def load(paths):
    pages = []; names = None
    for path in paths:
        folder, features = path.split(":")
        gold = {}
        for line in open(os.path.join(folder, "gold.jsonl"), encoding="utf-8"):
            row = json.loads(line); gold[row["id"]] = row
        for line in open(features, encoding="utf-8"):
            row = json.loads(line)
            if "names" in row: names = row["names"]; continue
            g = gold.get(row["id"])
            if not g or not row["blocks"]: continue
            texts = [b["text"] for b in row["blocks"]]
            X = np.array([b["features"] for b in row["blocks"]], dtype=np.float32)
            asked = np.array([b["asked"] for b in row["blocks"]])
            page = dict(set=os.path.basename(folder.rstrip("/")), id=row["id"], domain=domain(g.get("url") or row["id"]), texts=texts, X=X, asked=asked, gold=g.get("body"))
            size = np.array([len(words(t)) for t in texts], dtype=float)
            if g.get("body"):
                page["y"] = np.array(label(texts, g["body"]))
                # A share of the page's text, so that pages weigh alike; short blocks a little more than their words.
                w = np.sqrt(size + 1) * 1.0
                w *= 100 / (w * np.maximum(page["y"], 0.15)).sum().clip(20)
                page["w"] = np.clip(w, 0.05, 8)
            elif g.get("with") or g.get("without"):
                y = np.full(len(texts), -1)
                flat = [re.sub(r"\s+", " ", t) for t in texts]
                for s in g.get("with") or []:
                    s = re.sub(r"\s+", " ", s).strip(); ix = [i for i, t in enumerate(flat) if s and s in t]
                    if len(ix) == 1: y[ix] = 1
                for s in g.get("without") or []:
                    s = re.sub(r"\s+", " ", s).strip(); ix = [i for i, t in enumerate(flat) if s and s in t]
                    if len(ix) == 1 and y[ix[0]] < 0: y[ix] = 0
                page["y"] = y; page["w"] = np.where(y >= 0, 2.0, 0.0)
            else: continue
            pages.append(page)
    return pages, names

def score(pages, pick):
    """body F1 as score.py has it, by set."""
    out = {}
    by = defaultdict(list)
    for i, p in enumerate(pages):
        if p["gold"]: by[p["set"]].append(i)
    for name, ix in by.items():
        P, R, W = [], [], []
        for i in ix:
            p = pages[i]; got = "\n".join(t for t, k in zip(p["texts"], pick[i]) if k)
            if "gs" not in p: p["gs"] = Counter(grams(words(p["gold"]))); p["gw"] = Counter(w.lower() for w in words(p["gold"]))
            b = Counter(grams(words(got))); both = sum((p["gs"] & b).values())
            if b: P.append(both / sum(b.values()))
            R.append(both / sum(p["gs"].values()))
            v = Counter(w.lower() for w in words(got)); W.append(2 * sum((v & p["gw"]).values()) / max(1, sum(v.values()) + sum(p["gw"].values())))
            p["f"] = W[-1]
        a, b = np.mean(P), np.mean(R)
        out[name] = (2 * a * b / (a + b), a, b, np.mean(W))
    return out

def show(title, result):
    print(f"{title:28}", "  ".join(f"{k[:8]} {v[0]:.4f} ({v[1]:.3f}/{v[2]:.3f} w {v[3]:.4f})" for k, v in result.items()), flush=True)

FOLDS = 5
NEWS = 2.0  # publishers' pages count twice: what the worker reads
SETTINGS = dict(objective="binary", learning_rate=0.07, num_leaves=31, min_data_in_leaf=60, feature_fraction=0.6,
                bagging_fraction=0.8, bagging_freq=1, lambda_l2=5.0, max_bin=255, verbose=-1, num_threads=2, seed=1)
ROUNDS = 120

def rows(pages, ix):
    X = np.concatenate([pages[i]["X"] for i in ix]); y = np.concatenate([pages[i]["y"] for i in ix])
    w = np.concatenate([pages[i]["w"] * (NEWS if pages[i]["set"] == "fundus_publishers" else 1) for i in ix])
    keep = (y >= 0) & (w > 0)
    return X[keep], y[keep], w[keep]

def train(pages, ix, rounds=ROUNDS, **more):
    import lightgbm as lgb
    X, y, w = rows(pages, ix)
    return lgb.train({**SETTINGS, **more}, lgb.Dataset(X, y, weight=w), rounds)

def folds(pages):
    import hashlib
    return [int(hashlib.md5(p["domain"].encode()).hexdigest(), 16) % FOLDS for p in pages]

def cross(pages, rounds=ROUNDS, **more):
    """For each page with a gold text, the probabilities by trees that saw no page of its domain."""
    fold = folds(pages); probs = {}
    for f in range(FOLDS):
        trees = train(pages, [i for i in range(len(pages)) if fold[i] != f], rounds, **more)
        for i, p in enumerate(pages):
            if fold[i] == f and p["gold"]: probs[i] = np.where(p["asked"], trees.predict(p["X"]), 0)
    return probs

def write(path, model, names, pages):
    """The table that src/extract/trees.rs reads, and beside it a sample of rows for the test of it."""
    from trees import pack
    pack(model, names, path)
    rng = np.random.default_rng(1); sample = []
    for i in rng.choice(len(pages), 40, replace=False):
        x = pages[i]["X"][rng.integers(len(pages[i]["X"]))]
        sample.append({"features": [round(float(v), 4) for v in x]})
    scores = model.predict(np.array([s["features"] for s in sample]), raw_score=True)
    for s, score in zip(sample, scores): s["score"] = round(float(score), 4)
    with open(path.removesuffix(".trees") + "_sample.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(s, separators=(",", ":")) for s in sample) + "\n]\n")

def stops(model, pages, after=(24, 56), share=1e-4):
    """After so many trees: the sum that all but a share of the blocks that are text pass, and the one that all but a share
    of the others stay below. For `STOPS` of src/extract/content/judge.rs; prints how many trees are walked then, and how many blocks are judged otherwise."""
    X = np.concatenate([p["X"][p["asked"]] for p in pages]); last = model.predict(X, raw_score=True)
    live = np.ones(len(X), bool); text = last > 0; walked = np.zeros(len(X)); wrong = before = 0
    for trees in after:
        sums = model.predict(X, raw_score=True, num_iteration=trees); walked[live] += trees - before; before = trees
        low, high = np.quantile(sums[live & text], share), np.quantile(sums[live & ~text], 1 - share)
        wrong += int((live & (text & (sums < low) | ~text & (sums > high))).sum()); live &= (sums >= low) & (sums <= high)
        print(f"Stop {{ trees: {trees}, from: {low:.2f}, to: {high:.2f} }}")
    walked[live] += model.num_trees() - before
    print(f"{walked.mean():.0f} trees a block, {wrong} of {len(X)} judged otherwise")

def main():
    args = sys.argv[1:]; to = None
    if "--write" in args: at = args.index("--write"); to = args[at + 1]; del args[at:at + 2]
    pages, names = load(args); gold = [i for i, p in enumerate(pages) if p["gold"]]; voted = names.index("voted_0")
    show("labels", score(pages, {i: pages[i]["y"] > 0 for i in gold}))
    show("rules", score(pages, {i: pages[i]["X"][:, voted] > 0 for i in gold}))
    probs = cross(pages)
    for most in (.4, .5, .6): show(f"trees, above {most}", score(pages, {i: probs[i] > most for i in gold}))
    if to:
        trees = train(pages, range(len(pages)))
        write(to, trees, names, pages); stops(trees, pages)

if __name__ == "__main__": main()
