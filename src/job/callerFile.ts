/**
 * The file that called `callee`, as a path or `file:` URL. It lets a job object know its own name, so that
 * `publish(GreetingJob, …)` needs no second mention of it. Not by `util.getCallSites`: importing `node:util` takes 2 ms.
 */
export function callerFile(callee: (...parameters: never[]) => unknown): string | undefined {
  const { prepareStackTrace } = Error;
  const trace: { stack?: string } = {};
  try {
    Error.prepareStackTrace = (_error, [caller]) => caller?.getFileName();
    Error.captureStackTrace(trace, callee);
    return trace.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}
