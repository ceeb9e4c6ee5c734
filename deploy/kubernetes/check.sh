#!/usr/bin/env bash
# Builds each overlay with kustomize and holds what comes of it against Kubernetes' own schemas (PyPI's kubernetes-validate). Both are
# installed under target/ where they can be had; where not, it says that nothing was checked. ScaledObject and PodMonitor are others'
# kinds: for those there is no schema, and that is said.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=target/manifests
kustomize=$(command -v kustomize || echo "$tools/bin/kustomize")
validate=$tools/python/bin/kubernetes-validate

missing() {
    echo "NOT CHECKED: the Kubernetes manifests; there is no $1 on this machine, and it can't be had." >&2
    exit 0
}

if [ ! -x "$kustomize" ]; then
    GOBIN=$PWD/$tools/bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1 >&2 || missing kustomize
fi
if [ ! -x "$validate" ]; then
    { python3 -m venv "$tools/python" && "$tools/python/bin/pip" install -q kubernetes-validate==1.37.0; } >&2 ||
        missing kubernetes-validate
fi
for overlay in deploy/kubernetes/overlays/*/; do
    built=$tools/$(basename "$overlay").yaml
    "$kustomize" build "$overlay" > "$built"
    "$validate" --strict "$built"
done
