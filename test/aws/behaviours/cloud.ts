import { setTimeout as delay } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Endpoint } from './aws.ts';
import {
  type AlarmState,
  type AlarmTrial,
  consumerCode,
  consumerQueues,
  consumersTemplate,
  type Hosts,
} from './hosts.ts';
import { consumers } from './mapping.ts';

/** Deploys the mapping's functions by CloudFormation, and asks CloudWatch: AWS itself, or what has both. */
export class Cloud implements Hosts {
  readonly #cloudFormation: CloudFormationClient;
  readonly #cloudWatch: CloudWatchClient;
  readonly #sqs: SQSClient;
  readonly #name = `behaviours-${Date.now().toString(36)}`;
  readonly #alarmWaitMs: number;
  #deployed: Promise<unknown> | undefined;

  /** @param alarmWaitMs how long an alarm may take to be evaluated; AWS evaluates once a minute */
  constructor({ url, region, credentials }: Endpoint, { alarmWaitMs = 180_000 } = {}) {
    const options = { region, ...(url && { endpoint: url }), ...(credentials && { credentials }) };
    this.#cloudFormation = new CloudFormationClient(options);
    this.#cloudWatch = new CloudWatchClient(options);
    this.#sqs = new SQSClient(options);
    this.#alarmWaitMs = alarmWaitMs;
  }

  async consumer(row: string) {
    this.#deployed ??= this.#deploy();
    await this.#deployed;
    const names = consumerQueues(this.#name, Object.keys(consumers).indexOf(row));
    const url = async (QueueName: string) =>
      (await this.#sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl ?? '';
    return {
      queue: await url(names.queue),
      batches: await url(names.batches),
      deadLetters: await url(names.deadLetters),
    };
  }

  async #deploy(): Promise<void> {
    const template = consumersTemplate(this.#name, Object.values(consumers), { ZipFile: consumerCode });
    const StackName = this.#name;
    await this.#cloudFormation.send(
      new CreateStackCommand({
        StackName,
        TemplateBody: JSON.stringify(template),
        Capabilities: ['CAPABILITY_IAM'],
      }),
    );
    await waitUntilStackCreateComplete(
      { client: this.#cloudFormation, maxWaitTime: 600, minDelay: 1 },
      { StackName },
    );
  }

  /** Its datapoints end with the last whole minute, which CloudWatch then evaluates. */
  async alarmState({ datapoints, ...trial }: AlarmTrial): Promise<AlarmState> {
    const AlarmName = `${this.#name}-${crypto.randomUUID()}`;
    const metric = { Namespace: 'Behaviours', MetricName: AlarmName };
    const lastMinute = Math.floor(Date.now() / 60_000) - 1;
    const MetricData = datapoints.flatMap((Value, index) => {
      if (Value === null) return [];
      const Timestamp = new Date((lastMinute - datapoints.length + 1 + index) * 60_000);
      return [{ MetricName: AlarmName, Value, Timestamp }];
    });
    if (MetricData.length > 0) {
      await this.#cloudWatch.send(new PutMetricDataCommand({ Namespace: metric.Namespace, MetricData }));
    }
    await this.#cloudWatch.send(
      new PutMetricAlarmCommand({
        AlarmName,
        ...metric,
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: trial.evaluationPeriods,
        DatapointsToAlarm: trial.datapointsToAlarm,
        TreatMissingData: trial.treatMissingData,
        Threshold: trial.threshold,
        ComparisonOperator: 'GreaterThanThreshold',
      }),
    );
    try {
      return await this.#evaluated(AlarmName);
    } finally {
      await this.#cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] }));
    }
  }

  /** An alarm begins with INSUFFICIENT_DATA: only its reason tells whether that is an evaluation's result. */
  async #evaluated(AlarmName: string): Promise<AlarmState> {
    const end = Date.now() + this.#alarmWaitMs;
    for (;;) {
      const { MetricAlarms } = await this.#cloudWatch.send(
        new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }),
      );
      const { StateValue = 'INSUFFICIENT_DATA', StateReason = '' } = MetricAlarms?.[0] ?? {};
      if (!StateReason.startsWith('Unchecked') || Date.now() > end) return StateValue as AlarmState;
      await delay(500);
    }
  }

  /** Removes what was deployed. */
  async remove(): Promise<void> {
    if (this.#deployed) await this.#cloudFormation.send(new DeleteStackCommand({ StackName: this.#name }));
    for (const client of [this.#cloudFormation, this.#cloudWatch, this.#sqs]) client.destroy();
  }
}
