#!/usr/bin/env bash
# What twenty pages take from bytes to record, in instructions, room by room, against what is written down in
# benches/instructions.txt: more than 3 % above is a failure, and each room that grew is named. `--write` writes it down anew.
# Instructions are counted by callgrind on the build of the tests, so that neither the machine's load nor its clock counts.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v valgrind >/dev/null || tests/debian.sh valgrind || true
if ! command -v valgrind >/dev/null; then
    echo "NOT CHECKED: instructions a page" >&2
    exit 0
fi

cargo build --locked --example instructions
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out" --log-file=/dev/null "${CARGO_TARGET_DIR:-target}"/debug/examples/instructions
python3 tests/instructions.py "$out" benches/instructions.txt "$@"
