import { Command, InvalidArgumentError } from 'commander';
import { outliveClosedPipes } from './commandEnd.ts';
import { start } from './start.ts';

/**
 * Runs `npm start` until it is stopped.
 * @param given the words on the command line
 * @returns the exit code
 */
export async function runProgram(given: readonly string[]): Promise<number> {
  outliveClosedPipes();
  const { context = [], ...options } = parsed(given);
  refuseSharedPort(options);
  return start({
    ...options,
    context: Object.fromEntries(context.map(keyAndValue)),
    projectDirectory: process.cwd(),
    stateDirectory: '.local',
  });
}

interface LocalOptions {
  readonly speed: number;
  readonly port: number;
  readonly consolePort: number;
  readonly apiPort: number;
  readonly inspect?: string;
  readonly context?: readonly string[];
}

function parsed(given: readonly string[]): LocalOptions {
  return new Command('npm start --')
    .description(
      'Runs the synthesized template on this machine: topics, queues, functions, workers, schedules, the API, alarms and e-mail.',
    )
    .option('--speed <number>', 'how much faster time runs, 1 to 3600 (never a function’s timeout)', speed, 1)
    .option('--port <number>', 'port of the AWS endpoint, 0 for any', port, 4100)
    .option('--console-port <number>', 'port of the console, 0 for any', port, 4101)
    .option('--api-port <number>', 'port of the API, 0 for any', port, 4102)
    .option('--inspect <job>', 'debug a job: its function listens for a debugger and never times out')
    .option('-c, --context <key=value...>', 'CDK context, as for cdk synth')
    .allowExcessArguments(false)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
    .parse(given, { from: 'user' })
    .opts<LocalOptions>();
}

function speed(given: string): number {
  const value = Number(given);
  if (given.trim() !== '' && value >= 1 && value <= 3600) return value;
  throw new InvalidArgumentError('A speed is a number from 1 to 3600.');
}

function port(given: string): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

function refuseSharedPort({ port, consolePort, apiPort }: LocalOptions): void {
  const ports = Object.entries({ '--port': port, '--console-port': consolePort, '--api-port': apiPort });
  for (const [index, [option, number]] of ports.entries()) {
    const other = ports.slice(index + 1).find(([, otherNumber]) => otherNumber === number && number !== 0);
    if (other === undefined) continue;
    process.stderr.write(
      `error: ${option} and ${other[0]} are both ${number}: give each its own, or 0 for any\n`,
    );
    process.exit(2);
  }
}

function keyAndValue(given: string): [string, string] {
  const index = given.indexOf('=');
  if (index > 0) return [given.slice(0, index), given.slice(index + 1)];
  process.stderr.write(`error: --context takes key=value, got ${given}\n`);
  process.exit(2);
}
