# greenlight with PostgreSQL's client programs. The build and the image are of the same Debian, for the C library's sake.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked \
    && install -D target/release/greenlight /out/greenlight

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin greenlight
COPY --from=build /out/greenlight /usr/local/bin/greenlight
COPY --chown=root:root plans /home/greenlight/plans
USER 10001:10001
WORKDIR /home/greenlight
ENTRYPOINT ["greenlight"]
CMD ["--help"]
