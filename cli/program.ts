import { Command, CommanderError } from 'commander';
import { dlqCommand } from './dlq/commands.ts';
import { CommandError, exitCodes } from './outcome.ts';
import { publishCommand } from './publish/commands.ts';
import { schedulesCommand } from './schedules/commands.ts';
import { cancelCommand, statusCommand } from './status/commands.ts';
import { workerCommand } from './worker/commands.ts';

/** Runs what was typed after `npm run jobs --`, and gives the process's exit code. */
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

/** @throws {CommandError} where npm has taken options that are meant for the command: it would do something else */
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
 * Whoever reads the output may have seen enough (`… | head`); the work goes on, unless what it writes is all there is of it
 * (`dlq export`). On a full disk it would be for nothing.
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
      '\nnpm prints two lines of its own first; for a pipe, npm run -s jobs -- … --json | jq does without them.' +
        '\nExit codes: 0 done, 1 something failed or was refused, 2 the command itself has a mistake, 130 interrupted.',
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

/** Commander has printed its own errors. Anything but those and a `CommandError` is a bug, and keeps its stack. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (!(error instanceof CommandError)) throw error;
  console.error(`error: ${error.message}`);
  return exitCodes.usage;
}

/**
 * The options of a command that npm took for its own because `--` was left out, as in `npm run jobs publish X '{}' --delay
 * 10m`: npm tells of them in the environment. Where any option has come through, `--` was there. Otherwise nothing tells
 * them from what .npmrc or the environment set: npm passes on neither its command line nor where a value came from.
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

/** What went wrong and how to go on: whether `--` was left out, or was there and npm is told the options elsewhere. */
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
