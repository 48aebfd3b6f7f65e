import { Command } from 'commander';
import { workerDefaults } from '../../src/worker/settings.ts';

/** The module of the command, with the AWS SDK, is loaded once it runs. */
export function workerCommand(): Command {
  const { concurrency, stopTimeout, healthHost } = workerDefaults;
  return new Command('worker')
    .description('Runs jobs in this process: receives their messages from SQS until SIGTERM or Ctrl+C.')
    .argument('<jobName...>', 'names of files in src/jobs; each job has its own queue and concurrency')
    .option(
      '--concurrency <number>',
      `messages at the same time for each job, ${concurrency} by default; or Report=2,Import=10`,
    )
    .option(
      '--stop-timeout <duration>',
      `how long running jobs may go on at a stop, ${stopTimeout} by default`,
    )
    .option('--health-port <number>', 'serve /healthz and /metrics at this port')
    .option('--health-host <address>', `the address they are served at, ${healthHost} by default`)
    .option('--stack <name>', 'a deployed stack, instead of the running local platform')
    .option('--queue-url <[Job=]url>', 'a queue by its URL, where the stack cannot be read', collect, [])
    .option('--force', 'run although Lambda consumes the queue too')
    .option('--print-systemd', 'print a unit file for systemd instead of running')
    .option('--print-winsw', 'print the definition of a Windows service for WinSW instead of running')
    .addHelpText('after', examples)
    .action(async (jobNames, options) => (await import('./worker.ts')).worker(jobNames, options));
}

const examples = `
Examples:
  npm run jobs -- worker GreetingJob --stack jobs-dev
  npm run jobs -- worker GreetingJob PushupsJob --concurrency GreetingJob=20,PushupsJob=2
  npm run jobs -- worker GreetingJob --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/jobs-prod-GreetingJob
  npm run jobs -- worker GreetingJob --print-systemd > jobs-worker-greetingjob.service`;

function collect(value: string, values: readonly string[]): string[] {
  return [...values, value];
}
