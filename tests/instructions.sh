#!/usr/bin/env bash
# What twenty pages take from bytes to record, in instructions, room by room, against what is written down in
# benches/instructions.txt: more than 3 % above is a failure, and each room that grew is named. `--write` writes it down anew.
# Instructions are counted by callgrind on the build of the tests, so that neither the machine's load nor its clock counts.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends valgrind || true
    fi
fi
if ! command -v valgrind >/dev/null; then
    echo "NOT CHECKED: instructions a page. Install valgrind and try again:   sudo apt-get install valgrind" >&2
    exit 0
fi

cargo build --locked --example instructions
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out" --log-file=/dev/null "${CARGO_TARGET_DIR:-target}"/debug/examples/instructions
python3 tests/instructions.py "$out" benches/instructions.txt "$@"
