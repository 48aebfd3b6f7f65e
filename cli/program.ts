import { Command, CommanderError } from 'commander';
import { dlqCommand } from './dlq/commands.ts';
import { CommandError, exitCodes } from './outcome.ts';
import { publishCommand } from './publish/commands.ts';
import { schedulesCommand } from './schedules/commands.ts';
import { cancelCommand, statusCommand } from './status/commands.ts';
import { workerCommand } from './worker/commands.ts';

/** Runs the command that was typed after `npm run jobs --`, and gives the process's exit code. */
export async function runProgram(words: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endUnlessPipeClosed);
  try {
    const jobs = program();
    checkDashes(jobs, words);
    await jobs.parseAsync([...words], { from: 'user' });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    return exitCodeOf(error);
  }
}

/** @throws {CommandError} where npm has taken the command's options: without them the command would do something else */
function checkDashes(jobs: Command, words: readonly string[]): void {
  let command = jobs;
  const path = [];
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
    path.push(word);
  }
  const taken = takenByNpm(command, words);
  if (taken.length > 0) throw new CommandError(takenText(taken, path.join(' ')));
}

/**
 * Ends the process when its output cannot be written, for instance because the disk is full. A reader that has seen enough
 * (`… | head`) does not end it: the work goes on. Only `dlq export` stops then, by itself, because its output is its work.
 */
function endUnlessPipeClosed(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  console.error(`error: the output cannot be written: ${error.message}`);
  process.exit(exitCodes.failed);
}

function program(): Command {
  const jobs = new Command('npm run jobs --')
    .description('Works with jobs on the local platform (npm start) or on a deployed stack (--stack NAME).')
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nnpm prints two lines of its own first. For a pipe, leave them out by -s: npm run -s jobs -- … --json | jq' +
        '\nExit codes: 0 done, 1 something failed or there was nothing to do, 2 the command has a mistake, 130 interrupted.',
    );
  const commands = [
    publishCommand(),
    statusCommand(),
    cancelCommand(),
    schedulesCommand(),
    dlqCommand(),
    workerCommand(),
  ];
  for (const command of commands) jobs.addCommand(command);
  for (const command of withSubcommands(jobs)) {
    command.exitOverride().showHelpAfterError('(--help shows how)');
  }
  return jobs;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Commander has printed its own errors already. Any error but those and a `CommandError` is a bug, and keeps its stack. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (!(error instanceof CommandError)) throw error;
  console.error(`error: ${error.message}`);
  return exitCodes.usage;
}

/**
 * The options of a command that npm took for its own because `--` was left out, as in `npm run jobs publish X '{}' --delay
 * 10m`: npm sets them as variables in the environment. When any option reached this process, `--` was there. Otherwise the
 * variables may also come from .npmrc or the environment: npm passes on neither its command line nor where a value came from.
 */
function takenByNpm(
  { options }: Command,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const isOption = (word: string): boolean => word.startsWith('-') && word !== '-';
  if (env.npm_lifecycle_event !== 'jobs' || words.some(isOption)) return [];
  const names = options.flatMap(({ long }) => long ?? []);
  return names.filter((name) => env[variableOf(name)]);
}

/** Says what to type instead in both cases: `--` was left out, or npm has the options from .npmrc or the environment. */
function takenText(taken: readonly string[], command: string): string {
  const variables = taken.map(variableOf).join(', ');
  const unset = taken.map((name) => `--no-${name.slice(2)}`).join(' ');
  return (
    `npm took ${taken.join(', ')} for itself: write -- before the command, npm run jobs -- ${command} … ` +
    `If it is there, npm has that from .npmrc or the environment (${variables}): npm run jobs ${unset} -- ${command} …`
  );
}

function variableOf(option: string): string {
  return `npm_config_${option.slice(2).replaceAll('-', '_')}`;
}
