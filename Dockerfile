# One image for the four services and the `weir` command; which of them, says the first argument (docs/deploying.md).
# `npm run image:rehearse` runs these steps without Docker.

# The version that package.json brings to developers too. Debian as in the last stage, for the same glibc.
FROM node:24.21.0-trixie-slim AS node
WORKDIR /weir
COPY .npmrc package.json package-lock.json ./

FROM node AS build
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json ./
COPY apps apps
COPY libs libs
RUN npm run build

FROM node AS dependencies
# TypeScript is an optional peer of @nestjs/swagger, for a plugin of its compiler that no service uses.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --omit=dev \
  && rm -r node_modules/typescript node_modules/.bin

# glibc, libstdc++, certificates and time zones: no shell, no package manager, no npm.
FROM gcr.io/distroless/cc-debian13:nonroot
WORKDIR /weir
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /weir/node_modules node_modules
COPY --from=build /weir/dist/libs dist/libs
COPY --from=build /weir/dist/apps dist/apps
COPY package.json LICENSE ./
COPY models models
COPY policies policies

# In a container nobody else can reach 127.0.0.1.
ENV NODE_ENV=production HOST=0.0.0.0
USER 65532:65532
EXPOSE 7401 7402 7403 7404
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["/usr/local/bin/node", "dist/apps/cli/healthcheck.js", "7401", "7402", "7403", "7404"]
ENTRYPOINT ["/usr/local/bin/node", "--import=./dist/libs/runtime/end-on-signals.js", "--enable-source-maps", "--initial-old-space-size=256", "--external-memory-accounted-in-global-limit"]
CMD ["dist/apps/cli/main.js", "--help"]

ARG VERSION=0.0.0-unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Weir" \
  org.opencontainers.image.description="Moderates public accounts on messaging services" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
