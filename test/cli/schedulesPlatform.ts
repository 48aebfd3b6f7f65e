import { scheduleFrom } from '../../local/aws/scheduler/schedule.ts';
import { publishInput, publishTargetArn, scheduledTime } from '../../src/message/scheduledPublish.ts';
import { type DelayPlatform, startDelayPlatform } from '../src/publisher/delay/platform.ts';
import { type Ended, runJobs, startDirectory } from './jobsCommand.ts';

/** A platform with schedules, as far as the CLI sees it: its clock shows the real time, and stands still. */
export interface SchedulesPlatform extends DelayPlatform {
  /** Where `.local/platform.json` is. */
  readonly directory: string;
  /** Makes a recurring schedule, as a job file does. */
  addRecurring(name: string, more?: object): void;
  run(...words: string[]): Promise<Ended>;
}

export async function startSchedulesPlatform(): Promise<SchedulesPlatform> {
  const platform = await startDelayPlatform(new Date().toISOString());
  const { engine, scheduler, topicArn } = platform;
  scheduler.createGroup('jobs-dev');
  const queues = { queueUrl: engine.queueUrl('jobs-dev-GreetingJob'), deadLetterQueueUrl: null };
  const directory = await startDirectory({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    topicArn,
    speed: 1,
    jobs: { GreetingJob: queues },
  });
  return {
    ...platform,
    directory: directory.path,
    addRecurring: (Name, more = {}) =>
      void scheduler.create(
        scheduleFrom({
          Name,
          GroupName: 'jobs-dev',
          ScheduleExpression: 'rate(1 hour)',
          FlexibleTimeWindow: { Mode: 'OFF' },
          Target: target(topicArn, Name),
          ...more,
        }),
      ),
    run: (...words) => runJobs(directory.path, words),
    async close() {
      await platform.close();
      await directory.remove();
    },
  };
}

function target(topicArn: string, name: string): object {
  const body = `{"friendName":"Hank","at":"${scheduledTime}"}`;
  const attributes = { jobName: 'GreetingJob', jobId: `${name}-${scheduledTime}` };
  return {
    Arn: publishTargetArn,
    RoleArn: 'arn:aws:iam::000000000000:role/jobs-dev-us-east-1-sched',
    Input: publishInput({ topicArn, body, attributes, group: 'tenant-7' }),
    DeadLetterConfig: { Arn: 'arn:aws:sqs:us-east-1:000000000000:jobs-dev-undelivered' },
    RetryPolicy: { MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 7 },
  };
}
