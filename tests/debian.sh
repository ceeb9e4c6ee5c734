#!/usr/bin/env bash
# Installs Debian's packages where that may be done, as root on a machine with apt; else says how, and fails:
#     tests/debian.sh PACKAGE...
set -euo pipefail

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Install what is missing and try again:   sudo apt-get install $*" >&2
    exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
