# syntax=docker/dockerfile:1
# Runs the worker of any job in src/jobs, each from a bundle of its own:
#   docker build --tag jobs-worker .
#   docker run --read-only --stop-timeout 120 --env AWS_REGION --env JOB_QUEUE_URL --env JOB_DEAD_LETTER_QUEUE_URL jobs-worker GreetingJob
# On Fargate each job has an image of its own instead, with nothing but its bundle: compute: 'fargate' makes it.
ARG NODE=public.ecr.aws/docker/library/node:24-slim

FROM ${NODE} AS bundles
WORKDIR /project
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY bin bin
COPY lib lib
COPY src src
RUN node bin/workerBundles.ts bundles

FROM ${NODE}
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps JOB_HEALTH_PORT=9464
WORKDIR /jobs
COPY --from=bundles /project/bundles ./
USER node
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node"]
