# The image that the ECS tasks of `pfe pipeline export` run.
FROM rust:1.95.0-slim-bookworm AS build
# The image brings the toolchain; what rust-toolchain.toml adds to it is for development.
ENV RUSTUP_TOOLCHAIN=1.95.0
WORKDIR /src
COPY Cargo.toml Cargo.lock rust-toolchain.toml build.rs ./
COPY src src
COPY reports reports
COPY kernel kernel
COPY tests tests
RUN cargo build --release --locked --bin pfe \
    && strip -o pfe target/release/pfe
# What the program is made of, for scanners. The same sources give the same file.
RUN cargo install --locked cargo-cyclonedx@0.5.9 \
    && SOURCE_DATE_EPOCH=0 cargo cyclonedx --format json --spec-version 1.5 --describe binaries --no-build-deps

FROM debian:12.12-slim
# Certificates follow Debian's updates: a pinned one would vanish from its archive.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home pfe \
    && install --directory --owner=pfe --group=pfe /data
COPY --from=build /src/pfe /usr/local/bin/pfe
COPY --from=build /src/pfe_bin.cdx.json /usr/local/share/doc/pfe/pfe.cdx.json
USER 10001
WORKDIR /data
# It writes below /data and /tmp only: `docker run --read-only --tmpfs /tmp` works.
HEALTHCHECK --interval=5m CMD ["pfe", "doctor", "--out", "/data/out"]
ENTRYPOINT ["pfe"]
CMD ["run", "--out", "/data/out"]
