import { lastPart } from '../../../src/names.ts';
import type { Engine } from '../engine/engine.ts';
import type { Target } from './schedule.ts';

/** Why this machine does not run a target, or AWS would not accept its Input; undefined when it runs. */
export function targetProblem({ Arn, Input }: Target): string | undefined {
  const required = universal[Arn]?.required;
  if (required === undefined) {
    return templated(Arn) === undefined
      ? `${Arn} is not run locally (the topics and queues of the template are, and ${Object.keys(universal).join(' and ')})`
      : undefined;
  }
  const missing = required.filter((member) => typeof inputOf(Input)?.[member] !== 'string');
  if (missing.length === 0) return undefined;
  return `Invalid RequestJson provided. Reason: the Input of ${Arn} must be a JSON object with the strings ${required.join(', ')}; there is no ${missing.join(' and no ')}.`;
}

/**
 * Calls a target.
 * Throws EngineError with the code of the service that refused it.
 * @param input with context attributes replaced
 */
export async function callTarget(
  { Arn, SqsParameters }: Target,
  input: string,
  engine: Engine,
): Promise<void> {
  const name = lastPart(Arn);
  const api = universal[Arn];
  if (api !== undefined) {
    await engine[api.service](api.action, JSON.parse(input));
  } else if (templated(Arn) === 'sqs') {
    await engine.sqs('SendMessage', {
      QueueUrl: engine.queueUrl(name),
      MessageBody: input,
      ...SqsParameters,
    });
  } else {
    await engine.sns('Publish', { TopicArn: Arn, Message: input });
  }
}

/** The topic that a target publishes to; undefined for another kind of target. */
export function topicOf({ Arn, Input }: Target): string | undefined {
  const topicArn = universal[Arn]?.service === 'sns' ? inputOf(Input)?.TopicArn : undefined;
  return typeof topicArn === 'string' ? topicArn : templated(Arn) === 'sns' ? Arn : undefined;
}

interface UniversalTarget {
  readonly service: 'sns' | 'sqs';
  readonly action: string;
  readonly required: readonly string[];
}

const universal: Readonly<Record<string, UniversalTarget>> = {
  'arn:aws:scheduler:::aws-sdk:sns:publish': {
    service: 'sns',
    action: 'Publish',
    required: ['TopicArn', 'Message'],
  },
  'arn:aws:scheduler:::aws-sdk:sqs:sendMessage': {
    service: 'sqs',
    action: 'SendMessage',
    required: ['QueueUrl', 'MessageBody'],
  },
};

function templated(arn: string): 'sns' | 'sqs' | undefined {
  const [, , service] = /^arn:aws(-[a-z]+)?:(sns|sqs):[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?$/.exec(arn) ?? [];
  return service as 'sns' | 'sqs' | undefined;
}

/** An Input that is a JSON object; undefined for any other. */
export function inputOf(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const input = JSON.parse(text ?? '');
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : undefined;
  } catch {
    return undefined;
  }
}
