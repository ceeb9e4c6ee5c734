#!/bin/sh
# Makes the two base images of the Dockerfile out of Debian's packages and this machine's Rust, for a machine that can
# reach a Debian mirror and no image registry. Needs root, buildah and debootstrap:
#     apt-get install buildah debootstrap
# Afterwards there are localhost/newswire-build-base and localhost/newswire-run-base; deploy/README.md goes on.
set -eu

release=bookworm
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
cd "$(dirname "$0")" # where rust-toolchain.toml says which Rust
toolchain=$(rustc --print sysroot)

build=$(buildah from scratch)
run=$(buildah from scratch)
trap 'buildah rm "$build" "$run" > /dev/null' EXIT
build_root=$(buildah mount "$build")
run_root=$(buildah mount "$run")

# What cargo build needs: compilers of C and C++, make and perl for librdkafka and OpenSSL, and the toolchain itself.
debootstrap --variant=minbase --include=ca-certificates,g++,make,perl "$release" "$build_root" "$mirror"
mkdir -p "$build_root/usr/local/rust"
for part in bin lib libexec; do
    if [ -d "$toolchain/$part" ]; then cp -a "$toolchain/$part" "$build_root/usr/local/rust/"; fi
done

# What the binary needs: glibc and libgcc, of the packages just fetched. They are laid out and not installed: nothing
# of theirs runs.
for package in base-files libc6 libgcc-s1; do
    dpkg-deb --extract "$build_root/var/cache/apt/archives/$package"_*.deb "$run_root"
done
rm -rf "$run_root"/usr/share/doc "$run_root"/usr/share/lintian "$build_root"/var/cache/apt/archives/*.deb
chmod 1777 "$run_root/tmp"

buildah config --env PATH=/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env CARGO_HOME=/usr/local/cargo "$build"
buildah commit --quiet "$build" localhost/newswire-build-base > /dev/null
buildah commit --quiet "$run" localhost/newswire-run-base > /dev/null
buildah images --filter 'reference=localhost/newswire-*'
