/** How a function is fed. */
export interface ConsumerSpec {
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportsFailures: boolean;
  readonly maxReceiveCount: number;
}

/** Names of queues, or their URLs. */
export interface Consumer {
  /** Its messages go to the function; their visibility timeout is 8 to 12 s. */
  readonly queue: string;
  /** Gets a message for each batch that the function has got: the records, as JSON. */
  readonly batches: string;
  readonly deadLetters: string;
}

/**
 * The function of every consumer, a CommonJS module: it sends each batch to the queue of batches. A record whose body has
 * `throws` makes it throw; one that has `answer` makes it answer that, with the record's own message ID for `$id`; both
 * only `times` times, once unless the body says so.
 */
export const consumerCode = `
let sqs;
exports.handler = async ({ Records }) => {
  const { SQSClient, SendMessageCommand } = await import('@aws-sdk/client-sqs');
  sqs ??= new SQSClient();
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.BATCHES, MessageBody: JSON.stringify(Records) }));
  for (const { body, messageId, attributes } of Records) {
    const { throws, answer, times = 1 } = JSON.parse(body);
    if (Number(attributes.ApproximateReceiveCount) > times) continue;
    if (throws) throw new Error('as the message says');
    if (answer !== undefined) return JSON.parse(JSON.stringify(answer).replaceAll('$id', messageId));
  }
};
`;

const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

/** A CloudFormation template of these consumers, whose queues have the names of `consumerQueues`. */
export function consumersTemplate(prefix: string, specs: readonly ConsumerSpec[], code: object) {
  const Resources: Record<string, { Type: string; Properties?: object; DependsOn?: string }> = {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
        Policies: [
          {
            PolicyName: 'queues',
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }],
            },
          },
        ],
      },
    },
  };
  for (const [index, spec] of specs.entries()) {
    Object.assign(Resources, consumerResources(consumerQueues(prefix, index), index, spec, code));
  }
  return { Resources };
}

/** The names of the queues of the consumer at `index`. */
export function consumerQueues(prefix: string, index: number): Consumer {
  const name = (part: string) => `${prefix}-${index}-${part}`;
  return { queue: name('queue'), batches: name('batches'), deadLetters: name('dead-letters') };
}

function consumerResources(names: Consumer, index: number, spec: ConsumerSpec, Code: object) {
  const { batchSize, windowSeconds, reportsFailures, maxReceiveCount } = spec;
  return {
    [`Batches${index}`]: { Type: 'AWS::SQS::Queue', Properties: { QueueName: names.batches } },
    [`DeadLetters${index}`]: { Type: 'AWS::SQS::Queue', Properties: { QueueName: names.deadLetters } },
    [`Queue${index}`]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: names.queue,
        // Longer than a batch is gathered and run.
        VisibilityTimeout: 8 + 2 * windowSeconds,
        RedrivePolicy: { deadLetterTargetArn: arn(`DeadLetters${index}`), maxReceiveCount },
      },
    },
    [`Function${index}`]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Timeout: 6, // many start at once on a busy machine
        MemorySize: 128,
        Code,
        Role: arn('Role'),
        Environment: { Variables: { BATCHES: { Ref: `Batches${index}` } } },
      },
    },
    [`Mapping${index}`]: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: arn(`Queue${index}`),
        FunctionName: { Ref: `Function${index}` },
        BatchSize: batchSize,
        MaximumBatchingWindowInSeconds: windowSeconds,
        ...(reportsFailures && { FunctionResponseTypes: ['ReportBatchItemFailures'] }),
      },
    },
  };
}

/** An alarm of one metric with periods of a minute, and its datapoints, the oldest first; null where none is. */
export interface AlarmTrial {
  readonly threshold: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly treatMissingData: 'missing' | 'notBreaching' | 'breaching';
  readonly datapoints: readonly (number | null)[];
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** What differs from endpoint to endpoint: how a function is deployed, and how an alarm is fed. */
export interface Hosts {
  /**
   * @param row its name
   * @returns the URLs of its queues
   */
  consumer(row: string): Promise<Consumer>;
  alarmState(trial: AlarmTrial): Promise<AlarmState>;
}

export class NotTriedError extends Error {
  override readonly name = 'NotTriedError';
}

/** An endpoint that is only known by its URL, such as that of `npm start`. */
export const noHosts: Hosts = {
  consumer: () =>
    Promise.reject(new NotTriedError('It needs CloudFormation, to deploy a function and its mapping.')),
  alarmState: () => Promise.reject(new NotTriedError('It needs CloudWatch.')),
};
