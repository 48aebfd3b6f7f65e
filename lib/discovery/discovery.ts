import { readdir } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type JobProblem, jobProblems } from '../../src/job/check/problems.ts';
import { type AnyJob, isJob } from '../../src/job/index.ts';
import { jobNameProblem } from '../../src/job/jobName.ts';
import { nameLengths } from '../../src/names.ts';
import { type ResourceNames, resourceNames } from '../platform/resourceNames.ts';
import { SynthError } from '../platform/synthError.ts';
import { InvalidJobsError, importProblem, type JobFileProblem, unreadableProblem } from './problems.ts';
import { scheduleNameProblems, schedulePayloadProblems } from './schedules.ts';

export interface DiscoveredJob {
  /** The file's name without `.ts`. */
  readonly name: string;
  /** The job file's absolute path. */
  readonly file: string;
  readonly job: AnyJob;
}

interface Discovery {
  /** Sorted by name. */
  readonly jobs: readonly DiscoveredJob[];
  /** A line for each file that holds no job. */
  readonly warnings: readonly string[];
}

/**
 * Loads the job files of a directory: `*.ts`, but neither `*.d.ts` nor `*.test.ts`, nor hidden files (such as an editor's
 * locks), nor files in folders below.
 * @param names the names of the platform; a job's name must leave room for their prefix
 * @throws {InvalidJobsError} with every problem of every file
 * @throws {SynthError} when the directory cannot be read
 */
export async function discoverJobs(
  directory: string,
  names: ResourceNames = resourceNames(),
): Promise<Discovery> {
  const files = await filesIn(resolve(directory));
  const loaded = await Promise.all(
    files
      .filter(isJobFile)
      .sort(byJobName)
      .map((file) => load(file, names)),
  );
  const jobs = loaded.flatMap(({ job }) => job ?? []);
  const problems = [
    ...loaded.flatMap((one) => one.problems),
    ...caseProblems(jobs),
    ...scheduleNameProblems(jobs),
  ];
  if (problems.length > 0) throw new InvalidJobsError(problems);
  return { jobs, warnings: [...loaded.flatMap(({ warning }) => warning ?? []), ...endingWarnings(files)] };
}

async function filesIn(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => join(directory, entry.name));
  } catch (error) {
    const where = relative(process.cwd(), directory) || '.';
    throw new SynthError(`Cannot read the job files in ${where}: ${(error as Error).message}. Create it.`, {
      cause: error,
    });
  }
}

function isJobFile(file: string): boolean {
  return /(?<!\.d|\.test)\.ts$/.test(file);
}

/** Compares by code unit, so that the order is the same on every machine. */
function byJobName(one: string, other: string): number {
  return jobNameOf(one) < jobNameOf(other) ? -1 : 1;
}

interface LoadedFile {
  readonly job?: DiscoveredJob;
  readonly warning?: string;
  readonly problems: readonly JobFileProblem[];
}

async function load(file: string, names: ResourceNames): Promise<LoadedFile> {
  let exported: unknown;
  try {
    exported = await defaultExport(file);
  } catch (error) {
    return { problems: [{ file, ...importProblem(error, file) }] };
  }
  try {
    return await check(exported, file, names);
  } catch (error) {
    return { problems: [{ file, ...unreadableProblem(error, file) }] };
  }
}

/** Loads a file. One that waits for something at its top level would otherwise keep the synth waiting for ever. */
async function defaultExport(file: string): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`not loaded after ${loadSeconds} s: it waits for something at its top level`)),
    loadSeconds * 1000,
  );
  try {
    const module = (await Promise.race([import(pathToFileURL(file).href), late])) as { default?: unknown };
    return module.default;
  } finally {
    clearTimeout(timer);
  }
}

const loadSeconds = 10;

/** Throws what a getter or a proxy throws when the job's options are read. */
async function check(exported: unknown, file: string, names: ResourceNames): Promise<LoadedFile> {
  if (!isJob(exported)) return { warning: noJobWarning(file, exported), problems: [] };
  const name = jobNameOf(file);
  const problems = [
    ...nameProblems(name, names, exported),
    ...jobProblems(exported, names.stage),
    ...(await schedulePayloadProblems(exported, name)),
  ];
  return { job: { name, file, job: exported }, problems: problems.map((problem) => ({ file, ...problem })) };
}

function jobNameOf(file: string): string {
  return basename(file, '.ts');
}

function noJobWarning(file: string, exported: unknown): string {
  const what = exported === undefined ? 'has no default export' : 'has a default export that is no job';
  return (
    `${relative(process.cwd(), file)} ${what}, so it gets no resources. ` +
    'Write export default defineJob({ … }), or move shared code into a folder below.'
  );
}

function nameProblems(name: string, names: ResourceNames, { compute }: AnyJob): JobProblem[] {
  const problem = jobNameProblem(name);
  if (problem !== undefined) {
    return [
      { option: 'file name', given: `'${name}'`, bound: `a name that ${problem}`, advice: renameAdvice },
    ];
  }
  const ofJob = names.ofJob(name);
  const isFunction = compute === undefined || compute === 'lambda';
  return [
    ...(isFunction ? lengthProblems('function', ofJob.function, nameLengths.function, 'Lambda') : []),
    ...lengthProblems('dead-letter queue', ofJob.deadLetterQueue, nameLengths.queue, 'SQS'),
  ];
}

const renameAdvice = 'rename the file';

function lengthProblems(what: string, whole: string, longest: number, service: string): JobProblem[] {
  if (whole.length <= longest) return [];
  return [
    {
      option: 'file name',
      given: `a ${what} named '${whole}' of ${whole.length} characters`,
      bound: `at most ${longest} characters (${service})`,
      advice: `shorten the file's, the platform's or the stage's name by ${whole.length - longest}`,
    },
  ];
}

/** Names that differ by case only: such files exist on Linux; on other machines one would silently replace the other. */
function caseProblems(jobs: readonly DiscoveredJob[]): JobFileProblem[] {
  const alike = Map.groupBy(jobs, ({ name }) => name.toLowerCase());
  return [...alike.values()]
    .filter((group) => group.length > 1)
    .flatMap((group) =>
      group.map(({ file, name }) => ({
        file,
        option: 'file name',
        given: `'${name}' beside ${group.flatMap((other) => (other.name === name ? [] : `'${other.name}'`)).join(', ')}`,
        bound: 'names that differ by more than upper and lower case',
        advice: renameAdvice,
      })),
    );
}

/** Warns of the other endings that Node or a bundler would take for a module. */
function endingWarnings(files: readonly string[]): string[] {
  const others = files.filter(
    (file) => !file.endsWith('.ts') && /(?<!\.d|\.test)\.[cm]?[jt]sx?$/i.test(file),
  );
  return others.sort().map((file) => {
    const name = basename(file, extname(file));
    const where = relative(process.cwd(), file);
    return `${where} does not end in .ts, so it gets no resources. Rename it to ${name}.ts, or move shared code into a folder below.`;
  });
}
