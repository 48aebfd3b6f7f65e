import type { Fault, FaultRequest, Faults } from '../../local/aws/engine/engine.ts';
import { randomNumbers } from '../random.ts';

/**
 * A network that fails about one request in twelve: cut before it is handled or after, refused, or slow. Now and then
 * a service has a bad spell, which is worse than the SDK's own three attempts can bear, so that calls fail for good.
 */
export function networkFaults(seed: number): Faults {
  const random = randomNumbers(seed);
  const badRequestsLeft = { sqs: 0, sns: 0, dynamodb: 0, s3: 0, scheduler: 0 };
  return ({ service }) => {
    if (badRequestsLeft[service] > 0) badRequestsLeft[service] -= 1;
    else if (random() < spell.chance) badRequestsLeft[service] = spell.requests;
    const isBad = badRequestsLeft[service] > 0;
    return fault(random() * (isBad ? spell.health : 1), service, random());
  };
}

const spell = { chance: 1 / 300, requests: 40, health: 0.07 };

function fault(chance: number, service: FaultRequest['service'], severity: number): Fault | undefined {
  if (chance < 0.02) return { kind: 'drop' };
  if (chance < 0.035) return { kind: 'dropAfter' };
  if (chance < 0.045) return { kind: 'error', status: 500, code: 'InternalFailure' };
  if (chance < 0.055) return { kind: 'error', status: 400, code: throttling[service] };
  if (chance < 0.085) return { kind: 'delay', ms: 10 + severity * 200 };
  return undefined;
}

/** Each service's own word for "too many requests". */
const throttling = {
  sqs: 'RequestThrottled',
  sns: 'Throttling',
  dynamodb: 'ProvisionedThroughputExceededException',
  s3: 'SlowDown',
  scheduler: 'ThrottlingException',
} as const;
