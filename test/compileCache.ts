import { fileURLToPath } from 'node:url';

/** For the environment of processes that run the project's own files: each starts in a third of the time. */
export const compileCache = {
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)),
};
