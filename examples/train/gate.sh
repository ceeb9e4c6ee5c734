#!/usr/bin/env bash
# Measures labelled pages and trains the gate anew: examples/train/gate.sh FOLDER SET[:WEIGHT] ...
# FOLDER/SET holds manifest.jsonl and gold.jsonl (gate.py says which). Needs Python with LightGBM, NumPy, SciPy,
# scikit-learn and tldextract.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet --locked --example gate_measures
sets=()
for set in "$@"; do
    name=${set%%:*}
    weight=${set#"$name"}
    target/debug/examples/gate_measures "$folder/$name/manifest.jsonl" > "$work/$name.jsonl"
    sets+=("$folder/$name:$work/$name.jsonl$weight")
done
"${PYTHON:-python3}" examples/train/gate.py --write src/extract/gate/gate "${sets[@]}"
