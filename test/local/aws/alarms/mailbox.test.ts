import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { alarmDefinition } from '../../../../local/aws/alarms/alarmDefinition.ts';
import { initialState } from '../../../../local/aws/alarms/evaluate.ts';
import { type Mailbox, startMailbox } from '../../../../local/aws/alarms/mailbox.ts';
import { alarmNotification, alarmSubject } from '../../../../local/aws/alarms/notification.ts';
import { type Engine, startEngine } from '../../../../local/aws/engine/engine.ts';

let engine: Engine;
let mailbox: Mailbox;
let directory: string;
let alarmTopics: Set<string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mail-'));
  engine = await startEngine({ port: 0, region: 'us-east-1', speed: 1 });
  await engine.sns('CreateTopic', { Name: 'alarms' });
  alarmTopics = new Set([engine.topicArn('alarms')]);
  mailbox = start();
});

afterEach(async () => {
  await engine.stop();
  await rm(directory, { recursive: true, force: true });
});

function start(): Mailbox {
  return startMailbox({
    engine,
    directory,
    alarmTopicArns: () => alarmTopics,
    onMail: () => {},
    onWarning: (text) => {
      throw new Error(text);
    },
  });
}

/** Publishes, and gives every mail that came of all publishes so far, parsed from its file. */
async function publish(message: { Message: string; Subject?: string; MessageStructure?: string }) {
  await engine.sns('Publish', { TopicArn: engine.topicArn('alarms'), ...message });
}

async function mails() {
  await mailbox.stop();
  const files = (await readdir(directory)).sort();
  return Promise.all(
    files.map(async (file) => ({ file, ...parseMail(await readFile(join(directory, file), 'latin1')) })),
  );
}

/** Enough of RFC 822, 2045 and 2047 to read what was written: folded and encoded headers, quoted-printable, base64. */
function parseMail(raw: string) {
  const split = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, split)
    .replace(/\r\n[ \t]/g, ' ')
    .split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      decodeWords(line.slice(line.indexOf(':') + 2)),
    ]),
  );
  const body = raw.slice(split + 4);
  const encoding = headers['content-transfer-encoding'];
  const text =
    encoding === 'quoted-printable'
      ? quotedPrintable(body.replace(/=\r\n/g, ''))
      : encoding === 'base64'
        ? Buffer.from(body, 'base64').toString()
        : Buffer.from(body, 'latin1').toString();
  return { headers, text: text.replace(/\r\n/g, '\n') };
}

function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_all, kind: string, text: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString()
        : quotedPrintable(text.replace(/_/g, ' ')),
    );
}

function quotedPrintable(text: string): string {
  return Buffer.from(
    text.replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();
}

test('a topic that alarms use mails dev@localhost while nobody is subscribed', async () => {
  await publish({ Message: 'it burns', Subject: 'Fire' });
  const [mail, ...others] = await mails();
  expect(others).toEqual([]);
  expect(mail?.headers).toMatchObject({
    to: 'dev@localhost',
    subject: 'Fire',
    from: 'AWS Notifications <no-reply@sns.amazonaws.com>',
  });
  expect(mail?.text.trim()).toBe('it burns');
  expect(mail?.file).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z-fire\.eml$/);
});

test('every subscriber gets its own, in its format; nobody else does', async () => {
  mailbox.subscribe({ topicArn: engine.topicArn('alarms'), address: 'a@example.com', format: 'text' });
  const end = mailbox.subscribe({
    topicArn: engine.topicArn('alarms'),
    address: 'gone@example.com',
    format: 'text',
  });
  mailbox.subscribe({ topicArn: engine.topicArn('alarms'), address: 'b@example.com', format: 'json' });
  mailbox.subscribe({ topicArn: engine.topicArn('other'), address: 'c@example.com', format: 'text' });
  end();
  await publish({ Message: 'Grüße – ✓' });
  const received = await mails();
  expect(received.map(({ headers }) => headers.to)).toEqual(['a@example.com', 'b@example.com']);
  expect(received[0]?.text.trim()).toBe('Grüße – ✓');
  expect(received[0]?.headers.subject).toBe('AWS Notification Message');
  expect(JSON.parse(received[1]?.text ?? '')).toMatchObject({
    Type: 'Notification',
    Message: 'Grüße – ✓',
    TopicArn: engine.topicArn('alarms'),
  });
});

test('each format is mailed the message of its protocol', async () => {
  for (const format of ['text', 'json'] as const) {
    mailbox.subscribe({ topicArn: engine.topicArn('alarms'), address: `${format}@example.com`, format });
  }
  const messages = { default: 'd', email: 'as text', 'email-json': 'as JSON' };
  await publish({ Message: JSON.stringify(messages), MessageStructure: 'json' });
  const [text, json] = await mails();
  expect(text?.text.trim()).toBe('as text');
  expect(JSON.parse(json?.text ?? '')).toMatchObject({ Message: 'as JSON' });
});

