import { Command } from 'commander';
import { workerDefaults } from '../../src/worker/settings.ts';

/** Defines the command. Its own module, and the AWS SDK with it, is loaded when it runs. */
export function workerCommand(): Command {
  const { concurrency, stopTimeout, healthHost } = workerDefaults;
  return new Command('worker')
    .description('Runs jobs in this process: receives their messages from SQS until SIGTERM or Ctrl-C.')
    .argument('<jobName...>', 'names of files in src/jobs; each job has its own queue and concurrency')
    .option(
      '--concurrency <number>',
      `how many messages each job runs at once, ${concurrency} by default; or by job: Report=2,Import=10`,
    )
    .option(
      '--stop-timeout <duration>',
      `how long running jobs may go on after a stop signal, ${stopTimeout} by default`,
    )
    .option('--health-port <number>', 'the port that serves /healthz and /metrics, off by default')
    .option('--health-host <address>', `the address that serves them, ${healthHost} by default`)
    .option('--stack <name>', 'a deployed stack, instead of the running local platform')
    .option('--queue-url <[Job=]url>', 'the URL of a queue, where the stack cannot be read', collect)
    .option('--force', 'run even if Lambda consumes the queue too')
    .option('--print-systemd', 'print a systemd unit file, and do not run')
    .option('--print-winsw', 'print the WinSW definition of a Windows service, and do not run')
    .addHelpText('after', examples)
    .action(async (jobNames, options) => (await import('./worker.ts')).worker(jobNames, options));
}

const examples = `
Examples:
  npm run jobs -- worker GreetingJob --stack jobs-dev
  npm run jobs -- worker GreetingJob PushupsJob --concurrency GreetingJob=20,PushupsJob=2
  npm run jobs -- worker GreetingJob --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/jobs-prod-GreetingJob
  npm run -s jobs -- worker GreetingJob --print-systemd > jobs-worker-greetingjob.service`;

function collect(value: string, values: readonly string[] = []): string[] {
  return [...values, value];
}
