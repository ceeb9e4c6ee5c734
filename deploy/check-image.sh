#!/bin/sh
# Runs the image's file system as the image says: as uid 10001, its root read-only, only /var/lib/newswire to write to. Needs root and
# buildah, and no engine. `deploy/check-image.sh` runs the demo; with arguments it runs `newswire` with those.
set -eu
image=${IMAGE:-localhost/newswire}
container=$(buildah from "$image")
trap 'buildah rm "$container" > /dev/null' EXIT
root=$(buildah mount "$container")
[ $# -gt 0 ] || set -- demo --out /var/lib/newswire/demo

buildah images --filter "reference=$image"
# In a mount namespace of its own, so that nothing of it is left.
unshare --mount sh -euc '
    root=$1
    shift
    mount --bind "$root" "$root"
    mount -o remount,ro,bind "$root"
    mount -t tmpfs -o uid=10001,gid=10001,mode=0750,size=256m tmpfs "$root/var/lib/newswire"
    if touch "$root/etc/newswire/written" 2> /dev/null; then echo "the root can be written to" >&2; exit 1; fi
    exec chroot --userspec=10001:10001 "$root" /usr/local/bin/newswire "$@"
' sh "$root" "$@"
