"""Weighs the words of pages for the gate, and packs the weights into the table that src/extract/gate/words.rs reads.

A word is a hash; the pages' words come in groups of places, as `cargo run --example gate_measures` printed them.
"""
import struct

import numpy as np
import scipy.sparse as sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

# How many words are kept. On the same folds 12,000 do no better, and without a limit the table would be ten times as long.
KEPT = 6000
# Hosts that a word must stand on, at least.
HOSTS = 4
# How far a word's own odds count before all words are weighed together: 0 not at all, 1 as in naive Bayes.
PRIOR = 0.75
# The weight of the errors against that of the weights' size.
STRICT = 3.0
SLOT_BITS = 14


class Bag:
    """Which words stand on which pages."""

    def __init__(self, pages, hosts, english):
        """`pages` are lists of groups of hashes. A word counts by its pages in English: of other languages no pages are
        labelled that are no articles, so their words would say that whatever is in them is an article."""
        groups = max(len(page) for page in pages)
        self.known = sorted({(group, word) for page, counts in zip(pages, english) if counts for group in range(groups) for word in page[group]})
        place = {word: at for at, word in enumerate(self.known)}
        self.group = np.array([group for group, _ in self.known])
        rows, starts = [], [0]
        for page in pages:
            rows.extend(place[group, word] for group in range(groups) for word in page[group] if (group, word) in place)
            starts.append(len(rows))
        self.pages = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), rows, starts), shape=(len(pages), len(self.known)))
        names = {host: at for at, host in enumerate(sorted(set(hosts)))}
        self.host = np.array([names[host] for host in hosts])
        self.english = english

    def on_hosts(self, rows):
        """On how many hosts of these pages each word stands, and how many hosts there are."""
        own = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (self.host[rows], np.arange(len(rows)))),
                                shape=(self.host.max() + 1, len(rows)))
        return np.asarray(((own @ self.pages[rows]) > 0).sum(axis=0)).ravel(), len(set(self.host[rows]))


class Words:
    """The weights of the words that tell most, learned from some of the pages."""

    def __init__(self, bag, rows, labels, weights):
        counted = rows[bag.english[rows]]
        (yes, all_yes), (no, all_no) = bag.on_hosts(counted[labels[counted]]), bag.on_hosts(counted[~labels[counted]])
        odds = np.log(((yes + 0.5) / (all_yes + 1)) / ((no + 0.5) / (all_no + 1)))
        surety = np.abs(odds) / np.sqrt(1 / (yes + 0.5) + 1 / (no + 0.5))
        often = np.where(yes + no >= HOSTS)[0]
        kept = often[np.argsort(-surety[often], kind="stable")[:KEPT]]
        self.kept = kept[np.argsort(bag.group[kept], kind="stable")]
        self.groups = bag.group[self.kept]
        prior = np.abs(odds[self.kept]) ** PRIOR
        table = self.scaled(bag) @ sparse.diags(prior)
        model = LogisticRegression(C=STRICT, solver="liblinear", max_iter=100).fit(table[rows], labels[rows], sample_weight=weights[rows])
        self.weights, self.start = model.coef_[0] * prior, float(model.intercept_[0])

    def scaled(self, bag):
        table = bag.pages[:, self.kept]
        return sparse.hstack([normalize(table[:, self.groups == group]) for group in np.unique(self.groups)]).tocsr()

    def scores(self, bag, rows):
        return self.scaled(bag)[rows] @ self.weights + self.start

    def pack(self, bag, path, share):
        """Writes the table; all it says is multiplied by `share`."""
        slots = 1 << SLOT_BITS
        step = np.abs(self.weights).max() / 127
        hashes, weights = np.zeros(slots, dtype="<u2"), np.zeros(slots, dtype="i1")
        for at, weight in zip(self.kept, self.weights):
            word = bag.known[at][1]
            slot = word >> (32 - SLOT_BITS)
            while hashes[slot]:
                slot = (slot + 1) % slots
            hashes[slot], weights[slot] = max(1, word & 0xFFFF), round(weight / step)
        with open(path, "wb") as file:
            file.write(b"NWW1" + struct.pack("<ff", self.start * share, step * share) + hashes.tobytes() + weights.tobytes())
