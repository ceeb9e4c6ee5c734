#!/usr/bin/env bash
# Makes sure that there are prometheus and promtool: installs Debian's package where it may, else says what is left out.
# Alerts and dashboards are files beside the worker: where Prometheus can't be had, all other tests still say their word.
set -euo pipefail

have() {
    command -v promtool >/dev/null && command -v prometheus >/dev/null
}

have && exit 0
echo "Alerts and dashboards are tested by a real Prometheus, which is missing." >&2
"$(dirname "$0")/debian.sh" prometheus || true
have && exit 0
echo "NOT CHECKED: alerts and dashboards" >&2
