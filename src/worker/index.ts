export { workerBounds, workerDefaults } from './defaults.ts';
export { LeaseLostError, VisibilityLimitError, WorkerSetupError, WorkerStoppedError } from './errors.ts';
export { type ProcessJob, runWorkerProcess } from './process.ts';
export { startWorker, type Worker, type WorkerHealth, type WorkerOptions } from './worker.ts';
