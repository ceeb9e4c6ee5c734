"""Packs a LightGBM model into the table that src/extract/trees.rs reads; the format stands there.

    from trees import pack
    pack(booster, names, "src/extract/gate.trees")

Features are trained as 32-bit floats and without missing values.
"""
import struct

import numpy as np


def at_most(threshold):
    """The largest 32-bit float that is not above: so `value <= threshold` says the same of every 32-bit value."""
    narrow = np.float32(threshold)
    return narrow if float(narrow) <= threshold else np.nextafter(narrow, np.float32(-np.inf))


def pack(booster, names, path, base=0.0, scale=1.0):
    """Writes the trees of a booster; `names` are the features in the order of the columns, each sum is multiplied by
    `scale`, and `base` is added to it."""
    trees = []
    for info in booster.dump_model()["tree_info"]:
        splits, leaves = {}, {}

        def walk(node):
            if "split_index" not in node:
                leaves[node.get("leaf_index", 0)] = node["leaf_value"] * scale
                return ~node.get("leaf_index", 0)
            assert node["decision_type"] == "<=", "no categories"
            left, right = walk(node["left_child"]), walk(node["right_child"])
            splits[node["split_index"]] = (node["split_feature"], at_most(node["threshold"]), left, right)
            return node["split_index"]

        walk(info["tree_structure"])
        if splits:
            trees.append((splits, leaves))
        else:
            base += leaves[0]
    listed = "\n".join(names).encode()
    out = b"NWT1" + struct.pack("<I", len(listed)) + listed + struct.pack("<fH", base, len(trees))
    for splits, leaves in trees:
        out += struct.pack("<H", len(splits))
        for index in range(len(splits)):
            out += struct.pack("<Hfhh", *splits[index])
        out += b"".join(struct.pack("<f", leaves[index]) for index in range(len(leaves)))
    with open(path, "wb") as file:
        file.write(out)
    return len(out)
