#!/usr/bin/env bash
# Makes sure that there are a Java of 17 or later and Maven: installs Debian's packages where it may,
# else says what to install.
set -euo pipefail

install=$(dirname "$0")/../debian.sh
version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' || true)
if [ "${version:-0}" -lt 17 ]; then
    echo "The tests start a real Apache Kafka, which needs Java 17. Found: ${version:-none}" >&2
    # A distribution of another release may have a later Java only.
    "$install" openjdk-17-jdk-headless || "$install" default-jdk-headless
fi
if ! command -v mvn >/dev/null; then
    echo "Apache Kafka is fetched by Maven, which is missing." >&2
    "$install" maven
fi
