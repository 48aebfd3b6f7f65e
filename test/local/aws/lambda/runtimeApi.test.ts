import { once } from 'node:events';
import http from 'node:http';
import { expect, test } from '@jest/globals';
import { type RuntimeOutcome, startRuntimeApi } from '../../../../local/aws/lambda/runtimeApi.ts';
import { until } from './processes.ts';

/** As AWS's runtime interface clients do: one connection, one request after the other, headers as documented. */
function client(address: string) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const [host, port] = address.split(':');
  return (method: string, path: string, body = '') =>
    new Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const options = { host, port, method, agent, path: `/2018-06-01/runtime/${path}` };
      const request = http.request(options, async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
      request.on('error', reject);
      request.end(body);
    });
}

test('a runtime that asks, answers and asks again gets its events one by one', async () => {
  const outcomes: [string, RuntimeOutcome][] = [];
  const initErrors: RuntimeOutcome[] = [];
  let nexts = 0;
  const api = await startRuntimeApi({
    onNext: () => nexts++,
    onOutcome: (requestId, outcome) => outcomes.push([requestId, outcome]),
    onInitError: (outcome) => initErrors.push(outcome),
  });
  const call = client(api.address);
  const invocation = (requestId: string) => ({
    requestId,
    payload: '{"grüße":"😀"}',
    deadlineMs: 1_800_000_000_000,
    functionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:f',
    traceId: 'Root=1-2-3',
  });

  for (const [i, kind] of (['response', 'error'] as const).entries()) {
    const next = call('GET', 'invocation/next');
    await until(() => nexts === i + 1);
    expect(api.waiting).toBe(true);
    api.deliver(invocation(`id-${i}`));
    expect(await next).toMatchObject({
      status: 200,
      body: '{"grüße":"😀"}',
      headers: {
        'lambda-runtime-aws-request-id': `id-${i}`,
        'lambda-runtime-deadline-ms': '1800000000000',
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:000000000000:function:f',
        'lambda-runtime-trace-id': 'Root=1-2-3',
      },
    });
    const body = kind === 'response' ? '[1]' : '{"errorType":"E","errorMessage":"m","stackTrace":["s"]}';
    expect((await call('POST', `invocation/id-${i}/${kind}`, body)).status).toBe(202);
    expect((await call('POST', `invocation/id-${i}/${kind}`, body)).status).toBe(400); // answered already
  }
  expect(outcomes).toEqual([
    ['id-0', { status: 'ok', payload: '[1]' }],
    ['id-1', { status: 'error', errorType: 'E', errorMessage: 'm', stackTrace: ['s'] }],
  ]);

  expect((await call('POST', 'init/error', 'not json')).status).toBe(202);
  expect(initErrors).toEqual([{ status: 'error', errorType: 'Runtime.Unknown', errorMessage: 'not json' }]);
  api.close();
});

test.each([{ host: 'evil.example' }, { origin: 'https://evil.example' }])(
  'a page that reaches the port with %j learns and changes nothing',
  async (headers) => {
    const told: string[] = [];
    const api = await startRuntimeApi({
      onNext: () => told.push('next'),
      onOutcome: () => told.push('outcome'),
      onInitError: () => told.push('init error'),
    });
    for (const [method, path] of [
      ['GET', 'invocation/next'],
      ['POST', 'init/error'],
    ]) {
      const request = http.request(`http://${api.address}/2018-06-01/runtime/${path}`, { method, headers });
      request.end('{}');
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      expect(response.resume().statusCode).toBe(403);
    }
    expect([told, api.waiting]).toEqual([[], false]);
    api.close();
  },
);

test('an event goes to a runtime that is still there', async () => {
  let nexts = 0;
  const api = await startRuntimeApi({ onNext: () => nexts++, onOutcome: () => {}, onInitError: () => {} });
  const gone = http.get(`http://${api.address}/2018-06-01/runtime/invocation/next`);
  gone.on('error', () => {});
  await until(() => nexts === 1);
  gone.destroy();
  await until(() => !api.waiting);
  const next = client(api.address)('GET', 'invocation/next');
  await until(() => api.waiting);
  api.deliver({ requestId: 'id', payload: '{}', deadlineMs: 0, functionArn: 'arn', traceId: '' });
  expect((await next).headers['lambda-runtime-aws-request-id']).toBe('id');
  api.close();
});
