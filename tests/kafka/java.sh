#!/usr/bin/env bash
# Makes sure that there are a Java of 17 or later and Maven: installs Debian's packages where it may,
# else says what to install.
set -euo pipefail

missing=()
version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' || true)
if [ "${version:-0}" -lt 17 ]; then
    missing+=(openjdk-17-jdk-headless)
fi
if ! command -v mvn >/dev/null; then
    missing+=(maven)
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

echo "The tests start a real Apache Kafka, which needs Java 17 and Maven. Missing: ${missing[*]}" >&2
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    # A distribution of another release may have a later Java only.
    apt-get update -qq
    if ! apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then
        missing=("${missing[@]/openjdk-17-jdk-headless/default-jdk-headless}")
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    exit 0
fi
echo "Install them and try again:   sudo apt-get install ${missing[*]}" >&2
exit 1
