#!/bin/sh
# Makes the two base images of the Dockerfile out of Debian's packages and this machine's Rust, for a machine that can
# reach a Debian mirror and no image registry. Needs root, buildah and debootstrap:
#     apt-get install buildah debootstrap
# Afterwards there are localhost/newswire-build-base and localhost/newswire-run-base; deploy/README.md goes on.
set -eu

release=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
toolchain=$(rustc --print sysroot)
buildah() { command buildah --storage-driver "${STORAGE_DRIVER:-vfs}" "$@"; }

work=$(mktemp -d)
build=$(buildah from scratch)
run=$(buildah from scratch)
trap 'buildah rm "$build" "$run" > /dev/null; rm -rf "$work"' EXIT

# What cargo build needs: a C compiler, make and perl for librdkafka and OpenSSL, and the toolchain itself.
root=$(buildah mount "$build")
debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,make,perl "$release" "$root" "$mirror"
mkdir -p "$root/usr/local/rust"
for part in bin lib libexec; do
    if [ -d "$toolchain/$part" ]; then cp -a "$toolchain/$part" "$root/usr/local/rust/"; fi
done
rm -rf "$root"/var/cache/apt/archives/*.deb
buildah umount "$build" > /dev/null
buildah config --env PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env CARGO_HOME=/usr/local/cargo "$build"
buildah commit --quiet "$build" localhost/newswire-build-base > /dev/null

# What the binary needs: glibc and libgcc. The packages are laid out and not installed: nothing of theirs runs.
root=$(buildah mount "$run")
(cd "$work" && apt-get download base-files libc6 libgcc-s1 tzdata)
for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$root"; done
rm -rf "$root"/usr/share/doc "$root"/usr/share/lintian
chmod 1777 "$root/tmp"
buildah umount "$run" > /dev/null
buildah commit --quiet "$run" localhost/newswire-run-base > /dev/null

buildah images --filter reference=localhost/newswire-*
