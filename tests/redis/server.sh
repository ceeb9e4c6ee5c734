#!/usr/bin/env bash
# Makes sure that there is a redis-server: installs Debian's package where it may, else says what to install.
set -euo pipefail

if command -v redis-server >/dev/null; then
    exit 0
fi

echo "The tests of the shared dedup store start a real Redis. Missing: redis-server" >&2
exec "$(dirname "$0")/../debian.sh" redis-server
