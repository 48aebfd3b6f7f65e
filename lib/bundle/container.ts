/**
 * What lies beside a worker's bundle and makes a container image of it. No line runs anything, so that an image for
 * arm64 is built on any machine without an emulator. Amazon's mirror of the official image has no pull limit.
 */
export const containerFiles: Readonly<Record<string, string>> = {
  Dockerfile: `FROM public.ecr.aws/docker/library/node:24-slim
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
WORKDIR /job
COPY --chown=node:node index.mjs index.mjs.map ./
USER node
CMD ["node", "index.mjs"]
`,
};
