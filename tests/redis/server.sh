#!/usr/bin/env bash
# Makes sure that there is a redis-server: installs Debian's package where it may, else says what to install.
set -euo pipefail

if command -v redis-server >/dev/null; then
    exit 0
fi

echo "The tests of the shared dedup store start a real Redis. Missing: redis-server" >&2
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
    exit 0
fi
echo "Install it and try again:   sudo apt-get install redis-server" >&2
exit 1
