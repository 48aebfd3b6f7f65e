import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { localCredentials as credentials } from '../../../local/aws/isolatedAws.ts';
import type { Console } from '../../../local/console/server.ts';
import { type Platform, startPlatform } from '../../../local/platform/platform.ts';
import { chromiumArguments, chromiumPath } from '../../pages/chromium.ts';
import {
  type FixtureResource,
  handlerThatSays,
  jobResources,
  topicResource,
  writeAssembly,
} from '../aws/fixtures/assembly/writeAssembly.ts';
import { until } from '../aws/lambda/processes.ts';
import { hostile, serveConsole } from './platform.ts';

// Where Chromium is not installed, the report lists these tests as skipped.
const inBrowser = existsSync(chromiumPath) ? describe : describe.skip;

/** For whatever is awaited, so that a slow machine breaks nothing; a test may await several such things. */
const patienceMs = 60_000;
jest.setTimeout(5 * patienceMs);

let root: string;
let platform: Platform;
let served: Console;
let browser: Browser;
let page: Page;
let complaints: string[] = [];
const requested = new Set<string>();

inBrowser('the page in Chromium, on a real platform', () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'console-'));
    const assemblyDirectory = await writeAssembly(
      join(root, 'cdk.out'),
      { test: { Resources: resources() } },
      { says: handlerThatSays('said') },
    );
    platform = await startPlatform({
      assemblyDirectory,
      stateDirectory: join(root, '.local'),
      port: 0,
      speed: 60,
    });
    served = await serveConsole(platform);
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
    page = await browser.newPage({ reducedMotion: 'reduce' });
    page.setDefaultTimeout(patienceMs);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.add(new URL(request.url()).origin));
    await page.goto(served.url);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.stop();
    await platform?.stop({ drainMs: 0 });
    await rm(root, { recursive: true, force: true });
  });
  // One page for all: what a test has published, the next ones see.
  beforeEach(async () => {
    complaints = [];
    await page.getByText('Live', { exact: true }).waitFor();
  });
  afterEach(async () => {
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect([...requested]).toEqual([served.url]);
  });

  test('shows the jobs at once, and says what to do when nothing was published', async () => {
    await row('GreetingJob').waitFor();
    await page.getByText('Nothing published yet: try the form.').waitFor();
    await page.getByText('No mail.').waitFor();
    expect(complaints).toEqual([]);
  });

  test('a publish from elsewhere changes the counts and brings its log line, live', async () => {
    await row('GreetingJob').getByText('0 published').waitFor();
    await platform.publish({ jobName: 'GreetingJob', payload: { friendName: 'Hank' } });
    await row('GreetingJob').getByText('1 published').waitFor();
    await row('GreetingJob').getByText('1 acknowledged').waitFor();
    await log().getByText('said {"friendName":"Hank"}').waitFor();
    expect(complaints).toEqual([]);
  });

  test('the form publishes with Ctrl+Enter, as often as asked, and remembers the payload', async () => {
    const before = (await platform.snapshot()).publishes.GreetingJob ?? 0;
    await page.getByLabel('Payload, as JSON').fill('{"friendName":"Ida"}');
    await page.getByLabel('How many').fill('3');
    await page.getByLabel('How many').press('Control+Enter');
    await page.getByText('Published 3 messages to GreetingJob.').waitFor();
    await row('GreetingJob')
      .getByText(`${before + 3} published`)
      .waitFor();
    await until(async () => (await log().getByText('said {"friendName":"Ida"}').count()) === 3, patienceMs);

    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await until(
      async () => (await page.getByLabel('Payload, as JSON').inputValue()) === '{"friendName":"Ida"}',
      patienceMs,
    );
    expect(complaints).toEqual([]);
  });

  test('the form says as one types what is wrong, and sends nothing', async () => {
    const before = (await platform.snapshot()).publishes;
    await page.getByLabel('Payload, as JSON').fill('{"friendName":');
    await page.getByText('Not JSON:').waitFor();
    await sendForm();
    await page.getByRole('status').getByText('Not JSON:').waitFor();
    await page.getByLabel('Payload, as JSON').fill('{}');
    await page.getByLabel('How many').fill('1001');
    await sendForm();
    await page.getByText('a whole number from 1 to 1,000').waitFor();
    await page.getByText('Attributes', { exact: true }).first().click();
    await page.getByRole('textbox', { name: 'Attributes' }).fill('nonsense');
    await page.getByText('“nonsense” is not name=value.').waitFor();
    expect((await platform.snapshot()).publishes).toEqual(before);
    await page.getByRole('textbox', { name: 'Attributes' }).fill('');
    await page.getByLabel('How many').fill('1');
  });

  test('what SNS refuses is told in the form', async () => {
    await page.getByLabel('Payload, as JSON').fill(JSON.stringify('x'.repeat(262_145)));
    await sendForm();
    await page
      .getByRole('status')
      .getByText(/SNS Publish: /)
      .waitFor();
  });

  test('hostile text stays text: job name, payload, attribute, log line', async () => {
    await page.getByLabel('Job', { exact: true }).fill(hostile);
    await page.getByText('No job has this name').waitFor();
    await page.getByLabel('Payload, as JSON').fill(JSON.stringify({ name: hostile }));
    await sendForm();
    await page.getByRole('status').getByText(`to ${hostile}`).waitFor();
    await row('Unrouted').getByRole('button', { name: /Look/ }).click();
    await page
      .getByRole('dialog')
      .getByText(`"name": ${JSON.stringify(hostile)}`)
      .waitFor();
    await page.getByRole('dialog').getByText(hostile, { exact: true }).waitFor();
    await page.keyboard.press('Escape');

    await platform.publish({ jobName: 'GreetingJob', payload: { name: hostile } });
    await log()
      .getByText(`said {"name":${JSON.stringify(hostile)}}`)
      .waitFor();
    expect(await page.locator('img').count()).toBe(1); // the icon
    expect(complaints).toEqual([]);
  });

  test('a dead letter tells its reason, and its payload goes back into the form', async () => {
    await sendDeadLetter();
    await row('GreetingJob').getByRole('button', { name: 'Look at the messages: Dead letters' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`TypeError: ${hostile}`).waitFor();
    await dialog.getByText('job-7').waitFor();
    await dialog.getByText('{"id":7}').waitFor();
    await dialog.getByText('Stack').click();
    await dialog.getByText('at run (GreetingJob.ts:7)').waitFor();
    const messages = await platform.inspectQueue('test-GreetingJob-dead-letters');
    expect(messages?.visible.map(({ receiveCount }) => receiveCount)).toEqual([0]);
    await dialog.getByRole('button', { name: 'Use in the form' }).click();
    expect(await page.getByLabel('Payload, as JSON').inputValue()).toBe('{\n  "friendName": "Noor"\n}');
    expect(complaints).toEqual([]);
  });

  test('the alarm is up, and its mail opens', async () => {
    await page.getByText('1 alarm is up').waitFor();
    await row('GreetingJob').getByRole('link', { name: 'ALARM' }).waitFor();
    const alarms = page.getByRole('region', { name: 'Alarms' });
    await alarms.getByText('Threshold Crossed').first().waitFor();
    await alarms.getByText(hostile).waitFor();
    await page
      .getByRole('button', { name: /ALARM: "test-GreetingJob-dead-letters-count"/ })
      .first()
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('You are receiving this email because').waitFor();
    expect(await dialog.innerText()).toContain(hostile);
    await dialog.getByRole('button', { name: 'Close' }).click();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await page.title()).toContain('1 alarm');
    expect(complaints).toEqual([]);
  });

  test('the log is filtered by job and text, opened, paused', async () => {
    await platform.publish({ jobName: 'GreetingJob', payload: 'needle' });
    await log().getByText('said "needle"').waitFor();
    await page.getByLabel('Filter by text').fill('NEEDLE');
    await until(async () => (await log().locator('li:visible').count()) === 1, patienceMs);
    await page.getByLabel('Lines of').selectOption({ label: 'Platform' });
    await page.getByText('No line matches the filter.').waitFor();
    await page.getByLabel('Filter by text').fill('');
    await page.getByLabel('Lines of').selectOption({ label: 'GreetingJob' });
    await page.getByRole('button', { name: 'Pause' }).click();
    await platform.publish({ jobName: 'GreetingJob', payload: 'later' });
    await page.getByRole('button', { name: /Resume \(\d+ new\)/ }).waitFor();
    expect(await log().getByText('said "later"').count()).toBe(0);
    await page.getByRole('button', { name: /Resume/ }).click();
    await log().getByText('said "later"').waitFor();
  });

  test('what has no place here is named', async () => {
    const panel = page.getByRole('region', { name: 'Not as on AWS' });
    await panel.getByText('AWS::Events::Rule').waitFor();
  });

  test('fits a phone, and every control has a name', async () => {
    for (const width of [1440, 1100, 800, 360]) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect([width, overflow]).toEqual([width, 0]);
    }
    const nameless = await page.evaluate(`[...document.querySelectorAll('button, input, select, textarea')]
      .filter((one) => !one.ariaLabel && !one.labels?.length && !one.textContent.trim()).map((one) => one.outerHTML)`);
    expect(nameless).toEqual([]);
  });

  test('shows the schedules: when they fire next, how the last firing went, and that one is gone', async () => {
    await row('yearly').getByText('cron(0 9 1 1 ? *)').waitFor();
    await row('yearly').getByText('Europe/Berlin').waitFor();
    await row('yearly')
      .getByText(/^for .*, 1 Jan 20\d\d, 09:00:00$/)
      .waitFor();
    await row('yearly')
      .getByText(/^then \w+,? 1 Jan 09:00:00, /)
      .waitFor();
    await row('yearly').getByText(hostile).waitFor();
    await row('yearly').getByText('not fired yet').waitFor();
    const { endpoint, region } = platform;
    const scheduler = new SchedulerClient({ endpoint, region, credentials });
    const { Target } = await scheduler.send(new GetScheduleCommand({ Name: 'yearly' }));
    await scheduler.send(
      new CreateScheduleCommand({
        Name: 'order-42',
        ScheduleExpression: 'at(2020-01-01T00:00:00)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          ...Target,
          Arn: 'arn:aws:sns:us-east-1:000000000000:nowhere',
          RoleArn: Target?.RoleArn,
        },
      }),
    );
    await row('order-42').getByText('retrying').waitFor();
    await row('order-42').getByText('Topic does not exist').waitFor();
    await page.getByText(/^2, the next in /).waitFor();
    await scheduler.send(new DeleteScheduleCommand({ Name: 'order-42' }));
    await until(async () => (await row('order-42').count()) === 0, patienceMs);
    scheduler.destroy();
    expect(complaints).toEqual([]);
  });

  test('says when the platform is gone, and goes on when it is back', async () => {
    const { port } = new URL(served.url);
    await served.stop();
    await page.getByText('The platform has stopped.').waitFor();
    await sendForm();
    await page.getByText('The platform does not answer. Is it still running?').waitFor();
    served = await serveConsole(platform, { port: Number(port) });
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByText('The platform has stopped.').isVisible()).toBe(false);
    await platform.publish({ jobName: 'GreetingJob', payload: 'back' });
    await log().getByText('said "back"').waitFor();
  });
});

