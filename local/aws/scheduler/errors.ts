import { EngineError } from '../engine/errors.ts';

/** A request that breaks one of Scheduler's rules, or asks for what this machine cannot do. */
export function invalid(message: string): EngineError {
  return new EngineError('ValidationException', message, 400);
}

/** @param what `Schedule jobs-dev/nightly` */
export function doesNotExist(what: string): EngineError {
  return new EngineError('ResourceNotFoundException', `${what} does not exist.`, 404);
}

/** @param what `Schedule jobs-dev/nightly` */
export function existsAlready(what: string): EngineError {
  return new EngineError('ConflictException', `${what} already exists.`, 409);
}
