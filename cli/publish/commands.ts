import { Command } from 'commander';
import { addTargetOptions } from '../options.ts';

/** Defines the command. Its own module, and the AWS SDK with it, is loaded when it runs. */
export function publishCommand(): Command {
  const command = new Command('publish')
    .description(
      'Publishes a job, or one for each line of a file. Payloads are checked by the schemas in src/jobs.',
    )
    .argument('[jobName]', 'the name of a file in src/jobs; without it each line of --file names its job')
    .argument('[payload]', 'JSON, or - for JSON Lines from standard input')
    .option('--file <path>', 'JSON Lines to publish, a payload a line; - for standard input')
    .option('--job-id <id>', 'the ID of a single job; a new one is made when left out')
    .option('--group <id>', 'the tenant or customer whose job it is, for SQS fair queues')
    .option('--delay <duration>', 'publish it after this time, such as 10m or 30d')
    .option('--at <instant>', 'publish it at this time, such as 2026-12-24T18:00:00+01:00')
    .option('--wait', 'wait for a single job with track: true: show its progress, print its result')
    .option('--timeout <duration>', 'how long to --wait at most, such as 90s or 2h (default: 5m)')
    .option('--force', 'publish a job that src/jobs does not have, or a payload that its schema refuses')
    .option('--json', 'print each result as a line of JSON');
  return addTargetOptions(command)
    .addHelpText('after', examples)
    .action(async (jobName, payload, options) =>
      (await import('./publish.ts')).publish(jobName, payload, options),
    );
}

const examples = `
Examples:
  npm run jobs -- publish GreetingJob '{"friendName":"Hank"}'
  npm run jobs -- publish GreetingJob '{"friendName":"Hank"}' --job-id order-7 --stack jobs-dev
  npm run jobs -- publish GreetingJob '{"friendName":"Hank"}' --delay 10m
  npm run jobs -- publish DocumentJob '{"upload":"uploads/…"}' --wait --timeout 10m
  npm run jobs -- publish GreetingJob --file friends.jsonl     a line: {"friendName":"Hank"}
  npm run jobs -- publish --file jobs.jsonl                    a line: {"jobName":"GreetingJob","payload":{"friendName":"Hank"}}
  cat friends.jsonl | npm run jobs -- publish GreetingJob -

A line of jobs.jsonl may also have jobId, group, attributes, and delay or at. A delayed job is published within the minute after
its time; schedules list shows it, schedules cancel takes it back. Payloads too large for a message go through the files bucket,
up to 16 MiB. With --wait the exit code is 1 when the job is dead or cancelled, or has not ended in time and goes on.`;
