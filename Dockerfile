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
COPY LICENSE README.md ./
COPY vault-policies/ vault-policies/
COPY src/ src/

# The program that `npm install` would get, made from the same source.
FROM source AS bundle
COPY tools/package/ tools/package/
# esbuild alone: none of what tests and checks need. With --prefix npm would leave out its global configuration.
RUN cd tools/package && npm ci --ignore-scripts
RUN node tools/package/bundle.ts

# An empty folder to make others from: the last stages have no shell to make them with.
FROM source AS folders
RUN mkdir -m 700 empty

# The libraries that Node needs and no shell; the newest patches of Debian 12 at each build.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime
COPY --from=source /usr/local/bin/node /usr/local/bin/node
# What the service runs from is root's: BuildKit would give /app to the base image's user.
USER 0
WORKDIR /app
ENV NODE_ENV=production
# Inside a container the loopback reaches nobody.
ENV PADLOCK_HOST=0.0.0.0
# Where `padlock setup` and `padlock serve` of docker-compose.yml share the service's credentials.
COPY --from=folders --chown=65532:65532 /app/empty/ /run/padlock/
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532

# For docker-compose.yml alone: it holds the recipient and what prepares a Vault for development.
FROM runtime AS development
COPY --from=folders --chown=65532:65532 /app/empty/ /run/recipient/
COPY --from=folders --chown=65532:65532 /app/empty/ /run/handover/
COPY --from=source /app/ ./
COPY dev/ dev/
COPY tools/compose/ tools/compose/

FROM runtime AS program
COPY --from=bundle /app/dist/ ./
# Node looks here for what V8 has compiled, and starts without what is not there.
ENV NODE_COMPILE_CACHE=/app/compiled

# By the user and with the options that will look for it.
FROM program AS compiled
COPY --from=folders --chown=65532:65532 /app/empty/ compiled/
COPY tools/package/compile.ts /build/
RUN ["node", "--max-semi-space-size=16", "--v8-pool-size=1", "/build/compile.ts", "/app"]

FROM program AS production
COPY --from=compiled --chown=0:0 /app/compiled/ compiled/
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "lib/health-check.js"]
ENTRYPOINT ["node", "--max-semi-space-size=16", "--v8-pool-size=1", "lib/main.js"]
CMD ["serve"]
