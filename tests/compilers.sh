#!/usr/bin/env bash
# Makes sure that there is what compiles librdkafka and OpenSSL: compilers of C and of C++ (librdkafka's
# configure asks for both), make and perl. Installs Debian's packages where it may, else says what to install.
set -euo pipefail

missing=()
command -v cc >/dev/null || missing+=(gcc)
command -v c++ >/dev/null || command -v g++ >/dev/null || missing+=(g++)
command -v make >/dev/null || missing+=(make)
command -v perl >/dev/null || missing+=(perl)
if ! command -v cargo >/dev/null; then
    echo "cargo is missing: install rustup, see https://rustup.rs, and try again" >&2
    exit 1
fi
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

echo "librdkafka and OpenSSL are compiled into the binary. Missing: ${missing[*]}" >&2
exec "$(dirname "$0")/debian.sh" "${missing[@]}"