test('a topic that no alarm uses mails nobody', async () => {
  alarmTopics.clear();
  await publish({ Message: 'x' });
  expect(await mails()).toEqual([]);
});

test('many at once are many files, in order', async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, number) => publish({ Message: String(number), Subject: 'Same' })),
  );
  const received = await mails();
  expect(new Set(received.map(({ text }) => text.trim())).size).toBe(20);
  expect(mailbox.recent()).toHaveLength(20);
});

test('an alarm’s notification becomes the text that AWS sends', async () => {
  const definition = alarmDefinition(
    'jobs-dev-X-age',
    'arn:aws:cloudwatch:us-east-1:000000000000:alarm:jobs-dev-X-age',
    {
      AlarmDescription: 'X has dead letters.\nLook at its queue.',
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: 'jobs-dev-X-dead-letters' }],
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 600,
      TreatMissingData: 'notBreaching',
      AlarmActions: [engine.topicArn('alarms')],
    },
  );
  const since = new Date('2026-11-21T12:00:00Z');
  const state = { value: 'ALARM', reason: 'Threshold Crossed: because.', since } as const;
  await publish({
    Subject: alarmSubject(definition, state, 'us-east-1'),
    Message: JSON.stringify(alarmNotification(definition, initialState(since), state, engine)),
  });
  const [mail] = await mails();
  expect(mail?.headers.subject).toBe('ALARM: "jobs-dev-X-age" in US East (N. Virginia)');
  expect(mail?.file).toContain('-alarm-jobs-dev-x-age-in-us-east-n-virginia.eml');
  for (const line of [
    '- Name:                     jobs-dev-X-age',
    '- Description:              X has dead letters.\nLook at its queue.',
    '- State Change:             INSUFFICIENT_DATA -> ALARM',
    '- Reason for State Change:  Threshold Crossed: because.',
    '- Timestamp:                Saturday 21 November, 2026 12:00:00 UTC',
    'when the metric is GreaterThanOrEqualToThreshold 600.0 for at least 1 of the last 1 period(s) of 60 seconds.',
    '- MetricName:               ApproximateAgeOfOldestMessage',
    '- Dimensions:               [QueueName = jobs-dev-X-dead-letters]',
  ]) {
    expect(mail?.text.replace(/: +/g, ': ')).toContain(line.replace(/: +/g, ': '));
  }
});

test('the file has the text as it is, lines that are long for a mail included', async () => {
  const command = `npm run jobs -- dlq redrive GreetingJob --all ${'– '.repeat(100)}=20`;
  await publish({ Message: `When mended:\n${command}\n` });
  const [{ file = '', headers = {} } = {}] = await mails();
  expect(headers).toMatchObject({
    'content-transfer-encoding': '8bit',
    'content-type': 'text/plain; charset=utf-8',
  });
  const lines = (await readFile(join(directory, file), 'utf8')).split('\r\n');
  expect(lines).toContain(command);
});

test('a line that is too long for any mail is encoded', async () => {
  await publish({ Message: 'x'.repeat(1_000) });
  const [mail] = await mails();
  expect(mail?.headers['content-transfer-encoding']).toBe('quoted-printable');
  expect(mail?.text.trim()).toBe('x'.repeat(1_000));
});

test('of the mails of earlier runs the newest hundred are kept', async () => {
  await mailbox.stop();
  const nameOf = (day: number) =>
    `2026-0${1 + Math.floor(day / 28)}-${String(1 + (day % 28)).padStart(2, '0')}T00.eml`;
  for (let day = 0; day < 103; day++) await writeFile(join(directory, nameOf(day)), '');
  await writeFile(join(directory, 'notes.txt'), '');
  mailbox = start();
  await mailbox.stop();
  const left = await readdir(directory);
  expect(left).toHaveLength(101);
  expect(left).toEqual(expect.arrayContaining(['notes.txt', nameOf(3), nameOf(102)]));
});

test('a subject keeps to SNS’s bound', () => {
  const definition = {
    ...alarmDefinition('x'.repeat(255), 'arn', {
      Namespace: 'n',
      MetricName: 'm',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
    }),
  };
  const subject = alarmSubject(definition, { value: 'ALARM', reason: '', since: new Date() }, 'us-east-1');
  expect(subject).toHaveLength(99);
  expect(subject).toMatch(/^ALARM: "x+\.\.\." in US East \(N\. Virginia\)$/);
});
