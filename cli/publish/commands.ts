import { Command } from 'commander';
import { addTargetOptions } from '../options.ts';

/** The module of the command, with the AWS SDK, is loaded once it runs. */
export function publishCommand(): Command {
  const command = new Command('publish')
    .description(
      'Publishes a job, or one for each line of a file. Payloads are checked by the schemas in src/jobs.',
    )
    .argument('[jobName]', 'the name of a file in src/jobs; without it each line of --file says its own')
    .argument('[payload]', 'JSON, or - for JSON Lines from standard input')
    .option('--file <path>', 'JSON Lines to publish, a payload a line; - for standard input')
    .option('--job-id <id>', "the job's ID, for a single one; made when left out")
    .option('--group <id>', 'whose job it is, such as a tenant, for fair queues')
    .option('--delay <duration>', 'publish it that much later, such as 10m or 30d')
    .option('--at <instant>', 'publish it then, such as 2026-12-24T18:00:00+01:00')
    .option('--wait', 'wait for a single job that tracks: show its progress, print its result')
    .option('--timeout <duration>', 'the longest to --wait, such as 90s or 2h (default: 5m)')
    .option('--force', 'publish what src/jobs does not know or would refuse')
    .option('--json', 'print results as JSON, a line each');
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

A line of jobs.jsonl may also have jobId, group, attributes, and delay or at. What is delayed comes within the minute after its
time; schedules list shows it, schedules cancel takes it back. Payloads too large for a message go through the files bucket,
up to 16 MiB. With --wait the exit code is 1 when the job is dead, cancelled, or has not ended in time; it may still then.`;
