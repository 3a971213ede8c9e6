# `docker build -t padlock .` makes the production image: the last stage of this file.
#
# The images below are pinned by their tags, and Debian's 12 has no finer one. To pin what they hold too, ask for
# their digests and write them behind the tags:
#   docker buildx imagetools inspect node:24.21.0-bookworm-slim --format '{{.Manifest.Digest}}'
#   FROM node:24.21.0-bookworm-slim@sha256:… AS source

FROM node:24.21.0-bookworm-slim AS source
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional dependencies are Node itself, for a developer's machine; this image brings its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts
COPY LICENSE ./
COPY vault-policies/ vault-policies/
COPY src/ src/
# An empty folder to make others from: the last stages have no shell to make them with.
RUN mkdir -m 700 empty

FROM source AS production-source
RUN rm -r src/dev src/commands/dev.ts && rmdir empty

# The libraries that Node needs and no shell; the newest patches of Debian 12 at each build.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime
COPY --from=source /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
ENV NODE_ENV=production
# Inside a container the loopback reaches nobody.
ENV PADLOCK_HOST=0.0.0.0
# Where `padlock setup` and `padlock serve` of docker-compose.yml share the service's credentials.
COPY --from=source --chown=65532:65532 /app/empty/ /run/padlock/
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
ENTRYPOINT ["node", "--max-semi-space-size=16", "--v8-pool-size=1", "src/main.ts"]

# For docker-compose.yml alone: it holds the recipient and what prepares a Vault for development.
FROM runtime AS development
COPY --from=source --chown=65532:65532 /app/empty/ /run/recipient/
COPY --from=source --chown=65532:65532 /app/empty/ /run/handover/
COPY --from=source /app/ ./
COPY tools/compose/ tools/compose/

FROM runtime AS production
COPY --from=production-source /app/ ./
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "src/health-check.ts"]
CMD ["serve"]
