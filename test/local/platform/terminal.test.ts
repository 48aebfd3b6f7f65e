import { describe, expect, test } from '@jest/globals';
import { Terminal, wantsColour } from '../../../local/platform/terminal.ts';

const at = new Date(2026, 10, 21, 12, 0, 1);
const plain = new Terminal(false);
const line = (text: string) =>
  plain.event({ type: 'log', line: { functionName: 'jobs-dev-GreetingJob', stream: 'stdout', text, at } });

test('a Powertools line becomes a readable one', () => {
  const text = JSON.stringify({
    level: 'INFO',
    message: 'Good morning Hank!',
    timestamp: 'x',
    service: 's',
    jobName: 'GreetingJob',
    jobId: 'abc',
    attempt: 1,
    xray_trace_id: 'y',
  });
  expect(line(text)).toBe('12:00:01 GreetingJob  INFO  Good morning Hank!  jobId=abc  attempt=1');
});

test('an error’s stack stands below it', () => {
  const text = JSON.stringify({
    level: 'ERROR',
    message: 'failed',
    error: { name: 'TypeError', message: 'm', stack: 'TypeError: m\n  at x' },
  });
  expect(line(text)).toBe(
    '12:00:01 jobs-dev-GreetingJob  ERROR  failed\n         TypeError: m\n           at x',
  );
});

test.each(['plain text', '{"not": "a log line"}', '{broken', ''])('%j stays as it is', (text) => {
  expect(line(text)).toBe(`12:00:01 jobs-dev-GreetingJob  ${text}`);
});

test('a payload neither forges a line nor steers the terminal', () => {
  const forged = '\u001b[31mJo\r\n23:59:59 PushupsJob  INFO  succeeded';
  const below = 'Jo\n         23:59:59 PushupsJob  INFO  succeeded';
  const entry = (fields: object) => line(JSON.stringify({ level: 'INFO', message: 'm', ...fields }));
  expect(entry({ message: forged })).toBe(`12:00:01 jobs-dev-GreetingJob  INFO  ${below}`);
  expect(entry({ jobId: forged })).toBe(`12:00:01 jobs-dev-GreetingJob  INFO  m  jobId=${below}`);
  expect(entry({ error: { stack: forged } })).toBe(
    '12:00:01 jobs-dev-GreetingJob  INFO  m\n         Jo\n         23:59:59 PushupsJob  INFO  succeeded',
  );
  expect(line('\u001b]0;title\u0007text')).toBe('12:00:01 jobs-dev-GreetingJob  text');
});

test('colours only where they are wanted', () => {
  expect(new Terminal(true).warning('x')).toContain('\u001b[33mWARN');
  expect(plain.warning('x')).not.toContain('\u001b');
  expect(wantsColour({ isTTY: true }, {})).toBe(true);
  expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColour({}, {})).toBe(false);
});

describe('events', () => {
  const alarm = (before: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA', state: 'OK' | 'ALARM', scales = false) =>
    plain.event({
      type: 'alarm',
      transition: {
        name: 'a',
        description: undefined,
        condition: 'Age is above 1',
        scales,
        state,
        before,
        reason: 'why',
        since: at,
      },
    });

  test('an alarm is printed when it goes up or down, not when it begins as OK', () => {
    expect(alarm('OK', 'ALARM')).toBe('12:00:01 ALARM  alarm a (was OK)\n         why');
    expect(alarm('ALARM', 'OK')).toBe('12:00:01 OK  alarm a (was ALARM)\n         why');
    expect(alarm('INSUFFICIENT_DATA', 'OK')).toBeUndefined();
  });

  test('one that only scales a service is no fault', () => {
    expect(alarm('INSUFFICIENT_DATA', 'ALARM', true)).toBe('12:00:01 SCALE  by alarm a');
    expect(alarm('ALARM', 'OK', true)).toBeUndefined();
  });

  test('what is kept is said with the reason', () => {
    const result = {
      created: [],
      updated: [],
      deleted: ['s/Mapping'],
      unchanged: 0,
      problems: [],
      notEvaluated: [],
    };
    const kept = [{ path: 's/Queue', policy: 'DeletionPolicy' as const }];
    expect(plain.event({ type: 'apply', result: { ...result, kept } })).toMatch(
      / deleted s\/Mapping; kept s\/Queue \(because its DeletionPolicy says so\)$/,
    );
  });

  test('problems are a line each, and what has no effect is one line in all', () => {
    const problems = [
      {
        logicalId: 'B',
        path: 's/Bus',
        type: 'AWS::Events::EventBus',
        property: 'Name',
        why: 'is not honoured locally',
      },
    ];
    const result = {
      created: [],
      updated: [],
      deleted: [],
      kept: [],
      unchanged: 0,
      problems,
      notEvaluated: ['2 IAM::Role', 'SQS::Queue.Tags'],
    };
    expect(plain.problems(result)).toBe(
      'Not as on AWS: s/Bus (AWS::Events::EventBus) Name: is not honoured locally',
    );
    expect(plain.notEvaluated(result)).toMatch(
      /^Accepted without effect, .*: 2 types and properties, .*console/,
    );
    expect(plain.notEvaluated({ ...result, notEvaluated: [] })).toBe('');
  });
});
