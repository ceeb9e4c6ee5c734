# newswire as an image: one static-TLS binary on a base with a C library and nothing else, not as root.
#
#     make image          (docker build -t newswire ., or the same by podman or buildah; deploy/README.md says more)
#
# The bases are arguments. The first needs cargo 1.95, compilers of C and C++, make and perl; of the second only glibc and
# libgcc are used, at least as new as the first's. No step runs in the second, so it needs no shell.
ARG BUILD_BASE=docker.io/library/rust:1.95-bookworm
ARG RUN_BASE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /build

# Puts the list of crates into the binary, where scanners of images look for it.
RUN cargo install --locked --version 0.7.7 cargo-auditable

# The dependencies alone, on an empty crate: compiled again only when one of these two files changes. Targets that the
# manifest names get an empty file too, or cargo would miss it.
COPY Cargo.toml Cargo.lock ./
RUN sed -n -e 's/^path *= *"\(.*\.rs\)".*/\1/p' -e '/^\[\[bench/{n;s/^name *= *"\(.*\)".*/benches\/\1.rs/p}' Cargo.toml > targets \
    && printf '%s\n' src/main.rs src/lib.rs >> targets \
    && while read -r target; do mkdir -p "$(dirname "$target")" && echo 'fn main() {}' > "$target"; done < targets \
    && cargo build --release --locked --bin newswire

# The crate itself. COPY keeps old times of change; touched, cargo sees that these are not the empty files.
COPY src src
COPY config config
RUN touch src/main.rs src/lib.rs \
    && cargo auditable build --release --locked --bin newswire \
    && mkdir -p /image/usr/local/bin /image/etc/newswire /image/state/newswire/dedup \
    && strip --strip-debug -o /image/usr/local/bin/newswire target/release/newswire
COPY deploy/image.toml /image/etc/newswire/newswire.toml

FROM ${RUN_BASE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="newswire" \
      org.opencontainers.image.description="URLs from Kafka in, clean article records out" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# For brokers behind TLS; the roots for pages are in the binary. The OpenSSL inside it would look in /usr/local/ssl.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
COPY --from=build /image/usr/local/bin/newswire /usr/local/bin/newswire
COPY --from=build /image/etc/newswire /etc/newswire
# The only folder that newswire writes to. A number, so that Kubernetes can see that it isn't root.
COPY --from=build --chown=10001:10001 /image/state /var/lib
USER 10001:10001
WORKDIR /var/lib/newswire
EXPOSE 9464
# newswire drains on SIGTERM; stop it with more patience than delivery.drain_timeout (25 s): docker stop --time 30.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/newswire", "health", "--config", "/etc/newswire/newswire.toml"]
ENTRYPOINT ["/usr/local/bin/newswire"]
CMD ["run", "--config", "/etc/newswire/newswire.toml"]
