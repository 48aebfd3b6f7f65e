import { SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from '@jest/globals';
import { schedulerConfig } from '../../../../src/publisher/delay/delay.ts';

const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
const sns = (endpoint?: string) =>
  new SNSClient({ region: 'eu-west-1', credentials, ...(endpoint && { endpoint }) });

test('Scheduler is reached with the SNS client’s credentials', async () => {
  const client = sns();
  expect(await schedulerConfig(client)).toEqual({ credentials: client.config.credentials });
});

test('and at its endpoint, where that is one for all of AWS', async () => {
  const { endpoint } = await schedulerConfig(sns('http://127.0.0.1:4100'));
  expect(endpoint).toMatchObject({ protocol: 'http:', hostname: '127.0.0.1', port: 4100 });
});

test.each(['https://vpce-1-2.sns.eu-west-1.vpce.amazonaws.com', 'https://sns.cn-north-1.amazonaws.com.cn'])(
  'but not at %s, which is SNS’s own',
  async (endpoint) => {
    expect(await schedulerConfig(sns(endpoint))).not.toHaveProperty('endpoint');
  },
);

test('what is said about it counts', async () => {
  const given = { endpoint: 'https://scheduler.example.com', maxAttempts: 9 };
  expect(await schedulerConfig(sns('http://127.0.0.1:4100'), given)).toMatchObject(given);
});
