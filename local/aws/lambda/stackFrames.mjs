/**
 * A bundle's source map counts from the directory that the bundle lies in. Frames name the project's files instead
 * (`src/jobs/GreetingJob.ts:12`), which is what `/var/task/src/jobs/GreetingJob.ts` on AWS reads as.
 * @param {string} directory the bundle's
 */
export function nameProjectFiles(directory) {
  const { prepareStackTrace } = Error; // Node's own, which knows the source maps
  Error.prepareStackTrace = (error, frames) =>
    prepareStackTrace(error, frames).replaceAll(`file://${directory}/`, '').replaceAll(`${directory}/`, '');
}