function row(name: string) {
  return page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) });
}

function log() {
  return page.getByRole('log');
}

function sendForm() {
  return page.getByRole('button', { name: 'Publish', exact: true }).click();
}

async function sendDeadLetter(): Promise<void> {
  const { endpoint, region } = platform;
  const sqs = new SQSClient({
    endpoint,
    region,
    credentials,
  });
  const reason = {
    name: 'TypeError',
    message: hostile,
    stack: 'at run (GreetingJob.ts:7)',
    jobId: 'job-7',
    order: { id: 7 },
  };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: `${endpoint}/000000000000/test-GreetingJob-dead-letters`,
      MessageBody: '{"friendName":"Noor"}',
      MessageAttributes: {
        jobName: { DataType: 'String', StringValue: 'GreetingJob' },
        deadLetterReason: { DataType: 'String', StringValue: JSON.stringify(reason) },
      },
    }),
  );
  sqs.destroy();
}

/** Two jobs, the unrouted queue, an alarm on a job's dead letters, and something that does not run locally. */
function resources(): Record<string, FixtureResource> {
  const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
  return {
    ...topicResource,
    ...jobResources('GreetingJob', 'says'),
    ...jobResources('PushupsJob', 'says'),
    Unrouted: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'test-unrouted' } },
    UnroutedSubscription: {
      Type: 'AWS::SNS::Subscription',
      Properties: {
        TopicArn: { Ref: 'Topic' },
        Protocol: 'sqs',
        Endpoint: arn('Unrouted'),
        FilterPolicy: { jobName: [{ 'anything-but': ['GreetingJob', 'PushupsJob'] }, { exists: false }] },
      },
    },
    AlarmTopic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'test-alarms' } },
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'test-GreetingJob-dead-letters-count',
        AlarmDescription: hostile,
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['GreetingJobDeadLetters', 'QueueName'] } }],
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
        AlarmActions: [{ Ref: 'AlarmTopic' }],
      },
    },
    Yearly: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: 'yearly',
        ScheduleExpression: 'cron(0 9 1 1 ? *)',
        ScheduleExpressionTimezone: 'Europe/Berlin',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish',
          RoleArn: 'arn:aws:iam::000000000000:role/sched',
          Input: JSON.stringify({
            TopicArn: 'arn:aws:sns:us-east-1:000000000000:test',
            Message: '{}',
            MessageAttributes: { jobName: { DataType: 'String', StringValue: hostile } },
          }),
        },
      },
    },
    Rule: { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 day)' } },
  };
}
