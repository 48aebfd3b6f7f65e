import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AgentEndpoint, startAgentEndpoint } from '../../../../local/aws/worker/agentEndpoint.ts';

let agent: AgentEndpoint;
let unprotected: number;
const warnings: string[] = [];

beforeEach(async () => {
  unprotected = 0;
  agent = await startAgentEndpoint({
    onUnprotected: () => {
      unprotected += 1;
    },
    onWarning: (text) => warnings.push(text),
  });
});
afterEach(async () => {
  await agent.stop();
  expect(warnings).toEqual([]);
});

async function put(body: string, headers: Record<string, string> = {}) {
  const url = `${agent.uriOf('task')}/task-protection/v1/state`;
  const response = await fetch(url, { method: 'PUT', body, headers });
  return { status: response.status, answer: await response.json() };
}

describe('scale-in protection of a task', () => {
  test('is had for two hours, or as long as asked, and given up', async () => {
    const { status, answer } = await put('{"ProtectionEnabled":true}');
    expect([status, answer]).toEqual([
      200,
      { protection: { ProtectionEnabled: true, ExpirationDate: expect.any(String), TaskArn: 'task' } },
    ]);
    const leftMs = Date.parse((answer as Answer).protection.ExpirationDate) - Date.now();
    expect(Math.round(leftMs / 60_000)).toBe(120);
    expect(agent.isProtected('task')).toBe(true);
    expect((await put('{"ProtectionEnabled":true,"ExpiresInMinutes":2880}')).status).toBe(200);
    expect(unprotected).toBe(0);
    expect((await put('{"ProtectionEnabled":false}')).answer).toEqual({
      protection: { ProtectionEnabled: false, TaskArn: 'task' },
    });
    expect([agent.isProtected('task'), unprotected]).toEqual([false, 1]);
  });

  test.each([
    ['not json', 'the body is not JSON'],
    ['', 'the body is not JSON'],
    ['null', 'ProtectionEnabled must be true or false'],
    ['[]', 'ProtectionEnabled must be true or false'],
    ['{"ProtectionEnabled":"yes"}', 'ProtectionEnabled must be true or false'],
    ...['0', '2881', '1e300', '1.5', 'null', '"5"'].map((minutes) => [
      `{"ProtectionEnabled":true,"ExpiresInMinutes":${minutes}}`,
      'ExpiresInMinutes must be a whole number from 1 to 2880',
    ]),
  ])('is not changed by %s', async (body, why) => {
    expect(await put(body ?? '')).toEqual({
      status: 400,
      answer: {
        error: { Code: 'InvalidParameterException', Message: `UpdateTaskProtection: ${why}.` },
      },
    });
    expect([agent.isProtected('task'), unprotected]).toEqual([false, 0]);
  });

  test('is no business of pages of other sites', async () => {
    const { status } = await put('{"ProtectionEnabled":true}', { origin: 'https://evil.example' });
    expect([status, agent.isProtected('task')]).toEqual([403, false]);
  });
});

interface Answer {
  readonly protection: { readonly ExpirationDate: string };
}
