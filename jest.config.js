/** Jest strips the types itself (no transform); run through `npm test`, which adds --experimental-vm-modules. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testTimeout: 120_000,
  // Jest leaves one core idle by default: with two, that doubles the time.
  maxWorkers: '100%',
};
