/** Loaded before a worker's bundle. */
import { Socket } from 'node:net';
import { nameProjectFiles } from '../lambda/stackFrames.mjs';

nameProjectFiles(process.cwd());
endWithThePlatform();

/**
 * A platform that was killed could not take its workers with it, but the pipe that it held open for each of them ends.
 * Standard input stays the bundle's own.
 */
function endWithThePlatform() {
  const pipe = new Socket({ fd: 3, readable: true, writable: false });
  pipe.on('error', () => {});
  pipe.on('close', () => process.kill(-process.pid, 'SIGKILL'));
  pipe.resume();
  pipe.unref();
}
