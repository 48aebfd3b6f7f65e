import { availableParallelism } from 'node:os';
import { join } from 'node:path';

// Jest's workers and the processes that tests start inherit this: each loads the CDK and the like in a third of the time.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

/** Jest strips the types itself (no transform); run through `npm test`, which adds --experimental-vm-modules. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testTimeout: 120_000,
  // Most tests wait for processes, sockets and browsers: four at a time keep two cores busy.
  maxWorkers: Math.max(4, availableParallelism()),
};
