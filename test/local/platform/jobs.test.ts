import { expect, test } from '@jest/globals';
import { workerVariables } from '../../../local/platform/jobs.ts';

const environment = {
  JOB_QUEUE_URL: 'http://127.0.0.1:4100/000000000000/jobs-dev-A',
  JOB_HEALTH_PORT: '8080',
  MINE: 'yes',
};

test('a worker consumes the queue that its container is told, and another container none', () => {
  expect(workerVariables.queueName(environment)).toBe('jobs-dev-A');
  expect(workerVariables.queueName({ MINE: 'yes' })).toBeUndefined();
});

test('a worker on this machine has no health port, for which all of them would fight', () => {
  const { JOB_HEALTH_PORT: _, ...others } = environment;
  expect(workerVariables.onOneMachine(environment)).toEqual(others);
});
