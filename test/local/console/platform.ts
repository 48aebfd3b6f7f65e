import type { QueuedMessage, QueueState } from '../../../local/aws/engine/engine.ts';
import type { ConsolePlatform } from '../../../local/console/routes.ts';
import { type Console, startConsole } from '../../../local/console/server.ts';
import type { JobToPublish } from '../../../local/platform/jobs.ts';
import type { JobView, PlatformEvent, PlatformSnapshot } from '../../../local/platform/view.ts';

/** Looks like markup, and must stay text wherever it is shown. */
export const hostile = '<img src=x onerror="window.hacked=1">';

/** The console of a platform; a warning fails it. */
export async function serveConsole(
  platform: ConsolePlatform,
  { port = 0, tickMs }: { port?: number; tickMs?: number } = {},
): Promise<Console> {
  const onWarning = (text: string) => {
    throw new Error(text);
  };
  const served = await startConsole({ port, onWarning, ...(tickMs === undefined ? {} : { tickMs }) });
  await served.show(platform);
  return served;
}

/** A platform that does nothing by itself: tests say what is there and what happens. */
export function standInPlatform(given: Partial<PlatformSnapshot> = {}) {
  const listeners = new Set<(event: PlatformEvent) => void>();
  const platform = {
    state: { ...emptySnapshot, ...given },
    published: [] as JobToPublish[],
    snapshots: 0,
    deadMessage,
    refuse: undefined as Error | undefined,
    events: {
      subscribe: (listener: (event: PlatformEvent) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    emit: (event: PlatformEvent) => {
      for (const listener of listeners) listener(event);
    },
    log: (text: string, functionName = 'jobs-dev-GreetingJob') =>
      platform.emit({ type: 'log', line: { functionName, stream: 'stdout', text, at: new Date() } }),
    get listeners() {
      return listeners.size;
    },
    snapshot: async () => {
      platform.snapshots += 1;
      return platform.state;
    },
    publish: async (message: JobToPublish) => {
      if (platform.refuse) throw platform.refuse;
      platform.published.push(message);
      const { jobName } = message;
      const known = platform.state.jobs.some(({ name }) => name === jobName) ? jobName : '';
      const { publishes } = platform.state;
      platform.state = {
        ...platform.state,
        publishes: { ...publishes, [known]: (publishes[known] ?? 0) + 1 },
      };
      platform.emit({ type: 'publish', topicArn, messageId: 'm', jobName });
      return { messageId: `message-${platform.published.length}` };
    },
    inspectQueue: async (name: string): Promise<QueueState | undefined> => ({
      name,
      url: `http://127.0.0.1/${name}`,
      arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      attributes: {},
      visible: [platform.deadMessage],
      notVisible: [],
      delayed: [],
    }),
  };
  return platform;
}

const topicArn = 'arn:aws:sns:us-east-1:000000000000:jobs-dev';

export const greetingJob = jobView('GreetingJob');

function jobView(name: string): JobView {
  return {
    name,
    functionName: `jobs-dev-${name}`,
    queueName: `jobs-dev-${name}`,
    queueUrl: `http://127.0.0.1:1/000000000000/jobs-dev-${name}`,
    deadLetterQueueUrl: `http://127.0.0.1:1/000000000000/jobs-dev-${name}-dead-letters`,
    visible: 0,
    inFlight: 0,
    delayed: 0,
    dead: 0,
    oldestSentAtMs: undefined,
  };
}

const emptySnapshot: PlatformSnapshot = {
  endpoint: 'http://127.0.0.1:1',
  region: 'us-east-1',
  topicArn,
  consoleUrl: undefined,
  apiUrl: 'http://127.0.0.1:4102',
  filesBucket: undefined,
  speed: 30,
  jobs: [greetingJob, jobView('PushupsJob')],
  otherQueues: [
    {
      queueName: 'jobs-dev-unrouted',
      queueUrl: 'http://127.0.0.1:1/000000000000/jobs-dev-unrouted',
      visible: 0,
      inFlight: 0,
      delayed: 0,
      oldestSentAtMs: undefined,
    },
  ],
  alarms: [
    alarm('jobs-dev-GreetingJob-dead-letters-age'),
    alarm('jobs-dev-GreetingJob-backlog'),
    alarm('jobs-dev-unrouted'),
  ],
  schedules: [],
  problems: [
    { logicalId: 'Rule', path: 'Jobs/Rule', type: 'AWS::Events::Rule', why: 'is not supported locally' },
  ],
  notEvaluated: ['2 IAM::Role'],
  logLines: [],
  mails: [
    {
      to: 'dev@localhost',
      subject: `ALARM: ${hostile}`,
      text: `Dear developer,\n${hostile}`,
      at: new Date(),
      file: '/somewhere/.local/mail/2026-11-21-alarm.eml',
    },
  ],
  publishes: {},
};

function alarm(name: string): PlatformSnapshot['alarms'][number] {
  return {
    name,
    description: 'What to do',
    condition: 'Age is above 1',
    scales: false,
    state: 'OK',
    reason: 'All is well',
    since: new Date(),
  };
}

const deadMessage: QueuedMessage = {
  messageId: 'dead-1',
  body: JSON.stringify({
    Type: 'Notification',
    MessageId: 'sns-1',
    TopicArn: 'arn:aws:sns:us-east-1:000000000000:jobs-dev',
    Message: JSON.stringify({ friendName: hostile }),
    MessageAttributes: { jobName: { Type: 'String', Value: 'GreetingJob' } },
  }),
  messageAttributes: {
    deadLetterReason: {
      DataType: 'String',
      StringValue: JSON.stringify({
        name: 'TypeError',
        message: hostile,
        stack: 'at run',
        attempts: 5,
        jobId: 'job-7',
      }),
    },
  },
  sentTimestamp: 1_000,
  enteredAtMs: 2_000,
  receiveCount: 5,
};
